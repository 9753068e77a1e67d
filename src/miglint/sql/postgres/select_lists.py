"""Queries that return the same columns in another order, as the server writes them for views."""

from __future__ import annotations

import json
from typing import Any

from miglint.sql.postgres.statement_trees import tree_of

_PLACES = frozenset({"location", "stmt_location", "stmt_len"})


def differ_in_order(one: str, two: str) -> bool:
    """Return whether two queries are the same but for the order of their results.

    That of a query in `FROM` or `WITH`, whose results are used by name, may differ as well. The arms of a set operation
    are matched by place. False if a text cannot be parsed.
    """
    left, right = tree_of(one), tree_of(two)
    try:
        return left is not None and right is not None and _unordered(left) == _unordered(right)
    except RecursionError:
        return False


def _unordered(node: dict[str, Any]) -> Any:
    """Return a tree without places, and with the lists of results sorted whose order does not count."""
    copied = _copied(node)
    _sort(copied)
    return copied


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(item) for name, item in value.items() if name not in _PLACES}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def _sort(node: Any) -> None:
    """Sort the results of the query that a node is, after those of the queries in it."""
    select = node.get("SelectStmt") if isinstance(node, dict) else None
    if select is None:
        return
    for source in select.get("fromClause", ()):
        _sort_in_source(source)
    for item in select.get("withClause", {}).get("ctes", ()):
        query = item["CommonTableExpr"]
        if "aliascolnames" not in query:
            _sort(query["ctequery"])
    if "targetList" in select:
        select["targetList"].sort(key=lambda target: json.dumps(target, sort_keys=True))


def _sort_in_source(source: dict[str, Any]) -> None:
    join = source.get("JoinExpr")
    if join is not None:
        _sort_in_source(join["larg"])
        _sort_in_source(join["rarg"])
        return
    query = source.get("RangeSubselect")
    if query is not None and "colnames" not in query.get("alias", {}):
        _sort(query["subquery"])
