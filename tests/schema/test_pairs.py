"""What the model finds left after forward and rollback, and whether the engines agree that anything is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from miglint.dryrun.embedded import start_embedded
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.protocol import Engine
from miglint.dryrun.results import EngineInfo
from miglint.dryrun.sqlite import SqliteEngine
from miglint.dryrun.sqlite_library import StandardConnection
from miglint.dryrun.statements import prepare
from miglint.dryrun.steps import Scripts, run_steps
from miglint.replay import empty_schema, replay_one
from miglint.schema.apply import run
from miglint.source import Dialect, Direction, Migration, Script, SourceFile, Span
from miglint.sql import parse, postgres, sqlite

from . import pairs, views
from .pairs import SQLITE, Pair

POSTGRES = [*pairs.POSTGRES, *views.POSTGRES]


def script(text: str, direction: Direction, dialect: Dialect) -> Script:
    return Script(SourceFile(f"{direction}.sql", text), Span(0, len(text)), direction, dialect)


def migration(pair: Pair, dialect: Dialect) -> Migration:
    forward = script(pair.forward, Direction.FORWARD, dialect)
    return Migration("1", pair.name, dialect, forward, script(pair.rollback, Direction.ROLLBACK, dialect))


def left(pair: Pair, dialect: Dialect) -> tuple[tuple[str, ...], bool | None]:
    front_end = postgres if dialect is Dialect.POSTGRES else sqlite
    start = run(empty_schema(dialect, closed=True), front_end.parse(pair.setup)).schema
    step = replay_one(migration(pair, dialect), parse, start)
    words = (" ".join(filter(None, (c.kind, c.what, c.name, c.aspect))) for c in step.changes if c.counts)
    return tuple(words), step.verdict.symmetric


@pytest.mark.parametrize("pair", POSTGRES, ids=lambda pair: pair.name)
def test_model_of_postgres(pair: Pair) -> None:
    found, symmetric = left(pair, Dialect.POSTGRES)
    assert sorted(found) == sorted(pair.left)
    assert symmetric is (not pair.left)


@pytest.mark.parametrize("pair", SQLITE, ids=lambda pair: pair.name)
def test_model_of_sqlite(pair: Pair) -> None:
    found, symmetric = left(pair, Dialect.SQLITE)
    assert sorted(found) == sorted(pair.left)
    assert symmetric is (not pair.left)


def really_symmetric(engine: Engine, pair: Pair, dialect: Dialect) -> bool | None:
    database = engine.create()
    try:
        if pair.setup:
            assert database.run(prepare(script(pair.setup, Direction.FORWARD, dialect))).ok
        done = run_steps(migration(pair, dialect), Scripts.of(migration(pair, dialect)), database, database.schema())
        return done.verdict.symmetric
    finally:
        database.drop()


@pytest.fixture(scope="module")
def postgres_engine() -> Iterator[Engine]:
    engine = start_embedded(Limits(), Deadline.after(300), "")
    yield engine
    engine.close()


def test_postgres_itself(postgres_engine: Engine) -> None:
    wrong = [
        pair.name
        for pair in POSTGRES
        if really_symmetric(postgres_engine, pair, Dialect.POSTGRES) is not (not pair.left)
    ]
    assert wrong == []


def test_sqlite_itself() -> None:
    engine = SqliteEngine(StandardConnection, EngineInfo("sqlite", "SQLite", ""), Limits(), Deadline.after(60))
    wrong = [pair.name for pair in SQLITE if really_symmetric(engine, pair, Dialect.SQLITE) is not (not pair.left)]
    assert wrong == []
