"""Edits of texts: every character outside an edit stays as it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from miglint.base.findings import Edit, Finding, NewFile, have_an_order


def with_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return a text with edits that do not overlap."""
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end, edit.order or 0)):
        parts += (text[at : edit.start], edit.text)
        at = edit.end
    parts.append(text[at:])
    return "".join(parts)


def edits_of(finding: Finding) -> list[tuple[str, Edit]]:
    """Return the edits of a finding's fix, each with the file that it is in."""
    if finding.fix is None:
        return []
    return [
        (item.path or finding.path, Edit(item.start, item.end, item.text, None, item.order))
        for item in finding.fix.edits
    ]


class EditedPlaces:
    """The places that edits have taken, by file: what meets one of them has to wait."""

    def __init__(self) -> None:
        self._taken: dict[str, set[Edit]] = defaultdict(set)
        self._created: tuple[NewFile, ...] = ()

    def take(self, finding: Finding) -> bool:
        """Add the edits of a finding's fix, all of them or none; equal edits of two findings are one."""
        edits = edits_of(finding)
        creates = finding.fix.creates if finding.fix is not None else ()
        # The next fix that makes a migration needs the version after that one.
        if creates and self._created and creates != self._created:
            return False
        if any(_meet(edit, other) for path, edit in edits for other in self._taken[path]):
            return False
        for path, edit in edits:
            self._taken[path].add(edit)
        self._created = creates or self._created
        return True


def _meet(one: Edit, other: Edit) -> bool:
    """Return whether two different edits meet: of two insertions at one place neither is first, unless they say so."""
    if one == other or have_an_order(one, other):
        return False
    return one.start == other.start or (one.start < other.end and other.start < one.end)
