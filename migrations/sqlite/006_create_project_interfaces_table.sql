-- Migration: 006_create_project_interfaces_table.sql
-- Description: Create the project_interfaces table for interface management
-- Created: 2024-12-19
-- Version: 1.0.0

BEGIN;

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

CREATE INDEX IF NOT EXISTS project_interfaces_project_id_idx ON project_interfaces (project_id);
CREATE INDEX IF NOT EXISTS project_interfaces_interface_type_idx ON project_interfaces (interface_type);
CREATE INDEX IF NOT EXISTS project_interfaces_status_idx ON project_interfaces (status);
CREATE INDEX IF NOT EXISTS project_interfaces_created_by_idx ON project_interfaces (created_by);
CREATE UNIQUE INDEX IF NOT EXISTS project_interfaces_default_idx ON project_interfaces (project_id) WHERE is_default;

-- Restore the rows saved by a rollback, once.
INSERT OR IGNORE INTO project_interfaces (
    id,
    project_id,
    interface_name,
    interface_type,
    interface_subtype,
    config,
    settings,
    status,
    is_default,
    priority,
    connection_config,
    last_connected,
    connection_count,
    capabilities,
    supported_operations,
    metadata,
    created_at,
    updated_at,
    created_by
)
SELECT
    content ->> 'id',
    content ->> 'project_id',
    content ->> 'interface_name',
    content ->> 'interface_type',
    content ->> 'interface_subtype',
    content ->> 'config',
    content ->> 'settings',
    content ->> 'status',
    content ->> 'is_default',
    content ->> 'priority',
    content ->> 'connection_config',
    content ->> 'last_connected',
    content ->> 'connection_count',
    content ->> 'capabilities',
    content ->> 'supported_operations',
    content ->> 'metadata',
    content ->> 'created_at',
    content ->> 'updated_at',
    content ->> 'created_by'
FROM set_aside
WHERE origin = 'project_interfaces';

DELETE FROM set_aside WHERE origin = 'project_interfaces';

INSERT INTO schema_migrations (version) VALUES ('006') ON CONFLICT (version) DO NOTHING;

COMMIT;
