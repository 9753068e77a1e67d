"""A rebuild that `port` writes keeps all that hangs on a table: rows, children, triggers, views, indexes, sequences.

Each of the fifteen ways in which rebuilds are known to lose something is in one table here, with rows, tried with
foreign keys enforced and not, inside and outside of a transaction, on Python's library and on apsw's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import apsw
import pytest

from .conftest import Command, Plant

_BEFORE = """\
CREATE TABLE parents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT COLLATE NOCASE NOT NULL UNIQUE,
    doc TEXT NOT NULL DEFAULT '{"a": 1}',
    size INTEGER,
    twice INTEGER GENERATED ALWAYS AS (size * 2) VIRTUAL,
    CHECK (size <> 13)
);
CREATE TABLE children (id INTEGER PRIMARY KEY, code TEXT COLLATE NOCASE REFERENCES parents (code) ON DELETE CASCADE);
CREATE TABLE deeper (id INTEGER PRIMARY KEY, child INTEGER REFERENCES children (id) ON DELETE CASCADE);
CREATE TABLE log (what TEXT);
CREATE INDEX by_size ON parents (size DESC) WHERE size > 1;
CREATE INDEX by_lower ON parents (lower(code));
CREATE TRIGGER logged AFTER UPDATE OF size ON parents BEGIN INSERT INTO log VALUES (NEW.code); END;
CREATE VIEW codes AS SELECT code, twice FROM parents;
"""
_POSTGRES = """\
CREATE TABLE parents (id bigserial PRIMARY KEY, code text NOT NULL UNIQUE, doc jsonb NOT NULL DEFAULT '{"a": 1}',
    size int, twice int GENERATED ALWAYS AS (size * 2) STORED, CHECK (size <> 13));
CREATE TABLE children (id bigint PRIMARY KEY, code text REFERENCES parents (code) ON DELETE CASCADE);
CREATE TABLE deeper (id bigint PRIMARY KEY, child bigint REFERENCES children (id) ON DELETE CASCADE);
"""
_ROWS = """\
INSERT INTO parents (code, doc, size) VALUES ('One', '{"b": [1, 2]}', 5), ('two', '{}', 1), ('gone', '{}', 3);
INSERT INTO children VALUES (1, 'ONE'), (2, 'two');
INSERT INTO deeper VALUES (1, 1), (2, 2);
DELETE FROM parents WHERE code = 'gone';
"""
# What is the same before and after.
_ASKED = (
    "SELECT id, code, doc, size, twice FROM parents ORDER BY id",
    "SELECT * FROM children ORDER BY id",
    "SELECT * FROM deeper ORDER BY id",
    "SELECT count(*) FROM log",
    "SELECT * FROM codes ORDER BY code",
    "SELECT seq FROM sqlite_sequence WHERE name = 'parents'",
    "SELECT name, sql FROM sqlite_master WHERE type IN ('index', 'trigger', 'view') AND sql IS NOT NULL ORDER BY name",
    "SELECT name, sql FROM sqlite_master WHERE name IN ('children', 'deeper') ORDER BY name",
)
_Execute = Callable[[str], list[Any]]


def _python() -> _Execute:
    connection = sqlite3.connect(":memory:", isolation_level=None)

    def execute(text: str) -> list[Any]:
        rows: list[Any] = []
        for statement in _statements(text):
            rows = connection.execute(statement).fetchall()
        return rows

    return execute


def _apsw() -> _Execute:
    connection = apsw.Connection(":memory:")
    return lambda text: list(connection.execute(text))


def _statements(text: str) -> Iterator[str]:
    start = 0
    for place, char in enumerate(text):
        if char == ";" and sqlite3.complete_statement(text[start : place + 1]):
            yield text[start : place + 1]
            start = place + 1


@pytest.fixture(scope="module")
def changes() -> dict[str, str]:
    """The variants of some changes, by what they are made from; written once."""
    return {}


@pytest.mark.parametrize("library", [_python, _apsw], ids=["python", "apsw"])
@pytest.mark.parametrize("enforced", ["ON", "OFF"])
@pytest.mark.parametrize("transaction", [True, False], ids=["transaction", "alone"])
@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE parents ALTER COLUMN doc DROP NOT NULL;",
        "ALTER TABLE parents ALTER COLUMN size SET DEFAULT 2;",
        "ALTER TABLE parents ADD CONSTRAINT positive CHECK (size > 0);",
    ],
)
def test_nothing_is_lost(
    plant: Plant,
    port: Command,
    changes: dict[str, str],
    library: Callable[[], _Execute],
    enforced: str,
    transaction: bool,
    change: str,
) -> None:
    if change not in changes:
        root = plant(
            {
                "postgres/001_a.up.sql": _POSTGRES,
                "sqlite/001_a.up.sql": _BEFORE,
                "postgres/002_b.up.sql": change,
            }
        )
        assert port("postgres", "sqlite", "--to", "sqlite").status == 0
        changes[change] = (root / "sqlite/002_b.up.sql").read_text()
    text = changes[change]
    assert "DROP TABLE IF EXISTS parents;" in text
    execute = library()
    execute(f"PRAGMA foreign_keys = {enforced};")
    execute(_BEFORE)
    execute(_ROWS)
    before = [execute(f"{query};") for query in _ASKED]
    if transaction:
        execute("BEGIN;")
    execute(text)
    if transaction:
        execute("COMMIT;")
    after = [execute(f"{query};") for query in _ASKED]
    assert after == before
    assert execute("PRAGMA foreign_key_check;") == []
    execute("PRAGMA foreign_keys = ON;")
    execute("DELETE FROM parents WHERE code = 'One';")
    assert execute("SELECT id FROM children;") == [(2,)]
