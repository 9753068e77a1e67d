"""Texts of findings that earlier runs have written: those of unchanged findings are not written again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import DecodeError
from msgspec.msgpack import Decoder, encode

from miglint.base.hashes import blake2b
from miglint.cache.steps import Encoded, StepCache
from miglint.cache.store import Store
from miglint.report.view import TextBlock

_SIZE = 20


class KnownTexts:
    """The texts of the findings of migrations, in a store.

    `identities` are values, by the paths of their files, that are the same as long as findings and files are. `place`
    says which histories these are.
    """

    def __init__(self, store: Store, place: Iterable[str], identities: Mapping[str, bytes]) -> None:
        self._store = store
        self._place = list(place)
        self._identities = identities
        self._form = b""
        self._cache: StepCache | None = None
        self._known: dict[bytes, Encoded] = {}
        self._met: dict[bytes, Encoded] = {}
        self._new: set[bytes] = set()
        self._decoder = Decoder(TextBlock)

    def of_form(self, form: str) -> KnownTexts:
        """Return the texts of one form of display."""
        found = KnownTexts(self._store, [*self._place, form], self._identities)
        found._form = form.encode()
        found._cache = StepCache(self._store, found._place, len(self._identities))
        found._known = found._cache.load()
        return found

    def get(self, path: str) -> TextBlock | None:
        """Return the text of the findings of the migration with a file, if it is known."""
        name = self._name(path)
        data = None if name is None else self._known.get(name)
        if name is None or data is None:
            return None
        try:
            block = self._decoder.decode(data)
        except DecodeError:
            return None
        self._met[name] = data
        return block

    def put(self, path: str, block: TextBlock) -> None:
        """Keep a text for the next run."""
        name = self._name(path)
        if name is not None:
            self._met[name] = encode(block)
            self._new.add(name)

    def save(self) -> None:
        """Store the new texts."""
        if self._cache is not None and self._new:
            self._cache.save(self._met, self._new)

    def _name(self, path: str) -> bytes | None:
        identity = self._identities.get(path)
        return None if identity is None else blake2b(identity + self._form, digest_size=_SIZE).digest()
