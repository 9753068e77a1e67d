"""Expressions and queries as values: canonical text, and names used."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TypeVar

from miglint.base.lazy_regex import pattern
from miglint.sql.operations import Expression, Query
from miglint.sql.sqlite.mentions import MentionCollector, Outputs
from miglint.sql.sqlite.scope import Scope
from miglint.sql.sqlite.tokens import BLOB, NUMBER, QUOTED, STRING, VARIABLE, Tokens, unquoted
from miglint.sql.sqlite.words import SYNTAX

T = TypeVar("T", bound=Hashable)

_PLAIN = pattern(r"[^\x00-@\[-^`{-\x7f][^\x00-#%-/:-@\[-^`{-\x7f]*\Z")
# As quoted names they are other things than as words.
_CONSTANTS = frozenset({"true", "false"})
_BEFORE_NAMES = frozenset(
    {"AS", "COLLATE", "CONSTRAINT", "END", "FROM", "INDEXED", "INTO", "JOIN", "REFERENCES", "TABLE", "UPDATE"}
)
_OPERANDS = frozenset({")", STRING, NUMBER, BLOB, VARIABLE})
SAME_SIGNS = {"==": "=", "<>": "!="}
"""Signs that are written in two ways."""


def canonical(tokens: Tokens, start: int, end: int) -> str:
    """Return the tokens from `start` to `end` as canonical text, used for comparison.

    Names are lower case, and unquoted if possible, keywords are upper case, and tokens are separated by a single space.
    Strings are unchanged, and so are names in double quotes where they may be strings.
    """
    words = tokens.words
    start, end = inside(tokens, start, end)
    parts: list[str] = []
    for at in range(start, end):
        word = words[at]
        if word == STRING:
            parts.append(tokens.raw(at))
        elif word == QUOTED:
            parts.append(name_text(tokens, at))
        elif word in {NUMBER, VARIABLE}:
            parts.append(tokens.raw(at).lower())
        elif word == BLOB:
            parts.append(tokens.raw(at).upper())
        elif word in SYNTAX:
            parts.append(word)
        else:
            parts.append(SAME_SIGNS.get(word) or word.lower())
    return " ".join(parts)


def name_text(tokens: Tokens, at: int) -> str:
    """Return the canonical text of a quoted name."""
    name = tokens.name(at)
    if name != name.lower() and may_be_string(tokens, at):
        return quoted_name(name)
    return folded_name(name)


def folded_name(name: str) -> str:
    """Return the canonical text of a name that certainly is one."""
    folded = name.lower()
    return folded if _PLAIN.match(folded) and folded not in _CONSTANTS else quoted_name(folded)


def quoted_name(name: str) -> str:
    """Return a name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def may_be_string(tokens: Tokens, at: int) -> bool:
    """Return whether a name stands where SQLite takes it for a string if there is no such column."""
    words = tokens.words
    before, behind = words[at - 1] if at else "", words[at + 1] if at + 1 < len(words) else ""
    if tokens.raw(at)[:1] != '"' or "." in (before, behind) or behind in ("(", "AS"):
        return False
    # What follows a whole operand is an alias.
    return before in SYNTAX - _BEFORE_NAMES or not (
        before in _BEFORE_NAMES or before in _OPERANDS or tokens.is_name(at - 1)
    )


def literal(tokens: Tokens, start: int, end: int) -> str | None:
    """Return the value of a constant, as text; None for anything else, and for NULL."""
    words = tokens.words
    start, end = inside(tokens, start, end)
    if words[start : start + 2] == ["CAST", "("] and tokens.closing(start + 1) == end - 1:
        inner = [at for at in range(start + 2, min(end - 1, start + 8)) if words[at] == "AS"]
        return literal(tokens, start + 2, inner[0]) if len(inner) == 1 else None
    if end - start == 1:
        word = words[start]
        if word == STRING:
            return tokens.name(start)
        if word in {NUMBER, BLOB, "TRUE", "FALSE"}:
            return tokens.raw(start)
    elif end - start == 2 and words[start] in {"-", "+"} and words[start + 1] == NUMBER:
        return ("-" if words[start] == "-" else "") + tokens.raw(start + 1)
    return None


def expression(tokens: Tokens, start: int, end: int) -> Expression:
    """Return the expression in the tokens from `start` to `end`."""
    text = tokens.slice(start, end)
    if end - start == 1:
        word = tokens.words[start]
        if word == STRING:
            return Expression(text, text, literal=unquoted(text))
        if word == NUMBER:
            return Expression(text.lower(), text, literal=text)
        if word == "NULL":
            return Expression("null", text)
    found = MentionCollector()
    found.walk(tokens, start, end, Scope())
    return Expression(
        canonical(tokens, start, end),
        text,
        columns=distinct(use.column for use in found.uses),
        functions=distinct(found.functions),
        types=distinct(found.types),
        relations=distinct(found.relations),
        literal=literal(tokens, start, end),
    )


def query(tokens: Tokens, start: int, end: int) -> Query:
    """Return the query (`SELECT`, `VALUES` or `WITH`) that the tokens from `start` to `end` spell."""
    found = MentionCollector()
    outputs = found.query(tokens, start, end, Scope())
    return collected_query(canonical(tokens, start, end), tokens.slice(start, end), found, outputs)


def collected_query(key: str, text: str, found: MentionCollector, outputs: Outputs) -> Query:
    """Return a query with the mentions that were collected from it, and what reading it has returned."""
    names, stars = outputs
    return Query(
        key,
        text,
        relations=distinct(found.relations),
        uses=distinct(found.uses),
        functions=distinct(found.functions),
        types=distinct(found.types),
        outputs=names,
        stars=stars,
        strings=found.strings(),
    )


def distinct(values: Iterable[T]) -> tuple[T, ...]:
    """Return the values in order, without duplicates."""
    return tuple(dict.fromkeys(values))


def inside(tokens: Tokens, start: int, end: int) -> tuple[int, int]:
    """Skip parentheses around a whole expression."""
    while end - start > 2 and tokens.words[start] == "(" and tokens.closing(start) == end - 1:
        start, end = start + 1, end - 1
    return start, end
