"""Cache of hints: which of the words that discovery looks for are in the files of a project, by their digests."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import DecodeError
from msgspec.msgpack import decode, encode

from miglint.cache.store import Store, environment

# So few new texts are looked at again in the next run: storing all takes longer.
_FEW = 16
_MOST = 50_000


class HintCache:
    """The hints of the files of the project in a folder."""

    def __init__(self, store: Store, root: str) -> None:
        self._store = store
        self._name = store.name("steps", ["hints", root, *environment()])

    def load(self) -> dict[bytes, int]:
        """Return the hints of earlier runs."""
        data = self._store.read(self._name)
        if not data:
            return {}
        try:
            return decode(data, type=dict[bytes, int])
        except DecodeError:
            return {}

    def save(self, known: Mapping[bytes, int], new: Mapping[bytes, int]) -> None:
        """Store the hints of this run beside those that were known, or in their place where that would be too many."""
        if len(new) > _FEW:
            self._store.write(self._name, encode({**known, **new} if len(known) + len(new) <= _MOST else dict(new)))
