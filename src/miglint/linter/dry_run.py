"""The dry run with the project's settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from miglint.base.model import Dialect, Direction, Discovered, Script, SourceFile, Span
from miglint.base.structs import replace
from miglint.cache.store import open_store
from miglint.config.settings import Settings
from miglint.dryrun.model import ExecutedSchemas, Model
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.result_cache import StoredMemory
from miglint.dryrun.results import DryRunReport, HistoryRun
from miglint.dryrun.runner import dry_run
from miglint.linter.analysis import as_the_runner, start_of
from miglint.linter.dry_run_options import configured


def execute_dry_run(
    found: Discovered,
    settings: Settings,
    schemas: Mapping[str, SourceFile],
    options: DryRunOptions,
    progress: Callable[[int, int, str], None] | None = None,
    *,
    cached: bool = True,
) -> DryRunReport:
    """Execute all histories from their baseline schema. With `cached`, unchanged migrations are not run again.

    Raises `EngineMissingError` if a required engine is missing.
    """
    histories = [history for history in found.histories if history.migrations]
    roots = [history.root for history in histories]
    options = configured(options, settings, roots)
    baseline = baseline_scripts(schemas)
    store = open_store(settings.root, *roots) if cached else None
    memory = StoredMemory(store, options, baseline) if store is not None else None
    report = dry_run(
        [as_the_runner(history, settings) for history in histories],
        options,
        baseline=baseline,
        progress=progress,
        memory=memory,
    )
    original = {(history.root, history.layout, history.dialect): history for history in histories}
    runs = tuple(
        _compared(replace(run, history=original[run.history.root, run.history.layout, run.history.dialect]), schemas)
        for run in report.histories
    )
    if memory is not None:
        for run in runs:
            memory.keep(run)
    return replace(report, histories=runs)


def baseline_scripts(schemas: Mapping[str, SourceFile]) -> dict[Dialect, Script]:
    """Return the scripts that create the baseline schemas."""
    return {
        dialect: Script(file, Span(0, len(file.text)), Direction.FORWARD, dialect)
        for dialect in Dialect
        if (file := schemas.get(dialect.value) or schemas.get("")) is not None
    }


def _compared(ran: HistoryRun, schemas: Mapping[str, SourceFile]) -> HistoryRun:
    """Add the differences between the schemas of replay and engine to each migration."""
    if ran.kept == len(ran.migrations):
        return ran
    model = Model(ran.history, start_of(ran.history.dialect, schemas))
    runs = []
    for number, run in enumerate(ran.migrations):
        ok = run.forward is not None and run.forward.ok
        seen = ExecutedSchemas(run.before, run.after if ok else None)
        apart = model.compare(number, seen)
        runs.append(run if number < ran.kept else replace(run, apart=apart))
    return replace(ran, migrations=tuple(runs))
