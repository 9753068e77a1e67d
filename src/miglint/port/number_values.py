"""Values of numeric columns for PostgreSQL, where TRUE is not a number, and NULL does not generate a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from miglint.port.trees import Node, inserted_values

# PostgreSQL's types of numbers, by their names in a catalog and in a choice of types.
NUMBER_TYPES = frozenset(
    {"int2", "int4", "int8", "smallint", "integer", "bigint", "numeric", "float4", "float8", "real", "double precision"}
)


def with_numbers(
    tree: Node, numbers: frozenset[str], numbered: Mapping[str, str], tables: Mapping[str, Sequence[str]]
) -> Node:
    """Return a tree in which number columns get numbers, and a NULL for a key that is numbered is its default.

    `numbers` are columns, `numbered` the keys of tables, `tables` the columns of tables in order; all in lower case.
    """
    from sqlglot import exp

    for node in [*tree.find_all(exp.Insert)]:
        target = node.this.this if isinstance(node.this, exp.Schema) else node.this
        key = numbered.get(target.name.lower())
        for column, value in [*inserted_values(node, tables)]:
            if column == key and isinstance(value, exp.Null) and isinstance(node.expression, exp.Values):
                value.replace(exp.var("DEFAULT"))
            elif column in numbers:
                _as_number(value)
    for node in [*tree.find_all(exp.EQ, exp.NEQ)]:
        for one, other in ((node.this, node.expression), (node.expression, node.this)):
            if isinstance(one, exp.Column) and one.name.lower() in numbers:
                _as_number(other)
    return tree


def _as_number(node: Node) -> None:
    from sqlglot import exp

    if isinstance(node, exp.Boolean):
        node.replace(exp.Literal.number("1" if node.this else "0"))
