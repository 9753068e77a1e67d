"""`effects`: what one operation locks and works through, told from the schema that it meets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from miglint.locks.columns import add_column, alter_type, set_generated, set_nullable
from miglint.locks.constraints import add_constraint, attach, drop_constraint, validate
from miglint.locks.levels import LockEffect
from miglint.locks.look import View, of, relation_key, table
from miglint.schema.objects import Index
from miglint.schema.value import Schema
from miglint.source import Dialect
from miglint.sql import operations as ops
from miglint.sql.operations import Operation

DEFAULT_MAJOR = 14
_OPTIONS = {"access method": "set access method", "tablespace": "set tablespace"}
_LIGHT_OPTIONS = ("storage parameter", "cluster")


def effects(
    operation: Operation, before: Schema, version: tuple[int, ...] = (), *, timezone: str | None = None
) -> tuple[LockEffect, ...]:
    """Return what an operation of a PostgreSQL script locks, and the work it does meanwhile.

    `before` is the schema that the operation meets, `version` the server's (default: 14); `timezone` the session's,
    where the script sets it. What is not known is taken to cost what it costs at worst.
    """
    read = _READERS.get(type(operation))
    if read is None or before.dialect is not Dialect.POSTGRES:
        return ()
    return tuple(read(View(before, version[0] if version else DEFAULT_MAJOR, timezone), operation))


def _create_index(view: View, operation: ops.CreateIndex) -> Iterator[LockEffect]:
    situation = "create index concurrently" if operation.concurrently else "create index"
    yield from of(view, situation, operation.table)


def _drop(view: View, operation: ops.Drop) -> Iterator[LockEffect]:
    if operation.kind == "index":
        situation = "drop index concurrently" if operation.concurrently else "drop index"
        index = view.schema.find(relation_key(view.schema, operation.name))
        yield from of(view, situation, index.table if isinstance(index, Index) else None)
    elif operation.kind in ("trigger", "rule", "policy"):
        yield from of(view, "drop trigger", operation.table)
    elif operation.kind in ("table", "foreign table", "materialized view", "view"):
        yield from of(view, "drop table", operation.name)
        found = table(view, operation.name) if operation.kind == "table" else None
        for constraint in () if found is None else found.constraints.values():
            if constraint.kind == "foreign" and constraint.table not in (None, operation.name):
                yield from of(view, "drop table", constraint.table)


def _create_table(view: View, operation: ops.CreateTable) -> Iterator[LockEffect]:
    for constraint in operation.constraints:
        if constraint.kind == "foreign" and constraint.table not in (None, operation.name):
            yield from of(view, "create table references", None, referenced=constraint.table)


def _detach(view: View, operation: ops.DetachPartition) -> Iterator[LockEffect]:
    situation = "detach partition concurrently" if operation.concurrently else "detach partition"
    yield from of(view, situation, operation.table, partition=operation.partition)


def _table_option(view: View, operation: ops.SetTableOption) -> Iterator[LockEffect]:
    if operation.kind not in ("table", "materialized view", "foreign table"):
        return
    if operation.option == "logged":
        found = table(view, operation.table)
        wanted = "permanent" if operation.value == "on" else "unlogged"
        same = found is not None and not found.assumed and found.persistence == wanted
        yield from of(view, "set logged unchanged" if same else "set logged", operation.table)
    elif operation.option in _OPTIONS:
        yield from of(view, _OPTIONS[operation.option], operation.table)
    elif operation.option.startswith(_LIGHT_OPTIONS):
        yield from of(view, "set storage parameter", operation.table)
    else:
        yield from of(view, "alter table", operation.table)


def _rename(view: View, operation: ops.Rename) -> Iterator[LockEffect]:
    if operation.kind in ("table", "view", "materialized view", "foreign table"):
        yield from of(view, "rename", operation.name)
    elif operation.table is not None:
        yield from of(view, "rename", operation.table)


def _set_schema(view: View, operation: ops.SetSchema) -> Iterator[LockEffect]:
    if operation.kind in ("table", "view", "materialized view", "foreign table"):
        yield from of(view, "set schema", operation.name)


def _column_option(view: View, operation: ops.SetColumnOption) -> Iterator[LockEffect]:
    situation = "set storage" if operation.option in ("storage", "compression") else "set statistics"
    yield from of(view, situation, operation.table)


def _maintenance(view: View, operation: ops.Maintenance) -> Iterator[LockEffect]:
    if operation.kind == "refresh materialized view":
        suffix = " concurrently" if operation.concurrently else ""
        yield from of(view, f"refresh materialized view{suffix}", operation.target)
    elif operation.kind == "vacuum" and "full" in operation.options:
        yield from of(view, "vacuum full", operation.target)
    elif operation.kind == "cluster":
        yield from of(view, "cluster", operation.target)
    elif operation.kind == "reindex table":
        yield from of(view, "reindex concurrently" if operation.concurrently else "reindex", operation.target)
    elif operation.kind == "reindex index" and operation.target is not None:
        index = view.schema.find(relation_key(view.schema, operation.target))
        about = index.table if isinstance(index, Index) else None
        yield from of(view, "reindex concurrently" if operation.concurrently else "reindex", about)


def _comment(view: View, operation: ops.SetComment) -> Iterator[LockEffect]:
    if operation.kind in ("table", "column"):
        yield from of(view, "comment", operation.name)


def _fixed(situation: str) -> Callable[[View, Any], Iterator[LockEffect]]:
    def read(view: View, operation: Any) -> Iterator[LockEffect]:
        yield from of(view, situation, operation.table)

    return read


_READERS: dict[type[Operation], Callable[[View, Any], Iterator[LockEffect]]] = {
    ops.CreateIndex: _create_index,
    ops.CreateTable: _create_table,
    ops.Drop: _drop,
    ops.AddColumn: add_column,
    ops.DropColumn: _fixed("drop column"),
    ops.AlterColumnType: alter_type,
    ops.SetDefault: _fixed("set default"),
    ops.SetNullable: set_nullable,
    ops.SetGenerated: set_generated,
    ops.SetIdentity: _fixed("alter column"),
    ops.SetColumnOption: _column_option,
    ops.RenameColumn: _fixed("rename"),
    ops.RenameConstraint: _fixed("rename"),
    ops.AddConstraint: add_constraint,
    ops.ValidateConstraint: validate,
    ops.DropConstraint: drop_constraint,
    ops.AlterConstraint: _fixed("alter table"),
    ops.AttachPartition: attach,
    ops.DetachPartition: _detach,
    ops.SetInherit: _fixed("alter table"),
    ops.SetTableOption: _table_option,
    ops.EnableTrigger: _fixed("switch trigger"),
    ops.Rename: _rename,
    ops.SetSchema: _set_schema,
    ops.CreateTrigger: _fixed("create trigger"),
    ops.CreateRule: _fixed("create rule"),
    ops.CreatePolicy: _fixed("create policy"),
    ops.AlterPolicy: _fixed("create policy"),
    ops.SetComment: _comment,
    ops.Maintenance: _maintenance,
    ops.Truncate: _fixed("truncate"),
    ops.Insert: _fixed("change rows"),
    ops.Update: _fixed("change rows"),
    ops.Delete: _fixed("change rows"),
}
