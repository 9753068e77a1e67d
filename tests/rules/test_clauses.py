"""The small parts that all rules are made of."""

from __future__ import annotations

import pytest

from miglint.base.model import Dialect, Direction, Migration, Script, SourceFile, Span
from miglint.fixes.edits import with_edits
from miglint.replay.steps import replay_one
from miglint.rules.data.copies import narrows
from miglint.rules.idempotency.guard_words import guard_of
from miglint.rules.idempotency.second_run import clause, code_of
from miglint.rules.idempotency.second_run_failure import SecondRunFailure
from miglint.rules.support.reporting import first_text
from miglint.rules.support.sql_text import ident, literal, qualified
from miglint.schema.outcome import Failure, OperationOutcome
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql import parse, postgres
from miglint.sql.operations import Name, Operation, Type


def script(text: str, span: Span | None = None) -> Script:
    return Script(SourceFile("a.sql", text), span or Span(0, len(text)), Direction.FORWARD, Dialect.POSTGRES)


def again(text: str) -> SecondRunFailure:
    """Take the first operation of a text for one that fails when it runs again."""
    source = script(text)
    statement = postgres.parse(text)[0]
    operation = statement.operations[0]
    gone = {ops.DropColumn: "undefined_column"} | dict.fromkeys(
        (ops.Drop, ops.DropConstraint, ops.Rename, ops.RenameColumn), "undefined_object"
    )
    failure = Failure(gone.get(type(operation), "duplicate_object"), "it is gone, or there")
    step = replay_one(Migration("1", "a", Dialect.POSTGRES, source, None), parse, Schema(Dialect.POSTGRES))
    outcome = OperationOutcome(statement, operation, step.before, failure)
    return SecondRunFailure(step, source, outcome, operation, failure)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("users", "users"),
        ("Users", '"Users"'),
        ("order", '"order"'),
        ("a b", '"a b"'),
        ('a"b', '"a""b"'),
        ("1a", '"1a"'),
    ],
)
def test_a_name_is_quoted_where_the_engine_would_read_another(name: str, written: str) -> None:
    assert ident(name) == written
    assert qualified(Name("s", name)) == f"s.{written}"


def test_a_literal_keeps_its_quotes() -> None:
    assert literal("it's") == "'it''s'"


def test_the_first_text_of_a_script_is_its_first_line_that_is_not_blank() -> None:
    text = "one\n\n  two three\nfour\n"
    assert first_text(script(text, Span(4, len(text)))) == Span(7, 16)
    assert first_text(script(text, Span(4, 5))) == Span(5, 5)


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("CREATE TABLE a (b int)", "CREATE TABLE IF NOT EXISTS a (b int)"),
        ("create  unlogged\ntable a (b int)", "create  unlogged\ntable IF NOT EXISTS a (b int)"),
        ("CREATE TABLE local (b int)", "CREATE TABLE IF NOT EXISTS local (b int)"),
        ("CREATE UNIQUE INDEX CONCURRENTLY i ON a (b)", "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON a (b)"),
        ("ALTER TABLE a ADD b int", "ALTER TABLE a ADD IF NOT EXISTS b int"),
        ("ALTER TABLE a ADD COLUMN b int", "ALTER TABLE a ADD COLUMN IF NOT EXISTS b int"),
        ("ALTER TABLE a DROP COLUMN b", "ALTER TABLE a DROP COLUMN IF EXISTS b"),
        ("ALTER TABLE a DROP CONSTRAINT b", "ALTER TABLE a DROP CONSTRAINT IF EXISTS b"),
        ("DROP TABLE a, b", "DROP TABLE IF EXISTS a, b"),
        ("DROP MATERIALIZED VIEW a", "DROP MATERIALIZED VIEW IF EXISTS a"),
        ("DROP INDEX CONCURRENTLY a", "DROP INDEX CONCURRENTLY IF EXISTS a"),
        ("ALTER TYPE m ADD VALUE 'add value'", "ALTER TYPE m ADD VALUE IF NOT EXISTS 'add value'"),
        ("CREATE VIEW a AS SELECT 1", "CREATE OR REPLACE VIEW a AS SELECT 1"),
        ("ALTER TABLE a RENAME TO b", "ALTER TABLE IF EXISTS a RENAME TO b"),
        ("CREATE /* big */ TABLE a (b int)", "CREATE /* big */ TABLE IF NOT EXISTS a (b int)"),
        # Where no guard exists, nothing is offered.
        ("CREATE INDEX ON a (b)", None),
        ("ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0)", None),
        ("ALTER TABLE a RENAME COLUMN b TO c", None),
        ("SELECT b INTO a FROM c", None),
    ],
)
def test_a_guard_is_inserted_where_it_belongs(text: str, fixed: str | None) -> None:
    guard = guard_of(again(text))
    if fixed is None:
        assert guard is None
        return
    assert guard is not None
    assert with_edits(text, [guard.edit]) == fixed


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("ALTER TABLE a ADD CONSTRAINT c\n    CHECK (b > 0)", "ADD CONSTRAINT c CHECK (b > 0)"),
        ("ALTER TABLE a ADD CONSTRAINT c CHECK (b <> 'x\ny')", "..."),
        ("ALTER TABLE a ADD CONSTRAINT c -- why\n CHECK (b > 0)", "..."),
    ],
)
def test_a_clause_is_quoted_on_one_line_only_where_that_is_faithful(text: str, written: str) -> None:
    assert clause(again(text)) == written


@pytest.mark.parametrize(
    ("operation", "condition", "code"),
    [
        (
            ops.Drop(span=Span(0, 0), kind="trigger", name=Name(None, "a"), table=Name(None, "t")),
            "undefined_table",
            "IDM028",
        ),
        (ops.Drop(span=Span(0, 0), kind="table", name=Name(None, "a")), "dependent_objects_still_exist", "IDM053"),
        (ops.Drop(span=Span(0, 0), kind="statistics", name=Name(None, "a")), "undefined_object", "IDM033"),
        (ops.DropColumn(span=Span(0, 0), table=Name(None, "a"), column="b"), "undefined_table", "IDM050"),
        (ops.DropColumn(span=Span(0, 0), table=Name(None, "a"), column="b"), "undefined_column", "IDM021"),
        (ops.Rename(span=Span(0, 0), kind="view", name=Name(None, "a"), new="b"), "duplicate_table", "IDM046"),
        (ops.Insert(span=Span(0, 0), table=Name(None, "a")), "undefined_table", "IDM050"),
        (ops.Raise(span=Span(0, 0), message="no"), "raise_exception", "IDM053"),
    ],
)
def test_each_failure_belongs_to_one_rule(operation: Operation, condition: str, code: str) -> None:
    assert code_of(operation, condition) == code


@pytest.mark.parametrize(
    ("old", "new", "answer"),
    [
        (Type("int8"), Type("int4"), True),
        (Type("int4"), Type("int8"), False),
        (Type("text"), Type("varchar", ("40",)), True),
        (Type("varchar", ("40",)), Type("varchar", ("20",)), True),
        (Type("varchar", ("20",)), Type("varchar", ("40",)), False),
        (Type("varchar", ("20",)), Type("text"), False),
        (Type("text"), Type("int4"), True),
        (Type("text"), Type("jsonb"), False),
        (Type("timestamptz"), Type("date"), True),
        (Type("float8"), Type("int8"), True),
        (Type("numeric", ("10", "2")), Type("numeric", ("5", "2")), True),
        (Type("int4", dimensions=1), Type("int2", dimensions=1), False),
        (None, Type("int4"), False),
    ],
)
def test_a_type_narrows_when_some_value_does_not_fit(old: Type | None, new: Type, answer: bool) -> None:
    assert narrows(old, new) is answer
