"""Whole numbers that scripts and settings spell."""

from __future__ import annotations

# Python refuses to read more than 4,300 digits. No number of an engine has nearly as many.
_MOST = 4_000
_LARGE: int = 10**_MOST


def whole_number(text: str) -> int:
    """Return the number that digits spell, with or without a sign; 10 to the power of 4,000 stands for all above."""
    if len(text) <= _MOST:
        return int(text)
    return -_LARGE if text.lstrip().startswith("-") else _LARGE
