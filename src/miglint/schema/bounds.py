"""The bounds of partitions, and of many partitions those that overlap a bound."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from math import gcd, isnan
from typing import Any, NamedTuple, TypeAlias, TypeVar

from rpds import HashTrieMap, HashTrieSet

from miglint.base.lazy_regex import pattern
from miglint.base.structs import Struct, field, replace
from miglint.schema.objects import Key

DEFAULT = "default"
_HASH = pattern(r"with \(modulus ([0-9]{1,9}), remainder ([0-9]{1,9})\)")
_NO_KEYS: HashTrieSet[Key] = HashTrieSet()
_NO_REMAINDERS: HashTrieMap[int, HashTrieSet[Key]] = HashTrieMap()


def bounds_overlap(one: str, two: str) -> bool:
    """Whether two bounds surely hold one value in common; False where that is not known."""
    if DEFAULT in (one, two):
        return False
    if one.startswith("in (") and two.startswith("in ("):
        return not set(_values(one)).isdisjoint(_values(two))
    hashes = _hash(one), _hash(two)
    if hashes[0] is not None and hashes[1] is not None:
        common = gcd(hashes[0][0], hashes[1][0])
        return hashes[0][1] % common == hashes[1][1] % common
    first, second = _range(one), _range(two)
    if first is None or second is None:
        return False
    (low, high), (start, end) = first, second
    if len({type(value) for value in (low, high, start, end)}) != 1:
        return False
    return bool(low < end and start < high)  # type: ignore[operator]  # all of one type


def _values(bound: str) -> list[str]:
    return [part.strip() for part in bound[4:-1].split(",")]


def _hash(bound: str) -> tuple[int, int] | None:
    """Return the modulus and the remainder of a bound."""
    found = _HASH.fullmatch(bound)
    return (int(found[1]), int(found[2])) if found is not None and int(found[1]) else None


def _range(text: str) -> tuple[float | str, float | str] | None:
    """Return the ends of a range over one column that are numbers, or texts that sort as what they mean."""
    if not text.startswith("from (") or ") to (" not in text:
        return None
    low, _, high = text.removeprefix("from (").removesuffix(")").partition(") to (")
    if "," in low or "," in high:
        return None
    ends = [_end(part) for part in (low, high)]
    return None if ends[0] is None or ends[1] is None else (ends[0], ends[1])


def _end(text: str) -> float | str | None:
    quoted = text.startswith("'") and text.endswith("'")
    bare = text[1:-1] if quoted else text
    try:
        number = float(bare)
    except ValueError:
        pass
    else:
        # What is no number is not in the order of the others.
        return None if isnan(number) else number
    # Dates as ISO writes them sort like days.
    date = quoted and len(bare) >= 10 and bare[4] == bare[7] == "-" and bare[:4].isdigit()
    return bare if date else None


class _Entry(NamedTuple):
    """A range with the key of its partition. All ranges of a tree have ends of one type."""

    low: Any
    high: Any
    key: Key


class _Tree(NamedTuple):
    """A weight-balanced binary tree of ranges by their lower ends; `top` is the largest upper end in it."""

    entry: _Entry
    left: _Tree | None
    right: _Tree | None
    size: int
    top: Any


_Ranges: TypeAlias = "_Tree | None"
# A side may have at most three times the size of the other; how it is rotated then depends on its own sides.
_HEAVIER, _INNER = 3, 2


def _joined(entry: _Entry, left: _Ranges, right: _Ranges) -> _Tree:
    size, top = 1, entry.high
    if left is not None:
        size, top = size + left.size, left.top if top < left.top else top
    if right is not None:
        size, top = size + right.size, right.top if top < right.top else top
    return _Tree(entry, left, right, size, top)


def _balanced(entry: _Entry, left: _Ranges, right: _Ranges) -> _Tree:
    """Return a tree of both sides, of which one has become smaller or larger by one range."""
    on_left = 0 if left is None else left.size
    on_right = 0 if right is None else right.size
    if on_left + on_right > 1:
        if right is not None and on_right > _HEAVIER * on_left:
            inner, outer = right.left, right.right
            if inner is not None and outer is not None and inner.size < _INNER * outer.size:
                return _joined(right.entry, _joined(entry, left, inner), outer)
            if inner is None:
                return _joined(right.entry, _joined(entry, left, None), outer)
            return _joined(inner.entry, _joined(entry, left, inner.left), _joined(right.entry, inner.right, outer))
        if left is not None and on_left > _HEAVIER * on_right:
            outer, inner = left.left, left.right
            if inner is not None and outer is not None and inner.size < _INNER * outer.size:
                return _joined(left.entry, outer, _joined(entry, inner, right))
            if inner is None:
                return _joined(left.entry, outer, _joined(entry, None, right))
            return _joined(inner.entry, _joined(left.entry, outer, inner.left), _joined(entry, inner.right, right))
    return _joined(entry, left, right)


def _with_range(tree: _Ranges, entry: _Entry) -> _Tree:
    if tree is None:
        return _joined(entry, None, None)
    if entry == tree.entry:
        return tree
    if entry < tree.entry:
        return _balanced(tree.entry, _with_range(tree.left, entry), tree.right)
    return _balanced(tree.entry, tree.left, _with_range(tree.right, entry))


def _without_range(tree: _Ranges, entry: _Entry) -> _Ranges:
    if tree is None:
        return None
    if entry < tree.entry:
        return _balanced(tree.entry, _without_range(tree.left, entry), tree.right)
    if entry > tree.entry:
        return _balanced(tree.entry, tree.left, _without_range(tree.right, entry))
    if tree.left is None or tree.right is None:
        return tree.left or tree.right
    first = tree.right
    while first.left is not None:
        first = first.left
    return _balanced(first.entry, tree.left, _without_range(tree.right, first.entry))


def _overlapping(tree: _Ranges, low: Any, high: Any) -> Iterator[Key]:
    if tree is None or tree.top <= low:
        return
    yield from _overlapping(tree.left, low, high)
    if tree.entry.low < high:
        if low < tree.entry.high:
            yield tree.entry.key
        yield from _overlapping(tree.right, low, high)


_Label = TypeVar("_Label", bound=Hashable)


def _with_key(
    found: HashTrieMap[_Label, HashTrieSet[Key]], label: _Label, key: Key, *, added: bool
) -> HashTrieMap[_Label, HashTrieSet[Key]]:
    """Return the partitions by a value with one more, or one less, of a value."""
    known = found.get(label, _NO_KEYS)
    changed = known.insert(key) if added else known.discard(key)
    return found.insert(label, changed) if len(changed) else found.discard(label)


class Bounds(Struct, frozen=True, gc=False, eq=False):
    """The bounds of many partitions: values, remainders by modulus, and ranges by the type of their ends."""

    values: HashTrieMap[str, HashTrieSet[Key]] = field(default_factory=HashTrieMap)
    numbers: _Ranges = None
    texts: _Ranges = None
    remainders: HashTrieMap[int, HashTrieMap[int, HashTrieSet[Key]]] = field(default_factory=HashTrieMap)

    def adding(self, key: Key, bound: str) -> Bounds:
        """Return these with the bound of one more partition."""
        return self._changed(key, bound, added=True)

    def without(self, key: Key, bound: str) -> Bounds:
        """Return these without the bound of a partition."""
        return self._changed(key, bound, added=False)

    def _changed(self, key: Key, bound: str, *, added: bool) -> Bounds:
        if bound.startswith("in ("):
            values = self.values
            for value in _values(bound):
                values = _with_key(values, value, key, added=added)
            return replace(self, values=values)
        if (parted := _hash(bound)) is not None:
            modulus, remainder = parted
            known = _with_key(self.remainders.get(modulus, _NO_REMAINDERS), remainder, key, added=added)
            return replace(self, remainders=self.remainders.insert(modulus, known))
        found = _of_one_type(bound)
        if found is None:
            return self
        entry, change = _Entry(*found, key), _with_range if added else _without_range
        if isinstance(found[0], str):
            return replace(self, texts=change(self.texts, entry))
        return replace(self, numbers=change(self.numbers, entry))

    def overlapping(self, bound: str) -> set[Key]:
        """Return the keys of the partitions whose bounds overlap another one, as `bounds_overlap` decides."""
        if bound.startswith("in ("):
            return {key for value in _values(bound) for key in self.values.get(value, _NO_KEYS)}
        if (parted := _hash(bound)) is not None:
            return set(self._overlapping_remainders(*parted))
        found = _of_one_type(bound)
        if found is None:
            return set()
        return set(_overlapping(self.texts if isinstance(found[0], str) else self.numbers, *found))

    def _overlapping_remainders(self, modulus: int, remainder: int) -> Iterator[Key]:
        for other, known in self.remainders.items():
            common = gcd(modulus, other)
            places = range(remainder % common, other, common)
            # A modulus may be far larger than the number of partitions that there are.
            for place in places if len(places) <= len(known) else (item for item in known if item in places):
                yield from known.get(place, _NO_KEYS)


def _of_one_type(bound: str) -> tuple[float | str, float | str] | None:
    found = _range(bound)
    return None if found is None or type(found[0]) is not type(found[1]) else found
