"""Hints at what texts may contain: most have none, and need no closer look.

Looking for fifty words in all files takes as long as listing and reading them, so that a run may bring along what
earlier runs have found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from miglint.base.model import SourceFile


class KnownHints:
    """A context in which hints are known, as numbers of bits, by the digests of files.

    `found` are those of this run that were not.
    """

    current: KnownHints | None = None

    def __init__(self, known: Mapping[bytes, int]) -> None:
        self._known = known
        self.found: dict[bytes, int] = {}

    def __enter__(self) -> KnownHints:
        KnownHints.current = self
        return self

    def __exit__(self, *raised: object) -> None:
        KnownHints.current = None

    def of(self, file: SourceFile, look: Callable[[str], int]) -> int:
        """Return the hints of a file, for which `look` looks in its text."""
        if not file.digest:
            return look(file.text)
        found = self._known.get(file.digest)
        if found is None:
            found = self.found.get(file.digest)
        if found is None:
            found = self.found[file.digest] = look(file.text)
        return found
