"""The reports of migrations: the verdict of the replay, and that of a dry run in its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from miglint.base.model import History, Migration
from miglint.base.structs import replace
from miglint.base.template_names import decode_tags
from miglint.replay.steps import Step, sqlite_accepts
from miglint.report.value import MigrationReport
from miglint.sql import parse

if TYPE_CHECKING:
    from miglint.linter.incremental.step_memory import HistoryMemory
    from miglint.linter.partial_results import HistoryPart
    from miglint.rules.execution.outcomes import Executed


def report_of(step: Step, history: History, *, on_sqlite: bool = True) -> MigrationReport:
    """Return the report of a step of a history; `on_sqlite` as in `replay_one`."""
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
        pending=not on_sqlite and migration.forward is not None,
    )


def complete_verdicts(
    parts: Iterable[HistoryPart], memories: Mapping[int, HistoryMemory], sqlite: tuple[int, int] | None
) -> None:
    """Determine whether SQLite accepts the scripts of those steps of earlier runs for which it was not asked."""
    for part in parts:
        for number, step in enumerate(part.steps):
            if step.report is not None and step.report.pending:
                report = _with_sqlite(step.report, step.migration, sqlite)
                part.steps[number] = replace(step, report=report)
                if part.place in memories:
                    memories[part.place].complete(number, report)


def _with_sqlite(report: MigrationReport, migration: Migration, sqlite: tuple[int, int] | None) -> MigrationReport:
    """Return a pending report with the answer that SQLite was not asked for when the migration was replayed."""
    assert migration.forward is not None
    accepted, why = sqlite_accepts(migration.forward, parse(migration.forward), sqlite)
    unknown = report.unknown if why is None else (*report.unknown, decode_tags(f"sqlite_compatible: {why}"))
    return replace(report, verdict={**report.verdict, "sqlite_compatible": accepted}, unknown=unknown, pending=False)


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
