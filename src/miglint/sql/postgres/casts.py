"""Casts of constants and columns: which of them PostgreSQL adds or leaves out by itself."""

from __future__ import annotations

from miglint.base.lazy_regex import pattern
from miglint.sql.operations import Type
from miglint.sql.postgres.names import Node, type_of
from miglint.sql.postgres.scopes import Walk
from miglint.sql.type_input import truth_of

TEXT_TYPES = frozenset({"text", "varchar", "bpchar"})
_NUMBER_TYPES = frozenset({"int2", "int4", "int8", "numeric", "float4", "float8", "integer"})
_KEEP_CAST = _NUMBER_TYPES | {"bool", "bit", "varbit", "oid", "money", "name", "char"}
_KEEP_CAST |= {"regclass", "regtype", "regproc", "regprocedure"}
_BOOLEANS = frozenset({"true", "false"})
INTEGER = pattern(r"[+-]?[0-9]+\Z")
NUMBER = pattern(r"-?(?:[0-9]++(?:\.[0-9]++)?|\.[0-9]++)\Z")
PLAIN_DATE = pattern(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


def folded_cast(state: Walk, text: str, argument: Node, spelled: Type) -> str | None:
    """Return the expression without a cast that PostgreSQL itself adds or omits, or None to keep it.

    In a query, a cast determines a column's type, so fewer are dropped.
    """
    name, array = spelled.name, spelled.dimensions > 0
    constant = argument.get("A_Const", {})
    value: str | None = constant["sval"].get("sval", "") if "sval" in constant else None
    if state.scopes and (value is None or array or name not in TEXT_TYPES):
        return text if name == "bool" and text in _BOOLEANS else None
    if value is not None:
        return _folded_literal(text, value, spelled)
    if name in TEXT_TYPES:
        # Of a column, since what it has may be no text.
        kept = "A_ArrayExpr" in argument
    elif name in _NUMBER_TYPES:
        kept = not array and NUMBER.match(text) is not None
    else:
        kept = name == "bool" and text in _BOOLEANS
    return text if kept else None


def _folded_literal(text: str, value: str, spelled: Type) -> str | None:
    """Return what is left of the cast of a string literal; `text` is the literal, `value` its value."""
    name = spelled.name
    if name == "date" and PLAIN_DATE.match(value) is None:
        # It has a time, which the type drops.
        return None
    if spelled.dimensions > 0:
        return text if name not in _KEEP_CAST else None
    if name == "bool":
        return {True: "true", False: "false", None: None}[truth_of(value)]
    if name == "int4" and INTEGER.match(value):
        return str(int(value)) if len(value) < 12 else None
    if name == "numeric" and NUMBER.match(value):
        return value
    return text if name not in _KEEP_CAST or spelled.schema is not None else None


def with_own_cast(node: Node, text: str) -> str:
    """Return the text of an operand or argument with its own cast, where that decides what is computed."""
    cast = node.get("TypeCast")
    if cast is None or "A_Const" not in cast["arg"] or "::" in text:
        return text
    spelled = type_of(cast["typeName"])
    return text if spelled.name in TEXT_TYPES or text == "null" else f"{text}::{spelled}"
