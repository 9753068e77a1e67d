"""The help of several hits as one text: what each offers, in one piece of SQL."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.base.lazy_regex import pattern

_PARTS = pattern(r"(?P<before>[^`]*)`(?P<sql>[^`]+;)`(?P<behind>.*)")
_LONGEST = 4_000


def one_help(texts: Iterable[str], most: int) -> list[str]:
    """Return help texts, those that differ in one piece of SQL alone as one; `most` of them where that is too long."""
    listed = [text for text in texts if text]
    found = [_PARTS.fullmatch(text) for text in listed]
    parts = [item for item in found if item is not None]
    around = {(item["before"], item["behind"]) for item in parts}
    if len(parts) < len(listed) or len(around) != 1:
        return listed[:most]
    ((before, behind),) = around
    joined = f"{before}`{' '.join(item['sql'] for item in parts)}`{behind}"
    return [joined] if len(joined) <= _LONGEST else listed[:most]
