"""Indexes as SQL."""

from __future__ import annotations

from miglint.base.model import Dialect
from miglint.schema.objects import Index, Key, Table
from miglint.schema.value import Schema
from miglint.sql.operations import IndexElement
from miglint.writer.tables import collation
from miglint.writer.words import UnprintableError, identifier, identifiers, name


def create_index(schema: Schema, index: Index, *, guarded: bool = False) -> str:
    """Return the statement that creates an index; nothing for one that another statement creates."""
    if index.table is None or _is_automatic(index):
        return ""
    method = "" if index.method == "btree" else f" USING {index.method}"
    keys = ", ".join(index_element(item, schema.dialect) for item in index.elements)
    if not keys:
        raise UnprintableError("the columns of an index are not known")
    guard = "IF NOT EXISTS " if guarded else ""
    only = "ONLY " if _is_incomplete(schema, index) else ""
    own = identifier(index.name.name)
    text = f"CREATE {'UNIQUE ' if index.unique else ''}INDEX {guard}{own} ON {only}{name(index.table)}{method} ({keys})"
    text += f" INCLUDE ({identifiers(index.include)})" if index.include else ""
    text += " NULLS NOT DISTINCT" if index.nulls_not_distinct else ""
    text += f" WITH ({', '.join(index.options)})" if index.options else ""
    text += f" TABLESPACE {identifier(index.tablespace)}" if index.tablespace else ""
    return text + (f" WHERE {index.where.text}" if index.where is not None else "") + ";"


def _is_automatic(index: Index) -> bool:
    """Return whether an index is created with a constraint, or with an index of the parent table."""
    named = index.name.name.startswith(("#", "sqlite_autoindex_"))
    return index.constraint is not None or index.parent is not None or named


def _is_incomplete(schema: Schema, index: Index) -> bool:
    """Return whether an index of a partitioned table waits for the indexes of its partitions."""
    if index.valid or index.table is None:
        return False
    table = schema.find(Key("relation", index.table.schema or "public", index.table.name))
    return isinstance(table, Table) and table.partition_by is not None


def index_element(item: IndexElement, dialect: Dialect) -> str:
    """Return one key of an index."""
    if item.column is not None:
        text = identifier(item.column)
    elif item.expression is not None and item.expression.text:
        text = item.expression.text if dialect is Dialect.SQLITE else f"({item.expression.text})"
    else:
        raise UnprintableError("an expression of an index is not known")
    text += f" COLLATE {collation(item.collation)}" if item.collation else ""
    text += f" {item.opclass}" if item.opclass else ""
    text += " DESC" if item.descending else ""
    return text if item.nulls_first is None else f"{text} NULLS {'FIRST' if item.nulls_first else 'LAST'}"
