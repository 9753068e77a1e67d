"""The functions that a statement calls."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.sql.operations import Call
from miglint.sql.postgres.names import Node, qualified

# Clauses that make a query call its functions once per row, or for some rows only.
_PER_ROW = frozenset({"larg", "withClause", "whereClause", "groupClause", "havingClause", "limitCount", "limitOffset"})


def calls_of(select: Node) -> tuple[Call, ...]:
    """Return the functions that a `SELECT` certainly calls exactly once, inner ones first."""
    if not _PER_ROW.isdisjoint(select):
        return ()
    found: list[Call] = []
    for item in select.get("fromClause", ()):
        ranged = item.get("RangeFunction")
        if ranged is None:
            return ()
        for functions in ranged["functions"]:
            found += _calls(functions["List"]["items"][0])
    for item in select.get("targetList", ()):
        found += _calls(item["ResTarget"].get("val", {}))
    return tuple(found)


def call_of(node: Node) -> Call:
    """Return the call of a `FuncCall` node."""
    from miglint.sql.postgres.expressions import literal_of

    return Call(qualified(node["funcname"]), tuple(literal_of(argument) for argument in node.get("args", ())))


def _calls(node: Node) -> Iterator[Call]:
    # Only expressions that are always evaluated: branches of CASE, AND and COALESCE may be skipped.
    if "TypeCast" in node:
        yield from _calls(node["TypeCast"]["arg"])
    elif "FuncCall" in node:
        for argument in node["FuncCall"].get("args", ()):
            yield from _calls(argument)
        yield call_of(node["FuncCall"])
