"""From what was discovered to what was executed: the dry run with the settings of the project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from miglint.config import Settings
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.results import DryRunReport
from miglint.dryrun.runner import dry_run
from miglint.examine import as_the_runner
from miglint.source import Dialect, Direction, Discovered, Script, SourceFile, Span


def rehearse(
    found: Discovered,
    settings: Settings,
    schemas: Mapping[str, SourceFile],
    options: DryRunOptions,
    progress: Callable[[int, int], None] | None = None,
) -> DryRunReport:
    """Execute all histories from their baseline schema. Raises `EngineMissingError` when an engine is not there."""
    if "sqlite" in settings.targets and not options.sqlite:
        options = replace(options, sqlite=settings.targets["sqlite"])
    options = replace(options, runner=settings.transaction)
    baseline: dict[Dialect, Script] = {}
    for dialect in Dialect:
        file = schemas.get(dialect.value) or schemas.get("")
        if file is not None:
            baseline[dialect] = Script(file, Span(0, len(file.text)), Direction.FORWARD, dialect)
    histories = [history for history in found.histories if history.migrations]
    report = dry_run(
        [as_the_runner(history, settings) for history in histories],
        options,
        baseline=baseline,
        progress=None if progress is None else lambda done, total, _: progress(done, total),
    )
    original = {(history.root, history.layout, history.dialect): history for history in histories}
    runs = tuple(
        replace(run, history=original[run.history.root, run.history.layout, run.history.dialect])
        for run in report.histories
    )
    return replace(report, histories=runs)
