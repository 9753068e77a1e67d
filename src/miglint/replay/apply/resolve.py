"""Whose the columns are that conditions and queries mention: resolved over the relations that are known."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.replay.apply.machine import Machine
from miglint.schema.objects import Key, Table, View
from miglint.sql.operations import NO_MENTIONS, ColumnUse, Mentions, Name


def resolved_mentions(machine: Machine, written: Mentions, own: Key | None) -> Mentions:
    """Return mentions with full names, their columns given to the relations that have them.

    Inside a query a name may be that of a column of the `own` table around it.
    """
    if written is NO_MENTIONS:
        return written
    columns = dict.fromkeys(written.columns)
    relations = tuple(machine.full(name) for name in written.relations if not machine.foreign(name))
    uses: list[ColumnUse] = []
    for use in resolved_uses(machine, written.uses, relations):
        if own is not None and _has(machine, own, use.column) and not _may_have(machine, use):
            columns[use.column] = None
        else:
            uses.append(use)
    return Mentions(
        tuple(columns),
        tuple(uses),
        tuple(machine.full(name) for name in written.stars),
        relations,
        tuple(machine.function_name(name) for name in written.functions),
        tuple(machine.type_name(name) for name in written.types),
    )


def resolved_uses(machine: Machine, uses: Iterable[ColumnUse], relations: tuple[Name, ...]) -> list[ColumnUse]:
    """Return uses with full names; an open one is the column of the only relation that has one of that name."""
    found = []
    for use in uses:
        if use.relation is not None:
            found.append(use._replace(relation=machine.full(use.relation)))
            continue
        having = [name for name in relations if _may_have(machine, ColumnUse(name, use.column))]
        found.append(ColumnUse(having[0], use.column) if len(having) == 1 else use)
    return found


def _may_have(machine: Machine, use: ColumnUse) -> bool:
    """Whether a relation has a column, or is not known not to have it."""
    if use.relation is None:
        return False
    value = machine.schema.find(machine.key(use.relation))
    if isinstance(value, Table):
        return value.assumed or value.kind != "table" or use.column in value.columns
    return not isinstance(value, View) or value.columns is None or use.column in value.columns


def _has(machine: Machine, key: Key, column: str) -> bool:
    value = machine.schema.find(key)
    if isinstance(value, Table):
        return column in value.columns
    return isinstance(value, View) and column in (value.columns or ())
