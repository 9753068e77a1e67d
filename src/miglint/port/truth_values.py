"""Truth values: the words that PostgreSQL reads as them and writes them as, for SQLite, which keeps numbers."""

from __future__ import annotations

from sqlglot import exp

from miglint.port.trees import Node

_TRUE = frozenset({"t", "true", "y", "yes", "on", "1"})
_FALSE = frozenset({"f", "false", "n", "no", "off", "0"})


def truth_word(node: Node) -> Node:
    """Return the word that PostgreSQL writes for the value of an expression."""
    if isinstance(node, exp.Boolean):
        return exp.Literal.string("true" if node.this else "false")
    words = exp.Case().when(node.copy(), exp.Literal.string("true"))
    return words.when(exp.not_(node.copy()), exp.Literal.string("false"))


def truth_case(text: Node) -> Node:
    """Return an expression for the truth value that PostgreSQL reads in a text."""
    low = exp.Lower(this=exp.Trim(this=text))
    case = exp.Case()
    for words, value in ((_TRUE, True), (_FALSE, False)):
        listed = exp.In(this=low.copy(), expressions=[exp.Literal.string(word) for word in sorted(words)])
        case = case.when(listed, exp.Boolean(this=value))
    return case
