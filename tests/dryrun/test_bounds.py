"""Bounds on memory and disk space: scripts that use too much, and what that is measured with."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from miglint.base.structs import replace
from miglint.dryrun.limits import Deadline, size_of, size_text
from miglint.dryrun.postgres import roles, usage
from miglint.dryrun.postgres.connection import QueryError
from miglint.dryrun.postgres.embedded import start_embedded
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.postgres.remote_server import connect_url
from miglint.dryrun.postgres.usage import folder_usage, memory_of
from miglint.dryrun.row_steps import run_rows
from miglint.dryrun.steps import Scripts

from .histories import LIMITS, executed, forward_of, migration

MEMORY = 256 << 20
ROWS = "INSERT INTO t SELECT repeat(md5(g::text), 30) FROM generate_series(1, 5000) g"
TABLE = "CREATE TABLE t (x text);"
GREEDY = {
    "a DO block": (
        "memory",
        "DO $$ DECLARE a text[]; BEGIN FOR i IN 1..99999999 LOOP a := a || repeat('x', 99999); END LOOP; END $$;",
    ),
    "an aggregate": ("memory", "SELECT array_agg(repeat(x::text, 1000)) FROM generate_series(1, 1000000) x;"),
    "one value": ("memory", "SELECT length(repeat('x', 400000000));"),
    "a table while notices stream": (
        "disk",
        f"{TABLE} DO $$ BEGIN FOR i IN 1..100000 LOOP {ROWS}; RAISE NOTICE 'x'; END LOOP; END $$;",
    ),
    "many short statements": ("disk", TABLE + f"{ROWS};" * 200),
    "a table while rows stream": (
        "disk",
        f"{TABLE} CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN {ROWS}; RETURN 1; END $$;"
        "SELECT f() FROM generate_series(1, 100000);",
    ),
}
COMMITS = f"{TABLE} CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN LOOP {ROWS}; COMMIT; END LOOP; END $$; CALL p();"


@pytest.fixture(scope="module")
def bounded() -> Iterator[PostgresEngine]:
    limits = replace(LIMITS, statement=30.0, memory=MEMORY, notices=1_000_000_000)
    engine = start_embedded(limits, Deadline.after(3600), "")
    yield engine
    engine.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the memory of a process")
@pytest.mark.parametrize(("limit", "text"), GREEDY.values(), ids=GREEDY)
def test_a_script_that_uses_too_much_is_stopped_at_its_statement(
    limit: str, text: str, bounded: PostgresEngine
) -> None:
    forward = executed(bounded, migration(text)).forward
    assert forward is not None and forward.error is not None
    assert forward.error.limit == limit, forward.error
    assert forward.error.span is not None
    used = folder_usage(Path(bounded.server.access.host))
    assert used.disk < 1.5 * LIMITS.disk
    ordinary = executed(bounded, migration("CREATE TABLE IF NOT EXISTS a (x int);", "DROP TABLE IF EXISTS a;"))
    assert [step.ok for step in ordinary.steps] == [True] * 7


def test_a_procedure_that_commits_is_stopped(bounded: PostgresEngine) -> None:
    forward = executed(bounded, migration(COMMITS, transaction=False)).forward
    assert forward is not None and forward.error is not None and forward.error.limit == "disk"


def test_too_many_locks_are_not_too_much_memory(bounded: PostgresEngine) -> None:
    text = "DO $$ BEGIN FOR i IN 1..20000 LOOP EXECUTE format('CREATE TABLE t%s (x int)', i); END LOOP; END $$;"
    forward = executed(bounded, migration(text)).forward
    assert forward is not None and forward.error is not None
    assert forward.error.limit is None and forward.error.message == "out of shared memory"


def test_a_server_that_is_not_our_own_has_a_bound_on_disk_space(embedded: PostgresEngine) -> None:
    access = embedded.server.access
    url = f"host={access.host} user=miglint password={access.password} dbname=postgres"
    engine = connect_url(url, replace(LIMITS, statement=30.0, disk=128 << 20), Deadline.after(60))
    try:
        forward = executed(engine, migration(GREEDY["a table while notices stream"][1])).forward
        assert forward is not None and forward.error is not None and forward.error.limit in ("disk", "notices")
        forward = executed(engine, migration(GREEDY["many short statements"][1])).forward
        assert forward is not None and forward.error is not None and forward.error.limit == "disk"
        assert any("--max-memory has no effect" in note for note in engine.notes())
    finally:
        engine.close()


def test_after_the_time_for_all_a_scripts_code_has_little_time(
    embedded: PostgresEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roles, "_ENDING_SECONDS", 1.0)
    access = embedded.server.access
    url = f"postgresql://{access.user}:{access.password}@/postgres?host={access.host}&port={access.port}"
    deadline = Deadline.after(60)
    engine = connect_url(url, LIMITS, deadline)
    try:
        database = engine.create()
        waits = (
            "CREATE FUNCTION w(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM pg_sleep(1e9);"
            " RETURN true; END';" + "".join(f"CREATE TABLE t{n} (x int NOT NULL CHECK (w(x)));" for n in range(30))
        )
        assert database.run(forward_of(migration(waits))).ok
        schema = database.schema()
        deadline.stop()
        started = time.monotonic()
        with pytest.raises(QueryError, match="total time"):
            database.fill(schema, 10, 0)
        assert time.monotonic() - started < 15
    finally:
        engine.close()


def test_the_memory_of_a_servers_processes_is_seen(embedded: PostgresEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    server = int((Path(embedded.server.access.host) / "data" / "postmaster.pid").read_text().split()[0])
    with embedded.server.admin() as admin:
        memory = memory_of(server)
        assert 0 < memory[admin.pid] < 64 << 20
        assert len(memory) > 1 and server not in memory
        monkeypatch.setattr(usage, "_children", lambda server: None)
        assert admin.pid in memory_of(server)


def test_files_that_go_away_are_not_counted(tmp_path: Path) -> None:
    assert folder_usage(tmp_path / "none").disk == 0
    base = tmp_path / "data" / "base"
    (base / "5").mkdir(parents=True)
    (base / "pgsql_tmp").mkdir()
    (base / "5" / "1").write_bytes(b"x" * 10_000)
    (base / "pgsql_tmp" / "pgsql_tmp77.0").write_bytes(b"x" * 5_000)
    used = folder_usage(tmp_path)
    assert used.databases["5"] >= 10_000 and used.temporary[77] >= 5_000
    assert used.disk == used.databases["5"] + used.temporary[77]


def test_sizes_are_read_and_written_with_units() -> None:
    assert [size_of(text) for text in ("512MB", "2 GB", "1.5g", "4096", "1GiB")] == [
        512 << 20, 2 << 30, 3 << 29, 4096, 1 << 30,
    ]  # fmt: skip
    assert [size_of(text) for text in ("", "x", "-1", "1 MBB", "1e9")] == [None] * 5
    assert [size_text(size) for size in (2 << 30, 3 << 29, 512 << 20, 10)] == ["2 GB", "1.5 GB", "512 MB", "10 bytes"]


def test_what_a_bound_costs_is_little(embedded: PostgresEngine) -> None:
    """A look at all files and processes takes less than the time between two looks."""
    folder = Path(embedded.server.access.host)
    server = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    begun = time.process_time()
    for _ in range(5):
        folder_usage(folder)
        memory_of(server)
    assert (time.process_time() - begun) / 5 < 0.1


def test_what_an_error_says_is_shortened(bounded: PostgresEngine) -> None:
    """A report and the log of a build have the beginning of a message of any length."""
    said = "MESSAGE = repeat('m', 3000000), DETAIL = repeat('d', 3000000), HINT = repeat('h', 3000000)"
    forward = executed(bounded, migration(f"DO $$ BEGIN RAISE EXCEPTION USING {said}; END $$;")).forward
    assert forward is not None and forward.error is not None
    error = forward.error
    for text in (error.message, error.detail, error.hint):
        assert text is not None and text.endswith("...") and 10_000 < len(text) < 30_000


LARGE = {
    "a message": "DO $$ BEGIN RAISE NOTICE '%', repeat('x', {n}); END $$;",
    "an error": "DO $$ BEGIN RAISE EXCEPTION '%', repeat('x', {n}); END $$;",
    "a row": "SELECT repeat('x', {n});",
    "a row of many columns": "SELECT repeat('x', {n} / 4), repeat('y', {n} / 4), repeat('z', {n} / 2);",
    "a copied row": "COPY (SELECT repeat('x', {n})) TO STDOUT;",
}


@pytest.mark.skipif(sys.platform == "win32", reason="this system does not say how much has arrived")
@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_a_row_or_message_is_not_read_to_its_end_if_it_is_large(text: str, embedded: PostgresEngine) -> None:
    """libpq has no bound: it takes in what a script makes, in many copies."""
    database = embedded.create()
    try:
        small = database.run(forward_of(migration(text.format(n=2_000_000)))).error
        assert small is None or small.limit is None
        error = database.run(forward_of(migration(text.format(n=40_000_000)))).error
        assert error is not None and error.limit == "message size", error
        assert database.run(forward_of(migration("SELECT 1;"))).ok
    finally:
        database.drop()


def test_rows_that_are_many_are_not_large(embedded: PostgresEngine) -> None:
    text = "SELECT repeat('x', 1000000) FROM generate_series(1, 30); COPY (TABLE pg_class) TO STDOUT;"
    forward = executed(embedded, migration(text)).forward
    assert forward is not None and forward.ok, forward.error


def test_a_script_that_ends_its_session_when_it_runs_again_on_rows(embedded: PostgresEngine) -> None:
    text = (
        "CREATE TABLE IF NOT EXISTS t (x int); DO $$ BEGIN IF EXISTS (SELECT FROM t) THEN"
        " PERFORM set_config('transaction_timeout', '1ms', false); END IF; END $$; SELECT pg_sleep(0.05);"
        "INSERT INTO t VALUES (1);"
    )
    one = migration(text, "DROP TABLE IF EXISTS t;")
    database = embedded.create()
    twin = database.twin()
    try:
        rows = run_rows(Scripts.of(one), twin, database.schema(), 1, 0)
        assert rows.forward is not None and rows.forward.ok
        assert rows.rows_stable is None
    finally:
        twin.drop()
        database.drop()
