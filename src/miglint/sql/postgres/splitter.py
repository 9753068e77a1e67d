"""Splitting of scripts without the grammar: for texts that the grammar rejects, and for very long ones.

Quotes, dollar quotes, nested comments and `BEGIN ATOMIC` bodies may contain semicolons that are not separators. What
only psql understands is left out before (`psql_script`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from miglint.base.lazy_regex import pattern
from miglint.sql.postgres.lexer import is_comment, skip, skip_space, unclosed_comment

# What can be passed over at once: plain text and quotes without backslashes. In a routine or a rule, words and brackets
# count, so there only plain text.
_RUN = pattern(r"""[^;'"$/\-\\]*+(?:(?:'[^'\\]*+'|-(?!-)|/(?!\*))[^;'"$/\-\\]*+){0,1000}""")
_CAREFUL_RUN = pattern(r"[^();'\"$/\-\\]*")
_ROUTINE = pattern(r"CREATE\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE)\b", re.IGNORECASE)
_RULE = pattern(r"CREATE\s+(?:OR\s+REPLACE\s+)?RULE\b", re.IGNORECASE)
_BLOCK_WORD = pattern(r"\b(?:BEGIN\s+ATOMIC|CASE|END)\b", re.IGNORECASE)


class StatementSlice(NamedTuple):
    """The characters of one statement."""

    start: int
    end: int


def split(text: str) -> Iterator[StatementSlice]:
    """Yield each statement, without the semicolon and without white space and comments around it."""
    limit = len(text)
    at = 0
    while True:
        before = at
        at = skip_space(text, at, limit)
        if at >= limit:
            unclosed = unclosed_comment(text, before, limit)
            if unclosed is not None:
                yield StatementSlice(unclosed, limit)
            return
        if text[at] == ";":
            at += 1
            continue
        end, stop = _statement(text, at, limit)
        yield StatementSlice(at, end)
        at = stop


_NESTING = {"(": 1, ")": -1}


def _statement(text: str, at: int, limit: int) -> tuple[int, int]:
    """Return the end of the statement's text, and its terminator's position: a semicolon or the end."""
    routine = _ROUTINE.match(text, at) is not None
    rule = _RULE.match(text, at) is not None
    pattern = _CAREFUL_RUN if routine or rule else _RUN
    blocks = depth = 0
    end = at
    while at < limit:
        run = pattern.match(text, at)
        chunk = run.group() if run else ""
        stop = at + len(chunk)
        blocks = _blocks(chunk, blocks) if routine else blocks
        if length := len(chunk.rstrip()):
            end = at + length
        if stop >= limit:
            return end, limit
        char = text[stop]
        if char == ";" and blocks == 0 and not (rule and depth > 0):
            return end, stop
        depth += _NESTING.get(char, 0)
        at = skip(text, stop, limit)
        if not is_comment(text, stop) or _is_unclosed(text, stop, at, limit):
            end = at
    return end, limit


def _is_unclosed(text: str, start: int, end: int, limit: int) -> bool:
    return end == limit and unclosed_comment(text, start, limit) is not None


def _blocks(chunk: str, blocks: int) -> int:
    """Track the nesting of SQL bodies: `BEGIN ATOMIC` opens one, and inside it `CASE` has an `END` too."""
    for word in _BLOCK_WORD.finditer(chunk):
        if word.group()[0] in "bB":
            blocks += 1
        elif blocks:
            blocks += 1 if word.group()[0] in "cC" else -1
    return blocks
