"""Constants as the values that their type makes of their text: `'{"a":1}'` and `'{"a": 1}'` are one of `jsonb`."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from ipaddress import ip_interface, ip_network

from msgspec import DecodeError
from msgspec.json import decode

from miglint.base.digits import whole_number
from miglint.base.lazy_regex import pattern
from miglint.sql.intervals import folded_interval
from miglint.sql.type_input import truth_of

_WHOLE = pattern(r"\s*([+-]?[0-9]{1,30})\s*")
_DECIMAL = pattern(r"\s*([+-]?(?:[0-9]{1,1000}(?:\.[0-9]{0,1000})?|\.[0-9]{1,1000})(?:[eE][+-]?[0-9]{1,3})?)\s*")
_UUID = pattern(r"\s*\{?([0-9a-fA-F]{4}(?:-?[0-9a-fA-F]{4}){7})\}?\s*")
_BYTES = pattern(r"\\x((?:\s*[0-9a-fA-F]{2})*)\s*")
_ESCAPED_BYTE = pattern(r"\\(?:\\|([0-3][0-7]{2}))|([^\\])")
_DATE = r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
_TIME = r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?"
_ZONE = r"\s*(?:([Zz]|[Uu][Tt][Cc]|[Gg][Mm][Tt])|([+-])([0-9]{1,2})(?::?([0-9]{2}))?)"
_MOMENT = pattern(rf"\s*{_DATE}(?:(?:\s+|[Tt]){_TIME}({_ZONE})?)?\s*")
_CLOCK = pattern(rf"\s*{_TIME}\s*")
_CLOCK_WITH_ZONE = pattern(rf"\s*{_TIME}{_ZONE}\s*")
_PLAIN_NAME = pattern(r"[a-z_][a-z0-9_]*")
_BOUND = r"([^,\"\\\[\]()]*?|\"[^\"\\]+\")"
_RANGE = pattern(rf"\s*([\[(])\s*{_BOUND}\s*,\s*{_BOUND}\s*([\])])\s*")
_DISCRETE = {"int4range": "int4", "int8range": "int8", "daterange": "date"}
_VERBATIM = frozenset({"text", "varchar", "bpchar", "name", "json", "unknown"})


def is_verbatim(kind: str) -> bool:
    """Return whether a type keeps the text of a constant as it is written."""
    return kind in _VERBATIM


def value_of(kind: str, text: str) -> object | None:
    """Return the value that a built-in type makes of a text, of which another text has an equal one.

    Values differ where the server prints them differently: `1.0` and `1.00` do. None where that is not known: a text
    that depends on settings or on the time, one that the type refuses, and a type that is not known here.
    """
    if kind in _VERBATIM:
        return text
    if kind.endswith("[]"):
        return _array(kind[:-2], text)
    reader = _READERS.get(kind)
    return None if reader is None else reader(text)


def _whole(text: str) -> int | None:
    found = _WHOLE.fullmatch(text)
    return None if found is None else whole_number(found[1])


_UNBOUND = {
    "nan": "NaN",
    **dict.fromkeys(("inf", "infinity", "+inf", "+infinity"), "infinity"),
    **dict.fromkeys(("-inf", "-infinity"), "-infinity"),
}


def _unbound(text: str) -> str | None:
    return _UNBOUND.get(text.strip().lower())


def _numeric(text: str) -> str | None:
    if (unbound := _unbound(text)) is not None:
        return unbound
    found = _DECIMAL.fullmatch(text)
    if found is None:
        return None
    try:
        value = Decimal(found[1])
    except InvalidOperation:
        return None
    # There is no negative zero.
    return format(abs(value) if value == 0 else value, "f")


def _float8(text: str) -> str | None:
    if _DECIMAL.fullmatch(text) is None:
        return _unbound(text)
    value = float(text)
    return None if math.isinf(value) else repr(value)


def _float4(text: str) -> str | None:
    if _DECIMAL.fullmatch(text) is None:
        return _unbound(text)
    try:
        return repr(struct.unpack("f", struct.pack("f", float(text)))[0])
    except OverflowError:
        return None


def _uuid(text: str) -> str | None:
    found = _UUID.fullmatch(text)
    return None if found is None else found[1].replace("-", "").lower()


def _bytes(text: str) -> bytes | None:
    found = _BYTES.fullmatch(text)
    if found is not None:
        return bytes.fromhex("".join(found[1].split()))
    if text.startswith("\\x"):
        return None
    parts, at = [], 0
    while at < len(text):
        byte = _ESCAPED_BYTE.match(text, at)
        if byte is None:
            return None
        parts.append(bytes((int(byte[1], 8),)) if byte[1] else (byte[2] or "\\").encode("utf-8", "surrogatepass"))
        at = byte.end()
    return b"".join(parts)


class _Number(str):
    """A number of a JSON document: not equal to a string of the same letters."""

    __slots__ = ()

    def __hash__(self) -> int:
        return hash(str(self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Number) and str(self) == str(other)


def _document(text: str) -> object | None:
    import json

    def number(digits: str) -> _Number:
        return _Number(_numeric(digits) or digits)

    try:
        decode(text)
        return ("json", _frozen(json.loads(text, parse_float=number, parse_int=number)))
    except (DecodeError, ValueError, RecursionError):
        return None


def _frozen(value: object) -> object:
    if isinstance(value, dict):
        return ("object", frozenset((key, _frozen(item)) for key, item in value.items()))
    if isinstance(value, list):
        return ("array", tuple(map(_frozen, value)))
    return ("number", str(value)) if isinstance(value, _Number) else (type(value).__name__, value)


def _infinite(text: str) -> str | None:
    unbound = _unbound(text)
    return None if unbound == "NaN" or text.strip().lower().endswith("inf") else unbound


def _day(text: str) -> date | str | None:
    found = _moment(text)
    # A time is read, and ignored.
    return _infinite(text) if found is None else found[0].date()


def _of_calendar(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _clock(hour: str | None, minute: str | None, second: str | None, part: str | None) -> timedelta | None:
    hours, minutes, seconds = int(hour or 0), int(minute or 0), int(second or 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    return timedelta(hours=hours, minutes=minutes, seconds=seconds, microseconds=int((part or "0").ljust(6, "0")))


def _time(text: str) -> timedelta | None:
    found = _CLOCK.fullmatch(text)
    return None if found is None else _clock(found[1], found[2], found[3], found[4])


def _moment(text: str) -> tuple[datetime, timezone | None] | None:
    """Return a point in time as it is written, and its own time zone."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    day, clock = _of_calendar(found[1], found[2], found[3]), _clock(found[4], found[5], found[6], found[7])
    if day is None or clock is None:
        return None
    moment = datetime(day.year, day.month, day.day) + clock
    if found[8] is None:
        return moment, None
    offset = _offset(found[10], found[11], found[12])
    return None if offset is None else (moment, timezone(offset))


def _timestamp(text: str) -> datetime | str | None:
    found = _moment(text)
    # A time zone is read, and ignored.
    return _infinite(text) if found is None else found[0]


def _timestamptz(text: str) -> tuple[str, datetime] | str | None:
    found = _moment(text)
    if found is None:
        return _infinite(text)
    moment, zone = found
    if zone is None:
        # In the time zone of the session, whichever that is: which point in time it is depends on that.
        return "local", moment
    try:
        return "instant", moment - (zone.utcoffset(None) or timedelta())
    except OverflowError:
        return None


def _inet(text: str) -> object | None:
    try:
        return str(ip_interface(text.strip()))
    except ValueError:
        return None


def _cidr(text: str) -> object | None:
    try:
        return str(ip_network(text.strip()))
    except ValueError:
        return None


def _registered(text: str) -> str | None:
    """Return the name in a constant of `regclass`, without the schema in which it is found anyway."""
    name = text.strip().removeprefix("public.").removeprefix("pg_catalog.")
    return name if _PLAIN_NAME.fullmatch(name) else None


_REGISTERED = (
    "regclass", "regtype", "regproc", "regrole", "regnamespace", "regcollation", "regconfig", "regdictionary",
)  # fmt: skip


def _bits(text: str) -> str | None:
    """Return the digits of a bit string, also of one that is written with B or X, as the parser passes it on."""
    kind, digits = (text[:1].lower(), text[1:]) if text[:1] in ("b", "B", "x", "X") else ("b", text)
    if kind == "x":
        return "".join(f"{int(digit, 16):04b}" for digit in digits) if _HEX_DIGITS.fullmatch(digits) else None
    return digits if _BINARY_DIGITS.fullmatch(digits) else None


_HEX_DIGITS = pattern(r"[0-9a-fA-F]*")
_BINARY_DIGITS = pattern(r"[01]*")


def _character(text: str) -> str | None:
    """Return the one byte that the type `"char"` keeps."""
    return text[:1] if text[:1].isascii() and text[:1] != "\\" else None


def _timetz(text: str) -> tuple[timedelta, timedelta] | None:
    """Return a time of day and its time zone, where there is one."""
    found = _CLOCK_WITH_ZONE.fullmatch(text)
    clock = None if found is None else _clock(found[1], found[2], found[3], found[4])
    if found is None or clock is None:
        return None
    offset = _offset(found[6], found[7], found[8])
    return None if offset is None else (clock, offset)


def _offset(sign: str | None, hours: str | None, minutes: str | None) -> timedelta | None:
    if int(hours or 0) > 15 or int(minutes or 0) > 59:
        return None
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return -offset if sign == "-" else offset


def _range(kind: str) -> Callable[[str], object | None]:
    """Return what reads ranges; those of whole numbers and of days have the form that includes the lower bound only."""
    element = _DISCRETE.get(kind) or {"numrange": "numeric", "tsrange": "timestamp", "tstzrange": "timestamptz"}[kind]

    def read(text: str) -> object | None:
        if text.strip().lower() == "empty":
            return "empty"
        found = _RANGE.fullmatch(text)
        if found is None:
            return None
        written = [part.strip('"') for part in (found[2], found[3])]
        bounds = [value_of(element, part) if part else None for part in written]
        if any(part and bound is None for part, bound in zip(written, bounds, strict=True)):
            return None
        lower, upper = bounds
        opening, closing = found[1] if lower is not None else "(", found[4] if upper is not None else ")"
        if kind in _DISCRETE and opening == "(" and lower is not None:
            lower, opening = _following(lower), "["
        if kind in _DISCRETE and closing == "]" and upper is not None:
            upper, closing = _following(upper), ")"
        return opening, lower, upper, closing

    return read


def _following(value: object) -> object:
    return value + timedelta(days=1) if isinstance(value, date) else int(str(value)) + 1


def _array(element: str, text: str) -> object | None:
    """Return the elements of an array in braces; None for one with bounds, or one that cannot be read."""
    items, at = _array_items(text.strip(), 0)
    return None if items is None or at != len(text.strip()) else _typed(element, items)


def _typed(element: str, items: list[object]) -> object | None:
    found: list[object] = []
    for item in items:
        if item is None:
            found.append(("null",))
            continue
        value = _typed(element, item) if isinstance(item, list) else value_of(element, str(item))
        if value is None:
            return None
        found.append(value)
    return ("array", tuple(found))


_ITEM = pattern(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",{}\\](?:[^",{}\\]*[^\s",{}\\])?))\s*(?=[,}])')
_ESCAPE = pattern(r"\\(.)")


def _array_items(text: str, at: int) -> tuple[list[object] | None, int]:
    """Return the elements of the array that begins at a place, and the place behind it."""
    if text[at : at + 1] != "{":
        return None, at
    items: list[object] = []
    at = _behind_space(text, at + 1)
    if text[at : at + 1] == "}":
        return items, at + 1
    while True:
        at = _behind_space(text, at)
        if text[at : at + 1] == "{":
            inner, at = _array_items(text, at)
            if inner is None:
                return None, at
            items.append(inner)
        else:
            found = _ITEM.match(text, at)
            if found is None:
                return None, at
            plain = found[2]
            items.append(_ESCAPE.sub(r"\1", found[1]) if plain is None else None if plain.lower() == "null" else plain)
            at = found.end()
        at = _behind_space(text, at)
        if text[at : at + 1] == "}":
            return items, at + 1
        if text[at : at + 1] != ",":
            return None, at
        at += 1


def _behind_space(text: str, at: int) -> int:
    while text[at : at + 1].isspace():
        at += 1
    return at


_READERS: dict[str, Callable[[str], object | None]] = {
    **dict.fromkeys(("int2", "int4", "int8", "oid"), _whole),
    **dict.fromkeys(_REGISTERED, _registered),
    **dict.fromkeys(("bit", "varbit"), _bits),
    "char": _character,
    "timetz": _timetz,
    **{kind: _range(kind) for kind in (*_DISCRETE, "numrange", "tsrange", "tstzrange")},
    "numeric": _numeric,
    "float4": _float4,
    "float8": _float8,
    "bool": truth_of,
    "uuid": _uuid,
    "bytea": _bytes,
    "jsonb": _document,
    "date": _day,
    "time": _time,
    "timestamp": _timestamp,
    "timestamptz": _timestamptz,
    "interval": folded_interval,
    "inet": _inet,
    "cidr": _cidr,
}
