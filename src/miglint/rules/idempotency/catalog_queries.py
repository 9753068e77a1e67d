"""The conditions of `miglint.writer.postgres.catalog_conditions` about names as operations have them."""

from __future__ import annotations

from miglint.rules.support.sql_text import ident, qualified
from miglint.sql import operations as ops
from miglint.sql.operations import Name
from miglint.writer.postgres import catalog_conditions as conditions
from miglint.writer.postgres.catalog_conditions import negated

__all__ = [
    "attached_exists",
    "column_exists",
    "constraint_exists",
    "inherits",
    "label_exists",
    "negated",
    "object_exists",
    "relation_exists",
]

_RELATIONS = frozenset({"table", "foreign table", "view", "materialized view", "index", "sequence"})
_TYPES = frozenset({"type", "domain"})
_ROUTINES = frozenset({"function", "procedure", "routine", "aggregate"})


def relation_exists(name: Name) -> str:
    """Return the condition that there is a table, view, index or sequence of a name."""
    return conditions.relation_exists(qualified(name))


def object_exists(kind: str, name: Name, table: Name | None, arguments: tuple[ops.Type, ...] | None) -> str | None:
    """Return the condition that there is an object of a kind and name, or None for kinds that are not looked up."""
    if kind in _RELATIONS:
        return relation_exists(name)
    if kind in _TYPES:
        return conditions.type_exists(qualified(name))
    if kind in _ROUTINES and arguments is not None:
        return conditions.routine_exists(f"{qualified(name)}({', '.join(map(str, arguments))})")
    if kind == "schema":
        return conditions.schema_exists(ident(name.name))
    if kind in ("role", "user", "group"):
        return conditions.role_exists(name.name)
    if kind in ("trigger", "policy", "rule") and table is not None:
        return attached_exists(kind, name.name, table)
    return None


def column_exists(table: Name, column: str, more: str | None = None) -> str:
    """Return the condition that a table has a column, for which `more` holds."""
    return conditions.column_exists(qualified(table), column, more)


def label_exists(name: Name, value: str) -> str:
    """Return the condition that an enum has a value."""
    return conditions.enum_value_exists(qualified(name), value)


def constraint_exists(owner: Name, kind: str, name: str) -> str:
    """Return the condition that a table or domain (`kind`) has a constraint."""
    if kind == "domain":
        return conditions.domain_constraint_exists(qualified(owner), name)
    return conditions.constraint_exists(qualified(owner), name)


def attached_exists(kind: str, name: str, table: Name) -> str:
    """Return the condition that a table has a trigger, policy or rule (`kind`)."""
    return conditions.attached_exists(kind, qualified(table), name)


def inherits(child: Name, parent: Name) -> str:
    """Return the condition that a table is a partition of another one, or inherits from it."""
    return conditions.inherits(qualified(child), qualified(parent))
