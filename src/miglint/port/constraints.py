"""Constraints in the words that both engines share."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.sql.operations import Column, Constraint
from miglint.writer.words import identifier, identifiers

# ValueKinds of constraints that can stand behind the column that they are about.
_COLUMN_KINDS = frozenset({"primary", "unique", "foreign", "check"})
_ACTIONS = (("DELETE", "on_delete"), ("UPDATE", "on_update"))


def is_of_column(item: Constraint, column: Column | None = None) -> bool:
    """Return whether a constraint is about one column (of any name: None), and is written behind it."""
    if len(item.columns) != 1 or item.kind not in _COLUMN_KINDS:
        return False
    return column is None or item.columns[0].lower() == column.name.lower()


def key_words(item: Constraint, columns: Iterable[str], *, behind: bool) -> str:
    """Return a primary key, unique key or foreign key over columns; without them if it stands `behind` its column."""
    listed = "" if behind else f" ({identifiers(tuple(columns))})"
    if item.kind != "foreign":
        return f"{'PRIMARY KEY' if item.kind == 'primary' else 'UNIQUE'}{listed}"
    return references(item) if behind else f"FOREIGN KEY{listed} {references(item)}"


def references(item: Constraint) -> str:
    """Return what a foreign key refers to, with its actions."""
    assert item.table is not None
    columns = f" ({identifiers(item.referenced)})" if item.referenced else ""
    text = f"REFERENCES {identifier(item.table.name)}{columns}"
    for words, given in _ACTIONS:
        action = getattr(item, given)
        if action != "no action":
            text += f" ON {words} {action.upper()}"
    if item.deferrable:
        text += " DEFERRABLE" + (" INITIALLY DEFERRED" if item.deferred else "")
    return text
