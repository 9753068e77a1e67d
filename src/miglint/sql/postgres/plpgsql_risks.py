"""Expressions of a PL/pgSQL block that may fail: a handler around them then undoes what the block has changed."""

from __future__ import annotations

from typing import Any

from miglint.sql.operations import Risk
from miglint.sql.postgres.embedded import is_built_in
from miglint.sql.postgres.names import Node, qualified
from miglint.sql.postgres.relations import nodes_of

_NUMBERS = frozenset({"int2", "int4", "int8", "integer", "bigint", "smallint", "numeric", "float4", "float8"})
_CATALOG_TYPES = frozenset({"regclass", "regtype", "regproc", "regprocedure", "regrole", "regnamespace", "regconfig"})
_STRICT = ("no_data_found", "too_many_rows")


def risks_of(tree: Any, text: str, *, strict: bool = False) -> list[Risk]:
    """Return why a query or an expression may fail; `strict` is `INTO STRICT`."""
    found = [Risk(text, _STRICT)] if strict else []
    for kind, body in nodes_of(tree):
        risk = _risk(kind, body, text)
        if risk is not None:
            found.append(risk)
    return found


def _risk(kind: str, body: Node, text: str) -> Risk | None:
    if kind == "FuncCall":
        return _of_call(body, text)
    if kind == "A_Expr" and _divides(body):
        return Risk(text, ("division_by_zero",))
    return _of_cast(body, text) if kind == "TypeCast" else None


def _divides(operator: Node) -> bool:
    return operator.get("kind") == "AEXPR_OP" and operator["name"][-1]["String"]["sval"] in ("/", "%")


def _of_call(call: Node, text: str) -> Risk | None:
    name = qualified(call["funcname"])
    if not is_built_in(name):
        return Risk(text, ("undefined_function", "raise_exception"), name)
    if name.name == "current_setting" and len(call.get("args", ())) == 1:
        return Risk(text, ("undefined_object",))
    return None


def _of_cast(cast: Node, text: str) -> Risk | None:
    value = cast["arg"].get("A_Const", {}).get("sval", {}).get("sval")
    kind = cast["typeName"]["names"][-1]["String"]["sval"]
    if value is None:
        return None
    if kind in _CATALOG_TYPES:
        return Risk(text, ("undefined_table", "undefined_object", "undefined_function"))
    if kind in _NUMBERS and not value.strip().lstrip("+-").replace(".", "", 1).isdigit():
        return Risk(text, ("invalid_text_representation",))
    return None


def division_by_zero(select: Node) -> bool:
    """Return whether a query divides one constant by zero, whatever else it does."""
    for target in select.get("targetList", ()):
        operator = target["ResTarget"].get("val", {}).get("A_Expr", {})
        if _divides(operator):
            left, right = (operator.get(side, {}).get("A_Const", {}) for side in ("lexpr", "rexpr"))
            if "ival" in left and "ival" in right and not right["ival"].get("ival"):
                return "fromClause" not in select and "whereClause" not in select
    return False
