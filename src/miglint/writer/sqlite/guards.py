"""Statements that do nothing where what they create is there."""

from __future__ import annotations

import re

from miglint.base.lazy_regex import pattern

_CREATE = pattern(r"CREATE (?:UNIQUE INDEX|INDEX|VIRTUAL TABLE|TABLE|VIEW|TRIGGER)(?=\s)(?!\s+IF\s)", re.IGNORECASE)


def guarded(text: str) -> str:
    """Return a CREATE with IF NOT EXISTS."""
    return _CREATE.sub(lambda found: f"{found[0]} IF NOT EXISTS", text, count=1)
