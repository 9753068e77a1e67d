-- Rollback: 005_rollback_interface_management.sql
-- Description: Drop the interface management fields of the projects table, and save their values
-- Created: 2024-12-19
-- Version: 1.0.0

-- miglint: ignore-file LCK002 (projects is a small table)

BEGIN;

SET LOCAL lock_timeout = '5s';

DO $$
BEGIN
    IF EXISTS (
        SELECT FROM information_schema.columns WHERE table_name = 'projects' AND column_name = 'interface_status'
    ) THEN
        INSERT INTO set_aside (origin, id, content)
        SELECT 'projects.interface', id, jsonb_build_object(
            'id', id,
            'interface_count', interface_count,
            'active_interface_id', active_interface_id,
            'interface_config', interface_config,
            'interface_status', interface_status,
            'last_interface_switch', last_interface_switch
        )
        FROM projects
        WHERE interface_status <> 'none'
        ON CONFLICT (origin, id) DO UPDATE SET content = excluded.content;
    END IF;
END
$$;

DELETE FROM schema_migrations WHERE version = '005';

DROP INDEX IF EXISTS projects_interface_status_idx;
DROP INDEX IF EXISTS projects_active_interface_id_idx;

ALTER TABLE projects DROP CONSTRAINT IF EXISTS projects_interface_status_check;

ALTER TABLE projects DROP COLUMN IF EXISTS last_interface_switch;
ALTER TABLE projects DROP COLUMN IF EXISTS interface_status;
ALTER TABLE projects DROP COLUMN IF EXISTS interface_config;
ALTER TABLE projects DROP COLUMN IF EXISTS active_interface_id;
ALTER TABLE projects DROP COLUMN IF EXISTS interface_count;

COMMIT;
