"""Which migration of a history is the last one to name something, on which fixes in other migrations depend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from msgspec import DecodeError
from msgspec.msgpack import decode, encode

from miglint.base.lazy_regex import pattern
from miglint.base.model import History, Migration
from miglint.cache.store import Store

_WORD = pattern(r"\w+")
# What separates words in texts of ASCII characters: a quicker way to the same words.
_BETWEEN = str.maketrans({chr(code): " " for code in range(128) if not (chr(code).isalnum() or chr(code) == "_")})
# So many words are looked for in all texts; for more, all words of all texts are listed.
_FEW = 12
# So many texts may be new before the words in them are stored.
_MANY_NEW = 16
# Known words that nothing asks for any more are kept up to this number of times those that are asked for.
_SPARE = 4


class LastUses:
    """The places of the last forwards that have a word, in lower case."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._places = {id(migration): place for place, migration in enumerate(history.migrations)}
        self._texts: list[str] | None = None
        self._all: dict[str, int] | None = None
        self._looked_for = 0
        self.asked: set[str] = set()
        self._found: dict[str, int] = {}

    def know(self, found: Iterable[tuple[str, int]]) -> None:
        """Take over places that are known, -1 for words that no forward has."""
        self._found.update(found)

    def is_later(self, word: str, migration: Migration) -> bool:
        """Return whether a migration after this one has a word."""
        self.asked.add(word)
        place = self._found.get(word)
        if place is None:
            place = self._found[word] = self._last(word)
        return place > self._places.get(id(migration), len(self._places))

    def _last(self, word: str) -> int:
        if self._texts is None:
            self._texts = [_text(migration) for migration in self._history.migrations]
        self._looked_for += 1
        if self._looked_for <= _FEW:
            for place in range(len(self._texts) - 1, -1, -1):
                text = self._texts[place]
                if word in text and word in _words(text):
                    return place
            return -1
        if self._all is None:
            self._all = {}
            for place, text in enumerate(self._texts):
                self._all.update(dict.fromkeys(_words(text), place))
            self._texts = []
        return self._all.get(word, -1)


@lru_cache(maxsize=32)
def last_uses(history: History) -> LastUses:
    """Return the last uses of words in a history: one value for each."""
    return LastUses(history)


class KnownUses:
    """Which of the words that earlier runs have looked for are in which migrations of a history, in a store.

    `keys` are values of the migrations that are the same as long as their forwards are.
    """

    def __init__(self, store: Store, parts: Iterable[str], keys: Sequence[bytes]) -> None:
        self._store = store
        self._name = store.name("steps", [*parts, "uses"])
        self._keys = keys
        self._words: list[str] = []
        self._new = 0

    def load(self, history: History) -> None:
        """Look the known words up in those migrations that are new, and give all places to `last_uses`."""
        self._words, known = self._read()
        if not self._words:
            return
        last = [-1] * len(self._words)
        numbers = {word: number for number, word in enumerate(self._words)}
        for place, (key, migration) in enumerate(zip(self._keys, history.migrations, strict=True)):
            uses = known.get(key)
            if uses is None:
                uses = _uses(numbers, migration)
                self._new += 1
            for number in uses:
                if number >= len(last):
                    # Nothing but this module writes such an entry.
                    return
                last[number] = place
        last_uses(history).know(zip(self._words, last, strict=True))

    def _read(self) -> tuple[list[str], dict[bytes, list[int]]]:
        data = self._store.read(self._name)
        if not data:
            return [], {}
        try:
            return decode(data, type=tuple[list[str], dict[bytes, list[int]]])
        except DecodeError:
            return [], {}

    def save(self, history: History) -> None:
        """Store the words that this run has looked for, if they are others than before."""
        asked = last_uses(history).asked
        if asked.issubset(self._words) and self._new <= _MANY_NEW and len(self._words) <= _SPARE * len(asked):
            return
        numbers = {word: number for number, word in enumerate(sorted(asked))}
        uses = {key: _uses(numbers, migration) for key, migration in zip(self._keys, history.migrations, strict=True)}
        self._store.write(self._name, encode(([*numbers], uses)))


def _uses(numbers: Mapping[str, int], migration: Migration) -> list[int]:
    """Return the numbers of those words that a forward has."""
    return sorted({numbers[word] for word in _words(_text(migration)) if word in numbers})


def _text(migration: Migration) -> str:
    return "" if migration.forward is None else migration.forward.text.lower()


def _words(text: str) -> Iterable[str]:
    return text.translate(_BETWEEN).split() if text.isascii() else _WORD.findall(text)
