"""What the rules about a dry run say, and leave unsaid."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from miglint.base.model import Migration
from miglint.dryrun.interfaces import Engine
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.results import HistoryRun
from miglint.dryrun.row_checks import documents
from miglint.dryrun.row_steps import run_rows
from miglint.dryrun.sqlite.library import StandardConnection
from miglint.dryrun.steps import Scripts
from miglint.replay.steps import empty_schema, replay
from miglint.rules.definition import Hit
from miglint.rules.execution.disagreements import model_disagrees
from miglint.rules.execution.locks import locks_differ
from miglint.rules.execution.outcomes import Executed, forward_failed
from miglint.sql import parse

from .histories import dry_run_on, history, migration, sqlite_engine


def executed(engine: Engine, *migrations: Migration) -> list[Executed]:
    """Execute and replay a history."""
    whole = history(*migrations)
    runs = HistoryRun(whole, engine.info, tuple(dry_run_on(engine, *migrations)))
    steps = replay(whole, parse, empty_schema(whole.dialect))
    return [Executed(step, run, runs) for step, run in zip(steps, runs.migrations, strict=True)]


def messages(hits: Iterable[Hit]) -> list[str]:
    return [hit.message for hit in hits]


def test_set_transaction_is_the_first_statement_of_a_transaction(embedded: PostgresEngine) -> None:
    text = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; CREATE TABLE IF NOT EXISTS t (id int);"
    (one,) = executed(embedded, migration(text, "SET TRANSACTION READ WRITE; DROP TABLE IF EXISTS t;"))
    assert messages(forward_failed(one)) == []
    assert one.run.verdict.symmetric is True and one.run.verdict.forward_idempotent is True


def test_after_a_forward_that_failed_no_bug_is_reported(embedded: PostgresEngine) -> None:
    first, second, third = executed(
        embedded,
        migration("CREATE TABLE a (id int);", "DROP TABLE a;", name="1"),
        migration("CREATE TABLE b (id int); SELECT 1 / (SELECT count(*) FROM a);", "DROP TABLE b;", name="2"),
        migration("ALTER TABLE b ADD COLUMN x int;", "ALTER TABLE b DROP COLUMN x;", name="3"),
    )
    assert messages(forward_failed(second)) and messages(forward_failed(third))
    assert [messages(model_disagrees(one)) for one in (first, second, third)] == [[], [], []]


def test_conditions_over_rows_foresee_no_locks(embedded: PostgresEngine) -> None:
    _, one = executed(
        embedded,
        migration("CREATE TABLE t (id int); CREATE TABLE u (a int); INSERT INTO t VALUES (1);", "DROP TABLE t, u;"),
        migration(
            """
            DO $$ BEGIN IF EXISTS (SELECT FROM t WHERE id > 5) THEN ALTER TABLE u ADD COLUMN x int; END IF; END $$;
            DO $$ BEGIN IF (SELECT count(*) FROM t) > 0 THEN ALTER TABLE u ALTER a TYPE bigint; END IF; END $$;
            DO $$ DECLARE n int; BEGIN SELECT count(*) INTO n FROM t;
              IF n = 0 THEN ALTER TABLE u ADD COLUMN z int; ELSE ALTER TABLE t ADD COLUMN z int; END IF; END $$;
            """,
            "SELECT 1;",
            name="2",
        ),
    )
    assert one.run.forward is not None and one.run.forward.ok
    assert messages(locks_differ(one)) == []


def test_columns_that_are_used_as_json_are_known() -> None:
    assert documents(
        (
            "UPDATE d SET a = json_set(d.body, '$.x', 1); SELECT json_valid ( \"Meta\" ), json(c) FROM d;",
            "SELECT e->>'x', t.f -> 'y', g::jsonb, CAST(h AS json) FROM t; SELECT '{\"no\": 1}'::jsonb, i::text;",
        )
    ) == {"body", "meta", "c", "e", "f", "g", "h"}


@pytest.mark.parametrize("kind", ["BLOB", "TEXT"])
def test_columns_that_scripts_use_as_json_hold_it_on_sqlite(kind: str) -> None:
    with_json(
        sqlite_engine(StandardConnection),
        f"CREATE TABLE d (id INTEGER PRIMARY KEY, body {kind} NOT NULL);",
        "UPDATE d SET body = json_set(body, '$.a', 1); CREATE INDEX i ON d (json_extract(body, '$.a'));",
    )


def test_columns_that_scripts_use_as_json_hold_it_on_postgres(embedded: PostgresEngine) -> None:
    with_json(
        embedded,
        "CREATE TABLE d (id serial PRIMARY KEY, body text NOT NULL, other varchar(40) UNIQUE);",
        "ALTER TABLE d ADD COLUMN j jsonb; UPDATE d SET j = d.body::jsonb || coalesce(CAST(other AS jsonb), '{}');",
    )


def with_json(engine: Engine, before: str, forward: str) -> None:
    """Run a forward that needs JSON in a table with rows, without and with knowledge of the columns."""
    one = migration(forward, None, dialect=engine.dialect)
    database = engine.create()
    try:
        made = Scripts.of(migration(before, dialect=engine.dialect)).forward
        assert made is not None and database.run(made).ok
        blind, ran = (
            run_rows(Scripts.of(one), database.twin(), database.schema(), 50, 0, known)
            for known in (frozenset[str](), documents((forward,)))
        )
    finally:
        database.drop()
    assert blind.error is not None
    assert ran.error is None and ran.inserted and not ran.unfilled
