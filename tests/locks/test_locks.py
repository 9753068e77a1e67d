"""The table of locks is true: each fact is taken from a running server, and so is what must not happen."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import cast

import psycopg
import pytest

from miglint.base.model import Dialect, Direction, Script, SourceFile, Span
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.locks import Lock, LockEffect, Work, effects
from miglint.locks.observed import BY_PG_NAME, lock_differences, merged
from miglint.locks.table import SITUATIONS
from miglint.replay.apply import run
from miglint.replay.steps import empty_schema
from miglint.sql import parse
from miglint.sql.operations import Statement

from .cases import CASES, OUTSIDE, UNMEASURED, Case
from .servers import MAJORS, OLDER, session, start

Connection = psycopg.Connection[tuple[object, ...]]
_TABLES = """
SELECT c.oid::bigint, c.relname, pg_relation_filenode(c.oid)::bigint,
       array(SELECT pg_relation_filenode(indexrelid)::bigint FROM pg_index WHERE indrelid = c.oid ORDER BY indexrelid)
FROM pg_class c WHERE c.oid = ANY(%s)
"""
_OIDS = """
SELECT oid::bigint, relname FROM pg_class
WHERE relnamespace IN ('public'::regnamespace, to_regnamespace('aside')) AND relkind IN ('r', 'p', 'm', 'v')
"""
_LOCKS = "SELECT relation::bigint, mode FROM pg_locks WHERE pid = %s AND locktype = 'relation'"
_READ = "SELECT relid::bigint, seq_tup_read + coalesce(idx_scan, 0) FROM pg_stat_xact_user_tables WHERE relid = ANY(%s)"


@pytest.fixture(scope="module", params=MAJORS)
def server(request: pytest.FixtureRequest) -> Iterator[PostgresEngine]:
    engine = start(request.param)
    if engine is None:
        pytest.skip(f"no PostgreSQL {request.param} in {OLDER}")
    yield engine
    engine.close()


def statements(text: str) -> tuple[Statement, ...]:
    return parse(Script(SourceFile("x.sql", text), Span(0, len(text)), Direction.FORWARD, Dialect.POSTGRES))


def foreseen(case: Case, major: int) -> list[LockEffect]:
    """Return what the table says of the case's statement."""
    start_schema = empty_schema(Dialect.POSTGRES, closed=True)
    schema = run(start_schema, statements(case.base + case.setup)).schema
    return [
        effect
        for moment in run(schema, statements(case.statement)).moments
        for effect in effects(moment.operation, moment.before, (major,), timezone=case.timezone, notes=moment.notes)
    ]


def strongest(work: Work) -> Work:
    for kind in (Work.REWRITE, Work.INDEX, Work.SCAN):
        if kind in work:
            return kind
    return Work.NONE


def execute(connection: Connection, text: str) -> None:
    connection.execute(text)


def prepare(connection: Connection, case: Case) -> None:
    execute(connection, "DROP SCHEMA IF EXISTS aside CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    execute(connection, "DROP ACCESS METHOD IF EXISTS heap2")
    execute(connection, case.base + case.setup)
    execute(connection, f"SET timezone = '{case.timezone or 'Europe/Berlin'}'")


def reads(connection: Connection, oids: list[object]) -> dict[object, object]:
    """Return how many rows this session has read of each table."""
    return {row[0]: row[1] for row in connection.execute(_READ, (oids,)).fetchall()}


def measured(connection: Connection, case: Case) -> dict[str, tuple[Lock, Work]]:
    """Run the statement in a transaction and return the strongest lock and the work by table."""
    prepare(connection, case)
    names = {oid: str(name) for oid, name in connection.execute(_OIDS).fetchall()}
    oids = list(names)
    with connection.transaction(force_rollback=True):
        read_before = reads(connection, oids)
        before = {row[0]: row[2:] for row in connection.execute(_TABLES, (oids,)).fetchall()}
        execute(connection, case.statement)
        locks: dict[object, Lock] = {}
        for oid, mode in connection.execute(_LOCKS, (connection.info.backend_pid,)).fetchall():
            locks[oid] = max(locks.get(oid, Lock.ACCESS_SHARE), BY_PG_NAME[str(mode)])
        # The counters go on from one transaction of a session to the next.
        read_after = reads(connection, oids)
        after = {row[0]: row[2:] for row in connection.execute(_TABLES, (oids,)).fetchall()}
    result = {}
    for oid, name in names.items():
        if oid not in locks:
            continue
        (file, indexes), (new_file, new_indexes) = before[oid], after.get(oid, before[oid])
        if new_file != file:
            work = Work.REWRITE
        elif set(cast("list[int]", new_indexes)) - set(cast("list[int]", indexes)):
            work = Work.INDEX
        else:
            work = Work.SCAN if read_after.get(oid, read_before.get(oid)) != read_before.get(oid) else Work.NONE
        result[name] = (locks[oid], work)
    return result


# A rollback gives the files back; TRUNCATE and DROP make or leave files without reading a row.
_NEW_FILE_WITHOUT_WORK = frozenset({"truncate"})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.statement[:60])
def test_a_server_locks_and_works_as_the_table_says(case: Case, server: PostgresEngine) -> None:
    with session(server) as connection:
        major = connection.info.server_version // 10000
        if major < case.since:
            with pytest.raises(psycopg.Error):
                measured(connection, case)
            return
        said, seen = foreseen(case, major), measured(connection, case)
    assert case.situation in {effect.situation for effect in said}
    expected = {name.name: fact for name, fact in merged(said).items()}
    locks = {name: lock for name, (lock, _) in expected.items()}
    assert not [one.words for one in lock_differences(locks, {name: lock for name, (lock, _) in seen.items()})]
    works = {name: strongest(work) for name, (_, work) in expected.items()}
    counted = {
        name: Work.NONE if case.situation in _NEW_FILE_WITHOUT_WORK else work for name, (_, work) in seen.items()
    }
    assert works == {name: counted[name] for name in works}


@pytest.mark.parametrize("case", OUTSIDE, ids=lambda case: case.statement[:60])
def test_a_server_asks_for_the_lock_that_the_table_says(case: Case, server: PostgresEngine) -> None:
    with session(server) as connection:
        prepare(connection, case)
        said = foreseen(case, connection.info.server_version // 10000)
        assert case.situation in {effect.situation for effect in said}
        (name, (lock, _)), *_ = merged(said).items()
        seen = _asked(server, connection, case.statement, name.name)
    assert seen == lock


def _asked(server: PostgresEngine, watcher: Connection, statement: str, table: str) -> Lock:
    """Run a statement while another session reads or writes the table, and return the strongest lock it asks for."""
    with session(server) as busy, session(server) as runner:
        pid = runner.info.backend_pid
        # A reader is enough for an exclusive lock to wait for; what is concurrent waits for its like.
        busy.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        execute(busy, f"SELECT count(*) FROM {table}")
        if "CONCURRENTLY" in statement:
            execute(busy, f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE")
        worker = threading.Thread(target=execute, args=(runner, statement))
        worker.start()
        found = Lock.ACCESS_SHARE
        deadline = time.monotonic() + 10
        try:
            while found < Lock.SHARE_UPDATE_EXCLUSIVE and time.monotonic() < deadline:
                for name, mode in watcher.execute(
                    "SELECT relation::regclass::text, mode FROM pg_locks WHERE pid = %s AND locktype = 'relation'",
                    (pid,),
                ).fetchall():
                    if name == table:
                        found = max(found, BY_PG_NAME[str(mode)])
                time.sleep(0.01)
        finally:
            busy.execute("ROLLBACK")
            worker.join(20)
    return found


def test_every_fact_is_measured() -> None:
    measured_ones = {case.situation for case in (*CASES, *OUTSIDE)}
    assert set(SITUATIONS) - measured_ones == set(UNMEASURED)


def test_what_older_servers_did_is_told_by_version() -> None:
    case = next(item for item in CASES if item.statement.endswith("ADD COLUMN c integer DEFAULT 7"))
    assert [effect.work for effect in foreseen(case, 10)] == [Work.REWRITE]
    assert [effect.work for effect in foreseen(case, 11)] == [Work.NONE]


def test_an_effect_says_whom_it_stops() -> None:
    case = next(item for item in CASES if item.situation == "set not null")
    (effect,) = foreseen(case, 18)
    assert effect.words == "ACCESS EXCLUSIVE on orders: blocks reads and writes while every row is checked"
    assert effect.stalls
