"""Whether the verdicts of a report and its findings agree: what a `false` must have, and a `true` must not."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Finding, Severity
from miglint.report.value import MigrationReport, Report

# A rollback that is missing, or does nothing, and differences after it.
_WHY = ("SYM", "PAI001", "PAI003", "RUN002", "RUN003")


def disagreements(report: Report) -> Iterator[str]:
    """Yield the migrations whose verdict `symmetric` and findings contradict each other."""
    for migration in report.migrations:
        found = list(_about(migration, report))
        why = [item for item in found if item.code.startswith(_WHY)]
        if migration.verdict["symmetric"] is False:
            # A script that fails restores nothing.
            if not why and not any(item.severity is Severity.ERROR for item in found):
                yield f"{migration.version}: symmetric is false, and no finding says why"
        elif migration.verdict["symmetric"] is True and (wrong := [item for item in why if item.code[:3] != "PAI"]):
            yield f"{migration.version}: symmetric is true, but {wrong[0].code}: {wrong[0].message}"


def _about(migration: MigrationReport, report: Report) -> Iterator[Finding]:
    """Yield the findings of warning or above about a migration, or about its whole history."""
    paths = {migration.forward, migration.rollback, migration.history}
    for item in report.findings:
        same = item.version in (None, migration.version) and item.dialect in (None, migration.dialect)
        if item.severity >= Severity.WARNING and item.path in paths and same:
            yield item
