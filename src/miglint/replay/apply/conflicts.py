"""`ON CONFLICT`: the unique index that it needs, which must be over just what it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from miglint.replay.apply.machine import Machine
from miglint.schema.objects import Index, Key, Table
from miglint.schema.sameness import loose
from miglint.sql.operations import Constraint, Expression, Insert

_NO_MATCH = "there is no unique or exclusion constraint matching the ON CONFLICT specification"
_NO_MATCH_SQLITE = "ON CONFLICT clause does not match any PRIMARY KEY or UNIQUE constraint"
_ROWID = frozenset({"rowid", "oid", "_rowid_"})
_NO_TARGET = "ON CONFLICT DO UPDATE requires inference specification or constraint name"
_DEFERRABLE = "ON CONFLICT does not support deferrable unique constraints/exclusion constraints as arbiters"


def check_conflict(machine: Machine, key: Key, table: Table, operation: Insert) -> None:
    """Raise the error for a target of `ON CONFLICT` that no unique index of the table fits."""
    if table.assumed or table.kind != "table":
        return
    if operation.conflict_constraint is not None:
        _check_constraint(machine, key, table, operation.conflict_constraint, update=operation.conflict == "update")
    if machine.postgres and _lacks_target(operation):
        raise machine.refuse("syntax_error", _NO_TARGET, key)
    if not operation.conflict_columns:
        return
    wanted = frozenset(_folded(machine, name) for name in operation.conflict_columns)
    if _is_rowid(machine, table, wanted):
        return
    matching = _matching(machine, key, table, operation, wanted)
    if any(constraint is None or not constraint.deferrable for constraint in matching):
        _refuse_twice(machine, key, table, operation)
        return
    if matching:
        raise machine.refuse("object_not_in_prerequisite_state", _DEFERRABLE, key)
    message = _NO_MATCH if machine.postgres else _NO_MATCH_SQLITE
    raise machine.refuse("invalid_column_reference", message, key)


def _is_rowid(machine: Machine, table: Table, columns: frozenset[str]) -> bool:
    return not machine.postgres and not table.without_rowid and columns <= _ROWID


def _lacks_target(operation: Insert) -> bool:
    """Return whether a DO UPDATE does not say for which conflicts it is."""
    return operation.conflict == "update" and not operation.conflict_columns and operation.conflict_constraint is None


def _matching(
    machine: Machine, key: Key, table: Table, operation: Insert, wanted: frozenset[str]
) -> list[Constraint | None]:
    """Return the unique indexes over some columns that an `ON CONFLICT` may mean: their constraints, or None."""
    return [
        constraint
        for keys, constraint, where in _unique(machine, key, table)
        if keys == wanted and (where is None or _is_implied(where, operation.conflict_where))
    ]


def _check_constraint(machine: Machine, key: Key, table: Table, name: str, *, update: bool) -> None:
    constraint = table.constraints.get(name)
    if constraint is None or constraint.kind not in ("primary", "unique", "exclude"):
        message = f'constraint "{name}" for table "{table.name.name}" does not exist'
        raise machine.refuse("undefined_object", message, key, name)
    if constraint.kind == "exclude" and update:
        message = "ON CONFLICT DO UPDATE not supported with exclusion constraints"
        raise machine.refuse("wrong_object_type", message, key, name)
    if constraint.deferrable:
        raise machine.refuse("object_not_in_prerequisite_state", _DEFERRABLE, key, name)


def _folded(machine: Machine, name: str) -> str:
    return loose(name) if machine.postgres else name.lower()


def _is_implied(where: Expression, given: Expression | None) -> bool:
    """Whether the condition of a partial index may follow from that of `ON CONFLICT`: it does not from its opposite."""
    if given is None:
        return False
    one, other = loose(where.key), loose(given.key)
    if one == other:
        return True
    opposites = {f"( not {one} )", one.removeprefix("( not ").removesuffix(" )")}
    for word, opposite in ((" is null )", " is not null )"), (" is not null )", " is null )")):
        if one.endswith(word):
            opposites.add(one.removesuffix(word) + opposite)
    return other not in opposites


def _constants(row: Sequence[Expression | None], places: Iterable[int]) -> tuple[str, ...] | None:
    """Return the constants of a row at some places; None if another value is among them."""
    values = [row[place] if place < len(row) else None for place in places]
    found = [value.literal for value in values if value is not None and value.literal is not None]
    return tuple(found) if len(found) == len(values) else None


def _refuse_twice(machine: Machine, key: Key, table: Table, operation: Insert) -> None:
    """Raise the error for two rows of one key, of which `DO UPDATE` would change the first again."""
    if operation.conflict != "update" or not machine.postgres or not operation.rows:
        return
    names = list(operation.columns) or list(table.columns)
    places = [names.index(name) for name in operation.conflict_columns if name in names]
    if len(places) != len(operation.conflict_columns):
        return
    seen: set[tuple[str, ...]] = set()
    for row in operation.rows:
        found = _constants(row, places)
        if found is None:
            continue
        if found in seen:
            message = "ON CONFLICT DO UPDATE command cannot affect row a second time"
            raise machine.refuse("cardinality_violation", message, key)
        seen.add(found)


def _unique(
    machine: Machine, key: Key, table: Table
) -> Iterator[tuple[frozenset[str], Constraint | None, Expression | None]]:
    """Yield what each unique index is over, with its constraint, and the condition where it is of some rows only."""
    for constraint in table.constraints.values():
        if constraint.kind in ("primary", "unique"):
            yield frozenset(_folded(machine, name) for name in constraint.columns), constraint, None
    for _, index in machine.indexes(key):
        if index.unique and index.constraint is None:
            yield _keys(machine, index), None, index.where


def _keys(machine: Machine, index: Index) -> frozenset[str]:
    keys = (
        element.column if element.column is not None else element.expression.key if element.expression else ""
        for element in index.elements
    )
    return frozenset(_folded(machine, name) for name in keys)
