"""The white space and the comments between the words of a script."""

from __future__ import annotations

from miglint.base.lazy_regex import pattern

# Up to 3.11.4 Python matches possessive groups wrongly, and a plain one would take quadratic time.
_PART = pattern(r"\s+|--[^\r\n]*|/\*")


def behind_gap(text: str, at: int, end: int | None = None) -> int:
    """Return the place behind the white space and comments that begin at a place; a comment without an end stays."""
    end = len(text) if end is None else end
    while (found := _PART.match(text, at, end)) is not None:
        behind = found.end()
        if found[0] == "/*":
            closing = text.find("*/", behind, end)
            if closing < 0:
                break
            behind = closing + 2
        at = behind
    return at
