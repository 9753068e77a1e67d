"""What happens inside functions and dynamic SQL, and what follows from one failure, as findings tell it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .checking import Checker

KEPT = {
    "001_a.up.sql": "CREATE TABLE a (id bigint PRIMARY KEY);",
    "001_a.down.sql": "DROP TABLE a;",
}
LOOP = "DO $$ DECLARE t text; BEGIN FOR t IN SELECT name FROM a LOOP EXECUTE 'DROP TABLE ' || t; END LOOP; END $$;"


@pytest.fixture
def checker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checker:
    return Checker(tmp_path, monkeypatch)


def test_what_a_function_does_is_told_where_it_is_called(checker: Checker) -> None:
    files = {
        "001_a.up.sql": "CREATE TABLE a (id bigint PRIMARY KEY);\n"
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN DROP TABLE a; CREATE TABLE b (id int); END';",
        "001_a.down.sql": "DROP FUNCTION f(); DROP TABLE a;",
        "002_b.up.sql": "SELECT f();",
        "002_b.down.sql": "DROP TABLE IF EXISTS other;",
    }
    assert checker.told(files, "SYM") == [
        ("SYM001", "error", "the rollback leaves table b behind: (id int4)"),
        ("SYM002", "error", "the rollback does not restore table a; it was (id int8 NOT NULL)"),
    ]


def test_a_rollback_that_may_do_more_leaves_nothing_behind(checker: Checker) -> None:
    files = KEPT | {"002_b.up.sql": "CREATE TABLE b (id int);", "002_b.down.sql": "DROP TABLE IF EXISTS other;"}
    assert checker.told(files, "SYM001") == [("SYM001", "error", "the rollback leaves table b behind: (id int4)")]
    assert checker.told(files | {"002_b.down.sql": LOOP}, "SYM001") == []


def test_a_rollback_that_removes_what_no_migration_has_made(checker: Checker) -> None:
    files = KEPT | {
        "002_b.up.sql": "ALTER TABLE elsewhere ADD COLUMN x int; CREATE TABLE s.b (id int);",
        "002_b.down.sql": "ALTER TABLE elsewhere DROP COLUMN x; DROP TABLE b;",
    }
    assert checker.told(files, "SYM") == [
        ("SYM001", "error", "the rollback leaves table s.b behind: it names b instead"),
    ]
    files["002_b.down.sql"] = "DROP TABLE other; DROP TABLE s.b;"
    assert checker.told(files, "SYM012") == [
        ("SYM012", "error", "the rollback drops table other, which no migration created")
    ]


def test_a_schema_within_the_quotes_of_a_name(checker: Checker) -> None:
    files = KEPT | {"002_b.up.sql": "CREATE TABLE public.b (id int);", "002_b.down.sql": 'DROP TABLE "public.b";'}
    assert checker.told(files, "SYM") == [
        ("SYM013", "error", 'the rollback fails here: table "public.b" does not exist')
    ]
    opened = {
        "001_a.up.sql": "ALTER TABLE elsewhere ADD COLUMN x int;",
        "001_a.down.sql": "ALTER TABLE elsewhere DROP COLUMN x;",
    }
    assert checker.told(files | opened, "SYM") == [
        ("SYM001", "error", 'the rollback leaves table b behind: it names "public.b" instead')
    ]
    files = opened | {"002_b.up.sql": "SELECT 1;", "002_b.down.sql": 'DROP TABLE "public.b";'}
    assert checker.told(files, "SYM") == [
        ("SYM012", "error", 'the rollback drops table "public.b", which no migration created')
    ]


def test_what_is_missing_because_of_a_failure_before_it_is_not_told(checker: Checker) -> None:
    files = KEPT | {
        "002_b.up.sql": "CREATE OR REPLACE VIEW v AS SELECT id FROM a;\nCREATE TABLE IF NOT EXISTS b (id bigint);\n"
        "INSERT INTO b SELECT id FROM v ON CONFLICT DO NOTHING;\nDROP VIEW v;\nDROP TABLE IF EXISTS a;",
    }
    assert checker.told(files, "IDM050", "IDM025") == [
        ("IDM050", "info", 'the second run fails: relation "a" does not exist')
    ]


def test_views_that_differ_far_behind_are_told_apart(checker: Checker) -> None:
    columns = ", ".join(f"a.id AS a_rather_long_name_{number}" for number in range(9))
    files = KEPT | {
        "002_b.up.sql": f"CREATE VIEW v AS SELECT {columns} FROM a WHERE a.id > 1;",
        "002_b.down.sql": "DROP VIEW v;",
        "003_c.up.sql": "DROP VIEW v;",
        "003_c.down.sql": f"create view v as select {columns} FROM a WHERE a.id > 2;",
    }
    (told,) = checker.told(files, "SYM014")
    assert told[2] == "after the rollback the definition of view v differs: `(id > 1))` before, `(id > 2))` now"


@pytest.mark.parametrize(
    ("language", "again", "severity"),
    [
        ("sql", "SELECT 1 /* one\n */ + a.id -- that's it\nFROM a WHERE 'x  y' <> ''", "info"),
        ("sql", "SELECT 1 + a.id FROM a WHERE 'x y' <> ''", "error"),
        ("sql", "SELECT 1 + a.id FROM a /* WHERE */ WHERE 'x  y' <> '' ", "info"),
        ("sql", "SELECT 1 + a . id FROM a WHERE $$x  y$$ <> ''", "error"),
        ("sql", "SELECT 1 +a.id FROM a WHERE 'x  y' <> '' -- WHERE", "info"),
        ("sql", "SELECT 1 + a.id FROM a WHERE 'x  y' <> '--' -- ''", "error"),
        ("plpython3u", "SELECT 1 +  a.id FROM a WHERE 'x  y' <> ''", "error"),
    ],
)
def test_a_body_that_is_spelled_differently(checker: Checker, language: str, again: str, severity: str) -> None:
    def made(body: str) -> str:
        return f"CREATE OR REPLACE FUNCTION f() RETURNS SETOF bigint LANGUAGE {language} AS $f${body}$f$;\n"

    before = "SELECT 1 + a.id FROM a WHERE 'x  y' <> ''"
    files = KEPT | {
        "002_b.up.sql": made(before),
        "002_b.down.sql": "DROP FUNCTION IF EXISTS f();",
        "003_c.up.sql": made("SELECT id FROM a"),
        "003_c.down.sql": made(again),
    }
    (told,) = checker.told(files, "SYM014")
    assert told[1] == severity
    assert ("only in white space or comments" in told[2]) is (severity == "info")


def test_a_rollback_that_calls_a_function_is_none_that_does_nothing(checker: Checker) -> None:
    files = KEPT | {"002_b.up.sql": "CREATE TABLE b (id int);", "002_b.down.sql": "SELECT now(), current_setting('x');"}
    assert checker.told(files, "PAI003") != []
    assert checker.told(files | {"002_b.down.sql": "SELECT undo_it();"}, "PAI003") == []


def test_an_empty_rollback_of_a_validation_is_a_warning(checker: Checker) -> None:
    files = {
        "001_a.up.sql": "CREATE TABLE a (n int); ALTER TABLE a ADD CONSTRAINT c CHECK (n > 0) NOT VALID;",
        "001_a.down.sql": "DROP TABLE a;",
        "002_b.up.sql": "ALTER TABLE a VALIDATE CONSTRAINT c;",
        "002_b.down.sql": "-- Valid rows stay valid.",
    }
    said = "the rollback holds only comments; after the rollback check constraint c on a is validated, but was not"
    assert checker.told(files, "PAI003") == [("PAI003", "warning", said)]


def test_what_does_not_exist_does_not_go(checker: Checker) -> None:
    files = KEPT | {"002_b.up.sql": "CREATE TABLE posts (id int);", "002_b.down.sql": "DROP TABLE post;"}
    assert checker.told(files, "BWC001") == []
    assert checker.told(files, "SYM013") != []


@pytest.mark.parametrize(
    ("forward", "rollback", "severity", "words"),
    [
        (
            "002_b.sql",
            "002_b.rollback.sql",
            "warning",
            "Put before it: `DROP INDEX CONCURRENTLY IF EXISTS app.a_n_idx;`",
        ),
        ("002_b.up.sql", "002_b.down.sql", "info", "Before a retry, by hand: `DROP INDEX CONCURRENTLY IF EXISTS app."),
    ],
)
def test_an_interrupted_build_is_cleared_away_where_the_runner_lets_it(
    forward: str, rollback: str, severity: str, words: str, checker: Checker
) -> None:
    files = {
        forward.replace("002_b", "001_a"): "CREATE SCHEMA app; CREATE TABLE app.a (n int);",
        rollback.replace("002_b", "001_a"): "DROP TABLE app.a; DROP SCHEMA app;",
        forward: "CREATE INDEX CONCURRENTLY IF NOT EXISTS a_n_idx ON app.a (n);",
        rollback: "DROP INDEX CONCURRENTLY IF EXISTS app.a_n_idx;",
    }
    (finding,) = [item for item in checker(files) if item.code == "IDM056"]
    assert (str(finding.severity), finding.help[: len(words)]) == (severity, words)


def test_a_rollback_of_what_could_not_be_read_is_taken_to_undo_it(checker: Checker) -> None:
    files = KEPT | {"002_b.up.sql": "CREATE TABLE b (id int,);", "002_b.down.sql": "DROP TABLE IF EXISTS b;"}
    assert checker.told(files, "BWC", "DAT002") == []


@pytest.mark.parametrize(
    ("sql", "help"),
    [
        ("DELETE TABLE IF EXISTS b;", "Write `DROP TABLE`: DELETE removes rows, and nothing else."),
        ("CREATE TABLE b (order int);", "order is a keyword of SQL: to use it as a name, quote it"),
        ("CREATE TABLE b (c text DEFAULT 'x);", "Close what is opened here."),
        ("CREAT TABLE b (c text);", "If the file is written for another engine"),
    ],
)
def test_a_syntax_error_gets_the_help_that_fits(sql: str, help: str, checker: Checker) -> None:
    found = checker(KEPT | {"002_b.up.sql": sql, "002_b.down.sql": "DROP TABLE IF EXISTS b;"})
    (finding,) = [item for item in found if item.code == "SYN001"]
    assert finding.help.startswith(help)
