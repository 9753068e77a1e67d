"""Statements that were written, read again, and the schema that they are tried on."""

from __future__ import annotations

from miglint.base.model import Dialect, Direction, Script, SourceFile, Span
from miglint.schema.persistent import entries
from miglint.schema.recorded_map import unwrapped
from miglint.schema.value import Schema
from miglint.sql import parse
from miglint.sql.operations import Statement


def read(text: str, dialect: Dialect) -> tuple[Statement, ...]:
    """Parse statements that were written."""
    file = SourceFile("<written>", text)
    return parse(Script(file, Span(0, len(text)), Direction.ROLLBACK, dialect))


def without_rows(schema: Schema) -> Schema:
    """Return a schema without known rows: written statements must restore the other schema whatever rows there are."""
    # Whatever there is, nothing of it is left.
    for key, _ in entries(unwrapped(schema.objects)):
        if key.space == "rows":
            schema = schema.forget(key)
    return schema
