"""What is around a script, by the tool that runs it, and what the engines say of statements in transactions."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import pytest

from miglint.base.model import Dialect, Direction, History, Migration, Script, SourceFile, Span
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.replay.outside_transactions import refused_in_transaction
from miglint.replay.steps import replay
from miglint.sql import parse

from .checking import Checker
from .engines import Postgres, database

CONCURRENTLY = "DROP INDEX CONCURRENTLY IF EXISTS a_idx;\n"
TABLES = "CREATE TABLE a (id bigint PRIMARY KEY);\nCREATE TABLE b (id bigint PRIMARY KEY);\n"
WRAPPED = f"BEGIN;\n{TABLES}COMMIT;\n"


@pytest.fixture
def checker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checker:
    return Checker(tmp_path, monkeypatch)


def codes(checker: Checker, files: dict[str, str]) -> set[tuple[str, str]]:
    return {(code, severity) for code, severity, _ in checker.told(files, "TXN")}


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"2024-01-01-000000_a/up.sql": WRAPPED}, {("TXN004", "warning")}),
        ({"001_a.sql": f"-- +goose Up\n{WRAPPED}"}, {("TXN004", "warning")}),
        ({"001_a.sql": f"-- migrate:up\n{WRAPPED}"}, {("TXN004", "warning")}),
        ({"V1__a.sql": WRAPPED}, {("TXN004", "warning")}),
        # The COMMIT ends what the tool began, and the tool ends what the BEGIN begins.
        ({"001_a.sql": f"-- +migrate Up\nCOMMIT;\nBEGIN;\n{TABLES}"}, {("TXN003", "error")}),
        # golang-migrate sends the text as it is; what runs plain numbered files nobody said.
        ({"001_a.up.sql": WRAPPED}, set()),
        ({"001_a.sql": WRAPPED}, set()),
        ({"001_a.sql": WRAPPED, "miglint.toml": 'transaction = "per-file"'}, {("TXN004", "warning")}),
        # A script that golang-migrate would make fail on SQLite shows that it was told to open no transaction.
        ({"sqlite/001_a.up.sql": f"PRAGMA foreign_keys = OFF;\n{WRAPPED}"}, set()),
        ({"sqlite/001_a.up.sql": f"PRAGMA foreign_keys = OFF;\n{TABLES}"}, {("TXN010", "warning")}),
        ({"sqlite/001_a.sql": f"PRAGMA foreign_keys = OFF;\n{TABLES}"}, set()),
    ],
)
def test_a_transaction_inside_that_of_the_tool(
    checker: Checker, files: dict[str, str], found: set[tuple[str, str]]
) -> None:
    assert codes(checker, files) == found


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"2024-01-01-000000_a/up.sql": CONCURRENTLY}, {("TXN005", "error")}),
        (
            {
                "2024-01-01-000000_a/up.sql": CONCURRENTLY,
                "2024-01-01-000000_a/metadata.toml": "run_in_transaction = false",
            },
            set(),
        ),
        # Told to open no transaction, diesel still sends the file as one query.
        (
            {
                "2024-01-01-000000_a/up.sql": CONCURRENTLY + TABLES,
                "2024-01-01-000000_a/metadata.toml": "run_in_transaction = false",
            },
            {("TXN005", "error")},
        ),
        # The script has ended the tool's transaction before.
        ({"2024_a.sql": f"-- +goose Up\nCOMMIT;\n{CONCURRENTLY}"}, {("TXN003", "error")}),
        ({"001_a.sql": f"BEGIN;\nCOMMIT AND CHAIN;\n{CONCURRENTLY}COMMIT;"}, {("TXN005", "error")}),
        ({"001_a.up.sql": CONCURRENTLY}, set()),
        ({"001_a.up.sql": f"SET lock_timeout = '1s';\n{CONCURRENTLY}"}, {("TXN005", "error")}),
        ({"001_a.sql": CONCURRENTLY}, {("TXN011", "info")}),
        ({"001_a.sql": CONCURRENTLY, "miglint.toml": 'transaction = "none"'}, set()),
        ({"001_a.sql": f"-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1;\n{CONCURRENTLY}"}, set()),
        ({"001_a.sql": f"-- +goose Up\n{CONCURRENTLY}"}, {("TXN005", "error")}),
        # Flyway opens no transaction for a script that holds only such statements.
        ({"V1__a.sql": CONCURRENTLY}, set()),
        ({"V1__a.sql": f"SET lock_timeout = '1s';\n{CONCURRENTLY}"}, {("TXN005", "warning")}),
        ({"V1__a.sql": "DO $$ BEGIN\n  DROP INDEX CONCURRENTLY a_idx;\nEND $$;"}, {("TXN005", "error")}),
        ({"V1__a.sql": f"BEGIN;\n{CONCURRENTLY}COMMIT;"}, {("TXN004", "warning"), ("TXN005", "error")}),
        ({"001_a.up.sql": "DO $$ BEGIN\n  DROP INDEX CONCURRENTLY a_idx;\nEND $$;"}, {("TXN005", "error")}),
        ({"sqlite/001_a.up.sql": "CREATE TABLE IF NOT EXISTS a (b INTEGER);\nVACUUM;"}, {("TXN005", "error")}),
        ({"sqlite/001_a.sql": "CREATE TABLE IF NOT EXISTS a (b INTEGER);\nVACUUM;"}, set()),
    ],
)
def test_a_statement_that_no_transaction_can_hold(
    checker: Checker, files: dict[str, str], found: set[tuple[str, str]]
) -> None:
    assert codes(checker, files) == found


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"001_a.sql": f"-- +goose NO TRANSACTION\n-- +goose Up\n{TABLES}"}, {("TXN008", "warning")}),
        ({"001_a.sql": f"-- +goose NO TRANSACTION\n-- +goose Up\n{WRAPPED}"}, set()),
        ({"001_a.sql": f"-- +goose NO TRANSACTION\n-- +goose Up\n{CONCURRENTLY}{TABLES}"}, {("TXN009", "warning")}),
        # One query is one transaction.
        ({"001_a.up.sql": TABLES}, set()),
        ({"001_a.up.sql": TABLES, "miglint.toml": 'transaction = "per-statement"'}, {("TXN008", "warning")}),
        ({"001_a.up.sql": f"{TABLES}COMMIT;"}, {("TXN003", "warning")}),
        ({"2024-01-01-000000_a/up.sql": f"{TABLES}COMMIT;"}, {("TXN003", "error")}),
        ({"2024-01-01-000000_a/up.sql": f"BEGIN;\n{TABLES}"}, {("TXN004", "warning")}),
        ({"001_a.up.sql": f"BEGIN;\nSAVEPOINT s;\n{TABLES}RELEASE s;\nCOMMIT;"}, set()),
        ({"001_a.up.sql": "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;"}, set()),
        ({"001_a.up.sql": f"{TABLES}DO $$ BEGIN COMMIT; END $$;"}, set()),
    ],
)
def test_opened_and_ended(checker: Checker, files: dict[str, str], found: set[tuple[str, str]]) -> None:
    assert codes(checker, files) == found


ENUM = "CREATE TYPE mood AS ENUM ('fine');\n"
USERS = "CREATE TABLE users (id bigint PRIMARY KEY, mood mood, name text);\n"
ADD = "ALTER TYPE mood ADD VALUE 'glad';\n"


@pytest.mark.parametrize(
    ("use", "unsafe"),
    [
        ("ALTER TABLE users ADD COLUMN other mood DEFAULT 'glad';", True),
        ("ALTER TABLE users ALTER COLUMN mood SET DEFAULT 'glad';", True),
        ("INSERT INTO users (id, mood) VALUES (1, 'glad');", True),
        ("INSERT INTO users (id, name) VALUES (1, 'glad');", False),
        ("INSERT INTO users (id, mood) SELECT 1, 'glad'::mood;", True),
        ("UPDATE users SET mood = 'glad';", True),
        ("UPDATE users SET name = 'glad';", False),
        ("DELETE FROM users WHERE mood = 'glad'::mood;", True),
        ("CREATE INDEX users_glad ON users (id) WHERE mood = 'glad'::mood;", True),
        ("ALTER TABLE users ADD CONSTRAINT users_glad CHECK (mood <> 'glad'::mood);", True),
        ("CREATE TABLE others (mood mood DEFAULT 'glad');", True),
        ("CREATE TABLE others (mood mood DEFAULT 'fine');", False),
    ],
)
def test_a_value_is_unsafe_where_postgresql_says_so(
    checker: Checker, postgres: PostgresEngine, use: str, unsafe: bool
) -> None:
    found = checker.told({"001_a.up.sql": ENUM + USERS, "002_b.up.sql": ADD + use}, "TXN")
    assert [code for code, *_ in found] == ["TXN006"] * unsafe
    with database("PostgreSQL", postgres) as lent:
        assert lent.run(ENUM + USERS) is None
        assert lent.run("INSERT INTO users (id, mood) VALUES (7, 'fine');") is None
        said = lent.run(ADD + use)
    assert (said is not None and said.state == "55P04") == unsafe, said


def test_a_value_of_a_new_type_is_safe_from_17_on(checker: Checker, postgres: PostgresEngine) -> None:
    script = ENUM + ADD + "CREATE TABLE a (mood mood DEFAULT 'glad');"
    assert codes(checker, {"001_a.up.sql": script}) == set()
    assert codes(checker, {"miglint.toml": 'targets = ["postgres>=15"]'}) == {("TXN006", "error")}
    with database("PostgreSQL", postgres) as lent:
        assert lent.run(script) is None


REFUSED = """
CREATE DATABASE other
DROP DATABASE IF EXISTS other
CREATE TABLESPACE other LOCATION '/nowhere'
DROP TABLESPACE other
ALTER DATABASE other SET TABLESPACE pg_default
VACUUM
VACUUM one
ALTER SYSTEM SET work_mem = '5MB'
DISCARD ALL
CLUSTER
CLUSTER parted USING parted_idx
REINDEX SCHEMA public
REINDEX DATABASE
REINDEX TABLE parted
REINDEX TABLE CONCURRENTLY one
CREATE INDEX CONCURRENTLY ON one (id)
DROP INDEX CONCURRENTLY one_idx
ALTER TABLE parted DETACH PARTITION part CONCURRENTLY
COMMIT PREPARED 'x'
ROLLBACK PREPARED 'x'
"""
TAKEN = """
ANALYZE
ANALYZE one
DISCARD TEMP
CLUSTER one USING one_idx
REINDEX TABLE one
REINDEX INDEX one_idx
CREATE INDEX ON one (id)
DROP INDEX one_idx
ALTER TABLE parted DETACH PARTITION part
ALTER TYPE mood ADD VALUE 'glad'
LOCK TABLE one
REFRESH MATERIALIZED VIEW CONCURRENTLY seen
"""
SCHEMA = """
CREATE TABLE one (id bigint);
CREATE INDEX one_idx ON one (id);
CREATE TABLE parted (id bigint) PARTITION BY LIST (id);
CREATE TABLE part PARTITION OF parted FOR VALUES IN (1);
CREATE INDEX parted_idx ON parted (id);
CREATE TYPE mood AS ENUM ('fine');
CREATE MATERIALIZED VIEW seen AS SELECT 1 AS id;
CREATE UNIQUE INDEX seen_idx ON seen (id);
"""


def named(sql: str, dialect: Dialect = Dialect.POSTGRES, schema: str = SCHEMA) -> str | None:
    """Return what the model calls a statement that no transaction can hold."""
    scripts = [
        Script(SourceFile("a.sql", text), Span(0, len(text)), Direction.FORWARD, dialect) for text in (schema, sql)
    ]
    migrations = tuple(Migration(str(n), "", dialect, script, None) for n, script in enumerate(scripts))
    *_, step = replay(History(".", "plain", dialect, migrations), parse)
    (statement,) = step.forward_statements
    return refused_in_transaction(statement.operations[0], dialect, step.after)


@pytest.mark.parametrize(
    ("sql", "refused"),
    [(line, lines is REFUSED) for lines in (REFUSED, TAKEN) for line in lines.strip().splitlines()],
)
def test_postgresql_refuses_in_a_transaction_what_the_rule_says(
    postgres: PostgresEngine, sql: str, refused: bool
) -> None:
    assert (named(sql) is not None) == refused
    with database("PostgreSQL", postgres) as lent:
        assert lent.run(SCHEMA) is None
        said = lent.run(f"BEGIN;\n{sql};\n") if "CONCURRENTLY" in sql else lent.run(f"BEGIN; {sql};")
    # Not all that may be in a transaction is allowed to an ordinary role.
    assert (said is not None and said.state == "25001") == refused, said


@pytest.mark.parametrize("library", ["sqlite3", "apsw"])
@pytest.mark.parametrize(
    ("sql", "refused"),
    [
        ("VACUUM", True),
        ("DETACH other", False),
        ("PRAGMA synchronous = OFF", True),
        ("PRAGMA synchronous", False),
        ("ANALYZE", False),
        ("REINDEX", False),
        ("PRAGMA foreign_keys = ON", False),
        ("PRAGMA defer_foreign_keys = ON", False),
    ],
)
def test_sqlite_refuses_in_a_transaction_what_the_rule_says(library: str, sql: str, refused: bool) -> None:
    assert (named(sql, Dialect.SQLITE, "CREATE TABLE a (b INTEGER)") is not None) == refused
    import apsw

    connection = (
        sqlite3.connect(":memory:", isolation_level=None) if library == "sqlite3" else apsw.Connection(":memory:")
    )
    for statement in ("CREATE TABLE a (b)", "ATTACH ':memory:' AS other", "BEGIN", "INSERT INTO a VALUES (1)"):
        connection.execute(statement)
    try:
        connection.execute(sql)
    except (sqlite3.Error, apsw.Error):
        assert refused
    else:
        assert not refused


def test_sqlite_passes_over_foreign_keys_in_a_transaction() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    state = [connection.execute("PRAGMA foreign_keys = ON") and connection.execute("PRAGMA foreign_keys").fetchone()]
    connection.execute("BEGIN")
    connection.execute("PRAGMA foreign_keys = OFF")
    state.append(connection.execute("PRAGMA foreign_keys").fetchone())
    connection.execute("COMMIT")
    connection.execute("PRAGMA foreign_keys = OFF")
    state.append(connection.execute("PRAGMA foreign_keys").fetchone())
    assert state == [(1,), (1,), (0,)]


def test_several_statements_in_one_query_are_one_transaction(postgres: PostgresEngine) -> None:
    with database("PostgreSQL", postgres) as lent:
        assert isinstance(lent, Postgres)
        assert lent.run(SCHEMA) is None
        access = postgres.server.access
        place = lent.query("SELECT current_database()")[0][0]
        with psycopg.connect(access.conninfo(access.user, access.password, str(place)), autocommit=True) as connection:
            connection.execute("DROP INDEX CONCURRENTLY one_idx")
            with pytest.raises(psycopg.errors.ActiveSqlTransaction):
                connection.execute("SELECT 1; CREATE INDEX CONCURRENTLY ON one (id)")
            with pytest.raises(psycopg.errors.DivisionByZero):
                connection.execute("CREATE TABLE a (id bigint); SELECT 1 / 0")
            assert connection.execute("SELECT to_regclass('a')").fetchone() == (None,)
            # BEGIN and COMMIT in the text end that transaction where they say.
            with pytest.raises(psycopg.errors.DivisionByZero):
                connection.execute("BEGIN; CREATE TABLE a (id bigint); COMMIT; SELECT 1 / 0")
            assert connection.execute("SELECT to_regclass('a')").fetchone() == ("a",)


@pytest.mark.parametrize(("end", "fixed"), [(";", True), (" \\g", False), (";\n\\echo done", False)])
def test_nothing_is_added_behind_a_command_of_psql(checker: Checker, end: str, fixed: bool) -> None:
    files = {
        "migrations/1_a.sql": f"BEGIN;\nCREATE TABLE a (id int){end}\n",
        "migrations/rollback/1_a.sql": "DROP TABLE a;",
    }
    found = [finding for finding in checker(files) if finding.code == "TXN002"]
    assert [finding.fix is not None for finding in found] == [fixed]


@pytest.mark.parametrize(("end", "told"), [("", 1), (" COMMIT PREPARED 'x';", 0), (" ROLLBACK PREPARED 'x';", 0)])
def test_a_prepared_transaction_that_nothing_commits(checker: Checker, end: str, told: int) -> None:
    script = f"BEGIN;\nCREATE TABLE a (id int);\nPREPARE TRANSACTION 'x';{end}"
    files = {"migrations/1_a.sql": script, "migrations/rollback/1_a.sql": "DROP TABLE a;"}
    assert [level for _, level, _ in checker.told(files, "TXN002")] == ["warning"] * told
