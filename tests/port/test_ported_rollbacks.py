"""Rollbacks that change rows: what they do to rows is ported, not only what they do to the schema."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from .conftest import Command, Plant

_SPLIT = {
    "migrations/001_x.up.sql": "CREATE TABLE users (id serial PRIMARY KEY, full_name text NOT NULL);\n",
    "migrations/001_x.down.sql": "DROP TABLE users;\n",
    "migrations/002_y.up.sql": """\
        ALTER TABLE users ADD COLUMN first text, ADD COLUMN last text;
        UPDATE users SET first = left(full_name, 3), last = substr(full_name, 5);
        ALTER TABLE users DROP COLUMN full_name;
        """,
    "migrations/002_y.down.sql": """\
        -- Put the names together again.
        ALTER TABLE users ADD COLUMN full_name text;
        UPDATE users SET full_name = first || ' ' || last;
        ALTER TABLE users ALTER COLUMN full_name SET NOT NULL;
        ALTER TABLE users DROP COLUMN first, DROP COLUMN last;
        """,
}
_ROWS = "INSERT INTO users (full_name) VALUES ('Ann Lee'), ('Bob Ray');"


def _after(root: Path, *scripts: str, rows: str) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    for number, script in enumerate(scripts):
        database.executescript((root / f"migrations/{script}").read_text())
        if not number:
            database.executescript(rows)
    return database


@pytest.mark.parametrize("verify", [(), ("--verify",)], ids=["written", "verified"])
def test_values_come_back_as_the_rollback_makes_them(plant: Plant, port: Command, verify: tuple[str, ...]) -> None:
    root = plant(_SPLIT)
    done = port("migrations", "--to", "sqlite", *verify)
    assert done.status == 0, done.out
    assert "002_y.sqlite.down.sql, ported from migrations/002_y.down.sql" in done.out
    written = (root / "migrations/002_y.sqlite.down.sql").read_text()
    assert written.startswith("-- Ported from migrations/002_y.down.sql, which cannot run twice either.\n")
    assert "-- Put the names together again.\n" in written
    database = _after(root, "001_x.sqlite.up.sql", "002_y.sqlite.up.sql", "002_y.sqlite.down.sql", rows=_ROWS)
    assert database.execute("SELECT full_name FROM users ORDER BY id").fetchall() == [("Ann Lee",), ("Bob Ray",)]


def test_what_is_not_carried_over_is_said(plant: Plant, port: Command) -> None:
    back = _SPLIT["migrations/002_y.down.sql"].replace("first || ' ' || last", "initcap(first)")
    root = plant({**_SPLIT, "migrations/002_y.down.sql": back})
    done = port("migrations", "--to", "sqlite")
    sentence = "what migrations/002_y.down.sql does to rows is not carried over: no such function: initcap"
    assert done.status == 1
    assert sentence in done.out
    assert f"-- - {sentence}\n" in (root / "migrations/002_y.sqlite.down.sql").read_text()


def test_rows_that_the_forward_inserts_are_deleted_as_the_rollback_says(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "migrations/001_x.up.sql": "CREATE TABLE t (k text PRIMARY KEY, n int NOT NULL);\n",
            "migrations/001_x.down.sql": "DROP TABLE t;\n",
            "migrations/002_y.up.sql": "INSERT INTO t SELECT 'n' || k, n + 1 FROM t WHERE k NOT LIKE 'n%';\n",
            "migrations/002_y.down.sql": "DELETE FROM t WHERE k LIKE 'n%';\n",
        }
    )
    assert port("migrations", "--to", "sqlite").status == 0
    rows = "INSERT INTO t VALUES ('a', 1), ('N', 5);"
    database = _after(root, "001_x.sqlite.up.sql", "002_y.sqlite.up.sql", rows=rows)
    assert database.execute("SELECT k, n FROM t ORDER BY k").fetchall() == [("N", 5), ("a", 1), ("nN", 6), ("na", 2)]
    database.executescript((root / "migrations/002_y.sqlite.down.sql").read_text())
    assert database.execute("SELECT k, n FROM t ORDER BY k").fetchall() == [("N", 5), ("a", 1)]


def test_a_converted_column_that_is_renamed_too_gets_its_values_back(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "migrations/001_x.up.sql": "CREATE TABLE t (id int PRIMARY KEY, cents int NOT NULL);\n",
            "migrations/001_x.down.sql": "DROP TABLE t;\n",
            "migrations/002_y.up.sql": """\
                ALTER TABLE t ALTER COLUMN cents TYPE numeric(12,2) USING cents / 100.0;
                ALTER TABLE t RENAME COLUMN cents TO amount;
                """,
            "migrations/002_y.down.sql": """\
                ALTER TABLE t RENAME COLUMN amount TO cents;
                ALTER TABLE t ALTER COLUMN cents TYPE int USING (cents * 100)::int;
                """,
        }
    )
    assert port("migrations", "--to", "sqlite").status == 0
    rows = "INSERT INTO t VALUES (1, 250), (2, 5);"
    database = _after(root, "001_x.sqlite.up.sql", "002_y.sqlite.up.sql", rows=rows)
    assert database.execute("SELECT amount FROM t ORDER BY id").fetchall() == [(2.5,), (0.05,)]
    database.executescript((root / "migrations/002_y.sqlite.down.sql").read_text())
    assert database.execute("SELECT cents FROM t ORDER BY id").fetchall() == [(250,), (5,)]


def test_to_postgres_too(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "sqlite/001_x.up.sql": "CREATE TABLE cfg (k TEXT PRIMARY KEY, v TEXT);\n",
            "sqlite/001_x.down.sql": "DROP TABLE cfg;\n",
            "sqlite/002_y.up.sql": "INSERT INTO cfg SELECT 'n', v FROM cfg WHERE k = 'a';\n",
            "sqlite/002_y.down.sql": "DELETE FROM cfg WHERE k = 'n';\n",
        }
    )
    assert port("sqlite", "--to", "postgres").status == 0
    assert "DELETE FROM cfg WHERE k = 'n';\n" in (root / "postgres/002_y.down.sql").read_text()


def test_a_renamed_table_that_is_rebuilt_too_keeps_its_rows_on_the_way_back(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "migrations/001_x.up.sql": """\
                CREATE TABLE teams (id int PRIMARY KEY, slug text);
                CREATE TABLE members (id int PRIMARY KEY, team int REFERENCES teams (id));
                """,
            "migrations/001_x.down.sql": "DROP TABLE members;\nDROP TABLE teams;\n",
            "migrations/002_y.up.sql": """\
                ALTER TABLE teams RENAME TO groups;
                ALTER TABLE groups ALTER COLUMN slug SET DEFAULT 'x';
                ALTER TABLE members RENAME COLUMN team TO grp;
                """,
            "migrations/002_y.down.sql": """\
                ALTER TABLE members RENAME COLUMN grp TO team;
                ALTER TABLE groups ALTER COLUMN slug DROP DEFAULT;
                ALTER TABLE groups RENAME TO teams;
                """,
        }
    )
    assert port("migrations", "--to", "sqlite").status == 0
    rows = "PRAGMA foreign_keys = ON; INSERT INTO teams VALUES (1, 'a'); INSERT INTO members VALUES (5, 1);"
    database = _after(root, "001_x.sqlite.up.sql", "002_y.sqlite.up.sql", "002_y.sqlite.down.sql", rows=rows)
    assert database.execute("SELECT * FROM teams, members").fetchall() == [(1, "a", 5, 1)]


def test_a_forward_that_fails_on_rows_for_what_it_lacks_is_not_written(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "migrations/001_x.up.sql": "CREATE TABLE t (id serial PRIMARY KEY, full_name text NOT NULL);\n",
            "migrations/001_x.down.sql": "DROP TABLE t;\n",
            "migrations/002_y.up.sql": """\
                ALTER TABLE t ADD COLUMN short text;
                UPDATE t SET short = initcap(full_name);
                ALTER TABLE t ALTER COLUMN short SET NOT NULL;
                """,
            "migrations/002_y.down.sql": "ALTER TABLE t DROP COLUMN short;\n",
        }
    )
    done = port("migrations", "--to", "sqlite", "--verify")
    assert done.status == 1
    assert "the forward fails on rows: SQLITE_CONSTRAINT_NOTNULL: NOT NULL constraint failed: t.short" in done.out
    assert not (root / "migrations/002_y.sqlite.up.sql").exists()
