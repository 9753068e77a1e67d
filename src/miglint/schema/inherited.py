"""Constraints and columns that partitions and heirs have since their parents have them."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.schema.depends import relation_key
from miglint.schema.objects import Key, Table
from miglint.schema.value import Schema
from miglint.sql.operations import Constraint


def inherited_from(parent: Table, table: Table, item: Constraint) -> str | None:
    """Return the name of the constraint of a parent that a constraint of a partition or an heir comes from."""
    for label, other in parent.constraints.items():
        same = (other.kind, other.columns, other.expression) == (item.kind, item.columns, item.expression)
        if not same:
            continue
        if item.kind == "check":
            if other.name == item.name and not other.no_inherit:
                return label
        elif table.partition_of is not None:
            return label
    return None


def comes_with_parent(schema: Schema, key: Key, item: Constraint) -> bool:
    """Return whether a partition or heir has a constraint since a parent has it, be it said in the schema or not.

    A parent passes on what it is given later, which its partitions then have by no statement of their own.
    """
    table = schema.table(key)
    if table is None:
        return False
    return any(inherited_from(parent, table, item) is not None for parent in _parents(schema, table))


def is_inherited(schema: Schema, key: Key, column: str) -> bool:
    """Return whether a partition or heir has a column that a parent has."""
    table = schema.table(key)
    return table is not None and any(column in parent.columns for parent in _parents(schema, table))


def _parents(schema: Schema, table: Table) -> Iterator[Table]:
    for name in table.inherits if table.partition_of is None else (table.partition_of,):
        parent = schema.table(relation_key(name, schema.dialect))
        if parent is not None:
            yield parent
