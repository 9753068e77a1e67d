"""A persistent map that records which keys are read, for schemas of which it has to be known what a step depends on.

The maps of such a schema are wrapped (`recording.py`): whatever way leads to an object, it is through them. The maps
that come from a wrapped one by changes record to the same place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar, cast

from rpds import HashTrieMap

from miglint.schema.keys import Key

K = TypeVar("K")
V = TypeVar("V")
Default = TypeVar("Default")


class Reads:
    """What was read of a schema.

    `objects` are the keys that were looked up, `users` those whose dependents were, `labels` the names by which keys
    were looked for. With `everything`, all objects were read; with `blank`, whether there are any; with `rooted`,
    whether something had to be assumed.
    """

    __slots__ = ("blank", "everything", "labels", "objects", "rooted", "users")

    def __init__(self) -> None:
        self.objects: set[Key] = set()
        self.users: set[Key] = set()
        self.labels: set[str] = set()
        self.everything = False
        self.blank = False
        self.rooted = False


class RecordedMap(Generic[K, V]):
    """A persistent map that adds each key that is looked up to a set."""

    __slots__ = ("_read", "_reads", "inner")

    def __init__(self, inner: HashTrieMap[K, V], read: set[K], reads: Reads) -> None:
        self.inner = inner
        self._read = read
        self._reads = reads

    @property
    def reads(self) -> Reads:
        """Where all maps of the schema record."""
        return self._reads

    def get(self, key: K, default: Any = None) -> Any:
        """Return the value of a key."""
        self._read.add(key)
        return self.inner.get(key, default)

    def __getitem__(self, key: K) -> V:
        self._read.add(key)
        return self.inner[key]

    def __contains__(self, key: K) -> bool:
        self._read.add(key)
        return key in self.inner

    def insert(self, key: K, value: V) -> RecordedMap[K, V]:
        """Return a map with a key set."""
        return RecordedMap(self.inner.insert(key, value), self._read, self._reads)

    def discard(self, key: K) -> RecordedMap[K, V]:
        """Return a map without a key, which may be missing."""
        return RecordedMap(self.inner.discard(key), self._read, self._reads)

    def remove(self, key: K) -> RecordedMap[K, V]:
        """Return a map without a key."""
        return RecordedMap(self.inner.remove(key), self._read, self._reads)

    def record(self, keys: Iterable[K]) -> None:
        """Record that keys were read."""
        self._read.update(keys)

    def _all(self) -> HashTrieMap[K, V]:
        self._reads.everything = True
        return self.inner

    def __iter__(self) -> Iterator[K]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def items(self) -> Any:
        """Return all keys and values."""
        return self._all().items()

    def keys(self) -> Any:
        """Return all keys."""
        return self._all().keys()

    def values(self) -> Any:
        """Return all values."""
        return self._all().values()

    def __reduce__(self) -> Any:
        return self._all().__reduce__()


def wrapped(mapping: HashTrieMap[K, V], read: set[K], reads: Reads) -> HashTrieMap[K, V]:
    """Return a map that records to a set."""
    return cast("HashTrieMap[K, V]", RecordedMap(mapping, read, reads))


def unwrapped(mapping: HashTrieMap[K, V]) -> HashTrieMap[K, V]:
    """Return a map that does not record."""
    return mapping.inner if isinstance(mapping, RecordedMap) else mapping


def peek(mapping: HashTrieMap[K, V], key: K, default: Default) -> V | Default:
    """Return the value of a key without recording it: for what a schema derives from its objects."""
    return unwrapped(mapping).get(key, default)
