"""Statements and conditions that were written, read again."""

from __future__ import annotations

from miglint.base.model import Dialect, Direction, Script, SourceFile, Span
from miglint.sql import parse
from miglint.sql.operations import Condition, Statement


def read(text: str, dialect: Dialect) -> tuple[Statement, ...]:
    """Parse statements that were written."""
    file = SourceFile("<written>", text)
    return parse(Script(file, Span(0, len(text)), Direction.ROLLBACK, dialect))


def read_condition(text: str) -> Condition | None:
    """Parse a condition that was written for PL/pgSQL; None if it is no expression."""
    # Scripts of SQLite have no conditions.
    from miglint.sql.postgres.conditions import condition_of

    return condition_of(text)
