"""The names that PostgreSQL gives to what a script leaves unnamed.

Follows `makeObjectName`, `ChooseRelationName` and `ChooseConstraintName` of the server: parts joined by `_`, cut so
that the whole fits 63 bytes, and a number behind the label while the name is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping

from miglint.base.identifiers import LIMIT, truncate
from miglint.schema.numbers import LONGEST_PLAIN
from miglint.schema.objects import Key
from miglint.schema.parts import Parts
from miglint.schema.value import Schema
from miglint.sql.operations import Constraint

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
    return _numbered(first, second, label, taken, 0)[0]


def choose_relation(
    schema: Schema, place: str, first: str, second: str | None, label: str, also: Container[str] = ()
) -> tuple[str, Schema]:
    """Build a name that no relation of a schema of the database has, and that is none of some others.

    Returns the name and the schema, which remembers from where to go on for the next of these names.
    """
    stem = _stem(first, second, label)
    start = schema.first_number(place, stem)

    def taken(name: str) -> bool:
        return Key("relation", place, name) in schema or name in also

    name, number = _numbered(first, second, label, taken, start)
    # Up to where relations have them: others give theirs free without a word.
    while start < number and Key("relation", place, _name(first, second, label, start)) in schema:
        start += 1
    return name, schema.remembering(place, stem, start) if start >= _SEVERAL else schema


def choose_part(parts: Mapping[str, Constraint], first: str, second: str | None, label: str) -> str:
    """Build a name that none of some constraints has."""
    if not isinstance(parts, Parts):
        return choose(first, second, label, parts.__contains__)
    stem = _stem(first, second, label)
    name, number = _numbered(first, second, label, parts.__contains__, parts.first_number(stem))
    if number >= _SEVERAL:
        parts.remember(stem, number)
    return name


# From so many numbers on it is worth to keep where to go on.
_SEVERAL = 4


def _stem(first: str, second: str | None, label: str) -> str:
    """Return what is the same in all names of these parts: the name, or the parts where numbers shorten it."""
    name = join(first, second, label)
    return name if len(name.encode()) <= LONGEST_PLAIN else "\0".join((first, second or "", label))


def _name(first: str, second: str | None, label: str, number: int) -> str:
    return join(first, second, f"{label}{number}" if number else label)


def _numbered(first: str, second: str | None, label: str, taken: Callable[[str], bool], number: int) -> tuple[str, int]:
    name = _name(first, second, label, number)
    while taken(name):
        number += 1
        name = _name(first, second, label, number)
    return name, number


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
