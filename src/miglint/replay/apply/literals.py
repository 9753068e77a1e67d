"""Which texts PostgreSQL's types refuse to read, as far as that is plain."""

from __future__ import annotations

from msgspec import DecodeError
from msgspec.json import decode

from miglint.base.lazy_regex import pattern

TIMES = frozenset({"date", "time", "timetz", "timestamp", "timestamptz", "interval"})
_UUID = pattern(r"\s*\{?[0-9a-fA-F]{4}(?:-?[0-9a-fA-F]{4}){7}\}?\s*")
_WHOLE_NUMBER = pattern(r"\s*[+-]?[0-9]")
_WHOLE_NUMBERS = frozenset({"int2", "int4", "int8", "oid"})
# Of these only the empty text is sure to be none.
_NOT_EMPTY = TIMES | {"numeric", "float4", "float8", "bool", "inet", "cidr", "macaddr"}


def unreadable(name: str, text: str) -> bool:
    """Say whether the built-in type of a name surely refuses a text."""
    if name in _NOT_EMPTY:
        return not text.strip()
    if name in _WHOLE_NUMBERS:
        return _WHOLE_NUMBER.match(text) is None
    if name == "uuid":
        return _UUID.fullmatch(text) is None
    return name == "jsonb" and not _is_json(text)


def _is_json(text: str) -> bool:
    try:
        decode(text)
    except DecodeError:
        return False
    except RecursionError:
        return True
    return True
