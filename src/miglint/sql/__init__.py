"""From script to statements: one front end per engine, one vocabulary of operations."""

from __future__ import annotations

import re

from miglint.patterns import pattern
from miglint.source import Dialect, Script
from miglint.sql.operations import Statement, SyntaxProblem
from miglint.values import replace

_TEMPLATE = pattern(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


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
        return _templated(text, statements)
    return statements


def _templated(text: str, statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    # What a template engine fills in is no SQL yet, so what the grammar has against it says nothing.
    found = _TEMPLATE.search(text)
    if found is None:
        return statements
    message = f"{found[0][:40]} is filled in by a template before the engine sees it"
    return tuple(
        statement
        if statement.problem is None
        else replace(statement, problem=SyntaxProblem(message, statement.problem.span, certain=False))
        for statement in statements
    )
