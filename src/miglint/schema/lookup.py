"""Lookup of objects by their names as written: unqualified ones along the search path."""

from __future__ import annotations

from miglint.base.model import Dialect
from miglint.schema.depends import relation_key
from miglint.schema.objects import Key, Table
from miglint.schema.value import Schema
from miglint.sql.operations import Name


def folded(schema: Schema, name: str) -> str:
    """Return a name as the engine compares it: SQLite ignores case."""
    return name.lower() if schema.dialect is Dialect.SQLITE else name


def found_key(schema: Schema, name: Name, space: str = "relation") -> Key | None:
    """Return the key of an object: in its schema, else in the first of the search path that has it; None for none."""
    places = (folded(schema, name.schema),) if name.schema is not None else schema.path
    keys = (Key(space, place, folded(schema, name.name)) for place in places)
    return next((key for key in keys if schema.find(key) is not None), None)


def visible_key(schema: Schema, name: Name) -> Key:
    """Return the key of a relation: in its schema, else in the first of the search path that has it, or the first."""
    if schema.dialect is Dialect.SQLITE or name.schema is not None:
        return relation_key(name, schema.dialect)
    keys = [Key("relation", place, name.name) for place in schema.path]
    return next((key for key in keys if key in schema), keys[0])


def visible_table(schema: Schema, name: Name) -> Table | None:
    """Return a table by its name as written, or None."""
    if schema.dialect is Dialect.SQLITE or name.schema is not None:
        return schema.table(relation_key(name, schema.dialect))
    tables = (schema.table(Key("relation", place, name.name)) for place in schema.path)
    return next((table for table in tables if table is not None), None)
