"""The functions that a statement calls."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.sql.operations import Call
from miglint.sql.postgres.constants import Constants, NotConstantError, evaluate
from miglint.sql.postgres.names import Node, qualified

# Clauses that make a query call its functions once per row, or for some rows only.
_PER_ROW = frozenset({"larg", "withClause", "whereClause", "groupClause", "havingClause", "limitCount", "limitOffset"})

_NOTHING: Constants = {}


def calls_of(select: Node, known: Constants = _NOTHING) -> tuple[Call, ...]:
    """Return the functions that a `SELECT` certainly calls exactly once, inner ones first.

    `known` are the values of variables, for the arguments.
    """
    if not _PER_ROW.isdisjoint(select):
        return ()
    found: list[Call] = []
    for item in select.get("fromClause", ()):
        ranged = item.get("RangeFunction")
        if ranged is None:
            return ()
        for functions in ranged["functions"]:
            found += _calls(functions["List"]["items"][0], known)
    for item in select.get("targetList", ()):
        found += _calls(item["ResTarget"].get("val", {}), known)
    return tuple(found)


def call_of(node: Node, known: Constants = _NOTHING) -> Call:
    """Return the call of a `FuncCall` node."""
    return Call(qualified(node["funcname"]), tuple(_argument(argument, known) for argument in node.get("args", ())))


def _argument(node: Node, known: Constants) -> str | None:
    from miglint.sql.postgres.expressions import literal_of

    found = literal_of(node)
    if found is not None or not known:
        return found
    try:
        return evaluate(node, known)
    except NotConstantError:
        return None


def _calls(node: Node, known: Constants) -> Iterator[Call]:
    # Only expressions that are always evaluated: branches of CASE, AND and COALESCE may be skipped.
    if "TypeCast" in node:
        yield from _calls(node["TypeCast"]["arg"], known)
    elif "FuncCall" in node:
        for argument in node["FuncCall"].get("args", ()):
            yield from _calls(argument, known)
        yield call_of(node["FuncCall"], known)
