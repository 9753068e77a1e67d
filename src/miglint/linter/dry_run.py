"""The dry run with the project's settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.msgpack import decode, encode

from miglint.base.model import Dialect, Direction, Discovered, Script, SourceFile, Span
from miglint.base.structs import Struct, replace
from miglint.cache.store import open_store
from miglint.config.settings import Settings
from miglint.dryrun.model import ExecutedSchemas, Model
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.result_cache import StoredMemory
from miglint.dryrun.results import DryRunReport, HistoryRun, MigrationRun
from miglint.dryrun.runner import dry_run
from miglint.linter.analysis import as_the_runner, start_of
from miglint.linter.dry_run_options import configured
from miglint.linter.incremental.history_state import HistoryState, SchemaChange, schema_change
from miglint.schema.objects import Key


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
        compared(replace(run, history=original[run.history.root, run.history.layout, run.history.dialect]), schemas)
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


class _ComparedStep(Struct, array_like=True, frozen=True):
    """What is known of a migration that was compared: its changes in the replay, and what is not compared after it."""

    change: SchemaChange
    left: list[Key]


def compared(ran: HistoryRun, schemas: Mapping[str, SourceFile]) -> HistoryRun:
    """Add the differences between the schemas of replay and engine to each migration that was run."""
    if ran.kept == len(ran.migrations):
        return ran
    # The replay goes on where an earlier run has ended: its changes are known.
    state = HistoryState(start_of(ran.history.dialect, schemas))
    known: set[Key] = set()
    runs: list[MigrationRun] = []
    for run in ran.migrations[: ran.kept]:
        if run.model is None:
            break
        step = decode(run.model, type=_ComparedStep)
        state.take(step.change)
        known.update(step.left)
        runs.append(run)
    schema = state.schema
    model = Model(ran.history, schema, known, doubted=state.doubted)
    for number, run in enumerate(ran.migrations[len(runs) :], len(runs)):
        ok = run.forward is not None and run.forward.ok
        found = model.compare(number, ExecutedSchemas(run.before, run.after if ok else None))
        step = _ComparedStep(schema_change(schema, found.passage, b"", rooted=True), sorted(found.left))
        schema = found.passage.after
        runs.append(replace(run, apart=found.differences if number >= ran.kept else run.apart, model=encode(step)))
    return replace(ran, migrations=tuple(runs))
