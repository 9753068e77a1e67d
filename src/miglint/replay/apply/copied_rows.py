"""Rows that `INSERT` copies from known rows of other tables: their keys exist when it runs again."""

from __future__ import annotations

from typing import TypeAlias

from miglint.base.structs import replace
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.row_contents import contents
from miglint.replay.apply.row_values import satisfies
from miglint.schema.objects import Table
from miglint.schema.parts import of_kind
from miglint.sql.operations import Expression, Insert, RowCopy

_Row: TypeAlias = "tuple[Expression | None, ...]"
_NULL = Expression("null", "NULL")


def with_known_rows(machine: Machine, table: Table, operation: Insert) -> Insert:
    """Return a statement with the rows of which it is known that they are inserted, as far as their keys go."""
    if operation.copied is not None:
        rows = _taken(machine, operation.copied)
        return replace(operation, rows=tuple(rows)) if rows else operation
    if not operation.lookups or operation.rows is None:
        return operation
    changed = [list(row) for row in operation.rows]
    names = [machine.column_name(name) for name in operation.columns] or list(table.columns)
    for number, place, copy in operation.lookups:
        if place < len(names):
            changed[number][place] = _looked_up(machine, table, names[place], copy)
    return replace(operation, rows=tuple(map(tuple, changed)))


def _taken(machine: Machine, copy: RowCopy) -> list[_Row]:
    key, found = machine.relation(copy.relation)
    if not isinstance(found, Table):
        return []
    chosen = (row for row in contents(machine, key) if copy.where is None or satisfies(copy.where, row))
    return [tuple(_value(machine, value, row) for value in copy.values) for row in chosen]


def _value(machine: Machine, value: Expression | None, row: dict[str, str | None]) -> Expression | None:
    if value is None or value.literal is not None or not value.columns:
        return value
    name = machine.column_name(value.columns[0])
    if name not in row:
        return None
    text = row[name]
    return _NULL if text is None else Expression(text, text, literal=text)


def _looked_up(machine: Machine, table: Table, column: str, copy: RowCopy) -> Expression | None:
    """Return the value that a sub-query gives: one that is not known is the same each time, but may be NULL."""
    rows = _taken(machine, copy)
    if len(rows) == 1 and rows[0][0] is not None:
        return rows[0][0]
    defined = table.columns.get(column)
    primary = next(iter(of_kind(table.constraints, "primary")), None)
    required = (defined is not None and defined.nullable is False) or (
        primary is not None and column in primary.columns
    )
    value = copy.values[0]
    if not required or value is None or machine.relation(copy.relation)[1] == table:
        return None
    where = "" if copy.where is None else f" where {copy.where.key}"
    text = f"{value.key} of {copy.relation}{where}"
    return Expression(text, text, literal=text)
