"""From script to statements: one front end per engine, one vocabulary of operations."""

from __future__ import annotations

from miglint.source import Dialect, Script
from miglint.sql.operations import Statement


def parse(script: Script) -> tuple[Statement, ...]:
    """Parse a script with the front end of its dialect; spans count from the start of its file. Never raises."""
    if script.dialect is Dialect.SQLITE:
        from miglint.sql import sqlite  # noqa: PLC0415 - each front end loads a library that the other does not need

        return sqlite.parse(script.text, script.span.start)
    from miglint.sql import postgres  # noqa: PLC0415

    return postgres.parse(script.text, script.span.start)
