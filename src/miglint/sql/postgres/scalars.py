"""Conditions over one value that a query on the catalogs gives: `(SELECT data_type FROM ...) <> 'jsonb'`."""

from __future__ import annotations

from collections.abc import Callable

from miglint.base.digits import whole_number
from miglint.sql.operations import And, Compared, Condition, Or
from miglint.sql.postgres.catalog import COLUMN_FACTS
from miglint.sql.postgres.names import Node, constant_text, uncast

# Every server that is supported says more than this.
_OLDEST_SUPPORTED = 140_000
_SIGNS: dict[str, Callable[[int, int], bool]] = {
    ">=": lambda one, other: one >= other,
    ">": lambda one, other: one > other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
}

Rows = Callable[[Node, tuple[Node, ...]], Condition | None]
"""Returns what it means that a query gives a row for which more conditions hold."""


def compared(body: Node, select: Node, rows: Rows) -> Condition | None:
    """Return the condition that the value of a query compares with a constant; `body` is the comparison."""
    targets = select.get("targetList", ())
    if len(targets) != 1 or "fromClause" not in select:
        return None
    target = targets[0]["ResTarget"]["val"]
    there = rows(select, ())
    if there is None:
        return None
    while "TypeCast" in target and (
        "TypeCast" in target["TypeCast"]["arg"] or "ColumnRef" in target["TypeCast"]["arg"]
    ):
        target = target["TypeCast"]["arg"]
    fields = target.get("ColumnRef", {}).get("fields", ())
    if fields and "String" in fields[-1]:
        if constant_text(fields[-1]) not in COLUMN_FACTS and constant_text(body["name"][-1]) != "=":
            return Compared(there, None)
        return Compared(there, rows(select, ({"A_Expr": {**body, "lexpr": target}},)))
    if "A_Const" in target and "A_Const" in body["rexpr"]:
        equal = constant_text(target) == constant_text(body["rexpr"])
        sign = constant_text(body["name"][-1])
        if sign in ("=", "<>"):
            return Compared(there, And(()) if equal is (sign == "=") else Or(()))
    return None


def tested(select: Node, rows: Rows) -> Condition | None:
    """Return the condition that is the single value of a query: `(SELECT NOT attnotnull FROM ...)`."""
    targets = select.get("targetList", ())
    if len(targets) != 1 or "fromClause" not in select:
        return None
    target = targets[0]["ResTarget"]["val"]
    there = rows(select, ())
    if there is None or not {"ColumnRef", "BoolExpr", "A_Expr", "NullTest"} & set(target):
        return None
    return Compared(there, rows(select, (target,)))


def of_version(body: Node) -> Condition | None:
    """Return the answer to `current_setting('server_version_num')::int >= N` where all supported servers agree."""
    call = uncast(body["lexpr"]).get("FuncCall", {})
    arguments = call.get("args", ())
    if not call or constant_text(call["funcname"][-1]) != "current_setting" or not arguments:
        return None
    if "A_Const" not in arguments[0] or constant_text(arguments[0]) != "server_version_num":
        return None
    compare = _SIGNS.get(constant_text(body["name"][-1]))
    if compare is None or "A_Const" not in body["rexpr"] or not constant_text(body["rexpr"]).isdecimal():
        return None
    number = whole_number(constant_text(body["rexpr"]))
    if number > _OLDEST_SUPPORTED:
        return None
    return And(()) if compare(_OLDEST_SUPPORTED + 1, number) else Or(())
