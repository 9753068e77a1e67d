"""A script of SQLite as statements and operations."""

from __future__ import annotations

from miglint.sql.operations import Statement, SyntaxProblem
from miglint.sql.sqlite.engine import objection
from miglint.sql.sqlite.reader import kind, read
from miglint.sql.sqlite.tokens import pieces, tokenize


def statements(text: str, offset: int = 0) -> tuple[Statement, ...]:
    """Return the statements of a script; `offset` is the position of `text` in its file and is part of every span."""
    found = []
    for start, end in pieces(text):
        tokens = tokenize(text, start, end)
        against = objection(text, start, end, tokens)
        span = tokens.span(0, len(tokens), offset)
        if against is not None and against[0].syntax:
            flaw = against[0]
            problem = SyntaxProblem(flaw.message, tokens.span(flaw.first, flaw.last, offset))
            found.append(Statement(span, kind(tokens), (), problem))
        else:
            refused = None if against is None else against[0].message
            found.append(Statement(span, kind(tokens), (read(tokens, offset),), None, refused))
    return tuple(found)
