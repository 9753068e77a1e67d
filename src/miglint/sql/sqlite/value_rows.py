"""Rows of `VALUES` of different lengths: some libraries see them while they parse, others when they plan."""

from __future__ import annotations

import re

from miglint.base.lazy_regex import pattern
from miglint.sql.sqlite.tokens import Tokens

UNEVEN = "all VALUES must have the same number of terms"
# At least two rows.
SEVERAL_ROWS = pattern(r"\bVALUES\b.*?\)\s*,\s*\(", re.IGNORECASE | re.DOTALL)


def are_uneven(tokens: Tokens) -> bool:
    """Return whether the rows of a `VALUES` clause differ in length."""
    return any(_differ(tokens, at + 1) for at, word in enumerate(tokens.words) if word == "VALUES")


def _differ(tokens: Tokens, at: int) -> bool:
    words, first = tokens.words, None
    while at < len(words) and words[at] == "(":
        end = tokens.closing(at)
        length = _terms(tokens, at + 1, end)
        if first is not None and length != first:
            return True
        first = length
        if end + 1 >= len(words) or words[end + 1] != ",":
            return False
        at = end + 2
    return False


def _terms(tokens: Tokens, at: int, end: int) -> int:
    """Return the number of terms between two parentheses."""
    words, count = tokens.words, 1
    while at < end:
        if words[at] == "(":
            at = tokens.closing(at)
        elif words[at] == ",":
            count += 1
        at += 1
    return count
