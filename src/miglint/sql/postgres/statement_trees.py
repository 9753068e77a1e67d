"""Trees of single statements by their text: parsed once, with their script or when first needed."""

from __future__ import annotations

from miglint.sql.postgres import native
from miglint.sql.postgres.names import Node

_MOST = 1024
_trees: dict[str, Node | None] = {}


def clear() -> None:
    """Clear the cache of trees."""
    _trees.clear()


def keep_tree(text: str, tree: Node) -> None:
    """Store the tree of a statement that was parsed as a part of its script."""
    if len(_trees) >= _MOST:
        _trees.clear()
    _trees[text] = tree


def tree_of(text: str) -> Node | None:
    """Return the tree of a statement; None if the text has not exactly one, or cannot be parsed."""
    if text in _trees:
        return _trees[text]
    if len(_trees) >= _MOST:
        _trees.clear()
    tree = _trees[text] = parsed(text)
    return tree


def parsed(text: str) -> Node | None:
    """Return the tree of a statement, with the places in this text, as `tree_of` does."""
    try:
        statements = native.parse_json(text.encode("utf-8", "replace"))
    except RecursionError:
        return None
    if isinstance(statements, native.NativeError) or len(statements) != 1:
        return None
    tree: Node = statements[0]["stmt"]
    return tree
