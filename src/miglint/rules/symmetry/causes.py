"""Which failures of a rollback have a cause of their own, and which follow from an earlier one.

A statement that fails leaves undone what it should have done, so that later ones fail too: drops of tables that are
still referred to, of types that a column still has, indexes on a column that was not added. They are found by running
the rollback as if the first statement had worked. Failures because one and the same object is not there are one.
"""

from __future__ import annotations

from collections.abc import Sequence

from miglint.base.structs import Struct, replace
from miglint.replay.apply import run
from miglint.schema.outcome import OperationOutcome
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Expression, Operation, Statement

# Each cause costs a run of the rollback.
_MOST_CAUSES = 10
# A value that every column can have.
_NULL = Expression("null", "NULL", literal=None)


class Cause(Struct, frozen=True):
    """A failure with a cause of its own; `same` are the later ones because the same object is not there."""

    event: OperationOutcome
    same: tuple[OperationOutcome, ...] = ()


def own_causes(failed: Sequence[OperationOutcome], statements: tuple[Statement, ...], start: Schema) -> list[Cause]:
    """Return the failures of a rollback over `start` that do not follow from an earlier one, in order."""
    causes: list[Cause] = []
    waiting = list(failed)
    while waiting:
        first, *waiting = waiting
        same = tuple(event for event in waiting if _is_same(first, event))
        causes.append(Cause(first, same))
        waiting = [event for event in waiting if event not in same]
        forced = _forced(first)
        if not waiting or forced is None or len(causes) > _MOST_CAUSES:
            continue
        statements = tuple(_with(statement, first.operation, forced) for statement in statements)
        events = run(start, statements, rollback=True, kept=False).events
        failing = {event.operation.span: event for event in events if event.failure is not None}
        waiting = [failing[item.operation.span] for item in waiting if item.operation.span in failing]
    return causes


def _is_same(one: OperationOutcome, other: OperationOutcome) -> bool:
    """Return whether two statements fail because the same object is not there."""
    first, second = one.failure, other.failure
    if first is None or second is None or not first.condition.startswith("undefined_"):
        return False
    return (first.condition, first.key, first.part) == (second.condition, second.key, second.part) and (
        first.key is not None
    )


def _forced(event: OperationOutcome) -> tuple[Operation, ...] | None:
    """Return an operation as one that nothing stands in the way of, or None where there is none."""
    operation = event.operation
    if event.failure is None:
        return None
    match operation:
        case ops.Drop() | ops.DropColumn() | ops.DropConstraint():
            if event.failure.condition != "dependent_objects_still_exist":
                return None
            return (replace(operation, cascade=True),)
        case ops.CreateView(or_replace=True):
            kind = "materialized view" if operation.materialized else "view"
            drop = ops.Drop(span=operation.span, kind=kind, name=operation.name, if_exists=True, cascade=True)
            return drop, operation
        case ops.AlterColumnType():
            return (replace(operation, using=_NULL),)
        case ops.AddColumn() if operation.constraints or operation.column.nullable is False:
            return (replace(operation, column=replace(operation.column, nullable=True), constraints=()),)
        case ops.CreateTable() if operation.constraints:
            return (replace(operation, constraints=()),)
        case _:
            return None


def _with(statement: Statement, old: Operation, new: tuple[Operation, ...]) -> Statement:
    if old not in statement.operations:
        return statement
    changed: list[Operation] = []
    for item in statement.operations:
        changed += new if item is old else (item,)
    return replace(statement, operations=tuple(changed))
