"""Statements that were written, read again."""

from __future__ import annotations

from miglint.base.model import Dialect, Direction, Script, SourceFile, Span
from miglint.sql import parse
from miglint.sql.operations import Statement


def read(text: str, dialect: Dialect) -> tuple[Statement, ...]:
    """Parse statements that were written."""
    file = SourceFile("<written>", text)
    return parse(Script(file, Span(0, len(text)), Direction.ROLLBACK, dialect))
