"""The tables in which the tools that run migrations keep their books: no file makes them, and they are there."""

from __future__ import annotations

# Their default names, in lower case.
_TABLES = frozenset(
    {
        "__diesel_schema_migrations", "__drizzle_migrations", "__efmigrationshistory", "_prisma_migrations",
        "_sqlx_migrations", "_yoyo_log", "_yoyo_migration", "_yoyo_version", "alembic_version",
        "atlas_schema_revisions", "bun_migration_locks", "bun_migrations", "databasechangelog",
        "databasechangeloglock", "db_migrations", "django_migrations", "doctrine_migration_versions",
        "flyway_schema_history", "goose_db_version", "gopg_migrations", "gorp_migrations", "knex_migrations",
        "knex_migrations_lock", "kysely_migration", "kysely_migration_lock", "migrations", "pgmigrations", "phinxlog",
        "refinery_schema_history", "schema_migration", "schema_migrations", "schema_version", "schemaversions",
        "seaql_migrations", "sequelizemeta", "yoyo_lock",
    }
)  # fmt: skip
# Most tools take another name for it, and people put the application's in front: `app_schema_migrations`.
_ENDINGS = tuple(f"_{name.lstrip('_')}" for name in _TABLES)


def is_tracking_table(name: str) -> bool:
    """Return whether a migration tool has a tracking table of this name."""
    folded = name.lower()
    return folded in _TABLES or folded.endswith(_ENDINGS)
