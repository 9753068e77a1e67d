"""What stands between the statements of a script."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.lazy_regex import pattern

_PART = pattern(r"--[^\n]*|/\*|\n[ \t\r]*(?=\n)")
# Lines by which a tool finds the parts of a script, or miglint its settings.
_MARKER = pattern(r"--\s*(?:\+|@|migrate:|rollback\b|changeset\b|liquibase\b|miglint:)|--.*\bversion\s*$", 2)


def comments_in(text: str) -> Iterator[str]:
    """Yield the comments between two statements, but for those that a tool reads; an empty line is an empty text."""
    blank = False
    place = 0
    while (found := _PART.search(text, place)) is not None:
        place = found.end()
        comment = found[0]
        if comment.startswith("\n"):
            blank = True
            continue
        if comment == "/*":
            end = text.find("*/", place)
            if end < 0:
                break
            comment, place = text[found.start() : end + 2], end + 2
        if not _MARKER.match(comment):
            if blank:
                yield ""
            blank = False
            yield comment.rstrip()
    if blank:
        yield ""
