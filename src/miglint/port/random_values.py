"""Random values of PostgreSQL, in SQLite's words."""

from __future__ import annotations

from sqlglot import exp

from miglint.port.trees import Node

# A random identifier of version 4 in its usual form.
_RANDOM_UUID = (
    "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || "
    "substr('89ab', 1 + (abs(random()) % 4), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
)


def random_uuid() -> Node:
    """Return what makes a random identifier in SQLite."""
    import sqlglot

    tree = sqlglot.parse_one(_RANDOM_UUID, read="sqlite")
    for node in [*tree.find_all(exp.Rand)]:
        node.replace(_sqlite_random())
    return tree


def _sqlite_random() -> Node:
    """Return the function of SQLite, whose values are whole numbers, as a node that is not rewritten."""
    return exp.Anonymous(this="random", expressions=[])


def number_below_one(node: Node) -> Node:
    """Return a random number between 0 and 1, which random() is in PostgreSQL."""
    part = exp.Mod(this=_sqlite_random(), expression=exp.Literal.number("1000000000000000"))
    return exp.Paren(this=exp.Div(this=exp.Abs(this=part), expression=exp.Literal.number("1e15")))
