"""Edits applied to a text: every character outside an edit stays as it is."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from miglint.base.findings import Edit


def with_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return a text with edits that do not overlap."""
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end, edit.order or 0)):
        parts += (text[at : edit.start], edit.text)
        at = edit.end
    parts.append(text[at:])
    return "".join(parts)


# One line can be the whole file, and each of its statements may get a fix.
@lru_cache(maxsize=8)
def line_break_of(text: str) -> str:
    """Return the line break that a text has: that of Windows if there is one."""
    return "\r\n" if "\r\n" in text else "\n"
