"""The bounds of partitions, and of many partitions those that overlap a bound."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from math import gcd, isnan
from typing import Any, NamedTuple, TypeAlias, TypeVar

from rpds import HashTrieMap, HashTrieSet

from miglint.base.digits import whole_number
from miglint.base.lazy_regex import pattern
from miglint.base.structs import Struct, field, replace
from miglint.schema.objects import Key

DEFAULT = "default"
# A date, a time of the day, and UTC: of other zones the order is not known.
_DATE = pattern(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?))?(\+00(?::?00)?|Z| UTC)?"
)
_VALUES = pattern(r"(?:[^,'()]|'(?:[^']|'')*'|\((?:[^()']|'(?:[^']|'')*')*\))+")
_HASH = pattern(r"with \(modulus ([0-9]{1,9}), remainder ([0-9]{1,9})\)")
_NO_KEYS: HashTrieSet[Key] = HashTrieSet()
_NO_REMAINDERS: HashTrieMap[int, HashTrieSet[Key]] = HashTrieMap()


def bounds_overlap(one: str, two: str) -> bool:
    """Whether two bounds surely hold one value in common; False where that is not known."""
    if DEFAULT in (one, two):
        return False
    if one.startswith("in (") and two.startswith("in ("):
        return not set(_listed(one)).isdisjoint(_listed(two))
    hashes = hash_of(one), hash_of(two)
    if hashes[0] is not None and hashes[1] is not None:
        common = gcd(hashes[0][0], hashes[1][0])
        return hashes[0][1] % common == hashes[1][1] % common
    first, second = _range(one), _range(two)
    if first is None or second is None or len(first[0]) != len(second[0]):
        return False
    return max(first[0], second[0]) < min(first[1], second[1])


def are_mixed_moduli(one: str, two: str) -> bool:
    """Whether two bounds have moduli of which neither is a factor of the other."""
    first, second = hash_of(one), hash_of(two)
    return first is not None and second is not None and gcd(first[0], second[0]) not in (first[0], second[0])


def holds_value(bound: str, value: str) -> bool | None:
    """Whether a bound over one column holds a value, which is written as in a bound; None where that is not known."""
    if bound.startswith("in ("):
        return _listed(f"in ({value})")[0] in _listed(bound)
    found, single = _range(bound), _end([value])
    if found is None or single is None or len(found[0]) != 1:
        return None
    if any(rank not in (_LEAST, _MOST, single[0][0]) for rank, _ in (*found[0], *found[1])):
        return None
    return found[0] <= single < found[1]


def values_of(text: str) -> list[str]:
    """Return the values of a list that commas part, but for those in quotes and brackets."""
    return [found.strip() for found in _VALUES.findall(text)]


def _listed(bound: str) -> list[str]:
    # A number may be written in quotes.
    return [value[1:-1] if value.startswith("'") else f" {value}" if value == "null" else value
            for value in values_of(bound[4:-1])]  # fmt: skip


def hash_of(bound: str) -> tuple[int, int] | None:
    """Return the modulus and the remainder of a bound."""
    found = _HASH.fullmatch(bound)
    return (whole_number(found[1]), whole_number(found[2])) if found is not None and whole_number(found[1]) else None


def ends_of(bound: str) -> tuple[list[str], list[str]] | None:
    """Return the values of a range's lower end and those of its upper end; None for a bound that is no range."""
    if not bound.startswith("from (") or ") to (" not in bound:
        return None
    low, _, high = bound.removeprefix("from (").removesuffix(")").partition(") to (")
    return values_of(low), values_of(high)


def is_empty(bound: str) -> bool:
    """Whether a range surely has no value between its ends."""
    found = _range(bound)
    return found is not None and not found[0] < found[1]


_End: TypeAlias = "tuple[tuple[int, float | str], ...]"
_LEAST, _NUMBER, _DAY, _MOMENT, _MOST = range(5)


def _range(bound: str) -> tuple[_End, _End] | None:
    """Return the ends of a range as values that sort as what they mean; None where that is not known.

    A value stands beside a rank, so that all ends can be compared: `MINVALUE` is less than every number, and a number
    less than every date, which no column can have beside it.
    """
    found = ends_of(bound)
    if found is None or len(found[0]) != len(found[1]):
        return None
    low, high = _end(found[0]), _end(found[1])
    if low is None or high is None:
        return None
    for (rank, _), (other, _) in zip(low, high, strict=True):
        if rank not in (other, _LEAST) and other != _MOST:
            return None
    return low, high


def _end(values: list[str]) -> _End | None:
    ends: list[tuple[int, float | str]] = []
    for value in values:
        read = _value(value)
        if read is None:
            return None
        ends.append(read)
        if read[0] in (_LEAST, _MOST):
            # What stands after one of these does not count.
            return (*ends, *[read] * (len(values) - len(ends)))
    return tuple(ends)


def _value(text: str) -> tuple[int, float | str] | None:
    if text in ("minvalue", "maxvalue"):
        return (_LEAST if text == "minvalue" else _MOST), 0.0
    quoted = text.startswith("'") and text.endswith("'")
    bare = text[1:-1] if quoted else text
    try:
        number = float(bare)
    except ValueError:
        pass
    else:
        # What is no number is not in the order of the others.
        return None if isnan(number) else (_NUMBER, number)
    found = _DATE.fullmatch(bare) if quoted else None
    if found is None:
        return None
    # Dates as ISO 8601 writes them sort like days; midnight is the day itself.
    time = "" if not found[2] or not found[2].strip("0:.") else found[2]
    return (_MOMENT if found[3] else _DAY), f"{found[1]} {time}".rstrip()


class _Entry(NamedTuple):
    """A range with the key of its partition. All ranges of a tree have as many columns."""

    low: Any
    high: Any
    key: Key


class _Tree(Struct, frozen=True):
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
            return _rotated_left(entry, left, right)
        if left is not None and on_left > _HEAVIER * on_right:
            return _rotated_right(entry, left, right)
    return _joined(entry, left, right)


def _rotated_left(entry: _Entry, left: _Ranges, right: _Tree) -> _Tree:
    inner, outer = right.left, right.right
    if inner is None or (outer is not None and inner.size < _INNER * outer.size):
        return _joined(right.entry, _joined(entry, left, inner), outer)
    return _joined(inner.entry, _joined(entry, left, inner.left), _joined(right.entry, inner.right, outer))


def _rotated_right(entry: _Entry, left: _Tree, right: _Ranges) -> _Tree:
    outer, inner = left.left, left.right
    if inner is None or (outer is not None and inner.size < _INNER * outer.size):
        return _joined(left.entry, outer, _joined(entry, inner, right))
    return _joined(inner.entry, _joined(left.entry, outer, inner.left), _joined(entry, inner.right, right))


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
    """The bounds of many partitions: values, remainders by modulus, and ranges by the number of their columns."""

    values: HashTrieMap[str, HashTrieSet[Key]] = field(default_factory=HashTrieMap)
    ranges: HashTrieMap[int, _Tree] = field(default_factory=HashTrieMap)
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
            for value in _listed(bound):
                values = _with_key(values, value, key, added=added)
            return replace(self, values=values)
        if (parted := hash_of(bound)) is not None:
            modulus, remainder = parted
            known = _with_key(self.remainders.get(modulus, _NO_REMAINDERS), remainder, key, added=added)
            return replace(self, remainders=self.remainders.insert(modulus, known))
        found = _range(bound)
        if found is None or not found[0] < found[1]:
            return self
        entry, width = _Entry(*found, key), len(found[0])
        tree = (_with_range if added else _without_range)(self.ranges.get(width), entry)
        return replace(self, ranges=self.ranges.discard(width) if tree is None else self.ranges.insert(width, tree))

    def overlapping(self, bound: str) -> set[Key]:
        """Return the keys of the partitions whose bounds overlap another one, or have a modulus that does not fit."""
        if bound.startswith("in ("):
            return {key for value in _listed(bound) for key in self.values.get(value, _NO_KEYS)}
        if (parted := hash_of(bound)) is not None:
            return set(self._overlapping_remainders(*parted))
        found = _range(bound)
        if found is None:
            return set()
        return set(_overlapping(self.ranges.get(len(found[0])), *found))

    def _overlapping_remainders(self, modulus: int, remainder: int) -> Iterator[Key]:
        for other, known in self.remainders.items():
            common = gcd(modulus, other)
            if common not in (modulus, other):
                yield from (key for keys in known.values() for key in keys)
                continue
            places = range(remainder % common, other, common)
            # A modulus may be far larger than the number of partitions that there are.
            for place in places if len(places) <= len(known) else (item for item in known if item in places):
                yield from known.get(place, _NO_KEYS)
