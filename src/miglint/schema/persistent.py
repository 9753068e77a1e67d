"""Iteration over persistent maps and sets.

The iterators of `rpds` remove one key after the other from a copy, which takes six times as long as the list that they
give for pickling.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from rpds import HashTrieMap, HashTrieSet

from miglint.schema.recorded_map import RecordedMap

K = TypeVar("K")
V = TypeVar("V")


def entries(mapping: HashTrieMap[K, V]) -> Iterable[tuple[K, V]]:
    """Return the keys and values of a map, in no particular order."""
    pickled: Any = mapping.__reduce__()
    found: Any = pickled[1][0]
    return found if isinstance(found, list) else mapping.items()


def members(values: HashTrieSet[K]) -> Iterable[K]:
    """Return the members of a set, in no particular order."""
    pickled: Any = values.__reduce__()
    found: Any = pickled[1][0]
    return found if isinstance(found, list) else values


def differing(one: HashTrieMap[K, V], two: HashTrieMap[K, V]) -> set[K]:
    """Return the keys that only one of two maps has, or that have another value in the other: not the same object."""
    if one is two:
        return set()
    if isinstance(one, RecordedMap) and isinstance(two, RecordedMap) and one.reads is two.reads:
        # Both come from one map, so that only what was changed since differs.
        changed = differing(one.inner, two.inner)
        one.record(changed)
        return changed
    before, after = dict(entries(one)), dict(entries(two))
    found = {key for key, value in before.items() if after.get(key) is not value}
    found.update(after.keys() - before.keys())
    return found
