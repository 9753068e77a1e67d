"""A whole schema as SQL that creates it on an empty database."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.schema.objects import Other, Routine, SchemaObject, Table
from miglint.schema.value import Schema
from miglint.writer.order import ordered
from miglint.writer.printer import create, finish
from miglint.writer.words import UnprintableError, identifier, literal


def to_sql(schema: Schema) -> str:
    """Return SQL that creates the schema. What is not known in full is a comment."""
    return "\n".join(f"{statement}\n" for statement in statements(schema))


def statements(schema: Schema) -> Iterator[str]:
    """Yield the statements that create the schema, in an order in which they run."""
    objects = [(key, value) for key, value in ordered(schema) if key.schema not in ("pg_temp", "temp")]
    for _, value in objects:
        if isinstance(value, Other) and value.kind == "role":
            yield _role(value)
    if any(isinstance(value, Routine) and not value.assumed for _, value in objects):
        yield "SET check_function_bodies = false;"
    later: list[str] = []
    for key, value in objects:
        try:
            yield from create(schema, key, value)
            later += finish(schema, key, value)
        except UnprintableError as problem:
            yield f"-- {_kind(value)} {_flat(str(key))}: {_flat(str(problem))}"
    yield from later


def _role(value: Other) -> str:
    """Roles belong to the server, where one may be already."""
    own = value.name.name
    return (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {literal(own)}) "
        f"THEN CREATE ROLE {identifier(own)}; END IF; END $$;"
    )


def _kind(value: SchemaObject) -> str:
    if isinstance(value, Other):
        return value.kind
    return value.kind if isinstance(value, Table) else type(value).__name__.lower()


def _flat(text: str) -> str:
    return " ".join(text.split())
