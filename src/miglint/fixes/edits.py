"""Edits of the files of a report: which fixes can be applied together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from posixpath import basename, dirname

from miglint.base.edits import with_edits
from miglint.base.findings import Edit, Finding, NewFile, have_an_order
from miglint.base.lazy_regex import pattern

__all__ = ["EditedPlaces", "edits_of", "with_edits"]


def edits_of(finding: Finding) -> list[tuple[str, Edit]]:
    """Return the edits of a finding's fix, each with the file that it is in."""
    if finding.fix is None:
        return []
    return [
        (item.path or finding.path, Edit(item.start, item.end, item.text, None, item.order))
        for item in finding.fix.edits
    ]


_VERSION = pattern(r"\d[\d.-]*")


class EditedPlaces:
    """The places that edits have taken, by file: what meets one of them has to wait.

    `created` are the paths of files that fixes have created before.
    """

    def __init__(self, created: Iterable[str] = ()) -> None:
        self._taken: dict[str, set[Edit]] = defaultdict(set)
        # By the version that created files have: of two fixes that make the next migration, one has to wait.
        self._created: dict[str, tuple[NewFile, ...]] = {_version(path): () for path in created}

    def may_create(self, finding: Finding) -> bool:
        """Return whether no other file has the version of those that a finding's fix creates."""
        creates = finding.fix.creates if finding.fix is not None else ()
        return all(self._created.get(_version(new.path), creates) == creates for new in creates)

    def take(self, finding: Finding) -> bool:
        """Add the edits of a finding's fix, all of them or none; equal edits of two findings are one."""
        edits = edits_of(finding)
        creates = finding.fix.creates if finding.fix is not None else ()
        versions = {_version(new.path) for new in creates}
        if not self.may_create(finding):
            return False
        if any(_meet(edit, other) for path, edit in edits for other in self._taken[path]):
            return False
        for path, edit in edits:
            self._taken[path].add(edit)
        self._created |= dict.fromkeys(versions, creates)
        return True


def _version(path: str) -> str:
    """Return the version in the name of a file, or in that of its folder."""
    found = _VERSION.search(basename(path)) or _VERSION.search(basename(dirname(path)))
    return "" if found is None else found[0]


def _meet(one: Edit, other: Edit) -> bool:
    """Return whether two different edits meet: of two insertions at one place neither is first, unless they say so."""
    if one == other or have_an_order(one, other):
        return False
    return one.start == other.start or (one.start < other.end and other.start < one.end)
