"""What one history does is neither blamed on another one, nor on the migration behind it."""

from __future__ import annotations

import pytest

from miglint.base.structs import replace
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.postgres import connection, server
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.results import HistoryRun
from miglint.dryrun.runner import dry_run
from miglint.dryrun.steps import Scripts

from .histories import LIMITS, history, migration

GIVES_ITS_DATABASE = (
    "DO $$ BEGIN EXECUTE format('GRANT ALL ON DATABASE %I TO PUBLIC', current_database());"
    " EXECUTE format('GRANT CONNECT ON DATABASE %I TO pg_monitor', current_database()); END $$;"
)


def test_rights_on_a_database_are_put_back(embedded: PostgresEngine) -> None:
    database = embedded.create()
    try:
        script = Scripts.of(migration(GIVES_ITS_DATABASE)).forward
        assert script is not None
        assert any("owner or access of database" in said for said in database.run(script).beyond)
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


# As it ran for ever: one long step of the server's own code, in which a process listens to nobody.
DEAF = "SELECT position('b' || repeat('a', 20000000) IN repeat('a', 200000000));"
# As it took all locks that a server has, for all of its sessions.
ALL_LOCKS = """DO $$ DECLARE n bigint := 0; BEGIN
  BEGIN LOOP PERFORM pg_advisory_lock(n); n := n + 1; END LOOP;
  EXCEPTION WHEN out_of_memory THEN FOR i IN 0 .. n LOOP
    BEGIN PERFORM pg_advisory_lock(i); EXCEPTION WHEN out_of_memory THEN EXIT; END; END LOOP; END;
  PERFORM pg_sleep(0.5); END $$;"""


@pytest.mark.parametrize(("attack", "limit"), [(DEAF, "statement time-out"), (ALL_LOCKS, None)], ids=["deaf", "locks"])
def test_a_history_disturbs_neither_another_one_nor_its_own_next_migration(
    attack: str, limit: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # How long a process that listens to nobody is asked to end, and the server itself is.
    monkeypatch.setattr(connection, "_GRACE", 0.5)
    monkeypatch.setattr(server, "_END_SECONDS", 0.5)
    users = migration("CREATE TABLE IF NOT EXISTS users (id int PRIMARY KEY);", "DROP TABLE IF EXISTS users;", name="1")
    hostile = migration(attack, "SELECT 1;", name="2")
    following = migration("CREATE TABLE IF NOT EXISTS n (x int);", "DROP TABLE IF EXISTS n;", name="3")
    others = tuple(
        migration(f"CREATE TABLE IF NOT EXISTS t{n} (x int);", f"DROP TABLE IF EXISTS t{n};", name=str(n))
        for n in range(1, 5)
    )
    bad = history(users, hostile, following)
    good = replace(history(*others), root="good")
    report = dry_run((bad, good), DryRunOptions(engine="embedded", rows=2, limits=replace(LIMITS, statement=1.0)))
    first, second = report.histories

    assert failures(second) == [], second.stopped
    assert first.stopped is None
    assert [name for name in failures(first) if name != "2"] == []
    forward = first.migrations[1].forward
    assert forward is not None
    assert (forward.error.limit if forward.error is not None else None) == limit


def failures(ran: HistoryRun) -> list[str]:
    """Return the migrations whose steps are not all well."""
    return [run.migration.version for run in ran.migrations if not all(step.ok for step in run.steps)]
