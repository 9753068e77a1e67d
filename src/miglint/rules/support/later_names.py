"""What relations and columns are called when their script has ended: where the statements of a later migration go."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from miglint.base.model import Direction
from miglint.replay.steps import Step
from miglint.rules.support.applied_operations import AppliedOperation, applied_operations
from miglint.rules.support.step_cache import cached_by_step
from miglint.schema.objects import Key
from miglint.sql import operations as ops
from miglint.sql.operations import Name

_ByKey = dict[Key, list[AppliedOperation]]


class _Naming(NamedTuple):
    """What a relation is called from an operation on, which `since` numbers."""

    key: Key
    name: Name
    since: int


def name_at_end(step: Step, applied: AppliedOperation, name: Name) -> Name:
    """Return the name that a relation has at the end of the script of an operation that uses it."""
    return _namings(step, applied, name)[-1].name


def column_at_end(step: Step, applied: AppliedOperation, name: Name, column: str) -> str:
    """Return the name that a column has at the end of the script of an operation that uses it."""
    renames = _renamed_columns(step, applied.script.direction)
    namings = _namings(step, applied, name)
    for number, naming in enumerate(namings):
        until = namings[number + 1].since if number + 1 < len(namings) else inf
        for later in renames.get(naming.key, ()):
            operation = later.operation
            if isinstance(operation, ops.RenameColumn) and naming.since < later.place < until:
                column = operation.new if operation.column == column else column
    return column


def _namings(step: Step, applied: AppliedOperation, name: Name) -> list[_Naming]:
    """Return the names that a relation has from an operation to the end of its script."""
    moves = _moves(step, applied.script.direction)
    found = [_Naming(applied.key(name), name, applied.place)]
    while True:
        key, named, since = found[-1]
        later = next((item for item in moves.get(key, ()) if item.place > since), None)
        if later is None:
            return found
        operation = later.operation
        if isinstance(operation, ops.Rename):
            new = key._replace(name=later.folded(operation.new))
            found.append(_Naming(new, Name(named.schema, operation.new), later.place))
        elif isinstance(operation, ops.SetSchema):
            new = key._replace(schema=operation.schema)
            found.append(_Naming(new, Name(operation.schema, named.name), later.place))


@cached_by_step
def _moves(step: Step, direction: Direction) -> _ByKey:
    """Return the operations of a script that rename or move relations, by the relation's key before them."""
    found: _ByKey = {}
    for applied in _done(step, direction):
        operation = applied.operation
        if isinstance(operation, ops.SetSchema) or (isinstance(operation, ops.Rename) and operation.table is None):
            found.setdefault(applied.key(operation.name), []).append(applied)
    return found


@cached_by_step
def _renamed_columns(step: Step, direction: Direction) -> _ByKey:
    """Return the operations of a script that rename columns, by the key of their relation."""
    found: _ByKey = {}
    for applied in _done(step, direction):
        if isinstance(applied.operation, ops.RenameColumn):
            found.setdefault(applied.key(applied.operation.table), []).append(applied)
    return found


def _done(step: Step, direction: Direction) -> list[AppliedOperation]:
    return [
        item for item in applied_operations(step).all if item.script.direction is direction and not item.moment.failed
    ]
