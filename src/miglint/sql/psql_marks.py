"""Whether a text may have something in it that only psql understands: found before anything is read."""

from __future__ import annotations

import re

from miglint.base.lazy_regex import pattern

# What a script has that psql takes for itself, where no string, comment or name holds it.
_PSQL = pattern(r"(?m)(?:^|[\s;)])\\[^\s.]|\\[;:]|^\\\.|\bfrom\s+(?:stdin\b|'stdin')", re.IGNORECASE)


def may_be_for_psql(text: str) -> bool:
    """Return whether a text may have commands of psql, or the data of `COPY ... FROM stdin`."""
    # Nearly all texts have neither, and the expression looks at each line.
    return ("\\" in text or "stdin" in text.lower()) and _PSQL.search(text) is not None


def first_command(text: str) -> tuple[int, int] | None:
    """Return the place of the first of these in a text."""
    if not may_be_for_psql(text):
        return None
    from miglint.sql.postgres.psql_script import read_script  # few scripts need it

    return next(iter(read_script(text).commands), None)


def shown(text: str, place: tuple[int, int]) -> str:
    """Return words for one of these in a text."""
    start, end = place
    return f"the command {text[start:end].split(maxsplit=1)[0]} of psql" if text[start] == "\\" else "data of COPY"
