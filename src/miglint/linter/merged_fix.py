"""The fix of a finding that summarizes several hits."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from miglint.base.findings import Edit, Fix
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
    return Fix("; ".join(titles), edits, reason, tuple(new for fix in fixes for new in fix.creates))


def overlapping(edits: Sequence[Edit]) -> bool:
    """Return whether two edits of a file meet: insertions at one place do, since their order is not known."""
    listed = sorted(edits, key=lambda edit: (edit.path or "", edit.start, edit.end))
    return any(
        one.path == other.path and (other.start < one.end or other.start == one.start)
        for one, other in pairwise(listed)
    )
