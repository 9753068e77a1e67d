"""Which fixes are applied: safe ones, in files that have not run yet."""

from __future__ import annotations

from enum import StrEnum

from miglint.base.findings import Finding, is_only_a_rerun
from miglint.base.structs import Struct


class NotApplied(StrEnum):
    """Why the fix of a finding is not applied."""

    NO_FIX = "no fix"
    ONLY_A_RERUN = "the runner makes a second run impossible"
    UNSAFE = "not safe"
    APPLIED = "the main branch has the file"


class WantedFixes(Struct, frozen=True):
    """Which fixes are wanted.

    `changed` are the files to report (None: all), `applied` those that may have run already, and `reruns`
    says that scripts must be repeatable even if the migration tool never runs them twice.
    """

    unsafe: bool = False
    reruns: bool = False
    changed: frozenset[str] | None = None
    applied: frozenset[str] = frozenset()

    def concerns(self, finding: Finding) -> bool:
        """Return whether a finding is to be reported."""
        return self.changed is None or finding.path in self.changed

    def refusal(self, finding: Finding) -> NotApplied | None:
        """Return why the fix of a finding is not applied, or None."""
        if finding.fix is None:
            return NotApplied.NO_FIX
        if is_only_a_rerun(finding) and not self.reruns:
            return NotApplied.ONLY_A_RERUN
        if not finding.fix.safe and not self.unsafe:
            return NotApplied.UNSAFE
        files = {finding.path, *(edit.path for edit in finding.fix.edits if edit.path is not None)}
        return None if self.applied.isdisjoint(files) else NotApplied.APPLIED

    def wants(self, finding: Finding) -> bool:
        """Return whether to apply the fix of a finding."""
        return self.concerns(finding) and self.refusal(finding) is None
