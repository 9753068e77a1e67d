"""Locks caused by drops: tables of dependent objects, and the other sides of foreign keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from miglint.locks.levels import LockEffect
from miglint.locks.look import ServerState, default_partition, of, relation_key, table
from miglint.schema.objects import Index, Key, Other, Policy, RewriteRule, Table, Trigger, View
from miglint.schema.outcome import Note
from miglint.schema.parts import involving, of_kind
from miglint.sql import operations as ops
from miglint.sql.operations import Constraint, Name


def foreign_keys(
    view: ServerState, name: Name, wanted: Callable[[Constraint], bool] | None = None
) -> Iterator[tuple[Constraint, Name]]:
    """Yield the foreign keys of a table to other tables (or to the wanted ones), with these tables."""
    found = table(view, name)
    own = relation_key(view.schema, name)
    for constraint in () if found is None else of_kind(found.constraints, "foreign"):
        if constraint.table is None or (wanted is not None and not wanted(constraint)):
            continue
        if relation_key(view.schema, constraint.table) != own:
            yield constraint, constraint.table


def referring(view: ServerState, name: Name) -> Iterator[tuple[Table, Constraint]]:
    """Yield the foreign keys of other tables to a table, with these tables."""
    own = relation_key(view.schema, name)
    for user, found in view.schema.referring(own):
        for constraint in () if user == own else of_kind(found.constraints, "foreign"):
            if constraint.table is not None and relation_key(view.schema, constraint.table) == own:
                yield found, constraint


def drop(view: ServerState, operation: ops.Drop) -> Iterator[LockEffect]:
    """`DROP`; `along` has the objects dropped by `CASCADE`."""
    if operation.kind == "index":
        situation = "drop index concurrently" if operation.concurrently else "drop index"
        index = view.schema.find(relation_key(view.schema, operation.name))
        yield from of(view, situation, index.table if isinstance(index, Index) else None)
    elif operation.kind in ("trigger", "rule", "policy"):
        yield from of(view, "drop trigger", operation.table)
    elif operation.kind == "statistics":
        for place in view.schema.path if operation.name.schema is None else (operation.name.schema,):
            found = view.schema.find(Key("other statistics", place, operation.name.name))
            yield from of(view, "create statistics", found.table if isinstance(found, Other) else None)
    elif operation.kind == "sequence" and operation.cascade:
        yield from _defaults(view, operation.name)
    elif operation.kind in ("table", "foreign table", "materialized view", "view"):
        yield from of(view, "drop table", operation.name)
        if operation.kind == "table":
            yield from _with_table(view, operation.name)


def _defaults(view: ServerState, sequence: Name) -> Iterator[LockEffect]:
    """Yield the locks for removing defaults that use a dropped sequence."""
    key = relation_key(view.schema, sequence)
    for user in view.schema.on(key):
        found = view.schema.table(user)
        for column in () if found is None else found.columns.values():
            source = None if column.default is None else column.default.sequence
            if found is not None and source is not None and relation_key(view.schema, source) == key:
                yield from of(view, "set default", found.name)


def _with_table(view: ServerState, name: Name) -> Iterator[LockEffect]:
    found = table(view, name)
    if found is not None and found.partition_of is not None:
        default = default_partition(view, found.partition_of)
        default = None if default == found.name else default
        yield from of(view, "drop partition", None, parent=found.partition_of, default=default)
    for _, referenced in foreign_keys(view, name):
        yield from of(view, "drop table", referenced)


def along(view: ServerState, notes: Iterable[Note]) -> Iterator[LockEffect]:
    """Yield the locks for each object dropped together with another."""
    for note in notes:
        if note.kind == "cascade" and note.key is not None:
            yield from _object(view, note.key, note.part)


def _object(view: ServerState, key: Key, part: str | None) -> Iterator[LockEffect]:
    found = view.schema.find(key)
    match found:
        case Table() if part is not None:
            constraint = found.constraints.get(part)
            if constraint is None:
                yield from drop_column(view, Name(key.schema, key.name), part)
            else:
                referenced = constraint.table if constraint.kind == "foreign" else None
                yield from of(view, "drop foreign key", Name(key.schema, key.name), referenced=referenced)
        case Table():
            yield from of(view, "drop table", Name(key.schema, key.name))
            yield from _with_table(view, Name(key.schema, key.name))
        case View() if found.materialized:
            yield from of(view, "drop table", Name(key.schema, key.name))
        case Trigger() | Policy() | RewriteRule():
            yield from of(view, "drop trigger", found.table)
        case Index():
            yield from of(view, "drop index", found.table)


def drop_column(view: ServerState, name: Name, column: str) -> Iterator[LockEffect]:
    """`DROP COLUMN`: its foreign keys are dropped with it, with their triggers on the other table."""
    yield from of(view, "drop column", name)
    found = table(view, name)
    own = relation_key(view.schema, name)
    for label in () if found is None else involving(found.constraints, column):
        constraint = found.constraints[label] if found is not None else None
        if constraint is None or constraint.kind != "foreign" or constraint.table is None:
            continue
        if column in constraint.columns and relation_key(view.schema, constraint.table) != own:
            yield from of(view, "drop column of foreign key", None, referenced=constraint.table)


def truncate(view: ServerState, operation: ops.Truncate) -> Iterator[LockEffect]:
    """`TRUNCATE`, with `CASCADE` also of the tables that reference it."""
    open_, known = [operation.table], {relation_key(view.schema, operation.table)}
    while open_:
        name = open_.pop(0)
        yield from of(view, "truncate", name)
        for other, _ in referring(view, name) if operation.cascade else ():
            key = relation_key(view.schema, other.name)
            if key not in known:
                known.add(key)
                open_.append(other.name)
