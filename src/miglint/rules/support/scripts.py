"""The scripts, statements and operations of a step, and whether they can change anything."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.model import Dialect, Direction, Script
from miglint.locks.volatility import CALM
from miglint.replay.steps import Step
from miglint.rules.support.step_cache import cached_by_step
from miglint.sql import operations as ops
from miglint.sql.operations import Operation, Statement, flat

ENGINE = {Dialect.POSTGRES: "PostgreSQL", Dialect.SQLITE: "SQLite"}


def script_of(step: Step, direction: Direction) -> Script | None:
    """Return the step's script of that direction."""
    return step.migration.forward if direction is Direction.FORWARD else step.migration.rollback


def statements_of(step: Step, direction: Direction) -> tuple[Statement, ...]:
    """Return the statements of the step's script of that direction."""
    return step.forward_statements if direction is Direction.FORWARD else step.rollback_statements


def scripts_of(step: Step) -> Iterator[tuple[Script, tuple[Statement, ...]]]:
    """Yield the scripts of a step that hold any statement, each with its statements."""
    migration = step.migration
    if migration.forward is not None and step.forward_statements:
        yield migration.forward, step.forward_statements
    if migration.rollback is not None and step.rollback_statements:
        yield migration.rollback, step.rollback_statements


_IDLE = frozenset({ops.Transaction, ops.SetVariable, ops.Pragma, ops.Maintenance})


@cached_by_step
def operations_of(step: Step) -> tuple[tuple[Script, Statement, Operation], ...]:
    """Return all operations of a step, those inside blocks as well. Cached by identity of the step."""
    return tuple(
        (script, statement, operation)
        for script, statements in scripts_of(step)
        for statement in statements
        for operation in flat(statement.operations)
    )


def can_change(operation: Operation) -> bool:
    """Return whether an operation can change a schema or rows; session settings and plain queries cannot.

    A query can when it calls a function other than those of the server that change nothing.
    """
    if isinstance(operation, ops.Select):
        return any(call.name.schema is not None or call.name.name not in CALM for call in operation.called)
    return type(operation) not in _IDLE


def was_read(step: Step) -> bool:
    """Return whether both scripts could be read entirely: otherwise what the pair does is not known."""
    for script in (step.migration.forward, step.migration.rollback):
        if script is not None and script.file.error is not None:
            return False
    return all(statement.problem is None for statement in (*step.forward_statements, *step.rollback_statements))


def does_anything(statements: tuple[Statement, ...]) -> bool:
    """Return whether a script holds a statement that can change a schema or rows, or one that could not be read."""
    return any(item.problem is not None or any(map(can_change, flat(item.operations))) for item in statements)
