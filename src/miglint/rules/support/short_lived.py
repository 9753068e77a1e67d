"""What a script does to a table that it drops afterwards does not last."""

from __future__ import annotations

from math import inf

from miglint.base.model import Direction
from miglint.base.structs import Struct
from miglint.replay.steps import Step
from miglint.rules.support.scripts import statements_of
from miglint.rules.support.step_cache import cached_by_step
from miglint.sql import operations as ops
from miglint.sql.operations import Name, Operation, flat


class _TableUse(Struct, frozen=True):
    """A statement that drops or reads a table: the name that it is given, and where the statement ends."""

    table: Name
    end: int


class _TableUses(Struct, frozen=True):
    """The drops and reads of a script, by the table's name in lower case; `unknown` statements may read any."""

    drops: dict[str, list[_TableUse]]
    reads: dict[str, list[_TableUse]]
    unknown: list[int]


def dropped_later(step: Step, direction: Direction, operation: Operation, table: Name) -> bool:
    """Return whether a script drops the table behind an operation."""
    return _first(_uses(step, direction).drops, table, operation) < inf


def dropped_unread(step: Step, direction: Direction, operation: Operation, table: Name) -> bool:
    """Return whether a script drops the table behind an operation, and does not read it until then."""
    uses = _uses(step, direction)
    dropped = _first(uses.drops, table, operation)
    if dropped == inf:
        return False
    unknown = next((end for end in uses.unknown if end > operation.span.end), inf)
    return dropped < min(unknown, _first(uses.reads, table, operation))


def _first(uses: dict[str, list[_TableUse]], table: Name, operation: Operation) -> float:
    """Return where the first use of a table behind an operation ends, infinity if there is none."""
    listed = uses.get(table.name.lower(), ())
    return next((use.end for use in listed if use.end > operation.span.end and _is(use.table, table)), inf)


def _is(one: Name, two: Name) -> bool:
    return None in (one.schema, two.schema) or one == two


@cached_by_step
def _uses(step: Step, direction: Direction) -> _TableUses:
    uses = _TableUses({}, {}, [])
    for statement in statements_of(step, direction):
        end = statement.span.end
        for operation in flat(statement.operations):
            if isinstance(operation, ops.Drop) and operation.kind == "table":
                uses.drops.setdefault(operation.name.name.lower(), []).append(_TableUse(operation.name, end))
            if isinstance(operation, ops.Opaque):
                uses.unknown.append(end)
            query = getattr(operation, "query", None)
            for relation in (*getattr(operation, "relations", ()), *(getattr(query, "relations", ()))):
                uses.reads.setdefault(relation.name.lower(), []).append(_TableUse(relation, end))
    return uses
