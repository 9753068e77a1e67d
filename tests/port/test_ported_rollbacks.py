"""Rollbacks that change rows: what they do to rows is ported, not only what they do to the schema."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from .conftest import Command, Plant


def _files(created: str, forward: str, rollback: str, folder: str = "migrations") -> dict[str, str]:
    """Return a migration that creates tables, and a second one with its rollback."""
    tables = [words.split()[2] for words in created.splitlines() if words.lstrip().startswith("CREATE TABLE")]
    return {
        f"{folder}/001_x.up.sql": created,
        f"{folder}/001_x.down.sql": "".join(f"DROP TABLE {table};\n" for table in reversed(tables)),
        f"{folder}/002_y.up.sql": forward,
        f"{folder}/002_y.down.sql": rollback,
    }


_SPLIT = _files(
    "CREATE TABLE users (id serial PRIMARY KEY, full_name text NOT NULL);\n",
    """\
        ALTER TABLE users ADD COLUMN first text, ADD COLUMN last text;
        UPDATE users SET first = left(full_name, 3), last = substr(full_name, 5);
        ALTER TABLE users DROP COLUMN full_name;
        """,
    """\
        -- Put the names together again.
        ALTER TABLE users ADD COLUMN full_name text;
        UPDATE users SET full_name = first || ' ' || last;
        ALTER TABLE users ALTER COLUMN full_name SET NOT NULL;
        ALTER TABLE users DROP COLUMN first, DROP COLUMN last;
        """,
)
_Rows = tuple[str, list[tuple[object, ...]]]
"""A query, and the rows that it returns."""
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


@pytest.mark.parametrize(
    ("files", "rows", "forward", "back"),
    [
        pytest.param(
            _files(
                "CREATE TABLE t (k text PRIMARY KEY, n int NOT NULL);\n",
                "INSERT INTO t SELECT 'n' || k, n + 1 FROM t WHERE k NOT LIKE 'n%';\n",
                "DELETE FROM t WHERE k LIKE 'n%';\n",
            ),
            "INSERT INTO t VALUES ('a', 1), ('N', 5);",
            ("SELECT * FROM t ORDER BY k", [("N", 5), ("a", 1), ("nN", 6), ("na", 2)]),
            ("SELECT * FROM t ORDER BY k", [("N", 5), ("a", 1)]),
            id="rows that the forward inserts are deleted as the rollback says",
        ),
        pytest.param(
            _files(
                "CREATE TABLE t (id int PRIMARY KEY, cents int NOT NULL);\n",
                """\
                ALTER TABLE t ALTER COLUMN cents TYPE numeric(12,2) USING cents / 100.0;
                ALTER TABLE t RENAME COLUMN cents TO amount;
                """,
                """\
                ALTER TABLE t RENAME COLUMN amount TO cents;
                ALTER TABLE t ALTER COLUMN cents TYPE int USING (cents * 100)::int;
                """,
            ),
            "INSERT INTO t VALUES (1, 250), (2, 5);",
            ("SELECT id, amount FROM t ORDER BY id", [(1, 2.5), (2, 0.05)]),
            ("SELECT id, cents FROM t ORDER BY id", [(1, 250), (2, 5)]),
            id="a converted column that is renamed too gets its values back",
        ),
        pytest.param(
            _files(
                """\
                CREATE TABLE teams (id int PRIMARY KEY, slug text);
                CREATE TABLE members (id int PRIMARY KEY, team int REFERENCES teams (id));
                """,
                """\
                ALTER TABLE teams RENAME TO groups;
                ALTER TABLE groups ALTER COLUMN slug SET DEFAULT 'x';
                ALTER TABLE members RENAME COLUMN team TO grp;
                """,
                """\
                ALTER TABLE members RENAME COLUMN grp TO team;
                ALTER TABLE groups ALTER COLUMN slug DROP DEFAULT;
                ALTER TABLE groups RENAME TO teams;
                """,
            ),
            "PRAGMA foreign_keys = ON; INSERT INTO teams VALUES (1, 'a'); INSERT INTO members VALUES (5, 1);",
            ("SELECT * FROM groups, members", [(1, "a", 5, 1)]),
            ("SELECT * FROM teams, members", [(1, "a", 5, 1)]),
            id="a renamed table that is rebuilt too keeps its rows on the way back",
        ),
    ],
)
def test_rows_after_the_forward_and_after_the_rollback(
    plant: Plant, port: Command, files: dict[str, str], rows: str, forward: _Rows, back: _Rows
) -> None:
    root = plant(files)
    assert port("migrations", "--to", "sqlite").status == 0
    database = _after(root, "001_x.sqlite.up.sql", "002_y.sqlite.up.sql", rows=rows)
    assert database.execute(forward[0]).fetchall() == forward[1]
    database.executescript((root / "migrations/002_y.sqlite.down.sql").read_text())
    assert database.execute(back[0]).fetchall() == back[1]


def test_to_postgres_too(plant: Plant, port: Command) -> None:
    made, forward = (
        "CREATE TABLE cfg (k TEXT PRIMARY KEY, v TEXT);\n",
        "INSERT INTO cfg SELECT 'n', v FROM cfg WHERE k = 'a';\n",
    )
    root = plant(_files(made, forward, "DELETE FROM cfg WHERE k = 'n';\n", "sqlite"))
    assert port("sqlite", "--to", "postgres").status == 0
    assert "DELETE FROM cfg WHERE k = 'n';\n" in (root / "postgres/002_y.down.sql").read_text()


def test_a_forward_that_fails_on_rows_for_what_it_lacks_is_not_written(plant: Plant, port: Command) -> None:
    forward = """\
        ALTER TABLE t ADD COLUMN short text;
        UPDATE t SET short = initcap(full_name);
        ALTER TABLE t ALTER COLUMN short SET NOT NULL;
        """
    made = "CREATE TABLE t (id serial PRIMARY KEY, full_name text NOT NULL);\n"
    root = plant(_files(made, forward, "ALTER TABLE t DROP COLUMN short;\n"))
    done = port("migrations", "--to", "sqlite", "--verify")
    assert done.status == 1
    assert "the forward fails on rows: SQLITE_CONSTRAINT_NOTNULL: NOT NULL constraint failed: t.short" in done.out
    assert not (root / "migrations/002_y.sqlite.up.sql").exists()
