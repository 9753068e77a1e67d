"""The locks that the dry run saw against those that the table of locks foresees."""

from __future__ import annotations

import pytest

from miglint.base.model import Dialect
from miglint.base.structs import replace
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.results import HistoryRun
from miglint.locks import Lock, Work
from miglint.locks.table import SITUATIONS, LockFact
from miglint.replay.steps import empty_schema, replay
from miglint.rules.execution.locks import locks_differ
from miglint.rules.execution.outcomes import Executed
from miglint.rules.locks.seen import compared
from miglint.schema.change import Change
from miglint.schema.objects import Key
from miglint.sql import parse

from .histories import executed, history, migration

BEFORE = """
CREATE TABLE users (id bigint PRIMARY KEY, name varchar(20) NOT NULL, made timestamp);
CREATE TABLE orders (id bigint PRIMARY KEY, buyer bigint REFERENCES users, amount integer, note varchar(9));
CREATE INDEX orders_amount ON orders (amount);
CREATE TABLE plain (id integer);
CREATE TABLE heir () INHERITS (plain);
CREATE TABLE parts (id bigint, kind integer) PARTITION BY RANGE (kind);
CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE VIEW names AS SELECT name FROM users;
CREATE MATERIALIZED VIEW known AS SELECT name FROM names;
CREATE TABLE log (line text);
CREATE FUNCTION heavy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE 'LOCK TABLE plain';
  RETURN NULL;
END $$;
CREATE FUNCTION wild() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'LOCK TABLE plain'; RETURN 1; END $$;
CREATE TRIGGER t AFTER INSERT ON log EXECUTE FUNCTION heavy();
"""


def run_of(
    engine: PostgresEngine, forward: str, rollback: str = "", *, transaction: bool = True, before: str = BEFORE
) -> Executed:
    """Execute and replay a pair behind a script."""
    pair = migration(forward, rollback, name="2", transaction=transaction)
    run = executed(engine, pair, before)
    assert run.forward is not None and run.forward.ok, run.forward
    assert run.rollback is not None and run.rollback.ok, run.rollback
    whole = history(migration(before), pair)
    *_, step = replay(whole, parse, empty_schema(Dialect.POSTGRES))
    return Executed(step, run, HistoryRun(whole, engine.info, (run,)))


def told(one: Executed) -> list[str]:
    return [hit.message.partition("disagree: ")[2] for hit in locks_differ(one)]


def test_what_a_migration_locks_is_what_was_foreseen(embedded: PostgresEngine) -> None:
    one = run_of(
        embedded,
        """
        ALTER TABLE orders ADD COLUMN at timestamptz DEFAULT clock_timestamp(), ALTER COLUMN note TYPE text;
        CREATE INDEX ON orders (at);
        ALTER TABLE users ALTER COLUMN id TYPE numeric;
        ALTER TABLE plain ADD COLUMN size integer;
        ALTER TABLE parts ADD COLUMN token uuid DEFAULT gen_random_uuid();
        TRUNCATE users CASCADE;
        ALTER TABLE orders RENAME TO purchases;
        ALTER TABLE purchases DROP COLUMN buyer;
        CREATE TABLE orders (id integer);
        ALTER TABLE orders ADD COLUMN more integer;
        DO $$ BEGIN
          IF NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'log' AND column_name = 'at') THEN
            ALTER TABLE log ADD COLUMN at timestamp;
          END IF;
        END $$;
        """,
        """
        DROP VIEW names CASCADE;
        DROP TABLE orders;
        ALTER TABLE purchases RENAME TO orders;
        ALTER TABLE orders DROP COLUMN IF EXISTS nothing;
        DROP FUNCTION heavy CASCADE;
        DROP TABLE low;
        DROP TABLE users;
        """,
    )
    assert told(one) == []
    seen = list(compared(one))
    assert len(seen) == 18 and all(each.locks for each in seen)
    assert {name for each in seen for name in each.seen.rewritten} == {"orders", "users", "low"}
    named = {lock.table for each in seen for lock in each.seen.locks if "Exclusive" in lock.mode}
    assert named == {"heir", "known", "log", "low", "orders", "parts", "plain", "purchases", "users"}


CREATE_INDEX = "CREATE INDEX i ON orders (note)"
ADD_KEY = "ALTER TABLE log ADD COLUMN who bigint REFERENCES users"


@pytest.mark.parametrize(
    ("situation", "rows", "text", "words"),
    [
        ("create index", (LockFact(Lock.SHARE_UPDATE_EXCLUSIVE, Work.INDEX),), CREATE_INDEX,
         "on orders SHARE UPDATE EXCLUSIVE was foreseen, SHARE was seen"),
        ("create index", (LockFact(Lock.ACCESS_EXCLUSIVE, Work.INDEX),), CREATE_INDEX,
         "on orders ACCESS EXCLUSIVE was foreseen, SHARE was seen"),
        ("create index", (), CREATE_INDEX, "on orders no lock was foreseen, SHARE was seen"),
        ("create index", (LockFact(Lock.SHARE, versions=(0, 17)), LockFact(Lock.EXCLUSIVE, versions=(18, 99))),
         CREATE_INDEX, "on orders EXCLUSIVE was foreseen, SHARE was seen"),
        ("add column references", (LockFact(Lock.ACCESS_EXCLUSIVE),), ADD_KEY,
         "on users no lock was foreseen, SHARE ROW EXCLUSIVE was seen"),
        ("alter type rewriting", (LockFact(Lock.ACCESS_EXCLUSIVE),), "ALTER TABLE log ALTER line TYPE bytea USING NULL",
         "on log no rewrite was foreseen, a rewrite was seen"),
        ("rename", (LockFact(Lock.ACCESS_EXCLUSIVE, Work.REWRITE),), "ALTER TABLE plain RENAME COLUMN id TO key",
         "on plain a rewrite was foreseen, none was seen"),
    ],
)  # fmt: skip
def test_a_wrong_fact_is_told(
    embedded: PostgresEngine,
    monkeypatch: pytest.MonkeyPatch,
    situation: str,
    rows: tuple[LockFact, ...],
    text: str,
    words: str,
) -> None:
    one = run_of(embedded, f"SELECT 1;\n{text};")
    assert told(one) == []
    monkeypatch.setitem(SITUATIONS, situation, rows)
    assert told(one) == [words]
    for hit in locks_differ(one):
        assert hit.script is not None and hit.script.file.text[slice(*hit.span)] == text
        assert hit.help.startswith("This is a bug in miglint") and hit.evidence == "executed"


def test_a_lock_that_is_held_already_is_not_seen_again(
    embedded: PostgresEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = "ALTER TABLE orders ADD COLUMN c integer;"
    one = run_of(embedded, f"{first} CREATE INDEX i ON orders (c);")
    monkeypatch.setitem(SITUATIONS, "create index", (LockFact(Lock.EXCLUSIVE),))
    # Nobody can say what the second statement asked for: all that is known is that it had as much.
    assert told(one) == []
    monkeypatch.setitem(SITUATIONS, "add column", (LockFact(Lock.SHARE),))
    assert told(one) == ["on orders SHARE was foreseen, ACCESS EXCLUSIVE was seen"]


def test_behind_a_forward_that_failed_nothing_is_compared(
    embedded: PostgresEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = run_of(embedded, f"{CREATE_INDEX};")
    monkeypatch.setitem(SITUATIONS, "create index", ())
    assert told(one)
    failed = executed(embedded, migration("SELECT 1 / 0;"))
    assert told(replace(one, history=replace(one.history, migrations=(failed, one.run)))) == []


def test_a_table_of_which_the_model_is_known_to_err_is_not_compared(
    embedded: PostgresEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = run_of(embedded, f"{CREATE_INDEX};")
    monkeypatch.setitem(SITUATIONS, "create index", ())
    run = replace(one.run, apart=(Change("missing", "table", "orders", Key("relation", "public", "orders")),))
    assert told(one) and not told(replace(one, run=run, history=replace(one.history, migrations=(run,))))


def test_a_rollback_is_compared_too(embedded: PostgresEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    one = run_of(embedded, "CREATE TABLE new (id integer);", "ALTER TABLE new ADD COLUMN c integer; DROP TABLE new;")
    assert told(one) == []
    monkeypatch.setitem(SITUATIONS, "add column", (LockFact(Lock.SHARE),))
    assert told(one) == ["on new SHARE was foreseen, ACCESS EXCLUSIVE was seen"]


def test_what_code_locks_that_nobody_read_is_not_compared(embedded: PostgresEngine) -> None:
    one = run_of(
        embedded,
        "INSERT INTO log VALUES ('x'); SELECT wild(); UPDATE users SET name = 'y' WHERE id = wild();"
        "DO $$ BEGIN EXECUTE format('LOCK TABLE %I', (SELECT 'orders')); END $$;",
    )
    assert told(one) == []
    # Of dynamic SQL nothing is foreseen; what a trigger or a function locks comes on top of what is.
    assert [one.seen.index for one in compared(one)] == [0, 2]
    assert any(lock.table == "plain" for each in compared(one) for lock in each.seen.locks)


def test_locks_of_statements_on_their_own_are_gone_and_their_rewrites_are_not(
    embedded: PostgresEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "CREATE INDEX CONCURRENTLY i ON orders (note); ALTER TABLE plain ALTER COLUMN id TYPE text;"
    one = run_of(embedded, text, transaction=False)
    assert [(each.locks, each.seen.rewritten) for each in compared(one)] == [(False, ()), (False, ("heir", "plain"))]
    assert told(one) == []
    monkeypatch.setitem(SITUATIONS, "create index concurrently", (LockFact(Lock.EXCLUSIVE),))
    monkeypatch.setitem(SITUATIONS, "alter type rewriting", (LockFact(Lock.ACCESS_EXCLUSIVE),))
    assert told(one) == ["on heir no rewrite was foreseen, a rewrite was seen, and 1 more"]


def test_each_rewrite_within_a_transaction_belongs_to_its_statement(embedded: PostgresEngine) -> None:
    one = run_of(
        embedded,
        """
        TRUNCATE log;
        DROP TABLE log;
        ALTER TABLE orders ALTER COLUMN amount TYPE bigint;
        CREATE TABLE fresh (id integer);
        TRUNCATE fresh;
        CREATE INDEX ON ONLY parts (kind);
        ALTER TABLE plain RENAME TO plainer;
        REFRESH MATERIALIZED VIEW known;
        """,
    )
    assert one.run.forward is not None
    statements = one.run.forward.statements
    rewritten = [statement.rewritten for statement in statements]
    assert rewritten == [("log",), (), ("orders",), (), (), (), (), ("known",)]
    assert [statement.invalid for statement in statements if statement.invalid] == [("parts_kind_idx",)]
    assert [[str(lock.mode) for lock in statement.locks] for statement in statements[4:7]] == [
        [], ["ShareLock"], ["AccessExclusiveLock"],
    ]  # fmt: skip


def test_tables_that_dynamic_sql_has_made_are_not_compared(embedded: PostgresEngine) -> None:
    unseen = """
        DO $$ DECLARE at text; BEGIN
          SELECT count(*)::text INTO at FROM log;
          EXECUTE format('CREATE TABLE part_%s PARTITION OF parts FOR VALUES IN (50)', at);
          EXECUTE format('CREATE TABLE heir_%s () INHERITS (plain)', at);
        END $$;
    """
    by_list = BEFORE.replace("PARTITION BY RANGE (kind)", "PARTITION BY LIST (kind)")
    before = by_list.replace("FROM (0) TO (10)", "IN (1)")
    change = "ALTER TABLE parts ADD COLUMN size integer; ALTER TABLE plain ADD COLUMN size numeric DEFAULT random();"
    back = "ALTER TABLE parts DROP COLUMN size; ALTER TABLE plain DROP COLUMN size;"
    one = run_of(embedded, change, back, before=before + unseen)
    assert one.run.forward is not None
    assert any(lock.table == "part_0" for seen in one.run.forward.statements for lock in seen.locks)
    assert told(one) == []
