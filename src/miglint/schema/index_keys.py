"""Keys of indexes as they are compared: without what their columns say anyway."""

from __future__ import annotations

from miglint.base.model import Dialect
from miglint.base.structs import replace
from miglint.schema.depends import relation_key
from miglint.schema.objects import Index, Table
from miglint.schema.value import Schema
from miglint.sql.operations import IndexElement


def plain_keys(index: Index, schema: Schema | None) -> Index:
    """Return an index without collations that its columns have, and with SQLite's columns in the letters of the table.

    `schema` is the one that it stands in.
    """
    if schema is None or index.table is None or not index.elements:
        return index
    sqlite = schema.dialect is Dialect.SQLITE
    table = schema.find(relation_key(index.table, schema.dialect))
    if not isinstance(table, Table):
        return index
    elements = tuple(_plain(element, table, sqlite=sqlite) for element in index.elements)
    return index if elements == index.elements else replace(index, elements=elements)


def _plain(element: IndexElement, table: Table, *, sqlite: bool) -> IndexElement:
    name = element.column or ""
    column = table.columns.get(name.lower() if sqlite else name)
    if column is None:
        return element
    if not sqlite:
        own = column.collation or "default"
        return replace(element, collation=None) if element.collation == own else element
    own = (column.collation or "binary").lower()
    collation = None if (element.collation or own).lower() == own else element.collation and element.collation.lower()
    # What stands in double quotes is the column, too.
    return replace(element, column=column.name, collation=collation, label=None)
