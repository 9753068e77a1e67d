"""Locks of adding, validating and dropping constraints, and of attaching partitions."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.locks.bounds import proves_bound
from miglint.locks.columns import domain_users
from miglint.locks.levels import LockEffect
from miglint.locks.look import ServerState, default_partition, nullable_columns, of, proves_not_null, relation, table
from miglint.schema.objects import Index, Table
from miglint.sql import operations as ops
from miglint.sql.operations import Constraint, Name


def add_constraint(view: ServerState, operation: ops.AddConstraint) -> Iterator[LockEffect]:
    """`ADD CONSTRAINT`, on a table or a domain."""
    added, name = operation.constraint, operation.table
    if operation.kind == "domain":
        if added.validated:
            yield from domain_users(view, name)
        return
    checked = added.validated and added.enforced
    match added.kind:
        case "foreign":
            situation = "add foreign key" if checked else "add foreign key not valid"
            yield from of(view, situation, name, referenced=added.table)
        case "check":
            yield from of(view, "add check" if checked else "add check not valid", name)
        case "not_null":
            yield from of(view, _not_null(view, name, added) if added.validated else "add not null not valid", name)
        case "unique":
            yield from of(view, "add unique using index" if added.using_index else "add unique", name)
        case "primary":
            yield from of(view, _primary(view, name, added), name)
        case "exclude":
            yield from of(view, "add exclusion constraint", name)


def _not_null(view: ServerState, name: Name, added: Constraint) -> str:
    column = added.columns[:1]
    proven = bool(column) and (proves_not_null(view, name, column[0]) or not nullable_columns(view, name, column))
    return "set not null proven" if proven else "set not null"


def _primary(view: ServerState, name: ops.Name, added: ops.Constraint) -> str:
    if added.using_index is None:
        return "add primary key"
    columns = added.columns
    index = relation(view, ops.Name(name.schema, added.using_index))
    if isinstance(index, Index):
        columns = tuple(element.column for element in index.elements if element.column is not None)
    scans = not columns or any(
        nullable_columns(view, name, (each,)) and not proves_not_null(view, name, each) for each in columns
    )
    return "add primary key using index on nullable columns" if scans else "add primary key using index"


def validate(view: ServerState, operation: ops.ValidateConstraint) -> Iterator[LockEffect]:
    """`VALIDATE CONSTRAINT`."""
    if operation.kind == "domain":
        yield from domain_users(view, operation.table)
        return
    yield from _by_kind(view, operation, "validate foreign key", "validate check")


def drop_constraint(view: ServerState, operation: ops.DropConstraint) -> Iterator[LockEffect]:
    """`DROP CONSTRAINT`."""
    if operation.kind != "domain":
        yield from _by_kind(view, operation, "drop foreign key", "drop constraint")


def _by_kind(
    view: ServerState, operation: ops.ValidateConstraint | ops.DropConstraint, foreign: str, other: str
) -> Iterator[LockEffect]:
    """Yield the effects of one action on a foreign key, which locks the table that it references too, or of another."""
    found = table(view, operation.table)
    constraint = None if found is None else found.constraints.get(operation.constraint)
    if constraint is not None and constraint.kind == "foreign":
        yield from of(view, foreign, operation.table, referenced=constraint.table)
    else:
        yield from of(view, other, operation.table)


def alter_constraint(view: ServerState, operation: ops.AlterConstraint) -> Iterator[LockEffect]:
    """`ALTER CONSTRAINT`: enforcing a foreign key is like adding it, and not enforcing like dropping it."""
    found = table(view, operation.table)
    constraint = None if found is None else found.constraints.get(operation.constraint)
    foreign = constraint is not None and constraint.kind == "foreign"
    enforces = foreign and operation.enforced is not None and constraint is not None
    if not enforces or constraint is None or constraint.enforced is operation.enforced:
        yield from of(view, "alter table", operation.table)
    else:
        situation = "enforce foreign key" if operation.enforced else "drop foreign key"
        yield from of(view, situation, operation.table, referenced=constraint.table)


def attach(view: ServerState, operation: ops.AttachPartition) -> Iterator[LockEffect]:
    """`ATTACH PARTITION`: the partition's rows are scanned unless a validated CHECK implies the bound.

    If a check cannot be interpreted, one that covers the whole key is assumed to suffice.
    """
    if operation.kind != "table":
        return
    parent, found = table(view, operation.table), table(view, operation.partition)
    proven = None if parent is None or found is None else proves_bound(parent, found, operation.bound or "")
    if proven is None:
        proven = found is not None and _speaks_of_key(parent, found)
    situation = "attach partition proven" if proven else "attach partition"
    default = default_partition(view, operation.table)
    yield from of(view, situation, operation.table, partition=operation.partition, default=default)


def _speaks_of_key(parent: Table | None, partition: Table) -> bool:
    """Return whether validated CHECKs of a partition cover all columns of the partitioned table's key."""
    checks = [set(one.columns) for one in partition.constraints.values() if one.kind == "check" and one.validated]
    if not checks or parent is None or parent.partition_by is None:
        return bool(checks)
    words = parent.partition_by
    for sign in '(),"':
        words = words.replace(sign, " ")
    return set(words.split()) & set(parent.columns) <= set[str]().union(*checks)
