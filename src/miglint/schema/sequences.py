"""Properties of a sequence: its name and options, without the engine's defaults."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.base.digits import whole_number

_LIMITS = {"int2": 32767, "int4": 2147483647, "int8": 9223372036854775807}


def chosen(sequence: str, table: str, column: str) -> bool:
    """Return whether a name is the engine's default name for a column's sequence, or one with a counter."""
    return sequence.rstrip("0123456789") in (f"{table}_{column}_seq", f"{table}_{column}_seq".rstrip("0123456789"))


def limits(options: Iterable[str]) -> tuple[int, int, int]:
    """Return the lowest and the highest value of a sequence, and the first one."""
    given = {name: value for name, _, value in (option.partition("=") for option in options) if value}
    up = not given.get("increment", "1").startswith("-")
    limit = _LIMITS.get(given.get("as", "int8"), _LIMITS["int8"])
    low = _number(given.get("minvalue"), 1 if up else -limit - 1)
    high = _number(given.get("maxvalue"), limit if up else -1)
    return low, high, _number(given.get("start"), low if up else high)


def _number(given: str | None, default: int) -> int:
    return default if given is None else whole_number(given)


def unusual(options: Iterable[str]) -> tuple[str, ...]:
    """Return the options (`name=value`; an empty value means the default) without default values, sorted."""
    given = {name: value for name, _, value in (option.partition("=") for option in options) if value}
    up = not given.get("increment", "1").startswith("-")
    limit = _LIMITS.get(given.get("as", "int8"), 0)
    bounds = {"minvalue": "1", "maxvalue": str(limit)} if up else {"minvalue": str(-limit - 1), "maxvalue": "-1"}
    first = "minvalue" if up else "maxvalue"
    usual = {"as": "int8", "increment": "1", "cache": "1", "cycle": "false", **bounds}
    usual["start"] = given.get(first, bounds[first])
    return tuple(sorted(f"{name}={value}" for name, value in given.items() if usual.get(name) != value))
