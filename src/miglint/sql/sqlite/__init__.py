"""SQLite front end: scripts as statements and operations.

Why no general SQL parser: SQLite's DDL is small, and a multi-dialect parser does not support the important parts
(`STRICT`, `WITHOUT ROWID`, generated columns, trigger bodies), takes 90 ms to import and about 0.4 ms per file. The
readers here cover the DDL exactly, and scan the tokens of queries and data statements only to find the names used; an
unsupported statement becomes `Opaque` with the reason. Syntax checking is left to the SQLite library itself.
"""

from __future__ import annotations

from miglint.sql.operations import Statement, SyntaxProblem
from miglint.sql.sqlite.engine import objection
from miglint.sql.sqlite.reader import kind, read
from miglint.sql.sqlite.tokens import pieces, tokenize


def parse(text: str, offset: int = 0) -> tuple[Statement, ...]:
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
