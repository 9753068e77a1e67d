-- The schema at which the migrations of this folder begin.

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL
);

CREATE TABLE projects (
    id TEXT NOT NULL PRIMARY KEY,
    owner_id TEXT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL
);

-- Where rollbacks put rows and values that they would otherwise lose.
CREATE TABLE set_aside (
    origin TEXT NOT NULL,
    id TEXT NOT NULL,
    content TEXT NOT NULL,
    set_aside_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (origin, id)
);

-- Each migration writes its version here, and each rollback takes it out.
CREATE TABLE schema_migrations (
    version TEXT NOT NULL PRIMARY KEY,
    applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
