-- Migration: 006_create_project_interfaces_table.sql
-- Description: Create the project_interfaces table for interface management
-- Created: 2024-12-19
-- Version: 1.0.0

BEGIN;

SET LOCAL lock_timeout = '5s';

CREATE TABLE IF NOT EXISTS project_interfaces (
    id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    project_id text NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    interface_name text NOT NULL,
    interface_type text NOT NULL
        CONSTRAINT project_interfaces_interface_type_check
        CHECK (interface_type IN ('ide', 'editor', 'terminal', 'browser', 'custom')),
    interface_subtype text,
    config text,
    settings text,
    status text NOT NULL DEFAULT 'inactive'
        CONSTRAINT project_interfaces_status_check
        CHECK (status IN ('active', 'inactive', 'error', 'connecting')),
    is_default boolean NOT NULL DEFAULT false,
    priority integer NOT NULL DEFAULT 0,
    connection_config text,
    last_connected timestamptz,
    connection_count integer NOT NULL DEFAULT 0,
    capabilities text,
    supported_operations text,
    metadata text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL REFERENCES users (id)
);

CREATE INDEX IF NOT EXISTS project_interfaces_project_id_idx ON project_interfaces (project_id);
CREATE INDEX IF NOT EXISTS project_interfaces_interface_type_idx ON project_interfaces (interface_type);
CREATE INDEX IF NOT EXISTS project_interfaces_status_idx ON project_interfaces (status);
CREATE INDEX IF NOT EXISTS project_interfaces_created_by_idx ON project_interfaces (created_by);
CREATE UNIQUE INDEX IF NOT EXISTS project_interfaces_default_idx ON project_interfaces (project_id) WHERE is_default;

-- Restore the rows saved by a rollback, once.
WITH restored AS (
    DELETE FROM set_aside WHERE origin = 'project_interfaces' RETURNING content
)
INSERT INTO project_interfaces
SELECT (jsonb_populate_record(NULL::project_interfaces, content)).* FROM restored
ON CONFLICT DO NOTHING;

INSERT INTO schema_migrations (version) VALUES ('006') ON CONFLICT (version) DO NOTHING;

COMMIT;
