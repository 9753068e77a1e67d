"""What stands between the statements of a script."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.lazy_regex import pattern

_PART = pattern(r"--[^\n]*|/\*[\s\S]*?\*/|\n[ \t\r]*(?=\n)")
# Lines by which a tool finds the parts of a script, or miglint its settings.
_MARKER = pattern(r"--\s*(?:\+|@|migrate:|rollback\b|changeset\b|liquibase\b|miglint:)|--.*\bversion\s*$", 2)


def comments_in(text: str) -> Iterator[str]:
    """Yield the comments between two statements, but for those that a tool reads; an empty line is an empty text."""
    blank = False
    for found in _PART.finditer(text):
        if found[0].startswith("\n"):
            blank = True
        elif not _MARKER.match(found[0]):
            if blank:
                yield ""
            blank = False
            yield found[0].rstrip()
    if blank:
        yield ""
