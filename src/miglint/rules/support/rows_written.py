"""Which tables a script has filled or emptied by the time of an operation, found without looking at all before it."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict

from miglint.base.model import Direction
from miglint.base.structs import Struct
from miglint.replay.steps import Step
from miglint.rules.support.applied_operations import AppliedOperation, applied_operations
from miglint.rules.support.step_cache import cached_by_step
from miglint.schema.objects import Key
from miglint.sql import operations as ops
from miglint.sql.operations import Name


class _States(Struct, frozen=True):
    """What came of a table's rows, by the numbers of the operations after which it was so, in order."""

    numbers: list[int]
    states: list[bool | None]

    def add(self, number: int, state: bool | None) -> None:
        self.numbers.append(number)
        self.states.append(state)

    def last(self, number: int) -> tuple[int, bool | None]:
        """Return what was so before an operation, and after which one it came to be so."""
        place = bisect_left(self.numbers, number) - 1
        return (self.numbers[place], self.states[place]) if place >= 0 else (-1, None)


_Place = tuple[Direction, Key]


def filled_here(step: Step, applied: AppliedOperation, table: Name) -> bool:
    """Return whether the script put rows into a table before an operation, and left them there."""
    key, direction = applied.key(table), applied.script.direction
    written, made = _written(step)
    one = written[direction, key].last(applied.number) if (direction, key) in written else (-1, False)
    copied = made.get((direction, key.name.lower()))
    two = (-1, False) if copied is None else copied.last(applied.number)
    return bool(max(one, two, key=_first)[1])


def _first(state: tuple[int, bool | None]) -> int:
    return state[0]


@cached_by_step
def _written(step: Step) -> tuple[dict[_Place, _States], dict[tuple[Direction, str], _States]]:
    """Return when tables were filled and emptied, by key, and by name when they were made with rows.

    Cached by identity of the step.
    """
    written: dict[_Place, _States] = defaultdict(_no_states)
    made: dict[tuple[Direction, str], _States] = defaultdict(_no_states)
    for applied in applied_operations(step).all:
        if applied.idle:
            continue
        direction, number = applied.script.direction, applied.number
        match applied.operation:
            case ops.CreateTable() as table if table.query is not None and table.with_data:
                made[direction, table.name.name.lower()].add(number, True)
            case ops.Insert() as insert:
                written[direction, applied.key(insert.table)].add(number, True)
            case ops.OtherData() as data if data.table is not None:
                written[direction, applied.key(data.table)].add(number, True)
            case ops.Truncate() as emptied:
                written[direction, applied.key(emptied.table)].add(number, False)
            case ops.Delete() as emptied if emptied.where is None:
                written[direction, applied.key(emptied.table)].add(number, False)
    return written, made


def _no_states() -> _States:
    return _States([], [])


def rows_before(step: Step, applied: AppliedOperation, table: Name) -> bool | None:
    """Return whether the script put rows into a table before an operation, or removed all of them; None for neither."""
    states = _rows(step, applied.fresh(table)).get((applied.script.direction, applied.key(table)))
    return None if states is None else states.last(applied.number)[1]


@cached_by_step
def _rows(step: Step, fresh: bool) -> dict[_Place, _States]:
    """Return when tables had rows for sure and when none. Of a `fresh` table any removal takes all. Cached as above."""
    found: dict[_Place, _States] = defaultdict(_no_states)
    for applied in applied_operations(step).all:
        operation = applied.operation
        if not isinstance(operation, (ops.Insert, ops.Delete, ops.Truncate)) or applied.idle:
            continue
        states = found[applied.script.direction, applied.key(operation.table)]
        if isinstance(operation, ops.Insert):
            before = states.states[-1] if states.states else None
            states.add(applied.number, True if operation.rows else before or None)
        elif fresh or isinstance(operation, ops.Truncate) or operation.where is None:
            states.add(applied.number, False)
    return found


def was_read_before(step: Step, applied: AppliedOperation, name: Name) -> bool:
    """Return whether something before an operation can have read a table, or has passed it on."""
    first = _reads(step)
    direction = applied.script.direction
    return min(first.get((direction, word), applied.number) for word in (name.name.lower(), _ANY)) < applied.number


# What may have read any table.
_ANY = None


@cached_by_step
def _reads(step: Step) -> dict[tuple[Direction, str | None], int]:
    """Return the number of the first operation that reads a table, by its name in small letters. Cached as above."""
    first: dict[tuple[Direction, str | None], int] = {}
    for applied in applied_operations(step).all:
        operation, direction = applied.operation, applied.script.direction
        if isinstance(operation, (ops.Opaque, ops.AttachPartition, ops.Rename, ops.SetSchema)):
            first.setdefault((direction, _ANY), applied.number)
        query = getattr(operation, "query", None)
        for one in (*getattr(operation, "relations", ()), *(query.relations if query is not None else ())):
            first.setdefault((direction, one.name.lower()), applied.number)
    return first
