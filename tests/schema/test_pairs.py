"""What the model finds left after forward and rollback, and whether the engines agree that anything is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from miglint.base.model import Dialect, Direction, Migration, Script, SourceFile, Span
from miglint.base.structs import replace
from miglint.dryrun.interfaces import Engine
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.postgres.embedded import start_embedded
from miglint.dryrun.results import EngineInfo
from miglint.dryrun.sqlite.engine import SqliteEngine
from miglint.dryrun.sqlite.library import StandardConnection
from miglint.dryrun.statements import prepare
from miglint.dryrun.steps import Scripts, run_steps
from miglint.replay.apply import run
from miglint.replay.steps import Step, empty_schema, replay_one
from miglint.sql import parse, postgres, sqlite

from . import (
    calls,
    clustered,
    forged,
    heirs,
    keys,
    labels,
    lite_respelled,
    pairs,
    queries,
    rebuilt,
    respelled,
    restated,
    row_types,
    views,
)
from .pairs import SQLITE, Pair

POSTGRES = [
    *pairs.POSTGRES,
    *calls.POSTGRES,
    *keys.POSTGRES,
    *views.POSTGRES,
    *heirs.POSTGRES,
    *clustered.PAIRS,
    *labels.POSTGRES,
    *row_types.POSTGRES,
    *forged.POSTGRES,
    *restated.POSTGRES,
    *queries.POSTGRES,
    *respelled.POSTGRES,
    *rebuilt.POSTGRES,
]
LITE = [*SQLITE, *forged.SQLITE, *lite_respelled.SQLITE]


def script(text: str, direction: Direction, dialect: Dialect) -> Script:
    return Script(SourceFile(f"{direction}.sql", text), Span(0, len(text)), direction, dialect)


def migration(pair: Pair, dialect: Dialect) -> Migration:
    forward = script(pair.forward, Direction.FORWARD, dialect)
    return Migration("1", pair.name, dialect, forward, script(pair.rollback, Direction.ROLLBACK, dialect))


def left(pair: Pair, dialect: Dialect) -> tuple[tuple[str, ...], bool | None]:
    front_end = postgres if dialect is Dialect.POSTGRES else sqlite
    start = run(empty_schema(dialect, closed=True), front_end.parse(pair.setup)).schema
    step = replay_one(migration(pair, dialect), parse, start)
    words = (" ".join(filter(None, (c.kind, c.what, c.name, c.aspect))) for c in step.changes if c.counts)
    return tuple(words), step.verdict.symmetric


@pytest.mark.parametrize("pair", POSTGRES, ids=lambda pair: pair.name)
def test_model_of_postgres(pair: Pair) -> None:
    found, symmetric = left(pair, Dialect.POSTGRES)
    assert sorted(found) == sorted(pair.left)
    assert symmetric is (not pair.left)


@pytest.mark.parametrize("pair", LITE, ids=lambda pair: pair.name)
def test_model_of_sqlite(pair: Pair) -> None:
    found, symmetric = left(pair, Dialect.SQLITE)
    assert sorted(found) == sorted(pair.left)
    assert symmetric is (not pair.left)


@pytest.mark.parametrize("pair", respelled.UNKNOWN, ids=lambda pair: pair.name)
def test_model_of_constants_that_are_not_read(pair: Pair) -> None:
    assert left(pair, Dialect.POSTGRES)[1] is None


def really_symmetric(engine: Engine, pair: Pair, dialect: Dialect) -> bool | None:
    database = engine.create()
    try:
        if pair.setup:
            assert database.run(prepare(script(pair.setup, Direction.FORWARD, dialect))).ok
        done = run_steps(migration(pair, dialect), Scripts.of(migration(pair, dialect)), database, database.schema())
        return done.verdict.symmetric
    finally:
        database.drop()


@pytest.fixture(scope="module")
def postgres_engine() -> Iterator[Engine]:
    engine = start_embedded(Limits(), Deadline.after(300), "")
    yield engine
    engine.close()


@pytest.mark.parametrize("pair", [*POSTGRES, *respelled.UNKNOWN], ids=lambda pair: pair.name)
def test_postgres_itself(postgres_engine: Engine, pair: Pair) -> None:
    assert really_symmetric(postgres_engine, pair, Dialect.POSTGRES) is (not pair.left)


@pytest.mark.parametrize("pair", LITE, ids=lambda pair: pair.name)
def test_sqlite_itself(pair: Pair) -> None:
    engine = SqliteEngine(StandardConnection, EngineInfo("sqlite", "SQLite", ""), Limits(), Deadline.after(60))
    assert really_symmetric(engine, pair, Dialect.SQLITE) is (not pair.left)


MAKES = (
    "CREATE TABLE kept (id int); DO $$ DECLARE n text; BEGIN SELECT 'made' INTO n FROM pg_class LIMIT 1;"
    " EXECUTE 'CREATE TABLE ' || n || ' (id int)'; EXECUTE 'ALTER TABLE kept ADD COLUMN ' || n || ' int'; END $$;"
)


def after(history: str, forward: str, rollback: str) -> Step:
    """Replay a pair that comes after a script, of which nothing else is known."""
    start = run(empty_schema(Dialect.POSTGRES), postgres.parse(history))
    pair = Pair("", "", forward, rollback)
    return replay_one(migration(pair, Dialect.POSTGRES), parse, start.schema, doubted=bool(start.unknown))


@pytest.mark.parametrize(
    ("history", "forward", "rollback"),
    [
        ("", MAKES, "DROP TABLE kept; DROP TABLE made;"),
        ("", MAKES, "ALTER TABLE kept DROP COLUMN made; DROP TABLE kept; DROP TABLE made;"),
        (MAKES, "ALTER TABLE kept DROP COLUMN IF EXISTS made;", "ALTER TABLE kept ADD COLUMN made int;"),
        (MAKES, "DROP TABLE made;", "CREATE TABLE made (id int);"),
    ],
)
def test_what_a_script_did_unseen_makes_a_rollback_no_wrong_one(
    postgres_engine: Engine, history: str, forward: str, rollback: str
) -> None:
    assert after(history, forward, rollback).verdict.symmetric is not False
    assert really_symmetric(postgres_engine, Pair("", history, forward, rollback), Dialect.POSTGRES)


def test_a_rollback_that_fails_by_itself_is_wrong_after_all() -> None:
    assert after("", MAKES, "DO $$ BEGIN RAISE EXCEPTION 'no way back'; END $$;").verdict.symmetric is False
    assert after("", MAKES, "CREATE TABLE kept (id int);").verdict.symmetric is False


def test_a_forward_that_fails_after_what_nobody_saw_may_run_twice() -> None:
    default = "ALTER TABLE kept ALTER COLUMN made SET DEFAULT 1;"
    assert after("CREATE TABLE kept (id int);", default, "").verdict.forward_idempotent is False
    assert after(MAKES, default, "").verdict.forward_idempotent is None
    # This fails the second time, if it did not the first time.
    assert after(MAKES, "ALTER TABLE kept DROP COLUMN made;", "").verdict.forward_idempotent is False


def test_what_is_dropped_may_be_made_again_unseen(postgres_engine: Engine) -> None:
    made = "CREATE TABLE kept (id int); CREATE VIEW v AS SELECT id FROM kept;"
    again = (
        "DO $$ DECLARE text text; BEGIN text := pg_get_viewdef('v'); DROP VIEW v;"
        " EXECUTE format('CREATE VIEW v AS %s', text); END $$;"
    )
    assert after(made, again, "").verdict.forward_idempotent is None
    assert after(made, f"{again} DROP VIEW v;", "").verdict.forward_idempotent is False
    pair = migration(Pair("", "", again, ""), Dialect.POSTGRES)
    database = postgres_engine.create()
    try:
        assert database.run(prepare(script(made, Direction.FORWARD, Dialect.POSTGRES))).ok
        assert run_steps(pair, Scripts.of(pair), database, database.schema()).verdict.forward_idempotent
    finally:
        database.drop()


@pytest.mark.parametrize("drop", ["DROP FUNCTION f();", "DROP TYPE f;", "DROP TABLE f;"])
def test_a_rollback_cannot_drop_what_no_file_made(postgres_engine: Engine, drop: str) -> None:
    step = after("CREATE TABLE t (id int);", "CREATE TABLE u (id int);", f"DROP TABLE u; {drop}")
    assert step.rollback is not None and step.rollback.failed is not None
    pair = Pair("", "CREATE TABLE t (id int);", "CREATE TABLE u (id int);", f"DROP TABLE u; {drop}")
    assert really_symmetric(postgres_engine, pair, Dialect.POSTGRES) is False


@pytest.mark.parametrize("called", ["f() FROM t", "CASE WHEN a THEN f() END FROM g", "f() WHERE false"])
def test_a_function_that_may_be_called_any_number_of_times_leaves_a_doubt(called: str) -> None:
    made = (
        "CREATE TABLE t (id int); CREATE TABLE g (a bool);"
        "CREATE FUNCTION f(n int DEFAULT 0) RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM f(n); DROP TABLE t; END';"
    )
    step = after(made, f"SELECT {called};", "SELECT 1;")
    assert step.verdict.symmetric is None
    assert step.forward.unknown == ('what the function "f" does is not known',)


MADE_ANEW = "CREATE TABLE n (id int); DROP TABLE t; ALTER TABLE n RENAME TO t; CREATE INDEX i ON t (id);"
REPLACED = "DROP INDEX IF EXISTS i; CREATE INDEX i ON t (id DESC);"


@pytest.mark.parametrize(("forward", "rollback"), [(MADE_ANEW, MADE_ANEW), (REPLACED, REPLACED.replace(" DESC", ""))])
def test_an_index_that_a_script_makes_again_may_have_been_there(
    postgres_engine: Engine, forward: str, rollback: str
) -> None:
    assert after("ALTER TABLE t ADD COLUMN a int;", forward, rollback).verdict.symmetric is None
    made = "CREATE TABLE t (id int); CREATE INDEX i ON t (id);"
    assert really_symmetric(postgres_engine, Pair("", made, forward, rollback), Dialect.POSTGRES)


@pytest.mark.parametrize("made", ["VIEW f AS SELECT {}", "FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT {}'"])
def test_what_is_replaced_may_have_been_there(postgres_engine: Engine, made: str) -> None:
    forward, rollback = (f"CREATE OR REPLACE {made.format(number)};" for number in (2, 1))
    assert after("ALTER TABLE t ADD COLUMN a int;", forward, rollback).verdict.symmetric is None
    pair = Pair("", f"CREATE {made.format(1)};", forward, rollback)
    assert really_symmetric(postgres_engine, pair, Dialect.POSTGRES)


def test_behind_a_program_there_may_be_more() -> None:
    start = run(
        empty_schema(Dialect.POSTGRES), postgres.parse("CREATE TABLE t (id int); DROP TABLE IF EXISTS u;")
    ).schema
    pair = migration(Pair("", "", "ALTER TABLE t DROP COLUMN a;", "ALTER TABLE t ADD COLUMN a int;"), Dialect.POSTGRES)
    assert replay_one(pair, parse, start).forward.failed is not None
    step = replay_one(replace(pair, after_program=True), parse, start)
    assert step.forward.failed is None
    assert step.verdict.forward_idempotent is False
    gone = migration(Pair("", "", "DROP TABLE u;", "CREATE TABLE u (id int);"), Dialect.POSTGRES)
    assert replay_one(gone, parse, start).forward.failed is not None
    assert replay_one(replace(gone, after_program=True), parse, start).forward.failed is None


@pytest.mark.parametrize(
    ("forward", "rollback"),
    [
        ("DROP INDEX i;", "CREATE INDEX i ON t (a int4_ops);"),
        ("ALTER TABLE t ALTER a TYPE text;", "ALTER TABLE t ALTER a TYPE uuid;"),
        ("DROP VIEW v;", "CREATE VIEW v AS SELECT a + 1 AS b FROM t;"),
        ("ALTER TABLE t DROP CONSTRAINT c;", "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);"),
        ("ALTER TABLE t DROP CONSTRAINT f;", "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id);"),
        ("ALTER TABLE t ALTER a DROP DEFAULT;", "ALTER TABLE t ALTER a SET DEFAULT 5;"),
    ],
)
def test_behind_a_program_columns_may_have_other_types(forward: str, rollback: str) -> None:
    made = postgres.parse("CREATE TABLE u (id int PRIMARY KEY); CREATE TABLE t (a uuid);")
    start = run(empty_schema(Dialect.POSTGRES), made).schema
    pair = migration(Pair("", "", forward, rollback), Dialect.POSTGRES)
    before, behind = (replay_one(replace(pair, after_program=seen), parse, start).rollback for seen in (False, True))
    assert before is not None
    assert before.failed is not None
    assert behind is not None
    assert behind.failed is None


@pytest.mark.parametrize(
    ("rollback", "symmetric"),
    [
        ("DROP TABLE t; ROLLBACK;", None),
        ("DROP TABLE t; BEGIN; SELECT 1; ROLLBACK;", None),
        ("BEGIN; DROP TABLE t; ROLLBACK;", False),
        ("DROP TABLE t; COMMIT; BEGIN; SELECT 1; ROLLBACK;", True),
    ],
)
def test_a_rollback_may_undo_what_stands_before_its_transaction(rollback: str, symmetric: bool | None) -> None:
    assert after("SELECT 1;", "CREATE TABLE t (id int);", rollback).verdict.symmetric is symmetric


READS = (
    "CREATE TABLE t (id int, a int, c int);"
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
)


@pytest.mark.parametrize(
    "reader",
    [
        "CREATE INDEX i ON t (id, (coalesce(a, c)));",
        "CREATE INDEX i ON t (id) WHERE a > 0 AND c > 0;",
        "ALTER TABLE t ADD CONSTRAINT k CHECK (a > c);",
        "CREATE VIEW v AS SELECT id, a + c AS s FROM t WHERE a > 0;",
        "CREATE POLICY p ON t USING (a > 0);",
        "CREATE TRIGGER g BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (NEW.a > 0) EXECUTE FUNCTION f();",
        "CREATE RULE r AS ON UPDATE TO t WHERE NEW.a > OLD.c DO INSTEAD NOTHING;",
    ],
)
def test_a_column_is_renamed_where_a_program_may_have_added_others(postgres_engine: Engine, reader: str) -> None:
    forward = "ALTER TABLE t RENAME a TO b; ALTER TABLE t ADD a bigint;"
    pair = Pair("", READS + reader, forward, "ALTER TABLE t DROP a; ALTER TABLE t RENAME b TO a;")
    start = run(empty_schema(Dialect.POSTGRES), postgres.parse(pair.setup)).schema
    step = replay_one(replace(migration(pair, Dialect.POSTGRES), after_program=True), parse, start)
    assert step.rollback is not None and step.rollback.failed is None
    assert not step.changes
    assert really_symmetric(postgres_engine, pair, Dialect.POSTGRES)
