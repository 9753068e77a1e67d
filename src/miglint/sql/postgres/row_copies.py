"""What `INSERT` takes from the rows of another table: all that a query selects, or one that a sub-query looks up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from miglint.sql.operations import Expression, RowCopy
from miglint.sql.postgres.expressions import expression
from miglint.sql.postgres.names import Node, relation_name
from miglint.sql.postgres.relations import nodes_of
from miglint.sql.postgres.selects import alias_of

Constant = Callable[[Node], Expression | None]
"""Returns the constant that a node is, None where it is none."""

# Clauses that make other rows of those of a table, or leave some out.
_OTHER_ROWS = ("groupClause", "havingClause", "distinctClause", "limitOffset", "larg", "withClause", "windowClause")


def row_copy(body: Node, constant: Constant) -> RowCopy | None:
    """Return what a query takes from each row of its one table; None for other queries.

    A value that is neither a constant nor a column is None.
    """
    tables = body.get("fromClause", ())
    if len(tables) != 1 or "RangeVar" not in tables[0] or any(clause in body for clause in _OTHER_ROWS):
        return None
    table = tables[0]["RangeVar"]
    own = alias_of(table) or table["relname"]
    values: list[Expression | None] = []
    for item in body.get("targetList", ()):
        raw = item["ResTarget"]["val"]
        if any(kind in ("FuncCall", "A_Star") for kind, _ in nodes_of([raw])):
            # Of all rows together an aggregate makes one.
            return None
        values.append(constant(raw) or (expression(raw, "", own) if "ColumnRef" in raw else None))
    where = body.get("whereClause")
    return RowCopy(relation_name(table), tuple(values), None if where is None else expression(where, "", own))


def lookups(rows: Sequence[Node], constant: Constant) -> tuple[tuple[int, int, RowCopy], ...]:
    """Return the sub-queries that stand for one value each in a list of rows, with the places of their values."""
    found = []
    for number, row in enumerate(rows):
        for place, item in enumerate(row["List"]["items"]):
            link = item.get("SubLink", {})
            if link.get("subLinkType") == "EXPR_SUBLINK":
                copy = row_copy(link["subselect"].get("SelectStmt", {}), constant)
                if copy is not None and len(copy.values) == 1:
                    found.append((number, place, copy))
    return tuple(found)
