"""The SQLite front end: scripts written for SQLite as statements and operations.

Why no general SQL parser stands here: SQLite's language of schema changes is small, and a parser of many dialects gives
up on the parts that matter (`STRICT`, `WITHOUT ROWID`, generated columns, triggers with a body) while taking 90 ms to
import and about 0.4 ms a file. The readers here know that small language to the letter, and walk over the tokens of
queries and data statements just closely enough to tell what they mention; where they do not understand a statement it
becomes `Opaque` with the reason. Whether a statement is SQL at all they leave to the SQLite library, which knows.
"""

from __future__ import annotations

from miglint.sql.operations import Statement, SyntaxProblem
from miglint.sql.sqlite.engine import objection
from miglint.sql.sqlite.reader import kind, read
from miglint.sql.sqlite.tokens import pieces, tokenize


def parse(text: str, offset: int = 0) -> tuple[Statement, ...]:
    """Return the statements of a script; `offset` is where `text` starts in its file, and is part of every span."""
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
            found.append(Statement(span, kind(tokens), (read(tokens, offset),)))
    return tuple(found)
