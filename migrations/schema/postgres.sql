-- The schema at which the migrations of this folder begin.

CREATE TABLE users (
    id text PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE projects (
    id text PRIMARY KEY,
    owner_id text NOT NULL REFERENCES users (id),
    name text NOT NULL
);

-- Where rollbacks put rows and values that they would otherwise lose.
CREATE TABLE set_aside (
    origin text NOT NULL,
    id text NOT NULL,
    content jsonb NOT NULL,
    set_aside_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (origin, id)
);

-- Each migration writes its version here, and each rollback takes it out.
CREATE TABLE schema_migrations (
    version text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);
