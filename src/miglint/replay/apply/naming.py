"""The names that PostgreSQL gives to what a script leaves unnamed.

Follows `makeObjectName`, `ChooseRelationName` and `ChooseConstraintName` of the server: parts joined by `_`, cut so
that the whole fits 63 bytes, and a number behind the label while the name is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from miglint.base.identifiers import LIMIT, truncate

__all__ = ["LIMIT", "choose", "column_part", "join", "truncate"]


def join(first: str, second: str | None, label: str) -> str:
    """Build `first_second_label`, shortening the longer of the two first parts until all fits."""
    overhead = len(label) + 1 + (0 if second is None else 1)
    room = LIMIT - overhead
    one, two = len(first.encode()), 0 if second is None else len(second.encode())
    while one + two > room:
        if one > two:
            one -= 1
        else:
            two -= 1
    parts = [truncate(first, one)] + ([] if second is None else [truncate(second, two)]) + [label]
    return "_".join(parts)


def choose(first: str, second: str | None, label: str, taken: Callable[[str], bool]) -> str:
    """Build a name that `taken` does not hold, numbering the label from 1."""
    name, number = join(first, second, label), 0
    while taken(name):
        number += 1
        name = join(first, second, f"{label}{number}")
    return name


def column_part(columns: Iterable[str]) -> str:
    """Join column names as the server does, which stops when the buffer is full."""
    text = ""
    for column in columns:
        if text:
            text += "_"
        text += column
        if len(text.encode()) >= LIMIT:
            break
    return truncate(text)
