"""SQLite front end: scripts as statements and operations.

Why no general SQL parser: SQLite's DDL is small, and a multi-dialect parser does not support the important parts
(`STRICT`, `WITHOUT ROWID`, generated columns, trigger bodies), takes 90 ms to import and about 0.4 ms per file. The
readers here cover the DDL exactly, and scan the tokens of queries and data statements only to find the names used; an
unsupported statement becomes `Opaque` with the reason. Syntax checking is left to the SQLite library itself.
"""

from __future__ import annotations

from miglint.sql.operations import Statement


def parse(text: str, offset: int = 0) -> tuple[Statement, ...]:
    """Return the statements of a script; `offset` is the position of `text` in its file and is part of every span."""
    # PostgreSQL scripts need the table of features and the judgment of syntax, and with them this package.
    from miglint.sql.sqlite.script import statements

    return statements(text, offset)
