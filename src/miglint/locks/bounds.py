"""Whether a CHECK implies a partition's bound for the rows of a table, so that the server skips the scan."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from miglint.base.digits import whole_number
from miglint.base.lazy_regex import pattern
from miglint.base.structs import Struct
from miglint.schema.objects import Table
from miglint.sql.operations import Column

_KEY = pattern(r"(range|list|hash) \(\"?(\w+)\"?\)")
_RANGE = pattern(r"from \(([^,()]+)\) to \(([^,()]+)\)")
_LIST = pattern(r"in \(([^()]+)\)")
_VALUE = r"(-?[0-9]+|'[^']*')"
_COMPARED = pattern(rf"\"?(\w+)\"? (>=|<=|>|<|=) {_VALUE}")
_FLIPPED = pattern(rf"{_VALUE} (>=|<=|>|<|=) \"?(\w+)\"?")
_ANY = pattern(rf"\"?(\w+)\"? = any \(array\[({_VALUE}(?:, {_VALUE})*)\]\)")
_NOT_NULL = pattern(r"\"?(\w+)\"? is not null")
_MIRRORED = {">=": "<=", "<=": ">=", ">": "<", "<": ">", "=": "="}
_WHOLE = frozenset({"int2", "int4", "int8", "numeric"})
_DAYS = frozenset({"date", "timestamp", "timestamptz"})
_OPEN = ("minvalue", "maxvalue")


class _Comparison(Struct, frozen=True):
    """A condition of a CHECK on the key: comparison with one of the values."""

    sign: str
    values: tuple[str, ...]


def proves_bound(parent: Table, partition: Table, bound: str) -> bool | None:
    """Return whether the validated CHECKs of a table imply a partition's bound; None if unknown.

    Supported are keys of one column, partitioned by range or by list, and comparisons with constants.
    """
    key = _KEY.fullmatch(parent.partition_by or "")
    column = partition.columns.get(key[2]) if key is not None else None
    if key is None or column is None or key[1] == "hash" or bound == "default":
        return None
    facts, unread = _facts(partition, key[2])
    if key[1] == "range":
        value, takes_null = _in_range(bound, facts, _plain_type(column)), False
    else:
        value, takes_null = _in_list(bound, facts), "null" in _listed(bound)
    if not takes_null and column.nullable is not False and all(fact.sign != "is not null" for fact in facts):
        value = None if column.nullable is None else False
    return None if value is False and unread else value


def bound_condition(parent: Table, bound: str, quote: Callable[[str], str]) -> str | None:
    """Return a condition that implies a partition's bound, in the same cases; `quote` writes a name as SQL."""
    key = _KEY.fullmatch(parent.partition_by or "")
    if key is None or key[1] == "hash":
        return None
    column = next((name for name in parent.columns if name.lower() == key[2].lower()), key[2])
    quoted = quote(column)
    if key[1] == "range":
        ends = _RANGE.fullmatch(bound)
        if ends is None:
            return None
        signs = ((">=", ends[1]), ("<", ends[2]))
        compared = [f"{quoted} {sign} {end}" for sign, end in signs if end not in _OPEN]
        return " AND ".join([f"{quoted} IS NOT NULL", *compared])
    values = _listed(bound)
    listed = ", ".join(value for value in values if value != "null")
    if not values or not listed:
        return None
    return (
        f"{quoted} IS NULL OR {quoted} IN ({listed})"
        if "null" in values
        else (f"{quoted} IS NOT NULL AND {quoted} IN ({listed})")
    )


def _plain_type(column: Column) -> str:
    """Return the name of a column's type; empty for arrays, and for types that are not the server's own."""
    return "" if column.type is None or column.type.dimensions or column.type.schema else column.type.name


def _facts(table: Table, column: str) -> tuple[list[_Comparison], bool]:
    """Return the conditions of a table's CHECKs on a column, and whether one of them is unsupported."""
    facts: list[_Comparison] = []
    unread = False
    for constraint in table.constraints.values():
        if constraint.kind != "check" or constraint.expression is None or not constraint.validated:
            continue
        if not constraint.enforced or column not in constraint.expression.columns:
            continue
        for part in _parts(constraint.expression.key):
            fact = _fact(part, column)
            if fact is not None:
                facts.append(fact)
            else:
                unread = unread or column in part
    return facts, unread


def _parts(key: str) -> list[str]:
    """Return the conditions joined by `AND`, without outer parentheses; a single one for anything more complex."""
    if " or " in key or "not (" in key:
        return [key]
    return [_bare(part) for part in key.split(" and ")]


def _bare(part: str) -> str:
    text = part.strip()
    while text.startswith("(") and (text.count("(") > text.count(")") or text.endswith(")")):
        text = text[1:] if text.count("(") > text.count(")") else text[1:-1]
    while text.count(")") > text.count("("):
        text = text[:-1]
    return text


def _fact(part: str, column: str) -> _Comparison | None:
    if (found := _NOT_NULL.fullmatch(part)) and found[1] == column:
        return _Comparison("is not null", ())
    if (found := _COMPARED.fullmatch(part)) and found[1] == column:
        return _Comparison(found[2], (found[3],))
    if (found := _FLIPPED.fullmatch(part)) and found[3] == column:
        return _Comparison(_MIRRORED[found[2]], (found[1],))
    if (found := _ANY.fullmatch(part)) and found[1] == column:
        return _Comparison("=", tuple(found[2].split(", ")))
    return None


def _listed(bound: str) -> tuple[str, ...]:
    found = _LIST.fullmatch(bound)
    return () if found is None else tuple(found[1].split(", "))


def _in_list(bound: str, facts: list[_Comparison]) -> bool | None:
    allowed = set(_listed(bound))
    if not allowed:
        return None
    return any(fact.sign == "=" and allowed.issuperset(fact.values) for fact in facts)


def _in_range(bound: str, facts: list[_Comparison], kind: str) -> bool | None:
    found = _RANGE.fullmatch(bound)
    if found is None:
        return None
    low, high = found[1], found[2]
    lower = low in _OPEN or _any(_at_least(fact, low, kind) for fact in facts)
    upper = high in _OPEN or _any(_below(fact, high, kind) for fact in facts)
    return False if lower is False or upper is False else None if lower is None or upper is None else True


def _any(values: Iterable[bool | None]) -> bool | None:
    known = list(values)
    return True if True in known else None if None in known else False


def _at_least(fact: _Comparison, low: str, kind: str) -> bool | None:
    if fact.sign not in (">", ">=", "="):
        return False
    return _all(_order(value, low, kind, equal=True) for value in fact.values)


def _below(fact: _Comparison, high: str, kind: str) -> bool | None:
    if fact.sign not in ("<", "<=", "="):
        return False
    return _all(_order(high, value, kind, equal=fact.sign == "<") for value in fact.values)


def _all(values: Iterable[bool | None]) -> bool | None:
    known = list(values)
    return False if False in known else None if None in known else True


def _order(one: str, two: str, kind: str, *, equal: bool) -> bool | None:
    """Return whether `one` is after `two`, or equal if that is allowed; None if their order is unknown."""
    left, right = one.strip("'"), two.strip("'")
    if left == right:
        return equal
    if kind in _WHOLE and _is_number(left) and _is_number(right):
        return whole_number(left) > whole_number(right)
    if kind in _DAYS and len(left) == len(right):
        return left > right
    return None


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdecimal()
