"""The columns that foreign keys refer to, and whether a key is on them."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.model import Dialect
from miglint.schema.depends import relation_key
from miglint.schema.objects import Index, Key, Table
from miglint.schema.parts import keys_about, named_of_kind
from miglint.schema.value import Schema
from miglint.sql.operations import Constraint


def referenced_columns(target: Table, constraint: Constraint, dialect: Dialect) -> tuple[str, ...]:
    """Return the columns that a foreign key refers to: those of the primary key if it names none."""
    if constraint.referenced:
        lower = dialect is Dialect.SQLITE
        return tuple(column.lower() if lower else column for column in constraint.referenced)
    return next((other.columns for other in target.constraints.values() if other.kind == "primary"), ())


def is_unique(schema: Schema, key: Key, target: Table, columns: tuple[str, ...]) -> bool:
    """Return whether a primary key, unique constraint or plain unique index of a table is on just these columns."""
    if not columns:
        return False
    wanted = {name.lower() for name in columns}
    for constraint in keys_about(target.constraints, (columns[0],)):
        if {name.lower() for name in constraint.columns} == wanted:
            return True
    return schema.any_index(key, columns[0], lambda index: _is_unique_index(index, wanted))


def _is_unique_index(index: Index, columns: set[str]) -> bool:
    """Return whether it makes just these columns unique, which are in small letters."""
    if not index.unique or index.where is not None:
        return False
    return {(element.column or "").lower() for element in index.elements} == columns


def mismatched(schema: Schema) -> Iterator[tuple[Table, Table, tuple[str, ...]]]:
    """Yield the foreign keys of SQLite that refer to no key: their table, the other one, and its columns, in order."""
    tables = {key: value for key, value in schema.items() if isinstance(value, Table)}
    # What is said of the first one does not depend on how a map happens to lie in memory.
    for _, table in sorted(tables.items()):
        for _, constraint in named_of_kind(table.constraints, "foreign"):
            if constraint.table is None:
                continue
            key = relation_key(constraint.table, schema.dialect)
            target = schema.table(key)
            if target is None or target.assumed:
                continue
            columns = referenced_columns(target, constraint, schema.dialect)
            if not is_unique(schema, key, target, columns):
                yield table, target, columns
