"""Numbers that are truth values in PostgreSQL: SQLite keeps booleans as 0 and 1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from miglint.base.structs import Struct, field
from miglint.port.replacements import NO_TABLES, ReplacedTables
from miglint.port.trees import Node, inserted_values


class BooleanColumns(Struct, frozen=True):
    """The columns that are boolean in PostgreSQL, in every table that has them, and the columns of tables in order.

    `columns` are all columns there are, None if they are not known; `replaced` are what `INSERT OR REPLACE` may be
    about. `numbers` are the columns that are numbers in every table that has them, `numbered` the keys of tables that
    number their rows. All names are in lower case.
    """

    names: frozenset[str] = frozenset()
    tables: Mapping[str, Sequence[str]] = field(default_factory=dict)
    columns: frozenset[str] | None = None
    replaced: ReplacedTables = NO_TABLES
    numbers: frozenset[str] = frozenset()
    numbered: Mapping[str, str] = field(default_factory=dict)


NO_BOOLEANS = BooleanColumns()


def with_booleans(tree: Node, known: BooleanColumns) -> Node:
    """Return a tree in which numbers are booleans, and booleans are numbers, where PostgreSQL requires it.

    Words in double quotes that are no columns are strings, as SQLite reads them.
    """
    from sqlglot import exp

    names = known.names
    if known.columns is not None:
        aliases = {node.alias.lower() for node in tree.find_all(exp.Alias)}
        aliases |= {node.name.lower() for one in tree.find_all(exp.TableAlias) for node in one.columns}
        for node in [*tree.find_all(exp.Column)]:
            if _is_string(node, known.columns | aliases):
                text = exp.Literal.string(node.name)
                tree = text if node is tree else tree
                node.replace(text)
    for node in [*tree.find_all(exp.EQ, exp.NEQ, exp.Is, exp.NullSafeEQ, exp.NullSafeNEQ)]:
        for one, other in ((node.this, node.expression), (node.expression, node.this)):
            if _is_boolean(one, names):
                _replace([other])
    for node in [*tree.find_all(exp.In, exp.Coalesce)]:
        if _is_boolean(node.this, names):
            _replace(node.expressions)
    for node in [*tree.find_all(exp.Insert)]:
        _replace([value for column, value in inserted_values(node, known.tables) if column in names])
    for node in [*tree.find_all(exp.Add, exp.Sub, exp.Mul, exp.Sum, exp.Avg, exp.GT, exp.LT, exp.GTE, exp.LTE)]:
        for part in (node.this, node.args.get("expression")):
            if isinstance(part, exp.Column) and part.name.lower() in names:
                part.replace(exp.Cast(this=part.copy(), to=exp.DataType.build("int")))
    for node in [*_conditions(tree)]:
        inner = node.unnest()
        if isinstance(inner, exp.Column) and not isinstance(inner.this, exp.Star) and inner.name.lower() not in names:
            inner.replace(exp.NEQ(this=inner.copy(), expression=exp.Literal.number("0")))
    return tree


def _is_string(node: Node, columns: frozenset[str]) -> bool:
    from sqlglot import exp

    own = node.this
    quoted = isinstance(own, exp.Identifier) and own.args.get("quoted")
    return bool(quoted) and not node.table and own.name.lower() not in columns


def _is_boolean(node: Node, names: frozenset[str]) -> bool:
    from sqlglot import exp

    if isinstance(node, (exp.Paren, exp.Coalesce)):
        return _is_boolean(node.this, names)
    return isinstance(node, exp.Column) and node.name.lower() in names


def _conditions(tree: Node) -> Iterator[Node]:
    """Yield the nodes that have to be truth values."""
    from sqlglot import exp

    for node in tree.find_all(exp.Where, exp.Having, exp.Not, exp.And, exp.Or, exp.If):
        if isinstance(node, exp.If) and isinstance(node.parent, exp.Case) and node.parent.this is not None:
            # A value that is compared.
            continue
        yield node.this
        if isinstance(node, (exp.And, exp.Or)):
            yield node.expression


def _replace(nodes: list[Node]) -> None:
    """Replace the numbers that are the values of expressions."""
    from sqlglot import exp

    for node in nodes:
        if isinstance(node, exp.Literal) and node.name in ("0", "1"):
            node.replace(exp.Boolean(this=node.name == "1"))
        elif isinstance(node, exp.Paren):
            _replace([node.this])
        elif isinstance(node, exp.Coalesce):
            _replace([node.this, *node.expressions])
        elif isinstance(node, exp.Case):
            branches = [item.args.get("true") for item in node.args.get("ifs") or ()]
            _replace([item for item in (*branches, node.args.get("default")) if item is not None])
        elif isinstance(node, exp.If):
            _replace([item for item in (node.args.get("true"), node.args.get("false")) if item is not None])
