"""How a rollback takes labels away from an enum: PostgreSQL has no statement for that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from miglint.base.model import Dialect
from miglint.rules.support.sql_text import ident, literal, qualified, suffixed
from miglint.schema.objects import Enum, Key, Table
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Name
from miglint.writer.tables import default


def replace_enum(schema: Schema, key: Key, labels: Sequence[str]) -> tuple[str, ...] | None:
    """Return the statements that give an enum of a schema other labels; None where more depends on it than columns."""
    tables = [value for _, value in schema.users(key, Table)]
    if len(tables) != sum(1 for _ in schema.dependents.get(key, ())):
        return None
    own = schema.find(key)
    written = own.name.name if isinstance(own, Enum) else key.name
    place = None if key.schema == "public" else key.schema
    name, old = qualified(Name(place, written)), suffixed(written, "_old")
    dropped = old if place is None else f"{ident(place)}.{old}"
    return (
        f"ALTER TYPE {name} RENAME TO {old};",
        f"CREATE TYPE {name} AS ENUM ({', '.join(map(literal, labels))});",
        *(text for table in tables for text in _columns(table, key, name)),
        f"DROP TYPE {dropped};",
    )


def _columns(table: Table, key: Key, name: str) -> Iterator[str]:
    if table.partition_of is not None or table.inherits:
        # The columns change with those of the parent.
        return
    place = None if table.name.schema == "public" else table.name.schema
    for column in table.columns.values():
        kind = column.type
        if kind is None or kind.name != key.name or kind.schema not in (None, key.schema):
            continue
        array = "[]" * min(kind.dimensions, 1)
        text = f"TYPE {name}{array} USING {ident(column.name)}::text{array}::{name}{array}"
        yield f"ALTER TABLE {qualified(Name(place, table.name.name))} {_actions(column, text)};"


def _actions(column: Column, text: str) -> str:
    start = f"ALTER COLUMN {ident(column.name)}"
    if column.default is None or column.generated:
        return f"{start} {text}"
    return f"{start} DROP DEFAULT, {start} {text}, {start} SET DEFAULT {default(column, Dialect.POSTGRES)}"
