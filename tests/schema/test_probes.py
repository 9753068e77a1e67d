"""What the model says of a pair of scripts is what PostgreSQL does with it: each probe is put to both."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from miglint.base.model import Dialect, Direction, Migration, Script, SourceFile, Span
from miglint.replay.apply import run
from miglint.replay.steps import Step, empty_schema, replay_one
from miglint.schema.outcome import Run
from miglint.sql import parse, postgres

from .databases import database
from .probes import Outcome, Probe, every

PROBES = every()


def _script(text: str, direction: Direction) -> Script:
    return Script(SourceFile(f"{direction}.sql", text), Span(0, len(text)), direction, Dialect.POSTGRES)


def _step(probe: Probe) -> Step:
    start = run(empty_schema(Dialect.POSTGRES, closed=True), postgres.parse(probe.setup))
    assert start.failed is None, start.failed
    forward, rollback = _script(probe.forward, Direction.FORWARD), _script(probe.rollback, Direction.ROLLBACK)
    return replay_one(Migration("1", probe.name, Dialect.POSTGRES, forward, rollback), parse, start.schema)


def _condition(done: Run | None) -> str | None:
    return None if done is None or done.failed is None or done.failed.failure is None else done.failed.failure.condition


def _again(done: Run | None, same: bool | None) -> str | None:
    return _condition(done) or (None if same else "differs")


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_model(probe: Probe) -> None:
    step = _step(probe)
    first = _condition(step.forward)
    assert first == probe.went.first, step.forward.failed
    if first is not None:
        return
    assert _again(step.forward_again, step.verdict.forward_idempotent) == probe.went.again
    back = _condition(step.rollback)
    assert (back or (None if step.verdict.symmetric else "differs")) == probe.back.first, step.changes
    if back is None:
        assert _again(step.rollback_again, step.verdict.rollback_idempotent) == probe.back.again


# What a probe may make outside the schema `public`.
RESET = """
DROP SCHEMA public CASCADE; DROP SCHEMA IF EXISTS s CASCADE; CREATE SCHEMA public; DROP PUBLICATION IF EXISTS pu;
DROP EXTENSION IF EXISTS citext CASCADE; DROP EXTENSION IF EXISTS pg_trgm CASCADE;
DROP EXTENSION IF EXISTS fuzzystrmatch CASCADE; DROP EXTENSION IF EXISTS btree_gist CASCADE; RESET ALL"""


@pytest.fixture(scope="module")
def fresh(server: str) -> Iterator[psycopg.Connection]:
    """A connection to a database of its own."""
    with database(server, "miglint_probes") as connection:
        yield connection


def _name(error: psycopg.Error) -> str:
    words = type(error).__name__
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in words).lstrip("_")


def _run(connection: psycopg.Connection, script: str) -> str | None:
    try:
        connection.execute(script)
    except psycopg.Error as error:
        return _name(error)
    return None


def _same(expected: str | None, seen: str | None) -> bool:
    return seen == (None if expected == "differs" else expected)


def _answers(connection: psycopg.Connection, probe: Probe) -> tuple[Outcome, Outcome]:
    """Return what the engine did with the scripts of a probe."""
    went = back = Outcome()
    for again in (True, False):
        connection.execute(RESET)
        connection.execute(probe.setup)
        first = _run(connection, probe.forward)
        if first is not None:
            return Outcome(first), back
        if again:
            went = Outcome(None, _run(connection, probe.forward))
    first = _run(connection, probe.rollback)
    return went, Outcome(first, None if first is not None else _run(connection, probe.rollback))


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_postgres_itself(fresh: psycopg.Connection, probe: Probe) -> None:
    went, back = _answers(fresh, probe)
    assert all(map(_same, (*probe.went, *probe.back), (*went, *back))), (went, back)
