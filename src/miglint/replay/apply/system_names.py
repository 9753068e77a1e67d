"""Names that the engines give their own schemas, relations and columns: scripts do not create them."""

from __future__ import annotations

from miglint.sql.operations import Name
from miglint.sql.postgres.analysis import scope

SYSTEM_SCHEMAS = frozenset({"pg_catalog", "information_schema", "pg_toast"})
POSTGRES_COLUMNS = frozenset(scope.SYSTEM_COLUMNS)
SYSTEM_COLUMNS = POSTGRES_COLUMNS | {"oid", "rowid", "_rowid_"}
_SQLITE_TABLES = frozenset({"sqlite_master", "sqlite_schema", "sqlite_sequence", "sqlite_stat1", "sqlite_temp_master"})


def is_system_relation(name: Name, *, postgres: bool) -> bool:
    """Return whether a relation is one of the engine's own, as PostgreSQL or SQLite names them."""
    if name.schema in SYSTEM_SCHEMAS:
        return True
    if postgres:
        return name.schema is None and name.name.startswith("pg_")
    return name.name.lower() in _SQLITE_TABLES
