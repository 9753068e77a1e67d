"""`effects`: locks and work of one operation, derived from the schema before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from miglint.base.model import Dialect
from miglint.locks.columns import add_column, alter_type, set_generated, set_nullable
from miglint.locks.constraints import add_constraint, alter_constraint, attach, drop_constraint, validate
from miglint.locks.gone import along, drop, drop_column, truncate
from miglint.locks.levels import Lock, LockEffect, Work
from miglint.locks.look import ServerState, default_partition, of, relation_key, table
from miglint.schema.objects import Index
from miglint.schema.outcome import Note
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Operation

DEFAULT_MAJOR = 14
_OPTIONS = {"access method": "set access method", "tablespace": "set tablespace"}
_LIGHT_OPTIONS = ("storage parameter", "cluster")
_HEAVY_OPTIONS = frozenset({"storage parameter user_catalog_table"})


def effects(
    operation: Operation,
    before: Schema,
    version: tuple[int, ...] = (),
    *,
    timezone: str | None = None,
    notes: tuple[Note, ...] = (),
) -> tuple[LockEffect, ...]:
    """Return the locks that an operation of a PostgreSQL script takes, and the work done under them.

    `before` is the schema before the operation, `version` the server's (default: 14); `timezone` the session's, if set
    by the script; `notes` are the replay's for the operation, which list what a `CASCADE` drops. For unknown properties
    the worst case is assumed.
    """
    if before.dialect is not Dialect.POSTGRES:
        return ()
    read = _READERS.get(type(operation))
    if read is None and not notes:
        return ()
    view = ServerState(before, version[0] if version else DEFAULT_MAJOR, timezone)
    found = () if read is None else tuple(read(view, operation))
    return (*found, *along(view, notes)) if notes else found


def _create_index(view: ServerState, operation: ops.CreateIndex) -> Iterator[LockEffect]:
    situation = "create index concurrently" if operation.concurrently else "create index"
    yield from of(view, situation, operation.table)


def _create_table(view: ServerState, operation: ops.CreateTable) -> Iterator[LockEffect]:
    for constraint in operation.constraints:
        if constraint.kind == "foreign" and constraint.table not in (None, operation.name):
            yield from of(view, "create table references", None, referenced=constraint.table)
    for parent in operation.inherits:
        yield from of(view, "create child", None, parent=parent)
    if operation.partition_of is not None:
        default = default_partition(view, operation.partition_of)
        yield from of(view, "create partition", None, parent=operation.partition_of, default=default)


def _drop_column(view: ServerState, operation: ops.DropColumn) -> Iterator[LockEffect]:
    if operation.kind in ("table", "foreign table"):
        yield from drop_column(view, operation.table, operation.column)


def _detach(view: ServerState, operation: ops.DetachPartition) -> Iterator[LockEffect]:
    situation = "detach partition concurrently" if operation.concurrently else "detach partition"
    default = default_partition(view, operation.table)
    yield from of(view, situation, operation.table, partition=operation.partition, default=default)


def _table_option(view: ServerState, operation: ops.SetTableOption) -> Iterator[LockEffect]:
    if operation.kind not in ("table", "materialized view", "foreign table"):
        return
    if operation.option == "logged":
        found = table(view, operation.table)
        wanted = "permanent" if operation.value == "on" else "unlogged"
        same = found is not None and not found.assumed and found.persistence == wanted
        yield from of(view, "set logged unchanged" if same else "set logged", operation.table)
    elif operation.option in _OPTIONS:
        yield from of(view, _OPTIONS[operation.option], operation.table)
    elif operation.option.startswith(_LIGHT_OPTIONS) and operation.option not in _HEAVY_OPTIONS:
        yield from of(view, "set storage parameter", operation.table)
    else:
        yield from of(view, "alter table", operation.table)


def _rename(view: ServerState, operation: ops.Rename) -> Iterator[LockEffect]:
    if operation.kind in ("table", "view", "materialized view", "foreign table"):
        yield from of(view, "rename", operation.name)
    elif operation.table is not None:
        yield from of(view, "rename", operation.table)


def _set_schema(view: ServerState, operation: ops.SetSchema) -> Iterator[LockEffect]:
    if operation.kind in ("table", "view", "materialized view", "foreign table"):
        yield from of(view, "set schema", operation.name)


def _column_option(view: ServerState, operation: ops.SetColumnOption) -> Iterator[LockEffect]:
    situation = "set storage" if operation.option in ("storage", "compression") else "set statistics"
    yield from of(view, situation, operation.table)


def _maintenance(view: ServerState, operation: ops.Maintenance) -> Iterator[LockEffect]:
    if operation.kind == "refresh materialized view":
        suffix = " concurrently" if operation.concurrently else ""
        yield from of(view, f"refresh materialized view{suffix}", operation.target)
    elif operation.kind == "vacuum" and "full" in operation.options:
        yield from of(view, "vacuum full", operation.target)
    elif operation.kind == "cluster":
        yield from of(view, "cluster", operation.target)
    elif operation.kind == "analyze":
        yield from of(view, "analyze", operation.target)
    elif operation.kind == "lock table" and operation.target is not None:
        # The statement specifies the lock mode itself.
        mode = operation.options[0].upper().replace(" ", "_") if operation.options else ""
        yield LockEffect(operation.target, Lock.__members__.get(mode, Lock.ACCESS_EXCLUSIVE), Work.NONE, "lock table")
    elif operation.kind == "reindex table":
        yield from of(view, "reindex concurrently" if operation.concurrently else "reindex", operation.target)
    elif operation.kind == "reindex index" and operation.target is not None:
        index = view.schema.find(relation_key(view.schema, operation.target))
        about = index.table if isinstance(index, Index) else None
        yield from of(view, "reindex concurrently" if operation.concurrently else "reindex", about)


def _create_other(view: ServerState, operation: ops.CreateOther) -> Iterator[LockEffect]:
    if operation.kind == "statistics":
        yield from of(view, "create statistics", operation.table)
    elif operation.kind == "publication":
        for member in operation.members:
            yield from of(view, "publish", member.table)


def _set_default(view: ServerState, operation: ops.SetDefault) -> Iterator[LockEffect]:
    if operation.kind != "domain":
        yield from of(view, "set default", operation.table)


def _switch(view: ServerState, operation: ops.EnableTrigger) -> Iterator[LockEffect]:
    yield from of(view, "switch rule" if operation.rule else "switch trigger", operation.table)


def _inherit(view: ServerState, operation: ops.SetInherit) -> Iterator[LockEffect]:
    yield from of(view, "alter table", operation.table)
    if operation.inherit:
        yield from of(view, "create child", None, parent=operation.parent)


def _comment(view: ServerState, operation: ops.SetComment) -> Iterator[LockEffect]:
    if operation.kind in ("table", "column"):
        yield from of(view, "comment", operation.name)


def _fixed(situation: str) -> Callable[[ServerState, Any], Iterator[LockEffect]]:
    def read(view: ServerState, operation: Any) -> Iterator[LockEffect]:
        yield from of(view, situation, operation.table)

    return read


_READERS: dict[type[Operation], Callable[[ServerState, Any], Iterator[LockEffect]]] = {
    ops.CreateIndex: _create_index,
    ops.CreateTable: _create_table,
    ops.CreateOther: _create_other,
    ops.Drop: drop,
    ops.AddColumn: add_column,
    ops.DropColumn: _drop_column,
    ops.AlterColumnType: alter_type,
    ops.SetDefault: _set_default,
    ops.SetNullable: set_nullable,
    ops.SetGenerated: set_generated,
    ops.SetIdentity: _fixed("alter column"),
    ops.SetColumnOption: _column_option,
    ops.RenameColumn: _fixed("rename"),
    ops.RenameConstraint: _fixed("rename"),
    ops.AddConstraint: add_constraint,
    ops.ValidateConstraint: validate,
    ops.DropConstraint: drop_constraint,
    ops.AlterConstraint: alter_constraint,
    ops.AttachPartition: attach,
    ops.DetachPartition: _detach,
    ops.SetInherit: _inherit,
    ops.SetTableOption: _table_option,
    ops.EnableTrigger: _switch,
    ops.Rename: _rename,
    ops.SetSchema: _set_schema,
    ops.CreateTrigger: _fixed("create trigger"),
    ops.CreateRule: _fixed("create rule"),
    ops.CreatePolicy: _fixed("create policy"),
    ops.AlterPolicy: _fixed("create policy"),
    ops.SetComment: _comment,
    ops.Maintenance: _maintenance,
    ops.Truncate: truncate,
    ops.Insert: _fixed("change rows"),
    ops.Update: _fixed("change rows"),
    ops.Delete: _fixed("change rows"),
}
