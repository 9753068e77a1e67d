"""What of the rows is compared: values under the names of their columns, and what cannot be read."""

from __future__ import annotations

import pytest

from miglint.base.model import Dialect
from miglint.dryrun.interfaces import TableDigest, rows_differ
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.sqlite.library import StandardConnection
from miglint.sql.operations import Name

from .histories import executed, migration, sqlite_engine, with_rows

PAIRS = {
    "texts": "CREATE TABLE t (id int PRIMARY KEY, a text NOT NULL, b text NOT NULL);",
    "numbers": "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b int NOT NULL);",
    "some of them null": "CREATE TABLE t (id int PRIMARY KEY, a int, b int);",
    "unique texts": "CREATE TABLE t (id int PRIMARY KEY, a varchar(20) UNIQUE, b varchar(20) UNIQUE);",
    "listed": "CREATE TABLE t (id int PRIMARY KEY, a text CHECK (a IN ('x', 'y', 'z')),"
    " b text CHECK (b IN ('x', 'y', 'z')));",
}
SWAP = "ALTER TABLE t RENAME COLUMN a TO c; ALTER TABLE t RENAME COLUMN b TO a; ALTER TABLE t RENAME COLUMN c TO b;"


@pytest.mark.parametrize("back", [SWAP, "UPDATE t SET a = b;"], ids=["names swapped", "the other column copied"])
@pytest.mark.parametrize("table", PAIRS)
@pytest.mark.parametrize("dialect", Dialect)
def test_values_of_another_column_are_lost_ones(
    embedded: PostgresEngine, dialect: Dialect, table: str, back: str
) -> None:
    if "UNIQUE" in PAIRS[table] and back != SWAP:
        back = f"UPDATE t SET b = NULL; {back}"
    engine = embedded if dialect is Dialect.POSTGRES else sqlite_engine(StandardConnection)
    losses = with_rows(engine, migration("SELECT 1;", back, dialect=dialect), PAIRS[table]).losses
    assert {loss.table for loss in losses} == {"t"}


@pytest.mark.parametrize("check", ["a <= b", "a = b", "a >= b"])
@pytest.mark.parametrize("dialect", Dialect)
def test_columns_that_a_check_compares_get_rows(embedded: PostgresEngine, dialect: Dialect, check: str) -> None:
    engine = embedded if dialect is Dialect.POSTGRES else sqlite_engine(StandardConnection)
    table = f"CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b int NOT NULL, CHECK ({check}));"
    found = with_rows(engine, migration("SELECT 1;", "DELETE FROM t;", dialect=dialect), table)
    assert sum(found.inserted.values()), found.unfilled
    assert [loss.kind for loss in found.losses] == ["rows"]


def test_a_generated_column_that_cannot_be_read_hides_no_row(embedded: PostgresEngine) -> None:
    table = "CREATE TABLE t (id int PRIMARY KEY, v int GENERATED ALWAYS AS (1 / (id - id)) VIRTUAL);"
    found = with_rows(embedded, migration("SELECT 1;", "DELETE FROM t;"), table)
    assert [(loss.table, loss.kind) for loss in found.losses] == [("t", "rows")]
    assert not found.unread


# Rows are there, and reading them fails.
UNREADABLE = (
    "CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'x');"
    " CREATE FUNCTION no() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN"
    " IF pg_catalog.current_setting('my.eyes', true) = '1' THEN RETURN true; END IF; RAISE EXCEPTION 'not you'; END $$;"
    " CREATE POLICY p ON t USING (no()) WITH CHECK (true); ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
    " ALTER TABLE t FORCE ROW LEVEL SECURITY;"
)
DELETED = "SET my.eyes = '1'; DELETE FROM t;"


def test_rows_that_cannot_be_read_are_named(embedded: PostgresEngine) -> None:
    found = with_rows(embedded, migration("SELECT 1;", DELETED), UNREADABLE)
    assert not found.losses
    assert found.unread == {"t": "not you"}


def test_it_is_unknown_whether_rows_that_cannot_be_read_are_the_same(embedded: PostgresEngine) -> None:
    run = executed(embedded, migration("SELECT 1;", DELETED), UNREADABLE)
    assert run.verdict.rows_stable is None
    assert "rows_stable: the rows cannot be read" in run.unknown


def test_rows_that_cannot_be_read_any_more_are_lost(embedded: PostgresEngine) -> None:
    table = "CREATE TABLE t (id int PRIMARY KEY, a text);"
    back = UNREADABLE.partition("'x');")[2]
    found = with_rows(embedded, migration("SELECT 1;", back), table)
    assert [(loss.table, loss.kind) for loss in found.losses] == [("t", "rows")]


def test_what_is_known_of_rows_that_differ() -> None:
    one, other = (TableDigest(count, {"a": str(count)}, str(count)) for count in (1, 2))
    unread = TableDigest(1, {}, "", "not you")
    a, b = Name(None, "a"), Name(None, "b")
    assert rows_differ({a: one}, {a: one}) is False
    assert rows_differ({a: one}, {a: other}) is True
    assert rows_differ({a: one}, {}) is True
    assert rows_differ({a: unread}, {a: unread}) is None
    assert rows_differ({a: unread}, {a: one}) is None
    assert rows_differ({a: unread, b: one}, {a: unread, b: other}) is True
