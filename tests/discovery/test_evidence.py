"""The engine of scripts that no name and no setting gives one: what is in them tells."""

from __future__ import annotations

import pytest

from miglint.base.model import Dialect, SourceFile
from miglint.discovery.dialects import named
from miglint.discovery.evidence import of_files

from .conftest import Look, Plant, kinds, only

PLAIN = "CREATE TABLE t (id integer PRIMARY KEY, name text NOT NULL);\n"


def spoken(*texts: str) -> str | None:
    evidence = of_files([SourceFile(f"{number}.sql", text) for number, text in enumerate(texts)])
    if evidence is None:
        return None
    return evidence.mark.foreign or evidence.mark.dialects[0].value


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT);",
        "PRAGMA foreign_keys = off;",
        "CREATE TABLE t (a TEXT PRIMARY KEY) WITHOUT ROWID;",
        "CREATE VIRTUAL TABLE t USING fts5(a);",
        "INSERT OR IGNORE INTO t VALUES (1);",
        "UPDATE t SET a = strftime('%s', 'now');",
        "CREATE TABLE `t` (`a` text);",
        'ALTER TABLE t ADD COLUMN a TEXT DEFAULT "";',
        "CREATE TABLE t (made DATETIME NOT NULL);",
        'CREATE TABLE t ("data" blob, a int);',
    ],
)
def test_what_sqlite_alone_reads(text):
    assert spoken(PLAIN, text, PLAIN) == "sqlite"


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        "-- PRAGMA foreign_keys = off;\n/* AUTOINCREMENT */ SELECT 1;",
        "INSERT INTO t VALUES ('insert or ignore', 'WITHOUT ROWID', 'a `b` c');",
        "CREATE TRIGGER g BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();",
        "ALTER TABLE t DROP COLUMN datetime;",
        "SELECT datetime, a AS blob FROM t;",
        "ALTER TABLE t ADD COLUMN datetime timestamp;",
        "{{if .sqlite}}PRAGMA foreign_keys = off;{{end}}",
    ],
)
def test_what_says_nothing_against_postgresql(text):
    assert spoken(PLAIN, text) is None


def test_the_most_scripts_decide():
    sqlite, postgres = "PRAGMA foreign_keys = off;", "CREATE TABLE t (a jsonb);"
    assert spoken(sqlite, postgres) is None
    assert spoken(sqlite, sqlite, postgres) == "sqlite"
    assert spoken(sqlite, "CREATE TABLE t (a DATETIME);", postgres) == "sqlite"
    assert spoken("CREATE TABLE t (a DATETIME);", "CREATE TABLE u (a DATETIME);", postgres) is None


@pytest.mark.parametrize(
    ("text", "engine"),
    [
        ("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB;", "mysql"),
        ("ALTER TABLE t MODIFY COLUMN a BIGINT(20) UNSIGNED NOT NULL;", "mysql"),
        ("CREATE TABLE t (a LowCardinality(String)) ENGINE = ReplacingMergeTree;", "clickhouse"),
        ("CREATE TABLE [dbo].[t] (a NVARCHAR(20));", "sqlserver"),
    ],
)
def test_engines_that_are_not_read(text, engine):
    assert spoken(PLAIN, text) == named(engine).foreign


def test_a_history_is_read_as_what_it_is_written_for(plant: Plant, look: Look) -> None:
    up = "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT);"
    plant({"1_a.up.sql": up, "1_a.down.sql": "DROP TABLE t;", "2_b.up.sql": PLAIN, "2_b.down.sql": "DROP TABLE t;"})
    found = look()
    assert only(found).dialect is Dialect.SQLITE
    assert len(only(found).migrations) == 2
    (problem,) = found.problems
    assert problem.kind == "dialect-found"
    assert "1_a.up.sql contains `autoincrement`" in problem.message
    # One file of it is read as the others are.
    assert only(look("2_b.up.sql")).dialect is Dialect.SQLITE


def test_what_is_said_counts_more_than_what_is_found(plant: Plant, look: Look) -> None:
    text = "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT);"
    plant({"1_a.up.sql": text, "postgres/1_a.up.sql": text, "b/1_a.postgres.up.sql": text})
    found = look(dialect=Dialect.POSTGRES, rollbacks="none")
    assert {history.dialect for history in found.histories} == {Dialect.POSTGRES}
    assert {history.dialect for history in look("postgres", "b", rollbacks="none").histories} == {Dialect.POSTGRES}


def test_files_for_another_engine_are_left_out(plant: Plant, look: Look) -> None:
    plant({"1_a.up.sql": "CREATE TABLE t (a INT AUTO_INCREMENT);", "1_a.down.sql": "DROP TABLE t;"})
    found = look()
    assert not found.histories
    assert kinds(found) == ["dialect-found", "other-dialect"]
    why, left_out = (problem.message for problem in found.problems)
    assert why.startswith("assumed to be for MySQL: no name specifies the engine, and ") and "--dialect" in why
    assert left_out == "2 files for MySQL left out"
