"""Values allowed by simple `CHECK` constraints: lists, ranges, lengths."""

from __future__ import annotations

import re

from miglint.base.lazy_regex import pattern
from miglint.base.structs import Struct
from miglint.schema.objects import Table

_LIST = pattern(
    r"""(?<![\w(])\(*+"?(?P<column>\w++)"?\)*+(?:::[\w ]++)?\s*+
    (?:=\s*any\s*\(+\s*array\s*\[(?P<array>[^\]]*)\]|in\s*\((?P<list>[^()]*)\))""",
    re.IGNORECASE | re.VERBOSE,
)
_LENGTH = pattern(
    r"""(?:char_length|character_length|length|octet_length)\s*\(+"?(?P<column>\w+)"?\)*(?:::[\w ]+)?
    \)*\s*(?P<sign><=|>=|<|>|=)\s*\(?(?P<bound>\d+)""",
    re.IGNORECASE | re.VERBOSE,
)
_BOUND = pattern(
    r"""(?<![\w(])\(*"?(?P<column>[a-z_]\w*)"?\)*(?:::[\w ]+)?\s*
    (?P<sign><=|>=|<|>)\s*\(*(?P<bound>-?\d+(?:\.\d+)?)(?![\w-])""",
    re.IGNORECASE | re.VERBOSE,
)
_VALUE = pattern(r"'([^']*(?:''[^']*)*)'|(-?\d+(?:\.\d+)?)")


class Allowed(Struct):
    """Known restrictions on the values of a column. `values` are literals without quotes."""

    values: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    shortest: int = 0
    longest: int | None = None


def allowed(table: Table) -> dict[str, Allowed]:
    """Parse the checks of a table; unsupported ones are left to the engine."""
    found: dict[str, Allowed] = {}
    for constraint in table.constraints.values():
        if constraint.kind == "check" and constraint.expression is not None:
            _read(constraint.expression.text, found)
    return found


def _read(text: str, found: dict[str, Allowed]) -> None:
    for match in _LIST.finditer(text):
        literals = match["array"] if match["array"] is not None else match["list"]
        values = tuple((quoted or number).replace("''", "'") for quoted, number in _VALUE.findall(literals))
        if values:
            _of(found, match["column"]).values = values
    for match in _LENGTH.finditer(text):
        bound, one = int(match["bound"]), _of(found, match["column"])
        if match["sign"] in ("<", "<="):
            one.longest = bound - (match["sign"] == "<")
        elif match["sign"] == "=":
            one.shortest = one.longest = bound
        else:
            one.shortest = bound + (match["sign"] == ">")
    for match in _BOUND.finditer(text):
        number, limits = float(match["bound"]), _of(found, match["column"])
        if match["sign"] in ("<", "<="):
            limits.most = number - (match["sign"] == "<")
        else:
            limits.least = number + (match["sign"] == ">")


def _of(found: dict[str, Allowed], column: str) -> Allowed:
    return found.setdefault(column.lower(), Allowed())


def unique_columns(table: Table, indexes: list[tuple[str, ...]]) -> frozenset[str]:
    """Return the columns that some key requires to be unique (for composite keys, all of them)."""
    keys = [constraint.columns for constraint in table.constraints.values() if constraint.kind in ("primary", "unique")]
    return frozenset(column.lower() for key in (*keys, *indexes) for column in key)
