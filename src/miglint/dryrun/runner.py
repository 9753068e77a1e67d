"""Run all histories: engines are started, histories run in parallel, and everything is cleaned up."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from types import FrameType

from miglint.base.errors import UsageError
from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect, History, Migration, Script
from miglint.base.structs import Struct, replace
from miglint.dryrun.costs import ROWS_FOR_ALL, costs_of
from miglint.dryrun.engine_choice import Choice, choices
from miglint.dryrun.interfaces import Database, Engine, EngineBusyError, EngineLostError, Restorable, UnreadableError
from miglint.dryrun.limits import Deadline
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.postgres.connection import QueryError
from miglint.dryrun.result_cache import CachedRuns, ResultCache, TemplatePlan
from miglint.dryrun.results import Costs, DryRunReport, EngineError, Execution, HistoryRun, MigrationRun, RowRun
from miglint.dryrun.row_checks import documents
from miglint.dryrun.row_steps import run_rows
from miglint.dryrun.starting_state import StartingState, start_of
from miglint.dryrun.steps import Scripts, not_run, reading_error, run_steps, unreadable
from miglint.dryrun.templated import REASON, first_templated
from miglint.schema.value import Schema

_Undo = Callable[[UnreadableError], None]
ProgressCallback = Callable[[int, int, str], None]
# Name of the scripts' role on a server started by miglint.
_RUNNER = pattern(r"\bpostgres\b", re.IGNORECASE)


def dry_run(
    histories: Sequence[History],
    options: DryRunOptions,
    *,
    baseline: Mapping[Dialect, Script] | None = None,
    progress: ProgressCallback | None = None,
    memory: ResultCache | None = None,
) -> DryRunReport:
    """Execute every migration of the histories and return the results.

    `baseline` are scripts that create the schema before the first migration. Results in `memory` for the first
    migrations of a history are reused. Raises `EngineMissingError`, before running anything, if a required engine is
    missing.
    """
    started = time.perf_counter()
    run = _DryRun(options, baseline or {}, progress, memory)
    notes: list[str] = []
    wanted = [history for history in histories if history.migrations]
    if options.engine == "sqlite":
        left = sum(history.dialect is Dialect.POSTGRES for history in wanted)
        wanted = [history for history in wanted if history.dialect is Dialect.SQLITE]
        if left and not wanted:
            raise UsageError(
                "`--dry-run=sqlite` runs migrations for SQLite, and all here are for PostgreSQL: "
                "name its engine (`--dry-run`), or say that they are for SQLite (`--dialect sqlite`)"
            )
        if left:
            notes.append(f"the dry run skipped {left} PostgreSQL histories: `--dry-run=sqlite`")
    with _Interrupts():
        try:
            results = run.all(wanted)
        finally:
            run.close()
    return DryRunReport(results, time.perf_counter() - started, tuple(notes))


class _Interrupts:
    """Makes SIGTERM unwind the stack like Ctrl-C, so that everything started is stopped."""

    def __enter__(self) -> None:
        self._old = None
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            self._old = signal.signal(signal.SIGTERM, self._raise)

    @staticmethod
    def _raise(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    def __exit__(self, *_: object) -> None:
        if self._old is not None:
            signal.signal(signal.SIGTERM, self._old)


class _HistoryJob(Struct, frozen=True):
    """A history to run on an engine; None if all results are cached. `name` is the cache key.

    `plan` is about states of the history that are kept between runs; None if its server has other histories, or is not
    miglint's own.
    """

    history: History
    engine: Engine | None
    name: str | None = None
    kept: CachedRuns | None = None
    plan: TemplatePlan | None = None


class _DryRun:
    """The state of one dry run."""

    def __init__(
        self,
        options: DryRunOptions,
        baseline: Mapping[Dialect, Script],
        progress: ProgressCallback | None,
        memory: ResultCache | None = None,
    ) -> None:
        self._cache = memory
        self._options = options
        self._baseline = baseline
        self._progress = progress
        self._deadline = Deadline.after(options.limits.total)
        self._engines: dict[str, Engine] = {}
        self._lock = threading.Lock()
        self._done = 0
        self._total = 0
        self._naming = 0

    def all(self, histories: Sequence[History]) -> tuple[HistoryRun, ...]:
        """Run all histories, each on its engines."""
        chosen = [
            (history, self._apart(history, choice))
            for history in histories
            for choice in choices(history.dialect, self._options)
        ]
        labels = Counter(choice.label for _, choice in chosen)
        jobs = [self._job(history, choice, alone=labels[choice.label] == 1) for history, choice in chosen]
        self._total = sum(len(job.history.migrations) for job in jobs)
        # A history uses one core, or two with rows; more threads only wait for each other.
        pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="miglint-history")
        futures: list[Future[tuple[HistoryRun, bool]]] = []
        try:
            futures = [pool.submit(self._history, job) for job in jobs]
            wait(futures, return_when=FIRST_EXCEPTION)
            ran = [future.result() for future in futures]
            # One history may have changed the server under another one, which is then run again alone.
            return tuple(
                self._history(job, alone=True)[0] if troubled else run
                for job, (run, troubled) in zip(jobs, ran, strict=True)
            )
        except BaseException:
            self._deadline.stop()
            for future in futures:
                future.cancel()
            self.close()
            raise
        finally:
            pool.shutdown(wait=True)

    def _job(self, history: History, choice: Choice, *, alone: bool) -> _HistoryJob:
        """Determine the work to do, and start the engines it needs; `alone`: no other history is on this one."""
        if self._cache is None:
            return _HistoryJob(history, self._engine(choice))
        identity = choice.identity
        if identity is None:
            info = self._engine(choice).info
            identity = f"{info.kind} {info.product} {info.version} {info.why}"
        name = self._cache.name(history, identity)
        kept = self._cache.load(name, history)
        if kept is not None and len(kept.runs) == len(history.migrations):
            return _HistoryJob(history, None, name, kept)
        if not alone or choice.resume is None:
            return _HistoryJob(history, self._engine(choice), name, kept)
        plan = self._cache.plan(history, identity, 0 if kept is None else len(kept.runs))
        source, resume = plan.source, choice.resume
        if source is not None:
            choice = replace(choice, start=lambda deadline: resume(deadline, source))
        return _HistoryJob(history, self._engine(choice), name, kept, plan)

    def _apart(self, history: History, choice: Choice) -> Choice:
        """Return a separate server for a history that uses the role `postgres`: only one role can have that name."""
        if history.dialect is not Dialect.POSTGRES or choice.label == "url" or not _names_role(history):
            return choice
        self._naming += 1
        return replace(choice, label=f"{choice.label} {self._naming}")

    def _engine(self, choice: Choice) -> Engine:
        engine = self._engines.get(choice.label)
        if engine is None:
            engine = self._engines[choice.label] = choice.start(self._deadline)
        return engine

    def close(self) -> None:
        """Stop all engines."""
        for engine in self._engines.values():
            engine.close()

    def _history(self, job: _HistoryJob, *, alone: bool = False) -> tuple[HistoryRun, bool]:
        """Run a history, and return whether another one may have caused what happened.

        `alone` runs one script at a time.
        """
        started = time.perf_counter()
        history, engine = job.history, job.engine
        runs: list[MigrationRun] = [] if job.kept is None else list(job.kept.runs)
        known = len(runs)
        self._done += known
        if engine is None:
            assert job.kept is not None
            seconds = time.perf_counter() - started
            return HistoryRun(history, job.kept.engine, tuple(runs), seconds, kept=known, name=job.name), False
        before = engine.troubles()
        info = engine.info
        stopped = None
        try:
            plan = None if alone else job.plan
            start = start_of(history, engine, plan, self._options, self._baseline)
            info = replace(info, notes=info.notes + start.notes)
            try:
                for run in self._migrations(history, start, known, alone=alone):
                    runs.append(run)
            finally:
                start.database.drop()
            start.keep(engine)
        except (EngineLostError, QueryError) as lost:
            stopped = _reason(engine, lost)
            runs += [not_run(migration, None, stopped) for migration in history.migrations[len(runs) :]]
        used = getattr(engine, "notes", None)
        if callable(used):
            info = replace(info, notes=info.notes + tuple(used()))
        seconds = time.perf_counter() - started
        troubled = engine.troubles() != before
        return HistoryRun(history, info, tuple(runs), seconds, stopped, known, job.name), troubled

    def _migrations(self, history: History, start: StartingState, known: int, *, alone: bool) -> Iterable[MigrationRun]:
        """Run the migrations after the cached ones, whose forward scripts recreate the state."""
        database = start.database
        runnable = first_templated(history)
        if runnable is not None:
            if known < runnable:
                wanted = replace(history, migrations=history.migrations[:runnable])
                yield from self._migrations(wanted, start, known, alone=alone)
            for migration in history.migrations[max(known, runnable) :]:
                yield not_run(migration, None, REASON)
                self._report_progress(history, migration, 1)
            return
        rows = min(self._options.rows, ROWS_FOR_ALL)
        start.recreate(history, known, self._options)
        before = database.schema()
        twin = database.twin() if rows else None
        used_as_json = documents(script.text for script in history.scripts) if rows else frozenset()
        aside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="miglint-rows") if rows else None
        try:
            for number, migration in enumerate(history.migrations[known:], known):
                start.reached(number)
                self._report_progress(history, migration, 0)
                scripts = Scripts.of(migration, history.layout, self._options.runner)
                beside = None
                if aside is not None and twin is not None:
                    beside = aside.submit(
                        _rows_within_limits, scripts, twin, before, rows, self._options.seed, used_as_json
                    )
                    wait((beside,) if alone else ())
                undo = _undo(database)
                try:
                    run, costs = self._run(migration, scripts, database, before, undo)
                finally:
                    row_run = beside.result() if beside is not None else None
                run = _merged(run, row_run)
                run = replace(run, costs=costs)
                if twin is not None and _are_apart(run, row_run):
                    twin.drop()
                    try:
                        twin = database.twin()
                    except EngineBusyError:
                        # The migration that stopped it has its results.
                        yield run
                        raise
                    except UnreadableError as error:
                        # A forward that failed may have left too much as well.
                        undo(error)
                        run = replace(run, after=before)
                        twin = database.twin()
                before = run.after or before
                yield run
                self._report_progress(history, migration, 1)
        finally:
            if aside is not None:
                aside.shutdown(wait=True)
            if twin is not None:
                twin.drop()

    def _run(
        self, migration: Migration, scripts: Scripts, database: Database, before: Schema, undo: _Undo
    ) -> tuple[MigrationRun, Costs | None]:
        """Run the steps of a migration; one whose result cannot be read is undone, so that the next ones are run."""
        many = self._options.rows > ROWS_FOR_ALL
        try:
            costs = costs_of(scripts, database, before, self._options) if many else None
            return run_steps(migration, scripts, database, before), costs
        except UnreadableError as error:
            undo(error)
            return unreadable(migration, scripts, before, error), None

    def _report_progress(self, history: History, migration: Migration, done: int) -> None:
        with self._lock:
            self._done += done
            if self._progress is not None:
                self._progress(self._done, self._total, f"{history.root} {migration.version} {migration.name}".strip())


def _undo(database: Database) -> _Undo:
    """Return a function that puts a database back to its present state, or raises the error where that is not known."""
    mark = database.mark() if isinstance(database, Restorable) else None

    def undo(error: UnreadableError) -> None:
        if not isinstance(database, Restorable):
            raise error
        database.restore(mark)

    return undo


def _names_role(history: History) -> bool:
    return any(_RUNNER.search(script.text) for script in history.scripts)


def _rows_within_limits(
    scripts: Scripts, twin: Database, before: Schema, rows: int, seed: int, used_as_json: frozenset[str]
) -> RowRun:
    """Run a migration with rows; an error while reading them is attributed to the responsible script."""
    try:
        return run_rows(scripts, twin, before, rows, seed, used_as_json)
    except QueryError as failed:
        original = failed.error
        error = EngineError(original.message, original.sqlstate, original.detail, original.hint, limit=original.limit)
    except UnreadableError as failed:
        error = reading_error(scripts, failed)
    except EngineBusyError as busy:
        # The other lane reports the statement.
        error = EngineError(str(busy), limit="statement time-out")
    return RowRun(forward=Execution(error=error), error=error)


def _reason(engine: Engine, lost: Exception) -> str:
    """Return the reason why the engine was lost, preferably as reported by the engine itself."""
    try:
        engine.check()
    except EngineLostError as known:
        return str(known)
    return str(lost)


def _are_apart(run: MigrationRun, rows: RowRun | None) -> bool:
    """Return whether the database with rows is no longer at the history's state."""
    if rows is None or run.forward is None:
        return False
    return not run.forward.ok or (rows.forward is not None and not rows.forward.ok)


def _merged(run: MigrationRun, rows: RowRun | None) -> MigrationRun:
    """Merge the results with rows into the migration's; an error that also occurs without rows is omitted."""
    if rows is None:
        return run
    if run.forward is not None and not run.forward.ok:
        return replace(run, rows=replace(rows, error=None))
    stable = run.verdict.rows_stable
    # It may fail without rows, too.
    if rows.rows_stable is False and stable is not None:
        stable = False
    return replace(run, rows=rows, verdict=replace(run.verdict, rows_stable=stable))
