"""What the input functions of PostgreSQL's built-in types make of a text, as far as that is plain."""

from __future__ import annotations

from msgspec import DecodeError
from msgspec.json import decode

from miglint.base.lazy_regex import pattern

TIMES = frozenset({"date", "time", "timetz", "timestamp", "timestamptz", "interval"})
_UUID = pattern(r"\s*\{?[0-9a-fA-F]{4}(?:-?[0-9a-fA-F]{4}){7}\}?\s*")
_WHOLE_NUMBER = pattern(r"\s*[+-]?(?:[0-9][0-9_]*|0[xXoObB][0-9_a-fA-F]+)\s*")
_DECIMAL = pattern(r"\s*+[+-]?(?:0[xob][0-9_a-f]++|nan|inf(?:inity)?|[0-9_]*+\.?[0-9_]*+(?:e[+-]?[0-9]++)?)\s*+")
_WHOLE_NUMBERS = frozenset({"int2", "int4", "int8"})
_DECIMALS = frozenset({"numeric", "float4", "float8"})
# Of these only the empty text is sure to be none.
_ADDRESSES = frozenset({"inet", "cidr", "macaddr"})
_NOT_EMPTY = TIMES | _ADDRESSES | {"oid"}
_DATE = pattern(r"\s*([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?![0-9])")
_DATES = frozenset({"date", "timestamp", "timestamptz"})
_COUNTED = pattern(r"\s*(?:[+-]?[0-9]+(?:\.[0-9]+)?\s+[a-z]+\s*)+(?:ago\s*)?")
_UNIT = pattern(r"[a-z]+")
_HOST = pattern(r"\s*([0-9]+)\.([0-9]+)\.([0-9]+)\.([0-9]+)(?:/([0-9]+))?\s*")
_HEX = pattern(r"\\x(?:\s*[0-9a-fA-F]{2})*\s*")
_UNITS = frozenset(
    {
        "ago", "c", "cent", "centuries", "century", "d", "day", "days", "dec", "decade", "decades", "decs", "h", "hour",
        "hours", "hr", "hrs", "m", "microsecond", "microseconds", "mil", "millennia", "millennium", "millisecond",
        "milliseconds", "mils", "min", "mins", "minute", "minutes", "mon", "mons", "month", "months", "ms", "msec",
        "msecond", "mseconds", "msecs", "qtr", "quarter", "s", "sec", "second", "seconds", "secs", "timezone", "us",
        "usec", "usecond", "useconds", "usecs", "w", "week", "weeks", "y", "year", "years", "yr", "yrs",
    }
)  # fmt: skip
_HOSTLESS = pattern(r"[^0-9:]+")
# The words of each truth, of which any unambiguous beginning will do.
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def unreadable(name: str, text: str) -> bool:
    """Return whether a built-in type certainly rejects a text."""
    if name in _NOT_EMPTY:
        return not text.strip() or any(test(name, text) for test in (_is_no_interval, _is_no_address, _is_no_moment))
    if name in _WHOLE_NUMBERS:
        return _WHOLE_NUMBER.fullmatch(text) is None
    if name in _DECIMALS:
        return not text.strip() or _DECIMAL.fullmatch(text.lower()) is None
    if name == "bool":
        return truth_of(text) is None
    if name == "uuid":
        return _UUID.fullmatch(text) is None
    if name == "bytea":
        # What does not begin so is read in the older form.
        return text.startswith("\\x") and _HEX.fullmatch(text) is None
    return name in ("json", "jsonb") and not _is_json(text)


def out_of_range(name: str, text: str) -> bool:
    """Return whether a text is an ISO 8601 date of a day that does not exist."""
    found = _DATE.match(text) if name in _DATES else None
    if found is None:
        return False
    from calendar import monthrange

    year, month, day = map(int, found.groups())
    return year == 0 or not 1 <= month <= 12 or not 1 <= day <= monthrange(year, month)[1]


def _is_no_address(name: str, text: str) -> bool:
    if name not in _ADDRESSES:
        return False
    host = _HOST.fullmatch(text) if name != "macaddr" else None
    if host is not None:
        *parts, mask = (int(number or 0) for number in host.groups())
        return max(parts) > 255 or mask > 32
    return _HOSTLESS.fullmatch(text) is not None


# What dates and times read beside numbers.
_MOMENTS = frozenset(
    {"now", "today", "tomorrow", "yesterday", "epoch", "infinity", "-infinity", "allballs", "+infinity"}
)


def _is_no_moment(name: str, text: str) -> bool:
    plain = text.strip().lower()
    return name in TIMES - {"interval"} and not any(map(str.isdigit, plain)) and plain not in _MOMENTS


def _is_no_interval(name: str, text: str) -> bool:
    counted = _COUNTED.fullmatch(text.lower()) if name == "interval" else None
    return counted is not None and not _UNITS.issuperset(_UNIT.findall(counted[0]))


def truth_of(text: str) -> bool | None:
    """Return what the type `bool` reads in a text, None where it refuses it."""
    given = text.strip().lower()
    if not given or given == "o":
        return None
    if any(word.startswith(given) for word in _TRUE):
        return True
    return False if any(word.startswith(given) for word in _FALSE) else None


def _is_json(text: str) -> bool:
    try:
        decode(text)
    except DecodeError:
        return False
    except RecursionError:
        return True
    return True


def condition_of(name: str) -> str:
    """Return the name of the error that a type raises for a text that it cannot read."""
    return "invalid_datetime_format" if name in TIMES else "invalid_text_representation"
