"""The numbers that `information_schema.columns` has for a column, by its type: lengths, precisions, scales."""

from __future__ import annotations

from miglint.base.digits import whole_number
from miglint.sql.operations import Type

UNKNOWN = -1
"""Stands for a number that is not known."""
NUMBERS = frozenset({"character_maximum_length", "numeric_precision", "numeric_scale", "datetime_precision"})

_PRECISIONS = {"int2": 16, "int4": 32, "int8": 64, "float4": 24, "float8": 53}
_WHOLE = frozenset({"int2", "int4", "int8"})
_TIMES = frozenset({"time", "timetz", "timestamp", "timestamptz", "interval"})


def number_of_type(kind: Type | None, fact: str) -> int | None:
    """Return a number of a type, `UNKNOWN` where it is not known; None is NULL."""
    if kind is None or (kind.schema is not None and not kind.dimensions):
        # A domain has the numbers of the type under it.
        return UNKNOWN
    if kind.dimensions:
        return None
    if fact == "character_maximum_length":
        return _length(kind)
    if fact == "datetime_precision":
        return _of_time(kind)
    if kind.name == "numeric":
        given = 0 if fact == "numeric_precision" else 1
        # Without a scale it has that of whole numbers; without both there is none.
        return None if not kind.args else 0 if given >= len(kind.args) else _argument(kind, given)
    if fact == "numeric_precision":
        return _PRECISIONS.get(kind.name)
    return 0 if kind.name in _WHOLE else None


def _length(kind: Type) -> int | None:
    if kind.name not in ("varchar", "bpchar", "bit", "varbit") or not kind.args:
        return None
    return _argument(kind, 0)


def _of_time(kind: Type) -> int | None:
    if kind.name == "date":
        return 0
    if kind.name not in _TIMES:
        return None
    if not kind.args:
        return 6
    return UNKNOWN if kind.name == "interval" else _argument(kind, 0)


def _argument(kind: Type, place: int) -> int:
    text = kind.args[place]
    return whole_number(text) if text.isdecimal() else UNKNOWN
