-- What the projects table knows about the interfaces that a project is opened with.

BEGIN;

ALTER TABLE projects ADD COLUMN IF NOT EXISTS interface_count integer NOT NULL DEFAULT 0;
ALTER TABLE projects ADD COLUMN IF NOT EXISTS active_interface_id text;
ALTER TABLE projects ADD COLUMN IF NOT EXISTS interface_config text;
ALTER TABLE projects ADD COLUMN IF NOT EXISTS interface_status text NOT NULL DEFAULT 'none';
ALTER TABLE projects ADD COLUMN IF NOT EXISTS last_interface_switch timestamptz;

ALTER TABLE projects DROP CONSTRAINT IF EXISTS projects_interface_status_check;
ALTER TABLE projects ADD CONSTRAINT projects_interface_status_check
    CHECK (interface_status IN ('none', 'single', 'multiple'));

CREATE INDEX IF NOT EXISTS projects_active_interface_id_idx ON projects (active_interface_id);
CREATE INDEX IF NOT EXISTS projects_interface_status_idx ON projects (interface_status);

-- A rollback puts the values aside: they come back here, once.
WITH restored AS (
    DELETE FROM set_aside WHERE origin = 'projects.interface' RETURNING content
)
UPDATE projects
SET interface_count = (content ->> 'interface_count')::integer,
    active_interface_id = content ->> 'active_interface_id',
    interface_config = content ->> 'interface_config',
    interface_status = content ->> 'interface_status',
    last_interface_switch = (content ->> 'last_interface_switch')::timestamptz
FROM restored
WHERE projects.id = content ->> 'id';

COMMIT;
