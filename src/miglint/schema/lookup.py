"""Lookup of relations by their names as written: unqualified ones along the search path."""

from __future__ import annotations

from miglint.base.model import Dialect
from miglint.schema.depends import relation_key
from miglint.schema.objects import Key, Table
from miglint.schema.value import Schema
from miglint.sql.operations import Name


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
