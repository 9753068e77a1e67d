"""Conditions over PostgreSQL's catalog: whether an object exists, for statements that must not run twice.

Relations, types and schemas are passed as SQL (`app."Order"`), with or without their schema, as the guarded statement
writes them; names of columns, constraints, roles and values are passed as they are. `to_regclass` and similar functions
find an object as a statement does, by the search path, and return NULL if there is none, where a cast to `regclass`
raises an error.
"""

from __future__ import annotations

from miglint.writer.words import literal

_ATTACHED = {
    "trigger": ("pg_trigger", "tgrelid", "tgname"),
    "policy": ("pg_policy", "polrelid", "polname"),
    "rule": ("pg_rewrite", "ev_class", "rulename"),
}


def negated(condition: str) -> str:
    """Return the opposite of a condition of this module."""
    start, is_not_null, rest = condition.partition(" IS NOT NULL")
    return f"{start} IS NULL" if is_not_null and not rest else f"NOT {condition}"


def relation_exists(relation: str) -> str:
    """Return the condition that a table, view, index or sequence exists."""
    return f"to_regclass({literal(relation)}) IS NOT NULL"


def type_exists(type_: str) -> str:
    """Return the condition that a type exists."""
    return f"to_regtype({literal(type_)}) IS NOT NULL"


def routine_exists(routine: str) -> str:
    """Return the condition that a routine exists, named with the types of its arguments or without."""
    function = "to_regprocedure" if "(" in routine else "to_regproc"
    return f"{function}({literal(routine)}) IS NOT NULL"


def schema_exists(schema: str) -> str:
    """Return the condition that a schema exists."""
    return f"to_regnamespace({literal(schema)}) IS NOT NULL"


def collation_exists(collation: str) -> str:
    """Return the condition that a collation exists."""
    return f"to_regcollation({literal(collation)}) IS NOT NULL"


def role_exists(role: str) -> str:
    """Return the condition that a role exists."""
    return f"EXISTS (SELECT FROM pg_roles WHERE rolname = {literal(role)})"


def database_exists(database: str) -> str:
    """Return the condition that a database exists."""
    return f"EXISTS (SELECT FROM pg_database WHERE datname = {literal(database)})"


def column_exists(relation: str, column: str, also: str | None = None) -> str:
    """Return the condition that a relation or composite type has a column, with another condition on its row."""
    return _row("pg_attribute", "attrelid", relation, "attname", column, also)


def relation_is(relation: str, test: str) -> str:
    """Return the condition that a relation exists and its row of `pg_class` passes a test."""
    return f"EXISTS (SELECT FROM pg_class WHERE oid = to_regclass({literal(relation)}) AND {test})"


def constraint_exists(table: str, constraint: str) -> str:
    """Return the condition that a table has a constraint."""
    return _row("pg_constraint", "conrelid", table, "conname", constraint)


def domain_constraint_exists(domain: str, constraint: str) -> str:
    """Return the condition that a domain has a constraint."""
    return _row("pg_constraint", "contypid", domain, "conname", constraint, function="to_regtype")


def enum_value_exists(enum: str, value: str) -> str:
    """Return the condition that an enum has a value."""
    return _row("pg_enum", "enumtypid", enum, "enumlabel", value, function="to_regtype")


def attached_exists(kind: str, table: str, name: str) -> str:
    """Return the condition that a table has a trigger, policy or rule."""
    catalog, owner, own = _ATTACHED[kind]
    return _row(catalog, owner, table, own, name)


def inherits(child: str, parent: str) -> str:
    """Return the condition that a table is a child or a partition of another one."""
    return (
        f"EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass({literal(child)}) "
        f"AND inhparent = to_regclass({literal(parent)}))"
    )


def _row(
    catalog: str, owner: str, of: str, column: str, value: str, also: str | None = None, function: str = "to_regclass"
) -> str:
    test = f"{owner} = {function}({literal(of)}) AND {column} = {literal(value)}"
    return f"EXISTS (SELECT FROM {catalog} WHERE {test}{f' AND {also}' if also else ''})"
