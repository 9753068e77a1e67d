-- Drops the table of project interfaces, and puts its rows aside.

BEGIN;

DO $$
BEGIN
    IF EXISTS (SELECT FROM information_schema.tables WHERE table_name = 'project_interfaces') THEN
        INSERT INTO set_aside (origin, content)
        SELECT 'project_interfaces', to_jsonb(project_interfaces) FROM project_interfaces;
    END IF;
END
$$;

DROP TABLE IF EXISTS project_interfaces;

COMMIT;
