-- Rollback: 005_rollback_interface_management.sql
-- Description: Drop the interface management fields of the projects table, and save their values
-- Created: 2024-12-19
-- Version: 1.0.0

-- Foreign keys are disabled and the table is rebuilt for the reasons given in the migration.
PRAGMA foreign_keys = OFF;

BEGIN;

-- On a second run the columns are missing: their names then resolve to the outer NULL, and nothing is saved.
INSERT INTO set_aside (origin, id, content)
SELECT
    'projects.interface',
    id,
    json_object(
        'id', id,
        'interface_count', (SELECT interface_count FROM projects AS inside WHERE inside.id = outside.id),
        'active_interface_id', (SELECT active_interface_id FROM projects AS inside WHERE inside.id = outside.id),
        'interface_config', (SELECT interface_config FROM projects AS inside WHERE inside.id = outside.id),
        'interface_status', (SELECT interface_status FROM projects AS inside WHERE inside.id = outside.id),
        'last_interface_switch', (SELECT last_interface_switch FROM projects AS inside WHERE inside.id = outside.id)
    )
FROM (
    SELECT
        id,
        NULL AS interface_count,
        NULL AS active_interface_id,
        NULL AS interface_config,
        NULL AS interface_status,
        NULL AS last_interface_switch
    FROM projects
) AS outside
WHERE (SELECT interface_status FROM projects AS inside WHERE inside.id = outside.id) <> 'none'
ON CONFLICT (origin, id) DO UPDATE SET content = excluded.content;

DROP TABLE IF EXISTS projects_rebuilt;

CREATE TABLE projects_rebuilt (
    id TEXT NOT NULL PRIMARY KEY,
    owner_id TEXT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL
);

INSERT INTO projects_rebuilt (id, owner_id, name) SELECT id, owner_id, name FROM projects;

DROP TABLE projects;
ALTER TABLE projects_rebuilt RENAME TO projects;

DELETE FROM schema_migrations WHERE version = '005';

COMMIT;

PRAGMA foreign_keys = ON;
