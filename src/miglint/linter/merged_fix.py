"""The fix of a finding that summarizes several hits."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from miglint.base.findings import Edit, Fix, have_an_order
from miglint.base.structs import replace
from miglint.linter.dispatch import PlacedHit
from miglint.rules.definition import Hit


def merged_fix(hits: Sequence[Hit]) -> Fix | None:
    """Return one fix for all hits of a finding, or None unless each of them has one and they do not overlap."""
    fixes = [hit.fix for hit in hits if hit.fix is not None]
    if len(fixes) < len(hits):
        return None
    first = fixes[0]
    if len(fixes) == 1:
        return first
    edits = tuple(dict.fromkeys(edit for fix in fixes for edit in fix.edits))
    if overlapping(edits):
        return None
    titles = list(dict.fromkeys(fix.title for fix in fixes))
    reason = next((fix.reason for fix in fixes if fix.reason is not None), None)
    creates = tuple(dict.fromkeys(new for fix in fixes for new in fix.creates))
    return Fix("; ".join(titles), edits, reason, creates)


def without_suppressed(kept: Sequence[PlacedHit], suppressed: Sequence[PlacedHit]) -> list[PlacedHit]:
    """Return hits without the fixes that would also fix a suppressed one: several may share an edit."""
    spared = {
        (edit.path or item.hit.file.path, edit) for item in suppressed if item.hit.fix for edit in item.hit.fix.edits
    }
    return (
        [
            replace(item, hit=replace(item.hit, fix=None))
            if item.hit.fix and any((edit.path or item.hit.file.path, edit) in spared for edit in item.hit.fix.edits)
            else item
            for item in kept
        ]
        if spared
        else list(kept)
    )


def overlapping(edits: Sequence[Edit]) -> bool:
    """Return whether two edits of a file meet: insertions at one place do unless they have an order."""
    listed = sorted(edits, key=lambda edit: (edit.path or "", edit.start, edit.end, edit.order or 0))
    return any(
        one.path == other.path and (other.start < one.end or other.start == one.start) and not have_an_order(one, other)
        for one, other in pairwise(listed)
    )
