"""Inheritance: what a partition or an inheriting table has from its parents, and what it says itself."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.structs import Struct
from miglint.schema.inherited import inherited_from
from miglint.schema.objects import Key, Table
from miglint.schema.sameness import same_default
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Constraint


class RestatedColumn(Struct, frozen=True):
    """An inherited column with another default than its parent's, or none (`shadows`), or with a NOT NULL besides."""

    column: Column
    stricter: bool
    shadows: bool


def restated(schema: Schema, table: Table) -> Iterator[RestatedColumn]:
    """Yield the inherited columns that are not as the parents have them."""
    for item in table.columns.values():
        for parent in parents_of(schema, table):
            above = parent.columns.get(item.name)
            if above is None or item.generated is not None or item.identity is not None:
                continue
            stricter = item.nullable is False and above.nullable is not False
            if stricter or not same_default(above.default, item.default, item.type):
                yield RestatedColumn(item, stricter, item.default is None and above.default is not None)
                break


def parents_of(schema: Schema, table: Table) -> Iterator[Table]:
    """Yield the tables that a table inherits from, or is a partition of."""
    for parent in table.inherits if table.partition_of is None else (table.partition_of,):
        found = schema.find(Key("relation", parent.schema or "public", parent.name))
        if isinstance(found, Table):
            yield found


def inherited_columns(schema: Schema, table: Table) -> frozenset[str]:
    """Return the names of the columns that a table has from its parents."""
    return frozenset(name for parent in parents_of(schema, table) for name in parent.columns)


def is_inherited(schema: Schema, table: Table, item: Constraint) -> bool:
    """Return whether a constraint of a partition or an inheriting table comes from the parent."""
    return any(inherited_from(parent, table, item) is not None for parent in parents_of(schema, table))
