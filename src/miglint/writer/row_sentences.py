"""What is said of constraints that rows may stand in the way of."""

from __future__ import annotations


def stays_nullable(table: str, column: str) -> str:
    """Return the sentence about a column whose NOT NULL is left out if rows have no value."""
    return f"column {table}.{column} stays without NOT NULL where rows have no value"


def not_validated(kind: str, name: str, table: str) -> str:
    """Return the sentence about a constraint that is added NOT VALID if rows violate it."""
    return f"{_word(kind)} {name} of {table} is NOT VALID where rows violate it"


def not_added(kind: str, name: str, table: str) -> str:
    """Return the sentence about a constraint that is left out if rows violate it."""
    return f"{_word(kind)} {name} of {table} is not added where rows violate it"


def _word(kind: str) -> str:
    return {"primary": "primary key", "foreign": "foreign key"}.get(kind, f"{kind} constraint")
