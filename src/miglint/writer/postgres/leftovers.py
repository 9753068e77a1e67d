"""What a forward makes for a while: it is there after a part of the forward, and a rollback removes it then."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.schema.objects import Routine
from miglint.sql.operations import Name
from miglint.writer.drops import drop
from miglint.writer.passing import PassingObjects
from miglint.writer.postgres import guards
from miglint.writer.words import UnprintableError, identifier, name
from miglint.writer.written import WrittenStatement


def leftover_columns(passing: PassingObjects) -> Iterator[WrittenStatement]:
    """Yield the statements that take columns away which a whole forward has not; they come first.

    One that is to take the place of another has its values when the other is gone.
    """
    for table, label, became, added in passing.columns():
        own = name(Name(table.schema, table.name))
        dropping = f"ALTER TABLE IF EXISTS {own} DROP COLUMN IF EXISTS {identifier(label)};"
        does = f"drop column {label} of {table.name}"
        if became is None:
            yield WrittenStatement(dropping, does, table, "")
            continue
        renaming = f"ALTER TABLE {own} RENAME COLUMN {identifier(label)} TO {identifier(became)};"
        only = f"{guards.has_column(table, label)} AND NOT {guards.has_column(table, became)}"
        yield WrittenStatement(guards.block(only, renaming).text, f"rename {label} to {became}", table, "")
        if added:
            yield WrittenStatement(dropping, does, table, "")


def leftover_objects(passing: PassingObjects) -> Iterator[WrittenStatement]:
    """Yield the statements that drop objects which a whole forward has not; they come last."""
    for key, schema in passing.objects():
        value = schema.find(key)
        if isinstance(value, Routine) or key.space in ("relation", "type"):
            try:
                yield WrittenStatement(drop(schema, key), f"drop {key.name}", key, "")
            except UnprintableError:
                continue
