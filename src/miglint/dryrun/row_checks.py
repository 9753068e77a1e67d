"""Values allowed by simple `CHECK` constraints: lists, ranges, lengths."""

from __future__ import annotations

import re
from collections.abc import Iterable

from miglint.base.digits import whole_number
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


_COLUMN = r'(?:(?:\w+|"[^"]+")\.)?(?P<{}>[A-Za-z_]\w*|"[^"]+")'
# What is read as JSON: an argument of a function, the left side of an arrow, what is cast to it.
_DOCUMENT = pattern(
    rf"\bjsonb?(?:_\w+)?\s*\(\s*{_COLUMN.format('argument')}\s*[,)]"
    rf"|(?<![\w.'\"]){_COLUMN.format('left')}\s*(?:->|::\s*jsonb?\b)"
    rf"|\bCAST\s*\(\s*{_COLUMN.format('cast')}\s+AS\s+jsonb?\b",
    re.IGNORECASE,
)


class Allowed(Struct):
    """Known restrictions on the values of a column. `values` are literals without quotes; a `document` is JSON."""

    values: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    shortest: int = 0
    longest: int | None = None
    document: bool = False


def documents(texts: Iterable[str]) -> frozenset[str]:
    """Return the names of the columns that SQL texts use as JSON, in small letters: of any table."""
    return frozenset(
        match[match.lastgroup or 0].strip('"').lower()
        for text in texts
        # All forms have one of these, and most scripts have none.
        if "->" in text or "json" in text.lower()
        for match in _DOCUMENT.finditer(text)
    )


def allowed(table: Table, documents: frozenset[str] = frozenset()) -> dict[str, Allowed]:
    """Parse the checks of a table; unsupported ones are left to the engine. `documents` are columns that hold JSON."""
    found = {
        name: Allowed(document=True)
        for name, column in table.columns.items()
        if documents and column.name.lower() in documents
    }
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
        bound, one = whole_number(match["bound"]), _of(found, match["column"])
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
