"""Locks of adding and changing columns."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.locks.gone import foreign_keys, referring
from miglint.locks.levels import LockEffect
from miglint.locks.look import ServerState, column, indexes, of, proves_not_null, table
from miglint.locks.types import TypeChangeCost, change_of
from miglint.locks.volatility import volatile_part
from miglint.schema.objects import Domain, Key
from miglint.sql import operations as ops

_CHECKS_PROVE_SINCE = 12
_TYPE_SITUATIONS = {
    TypeChangeCost.NOTHING: "alter type compatible",
    TypeChangeCost.CHECK: "alter type checking",
    TypeChangeCost.REINDEX: "alter type reindexing",
    TypeChangeCost.REWRITE: "alter type rewriting",
    TypeChangeCost.UNKNOWN: "alter type rewriting",
}


def add_column(view: ServerState, operation: ops.AddColumn) -> Iterator[LockEffect]:
    """`ADD COLUMN` with its constraints."""
    if operation.kind not in ("table", "foreign table"):
        return
    if operation.if_not_exists and column(view, operation.table, operation.column.name) is not None:
        # The guard is evaluated under the lock.
        yield from of(view, "alter table", operation.table)
        return
    yield from of(view, _added(view, operation.column), operation.table)
    defaulted = operation.column.default is not None
    for constraint in operation.constraints:
        if constraint.kind == "check":
            yield from of(view, "add column check", operation.table)
        elif constraint.kind in ("unique", "primary"):
            yield from of(view, "add column unique", operation.table)
        elif constraint.kind == "foreign":
            situation = "add column references with default" if defaulted else "add column references"
            yield from of(view, situation, operation.table, referenced=constraint.table)


def _added(view: ServerState, new: ops.Column) -> str:
    if new.generated == "stored":
        return "add column stored generated"
    if new.generated == "virtual":
        return "add column virtual generated"
    if new.identity is not None:
        return "add column identity"
    if new.serial:
        return "add column serial"
    default = new.default
    if default is None or default.key == "null":
        return "add column volatile default" if _bound_domain(view, new.type) else "add column"
    if volatile_part(default, view.schema) is not None or _bound_domain(view, new.type):
        return "add column volatile default"
    return "add column constant default"


def _bound_domain(view: ServerState, kind: ops.Type | None) -> bool:
    """Return whether a type is a domain with constraints: the server then rewrites the table to check it."""
    if kind is None:
        return False
    for place in (kind.schema,) if kind.schema is not None else view.schema.path:
        found = view.schema.find(Key("type", place, kind.name))
        if isinstance(found, Domain):
            return bool(found.constraints) or not found.nullable
    return False


def type_change(view: ServerState, operation: ops.AlterColumnType) -> TypeChangeCost:
    """Return the cost of a change of a column's type."""
    known = column(view, operation.table, operation.column)
    cost = change_of(
        None if known is None else known.type,
        operation.type,
        view.schema,
        column=operation.column,
        using=operation.using,
        major=view.major,
        timezone=view.timezone,
    )
    if cost is TypeChangeCost.REINDEX or (cost is TypeChangeCost.NOTHING and operation.collation is not None):
        used = any(
            element.column == operation.column for index in indexes(view, operation.table) for element in index.elements
        )
        cost = TypeChangeCost.REINDEX if used else TypeChangeCost.NOTHING
    if cost is TypeChangeCost.NOTHING:
        found = table(view, operation.table)
        checks = () if found is None else found.constraints.values()
        if any(each.kind == "check" and operation.column in each.columns for each in checks):
            return TypeChangeCost.CHECK
    return cost


def alter_type(view: ServerState, operation: ops.AlterColumnType) -> Iterator[LockEffect]:
    """`ALTER COLUMN ... TYPE`: foreign keys on the column, in either direction, are recreated."""
    if operation.kind not in ("table", "foreign table"):
        return
    cost = type_change(view, operation)
    yield from of(view, _TYPE_SITUATIONS[cost], operation.table)
    rewrites = cost in (TypeChangeCost.REWRITE, TypeChangeCost.UNKNOWN)
    situation = "alter type of foreign key" if rewrites else "alter type of foreign key compatible"
    name, column_name = operation.table, operation.column
    others = [other for _, other in foreign_keys(view, name, lambda constraint: column_name in constraint.columns)]
    others += [other.name for other, key in referring(view, name) if _refers(view, name, key, column_name)]
    for other in dict.fromkeys(others):
        yield from of(view, situation, None, referenced=other)


def _refers(view: ServerState, name: ops.Name, constraint: ops.Constraint, column_name: str) -> bool:
    """Return whether a foreign key to a table references a column of it; by default, its primary key."""
    if constraint.referenced:
        return column_name in constraint.referenced
    found = table(view, name)
    keys = () if found is None else (each for each in found.constraints.values() if each.kind == "primary")
    return any(column_name in each.columns for each in keys)


def set_nullable(view: ServerState, operation: ops.SetNullable) -> Iterator[LockEffect]:
    """`SET NOT NULL` and `DROP NOT NULL`."""
    if operation.kind == "domain":
        if not operation.nullable:
            yield from domain_users(view, operation.table)
        return
    if operation.nullable:
        yield from of(view, "drop not null", operation.table)
        return
    known = column(view, operation.table, operation.column)
    proven = view.major >= _CHECKS_PROVE_SINCE and proves_not_null(view, operation.table, operation.column)
    settled = known is not None and known.nullable is False
    yield from of(view, "set not null proven" if proven or settled else "set not null", operation.table)


def set_generated(view: ServerState, operation: ops.SetGenerated) -> Iterator[LockEffect]:
    """`SET EXPRESSION AS` and `DROP EXPRESSION`."""
    known = column(view, operation.table, operation.column)
    virtual = known is not None and known.generated == "virtual"
    rewrites = operation.expression is not None and not virtual
    yield from of(view, "set generated expression" if rewrites else "alter column", operation.table)


def domain_users(view: ServerState, domain: ops.Name) -> Iterator[LockEffect]:
    """Yield the effects of a new domain constraint on the tables that use the domain."""
    for place in (domain.schema,) if domain.schema is not None else view.schema.path:
        for key in view.schema.on(Key("type", place, domain.name)):
            found = view.schema.table(key)
            if found is not None:
                yield from of(view, "add domain constraint", None, users=found.name)
