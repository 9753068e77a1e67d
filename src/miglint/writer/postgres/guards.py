"""Statements that can run again: guards that look in the catalog where the engine has no `IF EXISTS` for it."""

from __future__ import annotations

import re
from typing import NamedTuple

from miglint.base.lazy_regex import pattern
from miglint.schema.objects import Key
from miglint.writer.postgres import catalog_conditions as conditions
from miglint.writer.words import dollar_quotes, identifier, literal

_CREATE = pattern(
    r"\ACREATE (?:UNLOGGED |TEMPORARY |FOREIGN |UNIQUE )?"
    r"(?:TABLE|INDEX|SEQUENCE|SCHEMA|EXTENSION|MATERIALIZED VIEW|STATISTICS|COLLATION|SERVER|USER MAPPING)"
    r"(?: IF NOT EXISTS)? ",
    re.IGNORECASE,
)


class Guarded(NamedTuple):
    """A statement in a block that looks in the catalog first; `plain` is the statement alone: what a first run does."""

    text: str
    plain: str


def block(condition: str, body: str) -> Guarded:
    """Return a block that runs a statement if a condition holds."""
    return _do(f"IF {condition} THEN\n        {body}\n    END IF;", body)


def passing(body: str, condition: str, instead: str = "NULL;") -> Guarded:
    """Return a block that runs a statement, and another one instead (default: nothing) if that raises an error."""
    return _do(f"{body}\nEXCEPTION WHEN {condition} THEN\n    {instead}", body)


def _do(text: str, body: str) -> Guarded:
    quotes = dollar_quotes(body)
    return Guarded(f"DO {quotes}\nBEGIN\n    {text}\nEND\n{quotes};", body)


def attempt(condition: str, body: str, error: str, instead: str = "NULL;") -> Guarded:
    """Return a block that runs a statement if a condition holds, and another one where rows do not allow it."""
    inner = f"BEGIN\n            {body}\n        EXCEPTION WHEN {error} THEN\n            {instead}\n        END;"
    return block(condition, inner)._replace(plain=body)


def if_not_exists(text: str) -> str:
    """Return a `CREATE` that does nothing if the object is there."""
    found = _CREATE.match(text)
    if found is None or found[0].upper().endswith("EXISTS "):
        return text
    return f"{found[0]}IF NOT EXISTS {text[found.end() :]}"


def written(key: Key) -> str:
    """Return the name of a relation or type as SQL, with its schema: the search path of the script is unknown."""
    return f"{identifier(key.schema or 'public')}.{identifier(key.name)}"


def relation(key: Key) -> str:
    """Return the name of a relation or type as a constant that `regclass` and `regtype` read."""
    return literal(written(key))


def no_constraint(table: Key, name: str) -> str:
    """Return the condition that a table has no constraint of a name."""
    return conditions.negated(conditions.constraint_exists(written(table), name))


def has_constraint(table: Key, name: str) -> str:
    """Return the condition that a table has a constraint of a name."""
    return conditions.constraint_exists(written(table), name)


def no_domain_constraint(domain: Key, name: str) -> str:
    """Return the condition that a domain has no constraint of a name."""
    return conditions.negated(has_domain_constraint(domain, name))


def has_domain_constraint(domain: Key, name: str) -> str:
    """Return the condition that a domain has a constraint of a name."""
    return conditions.domain_constraint_exists(written(domain), name)


def has_column(table: Key, name: str, also: str | None = None) -> str:
    """Return the condition that a relation has a column of a name, with another condition on its row."""
    return conditions.column_exists(written(table), name, also)


def unless_owner(about: Key | None, role: str, text: str) -> str | Guarded:
    """Return a statement that takes privileges from a role, unless that owns the relation: grants to it do nothing.

    Files rarely say who owns what; it is most often the superuser of that name.
    """
    if role != "postgres" or about is None or about.space != "relation" or not text.startswith("REVOKE"):
        return text
    row = f"oid = to_regclass({relation(about)}) AND relowner = to_regrole('postgres')"
    return block(f"NOT EXISTS (SELECT FROM pg_class WHERE {row})", text)


def place_of(table: Key, column: str) -> str:
    """Return the place of a column in a table as an expression, null where there is none."""
    return (
        f"(SELECT attnum FROM pg_attribute WHERE attrelid = to_regclass({relation(table)})"
        f" AND attname = {literal(column)} AND NOT attisdropped)"
    )


def is_no_identity(table: Key, name: str) -> str:
    """Return the condition that a table has a column of a name, which is no identity column."""
    return has_column(table, name, "attidentity = ''")


def no_type(key: Key) -> str:
    """Return the condition that no type has a name."""
    return conditions.negated(conditions.type_exists(written(key)))
