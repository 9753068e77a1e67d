"""The statements that a help text offers for SQLite run where they are offered, and keep the rows."""

from __future__ import annotations

import re

import pytest

from miglint.base.model import Dialect, Direction, Migration, Script, SourceFile, Span
from miglint.dryrun.sqlite.catalog import read_schema
from miglint.dryrun.sqlite.library import StandardConnection
from miglint.replay.steps import empty_schema, replay_one
from miglint.rules.symmetry.suggestions import how_to_restore
from miglint.schema.diff import diff
from miglint.sql import parse
from miglint.sql.sqlite.tokens import pieces

_OFFERED = re.compile(r"`((?:ALTER|CREATE|DROP|SAVEPOINT)[^`]*;)`")

CASES = {
    "a column in use": (
        "CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT NOT NULL); INSERT INTO p VALUES (1, 'x');",
        "ALTER TABLE p ADD COLUMN b INT CHECK (b <> id);",
    ),
    "a column and its check": (
        "CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT NOT NULL CHECK (a <> 'a  b')); INSERT INTO p VALUES (1, 'x');"
        "CREATE TABLE c (p INT REFERENCES p ON DELETE CASCADE); INSERT INTO c VALUES (1); CREATE INDEX i ON p (a);",
        "DROP INDEX i; ALTER TABLE p DROP COLUMN a;",
    ),
}


def script_of(sql, direction):
    return Script(SourceFile(f"{direction.value}.sql", sql), Span(0, len(sql)), direction, Dialect.SQLITE)


def step_of(before, forward):
    first = Migration("1", "base", Dialect.SQLITE, script_of(before, Direction.FORWARD), None)
    base = replay_one(first, parse, empty_schema(Dialect.SQLITE)).after
    scripts = script_of(forward, Direction.FORWARD), script_of("SELECT 1;", Direction.ROLLBACK)
    return replay_one(Migration("2", "case", Dialect.SQLITE, *scripts), parse, base)


@pytest.mark.parametrize("case", CASES)
def test_what_is_offered_runs_on_sqlite(case):
    before, forward = CASES[case]
    step = step_of(before, forward)
    helps = [how_to_restore(step, [change]) for change in step.changes if change.counts]
    offered = dict.fromkeys(found for text in helps for found in _OFFERED.findall(text))
    assert offered
    db = StandardConnection()
    db.rows("PRAGMA foreign_keys = ON")
    for start, end in pieces(before):
        db.rows(before[start:end])
    sought = read_schema(db)
    rows = [db.rows(f"SELECT count(*) FROM {name}") for (name,) in _tables(db)]
    for sql in (forward, *sorted(offered, key=lambda text: text.startswith("CREATE INDEX"))):
        for start, end in pieces(sql):
            db.rows(sql[start:end])
    assert not [change for change in diff(sought, read_schema(db)) if change.counts], offered
    assert [db.rows(f"SELECT count(*) FROM {name}") for (name,) in _tables(db)] == rows


def _tables(db):
    return db.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1")
