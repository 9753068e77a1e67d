"""Names and texts as SQL, for the help of findings."""

from __future__ import annotations

from miglint.sql import operations as ops
from miglint.writer.words import dollar_quotes, literal
from miglint.writer.words import identifier as ident

__all__ = ["block", "ident", "literal", "qualified", "suffixed"]

_LONGEST_NAME = 63


def qualified(name: ops.Name) -> str:
    """Return a possibly qualified name as SQL."""
    return ident(name.name) if name.schema is None else f"{ident(name.schema)}.{ident(name.name)}"


def suffixed(name: str, suffix: str) -> str:
    """Return a name with a suffix as SQL, short enough for PostgreSQL not to cut the suffix off."""
    room = _LONGEST_NAME - len(suffix)
    return ident(name.encode()[:room].decode(errors="ignore") + suffix)


def block(body: str) -> str:
    """Return an anonymous block of PL/pgSQL on one line."""
    quotes = dollar_quotes(body)
    return f"DO {quotes} BEGIN {body} END {quotes};"
