"""What the tools do around a script decides what runs: one transaction, the server's own, or none."""

from __future__ import annotations

import pytest

from miglint.base.model import Script
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.statements import prepare
from miglint.dryrun.steps import Scripts, run_steps
from miglint.replay.steps import replay
from miglint.schema.objects import Key, Table
from miglint.sql import parse

from .histories import executed, history, migration

ALONE = "CREATE INDEX CONCURRENTLY i ON users (nick);"


def script(text: str, *, transaction: bool = True) -> Script:
    found = migration(text, transaction=transaction).forward
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("layout", "runner", "text", "transaction", "wrapped"),
    [
        ("golang-migrate", None, ALONE, True, False),
        ("golang-migrate", None, f"{ALONE} SELECT 1;", True, True),
        ("golang-migrate", None, "SELECT 1; SELECT 2;", True, True),
        ("golang-migrate", "per-file", ALONE, True, True),
        ("golang-migrate", "none", "SELECT 1; SELECT 2;", False, False),
        ("diesel", None, ALONE, True, True),
        ("diesel", None, ALONE, False, False),
        ("dbmate", None, f"{ALONE} SELECT 1;", False, True),
        ("goose", None, f"{ALONE} SELECT 1;", False, False),
        ("flyway", None, f"{ALONE} SELECT 1;", True, False),
        ("plain", None, f"{ALONE} SELECT 1;", True, False),
        ("plain", None, "SELECT 1; SELECT 2;", True, True),
        ("plain", None, "BEGIN; SELECT 1; COMMIT;", True, True),
        ("plain", None, "BEGIN; SELECT 1; COMMIT; SELECT 2;", True, False),
        ("goose", None, "BEGIN; SELECT 1; COMMIT;", False, True),
    ],
)
def test_which_scripts_run_in_one_transaction(
    layout: str, runner: str | None, text: str, transaction: bool, wrapped: bool
) -> None:
    assert prepare(script(text, transaction=transaction), layout, runner).wrapped is wrapped


def test_a_transaction_of_the_script_is_not_run_as_statements() -> None:
    ready = prepare(script("BEGIN;\nSELECT 1;\nCOMMIT;"))
    assert [piece.text for piece in ready.pieces] == ["SELECT 1"]
    assert ready.pieces[0].span.start == 7


BUILT = "ALTER TABLE users ADD COLUMN nick text; CREATE INDEX CONCURRENTLY i ON users (nick);"


@pytest.mark.parametrize(
    ("layout", "rollback", "transaction", "restores"),
    [
        ("diesel", BUILT, True, False),
        ("diesel", BUILT, False, False),
        ("goose", BUILT, True, False),
        ("goose", BUILT, False, True),
        ("golang-migrate", BUILT, True, False),
        ("golang-migrate", "CREATE INDEX CONCURRENTLY i ON users (nick);", True, False),
        ("dbmate", "REINDEX TABLE CONCURRENTLY users;" + BUILT.replace("CONCURRENTLY", ""), True, False),
        ("plain", BUILT, True, True),
        ("plain", f"BEGIN; {BUILT} COMMIT;", True, False),
    ],
)
def test_a_rollback_that_no_transaction_can_hold_restores_nothing_in_one(
    embedded: PostgresEngine, layout: str, rollback: str, transaction: bool, restores: bool
) -> None:
    before = "CREATE TABLE users (id int, nick text); CREATE INDEX i ON users (nick);"
    pair = migration("ALTER TABLE users DROP COLUMN nick;", rollback, name="2", transaction=transaction)
    *_, step = replay(history(migration(before), pair, layout=layout), parse)
    assert step.verdict.symmetric is restores
    run = executed(embedded, pair, before, layout=layout)
    assert run.verdict.symmetric is restores
    assert (step.verdict.rollback_idempotent is None) is (run.step(4).error is not None)


@pytest.mark.parametrize(("layout", "passes"), [("golang-migrate", True), ("diesel", False), ("plain", True)])
def test_an_index_is_built_concurrently_where_the_tool_allows_it(
    embedded: PostgresEngine, layout: str, passes: bool
) -> None:
    pair = migration(ALONE, "DROP INDEX CONCURRENTLY i;")
    database = embedded.create()
    try:
        before = Scripts.of(migration("CREATE TABLE users (nick text);")).forward
        assert before is not None and database.run(before).ok
        run = run_steps(pair, Scripts.of(pair, layout), database, database.schema())
    finally:
        database.drop()
    assert run.forward is not None and run.forward.ok is passes
    assert passes or (run.forward.error is not None and run.forward.error.sqlstate == "25001")


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("raise 'no way back';\n", ["raise 'no way back'"]),
        ("foo bar; CREATE TABLE t (id int); baz -- end", ["foo bar", "CREATE TABLE t (id int)", "baz -- end"]),
        ("-- nothing\n;;", []),
        ("SELECT 1;\n/* done */ ;\n", ["SELECT 1"]),
    ],
)
def test_what_is_no_sql_is_for_the_server_to_reject(text: str, pieces: list[str]) -> None:
    assert [piece.text for piece in prepare(script(text)).pieces] == pieces


def test_a_rollback_that_is_no_sql_fails(embedded: PostgresEngine) -> None:
    pair = migration("CREATE TABLE kept (id int); DROP TABLE kept;", "raise 'no way back';")
    database = embedded.create()
    try:
        done = run_steps(pair, Scripts.of(pair), database, database.schema())
    finally:
        database.drop()
    assert done.verdict.symmetric is False
    assert "syntax error" in str(done.steps[3].error)


@pytest.mark.parametrize(("layout", "kept"), [("sql-migrate", True), ("golang-migrate", False)])
def test_the_tool_ends_the_transaction_that_a_script_leaves_open(
    embedded: PostgresEngine, layout: str, kept: bool
) -> None:
    database = embedded.create()
    try:
        done = database.run(prepare(script("COMMIT; BEGIN; CREATE TABLE late (id int);"), layout))
        assert done.ok
        assert (Key("relation", "public", "late") in database.schema()) is kept
    finally:
        database.drop()


@pytest.mark.parametrize(
    ("layout", "rollback", "undone"),
    [
        ("golang-migrate", "DROP TABLE IF EXISTS a; ROLLBACK;", False),
        ("golang-migrate", "DROP TABLE IF EXISTS a; ABORT; SELECT 1;", False),
        ("golang-migrate", "DROP TABLE IF EXISTS a; BEGIN; SELECT 1; ROLLBACK;", False),
        ("golang-migrate", "SELECT 1; ROLLBACK; DROP TABLE IF EXISTS a;", True),
        ("golang-migrate", "DROP TABLE IF EXISTS a; COMMIT; SELECT 1; ROLLBACK;", True),
        ("golang-migrate", "SELECT 1; BEGIN; DROP TABLE IF EXISTS a; COMMIT;", True),
        ("prisma", "DROP TABLE IF EXISTS a; COMMIT; CREATE TABLE IF NOT EXISTS a (x int); ROLLBACK;", True),
        ("dbmate", "DROP TABLE IF EXISTS a; ROLLBACK;", False),
        ("dbmate", "DROP TABLE IF EXISTS a; BEGIN; SELECT 1; ROLLBACK;", False),
        ("dbmate", "SELECT 1; ROLLBACK; DROP TABLE IF EXISTS a;", True),
        ("dbmate", "COMMIT; DROP TABLE IF EXISTS a; ROLLBACK;", True),
        ("plain", "DROP TABLE IF EXISTS a; ROLLBACK;", False),
        ("plain", "BEGIN; SELECT 1; COMMIT; DROP TABLE IF EXISTS a;", True),
    ],
)
def test_a_rollback_undoes_what_is_in_the_transaction_around_it(
    embedded: PostgresEngine, layout: str, rollback: str, undone: bool
) -> None:
    # Seen with `psql -c` for one query, and with BEGIN before it for a tool's transaction.
    pair = migration("CREATE TABLE IF NOT EXISTS a (x int);", rollback)
    run = executed(embedded, pair, layout=layout)
    assert run.step(4).error is None
    assert run.verdict.symmetric is undone
    assert next(replay(history(pair, layout=layout), parse)).verdict.symmetric in (None, undone)


@pytest.mark.parametrize(
    ("forward", "symmetric"),
    [
        ("CREATE TABLE IF NOT EXISTS {0}.v2_users AS SELECT * FROM users;", True),
        ("CREATE OR REPLACE VIEW {0}.v2_users AS SELECT * FROM users;", False),
        ("CREATE TABLE IF NOT EXISTS {0}.v2_users () INHERITS (users);", False),
        ("CREATE TABLE IF NOT EXISTS {0}.v2_users (n int REFERENCES users);", False),
        ("CREATE OR REPLACE FUNCTION {0}.f() RETURNS int LANGUAGE sql AS 'SELECT 1';", False),
        ("CREATE SEQUENCE IF NOT EXISTS {0}.s;", False),
        ("ALTER DEFAULT PRIVILEGES IN SCHEMA {0} GRANT ALL ON TABLES TO PUBLIC;", False),
        ("CREATE TABLE IF NOT EXISTS miglint_set_aside_2_users (n int REFERENCES users);", False),
    ],
)
def test_what_is_no_copy_of_rows_is_not_set_aside(embedded: PostgresEngine, forward: str, symmetric: bool) -> None:
    text = f"CREATE SCHEMA IF NOT EXISTS miglint_set_aside; {forward.format('miglint_set_aside')}"
    pair = migration(text, "SELECT 1;")
    run = executed(embedded, pair, "CREATE TABLE users (id int PRIMARY KEY);")
    assert run.step(3).ok and run.verdict.symmetric is symmetric


def test_a_schema_called_temp_is_one_like_any_other(embedded: PostgresEngine) -> None:
    there = "CREATE SCHEMA temp; CREATE TEMP TABLE own (id int);"
    made = "CREATE TABLE IF NOT EXISTS temp.left_over (id int PRIMARY KEY);"
    first, second = migration(there, "DROP SCHEMA temp;"), migration(made, "SELECT 1;", name="2")
    assert executed(embedded, second, there).verdict.symmetric is False
    _, step = replay(history(first, second), parse)
    assert step.verdict.symmetric is False


@pytest.mark.parametrize(
    ("layout", "text", "left"),
    [
        ("golang-migrate", "CREATE TABLE a (id int); BEGIN; CREATE TABLE b (id int); ROLLBACK;", []),
        ("golang-migrate", "CREATE TABLE a (id int); COMMIT; CREATE TABLE b (id int); SELECT 1 / 0;", ["a"]),
        ("golang-migrate", "CREATE TABLE a (id int); COMMIT; BEGIN; CREATE TABLE b (id int);", ["a"]),
        ("diesel", "CREATE TABLE a (id int); ROLLBACK; CREATE TABLE b (id int);", ["b"]),
        ("sql-migrate", "COMMIT; CREATE TABLE a (id int); CREATE INDEX CONCURRENTLY i ON a (id); BEGIN;", ["a"]),
    ],
)
def test_what_a_script_leaves_that_ends_transactions(
    embedded: PostgresEngine, layout: str, text: str, left: list[str]
) -> None:
    ready = Scripts.of(migration(text), layout).forward
    assert ready is not None
    database = embedded.create()
    try:
        database.run(ready)
        assert sorted(key.name for key, value in database.schema().items() if isinstance(value, Table)) == left
    finally:
        database.drop()


@pytest.mark.parametrize(
    ("layout", "text", "sent"),
    [
        ("plain", "\\set ON_ERROR_STOP on\nSELECT 1;\n\\if false\nSELECT 2;\n\\endif\nSELECT 3 \\g\n\\q\nSELECT 4;", 2),
        ("plain", "SELECT 1; \\echo x\nSELECT '\\q';", 2),
        # The server rejects what cannot be carried out.
        ("plain", "SELECT 1;\n\\i other.sql\nSELECT 2;", None),
        ("plain", "COPY t FROM stdin;\n1\n\\.\n", None),
        ("plain", "\\set x 1\nSELECT :x;", None),
        ("plain", "SET standard_conforming_strings = off; SELECT 'a\\' \\q'; SELECT 1;", None),
        ("goose", "\\set ON_ERROR_STOP on\nSELECT 1;", None),
    ],
)
def test_commands_of_psql_are_carried_out_where_psql_may_run(layout: str, text: str, sent: int | None) -> None:
    pieces = prepare(script(text), layout).pieces
    kept = any("\\" in piece.text.replace("'\\q'", "") for piece in pieces)
    assert (None if kept else len(pieces)) == sent
    assert all(
        text[piece.span.start : piece.span.end].split(maxsplit=1)[0] == piece.text.split(maxsplit=1)[0]
        for piece in pieces
    )
