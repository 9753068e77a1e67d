"""Fixes that need another migration: what a step proposes, and what its history makes of it.

A proposal depends on the step alone, so that it can be cached; whether a later migration uses a name, and the name of
the next migration, depend on the rest of the history.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache

from miglint.base.findings import Fix
from miglint.base.lazy_regex import pattern
from miglint.base.model import History, Migration
from miglint.base.structs import Struct, replace
from miglint.discovery.next_migration import NextScripts, next_migration, no_transaction_mark

_WORD = pattern(r"\w+")


class ProposedFix(Struct, frozen=True, array_like=True):
    """A fix that lacks what depends on the history.

    No later migration may name `unused`. `scripts` are what the next migration does; with `marked`, the script is to be
    run without a transaction.
    """

    fix: Fix
    unused: str | None = None
    scripts: NextScripts | None = None
    marked: bool = False

    def settled(self, history: History, migration: Migration) -> Fix | None:
        """Return the fix of a migration in its history, or None if there is none."""
        if self.unused is not None and _is_used_later(history, migration, self.unused):
            return None
        fix = self.fix
        if self.marked:
            mark = no_transaction_mark(history, migration)
            return None if mark is None else replace(fix, edits=(*mark.edits, *fix.edits), creates=mark.creates)
        if self.scripts is not None:
            created = next_migration(history, self.scripts)
            return replace(fix, creates=created) if created else None
        return fix


def _is_used_later(history: History, migration: Migration, name: str) -> bool:
    """Return whether a later migration names something, so that it would come before the next one."""
    texts = _forward_texts(history)
    return texts.last_with(name.lower()) > texts.places.get(id(migration), len(texts.places))


class _ForwardTexts:
    """The forward scripts of a history, as one text in small letters in which words are looked up."""

    def __init__(self, migrations: Iterable[Migration]) -> None:
        self.places: dict[int, int] = {}
        self._starts: list[int] = []
        texts: list[str] = []
        length = 0
        for place, migration in enumerate(migrations):
            self.places[id(migration)] = place
            text = "" if migration.forward is None else migration.forward.text.lower()
            self._starts.append(length)
            texts.append(text)
            length += len(text) + 1
        self._text = "\n".join(texts)

    def last_with(self, word: str) -> int:
        """Return the place of the last migration with a word, -1 if there is none."""
        if _WORD.fullmatch(word) is None:
            return -1
        text, end = self._text, len(self._text)
        while (found := text.rfind(word, 0, end)) >= 0:
            after = found + len(word)
            if not _is_of_word(text[max(0, found - 1) : found]) and not _is_of_word(text[after : after + 1]):
                return bisect_right(self._starts, found) - 1
            end = after - 1
        return -1


def _is_of_word(character: str) -> bool:
    return _WORD.fullmatch(character) is not None


@lru_cache(maxsize=2)
def _forward_texts(history: History) -> _ForwardTexts:
    return _ForwardTexts(history.migrations)
