"""Queries of PostgreSQL's catalog, as conditions: is there an object of this name?

Names are looked up as the statement itself looks them up, by the search path: `to_regclass` gives NULL for a table that
does not exist, where a cast to `regclass` fails.
"""

from __future__ import annotations

from miglint.rules.support.sql_text import ident, literal, qualified
from miglint.sql import operations as ops
from miglint.sql.operations import Name

_RELATIONS = frozenset({"table", "foreign table", "view", "materialized view", "index", "sequence"})
_TYPES = frozenset({"type", "domain"})
_ROUTINES = frozenset({"function", "procedure", "routine", "aggregate"})


def negated(condition: str) -> str:
    """Return the opposite of a condition of this module."""
    if condition.endswith(" IS NOT NULL"):
        return f"{condition.removesuffix(' IS NOT NULL')} IS NULL"
    return f"NOT {condition}"


def relation_exists(name: Name) -> str:
    """Return the condition that there is a table, view, index or sequence of a name."""
    return f"to_regclass({literal(qualified(name))}) IS NOT NULL"


def object_exists(kind: str, name: Name, table: Name | None, arguments: tuple[ops.Type, ...] | None) -> str | None:
    """Return the condition that there is an object of a kind and name, or None for kinds that are not looked up."""
    text = literal(qualified(name))
    if kind in _RELATIONS:
        return relation_exists(name)
    if kind in _TYPES:
        return f"to_regtype({text}) IS NOT NULL"
    if kind in _ROUTINES and arguments is not None:
        listed = f"{qualified(name)}({', '.join(map(str, arguments))})"
        return f"to_regprocedure({literal(listed)}) IS NOT NULL"
    if kind == "schema":
        return f"to_regnamespace({literal(ident(name.name))}) IS NOT NULL"
    if kind in ("role", "user", "group"):
        return f"EXISTS (SELECT FROM pg_roles WHERE rolname = {literal(name.name)})"
    if kind in ("trigger", "policy", "rule") and table is not None:
        return attached_exists(kind, name.name, table)
    return None


def column_exists(table: Name, column: str, more: str = "") -> str:
    """Return the condition that a table has a column, for which `more` holds."""
    return (
        f"EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass({literal(qualified(table))}) "
        f"AND attname = {literal(column)}{more})"
    )


def label_exists(name: Name, value: str) -> str:
    """Return the condition that an enum has a value."""
    return (
        f"EXISTS (SELECT FROM pg_enum WHERE enumtypid = to_regtype({literal(qualified(name))}) "
        f"AND enumlabel = {literal(value)})"
    )


def constraint_exists(owner: Name, kind: str, name: str) -> str:
    """Return the condition that a table or domain (`kind`) has a constraint."""
    column, function = ("contypid", "to_regtype") if kind == "domain" else ("conrelid", "to_regclass")
    return (
        f"EXISTS (SELECT FROM pg_constraint WHERE {column} = {function}({literal(qualified(owner))}) "
        f"AND conname = {literal(name)})"
    )


def attached_exists(kind: str, name: str, table: Name) -> str:
    """Return the condition that a table has a trigger, policy or rule (`kind`)."""
    catalog, owner, own = {
        "trigger": ("pg_trigger", "tgrelid", "tgname"),
        "policy": ("pg_policy", "polrelid", "polname"),
        "rule": ("pg_rewrite", "ev_class", "rulename"),
    }[kind]
    return (
        f"EXISTS (SELECT FROM {catalog} WHERE {owner} = to_regclass({literal(qualified(table))}) "
        f"AND {own} = {literal(name)})"
    )


def inherits(child: Name, parent: Name) -> str:
    """Return the condition that a table is a partition of another one, or inherits from it."""
    return (
        f"EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass({literal(qualified(child))}) "
        f"AND inhparent = to_regclass({literal(qualified(parent))}))"
    )
