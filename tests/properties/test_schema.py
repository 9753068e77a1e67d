"""What holds for every schema and every change of one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miglint.base.model import Dialect
from miglint.replay.apply import run
from miglint.replay.steps import empty_schema, replay_one
from miglint.schema.diff import diff
from miglint.sql import operations as ops
from miglint.sql import parse
from miglint.sql.operations import Operation, Statement

from .scripts import BASE, migration, pairs, script, statements

DIALECTS = [Dialect.POSTGRES, Dialect.SQLITE]


def made(text: str, dialect: Dialect):
    return run(empty_schema(dialect, closed=True), parse(script(text, dialect=dialect))).schema


@pytest.mark.parametrize("dialect", DIALECTS)
@given(data=st.data())
def test_a_schema_does_not_differ_from_itself_nor_from_one_made_alike(dialect, data):
    text = ";\n".join(data.draw(st.lists(statements(dialect), max_size=12)))
    one, two = made(text, dialect), made(text, dialect)
    assert diff(one, one) == ()
    assert diff(one, two) == ()


@pytest.mark.parametrize("dialect", DIALECTS)
@given(data=st.data())
def test_a_rollback_that_undoes_each_statement_is_symmetric(dialect, data):
    forward, rollback = data.draw(pairs(dialect))
    base = made(BASE, dialect)
    step = replay_one(migration(forward, rollback, dialect), parse, base)
    assert [event.failure for event in step.forward.events if event.failure] == []
    assert step.rollback is not None
    assert [event.failure for event in step.rollback.events if event.failure] == []
    assert [change for change in diff(base, step.rollback.schema) if change.counts] == []
    assert step.verdict.symmetric is True


@pytest.mark.parametrize("dialect", DIALECTS)
@given(data=st.data())
def test_a_forward_without_its_rollback_is_not_symmetric(dialect, data):
    forward, _ = data.draw(pairs(dialect).filter(lambda pair: "COMMENT" not in pair[0] and "DEFAULT" not in pair[0]))
    step = replay_one(migration(forward, "SELECT 1;", dialect), parse, made(BASE, dialect))
    assert step.verdict.symmetric is False


def inverse(operation: Operation) -> Operation | None:
    """Return the operation that takes another one back, built as a value."""
    span = operation.span
    match operation:
        case ops.CreateTable():
            return ops.Drop(span=span, kind="table", name=operation.name)
        case ops.CreateIndex() if operation.name is not None:
            return ops.Drop(span=span, kind="index", name=ops.Name(None, operation.name))
        case ops.CreateView():
            return ops.Drop(span=span, kind="view", name=operation.name)
        case ops.CreateSequence():
            return ops.Drop(span=span, kind="sequence", name=operation.name)
        case ops.CreateType():
            return ops.Drop(span=span, kind="type", name=operation.name)
        case ops.AddColumn():
            return ops.DropColumn(span=span, table=operation.table, column=operation.column.name)
        case ops.AddConstraint() if operation.constraint.name is not None:
            return ops.DropConstraint(span=span, table=operation.table, constraint=operation.constraint.name)
        case ops.Rename():
            old, new = operation.name, operation.new
            return ops.Rename(span=span, kind=operation.kind, name=ops.Name(old.schema, new), new=old.name)
        case ops.RenameColumn():
            return ops.RenameColumn(span=span, table=operation.table, column=operation.new, new=operation.column)
        case ops.SetNullable():
            return ops.SetNullable(
                span=span, table=operation.table, column=operation.column, nullable=not operation.nullable
            )
        case _:
            return None


@pytest.mark.parametrize("dialect", DIALECTS)
@given(data=st.data())
def test_inverse_operations_give_back_the_schema(dialect, data):
    forward, _ = data.draw(pairs(dialect))
    base = made(BASE, dialect)
    statements_ = [
        statement
        for statement in parse(script(forward, dialect=dialect))
        if all(inverse(operation) is not None for operation in statement.operations)
    ]
    there = run(base, statements_)
    # What depends on a statement that was left out fails with it.
    failed = {event.statement.span for event in there.events if event.failure is not None}
    kept = [statement for statement in statements_ if statement.span not in failed]
    back = [
        Statement(one.span, one.kind, tuple(filter(None, map(inverse, reversed(one.operations)))))
        for one in reversed(kept)
    ]
    home = run(run(base, kept).schema, back)
    assert [event.failure for event in home.events if event.failure] == []
    assert [change for change in diff(base, home.schema) if change.counts] == []
