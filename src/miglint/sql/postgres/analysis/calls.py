"""Calls of functions, and what makes one value of several: `CASE`, `COALESCE`, arrays and rows."""

from __future__ import annotations

from collections.abc import Sequence

from miglint.sql.operations import Name
from miglint.sql.postgres.analysis import catalogs
from miglint.sql.postgres.analysis.context import READERS, ExpressionAnalysis
from miglint.sql.postgres.analysis.environment import LITERAL, UNKNOWN, Invalid, Result
from miglint.sql.postgres.analysis.kinds import EXPLICIT, is_array, refuse_unequal
from miglint.sql.postgres.analysis.scope import QueryLevel
from miglint.sql.postgres.names import Node, qualified


def _enter_call(analysis: ExpressionAnalysis, kind: str, *, windowed: bool) -> None:
    """Record that the arguments of an aggregate follow. Raises `Invalid` if a call of this kind is not allowed here."""
    if kind == "a" and not windowed:
        if analysis.refusal:
            raise Invalid("grouping_error", analysis.refusal)
        analysis.aggregated += 1
        analysis.inside += 1
        analysis.refusal = "aggregate function calls cannot be nested"
    elif kind == "?":
        # It may be a user-defined aggregate.
        analysis.inside += 1
    elif kind == "w" or windowed:
        _refuse_window(analysis)


def _call(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Result:
    name = qualified(body["funcname"])
    nodes = body.get("args", [])
    level, refusal = analysis.inside, analysis.refusal
    _enter_call(analysis, _kind_of_call(analysis, name, body), windowed="over" in body)
    given = [analysis.read(node, scope) for node in nodes]
    if body.get("agg_distinct"):
        refuse_unequal(item.type for item in given)
    for item in body.get("agg_order", ()):
        analysis.read(item["SortBy"]["node"], scope)
    if "agg_filter" in body:
        analysis.truth(body["agg_filter"], scope, "FILTER")
    analysis.inside, analysis.refusal = level, refusal
    _window(analysis, body.get("over"), scope)
    if any("NamedArgExpr" in node for node in nodes) or body.get("func_variadic") or body.get("agg_within_group"):
        return Result(UNKNOWN)
    return _called(analysis, name, given, star=body.get("agg_star", False))


def _refuse_window(analysis: ExpressionAnalysis) -> None:
    """Raise `Invalid` for a window function where none may stand."""
    where = analysis.rules.name if not analysis.rules.aggregates else analysis.refusal.partition(_NO_AGGREGATES)[2]
    if where:
        raise Invalid("windowing_error", f"window functions are not allowed in {where}")


_NO_AGGREGATES = "aggregate functions are not allowed in "


def _window(analysis: ExpressionAnalysis, body: Node | None, scope: QueryLevel) -> None:
    for node in (body or {}).get("partitionClause", ()):
        analysis.read(node, scope)
    for node in (body or {}).get("orderClause", ()):
        analysis.read(node["SortBy"]["node"], scope)


def _kind_of_call(analysis: ExpressionAnalysis, name: Name, body: Node) -> str:
    """Return what a call is of: `f`, `a` for an aggregate, `w` for a window function, `?` for what may be either."""
    if body.get("agg_star"):
        return "a"
    kinds = {item.kind for item in (catalogs.functions(name.name) if name.schema is None else ())}
    if len(kinds) == 1 and not analysis.environment.functions(name):
        return kinds.pop()
    return "?"


def _called(analysis: ExpressionAnalysis, name: Name, given: list[Result], *, star: bool) -> Result:
    types = [item.type for item in given]
    if is_call_of_type(analysis, name, types):
        analysis.constant(given[0], name.name)
        analysis.note(analysis.kinds.cast_volatility(given[0].type, name.name))
        return Result(name.name)
    found = analysis.overloads.function(name, types, star=star)
    if found is None:
        analysis.note("?")
        return Result(UNKNOWN)
    if found.many and not analysis.rules.queries:
        message = f"set-returning functions are not allowed in {analysis.rules.name}s"
        raise Invalid("feature_not_supported", message)
    analysis.note(found.volatility)
    return Result(analysis.overloads.result(found, types))


def is_call_of_type(analysis: ExpressionAnalysis, name: Name, types: Sequence[str]) -> bool:
    """Return whether a call is a cast: the name is that of a type, and there is no function that takes just this."""
    if len(types) != 1 or name.schema is not None or catalogs.type_info(name.name) is None:
        return False
    if analysis.environment.functions(name) or types[0] in (UNKNOWN, "record"):
        return False
    functions = catalogs.functions(name.name)
    if types[0] == LITERAL or not functions:
        return True
    if any(item.arguments == (types[0],) for item in functions):
        return False
    source = analysis.kinds.base(types[0])
    found = catalogs.cast(source, name.name)
    # A cast that is a function is called as one.
    return (
        analysis.kinds.known(source)
        and analysis.kinds.coerces(source, name.name, EXPLICIT)
        and (found is None or found[1] != "f")
    )


def _coalesce(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Result:
    return analysis.common(body.get("args", ()), scope, "COALESCE")


def _extreme(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Result:
    return analysis.common(body.get("args", ()), scope, body["op"][3:])


def _case(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Result:
    subject = analysis.read(body["arg"], scope) if "arg" in body else None
    results = []
    for item in body["args"]:
        branch = item["CaseWhen"]
        if subject is None:
            analysis.truth(branch["expr"], scope, "CASE/WHEN")
        else:
            first = Result("text") if subject.type == LITERAL else subject
            analysis.apply("=", (first, analysis.read(branch["expr"], scope)))
        results.append(branch["result"])
    if "defresult" in body:
        results.append(body["defresult"])
    return analysis.common(results, scope, "CASE")


def _array(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Result:
    nodes = body.get("elements", ())
    if not nodes:
        raise Invalid("indeterminate_datatype", "cannot determine type of empty array")
    kind = analysis.common(nodes, scope, "ARRAY").type
    return Result(kind if kind == UNKNOWN or is_array(kind) else f"{kind}[]")


def _row(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Result:
    for node in body.get("args", ()):
        analysis.read(node, scope)
    return Result("record")


READERS.update(
    {
        "FuncCall": _call,
        "CoalesceExpr": _coalesce,
        "MinMaxExpr": _extreme,
        "CaseExpr": _case,
        "A_ArrayExpr": _array,
        "RowExpr": _row,
    }
)
