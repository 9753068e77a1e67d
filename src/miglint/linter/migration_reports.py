"""The reports of migrations: the verdict of the replay, and that of a dry run in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from miglint.base.model import History
from miglint.base.structs import replace
from miglint.base.template_names import decode_tags
from miglint.replay.steps import Step
from miglint.report.value import MigrationReport

if TYPE_CHECKING:
    from miglint.rules.execution.outcomes import Executed


def report_of(step: Step, history: History) -> MigrationReport:
    """Return the report of a step of a history."""
    migration = step.migration
    return MigrationReport(
        migration.version,
        migration.name,
        migration.dialect.value,
        migration.forward.path if migration.forward else None,
        migration.rollback.path if migration.rollback else None,
        step.verdict.as_dict(),
        tuple(map(decode_tags, step.unknown)),
        history=history.root,
    )


def with_executions(report: MigrationReport, runs: list[Executed], idle: frozenset[int]) -> MigrationReport:
    """Return the report of a migration with the dry run's verdicts in place of the replay's.

    A failure on one engine is a failure; unknown on one engine is unknown. `idle` are the steps whose failure is only
    an info.
    """
    from miglint.dryrun.report import as_dict

    verdict = dict(report.verdict)
    # Verdicts that no engine provides are those of the replay.
    for name in ("forward_idempotent", "rollback_idempotent", "rows_stable", "symmetric"):
        values = [getattr(item.run.verdict, name) for item in runs]
        verdict[name] = False if False in values else None if None in values else True
    return replace(
        report,
        verdict=verdict,
        unknown=tuple(dict.fromkeys(decode_tags(reason) for item in runs for reason in item.run.unknown)),
        static_verdict=report.verdict,
        executions=tuple(as_dict(item.run, item.history, idle) for item in runs),
    )
