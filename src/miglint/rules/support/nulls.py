"""NULLs in a column that becomes NOT NULL: whether the script replaces them, and the statement that does."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Collection, Iterator
from functools import partial

from miglint.base.model import Direction
from miglint.base.structs import Struct
from miglint.replay.steps import Step
from miglint.rules.support.applied_operations import AppliedOperation, effective
from miglint.rules.support.sql_text import ident, literal, qualified
from miglint.rules.support.step_cache import cached_by_step
from miglint.schema.objects import Enum, Index, Key, Table
from miglint.schema.parts import involving
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Column, IndexElement, Name, Type

_VALUES = {
    "bool": "false",
    "date": "CURRENT_DATE",
    "uuid": "gen_random_uuid()",
    **dict.fromkeys(("json", "jsonb"), "'{}'"),
    **dict.fromkeys(("timestamp", "timestamptz"), "now()"),
    **dict.fromkeys(("bpchar", "text", "varchar"), "''"),
    **dict.fromkeys(("float4", "float8", "int2", "int4", "int8", "numeric"), "0"),
}


def is_filled(step: Step, before: AppliedOperation, table: Name, column: str) -> bool:
    """Return whether the script gives a column of a table values before an operation."""
    place = _column_changes(step).filled.get((before.script.direction, before.key(table), before.folded(column)))
    return place is not None and place < before.place


def becoming_not_null(step: Step) -> Iterator[tuple[AppliedOperation, Name, str]]:
    """Yield the columns of tables that a forward makes NOT NULL, with the operation that does."""
    for applied, change in effective(step, ops.SetNullable, forward_only=True):
        if not change.nullable and change.kind == "table":
            yield applied, change.table, change.column
    for applied, adding in effective(step, ops.AddConstraint, forward_only=True):
        added = adding.constraint
        if added.kind == "not_null" and added.validated and added.columns:
            yield applied, adding.table, added.columns[0]


def added_before(step: Step, before: AppliedOperation, table: Name, column: str) -> AppliedOperation | None:
    """Return the operation by which the forward added a column, where nothing since may have given it values."""
    changes = _column_changes(step)
    adding = changes.added.get((before.key(table), before.folded(column)))
    if adding is None or adding.place > before.place or is_filled(step, before, table, column):
        return None
    since = bisect(changes.unseen, adding.place)
    return None if since < len(changes.unseen) and changes.unseen[since] < before.place else adding


class _ColumnChanges(Struct, frozen=True):
    """Where columns are first updated, where the forward adds them, and where statements of unknown effect run."""

    filled: dict[tuple[Direction, Key, str], int]
    added: dict[tuple[Key, str], AppliedOperation]
    unseen: list[int]


@cached_by_step
def _column_changes(step: Step) -> _ColumnChanges:
    found = _ColumnChanges({}, {}, [])
    for applied, update in effective(step, ops.Update):
        key = applied.key(update.table)
        for name, _ in update.assignments:
            found.filled.setdefault((applied.script.direction, key, applied.folded(name)), applied.place)
    for applied, adding in effective(step, ops.AddColumn, forward_only=True):
        found.added[applied.key(adding.table), applied.folded(adding.column.name)] = applied
    for kind in (ops.Select, ops.OtherData, ops.Opaque):
        found.unseen.extend(applied.place for applied, _ in effective(step, kind, forward_only=True))
    found.unseen.sort()
    return found


def fill(applied: AppliedOperation, table: Name, column: str, later_table: Name, later_column: str) -> str:
    """Return the statement that replaces the NULLs of a column; its value is `...` where none is right for sure.

    The later names are those at which the statement runs.
    """
    own = applied.table(table)
    value = None if own is None else _value(applied.before, applied.key(table), own, applied.folded(column))
    name = ident(later_column)
    return f"UPDATE {qualified(later_table)} SET {name} = {value or '...'} WHERE {name} IS NULL;"


def _value(schema: Schema, key: Key, table: Table, name: str) -> str | None:
    column = table.columns.get(name)
    if column is None or column.type is None or column.generated is not None or column.identity is not None:
        return None
    # A value that many rows have is none for a key, and what a check or a reference takes is not known.
    if involving(table.constraints, name) or schema.any_index(key, name, partial(_is_unique, name)):
        return None
    return _default(column) or _neutral(schema, column.type)


def _is_unique(column: str, index: Index) -> bool:
    named = {name for element in index.elements for name in _columns(element)}
    return index.unique and column in named


def _columns(element: IndexElement) -> Collection[str]:
    if element.column is not None:
        return (element.column,)
    return () if element.expression is None else element.expression.columns


def _default(column: Column) -> str | None:
    default = column.default
    return None if default is None or default.key == "null" or "`" in default.text else default.text


def _neutral(schema: Schema, kind: Type) -> str | None:
    if kind.dimensions:
        return "'{}'"
    if kind.schema is None:
        return _VALUES.get(kind.name)
    found = schema.find(Key("type", kind.schema, kind.name))
    return literal(found.labels[0]) if isinstance(found, Enum) and found.labels and not found.assumed else None
