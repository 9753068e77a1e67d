"""From script to statements: one front end per engine, one vocabulary of operations."""

from __future__ import annotations

from miglint.source import Dialect, Script
from miglint.sql.operations import Statement


def parse(script: Script) -> tuple[Statement, ...]:
    """Parse a script with the front end of its dialect; spans count from the start of its file. Never raises."""
    if script.dialect is Dialect.SQLITE:
        from miglint.sql import sqlite

        return sqlite.parse(script.text, script.span.start)
    from miglint.sql import postgres

    return postgres.parse(script.text, script.span.start)
