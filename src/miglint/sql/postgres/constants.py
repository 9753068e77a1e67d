"""Evaluation of string expressions with which PL/pgSQL builds SQL, for constant parts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from miglint.base.identifiers import quote_name
from miglint.base.lazy_regex import pattern
from miglint.sql.postgres.names import Node, constant_text, uncast

_FORMAT = pattern(r"%(?:(\d+)\$)?(?:-?\d+)?([sIL%])")
Constants = Mapping[str, str]


class NotConstantError(Exception):
    """An expression depends on something outside of the text."""


def quote_text(text: str) -> str:
    """Quote a string as `quote_literal` does."""
    quoted = "'" + text.replace("'", "''") + "'"
    return " E" + quoted.replace("\\", "\\\\") if "\\" in text else quoted


def evaluate(node: Node, known: Constants, unknown: str | None = None) -> str:
    """Return the value of a string expression. A non-constant part is replaced by `unknown`, or is an error.

    So is a value that is longer than any statement: each call or variable may double the one before it.
    """
    return _bounded(_value(node, known, unknown))


# As concatenated SQL: more than scripts have.
_LONGEST = 1_000_000


def _bounded(*values: str) -> str:
    if sum(map(len, values)) > _LONGEST:
        raise NotConstantError
    return values[0] if values else ""


def _value(node: Node, known: Constants, unknown: str | None) -> str:
    ((kind, body),) = node.items()
    if kind == "A_Const":
        return "" if body.get("isnull") else constant_text(node)
    if kind in ("TypeCast", "CollateClause"):
        return evaluate(body["arg"], known, unknown)
    if kind == "ColumnRef":
        name = ".".join(constant_text(part) for part in body["fields"])
        if name in known:
            return known[name]
    elif kind == "A_Expr" and body["kind"] == "AEXPR_OP" and constant_text(body["name"][-1]) == "||":
        if "lexpr" not in body:
            # Any operator may stand before its only operand; for this one, the server has none.
            raise NotConstantError
        return evaluate(body["lexpr"], known, unknown) + evaluate(body["rexpr"], known, unknown)
    elif kind == "FuncCall":
        name = constant_text(body["funcname"][-1])
        function = _FUNCTIONS.get(name)
        if name == "array_to_string":
            return _bounded(_joined(body.get("args", ()), known))
        if function is not None:
            values = [evaluate(argument, known, unknown) for argument in body.get("args", ())]
            _bounded(*values)
            return function(values)
    if unknown is None:
        raise NotConstantError
    return unknown


def _joined(arguments: Sequence[Node], known: Constants) -> str:
    """Return what `array_to_string` makes of an array that is written out, or of a text that `string_to_array` cuts."""
    if len(arguments) != 2:
        raise NotConstantError
    array, between = uncast(arguments[0]), evaluate(arguments[1], known)
    if "A_ArrayExpr" in array:
        return between.join(evaluate(item, known) for item in array["A_ArrayExpr"].get("elements", ()))
    call = array.get("FuncCall", {})
    if not call or constant_text(call["funcname"][-1]) != "string_to_array" or len(call.get("args", ())) != 2:
        raise NotConstantError
    text, mark = (evaluate(item, known) for item in call["args"])
    return between.join(text.split(mark)) if mark and text else text


def _replace(arguments: list[str]) -> str:
    if len(arguments) != 3:
        raise NotConstantError
    text, old, new = arguments
    if not old:
        return text
    if len(text) + text.count(old) * len(new) > _LONGEST:
        raise NotConstantError
    return text.replace(old, new)


def _concat_ws(arguments: list[str]) -> str:
    if not arguments:
        raise NotConstantError
    return arguments[0].join(arguments[1:])


def _format(arguments: list[str]) -> str:
    if not arguments:
        raise NotConstantError
    template, values = arguments[0], arguments[1:]
    used = filled = 0

    def fill(match: re.Match[str]) -> str:
        nonlocal used, filled
        place, kind = match.groups()
        if kind == "%":
            return "%"
        index = int(place) - 1 if place else used
        used = index + 1
        if not 0 <= index < len(values):
            raise NotConstantError
        value = values[index]
        filled += len(value)
        if filled > _LONGEST:
            raise NotConstantError
        return quote_name(value) if kind == "I" else quote_text(value) if kind == "L" else value

    return _FORMAT.sub(fill, template)


def _first(change: Callable[[str], str]) -> Callable[[list[str]], str]:
    def apply(arguments: list[str]) -> str:
        if len(arguments) != 1:
            raise NotConstantError
        return change(arguments[0])

    return apply


_FUNCTIONS: dict[str, Callable[[list[str]], str]] = {
    "format": _format,
    "concat": "".join,
    "quote_ident": _first(quote_name),
    "quote_literal": _first(quote_text),
    "quote_nullable": _first(quote_text),
    "lower": _first(str.lower),
    "upper": _first(str.upper),
    "btrim": _first(lambda text: text.strip(" ")),
    "ltrim": _first(lambda text: text.lstrip(" ")),
    "rtrim": _first(lambda text: text.rstrip(" ")),
    "replace": _replace,
    "concat_ws": _concat_ws,
}
