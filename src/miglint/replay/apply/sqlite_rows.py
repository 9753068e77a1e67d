"""What SQLite has against a statement on rows: names that are not there, and values that cannot be written."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.replay.apply.machine import Machine
from miglint.replay.apply.reread import lacks
from miglint.schema.objects import Key, Table
from miglint.sql.operations import ColumnUse, Delete, Insert, Update

_CONSTANTS = frozenset({"true", "false"})


def check_rows(machine: Machine, key: Key, table: Table, operation: Insert | Update | Delete) -> None:
    """Raise SQLite's errors for a statement on rows."""
    if machine.postgres:
        return
    for use in operation.uses:
        # TRUE and FALSE are columns only where there are columns of these names.
        if use.relation is not None and use.column.lower() not in _CONSTANTS and lacks(machine, use):
            raise machine.refuse(
                "undefined_column", f"no such column: {use.column}", machine.key(use.relation), use.column
            )
    for candidates, column in operation.open:
        if column.lower() not in _CONSTANTS and all(
            lacks(machine, ColumnUse(relation, column)) for relation in candidates
        ):
            raise machine.refuse("undefined_column", f"no such column: {column}", key, column)
    if isinstance(operation, Insert):
        _check_values(machine, key, table, operation)
    elif isinstance(operation, Update):
        _refuse_generated(machine, key, table, (name for name, _ in operation.assignments), "UPDATE")


def _refuse_generated(machine: Machine, key: Key, table: Table, names: Iterable[str], word: str) -> None:
    for name in names:
        column = table.columns.get(name.lower())
        if column is not None and column.generated is not None:
            into = "INSERT into" if word == "INSERT" else word
            message = f'cannot {into} generated column "{column.name}"'
            raise machine.refuse("generated_always", message, key, name.lower())


def _check_values(machine: Machine, key: Key, table: Table, operation: Insert) -> None:
    _refuse_generated(machine, key, table, operation.columns, "INSERT")
    if table.assumed or table.kind != "table" or not table.columns:
        return
    count = len(operation.columns) or sum(column.generated is None for column in table.columns.values())
    for row in operation.rows or ():
        if not row or len(row) == count:
            continue
        if operation.columns:
            message = f"{len(row)} values for {count} columns"
        else:
            message = f"table {table.name.name} has {count} columns but {len(row)} values were supplied"
        raise machine.refuse("invalid_column_reference", message, key)
