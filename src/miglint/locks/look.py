"""Lookups in the schema before an operation."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.structs import Struct
from miglint.locks.levels import LockEffect
from miglint.locks.table import rows
from miglint.schema.edges import is_default_partition
from miglint.schema.objects import ABSENT, Index, Key, SchemaObject, Table
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Constraint, Name


class ServerState(Struct, frozen=True):
    """The schema before an operation, on a server of a major version, in a session with a time zone (if set)."""

    schema: Schema
    major: int
    timezone: str | None = None


def relation_key(schema: Schema, name: Name) -> Key:
    """Return the key of a relation's name: in its own schema, or in the first of the search path that has it."""
    if name.schema is not None:
        return Key("relation", name.schema, name.name)
    objects = schema.objects
    for place in (*schema.path, "pg_temp"):
        key = Key("relation", place, name.name)
        found = objects.get(key)
        if found is not None and found is not ABSENT:
            return key
    return Key("relation", schema.path[0] if schema.path else "public", name.name)


def relation(view: ServerState, name: Name) -> SchemaObject | None:
    """Return the relation of a name, or None if it is unknown."""
    return view.schema.find(relation_key(view.schema, name))


def table(view: ServerState, name: Name) -> Table | None:
    """Return the table of a name, or None if it is unknown."""
    return view.schema.table(relation_key(view.schema, name))


def column(view: ServerState, name: Name, column_name: str) -> Column | None:
    """Return a column, or None if it is unknown."""
    found = table(view, name)
    return None if found is None else found.columns.get(column_name)


def indexes(view: ServerState, name: Name) -> Iterator[Index]:
    """Yield the indexes of a table."""
    for _, found in view.schema.users(relation_key(view.schema, name), Index):
        if found.table is not None and found.table.name == name.name:
            yield found


def default_partition(view: ServerState, name: Name) -> Name | None:
    """Return the default partition of a table, or None if none is known."""
    key = relation_key(view.schema, name)
    for _, found in view.schema.default_partitions(key):
        if found.partition_of is None or relation_key(view.schema, found.partition_of) != key:
            continue
        if is_default_partition(found):
            return found.name
    return None


def of(view: ServerState, situation: str, name: Name | None, **others: Name | None) -> Iterator[LockEffect]:
    """Yield the facts of a situation with the affected relations; relations without a name are skipped."""
    for row in rows(situation, view.major):
        about = name if row.on == "table" else others.get(row.on)
        if about is not None:
            yield LockEffect(about, row.lock, row.work, situation)


def proves_not_null(view: ServerState, name: Name, column_name: str) -> bool:
    """Return whether a validated `CHECK (column IS NOT NULL)` makes a scan unnecessary."""
    found = table(view, name)
    if found is None:
        return False
    for constraint in found.constraints.values():
        if not constraint.validated or not constraint.enforced:
            continue
        if constraint.kind == "not_null" and constraint.columns == (column_name,):
            return True
        if excludes_null(constraint, column_name):
            return True
    return False


def excludes_null(constraint: Constraint, column_name: str) -> bool:
    """Return whether a check, in canonical form, excludes NULLs in the column: all of its AND parts hold."""
    if constraint.kind != "check" or constraint.expression is None:
        return False
    plain = constraint.expression.key.replace('"', "").lower()
    wanted = f"{column_name} is not null".lower()
    return any(part.strip("() ") == wanted for part in plain.split(" and ")) and " or " not in plain


def nullable_columns(view: ServerState, name: Name, columns: tuple[str, ...]) -> bool:
    """Return whether one of the columns may contain NULL, as far as known."""
    found = table(view, name)
    if found is None:
        return True
    known = [found.columns.get(each) for each in columns]
    return any(each is None or each.nullable is not False for each in known)
