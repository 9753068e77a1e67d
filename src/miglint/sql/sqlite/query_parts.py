"""Boundaries of the parts of a query: aliases, lists, the clauses of a SELECT."""

from __future__ import annotations

from miglint.sql.sqlite.tokens import STRING, Tokens
from miglint.sql.sqlite.words import CLAUSES, CLOCK, JOIN, SYNTAX

_OPERAND_ENDS = frozenset({")", "END", "NULL", *CLOCK})


def clauses_of(tokens: Tokens, first: int, end: int) -> list[tuple[str, int]]:
    """Return the clauses after a SELECT's result columns, each by its first word, with its position."""
    words, at = tokens.words, first
    found: list[tuple[str, int]] = []
    while at < end:
        word = words[at]
        if word == "(":
            at = tokens.closing(at)
        elif word in CLAUSES and not (word == "FROM" and words[at - 1] == "DISTINCT" and at - 1 > first):
            found.append((word, at))
        at += 1
    return found


def condition_end(tokens: Tokens, at: int, end: int) -> int:
    """Return the end of the expression after `ON`: the next join or comma outside parentheses."""
    words = tokens.words
    while at < end and words[at] not in JOIN and words[at] != ",":
        at = min(tokens.closing(at), end - 1) + 1 if words[at] == "(" else at + 1
    return at


def source_alias(tokens: Tokens, at: int, end: int) -> tuple[int, str | None]:
    """Return the token after a source's alias and its `INDEXED BY`, and the alias if there is one."""
    words, alias = tokens.words, None
    if at < end and words[at] == "AS":
        at += 1
    if at < end and (words[at] == STRING or (tokens.is_name(at) and words[at] not in SYNTAX)):
        alias = tokens.name(at)
        at += 1
    if words[at : at + 2] == ["INDEXED", "BY"]:
        at += 3
    elif words[at : at + 2] == ["NOT", "INDEXED"]:
        at += 2
    return at, alias


def is_alias(tokens: Tokens, at: int) -> bool:
    """Return whether the last token of a result column is an alias without `AS`."""
    word, before = tokens.words[at], tokens.words[at - 1]
    if word != STRING and (not tokens.is_name(at) or word in SYNTAX):
        return False
    return (
        before in _OPERAND_ENDS
        or before[0] in {"'", '"', "0", "?"}
        or (tokens.is_name(at - 1) and before not in SYNTAX)
    )


def split_list(tokens: Tokens, start: int, end: int) -> list[tuple[int, int]]:
    """Return the parts between commas outside parentheses, without empty ones."""
    parts, first, at = [], start, start
    while at < end:
        word = tokens.words[at]
        if word == "(":
            at = min(tokens.closing(at), end - 1)
        elif word == ",":
            if first < at:
                parts.append((first, at))
            first = at + 1
        at += 1
    if first < end:
        parts.append((first, end))
    return parts
