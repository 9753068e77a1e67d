"""From a stored form back to SQL, as the server prints it when it makes a check or an index again.

The text has each cast that the server has added. Constants have to have their own texts: see `StoredReader.verbatim`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from miglint.base.identifiers import quote_name
from miglint.base.lazy_regex import pattern
from miglint.sql.operations import Expression
from miglint.sql.postgres.analysis.entry import expression_tree
from miglint.sql.postgres.analysis.stored.forms import Form
from miglint.sql.postgres.expressions import expression
from miglint.sql.postgres.names import Node, constant_text

_TYPE = pattern(r"[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)?(?:\[\])?")
_FUNCTION = pattern(r"[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)?")
_OPERATOR = pattern(r"[-+*/<>=~!@#%^&|`?]+")
_WHOLE = pattern(r"[0-9]+")
_DECIMAL = pattern(r"[0-9]+\.[0-9]+")
_TESTS = {
    "IS_NULL": "IS NULL",
    "IS_NOT_NULL": "IS NOT NULL",
    "IS_TRUE": "IS TRUE",
    "IS_NOT_TRUE": "IS NOT TRUE",
    "IS_FALSE": "IS FALSE",
    "IS_NOT_FALSE": "IS NOT FALSE",
    "IS_UNKNOWN": "IS UNKNOWN",
    "IS_NOT_UNKNOWN": "IS NOT UNKNOWN",
}


class _NotPrintableError(Exception):
    """A form that is not printed."""


def printed(form: Form) -> str | None:
    """Return the SQL of an expression over the columns of one relation; None for a form that is not printed."""
    try:
        return _printed(form)
    except (_NotPrintableError, RecursionError):
        return None


def printed_expression(form: Form, own: str) -> Expression | None:
    """Return an expression over the columns of a relation of a name, as it is printed; None if it is not."""
    text = printed(form)
    node = None if text is None else expression_tree(text)
    return None if node is None or text is None else expression(node, text, own)


def column_of(form: Form) -> str | None:
    """Return the name of the column that an expression is; None for any other."""
    return form[3] if form[0] == "column" and form[1:3] == (0, 0) else None


def _printed(form: Form) -> str:
    printer = _PRINTERS.get(form[0])
    if printer is None:
        raise _NotPrintableError
    return printer(form)


def _operand(form: Form) -> str:
    text = _printed(form)
    return text if form[0] in ("column", "call", "coalesce") else f"({text})"


def _listed(forms: Iterable[Form]) -> str:
    return ", ".join(map(_printed, forms))


def _matching(text: str, allowed: re.Pattern[str]) -> str:
    if allowed.fullmatch(text) is None:
        raise _NotPrintableError
    return text


def _type(name: str, modifiers: tuple[str, ...] = ()) -> str:
    if name == "char" or (modifiers and name == "interval"):
        raise _NotPrintableError
    written = _matching(name, _TYPE)
    return f"{written}({', '.join(modifiers)})" if modifiers else written


def _constant(form: Form) -> str:
    _, base, text = form
    if (base == "int4" and _WHOLE.fullmatch(text)) or (base == "numeric" and _DECIMAL.fullmatch(text)):
        return str(text)
    quoted = str(text).replace("'", "''")
    return f"'{quoted}'::{_type(base)}"


def _value(form: Form) -> str:
    _, base, value = form
    if base != "bool":
        raise _NotPrintableError
    return str(value).lower()


def _literal(form: Form) -> str:
    return "NULL" if form[1] is None else "'" + form[1].replace("'", "''") + "'"


def _column(form: Form) -> str:
    name = column_of(form)
    if name is None:
        raise _NotPrintableError
    return _shown(name)


@lru_cache(maxsize=1024)
def _shown(name: str) -> str:
    """Return a name of a column as it is written, in quotes if it means something else without."""
    tree = expression_tree(name) if _FUNCTION.fullmatch(name) else None
    fields: list[Node] = [] if tree is None else tree.get("ColumnRef", {}).get("fields", [])
    is_plain = len(fields) == 1 and "String" in fields[0] and constant_text(fields[0]) == name
    return name if is_plain else '"' + name.replace('"', '""') + '"'


def _cast(form: Form) -> str:
    _, inner, target, modifiers = form
    return f"({_printed(inner)})::{_type(target, modifiers)}"


def _operator(form: Form) -> str:
    _, name, *operands = form
    sign = _matching(name, _OPERATOR)
    texts = [_operand(item) for item in operands]
    return f"{texts[0]} {sign} {texts[1]}" if len(texts) == 2 else f"{sign} {texts[0]}"


def _call(form: Form) -> str:
    _, name, arguments, rest = form
    if rest:
        raise _NotPrintableError
    return f"{_matching(name, _FUNCTION)}({', '.join(map(_argument, arguments))})"


def _argument(form: Form) -> str:
    if form[0] != "variadic":
        return _printed(form)
    return _listed(form[1][2]) if form[1][0] == "array" else f"VARIADIC {_printed(form[1])}"


def _element(form: Form) -> str:
    _, word, name, left, array = form
    return f"{_operand(left)} {_matching(name, _OPERATOR)} {word.upper()} ({_printed(array)})"


def _array(form: Form) -> str:
    _, own, items = form
    # Its elements have the type that it has.
    return f"ARRAY[{_listed(items)}]" if items else f"ARRAY[]::{_type(f'{own}[]')}"


def _case(form: Form) -> str:
    _, subject, conditions, results = form
    if subject is not None:
        raise _NotPrintableError
    branches = zip(conditions, results[1:], strict=True)
    whens = " ".join(f"WHEN {_printed(condition)} THEN {_printed(result)}" for condition, result in branches)
    return f"CASE {whens} ELSE {_printed(results[0])} END"


def _joined(form: Form) -> str:
    return f" {form[0].upper()} ".join(map(_operand, form[1]))


_PRINTERS: dict[str, Callable[[Form], str]] = {
    "constant": _constant,
    "value": _value,
    "null": lambda form: f"NULL::{_type(form[1])}",
    "literal": _literal,
    "column": _column,
    "cast": _cast,
    "operator": _operator,
    "call": _call,
    "coalesce": lambda form: f"COALESCE({_listed(form[1:])})",
    "IS_GREATEST": lambda form: f"GREATEST({_listed(form[1:])})",
    "IS_LEAST": lambda form: f"LEAST({_listed(form[1:])})",
    "nullif": lambda form: f"NULLIF({_listed(form[1:])})",
    "array": _array,
    "element": _element,
    "case": _case,
    "and": _joined,
    "or": _joined,
    "not": lambda form: f"NOT {_operand(form[1])}",
    "is": lambda form: f"{_operand(form[2])} {_TESTS[form[1]]}",
    "distinct": lambda form: f"{_operand(form[1])} IS DISTINCT FROM {_operand(form[2])}",
    "collate": lambda form: f"{_operand(form[1])} COLLATE {quote_name(form[2])}",
}
