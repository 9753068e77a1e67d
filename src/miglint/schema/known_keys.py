"""The constant keys of a table's rows over some columns, of which it is known whether the rows are there, or may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from rpds import HashTrieMap, HashTrieSet

from miglint.base.structs import Struct, field

Values: TypeAlias = tuple[str, ...]
_NO_VALUES: HashTrieSet[Values] = HashTrieSet()


class KnownKeys(Struct, frozen=True, gc=False):
    """Keys of rows over `count` columns, each the values of these columns, as a persistent value.

    The rows of `certain` keys are there, those of `doubtful` ones may be. `by_value` has the keys of several columns by
    the place and value of each of them. Every change takes time only in proportion to the keys that it concerns.
    """

    count: int
    certain: HashTrieSet[Values] = field(default_factory=HashTrieSet)
    doubtful: HashTrieSet[Values] = field(default_factory=HashTrieSet)
    by_value: HashTrieMap[tuple[int, str], HashTrieSet[Values]] = field(default_factory=HashTrieMap)

    def __len__(self) -> int:
        return len(self.certain) + len(self.doubtful)

    def __iter__(self) -> Iterator[tuple[Values, bool]]:
        """Yield each key, and whether it is certain."""
        yield from ((values, True) for values in self.certain)
        yield from ((values, False) for values in self.doubtful)

    def holds(self, values: Values) -> bool | None:
        """Return whether a key is certainly there; None where nothing is known of it."""
        if values in self.certain:
            return True
        return False if values in self.doubtful else None

    def adding(self, keys: Iterable[Values]) -> KnownKeys:
        """Return these with more keys, which are certain."""
        certain, doubtful, by_value = self.certain, self.doubtful, self.by_value
        for values in keys:
            certain, doubtful = certain.insert(values), doubtful.discard(values)
            if self.count > 1:
                for place in enumerate(values):
                    by_value = by_value.insert(place, by_value.get(place, _NO_VALUES).insert(values))
        return KnownKeys(self.count, certain, doubtful, by_value)

    def doubted(self) -> KnownKeys:
        """Return the same keys, all of them doubtful."""
        # The smaller set goes into the larger: a key that is doubted again and again costs little.
        small, large = sorted((self.certain, self.doubtful), key=len)
        return KnownKeys(self.count, _NO_VALUES, large.update(small) if len(small) else large, self.by_value)

    def doubting(self, keys: Iterable[Values]) -> KnownKeys:
        """Return the same keys, of which some are doubtful from now on."""
        certain, doubtful = self.certain, self.doubtful
        for values in keys:
            certain, doubtful = certain.discard(values), doubtful.insert(values)
        return KnownKeys(self.count, certain, doubtful, self.by_value)

    def with_value(self, place: int, value: str) -> list[Values]:
        """Return the keys with a value at a place."""
        if self.count > 1:
            return list(self.by_value.get((place, value), _NO_VALUES))
        return [] if self.holds((value,)) is None else [(value,)]

    def without(self, keys: Iterable[Values]) -> KnownKeys:
        """Return these without some keys that are among them."""
        certain, doubtful, by_value = self.certain, self.doubtful, self.by_value
        for values in keys:
            certain, doubtful = certain.discard(values), doubtful.discard(values)
            if self.count > 1:
                for place in enumerate(values):
                    rest = by_value[place].discard(values)
                    by_value = by_value.insert(place, rest) if len(rest) else by_value.remove(place)
        return KnownKeys(self.count, certain, doubtful, by_value)

    def joined(self, other: KnownKeys) -> KnownKeys:
        """Return these with the keys of others, as certain as they are in one of both."""
        if not len(self):
            return other
        doubtful = [values for values in other.doubtful if self.holds(values) is None]
        found = self.adding(doubtful)
        kept = found.certain
        for values in doubtful:
            kept = kept.discard(values)
        return KnownKeys(self.count, kept, found.doubtful.update(doubtful), found.by_value).adding(other.certain)
