"""Constants, names, casts and operators: their types, and what PostgreSQL has against them."""

from __future__ import annotations

from collections.abc import Sequence

from miglint.base.digits import whole_number
from miglint.sql.operations import Name
from miglint.sql.postgres.analysis import catalogs
from miglint.sql.postgres.analysis.context import READERS, ExpressionAnalysis
from miglint.sql.postgres.analysis.environment import LITERAL, UNKNOWN, Invalid, Result
from miglint.sql.postgres.analysis.kinds import EXPLICIT, element, is_array, spelled
from miglint.sql.postgres.analysis.scope import QueryLevel
from miglint.sql.postgres.names import Node, constant_text, qualified, strings, type_of

_VALUES = {
    "CURRENT_DATE": "date", "CURRENT_TIME": "timetz", "CURRENT_TIMESTAMP": "timestamptz", "LOCALTIME": "time",
    "LOCALTIMESTAMP": "timestamp",
}  # fmt: skip
_NAMED = frozenset({"AEXPR_LIKE", "AEXPR_ILIKE", "AEXPR_SIMILAR", "AEXPR_OP", "AEXPR_DISTINCT", "AEXPR_NOT_DISTINCT"})
_LONGEST = 2**63
_SUBSCRIPTED = frozenset({"point", "box", "lseg", "line", "jsonb", "name", "int2vector", "oidvector"})


def _constant(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Result:
    if "sval" in body:
        return Result(LITERAL, body["sval"].get("sval", ""))
    if "boolval" in body:
        return Result("bool")
    if "ival" in body or "fval" in body:
        return Result(*constant_type(body))
    return Result("bit") if "bsval" in body else Result(LITERAL)


def constant_type(body: Node) -> tuple[str, str]:
    """Return the type and the text of a number."""
    if "ival" in body:
        return "int4", str(body["ival"].get("ival", 0))
    text = body["fval"]["fval"]
    whole = text.lstrip("-").isdecimal()
    return "int8" if whole and whole_number(text) < _LONGEST else "numeric", text


def _is_empty_array(node: Node) -> bool:
    """Whether a node is `ARRAY[]`, or an array of such: it takes the type that it is cast to."""
    if "A_ArrayExpr" not in node:
        return False
    return all(map(_is_empty_array, node["A_ArrayExpr"].get("elements", ())))


def _cast(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Result:
    target = analysis.environment.type_name(type_of(body["typeName"]))
    return _cast_to(analysis, body["arg"], target, scope)


def _cast_to(analysis: ExpressionAnalysis, node: Node, target: str, scope: QueryLevel) -> Result:
    if _is_empty_array(node):
        return Result(target)
    if "A_ArrayExpr" in node and is_array(target):
        # The server gives the type to each of its elements.
        for item in node["A_ArrayExpr"]["elements"]:
            _cast_to(analysis, item, target if "A_ArrayExpr" in item else element(target), scope)
        return Result(target)
    found = analysis.read(node, scope)
    if found.type == LITERAL:
        analysis.constant(found, target)
        return Result(target)
    if not analysis.kinds.coerces(found.type, target, EXPLICIT):
        message = f"cannot cast type {spelled(found.type)} to {spelled(target)}"
        raise Invalid("cannot_coerce", message)
    analysis.note(analysis.kinds.cast_volatility(found.type, target))
    return Result(target)


def _column(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Result:
    fields = body["fields"]
    if "A_Star" in fields[-1]:
        return Result("record" if len(fields) > 1 else UNKNOWN)
    names = strings(fields)
    if not analysis.rules.columns and not scope.variables:
        raise Invalid("feature_not_supported", f"cannot use column reference in {analysis.rules.name}")
    if len(names) > 3:
        return Result(UNKNOWN)
    found = (
        scope.column(names[0])
        if len(names) == 1
        else scope.qualified(names[-2], names[-1], names[-3] if len(names) == 3 else None)
    )
    if found is None:
        if analysis.places is not None:
            analysis.places.unresolved(names[-1])
        return Result(UNKNOWN)
    analysis.used.append(found)
    analysis.reads.update((use, None) for use in scope.uses_of(found))
    if analysis.places is not None:
        analysis.places.reference(body, len(names), found, scope)
    if not analysis.inside:
        analysis.plain.append(found)
    return Result(found.type)


def _expression(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Result:
    kind = body["kind"]
    name = qualified(body["name"])
    if kind == "AEXPR_NULLIF":
        left, right = analysis.read(body["lexpr"], scope), analysis.read(body["rexpr"], scope)
        analysis.apply("=", (left, right))
        return Result(nullif_type(analysis, (left.type, right.type)))
    if kind in _NAMED:
        sides = [analysis.read(body[side], scope) for side in ("lexpr", "rexpr") if side in body]
        if any(item.type == "record" for item in sides):
            return Result("bool")
        return analysis.apply(name.name, sides, name.schema)
    left = analysis.read(body["lexpr"], scope)
    if kind == "AEXPR_IN":
        return _in(analysis, name.name, left, body["rexpr"], scope)
    if "BETWEEN" in kind:
        for item, sign in zip(body["rexpr"]["List"]["items"], (">=", "<="), strict=False):
            analysis.apply(sign, (left, analysis.read(item, scope)))
        return Result("bool")
    _any_or_all(analysis, name, left, analysis.read(body["rexpr"], scope))
    return Result("bool")


def nullif_type(analysis: ExpressionAnalysis, given: Sequence[str]) -> str:
    """Return the type of NULLIF: that of the first operand as `=` takes it."""
    taken = analysis.overloads.meant_operator("=", given)
    kind = given[0] if taken is None else taken[1][0]
    return "text" if kind == LITERAL else kind


def _any_or_all(analysis: ExpressionAnalysis, sign: Name, left: Result, right: Result) -> None:
    if right.type == LITERAL:
        if left.type not in (LITERAL, UNKNOWN):
            analysis.constant(right, f"{left.type}[]")
    elif is_array(right.type):
        analysis.apply(sign.name, (left, Result(element(right.type))), sign.schema)
    elif right.type != UNKNOWN and analysis.kinds.known(right.type):
        raise Invalid("wrong_object_type", "op ANY/ALL (array) requires array on right side")


def _in(analysis: ExpressionAnalysis, sign: str, left: Result, right: Node, scope: QueryLevel) -> Result:
    items = [analysis.read(item, scope) for item in right["List"]["items"]]
    if left.type == "record":
        return Result("bool")
    try:
        kind = analysis.overloads.common([item.type for item in (left, *items)], "IN")
    except Invalid:
        # The server then compares one by one.
        kind = UNKNOWN
        for item in items:
            analysis.apply(sign, (left, item))
        return Result("bool")
    for item in items:
        if item.type == LITERAL:
            analysis.constant(item, kind)
    analysis.apply(sign, (left, Result(kind)))
    return Result("bool")


def _boolean(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Result:
    word = body["boolop"][:-5]
    for node in body["args"]:
        analysis.truth(node, scope, word)
    return Result("bool")


def _null_test(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Result:
    analysis.read(body["arg"], scope)
    return Result("bool")


def _boolean_test(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Result:
    analysis.truth(body["arg"], scope, body["booltesttype"].replace("_", " "))
    return Result("bool")


def _value_function(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Result:
    analysis.note("s")
    word = body["op"][6:].removesuffix("_N")
    return Result(_VALUES.get(word, "name"))


def _collate(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Result:
    found = analysis.read(body["arg"], scope) if "arg" in body else Result(UNKNOWN)
    kind = analysis.kinds.base(element(found.type) if is_array(found.type) else found.type)
    if analysis.kinds.known(kind) and kind != LITERAL and analysis.kinds.category(kind) not in "SA":
        raise Invalid("datatype_mismatch", f"collations are not supported by type {spelled(found.type)}")
    return found if found.type != LITERAL else Result("text")


def _indirection(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Result:
    found = analysis.read(body["arg"], scope).type
    for step in body["indirection"]:
        if "A_Indices" not in step:
            found = _attribute(analysis, found, constant_text(step))
            continue
        for side in ("lidx", "uidx"):
            if side in step["A_Indices"]:
                analysis.read(step["A_Indices"][side], scope)
        found = _subscripted(found, slice_=step["A_Indices"].get("is_slice", False))
    return Result(found)


def _subscripted(kind: str, *, slice_: bool) -> str:
    """Return the type of a part of a value. Raises `Invalid` for a built-in type that has no parts."""
    if is_array(kind):
        return kind if slice_ else element(kind)
    if kind == "jsonb":
        return kind
    if kind != LITERAL and kind not in _SUBSCRIPTED and catalogs.type_info(kind) is not None:
        message = f"cannot subscript type {spelled(kind)} because it does not support subscripting"
        raise Invalid("datatype_mismatch", message)
    return UNKNOWN


def _attribute(analysis: ExpressionAnalysis, kind: str, name: str) -> str:
    if not analysis.kinds.is_kind(kind, "composite"):
        return UNKNOWN
    columns = analysis.environment.user_type(kind).columns
    return UNKNOWN if columns is None else columns.get(name, UNKNOWN)


READERS.update(
    {
        "A_Const": _constant,
        "TypeCast": _cast,
        "ColumnRef": _column,
        "A_Expr": _expression,
        "BoolExpr": _boolean,
        "NullTest": _null_test,
        "BooleanTest": _boolean_test,
        "SQLValueFunction": _value_function,
        "CollateClause": _collate,
        "A_Indirection": _indirection,
    }
)
