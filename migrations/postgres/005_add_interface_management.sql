-- Migration: 005_add_interface_management.sql
-- Description: Add interface management fields to the projects table
-- Created: 2024-12-19
-- Version: 1.0.0

-- The projects table is small, so locks are held only briefly.
-- miglint: ignore-file LCK001, LCK011, LCK030 (projects is a small table)

BEGIN;

SET LOCAL lock_timeout = '5s';

ALTER TABLE projects ADD COLUMN IF NOT EXISTS interface_count integer NOT NULL DEFAULT 0;
ALTER TABLE projects ADD COLUMN IF NOT EXISTS active_interface_id text;
ALTER TABLE projects ADD COLUMN IF NOT EXISTS interface_config text;
ALTER TABLE projects ADD COLUMN IF NOT EXISTS interface_status text NOT NULL DEFAULT 'none'
    CONSTRAINT projects_interface_status_check CHECK (interface_status IN ('none', 'single', 'multiple'));
ALTER TABLE projects ADD COLUMN IF NOT EXISTS last_interface_switch timestamptz;

CREATE INDEX IF NOT EXISTS projects_active_interface_id_idx ON projects (active_interface_id);
CREATE INDEX IF NOT EXISTS projects_interface_status_idx ON projects (interface_status);

-- Restore the values saved by a rollback, once.
WITH restored AS (
    DELETE FROM set_aside WHERE origin = 'projects.interface' RETURNING id, content
)
UPDATE projects
SET interface_count = (content ->> 'interface_count')::integer,
    active_interface_id = content ->> 'active_interface_id',
    interface_config = content ->> 'interface_config',
    interface_status = content ->> 'interface_status',
    last_interface_switch = (content ->> 'last_interface_switch')::timestamptz
FROM restored
WHERE projects.id = restored.id;

INSERT INTO schema_migrations (version) VALUES ('005') ON CONFLICT (version) DO NOTHING;

COMMIT;
