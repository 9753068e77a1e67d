"""A whole schema as SQL that creates it on an empty database."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.model import Dialect
from miglint.schema.depends import relation_key
from miglint.schema.keys import is_temporary
from miglint.schema.objects import (
    Comment,
    Index,
    Key,
    Other,
    Policy,
    Privileges,
    RewriteRule,
    Routine,
    SchemaObject,
    Table,
    Trigger,
)
from miglint.schema.value import Schema
from miglint.sql.operations import Name
from miglint.writer.order import ordered
from miglint.writer.postgres import catalog_conditions
from miglint.writer.printer import create, finish
from miglint.writer.words import UnprintableError, dollar_quotes, identifier, name


def to_sql(schema: Schema) -> str:
    """Return SQL that creates the schema. What is not known in full is a comment."""
    return "\n".join(f"{statement}\n" for statement in statements(schema))


def statements(schema: Schema) -> Iterator[str]:
    """Yield the statements that create the schema, in an order in which they run."""
    objects = [(key, value) for key, value in ordered(schema) if not is_temporary(key, schema.dialect)]
    for _, value in objects:
        if isinstance(value, Other) and value.kind == "role":
            yield _role(value)
    if any(isinstance(value, Routine) and not value.assumed for _, value in objects):
        yield "SET check_function_bodies = false;"
    later: list[str] = []
    for key, value in objects:
        try:
            owner = _assumed_owner(schema, value)
            if owner is not None:
                yield from (_where_there(text, owner) for text in create(schema, key, value))
                continue
            yield from create(schema, key, value)
            later += finish(schema, key, value)
        except UnprintableError as problem:
            yield f"-- {_kind(value)} {_flat(str(key))}: {_flat(str(problem))}"
    yield from later


def _assumed_owner(schema: Schema, value: SchemaObject) -> Key | None:
    """Return the table that an object belongs to if the files use it without creating it: that of a migration tool."""
    if schema.dialect is not Dialect.POSTGRES:
        return None
    if isinstance(value, (Comment, Privileges)):
        key = value.about
    elif isinstance(value, (Index, Trigger, Policy, RewriteRule)) and value.table is not None:
        key = relation_key(value.table, schema.dialect)
    else:
        return None
    owner = schema.find(key) if key is not None and key.space == "relation" else None
    return key if owner is not None and owner.assumed else None


def _where_there(statement: str, about: Key) -> str:
    """Return a statement about a relation that may not be there."""
    condition = catalog_conditions.relation_exists(name(Name(about.schema, about.name)))
    body = f"IF {condition} THEN {statement} END IF;"
    quotes = dollar_quotes(body)
    return f"DO {quotes} BEGIN {body} END {quotes};"


def _role(value: Other) -> str:
    """Return the statement that creates a role, which may exist: roles belong to the server."""
    own = value.name.name
    absent = catalog_conditions.negated(catalog_conditions.role_exists(own))
    body = f"IF {absent} THEN CREATE ROLE {identifier(own)}; END IF;"
    quotes = dollar_quotes(body)
    return f"DO {quotes} BEGIN {body} END {quotes};"


def _kind(value: SchemaObject) -> str:
    if isinstance(value, Other):
        return value.kind
    return value.kind if isinstance(value, Table) else type(value).__name__.lower()


def _flat(text: str) -> str:
    return " ".join(text.split())
