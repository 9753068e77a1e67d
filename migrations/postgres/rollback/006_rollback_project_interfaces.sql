-- Rollback: 006_rollback_project_interfaces.sql
-- Description: Drop the project_interfaces table, and save its rows
-- Created: 2024-12-19
-- Version: 1.0.0

BEGIN;

SET LOCAL lock_timeout = '5s';

DO $$
BEGIN
    IF EXISTS (SELECT FROM information_schema.tables WHERE table_name = 'project_interfaces') THEN
        INSERT INTO set_aside (origin, id, content)
        SELECT 'project_interfaces', id, to_jsonb(project_interfaces) FROM project_interfaces
        ON CONFLICT (origin, id) DO UPDATE SET content = excluded.content;
    END IF;
END
$$;

DELETE FROM schema_migrations WHERE version = '006';

DROP TABLE IF EXISTS project_interfaces;

COMMIT;
