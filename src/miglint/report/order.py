"""Order of findings: by migration, with the most severe first, and optionally migrations by severity."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter

from miglint.base.findings import Finding, Severity
from miglint.report.value import Report, by_place

BY_MIGRATION, BY_SEVERITY = "migration", "severity"
SORTS = (BY_MIGRATION, BY_SEVERITY)
# Families by what they mean for a deployment: scripts that fail, rollbacks that do not restore, lost rows, locks, ...
_FAMILIES = (
    "SYN", "RUN", "REF", "SYM", "DAT", "NAM", "PAI", "LCK", "BWC", "TXN", "LIT", "PAR", "IDM", "TYP", "HDR", "STY",
    "DIR",
)  # fmt: skip
_RANKS = {family: number for number, family in enumerate(_FAMILIES)}


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings by descending severity, then by consequence; otherwise in the given order."""
    return sorted(findings, key=lambda item: (-item.severity, _RANKS.get(item.code[:3], len(_RANKS))))


def ordered(report: Report, by: str = BY_MIGRATION) -> list[list[Finding]]:
    """Return the findings of each migration, or of a file that belongs to none, the most severe first.

    The migrations are in the order of their first finding by position; with `severity`, the worst one first.
    """
    migrations = {
        path: number for number, item in enumerate(report.migrations) for path in (item.forward, item.rollback) if path
    }
    groups: dict[int | str, list[Finding]] = defaultdict(list)
    for path, found in groupby(by_place(report.findings), attrgetter("path")):
        groups[migrations.get(path, path)] += found
    listed = list(groups.values())
    if by == BY_SEVERITY:
        listed.sort(key=_severities)
    return [sorted(group, key=attrgetter("severity"), reverse=True) for group in listed]


def _severities(group: list[Finding]) -> tuple[int, ...]:
    counts = Counter(item.severity for item in group)
    return tuple(-counts[severity] for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO))
