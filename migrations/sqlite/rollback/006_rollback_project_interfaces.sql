-- Rollback: 006_rollback_project_interfaces.sql
-- Description: Drop the project_interfaces table, and save its rows
-- Created: 2024-12-19
-- Version: 1.0.0

BEGIN;

-- SQLite cannot test whether a table exists. On a second run it is missing, and an empty one serves instead.
CREATE TABLE IF NOT EXISTS project_interfaces (
    id TEXT NOT NULL PRIMARY KEY DEFAULT (
        lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
            || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))
    ),
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    interface_name TEXT NOT NULL,
    interface_type TEXT NOT NULL
        CONSTRAINT project_interfaces_interface_type_check
        CHECK (interface_type IN ('ide', 'editor', 'terminal', 'browser', 'custom')),
    interface_subtype TEXT,
    config TEXT,
    settings TEXT,
    status TEXT NOT NULL DEFAULT 'inactive'
        CONSTRAINT project_interfaces_status_check
        CHECK (status IN ('active', 'inactive', 'error', 'connecting')),
    is_default INTEGER NOT NULL DEFAULT 0 CHECK (is_default IN (0, 1)),
    priority INTEGER NOT NULL DEFAULT 0,
    connection_config TEXT,
    last_connected TEXT,
    connection_count INTEGER NOT NULL DEFAULT 0,
    capabilities TEXT,
    supported_operations TEXT,
    metadata TEXT,
    created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    created_by TEXT NOT NULL REFERENCES users (id)
);

INSERT INTO set_aside (origin, id, content)
SELECT
    'project_interfaces',
    id,
    json_object(
        'id', id,
        'project_id', project_id,
        'interface_name', interface_name,
        'interface_type', interface_type,
        'interface_subtype', interface_subtype,
        'config', config,
        'settings', settings,
        'status', status,
        'is_default', is_default,
        'priority', priority,
        'connection_config', connection_config,
        'last_connected', last_connected,
        'connection_count', connection_count,
        'capabilities', capabilities,
        'supported_operations', supported_operations,
        'metadata', metadata,
        'created_at', created_at,
        'updated_at', updated_at,
        'created_by', created_by
    )
FROM project_interfaces
WHERE true
ON CONFLICT (origin, id) DO UPDATE SET content = excluded.content;

DROP TABLE IF EXISTS project_interfaces;

DELETE FROM schema_migrations WHERE version = '006';

COMMIT;
