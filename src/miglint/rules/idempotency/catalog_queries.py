"""The conditions of `miglint.writer.postgres.catalog_conditions` about names as operations have them."""

from __future__ import annotations

from miglint.rules.support.sql_text import ident, qualified
from miglint.sql import operations as ops
from miglint.sql.operations import Name
from miglint.writer.postgres import catalog_conditions as conditions
from miglint.writer.postgres.catalog_conditions import negated

__all__ = [
    "ROUTINES",
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
ROUTINES = frozenset({"function", "procedure", "routine", "aggregate"})
# Objects without a schema.
_OTHERS = {
    "schema": lambda name: conditions.schema_exists(ident(name)),
    "database": conditions.database_exists,
    **dict.fromkeys(("role", "user", "group"), conditions.role_exists),
}


def relation_exists(name: Name) -> str:
    """Return the condition that there is a table, view, index or sequence of a name."""
    return conditions.relation_exists(qualified(name))


def object_exists(kind: str, name: Name, table: Name | None, arguments: tuple[ops.Type, ...] | None) -> str | None:
    """Return the condition that there is an object of a kind and name, or None for kinds that are not looked up."""
    if kind in _RELATIONS:
        return relation_exists(name)
    if kind in _TYPES:
        return conditions.type_exists(qualified(name))
    if kind in ROUTINES:
        listed = "" if arguments is None else f"({', '.join(map(str, arguments))})"
        return conditions.routine_exists(qualified(name) + listed)
    if kind in ("trigger", "policy", "rule"):
        return None if table is None else attached_exists(kind, name.name, table)
    if kind in _OTHERS:
        return _OTHERS[kind](name.name)
    return conditions.collation_exists(qualified(name)) if kind == "collation" else None


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
