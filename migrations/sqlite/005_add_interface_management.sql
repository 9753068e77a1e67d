-- Migration: 005_add_interface_management.sql
-- Description: Add interface management fields to the projects table
-- Created: 2024-12-19
-- Version: 1.0.0

-- SQLite has no ADD COLUMN IF NOT EXISTS, so the table is rebuilt, which is idempotent. Foreign keys are disabled,
-- because dropping the old table would otherwise delete the rows that reference it.
PRAGMA foreign_keys = OFF;

BEGIN;

DROP TABLE IF EXISTS projects_rebuilt;

CREATE TABLE projects_rebuilt (
    id TEXT NOT NULL PRIMARY KEY,
    owner_id TEXT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    interface_count INTEGER NOT NULL DEFAULT 0,
    active_interface_id TEXT,
    interface_config TEXT,
    interface_status TEXT NOT NULL DEFAULT 'none'
        CONSTRAINT projects_interface_status_check CHECK (interface_status IN ('none', 'single', 'multiple')),
    last_interface_switch TEXT
);

-- A column missing in the inner table is resolved in the outer query: the first run uses the initial value,
-- a second run the existing one.
INSERT INTO projects_rebuilt (
    id, owner_id, name, interface_count, active_interface_id, interface_config, interface_status, last_interface_switch
)
SELECT
    id,
    owner_id,
    name,
    (SELECT interface_count FROM projects AS inside WHERE inside.id = outside.id),
    (SELECT active_interface_id FROM projects AS inside WHERE inside.id = outside.id),
    (SELECT interface_config FROM projects AS inside WHERE inside.id = outside.id),
    (SELECT interface_status FROM projects AS inside WHERE inside.id = outside.id),
    (SELECT last_interface_switch FROM projects AS inside WHERE inside.id = outside.id)
FROM (
    SELECT
        id,
        owner_id,
        name,
        0 AS interface_count,
        NULL AS active_interface_id,
        NULL AS interface_config,
        'none' AS interface_status,
        NULL AS last_interface_switch
    FROM projects
) AS outside;

DROP TABLE projects;
ALTER TABLE projects_rebuilt RENAME TO projects;

CREATE INDEX projects_active_interface_id_idx ON projects (active_interface_id);
CREATE INDEX projects_interface_status_idx ON projects (interface_status);

-- Restore the values saved by a rollback, once.
UPDATE projects
SET interface_count = content ->> 'interface_count',
    active_interface_id = content ->> 'active_interface_id',
    interface_config = content ->> 'interface_config',
    interface_status = content ->> 'interface_status',
    last_interface_switch = content ->> 'last_interface_switch'
FROM set_aside
WHERE origin = 'projects.interface' AND projects.id = set_aside.id;

DELETE FROM set_aside WHERE origin = 'projects.interface';

INSERT INTO schema_migrations (version) VALUES ('005') ON CONFLICT (version) DO NOTHING;

COMMIT;

PRAGMA foreign_keys = ON;
