"""Rows that one statement of PostgreSQL moves or empties, and several of SQLite; SQLite runs them."""

from __future__ import annotations

import sqlite3

import pytest

from .conftest import Command, Plant

_TABLES = """\
CREATE TABLE log (id serial PRIMARY KEY, level text, at timestamptz);
CREATE TABLE archive (id int PRIMARY KEY, level text);
CREATE TABLE notes (id int PRIMARY KEY, log int REFERENCES log (id));
"""
_ROWS = """\
PRAGMA foreign_keys = ON;
INSERT INTO log (level, at) VALUES ('a', '2023-01-01'), ('b', '2024-05-01'), ('c', '2022-01-01');
INSERT INTO archive VALUES (7, 'old');
"""


def _run(plant: Plant, port: Command, text: str, more: str = "") -> tuple[sqlite3.Connection, str]:
    root = plant({"migrations/001_a.up.sql": _TABLES, "migrations/002_b.up.sql": text})
    done = port("migrations", "--to", "sqlite")
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.executescript((root / "migrations/001_a.sqlite.up.sql").read_text() + _ROWS + more)
    database.executescript((root / "migrations/002_b.sqlite.up.sql").read_text())
    return database, done.out


def test_rows_that_a_with_query_moves(plant: Plant, port: Command) -> None:
    text = """\
        WITH moved AS (DELETE FROM log WHERE at < '2024-01-01' RETURNING id, level)
        INSERT INTO archive (id, level) SELECT id, level FROM moved;
        WITH gone AS (DELETE FROM archive WHERE id > 5 RETURNING *)
        UPDATE log SET level = gone.level FROM gone WHERE log.id = 2;
        """
    database, said = _run(plant, port, text)
    assert "not carried over" not in said
    assert database.execute("SELECT id, level FROM log").fetchall() == [(2, "old")]
    assert database.execute("SELECT id, level FROM archive ORDER BY id").fetchall() == [(1, "a"), (3, "c")]


@pytest.mark.parametrize(
    "text",
    [
        "WITH new AS (INSERT INTO archive VALUES (1) RETURNING id) DELETE FROM notes WHERE id IN (SELECT id FROM new);",
        "WITH gone AS (DELETE FROM log WHERE id NOT IN (SELECT id FROM archive) RETURNING id) "
        "INSERT INTO archive SELECT id FROM gone;",
    ],
    ids=["insert", "reads its target"],
)
def test_a_with_query_whose_order_matters_is_named(plant: Plant, port: Command, text: str) -> None:
    database, said = _run(plant, port, text)
    assert "not carried over: a WITH query that changes rows has no equivalent" in said
    assert database.execute("SELECT count(*) FROM log").fetchone() == (3,)


@pytest.mark.parametrize(
    ("text", "left", "next_id"),
    [
        ("TRUNCATE log RESTART IDENTITY CASCADE;", (0, 0), 1),
        ("TRUNCATE notes, log;", (0, 0), 4),
        ("TRUNCATE notes;", (3, 0), 4),
    ],
)
def test_tables_that_are_emptied(plant: Plant, port: Command, text: str, left: tuple[int, int], next_id: int) -> None:
    database, said = _run(plant, port, text, "INSERT INTO notes VALUES (1, 1);")
    assert "not carried over" not in said
    assert database.execute("SELECT (SELECT count(*) FROM log), (SELECT count(*) FROM notes)").fetchone() == left
    database.execute("INSERT INTO log (level) VALUES ('n')")
    assert database.execute("SELECT max(id) FROM log").fetchone() == (next_id,)
