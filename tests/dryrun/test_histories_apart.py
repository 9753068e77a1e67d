"""What one history does is neither blamed on another one, nor on the migration behind it."""

from __future__ import annotations

from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.steps import Scripts

from .histories import migration

GIVES_ITS_DATABASE = (
    "DO $$ BEGIN EXECUTE format('GRANT ALL ON DATABASE %I TO PUBLIC', current_database());"
    " EXECUTE format('GRANT CONNECT ON DATABASE %I TO pg_monitor', current_database()); END $$;"
)


def test_rights_on_a_database_are_put_back(embedded: PostgresEngine) -> None:
    database = embedded.create()
    try:
        script = Scripts.of(migration(GIVES_ITS_DATABASE)).forward
        assert script is not None
        assert any("who may use or connect" in said for said in database.run(script).beyond)
        script = Scripts.of(migration("SELECT 1;")).forward
        assert script is not None
        assert database.run(script).beyond == ()
    finally:
        database.drop()


def test_another_history_that_begins_and_ends_changes_no_rights_of_this_one(embedded: PostgresEngine) -> None:
    database = embedded.create()
    script = Scripts.of(migration("SELECT 1;")).forward
    assert script is not None
    try:
        other = embedded.create()
        try:
            assert database.run(script).beyond == ()
        finally:
            other.drop()
        assert database.run(script).beyond == ()
    finally:
        database.drop()
