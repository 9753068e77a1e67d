"""The nodes of a tree, and the relations that it reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from miglint.sql.operations import Name
from miglint.sql.postgres.names import Node, relation_name


def nodes_of(tree: Any) -> Iterator[tuple[str, Node]]:
    """Yield every named node in `tree`, with its name."""
    stack = [tree]
    while stack:
        item = stack.pop()
        if type(item) is dict:
            for key, value in item.items():
                kind = type(value)
                if kind is dict:
                    if key[0].isupper():
                        yield key, value
                    stack.append(value)
                elif kind is list:
                    stack.append(value)
        elif type(item) is list:
            stack.extend(item)


def relations_in(*trees: Any) -> tuple[Name, ...]:
    """Return the relations in FROM lists of the trees, except the names of their own CTEs."""
    found: dict[Name, None] = {}
    hidden: set[str] = set()
    for tree in trees:
        for kind, body in nodes_of([tree]):
            if kind == "RangeVar":
                found[relation_name(body)] = None
            elif kind == "CommonTableExpr":
                hidden.add(body["ctename"])
    return tuple(name for name in found if name.schema is not None or name.name not in hidden)
