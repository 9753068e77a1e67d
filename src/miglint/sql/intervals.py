"""Constants of type `interval`, which the server normalizes: `'90 minutes'` to `'01:30:00'`."""

from __future__ import annotations

from miglint.base.digits import whole_number
from miglint.base.lazy_regex import pattern

_SECOND = 1_000_000
_TIMES = {
    "us": 1,
    "microsecond": 1,
    "ms": 1000,
    "millisecond": 1000,
    "s": _SECOND,
    "sec": _SECOND,
    "second": _SECOND,
    "m": 60 * _SECOND,
    "min": 60 * _SECOND,
    "minute": 60 * _SECOND,
    "h": 3600 * _SECOND,
    "hr": 3600 * _SECOND,
    "hour": 3600 * _SECOND,
}
_DAYS = {"d": 1, "day": 1, "w": 7, "week": 7}
_MONTHS = {"mon": 1, "month": 1, "y": 12, "yr": 12, "year": 12, "decade": 120, "century": 1200}
_PART = pattern(r"\s*(?:([+-]?\d+)\s*([a-z]+)|([+-]?)(\d+):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)(?=\s|\Z)")


def folded_interval(text: str) -> str | None:
    """Return a canonical text for an interval; None for unsupported forms: fractions of units, `ago`, ISO."""
    months = days = time = at = 0
    text = text.lower().rstrip()
    while at < len(text):
        part = _PART.match(text, at)
        if part is None:
            return None
        number, unit, sign, hours, minutes, seconds, fraction = part.groups()
        unit = unit if unit is None or unit in _TIMES or unit in _DAYS or unit in _MONTHS else unit.removesuffix("s")
        if unit is None:
            length = (whole_number(hours) * 3600 + whole_number(minutes) * 60 + whole_number(seconds or "0")) * _SECOND
            length += whole_number((fraction or "0").ljust(6, "0"))
            time += -length if sign == "-" else length
        elif unit in _TIMES:
            time += whole_number(number) * _TIMES[unit]
        elif unit in _DAYS:
            days += whole_number(number) * _DAYS[unit]
        elif unit in _MONTHS:
            months += whole_number(number) * _MONTHS[unit]
        else:
            return None
        at = part.end()
    return f"{months} months {days} days {time} us" if at else None
