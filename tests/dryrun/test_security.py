"""What a script from a stranger cannot do, one by one: each gives an error and leaves no trace."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from miglint.base.structs import replace
from miglint.dryrun.limits import Deadline
from miglint.dryrun.postgres.embedded import start_embedded
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.steps import Scripts

from .histories import LIMITS, executed, migration

REFUSED = {
    "copy to program": "COPY (SELECT 1) TO PROGRAM 'touch {trace}';",
    "copy from program": "CREATE TABLE t (x text); COPY t FROM PROGRAM 'touch {trace}';",
    "copy to file": "COPY (SELECT 1) TO '{trace}';",
    "copy from file": "CREATE TABLE t (x text); COPY t FROM '/etc/passwd';",
    "read a file": "SELECT pg_read_file('/etc/passwd');",
    "list a folder": "SELECT pg_ls_dir('/');",
    "import a large object": "SELECT lo_import('/etc/passwd');",
    "export a large object": "SELECT lo_export(lo_create(0), '{trace}');",
    "alter system": "ALTER SYSTEM SET archive_command = 'touch {trace}';",
    "reload": "SELECT pg_reload_conf();",
    "an untrusted language": "CREATE EXTENSION plpython3u;",
    "dblink": "CREATE EXTENSION dblink;",
    "postgres_fdw": "CREATE EXTENSION postgres_fdw;",
    "file_fdw": "CREATE EXTENSION file_fdw;",
    "a function in C": "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'libc.so.6', 'system';",
    "set role": "SET ROLE miglint;",
    "session authorization": "SET SESSION AUTHORIZATION miglint;",
    "become superuser": "ALTER ROLE CURRENT_USER SUPERUSER;",
    "make a superuser": "CREATE ROLE evil SUPERUSER;",
    "grant itself files": "GRANT pg_execute_server_program TO CURRENT_USER;",
    "write the catalog": "UPDATE pg_authid SET rolsuper = true;",
    "read passwords": "SELECT rolpassword FROM pg_authid;",
    "another database": "DROP DATABASE template1;",
    "preload a library": "LOAD '{trace}';",
    "event trigger": "CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION pg_catalog.now();",
    "triggers of the system's tables": "ALTER TABLE pg_catalog.pg_class DISABLE TRIGGER ALL;",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_a_script_stays_within_its_database(embedded: PostgresEngine, text: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    trace = tmp_path / "trace"
    run = executed(embedded, migration(text.format(trace=trace), transaction=False))
    assert run.forward is not None and run.forward.error is not None
    assert run.forward.error.limit in ("refused", "roles") or run.forward.error.sqlstate in (
        "0A000",
        "22023",
        "55006",
        "42809",
    )
    assert not trace.exists()
    with embedded.server.admin() as admin:
        rows = admin.query("SELECT rolname FROM pg_roles WHERE rolsuper; SHOW archive_command")
    assert rows[0] == [("miglint",)]
    assert rows[1] == [("(disabled)",)] or rows[1] == [("",)]


def test_dropping_its_own_database_fails(embedded: PostgresEngine) -> None:
    text = "DO $$ BEGIN EXECUTE 'DROP DATABASE ' || current_database(); END $$;"
    run = executed(embedded, migration(text, transaction=False))
    assert run.forward is not None and run.forward.error is not None


ENDLESS = {
    "sleep": "SELECT pg_sleep(1e9);",
    "recursion": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n;",
    "without a time-out": "SET statement_timeout = 0; SELECT pg_sleep(1e9);",
    "catching the time-out": "SET statement_timeout = 0; DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(1e6);"
    " EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$;",
    "rows without end": "SELECT generate_series(1, 1000000000000);",
    "copy without end": "COPY (SELECT generate_series(1, 1000000000000)) TO STDOUT;",
}


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS.keys())
def test_what_does_not_end_is_ended(embedded: PostgresEngine, text: str) -> None:
    started = time.monotonic()
    run = executed(embedded, migration(text, transaction=False))
    assert run.forward is not None and run.forward.error is not None
    # The recursion writes to temporary files, and may meet that bound first.
    assert run.forward.error.limit in ("statement time-out", "disk")
    assert time.monotonic() - started < 20


def test_a_flood_of_notices_is_stopped(embedded: PostgresEngine) -> None:
    text = "DO $$ BEGIN FOR i IN 1..100000000 LOOP RAISE NOTICE '%', repeat('x', 1000); END LOOP; END $$;"
    run = executed(embedded, migration(text))
    assert run.forward is not None and run.forward.error is not None
    assert run.forward.error.limit in ("notices", "statement time-out")


def test_copy_from_stdin_ends_at_once(embedded: PostgresEngine) -> None:
    run = executed(embedded, migration("CREATE TABLE t (x int); COPY t FROM STDIN;"))
    assert run.forward is not None and run.forward.error is not None
    assert "no data for COPY FROM STDIN" in run.forward.error.message


@pytest.fixture(scope="module")
def small() -> PostgresEngine:
    engine = start_embedded(replace(LIMITS, statement=20.0), Deadline.after(600), "")
    yield engine  # type: ignore[misc]  # a fixture
    engine.close()


def test_a_temporary_file_cannot_fill_the_disk(small: PostgresEngine) -> None:
    text = "SET work_mem = '64kB'; SELECT x, repeat('x', 500) FROM generate_series(1, 100000000) x ORDER BY 2, 1;"
    run = executed(small, migration(text, transaction=False))
    assert run.forward is not None and run.forward.error is not None
    assert run.forward.error.limit == "disk"


def test_a_table_cannot_fill_the_disk(small: PostgresEngine) -> None:
    text = "CREATE TABLE t AS SELECT x, repeat(x::text, 500) FROM generate_series(1, 1000000000) x;"
    run = executed(small, migration(text))
    assert run.forward is not None and run.forward.error is not None
    assert run.forward.error.limit == "disk"


def test_a_script_that_ends_its_own_connection_is_an_error_of_the_script(embedded: PostgresEngine) -> None:
    run = executed(embedded, migration("SET ROLE NONE; SELECT pg_terminate_backend(pg_backend_pid());"))
    assert run.forward is not None and run.forward.error is not None
    assert run.forward.error.limit == "connection"


def test_the_server_runs_as_an_ordinary_user_behind_a_private_socket(embedded: PostgresEngine) -> None:
    folder = Path(embedded.server.access.host)
    assert folder.stat().st_mode & 0o077 == 0
    assert folder.stat().st_uid != 0 or os.geteuid() != 0
    with embedded.server.admin() as admin:
        assert admin.query("SHOW listen_addresses")[0] == [("",)]


def test_switching_triggers_off_works_for_the_owner(embedded: PostgresEngine) -> None:
    before = "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a int REFERENCES a);"
    text = (
        "ALTER TABLE b DISABLE TRIGGER ALL; INSERT INTO b VALUES (1); ALTER TABLE b ENABLE TRIGGER ALL; DELETE FROM b;"
    )
    run = executed(embedded, migration(text), before)
    assert run.forward is not None and run.forward.ok, run.forward and run.forward.error
    assert run.verdict.forward_idempotent is True


_OWN = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''7MB''', current_database()); END $$;"
_ALL = """DO $$ DECLARE d text; BEGIN FOR d IN SELECT datname FROM pg_database LOOP BEGIN
  EXECUTE format('ALTER DATABASE %I SET work_mem = ''7MB''', d);
  EXCEPTION WHEN insufficient_privilege THEN NULL; END; END LOOP; END $$;"""


def test_settings_of_a_database_end_with_the_script_and_are_no_change_of_another_one(embedded: PostgresEngine) -> None:
    own, every = (Scripts.of(migration(text)).forward for text in (_OWN, _ALL))
    assert own is not None and every is not None
    database = embedded.create()
    beside = database.twin()
    try:
        for one in (database, beside, database):
            assert one.run(own).beyond == ()
            assert not database.tenant.has_settings(one.name)
        (said,) = database.run(every).beyond
        assert f"work_mem=7MB for all roles in database {beside.name}" in said
        assert not database.tenant.has_settings(beside.name)
        # While a script runs there, the settings may be its own.
        database.tenant.roles.enter(beside.name)
        assert database.run(every).beyond == ()
        assert database.tenant.has_settings(beside.name)
        assert beside.run(own).beyond == ()
        assert not database.tenant.has_settings(beside.name)
    finally:
        beside.drop()
        database.drop()
