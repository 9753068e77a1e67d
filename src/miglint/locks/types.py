"""Cost of changing a column's type: none, a scan, an index rebuild, or a rewrite."""

from __future__ import annotations

from enum import Enum

from miglint.base.digits import whole_number
from miglint.schema.objects import Domain, Key
from miglint.schema.value import Schema
from miglint.sql.operations import Expression, Type

# The server's binary-coercible casts, regardless of lengths.
_SAME_BYTES = frozenset(
    {
        ("varchar", "text"),
        ("text", "varchar"),
        ("cidr", "inet"),
        ("citext", "text"),
        ("citext", "varchar"),
        ("text", "citext"),
        ("varchar", "citext"),
        ("xml", "text"),
        ("xml", "varchar"),
        ("int4", "oid"),
        ("oid", "int4"),
        ("int4", "regclass"),
        ("oid", "regclass"),
        ("regclass", "oid"),
    }
)
# Types with a different index order although the bytes are the same.
_OTHER_ORDER = frozenset({"citext"})
# `(n)` limits the length or precision; increasing or removing it is always compatible.
_BOUNDED = frozenset({"varchar", "varbit", "timestamp", "timestamptz", "time", "timetz", "interval"})
_ZONES = frozenset({("timestamp", "timestamptz"), ("timestamptz", "timestamp")})
_UTC_SINCE = 12
_UTC = frozenset({"utc", "etc/utc", "gmt", "etc/gmt", "0", "universal", "zulu", "uct", "+00:00"})


class TypeChangeCost(Enum):
    """Cost of a change of type. `UNKNOWN`: the column's old type is unknown."""

    NOTHING = "nothing"
    CHECK = "check"
    REINDEX = "reindex"
    REWRITE = "rewrite"
    UNKNOWN = "unknown"


def change_of(
    old: Type | None,
    new: Type,
    schema: Schema,
    *,
    column: str,
    using: Expression | None = None,
    major: int = 14,
    timezone: str | None = None,
) -> TypeChangeCost:
    """Return the cost of changing a column from `old` to `new`.

    `timezone` is the session's setting if known: in UTC, adding a time zone to a timestamp is free.
    """
    if using is not None and not _is_plain(using, column, new):
        return TypeChangeCost.REWRITE
    if old is None:
        return TypeChangeCost.UNKNOWN
    old_base, _ = _base(old, schema)
    new_base, bound = _base(new, schema)
    if old_base is None or new_base is None:
        return TypeChangeCost.UNKNOWN if old_base is None else TypeChangeCost.REWRITE
    if (old.name, old.schema) != (new.name, new.schema) and bound:
        return TypeChangeCost.REWRITE
    return _between(old_base, new_base, major, timezone)


def _is_utc(major: int, timezone: str | None) -> bool:
    """Return whether the server knows, in this version, that the session's time zone is UTC."""
    return major >= _UTC_SINCE and timezone is not None and timezone.lower() in _UTC


def _between(old: Type, new: Type, major: int, timezone: str | None) -> TypeChangeCost:
    if old.dimensions or new.dimensions:
        # The server converts every array element, even if that has no effect.
        return TypeChangeCost.NOTHING if old == new else TypeChangeCost.REWRITE
    if (old.name, old.schema) == (new.name, new.schema):
        return TypeChangeCost.NOTHING if old.args == new.args or _wider(old, new) else TypeChangeCost.REWRITE
    pair = (old.name, new.name)
    if pair in _ZONES and old.args == new.args:
        return TypeChangeCost.NOTHING if _is_utc(major, timezone) else TypeChangeCost.REWRITE
    if pair not in _SAME_BYTES or (new.args and not _wider(old, new)):
        return TypeChangeCost.REWRITE
    return TypeChangeCost.NOTHING if _OTHER_ORDER.isdisjoint(pair) else TypeChangeCost.REINDEX


def _wider(old: Type, new: Type) -> bool:
    """Return whether the modifiers of `new` allow all values of `old`, as determined by the server."""
    if new.name == "numeric":
        if not new.args:
            return True
        return bool(old.args) and _scale(old) == _scale(new) and whole_number(new.args[0]) >= whole_number(old.args[0])
    if new.name not in _BOUNDED:
        return False
    if not new.args:
        return True
    if not old.args:
        return False
    return (
        new.args[0].isdecimal() and old.args[0].isdecimal() and whole_number(new.args[0]) >= whole_number(old.args[0])
    )


def _scale(kind: Type) -> int:
    return whole_number(kind.args[1]) if len(kind.args) > 1 else 0


def _base(kind: Type, schema: Schema) -> tuple[Type | None, bool]:
    """Return the base type of a domain, and whether the domain has constraints."""
    bound = False
    for _ in range(8):
        found = None
        for place in (kind.schema,) if kind.schema is not None else schema.path:
            found = schema.find(Key("type", place or "", kind.name))
            if found is not None:
                break
        if not isinstance(found, Domain):
            return kind, bound
        bound = bound or bool(found.constraints) or not found.nullable
        if found.base is None:
            return None, bound
        kind = found.base
    return kind, bound


def _is_plain(using: Expression, column: str, new: Type) -> bool:
    """Return whether `USING` is equivalent to the cast to the new type."""
    if using.columns != (column,) or using.functions or using.relations:
        return False
    key = using.key.replace('"', "")
    bare = key[1:-1] if key.startswith("(") and key.endswith(")") else key
    return bare == column or (bare.partition("::")[0].strip("()") == column and bare.partition("::")[2] == str(new))
