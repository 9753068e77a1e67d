-- The schema before the first migration in this folder.

CREATE TABLE users (
    id text PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE projects (
    id text PRIMARY KEY,
    owner_id text NOT NULL REFERENCES users (id),
    name text NOT NULL
);

-- Rows and values saved by rollbacks.
CREATE TABLE set_aside (
    origin text NOT NULL,
    id text NOT NULL,
    content jsonb NOT NULL,
    set_aside_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (origin, id)
);

-- Versions of applied migrations: inserted by each migration, deleted by its rollback.
CREATE TABLE schema_migrations (
    version text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);
