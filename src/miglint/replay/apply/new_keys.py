"""Inserts whose `ON CONFLICT` never applies: each row gets a new key, so that it is in the way of none."""

from __future__ import annotations

from miglint.replay.apply.machine import Machine
from miglint.schema.objects import Key, Table, Trigger
from miglint.sql.operations import Column, Insert

_NEW_EACH_TIME = frozenset(
    {"gen_random_uuid", "uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4", "uuidv4", "uuidv7", "nextval"}
)


def never_conflicts(machine: Machine, key: Key, table: Table, operation: Insert) -> bool:
    """Return whether each key of a table has a column that an insert leaves to a default which is new for each row."""
    if operation.conflict is None or not operation.columns or not machine.postgres:
        return False
    if table.assumed or table.kind != "table" or machine.schema.users(key, Trigger):
        return False
    given = {machine.column_name(name) for name in operation.columns}
    keys: list[tuple[str | None, ...]] = []
    for constraint in table.constraints.values():
        if constraint.kind in ("exclude", "unknown"):
            return False
        if constraint.kind in ("primary", "unique"):
            keys.append(constraint.columns)
    for _, index in machine.indexes(key):
        if index.unique:
            keys.append(tuple(element.column for element in index.elements))
    return all(any(_is_new(table.columns.get(name or ""), given) for name in columns) for columns in keys)


def _is_new(column: Column | None, given: set[str]) -> bool:
    if column is None or column.name in given:
        return False
    if column.identity is not None or column.serial:
        return True
    return column.default is not None and any(one.name in _NEW_EACH_TIME for one in column.default.functions)
