"""Meaning of the columns of PostgreSQL's catalogs, for lookups in scripts."""

from __future__ import annotations

from miglint.base.structs import Struct


class Catalog(Struct, frozen=True):
    """One catalog: the kind of its objects, and its columns for name, schema and table.

    `table` may contain an OID (compared to `'t'::regclass`) or a name.
    """

    kind: str
    name: str
    schema: str | None = None
    table: str | None = None


CATALOGS = {
    "pg_constraint": Catalog("constraint", "conname", None, "conrelid"),
    "pg_class": Catalog("relation", "relname", "relnamespace"),
    "pg_index": Catalog("index", "indexrelid"),
    "pg_indexes": Catalog("index", "indexname", "schemaname", "tablename"),
    "pg_tables": Catalog("table", "tablename", "schemaname"),
    "pg_views": Catalog("view", "viewname", "schemaname"),
    "pg_matviews": Catalog("materialized view", "matviewname", "schemaname"),
    "pg_sequences": Catalog("sequence", "sequencename", "schemaname"),
    "pg_type": Catalog("type", "typname", "typnamespace"),
    "pg_proc": Catalog("function", "proname", "pronamespace"),
    "pg_trigger": Catalog("trigger", "tgname", None, "tgrelid"),
    "pg_policies": Catalog("policy", "policyname", "schemaname", "tablename"),
    "pg_policy": Catalog("policy", "polname", None, "polrelid"),
    "pg_rules": Catalog("rule", "rulename", "schemaname", "tablename"),
    "pg_rewrite": Catalog("rule", "rulename", None, "ev_class"),
    "pg_extension": Catalog("extension", "extname"),
    "pg_namespace": Catalog("schema", "nspname"),
    "pg_roles": Catalog("role", "rolname"),
    "pg_authid": Catalog("role", "rolname"),
    "pg_user": Catalog("role", "usename"),
    "pg_group": Catalog("role", "groname"),
    "pg_database": Catalog("database", "datname"),
    "pg_enum": Catalog("enum value", "enumlabel", None, "enumtypid"),
    "pg_attribute": Catalog("column", "attname", None, "attrelid"),
    "pg_publication": Catalog("publication", "pubname"),
    "pg_publication_tables": Catalog("publication", "pubname"),
    "pg_subscription": Catalog("subscription", "subname"),
    "pg_event_trigger": Catalog("event trigger", "evtname"),
    "pg_language": Catalog("language", "lanname"),
    "pg_collation": Catalog("collation", "collname", "collnamespace"),
    "pg_ts_config": Catalog("text search configuration", "cfgname", "cfgnamespace"),
    "pg_ts_dict": Catalog("text search dictionary", "dictname", "dictnamespace"),
    "pg_operator": Catalog("operator", "oprname", "oprnamespace"),
    "pg_opclass": Catalog("operator class", "opcname", "opcnamespace"),
    "pg_statistic_ext": Catalog("statistics", "stxname", "stxnamespace", "stxrelid"),
    "pg_foreign_server": Catalog("server", "srvname"),
    "pg_foreign_data_wrapper": Catalog("foreign data wrapper", "fdwname"),
    "pg_tablespace": Catalog("tablespace", "spcname"),
    "pg_settings": Catalog("setting", "name"),
    "information_schema.tables": Catalog("relation", "table_name", "table_schema"),
    "information_schema.views": Catalog("view", "table_name", "table_schema"),
    "information_schema.columns": Catalog("column", "column_name", "table_schema", "table_name"),
    "information_schema.table_constraints": Catalog("constraint", "constraint_name", "table_schema", "table_name"),
    "information_schema.key_column_usage": Catalog("constraint", "constraint_name", "table_schema", "table_name"),
    "information_schema.constraint_column_usage": Catalog("constraint", "constraint_name", "constraint_schema"),
    "information_schema.constraint_table_usage": Catalog("constraint", "constraint_name", "constraint_schema"),
    "information_schema.referential_constraints": Catalog("constraint", "constraint_name", "constraint_schema"),
    "information_schema.check_constraints": Catalog("constraint", "constraint_name", "constraint_schema"),
    "information_schema.routines": Catalog("function", "routine_name", "routine_schema"),
    "information_schema.sequences": Catalog("sequence", "sequence_name", "sequence_schema"),
    "information_schema.schemata": Catalog("schema", "schema_name"),
    "information_schema.domains": Catalog("domain", "domain_name", "domain_schema"),
    "information_schema.triggers": Catalog("trigger", "trigger_name", "event_object_schema", "event_object_table"),
}

# Catalogs that are joined for a name, and their column with the name.
JOINED = {"pg_class": "relname", "pg_namespace": "nspname", "pg_type": "typname"}

RELATION_KINDS = {
    "r": "table",
    "p": "table",
    "i": "index",
    "I": "index",
    "v": "view",
    "m": "materialized view",
    "S": "sequence",
    "f": "foreign table",
    "c": "type",
    "BASE TABLE": "table",
    "VIEW": "view",
    "FOREIGN": "foreign table",
}
KIND_COLUMNS = frozenset({"relkind", "table_type"})
PROCEDURE_KINDS = {
    "f": "function",
    "p": "procedure",
    "a": "aggregate",
    "FUNCTION": "function",
    "PROCEDURE": "procedure",
}

# Properties of columns, by the names in `information_schema.columns`, and of unnamed constraints.
COLUMN_FACTS = {
    "is_nullable": "is_nullable",
    "data_type": "data_type",
    "udt_name": "udt_name",
    "character_maximum_length": "character_maximum_length",
    "numeric_precision": "numeric_precision",
    "numeric_scale": "numeric_scale",
    "datetime_precision": "datetime_precision",
    "is_generated": "is_generated",
    "column_default": "column_default",
    "attnotnull": "is_nullable",
    "is_identity": "is_identity",
    "attidentity": "is_identity",
    "attgenerated": "generation",
    "atttypid": "type",
}
# Properties of indexes and constraints.
OBJECT_FACTS = {
    "indisvalid": "valid",
    "convalidated": "valid",
    "delete_rule": "on_delete",
    "update_rule": "on_update",
}
CONSTRAINT_KINDS = {
    "p": "primary",
    "u": "unique",
    "f": "foreign",
    "c": "check",
    "x": "exclude",
    "PRIMARY KEY": "primary",
    "UNIQUE": "unique",
    "FOREIGN KEY": "foreign",
    "CHECK": "check",
}

# Conditions that exclude no object that a script would look up.
HARMLESS_COLUMNS = frozenset(
    {
        "attisdropped",
        "attnum",
        "table_catalog",
        "constraint_catalog",
        "constraint_schema",
        "catalog_name",
        "specific_catalog",
        "trigger_catalog",
        "tgisinternal",
        "relispartition",
        "typtype",
        "contype",
        "constraint_type",
        "prokind",
        "routine_type",
        "typcategory",
    }
)
