"""Numbers that are truth values in PostgreSQL: SQLite keeps booleans as 0 and 1."""

from __future__ import annotations

from miglint.port.trees import Node


def with_booleans(tree: Node, names: frozenset[str]) -> Node:
    """Return a tree in which the constants 0 and 1 are booleans where a boolean column is compared, set or inserted."""
    if not names:
        return tree
    from sqlglot import exp

    def is_boolean(node: Node) -> bool:
        return isinstance(node, exp.Column) and node.name.lower() in names

    for node in tree.find_all(exp.EQ, exp.NEQ, exp.Is, exp.NullSafeEQ, exp.NullSafeNEQ):
        for one, other in ((node.this, node.expression), (node.expression, node.this)):
            if is_boolean(one):
                _replace([other])
    for node in tree.find_all(exp.In, exp.Coalesce):
        if is_boolean(node.this):
            _replace(node.expressions)
    for node in tree.find_all(exp.Insert):
        _replace(_inserted(node, names))
    return tree


def _inserted(node: Node, names: frozenset[str]) -> list[Node]:
    """Return the values that a statement inserts into boolean columns."""
    from sqlglot import exp

    columns = [item.name.lower() for item in node.this.expressions] if isinstance(node.this, exp.Schema) else []
    pairs = [pair for row in _rows(node.expression) for pair in zip(columns, row, strict=False)]
    return [value for column, value in pairs if column in names]


def _rows(source: Node) -> list[list[Node]]:
    from sqlglot import exp

    if isinstance(source, exp.Values):
        return [row.expressions for row in source.expressions if isinstance(row, exp.Tuple)]
    if isinstance(source, exp.Select):
        return [[item.unalias() for item in source.expressions]]
    return []


def _replace(nodes: list[Node]) -> None:
    from sqlglot import exp

    for node in nodes:
        if isinstance(node, exp.Literal) and node.name in ("0", "1"):
            node.replace(exp.Boolean(this=node.name == "1"))
