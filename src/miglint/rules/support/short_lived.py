"""What a script does to a table that it drops afterwards does not last."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.model import Direction
from miglint.replay.steps import Step
from miglint.rules.support.scripts import statements_of
from miglint.sql import operations as ops
from miglint.sql.operations import Name, Operation, flat


def dropped_later(step: Step, direction: Direction, operation: Operation, table: Name) -> bool:
    """Return whether a script drops the table behind an operation."""
    return any(_drops(later, table) for later in _behind(step, direction, operation))


def dropped_unread(step: Step, direction: Direction, operation: Operation, table: Name) -> bool:
    """Return whether a script drops the table behind an operation, and does not read it until then."""
    for later in _behind(step, direction, operation):
        if _drops(later, table):
            return True
        if _reads(later, table):
            return False
    return False


def _behind(step: Step, direction: Direction, operation: Operation) -> Iterator[Operation]:
    for statement in statements_of(step, direction):
        if statement.span.end > operation.span.end:
            yield from flat(statement.operations)


def _is(one: Name, two: Name) -> bool:
    return (one.name.lower() == two.name.lower() and None in (one.schema, two.schema)) or one == two


def _drops(operation: Operation, table: Name) -> bool:
    return isinstance(operation, ops.Drop) and operation.kind == "table" and _is(operation.name, table)


def _reads(operation: Operation, table: Name) -> bool:
    query = getattr(operation, "query", None)
    relations = (*getattr(operation, "relations", ()), *(getattr(query, "relations", ())))
    return isinstance(operation, ops.Opaque) or any(_is(relation, table) for relation in relations)
