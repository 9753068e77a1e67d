"""Findings of two reports compared: which remain, how many a rule has in a file, which files belong together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from miglint.base.findings import Finding, Severity
from miglint.report.value import MigrationReport, Report

# A fix may lead to another finding of its rule once or twice.
MOST_IN_VAIN = 2


class RuleInFile(NamedTuple):
    """A rule's findings in one file."""

    path: str
    code: str


def endless_targets(numbers: Mapping[RuleInFile, Sequence[int]]) -> Iterator[RuleInFile]:
    """Yield the rules and files whose fixes do not make the findings fewer, given their numbers before each round."""
    return (target for target, listed in numbers.items() if len(listed) > MOST_IN_VAIN and listed[-1] >= listed[0])


def remaining_of(chosen: list[Finding], before: Iterable[Finding], after: Iterable[Finding]) -> list[Finding]:
    """Return the findings that are still there although their fixes were applied.

    Fingerprints number findings that are alike, so that the number of those that are left decides.
    """
    there = {item.fingerprint for item in after}
    found = [item for item in chosen if item.fingerprint in there]
    if not found:
        return found
    left = Counter(map(alike, after))
    left.subtract(Counter(map(alike, before)))
    left.update(Counter(map(alike, chosen)))
    return [item for item in found if left[alike(item)] > 0]


def alike(finding: Finding) -> tuple[str, str, str]:
    """Return what findings have in common that differ only in their place."""
    return finding.path, finding.code, finding.message


def target_of(finding: Finding) -> RuleInFile:
    """Return the rule and the file of a finding."""
    return RuleInFile(finding.path, finding.code)


def counts_of(findings: Iterable[Finding]) -> Counter[RuleInFile]:
    """Return how many findings of a warning or above each rule has in each file."""
    return Counter(target_of(item) for item in findings if item.severity >= Severity.WARNING)


def partners_of(report: Report) -> dict[str, set[str]]:
    """Return the files of its migrations for each file, itself among them."""
    found: dict[str, set[str]] = {}
    for item in report.migrations:
        paths = files_of(item)
        for path in paths:
            found.setdefault(path, set()).update(paths)
    return found


def files_of(item: MigrationReport) -> set[str]:
    """Return the paths of the scripts of a migration."""
    return {path for path in (item.forward, item.rollback) if path is not None}
