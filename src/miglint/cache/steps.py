"""Cache of steps: what is known of each migration of a history, by the content of all that it depends on.

The steps of a history are a few entries of the store, of which a run replaces those with a new step, and one with their
order. Each step has a key of its own, and is opaque here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import islice
from typing import TypeAlias

from msgspec import DecodeError
from msgspec.msgpack import decode, encode

from miglint.cache.store import Store

Encoded: TypeAlias = bytes | memoryview
_KIND = "steps"
# The entries of a history: steps are in one of them by the first byte of their keys, which are hashes.
_ENTRIES = 8
_SPARE = 16


class StepCache:
    """The steps of one history of `count` migrations in a store; `parts` say which history it is."""

    def __init__(self, store: Store, parts: list[str], count: int) -> None:
        self._store = store
        self._names = [store.name(_KIND, [*parts, str(number)]) for number in range(_ENTRIES)]
        # Steps that a run has not met may be those of another branch, or not asked for: there is room for some.
        self._most = (count + count // 4) // _ENTRIES + _SPARE
        self._loaded: list[dict[bytes, Encoded]] = [{}] * _ENTRIES
        self._order = store.name(_KIND, [*parts, "order"])

    def load(self) -> dict[bytes, Encoded]:
        """Return all steps by their keys, those of invalid entries left out."""
        self._loaded = [self._read(name) for name in self._names]
        return {key: step for steps in self._loaded for key, step in steps.items()}

    def _read(self, name: str) -> dict[bytes, Encoded]:
        data = self._store.read(name)
        if not data:
            return {}
        try:
            # The steps are views of the entry: copying all takes longer than reading them.
            found: dict[bytes, Encoded] = decode(data, type=dict[bytes, memoryview])
            return found
        except DecodeError:
            return {}

    def load_order(self) -> list[bytes]:
        """Return the keys of the steps of the last run in their order, as far as they were kept."""
        try:
            return decode(self._store.read(self._order) or b"\x90", type=list[bytes])
        except DecodeError:
            return []

    def save_order(self, keys: list[bytes]) -> None:
        """Store the order of the steps of a run."""
        self._store.write(self._order, encode(keys))

    def save(self, steps: Mapping[bytes, Encoded], new: Collection[bytes]) -> None:
        """Store the steps that a run has met, `new` ones among them."""
        met: list[dict[bytes, Encoded]] = [{} for _ in range(_ENTRIES)]
        for key, step in steps.items():
            met[_place(key)][key] = step
        for number in sorted({_place(key) for key in new}):
            others = ((key, step) for key, step in self._loaded[number].items() if key not in met[number])
            room = max(0, self._most - len(met[number]))
            self._store.write(self._names[number], encode({**met[number], **dict(islice(others, room))}))


def _place(key: bytes) -> int:
    return key[0] % _ENTRIES
