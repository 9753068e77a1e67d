-- The schema before the first migration in this folder.

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL
);

CREATE TABLE projects (
    id TEXT NOT NULL PRIMARY KEY,
    owner_id TEXT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL
);

-- Rows and values saved by rollbacks.
CREATE TABLE set_aside (
    origin TEXT NOT NULL,
    id TEXT NOT NULL,
    content TEXT NOT NULL,
    set_aside_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (origin, id)
);

-- Versions of applied migrations: inserted by each migration, deleted by its rollback.
CREATE TABLE schema_migrations (
    version TEXT NOT NULL PRIMARY KEY,
    applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
