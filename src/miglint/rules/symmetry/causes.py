"""Which failures of a rollback have a cause of their own, and which follow from an earlier one.

A drop that fails leaves what it should have removed, so that later drops fail too: of tables that are still referred
to, of functions that triggers still call. They are found by running the rollback as if the first drop had worked.
"""

from __future__ import annotations

from collections.abc import Sequence

from miglint.base.structs import replace
from miglint.replay.apply import run
from miglint.schema.outcome import OperationOutcome
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Operation, Statement

# Each cause costs a run of the rollback.
_MOST_CAUSES = 10


def own_causes(
    failed: Sequence[OperationOutcome], statements: tuple[Statement, ...], start: Schema
) -> list[OperationOutcome]:
    """Return the failures of a rollback over `start` that do not follow from an earlier one, in order."""
    causes: list[OperationOutcome] = []
    waiting = list(failed)
    while waiting:
        cause, *waiting = waiting
        causes.append(cause)
        forced = _forced(cause)
        if not waiting or forced is None or len(causes) > _MOST_CAUSES:
            continue
        statements = tuple(_with(statement, cause.operation, forced) for statement in statements)
        events = run(start, statements, rollback=True, kept=False).events
        failing = {event.operation.span: event for event in events if event.failure is not None}
        waiting = [failing[item.operation.span] for item in waiting if item.operation.span in failing]
    return causes


def _forced(event: OperationOutcome) -> Operation | None:
    """Return a drop as if nothing depended on the object, or None for other failures."""
    operation = event.operation
    if event.failure is None or event.failure.condition != "dependent_objects_still_exist":
        return None
    if isinstance(operation, (ops.Drop, ops.DropColumn, ops.DropConstraint)):
        return replace(operation, cascade=True)
    return None


def _with(statement: Statement, old: Operation, new: Operation) -> Statement:
    if old not in statement.operations:
        return statement
    return replace(statement, operations=tuple(new if item is old else item for item in statement.operations))
