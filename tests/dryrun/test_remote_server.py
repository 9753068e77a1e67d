"""A server that the user names: scripts never have its role's rights, and nothing of a run is left on it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from miglint.base.structs import replace
from miglint.dryrun.interfaces import EngineMissingError
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.postgres import connection, server_process
from miglint.dryrun.postgres import server as server_module
from miglint.dryrun.postgres.embedded import embedded_programs, start_cluster
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.postgres.programs import programs_in
from miglint.dryrun.postgres.remote_server import connect_url
from miglint.dryrun.results import MigrationRun
from miglint.dryrun.runner import dry_run

from .histories import LIMITS, dry_run_on, executed, history, migration

OLDER = Path("/usr/lib/postgresql/15/bin")
ROLES = {
    "super": "SUPERUSER",
    "maker": "CREATEDB CREATEROLE",
    "creator": "CREATEDB",
}
PAIR = migration("CREATE TABLE IF NOT EXISTS a (x int);", "DROP TABLE IF EXISTS a;")


@pytest.fixture(scope="module", params=[15, 18])
def server(request: pytest.FixtureRequest) -> Iterator[PostgresEngine]:
    """A server that stands for the user's own, with roles, a database and what belongs to them."""
    programs = embedded_programs() if request.param == 18 else programs_in(OLDER)
    if programs is None:
        pytest.skip("PostgreSQL 15 is not installed on this machine")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(server_process._SETTINGS, "max_prepared_transactions", "4")
        engine = start_cluster(programs, "local", Limits(), Deadline.after(3600), "stands for the user's own")
    with engine.server.admin() as admin:
        for name, rights in ROLES.items():
            admin.query(f"CREATE ROLE {name} LOGIN {rights} PASSWORD 'secret-word'")
        admin.query("CREATE ROLE team NOLOGIN; ALTER ROLE creator SET work_mem = '8MB'")
        for name in ROLES:
            admin.query(f"CREATE DATABASE {name}_app OWNER {name}")
    yield engine
    engine.close()


def url_of(server: PostgresEngine, role: str) -> str:
    return f"host={server.server.access.host} user={role} password=secret-word dbname=postgres"


def everything(server: PostgresEngine) -> str:
    """Return what `pg_dumpall` says of a server."""
    access = server.server.access
    done = subprocess.run(
        [embedded_programs().folder / "pg_dumpall", "-h", access.host, "-U", access.user, "-d", "dbname=postgres"],
        env={**os.environ, "PGPASSWORD": access.password}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return "\n".join(line for line in done.stdout.splitlines() if "restrict" not in line)


def limit(run: MigrationRun) -> str | None:
    return run.forward.error.limit if run.forward is not None and run.forward.error is not None else None


HOSTILE = {
    "drops the user's database": "DROP DATABASE {role}_app;",
    "drops what the role owns": "DROP OWNED BY {role};",
    "becomes the role": "SET ROLE {role};",
    "gives itself the role": "GRANT {role} TO CURRENT_USER;",
    "gives itself all": "ALTER ROLE CURRENT_USER SUPERUSER CREATEDB CREATEROLE;",
    "sets the role": "ALTER ROLE {role} SET search_path = evil;",
    "its own settings": "SET ROLE NONE; ALTER ROLE CURRENT_USER SET search_path = evil; ALTER ROLE CURRENT_USER"
    " SET local_preload_libraries = 'evil'; RESET ROLE; ALTER ROLE CURRENT_USER SET search_path = evil;",
    "its own password": "SET ROLE NONE; ALTER ROLE CURRENT_USER PASSWORD 'x';",
    "default privileges": "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC;",
    "settings of its database": "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = evil',"
    " current_database()); EXECUTE format('ALTER DATABASE %I SET local_preload_libraries = evil',"
    " current_database()); END $$;",
    "a database that nobody may enter": "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 0',"
    " current_database()); EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC, CURRENT_USER',"
    " current_database()); END $$;",
    "a database that nobody may drop": "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I IS_TEMPLATE true',"
    " current_database()); END $$;",
    "a transaction that waits": "CREATE TABLE w (x int); BEGIN; DROP TABLE w; PREPARE TRANSACTION 'waits';",
    "a lock that outlives the session": "CREATE TABLE IF NOT EXISTS held (x int PRIMARY KEY); BEGIN; LOCK TABLE held;"
    " PREPARE TRANSACTION 'it''s held';",
    "a prepared transaction of a login": "RESET ROLE; BEGIN; CREATE TABLE own (x int); PREPARE TRANSACTION 'own';",
    "a prepared transaction in a closed database": "BEGIN; CREATE TABLE IF NOT EXISTS px (x int);"
    " PREPARE TRANSACTION 'x''\\y'; DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 0',"
    " current_database()); END $$;",
    "a prepared transaction and no time": "BEGIN; CREATE TABLE IF NOT EXISTS py (x int); PREPARE TRANSACTION 'y';"
    " DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET statement_timeout = 1', current_database());"
    " EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$;",
    "large objects": "SELECT lo_from_bytea(0, 'x');",
}


@pytest.mark.parametrize("role", ["super", "maker"])
def test_scripts_do_not_have_the_rights_of_the_role_and_nothing_stays(server: PostgresEngine, role: str) -> None:
    before = everything(server)
    engine = connect_url(url_of(server, role), LIMITS, Deadline.after(60))
    try:
        assert [step.ok for step in executed(engine, PAIR).steps] == [True] * 7
        scripts = [
            migration(text.format(role=role), "SELECT 1;", transaction=False, name=str(number))
            for number, text in enumerate(HOSTILE.values())
        ]
        runs = dry_run_on(engine, *scripts, PAIR)
        named = dict(zip(HOSTILE, runs, strict=False))
        for refused in list(HOSTILE)[:6]:
            assert limit(named[refused]) in ("refused", "roles"), refused
        own_settings = named["its own settings"].forward
        assert own_settings is not None
        assert "search_path=evil" in " ".join(own_settings.beyond)
        for prepared, identifier in {
            "a transaction that waits": "waits",
            "a lock that outlives the session": "it's held",
            "a prepared transaction of a login": "own",
        }.items():
            left = named[prepared].forward
            assert left is not None and left.ok, prepared
            assert left.beyond == (f"leaves the prepared transaction {identifier}",)
        for prepared, identifier in {
            "a prepared transaction in a closed database": r"x'\y",
            "a prepared transaction and no time": "y",
        }.items():
            left = named[prepared].forward
            assert left is not None and left.ok, prepared
            assert f"leaves the prepared transaction {identifier}" in left.beyond, left.beyond
        # What comes after is as if nothing had been.
        assert [step.ok for step in runs[-1].steps] == [True] * 7
        engine.create()
    finally:
        engine.close()
    assert everything(server) == before


def test_a_role_that_may_make_no_roles_is_refused_with_the_statement_that_helps(server: PostgresEngine) -> None:
    before = everything(server)
    with pytest.raises(EngineMissingError, match='ALTER ROLE "creator" CREATEROLE') as caught:
        connect_url(url_of(server, "creator"), LIMITS, Deadline.after(60))
    assert "secret-word" not in str(caught.value)
    assert everything(server) == before


def test_who_takes_the_risk_gets_the_role_back_as_it_was(server: PostgresEngine) -> None:
    before = everything(server)
    engine = connect_url(url_of(server, "creator"), LIMITS, Deadline.after(60), as_its_role=True)
    try:
        text = "ALTER ROLE CURRENT_USER SET search_path = evil; ALTER ROLE CURRENT_USER SET work_mem = '1MB';"
        hostile, after = dry_run_on(engine, migration(text, "SELECT 1;"), PAIR)
        assert hostile.forward is not None and any("search_path=evil" in said for said in hostile.forward.beyond)
        assert [step.ok for step in after.steps] == [True] * 7
    finally:
        engine.close()
    assert everything(server) == before


@pytest.mark.parametrize(
    "text",
    [
        "GRANT SELECT ON a TO nobody_here;",
        "ALTER TABLE a OWNER TO team;",
        "SET ROLE team;",
    ],
)
def test_a_role_of_the_team_that_is_not_there_is_no_asymmetry(server: PostgresEngine, text: str) -> None:
    engine = connect_url(url_of(server, "maker"), LIMITS, Deadline.after(60))
    try:
        run = executed(engine, migration("SELECT 1;", text), "CREATE TABLE a (x int);")
        assert run.rollback is not None and run.rollback.error is not None and run.rollback.error.limit == "roles"
        assert run.verdict.symmetric is None and run.verdict.rollback_idempotent is None
        assert any("symmetric" in reason for reason in run.unknown)
        assert limit(executed(engine, migration(text), "CREATE TABLE a (x int);")) == "roles"
    finally:
        engine.close()


# Some seconds of one step of the server's own code, which it interrupts for nothing.
_LONG_STEP = "SELECT strpos(repeat('a', 320000), 'b' || repeat('a', 160000));"


def test_a_run_ends_before_what_the_server_does_not_interrupt(
    server: PostgresEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then, the server creates and drops no database, and the next run says so."""
    if server.server.version < 180000:
        pytest.skip("one version is enough: it takes seconds")
    monkeypatch.setattr(connection, "_ABANDON", 0.1)
    monkeypatch.setattr(server_module, "_GONE_SECONDS", 0.3)
    before = everything(server)
    options = DryRunOptions(url=url_of(server, "maker"), rows=0, limits=replace(LIMITS, statement=0.1))
    (ran,) = dry_run([history(PAIR, migration(_LONG_STEP, "SELECT 1;"), PAIR)], options).histories
    assert [limit(run) for run in ran.migrations] == [None, "statement time-out", None]
    assert [run.ran for run in ran.migrations] == [True, True, False]
    assert "has not ended yet" in (ran.stopped or "")
    assert "the next dry run drops miglint_" in " ".join(ran.engine.notes)
    assert everything(server) != before
    with pytest.raises(EngineMissingError, match="PostgreSQL creates and drops no database"):
        connect_url(url_of(server, "maker"), LIMITS, Deadline.after(60))
    until = time.monotonic() + 60
    while everything(server) != before and time.monotonic() < until:
        with contextlib.suppress(EngineMissingError):
            connect_url(url_of(server, "maker"), LIMITS, Deadline.after(60)).close()
    assert everything(server) == before


_KILLED = """
import sys
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.postgres.remote_server import connect_url
engine = connect_url(sys.argv[1], Limits(), Deadline.after(60))
database = engine.create()
print(database.name, flush=True)
sys.stdin.read()
"""


def names(server: PostgresEngine) -> set[str | None]:
    with server.server.admin() as admin:
        rows = admin.query("SELECT datname FROM pg_database UNION ALL SELECT rolname FROM pg_roles")[0]
    return {name for (name,) in rows}


def test_what_a_killed_run_left_goes_when_nobody_holds_its_lock(server: PostgresEngine) -> None:
    before = everything(server)
    there = names(server)
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED, url_of(server, "maker")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as run:  # fmt: skip
        assert run.stdout is not None
        left = run.stdout.readline().strip()
        # A run that lives is left alone.
        connect_url(url_of(server, "maker"), LIMITS, Deadline.after(60)).close()
        assert left in names(server)
        run.send_signal(signal.SIGKILL)
        run.wait()
    assert left in names(server)
    until = time.monotonic() + 10
    while names(server) != there and time.monotonic() < until:
        # The server notices only after a moment that nobody is there.
        connect_url(url_of(server, "maker"), LIMITS, Deadline.after(60)).close()
    assert everything(server) == before


def test_a_history_that_names_its_url_runs_to_its_end(server: PostgresEngine) -> None:
    before = everything(server)
    report = dry_run([history(PAIR), history(PAIR)], DryRunOptions(url=url_of(server, "maker"), rows=5))
    assert [run.migrations[0].verdict.symmetric for run in report.histories] == [True, True]
    assert everything(server) == before
