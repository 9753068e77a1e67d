"""From script to statements: one front end per engine, one vocabulary of operations."""

from __future__ import annotations

from miglint.source import Dialect, Script
from miglint.sql.operations import Statement


def parse(script: Script) -> tuple[Statement, ...]:
    """Parse a script with the front end of its dialect; spans count from the start of its file. Never raises."""
    text = script.text
    if script.dialect is Dialect.SQLITE:
        # Each front end loads a library that the other does not need.
        from miglint.sql import sqlite

        statements = sqlite.parse(text, script.span.start)
    else:
        from miglint.sql import postgres

        statements = postgres.parse(text, script.span.start)
    if "{" in text and any(statement.problem is not None for statement in statements):
        from miglint.sql.templates import templated

        return templated(text, script.span.start, statements)
    return statements
