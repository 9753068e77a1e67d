"""Order of versions, as the migration tools define it, and gaps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

from miglint.base.digits import whole_number
from miglint.base.lazy_regex import pattern
from miglint.base.structs import Struct

SortKey = tuple[Any, ...]

# Forms of versions: a date, optionally with time or counter, dotted numbers, or a number with a letter suffix.
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[-T_]?[0-9]{4,6}(?:-[0-9]{4})?|\.[0-9]+)?"
VERSION = rf"(?:{_DATE}|[0-9]+(?:\.[0-9]+)*[a-z]?)(?=[_\-. #]|$)"

_HEAD = pattern(rf"({VERSION})[_\-. #]*", re.IGNORECASE)
_DIGITS = pattern(r"([0-9]+)[_ #]+")
_PART = pattern(r"[0-9]+")
_LARGEST_SEQUENTIAL = 100_000
_LARGEST_GAP_OF_FEW = 10


def split_version(stem: str) -> tuple[str, str] | None:
    """Split a name into its version and the rest; None if it does not start with a version."""
    # Fast path for digits and an underscore: this runs for every file.
    match = _DIGITS.match(stem) or _HEAD.match(stem)
    return (match[1], stem[match.end() :]) if match else None


def undashed(version: str) -> str:
    """Return a version without the dashes of a date."""
    return re.sub(r"[-T_]", "", version) if "-" in version else version


def numeric(version: str) -> SortKey:
    """Order by number: 10 after 9, `1.10` after `1.9`, `5a` after `5`."""
    if version.isdecimal():
        return ((whole_number(version),), "")
    letter = version[-1] if version[-1:].isalpha() else ""
    return (tuple(map(int, _PART.findall(version))), letter)


def dotted(version: str) -> SortKey:
    """Order as in Flyway: by number, with `1.0` equal to `1`."""
    numbers = list(map(int, _PART.findall(version)))
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    return (tuple(numbers), "")


def textual(version: str) -> SortKey:
    """Order by character, as in tools that sort names."""
    return (version,)


_OTHER_LANGUAGE = pattern(r"0*([0-9]{1,14})[_\-.].*(?<!_test)\.(?:go|py|js|ts|rs|rb|sh)$", re.DOTALL)


def written_otherwise(names: Iterable[str]) -> tuple[int, ...]:
    """Return the versions of migrations written in a programming language."""
    return tuple(int(match[1]) for name in names if (match := _OTHER_LANGUAGE.match(name)))


class Gap(Struct, frozen=True):
    """Versions missing from a sequence, before `after_gap`."""

    first: int
    last: int
    after_gap: int


def gaps(numbers: Sequence[int]) -> list[Gap]:
    """Return the gaps of a sequence that counts by one; empty for dates and other numbering."""
    ordered = sorted(set(numbers))
    if len(ordered) < 2 or ordered[-1] >= _LARGEST_SEQUENTIAL:
        return []
    steps = [b - a for a, b in pairwise(ordered)]
    if not _counts_up(ordered, steps):
        return []
    return [Gap(b - step + 1, b - 1, b) for b, step in zip(ordered[1:], steps, strict=True) if step > 1]


def _counts_up(ordered: Sequence[int], steps: Sequence[int]) -> bool:
    if all(number % steps[0] == 0 for number in ordered) and steps[0] > 1:
        return False  # numbered in tens or hundreds, to leave room
    if len(steps) <= 3:
        return max(steps) <= _LARGEST_GAP_OF_FEW
    return steps.count(1) * 2 >= len(steps)


def out_of_order(versions: Sequence[str], key: Callable[[str], SortKey]) -> list[tuple[str, str]]:
    """Return pairs (version, earlier) where the tool runs `version` before one with a smaller number or date.

    Two conventions conflict with the order of tools: counters (`9`, `10`) with a tool that sorts names, and dates of
    different length (`20240201`, `20240101000000`) with a tool that sorts numbers.
    """
    if key is numeric and not any(len(version) == 8 and _is_date(version) for version in versions):
        return []
    is_wrong = _counted_backwards if key is textual else _dated_backwards
    ordered = sorted({version for version in versions if version.isdecimal()}, key=key)
    return [(before, after) for before, after in pairwise(ordered) if is_wrong(before, after)]


def _is_date(version: str) -> bool:
    return len(version) >= 8 and version.startswith(("19", "20"))


def _counted_backwards(before: str, after: str) -> bool:
    return len(before) < 8 and len(after) < 8 and int(before) > int(after)


def _dated_backwards(before: str, after: str) -> bool:
    return _is_date(before) and _is_date(after) and len(before) != len(after) and before > after
