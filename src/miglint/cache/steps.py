"""Cache of steps: what is known of each migration of a history, by the content of all that it depends on.

All steps of a history are one entry of the store, which a run with any change replaces as a whole: one file to read,
no more entries than histories. Each step has a key of its own, and is opaque here.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from msgspec import DecodeError
from msgspec.msgpack import decode, encode

from miglint.cache.store import MAX_ENTRY, Store

_KIND = "steps"
# The first byte of an entry: as it is, or compressed where it would not fit otherwise.
_PLAIN, _COMPRESSED = b"\0", b"\1"
_MOST = 16 * MAX_ENTRY


class StepCache:
    """The steps of one history in a store; `parts` say which history it is."""

    def __init__(self, store: Store, parts: list[str]) -> None:
        self._store = store
        self._name = store.name(_KIND, parts)

    def load(self) -> Mapping[bytes, bytes]:
        """Return all steps by their keys; none if there is no valid entry."""
        data = self._store.read(self._name)
        if not data:
            return {}
        try:
            content = data[1:] if data[:1] == _PLAIN else _decompressed(data[1:])
            return decode(content, type=dict[bytes, bytes])
        except (DecodeError, zlib.error):
            return {}

    def save(self, steps: Mapping[bytes, bytes]) -> None:
        """Replace all steps."""
        data = encode(steps)
        if len(data) < MAX_ENTRY:
            self._store.write(self._name, _PLAIN + data)
        elif len(data) < _MOST:
            self._store.write(self._name, _COMPRESSED + zlib.compress(data, 1))


def _decompressed(data: bytes) -> bytes:
    reader = zlib.decompressobj()
    content = reader.decompress(data, _MOST)
    if not reader.eof:
        raise zlib.error("it is larger than what is stored")
    return content
