"""Statements that look first whether they are needed, as the help of rules offers them."""

from __future__ import annotations

from miglint.base.model import Dialect
from miglint.rules.idempotency.guard_words import guard_of
from miglint.rules.idempotency.second_run_failure import SecondRunFailure
from miglint.rules.support.sql_text import block, literal
from miglint.sql.operations import Name

# A longer statement is not repeated in a help text.
_LONGEST = 160
_INTERRUPTS = ("--", "/*", "'", '"', "$")


def conditional(failure: SecondRunFailure, condition: str, statement: str) -> str:
    """Return a statement that runs another one only if a condition holds."""
    text = f"IF {condition} THEN {statement}; END IF;"
    # In a block the condition alone is enough, and another block there would need other quotes.
    return f"`{text if in_block(failure) else block(text)}`"


def in_block(failure: SecondRunFailure) -> bool:
    """Return whether the statement is inside of a `DO` block."""
    return failure.operation is not failure.event.operation


def whole_statement(failure: SecondRunFailure) -> str | None:
    """Return the whole statement where a block can run it, on one line; None where it is long or another one."""
    script, statement = failure.script, failure.event.statement
    if in_block(failure) or script.substituted is not None:
        return None
    start, end = statement.span
    text = script.file.text[start:end].rstrip().rstrip(";").rstrip()
    if "\n" in text:
        if any(mark in text for mark in _INTERRUPTS):
            return None
        text = " ".join(text.split())
    alone = text[:6].upper() in ("SELECT", "VACUUM") or "CONCURRENTLY" in text.upper() or text[:4].upper() == "WITH"
    return None if alone or len(text) > _LONGEST or "`" in text or "--" in text else text


def guarded(failure: SecondRunFailure, short: str) -> str:
    """Return the whole statement with its guard where it is short, else `short` without its last part."""
    script, statement = failure.script, failure.event.statement
    guard = guard_of(failure)
    if guard is None or in_block(failure) or len(statement.operations) != 1:
        return f"`{short} ...`"
    (start, end), at = statement.span, guard.edit.start
    text = script.file.text[start:at] + guard.edit.text + script.file.text[at:end]
    text = text.rstrip().rstrip(";").rstrip()
    if "\n" in text:
        # Line breaks in a string, or behind a comment, are part of the statement.
        if any(mark in text for mark in _INTERRUPTS):
            return f"`{short} ...`"
        text = " ".join(text.split())
    if len(text) > _LONGEST or "`" in text or "--" in text:
        return f"`{short} ...`"
    return f"`{text};`"


def without_guard_in_sqlite(guard: str, table: Name, column: str) -> str:
    """Return what to do about a column where SQLite has no guard for the statement."""
    return (
        f"SQLite has no {guard}. Have the runner run this script only once, or check first: "
        f"`SELECT 1 FROM pragma_table_info({literal(table.name)}) WHERE name = {literal(column)};`"
    )


def sqlite(failure: SecondRunFailure) -> bool:
    """Return whether the script is for SQLite."""
    return failure.script.dialect is Dialect.SQLITE
