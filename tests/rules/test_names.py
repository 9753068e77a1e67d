"""Names against names: of other tables, of other spellings, of the engine, and of the team."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from miglint.base.errors import UsageError
from miglint.dryrun.postgres.engine import PostgresEngine

from .checking import Checker
from .engines import Postgres, database

SEED = Path(__file__).parents[2] / "examples" / "original" / "migrations"
LONG = "a_name_of_sixty_three_bytes_and_then_one_more_word_that_is_cut_"


@pytest.fixture
def checker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checker:
    return Checker(tmp_path, monkeypatch)


def test_scripts_as_people_write_them(checker: Checker) -> None:
    files = {path.relative_to(SEED).as_posix(): path.read_text() for path in SEED.rglob("*.sql")}
    assert checker.told(files, "NAM", "REF", "TXN") == [
        (
            "REF006",
            "warning",
            "uuid_generate_v4 is a function of the extension uuid-ossp, which no migration creates",
        ),
        (
            "NAM007",
            "info",
            "check constraint chk_interface_status of project_interfaces has the same name as one of projects",
        ),
    ]


CHECK = "CREATE TABLE {} (id bigint PRIMARY KEY, n integer, CONSTRAINT positive CHECK (n > 0));\n"


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"001_a.up.sql": CHECK.format("a"), "002_b.up.sql": CHECK.format("b")}, ["b"]),
        ({"001_a.up.sql": CHECK.format("a") + CHECK.format("b")}, ["b"]),
        ({"001_a.up.sql": CHECK.format("a"), "002_b.up.sql": "DROP TABLE a;\n" + CHECK.format("b")}, []),
        # A table that is rebuilt has its constraint twice only on the way.
        ({"001_a.up.sql": CHECK.format("a") + CHECK.format("b") + "DROP TABLE a;\nALTER TABLE b RENAME TO a;"}, []),
        ({"001_a.up.sql": CHECK.format("a") + "CREATE SCHEMA x;\n" + CHECK.format("x.b")}, []),
        # Partitions have the constraints of their table.
        (
            {
                "001_a.up.sql": "CREATE TABLE a (n integer, CONSTRAINT positive CHECK (n > 0)) PARTITION BY LIST (n);\n"
                "CREATE TABLE a1 PARTITION OF a FOR VALUES IN (1);"
            },
            [],
        ),
        ({"sqlite/001_a.up.sql": CHECK.format("a") + CHECK.format("b")}, []),
    ],
)
def test_one_constraint_name_on_two_tables(checker: Checker, files: dict[str, str], told: list[str]) -> None:
    found = checker.told(files, "NAM")
    assert [(code, message.split()[4]) for code, _, message in found] == [("NAM007", name) for name in told]


def test_names_that_are_cut(checker: Checker, postgres: PostgresEngine) -> None:
    assert len(LONG) == 63
    script = f"CREATE TABLE {LONG}x (id bigint);"
    found = checker.told({"001_a.up.sql": f"CREATE TABLE {LONG} (id bigint);"}, "NAM")
    assert found == []
    found = checker.told({"001_a.up.sql": script}, "NAM")
    assert found == [("NAM004", "warning", f"PostgreSQL truncates the name of this table to 63 bytes: {LONG}")]
    # Quoted, and of characters of two bytes: what is cut is half a character, and goes as a whole.
    found = checker.told({"001_a.up.sql": f'CREATE TABLE "{LONG[:-1]}é" (id bigint);'}, "NAM")
    assert [code for code, *_ in found] == ["NAM004"]
    with database("PostgreSQL", postgres) as lent:
        assert isinstance(lent, Postgres)
        assert lent.run(script) is None
        assert lent.run(f'CREATE TABLE "{LONG[:-1]}é" (id bigint);') is None
        kept = lent.query("SELECT relname FROM pg_class WHERE relname LIKE 'a_name%' ORDER BY length(relname)")
    assert kept == [(LONG[:-1],), (LONG,)]


def test_a_guard_hides_that_cut_names_are_the_same(checker: Checker) -> None:
    script = f"CREATE TABLE a (id bigint);\nCREATE INDEX IF NOT EXISTS {LONG}x ON a (id);\n"
    found = checker.told({"001_a.up.sql": f"{script}CREATE INDEX IF NOT EXISTS {LONG}y ON a ((id + 1));"}, "NAM005")
    assert [severity for _, severity, _ in found] == ["error"]
    assert "the guard skips the statement" in found[0][2]


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ('CREATE TABLE users (id bigint);\nCREATE TABLE "Users" (id bigint);', True),
        ('CREATE TABLE users (id bigint);\nDROP TABLE users;\nCREATE TABLE "Users" (id bigint);', False),
        ('CREATE TABLE a ("userId" bigint, userid bigint);', True),
        ('CREATE TABLE a ("userId" bigint);\nCREATE TABLE b (userid bigint);', False),
        ('CREATE TABLE a (b bigint);\nCREATE INDEX "A" ON a (b);', True),
    ],
)
def test_names_that_differ_in_case_only(checker: Checker, script: str, told: bool) -> None:
    assert bool(checker.told({"001_a.up.sql": script}, "NAM006")) == told


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            "CREATE TABLE a (b integer);\nCREATE INDEX a_b_key ON a (b);\nALTER TABLE a ADD UNIQUE (b);",
            "the unnamed constraint is named a_b_key1, because a_b_key is in use",
        ),
        (
            "CREATE TABLE a (b integer CONSTRAINT a_b_check CHECK (b < 9), CHECK (b > 0));",
            "the unnamed constraint is named a_b_check1, because a_b_check is in use",
        ),
        # Two that nobody named: the number is the rule.
        ("CREATE TABLE a (b integer CHECK (b < 9), CHECK (b > 0));", None),
    ],
)
def test_generated_names_give_way_as_the_server_makes_them(
    checker: Checker, postgres: PostgresEngine, script: str, message: str | None
) -> None:
    found = checker.told({"001_a.up.sql": script}, "NAM008")
    assert [text for *_, text in found] == ([message] if message else [])
    if message:
        with database("PostgreSQL", postgres) as lent:
            assert isinstance(lent, Postgres)
            assert lent.run(script) is None
            names = {row[0] for row in lent.query("SELECT conname FROM pg_constraint")}
        assert message.split()[5].rstrip(",") in names


@pytest.mark.parametrize(
    ("name", "columns", "told"),
    [
        ("idx_users_email", "email", True),
        ("users_email_idx", "email", True),
        ("idx_orders_users_email", "email", False),
        ("idx_order_email", "email", False),
        # The word is what the column refers to, not the table that the index is on.
        ("idx_users", "users_id", False),
        ("idx_user_agents", "email", False),
        ("idx_email", "email", False),
    ],
)
def test_an_index_named_after_another_table(checker: Checker, name: str, columns: str, told: bool) -> None:
    script = "CREATE TABLE users (id bigint);\nCREATE TABLE orders (email text, users_id bigint);\n"
    found = checker.told({"001_a.up.sql": f"{script}CREATE INDEX {name} ON orders ({columns});"}, "NAM010")
    assert [severity for _, severity, _ in found] == ["info"] * told


@pytest.mark.parametrize(
    ("kind", "pattern", "script", "bad"),
    [
        ("table", "[a-z_]+s", "CREATE TABLE user_account (id bigint);", "table user_account"),
        ("column", "(?!is_).*", "CREATE TABLE a (is_new boolean);", "column is_new"),
        (
            "foreign",
            "{table}_fk_.*",
            "ALTER TABLE a ADD CONSTRAINT b FOREIGN KEY (c) REFERENCES d (e);",
            "foreign key b",
        ),
        ("primary", "{table}_pk", "CREATE TABLE a (b bigint CONSTRAINT pk PRIMARY KEY);", "primary key pk"),
        ("unique", "{table}_.*", "ALTER TABLE a ADD CONSTRAINT u UNIQUE (b);", "unique constraint u"),
        ("check", "{table}_.*", "ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0);", "check constraint c"),
        ("view", "v_.*", "CREATE VIEW a AS SELECT 1 AS b;", "view a"),
        ("sequence", ".*_seq", "CREATE SEQUENCE a;", "sequence a"),
        ("function", "f_.*", "CREATE FUNCTION a() RETURNS int LANGUAGE sql AS 'SELECT 1';", "function a"),
        ("trigger", "{table}_.*", "CREATE TRIGGER t AFTER UPDATE ON a EXECUTE FUNCTION b();", "trigger t"),
        ("type", ".*_t", "CREATE TYPE a AS ENUM ('b');", "type a"),
        ("schema", "app_.*", "CREATE SCHEMA a;", "schema a"),
        ("index", "{table}_.*", "ALTER INDEX a RENAME TO b;", "index b"),
        ("column", "[a-z]+", "ALTER TABLE a RENAME COLUMN b TO c1;", "column c1"),
    ],
)
def test_a_convention_for_each_kind(checker: Checker, kind: str, pattern: str, script: str, bad: str) -> None:
    config = f"[rules.NAM020]\n{kind} = '{pattern}'\n"
    found = checker.told({"miglint.toml": config, "001_a.up.sql": script}, "NAM020")
    assert [message.partition(" does not match ")[0] for *_, message in found] == [f"the name of {bad}"]


def test_a_pattern_that_is_none_stops_the_run(checker: Checker) -> None:
    with pytest.raises(UsageError, match=r"miglint.toml:2: option `table` of NAM020: it is not a regular expression"):
        checker({"miglint.toml": "[rules.NAM020]\ntable = '('\n", "001_a.up.sql": "CREATE TABLE a (b int);"})


@pytest.mark.parametrize(
    ("script", "kept"),
    [
        ("UPDATE t SET a = 1, a = 2", (2, 0)),
        ("INSERT INTO t (a, a) VALUES (3, 4)", (3, None)),
    ],
)
def test_sqlite_picks_one_of_two_values(script: str, kept: tuple[object, ...]) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (a, b)")
    connection.execute("INSERT INTO t VALUES (0, 0)")
    connection.execute(script)
    assert kept in connection.execute("SELECT a, b FROM t").fetchall()


def test_a_name_that_is_taken_tells_who_has_it(checker: Checker) -> None:
    script = (
        "CREATE TABLE a (id serial, b text UNIQUE);\nCREATE INDEX a_b_key ON a (b);\nCREATE TABLE a_id_seq (b text);"
    )
    helps = [found.help for found in checker({"001_a.up.sql": script}) if found.code == "NAM001"]
    assert "PostgreSQL generated the name a_b_key for an unnamed constraint or index of a" in helps[0]
    assert "the sequence of a.id" in helps[1]


@pytest.mark.parametrize(
    ("script", "state"),
    [
        ("CREATE TABLE a (b text, b text);", "42701"),
        ("CREATE TABLE a (b text, UNIQUE (b, b));", "42701"),
        ("CREATE TABLE a (b text);\nALTER TABLE a ADD PRIMARY KEY (b, b);", "42701"),
        ("CREATE TABLE a (b text);\nALTER TABLE a ADD COLUMN b text;", "42701"),
        ("CREATE TABLE a (b text);\nINSERT INTO a (b, b) VALUES ('c', 'd');", "42701"),
        ("CREATE TABLE a (b text);\nUPDATE a SET b = 'c', b = 'd';", "42601"),
    ],
)
def test_postgresql_refuses_a_column_that_is_named_twice(
    checker: Checker, postgres: PostgresEngine, script: str, state: str
) -> None:
    assert [code for code, *_ in checker.told({"001_a.up.sql": script}, "NAM", "REF")] == ["NAM003"]
    with database("PostgreSQL", postgres) as lent:
        said = lent.run(script)
    assert said is not None
    assert said.state == state


def test_a_row_type_stands_in_the_way_of_a_type(checker: Checker, postgres: PostgresEngine) -> None:
    for script, taken in (
        ("CREATE TABLE a (b text);\nCREATE TYPE a AS ENUM ('c');", True),
        ("CREATE VIEW a AS SELECT 1 AS b;\nCREATE TYPE a AS ENUM ('c');", True),
        ("CREATE TYPE a AS ENUM ('c');\nCREATE TABLE a (b text);", True),
        ("CREATE TYPE a AS ENUM ('c');\nCREATE SEQUENCE a;", True),
        ("CREATE SEQUENCE a;\nCREATE TYPE a AS ENUM ('c');", False),
        ("CREATE SEQUENCE a;\nCREATE TYPE b AS ENUM ('c');", False),
        ("CREATE TABLE a (b text);\nDROP TABLE a;\nCREATE TYPE a AS ENUM ('c');", False),
    ):
        found = checker.told({"001_a.up.sql": script}, "NAM")
        assert [code for code, *_ in found] == ["NAM002"] * taken
        with database("PostgreSQL", postgres) as lent:
            said = lent.run(script)
        assert (said is not None and said.state == "42710") == taken
