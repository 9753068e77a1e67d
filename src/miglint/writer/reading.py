"""Statements and conditions that were written, read again.

What is written is replayed where it is written, and again by those that use it: the last results are kept.
"""

from __future__ import annotations

from functools import lru_cache

from miglint.base.model import Dialect, Direction, Script, SourceFile, Span
from miglint.replay.apply import run
from miglint.schema.outcome import Run
from miglint.schema.value import Schema
from miglint.sql import parse
from miglint.sql.operations import Condition, Statement


@lru_cache(maxsize=8)
def read(text: str, dialect: Dialect) -> tuple[Statement, ...]:
    """Parse statements that were written."""
    file = SourceFile("<written>", text)
    return parse(Script(file, Span(0, len(text)), Direction.ROLLBACK, dialect))


@lru_cache(maxsize=4)
def run_blind(schema: Schema, text: str) -> Run:
    """Return the run of statements that were written over a schema, whatever rows there are."""
    return run(schema, read(text, schema.dialect), kept=False, blind=True)


def read_condition(text: str) -> Condition | None:
    """Parse a condition that was written for PL/pgSQL; None if it is no expression."""
    # Scripts of SQLite have no conditions.
    from miglint.sql.postgres.conditions import condition_of

    return condition_of(text)
