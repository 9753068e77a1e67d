"""What a variant for SQLite does with rows that are there, and with those that come later; SQLite runs it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from .conftest import Command, Plant

_ENUM = "CREATE TYPE mood AS ENUM ('sad', 'ok');\nCREATE TABLE t (id bigint PRIMARY KEY, m mood, n text);\n"
_RENAMED = "ALTER TYPE mood RENAME VALUE 'sad' TO 'it''s low';\n"


def _run(root: Path, *scripts: str, rows: str) -> sqlite3.Connection:
    """Run the first script, insert rows, and run the others."""
    database = sqlite3.connect(":memory:")
    database.executescript((root / f"migrations/{scripts[0]}").read_text())
    database.executescript(rows)
    for script in scripts[1:]:
        database.executescript((root / f"migrations/{script}").read_text())
    return database


@pytest.mark.parametrize("more", ["", "ALTER TYPE mood RENAME VALUE 'it''s low' TO 'low';\n"], ids=["once", "twice"])
def test_a_renamed_label_is_renamed_in_rows_and_back(plant: Plant, port: Command, more: str) -> None:
    back = "ALTER TYPE mood RENAME VALUE 'it''s low' TO 'sad';\n"
    root = plant(
        {
            "migrations/001_x.up.sql": _ENUM,
            "migrations/001_x.down.sql": "DROP TABLE t;\nDROP TYPE mood;\n",
            "migrations/002_y.up.sql": _RENAMED + more,
            "migrations/002_y.down.sql": back,
        }
    )
    done = port("migrations", "--to", "sqlite")
    assert done.status == 0, done.out
    rows = "INSERT INTO t VALUES (1, 'sad', 'sad'), (2, 'ok', 'ok'), (3, NULL, NULL);"
    new = "low" if more else "it's low"
    database = _run(root, "001_x.sqlite.up.sql", "002_y.sqlite.up.sql", rows=rows)
    assert database.execute("SELECT m, n FROM t ORDER BY id").fetchall() == [(new, "sad"), ("ok", "ok"), (None, None)]
    with pytest.raises(sqlite3.IntegrityError):
        database.execute("INSERT INTO t VALUES (4, 'sad', '')")
    scripts = ("001_x.sqlite.up.sql", "002_y.sqlite.up.sql", "002_y.sqlite.down.sql", "002_y.sqlite.down.sql")
    database = _run(root, *scripts, rows=rows)
    assert database.execute("SELECT m FROM t ORDER BY id").fetchall() == [("sad",), ("ok",), (None,)]


def test_a_renamed_label_is_renamed_in_rows_of_a_column_that_accepts_anything(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "migrations/001_x.up.sql": _ENUM,
            "migrations/001_x.sqlite.up.sql": "CREATE TABLE t (id INTEGER PRIMARY KEY, m TEXT, n TEXT);\n",
            "migrations/002_y.up.sql": _RENAMED,
        }
    )
    assert port("migrations", "--to", "sqlite").status == 0
    written = (root / "migrations/002_y.sqlite.up.sql").read_text()
    assert "CREATE TABLE" not in written
    rows = "INSERT INTO t VALUES (1, 'sad', 'sad');"
    database = _run(root, "001_x.sqlite.up.sql", "002_y.sqlite.up.sql", rows=rows)
    assert database.execute("SELECT m, n FROM t").fetchall() == [("it's low", "sad")]


def test_what_rows_get_in_a_column_that_postgres_would_refuse_is_said(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "migrations/001_x.up.sql": "CREATE TABLE t (id bigint PRIMARY KEY);\n",
            "migrations/002_y.up.sql": "ALTER TABLE t ADD COLUMN a text NOT NULL;\n",
        }
    )
    done = port("migrations", "--to", "sqlite", "--format", "json")
    assert done.status == 0
    sentence = "Existing rows get '' in t.a, a column that PostgreSQL does not add to a table with rows"
    assert [item["reason"] for item in done.json["variants"][1]["not_carried_over"]] == [sentence]
    assert f"-- {sentence}.\n" in (root / "migrations/002_y.sqlite.up.sql").read_text()


def _trigger(body: str, events: str = "INSERT OR UPDATE") -> dict[str, str]:
    return {
        "migrations/001_x.up.sql": (
            "CREATE TABLE t (id bigint PRIMARY KEY, n text);\nCREATE TABLE log (id bigint, word text);\n"
            f"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NEW; END $$;\n"
            f"CREATE TRIGGER noted AFTER {events} ON t FOR EACH ROW EXECUTE FUNCTION f();\n"
        )
    }


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("INSERT INTO log VALUES (NEW.id, to_jsonb(NEW));", "its function reads NEW as a whole"),
        ("INSERT INTO log VALUES (NEW.id, md5(NEW.n));", "no such function: md5"),
        ("INSERT INTO log VALUES (NEW.id, NEW.gone);", "no such column: NEW.gone"),
        ("INSERT INTO log SELECT NEW.*;", "no such table: NEW"),
    ],
)
def test_a_trigger_that_would_stop_every_statement_is_not_written(
    plant: Plant, port: Command, statement: str, reason: str
) -> None:
    root = plant(_trigger(statement))
    done = port("migrations", "--to", "sqlite")
    assert done.status == 1 and reason in done.out
    database = _run(root, "001_x.sqlite.up.sql", rows="INSERT INTO t VALUES (1, 'a'); UPDATE t SET n = 'b';")
    assert database.execute("SELECT * FROM log").fetchall() == []


def test_a_trigger_for_several_events_knows_which_it_is(plant: Plant, port: Command) -> None:
    root = plant(_trigger("INSERT INTO log VALUES (NEW.id, lower(TG_OP) || ' TG_OP ' || TG_TABLE_NAME);"))
    assert port("migrations", "--to", "sqlite").status == 0
    database = _run(root, "001_x.sqlite.up.sql", rows="INSERT INTO t VALUES (1, 'a'); UPDATE t SET n = 'b';")
    assert database.execute("SELECT word FROM log").fetchall() == [("insert TG_OP t",), ("update TG_OP t",)]


def test_nothing_is_written_after_a_variant_that_fails(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "migrations/001_x.up.sql": "CREATE TABLE t (id bigint PRIMARY KEY);\n",
            "migrations/002_y.up.sql": "INSERT INTO t VALUES (1), (1);\n",
            "migrations/003_z.up.sql": "ALTER TABLE t ADD COLUMN a text;\n",
        }
    )
    done = port("migrations", "--to", "sqlite", "--verify=sqlite")
    assert done.status == 1
    assert "003 z: not written: the variant of 002 comes before it, and is not written" in done.out
    assert [file.name for file in root.glob("migrations/*.sqlite.*")] == ["001_x.sqlite.up.sql"]


@pytest.mark.parametrize(
    "rename",
    ["ALTER INDEX t_two RENAME TO t_three;", "ALTER TABLE t RENAME CONSTRAINT t_two TO t_three;"],
    ids=["index", "constraint"],
)
def test_a_unique_constraint_that_is_renamed_stays(plant: Plant, port: Command, rename: str) -> None:
    root = plant(
        {
            "migrations/001_x.up.sql": "CREATE TABLE t (id int PRIMARY KEY, a int, b int);\n",
            "migrations/002_y.up.sql": f"ALTER TABLE t ADD CONSTRAINT t_two UNIQUE (a, b);\n{rename}\n",
        }
    )
    done = port("migrations", "--to", "sqlite")
    assert done.status == 0, done.out
    assert "in one variant only" not in done.out
    database = _run(root, "001_x.sqlite.up.sql", "002_y.sqlite.up.sql", rows="INSERT INTO t VALUES (1, 2, 3);")
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        database.execute("INSERT INTO t VALUES (2, 2, 3)")
    assert database.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE UNIQUE%'").fetchall() == [
        ("t_three",)
    ]


def test_a_new_key_numbers_the_rows_that_are_there_and_those_to_come(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "migrations/001_x.up.sql": "CREATE TABLE t (a int, b int, PRIMARY KEY (a, b));\n",
            "migrations/002_y.up.sql": """\
                ALTER TABLE t DROP CONSTRAINT t_pkey;
                ALTER TABLE t ADD COLUMN id bigserial PRIMARY KEY;
                """,
        }
    )
    done = port("migrations", "--to", "sqlite")
    assert done.status == 0, done.out
    database = _run(root, "001_x.sqlite.up.sql", "002_y.sqlite.up.sql", rows="INSERT INTO t VALUES (1, 2), (1, 3);")
    database.execute("INSERT INTO t (a, b) VALUES (1, 2)")
    assert database.execute("SELECT id, a, b FROM t ORDER BY id").fetchall() == [(1, 1, 2), (2, 1, 3), (3, 1, 2)]


@pytest.mark.parametrize(
    ("text", "said", "status"),
    [
        ("ALTER SEQUENCE t_id_seq RESTART WITH 100;", "not carried over: the numbers of t_id_seq do not start anew", 1),
        ("ALTER SEQUENCE t_id_seq INCREMENT BY 5;", "the numbers of t.id have increment=5; SQLite counts", 1),
        (
            "CREATE TABLE u (id int GENERATED ALWAYS AS IDENTITY (START WITH 9) PRIMARY KEY);",
            "the numbers of u.id have start=9; SQLite counts from 1 by 1",
            1,
        ),
        ("ALTER TABLE t ENABLE ROW LEVEL SECURITY;", "SQLite has no setting row security of a table", 1),
        ("ALTER TABLE t ALTER COLUMN n SET STORAGE PLAIN;", "", 0),
        ("ALTER TABLE t SET (fillfactor = 70);", "", 0),
        ("ALTER TABLE t ALTER COLUMN id DROP DEFAULT;", "not carried over: SQLite numbers t.id all the same", 1),
    ],
)
def test_settings_and_numbers_that_are_missed_are_named(
    plant: Plant, port: Command, text: str, said: str, status: int
) -> None:
    root = plant(
        {
            "migrations/001_x.up.sql": "CREATE TABLE t (id serial PRIMARY KEY, n text);\n",
            "migrations/002_y.up.sql": f"{text}\n",
        }
    )
    done = port("migrations", "--to", "sqlite")
    assert (done.status, said in done.out) == (status, True), done.out
    assert (root / "migrations/002_y.sqlite.up.sql").read_text().strip()
