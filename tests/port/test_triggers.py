"""Trigger functions of PL/pgSQL as triggers of SQLite: what they do is tried with rows."""

from __future__ import annotations

import sqlite3

import pytest

from .conftest import Command, Plant

_TABLES = """\
CREATE TABLE t (id int PRIMARY KEY, v int, low text, n int NOT NULL DEFAULT 0, must text NOT NULL DEFAULT 'm');
CREATE TABLE log (what text);
"""


def _function(body: str, trigger: str) -> str:
    function = f"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$;\n"
    return f"{function}CREATE TRIGGER g {trigger} FOR EACH ROW EXECUTE FUNCTION f();\n"


_BRANCHES = """
    IF TG_OP = 'INSERT' THEN INSERT INTO log VALUES ('i' || NEW.id); RETURN NEW;
    ELSIF (TG_OP = 'UPDATE') THEN
        IF NEW.v > 5 THEN INSERT INTO log VALUES ('big');
        ELSE INSERT INTO log VALUES (CASE WHEN NEW.v = 5 THEN 'five' ELSE 'small' END);
        END IF;
        RETURN NEW;
    END IF;
    INSERT INTO log VALUES ('d' || OLD.id);
    RETURN OLD;
"""


@pytest.mark.parametrize(
    ("function", "changes", "asked", "rows"),
    [
        (
            _function(_BRANCHES, "AFTER INSERT OR UPDATE OR DELETE ON t"),
            ["INSERT INTO t (id, v) VALUES (1, 2)", "UPDATE t SET v = 9", "UPDATE t SET v = 5", "DELETE FROM t"],
            "SELECT what FROM log ORDER BY rowid",
            [("i1",), ("big",), ("five",), ("d1",)],
        ),
        (
            # An assignment sees those before it; rows are compared column by column.
            _function(
                "NEW.low := lower(NEW.must); NEW.n = length(NEW.low) + OLD.n; RETURN NEW;", "BEFORE UPDATE ON t"
            ).replace("FOR EACH ROW", "FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)"),
            ["INSERT INTO t (id, v) VALUES (1, 2)", "UPDATE t SET must = 'ABC'", "UPDATE t SET must = 'ABC'"],
            "SELECT low, n FROM t",
            [("abc", 3)],
        ),
        (
            # What comes after a branch that returns runs only where it does not.
            _function(
                "IF NEW.v IS NULL THEN RETURN NEW; END IF; INSERT INTO log VALUES (NEW.v); RETURN NEW;",
                "AFTER INSERT ON t",
            ),
            ["INSERT INTO t (id, v) VALUES (1, NULL), (2, 7)"],
            "SELECT what FROM log",
            [("7",)],
        ),
    ],
)
def test_effects(plant: Plant, port: Command, function: str, changes: list[str], asked: str, rows: object) -> None:
    root = plant({"db/001_a.up.sql": _TABLES + function, "miglint.toml": 'dialect = "postgres"\n'})
    done = port("--to", "sqlite")
    assert done.status == 0, done.out
    connection = sqlite3.connect(":memory:")
    connection.executescript((root / "db/001_a.sqlite.up.sql").read_text())
    for change in changes:
        connection.execute(change)
    assert connection.execute(asked).fetchall() == rows


def test_raise_with_arguments(plant: Plant, port: Command) -> None:
    body = "IF NEW.v < 0 THEN RAISE EXCEPTION 'v of % is %', NEW.id, NEW.v; END IF; RAISE NOTICE 'fine'; RETURN NEW;"
    function = _function(body, "BEFORE INSERT OR UPDATE OF v ON t")
    root = plant({"db/001_a.up.sql": _TABLES + function, "miglint.toml": 'dialect = "postgres"\n'})
    assert port("--to", "sqlite").status == 0
    connection = sqlite3.connect(":memory:")
    connection.executescript((root / "db/001_a.sqlite.up.sql").read_text())
    connection.execute("INSERT INTO t (id, v) VALUES (1, 1)")
    with pytest.raises(sqlite3.IntegrityError, match="v of"):
        connection.execute("UPDATE t SET v = -1")


@pytest.mark.parametrize(
    ("body", "trigger", "reason"),
    [
        # SQLite checks NOT NULL before a trigger can fill the column.
        ("NEW.bare := 'x'; RETURN NEW;", "BEFORE INSERT ON t", "NOT NULL"),
        ("NEW.v := 1; INSERT INTO log VALUES ('x'); RETURN NEW;", "BEFORE INSERT OR UPDATE ON t", "run again"),
        ("WHILE true LOOP NEW.v := 1; END LOOP; RETURN NEW;", "BEFORE UPDATE ON t", "no equivalent"),
        ("IF NEW.v = 1 THEN RETURN NULL; END IF; RETURN NEW;", "BEFORE UPDATE ON t", "suppresses"),
    ],
)
def test_what_is_not_carried_over(plant: Plant, port: Command, body: str, trigger: str, reason: str) -> None:
    tables = _TABLES.replace("must text", "bare text NOT NULL, must text")
    plant({"db/001_a.up.sql": tables + _function(body, trigger), "miglint.toml": 'dialect = "postgres"\n'})
    done = port("--to", "sqlite")
    assert done.status == 1
    assert "not carried over: trigger g: " in done.out
    assert reason in done.out
