"""LIKE of PostgreSQL, which is case-sensitive, in SQLite, whose LIKE is not."""

from __future__ import annotations

from sqlglot import exp

from miglint.port.trees import Node, TranslationError

_FOLDING = "folding"


def folding_like(node: Node) -> Node:
    """Return LIKE of SQLite, which is case-insensitive, with the escape character of PostgreSQL."""
    made = exp.Like(this=node.this, expression=node.expression)
    made.meta[_FOLDING] = True
    pattern = node.expression
    if isinstance(pattern, exp.Literal) and "\\" in pattern.name and not isinstance(node.parent, exp.Escape):
        return exp.Escape(this=made, expression=exp.Literal.string("\\"))
    return made


def exact_like(node: Node) -> Node:
    """Return GLOB, which is case-sensitive as LIKE is in PostgreSQL."""
    if node.meta.get(_FOLDING):
        return node
    pattern = node.expression
    if not isinstance(pattern, exp.Literal) or not pattern.is_string:
        raise TranslationError("LIKE with a pattern that is not a constant ignores case on SQLite")
    if not any(char.lower() != char.upper() for char in pattern.name) and "\\" not in pattern.name:
        return node
    return exp.Glob(this=node.this, expression=exp.Literal.string(_glob(pattern.name, "\\")))


def escape(node: Node) -> Node:
    """Return GLOB for LIKE with an escape character of its own."""
    like, character = node.this, node.expression
    if not isinstance(like, exp.Like) or like.meta.get(_FOLDING):
        return node
    if not isinstance(like.expression, exp.Literal) or not isinstance(character, exp.Literal):
        raise TranslationError("LIKE with a pattern that is not a constant ignores case on SQLite")
    return exp.Glob(this=like.this, expression=exp.Literal.string(_glob(like.expression.name, character.name)))


def _glob(pattern: str, escape: str) -> str:
    found, place = [], 0
    while place < len(pattern):
        char = pattern[place]
        if char == escape and place + 1 < len(pattern):
            place += 1
            char = pattern[place]
        elif char in "%_":
            found.append("*" if char == "%" else "?")
            place += 1
            continue
        found.append(f"[{char}]" if char in "*?[" else char)
        place += 1
    return "".join(found)
