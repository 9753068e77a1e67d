"""From script to statements: one front end per engine, one vocabulary of operations."""

from __future__ import annotations

from miglint.base.model import Dialect, Script
from miglint.base.template_names import has_tag
from miglint.sql.operations import Statement, SyntaxProblem


def parse(script: Script) -> tuple[Statement, ...]:
    """Parse a script with the front end of its dialect; spans count from the start of its file. Never raises."""
    if script.file.error is not None:
        problem = SyntaxProblem(f"the file was not read: {script.file.error}", script.span, certain=False)
        return (Statement(script.span, "", (), problem),)
    text = script.text
    statements = _statements(text, script)
    if all(statement.problem is None for statement in statements):
        return statements
    if script.substituted is not None and has_tag(script.substituted):
        # With its tags taken for names it is no SQL either: it is read as it stands.
        text = script.file.text[script.span.start : script.span.end]
        statements = _statements(text, script)
    if "{" in text:
        from miglint.sql.templates import templated

        return templated(text, script.span.start, statements)
    return statements


def _statements(text: str, script: Script) -> tuple[Statement, ...]:
    if script.dialect is Dialect.SQLITE:
        # Each front end loads a library that the other does not need.
        from miglint.sql import sqlite

        return sqlite.parse(text, script.span.start)
    from miglint.sql import postgres

    return postgres.parse(text, script.span.start)
