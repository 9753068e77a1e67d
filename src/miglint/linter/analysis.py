"""Replay of histories and evaluation of all rules, for any range of migrations.

The result of a range depends only on the migrations up to its end, so that ranges can be processed in parallel.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Mapping
from typing import TYPE_CHECKING

from miglint.base.errors import UsageError
from miglint.base.model import Dialect, Direction, Discovered, History, Migration, Script, SourceFile, Span
from miglint.base.structs import Struct, field, replace
from miglint.config.settings import Settings
from miglint.linter.dispatch import PlacedHit, RuleDispatcher
from miglint.linter.history_walk import NO_KNOWN_STEPS, HistoryWalk, KnownSteps
from miglint.linter.incremental.step_findings import StepFindings
from miglint.linter.lead import Lead
from miglint.linter.migration_reports import report_of, with_executions
from miglint.linter.reruns import Reruns, tool_of, with_guarantees
from miglint.linter.rollback_offer import asked_place, with_offers
from miglint.linter.two_step_fixes import with_proposed_fixes, with_two_step_fixes
from miglint.linter.variant_fixes import SharedScripts, shared_scripts, with_variant_fixes
from miglint.replay.apply import run
from miglint.replay.runner_guarantees import runners_of
from miglint.replay.runners import Runner
from miglint.replay.steps import Passage, Step, empty_schema
from miglint.replay.variants import VariantPair, Variants, variants
from miglint.report.value import MigrationReport
from miglint.rules.support.step_cache import forget_steps
from miglint.schema.value import Schema
from miglint.sql import parse

if TYPE_CHECKING:
    from miglint.dryrun.results import DryRunReport, HistoryRun
    from miglint.linter.incremental.step_memory import StepMemory

ProgressCallback = Callable[[int], None]
Hits = list[list[PlacedHit]]


class HistoryPart(Struct):
    """Result of a range of migrations of one history, by its place among all.

    `ends` marks the last range of a history that is replayed; `others` are the hits of rules about whole histories.
    """

    place: int
    steps: list[StepFindings] = field(default_factory=list)
    ends: bool = True
    others: list[PlacedHit] = field(default_factory=list)


class PartialResult(Struct):
    """Result of a range of migrations: parts of histories, in their order."""

    parts: list[HistoryPart] = field(default_factory=list)

    def extend(self, other: PartialResult) -> None:
        """Append the result of the following range."""
        for part in other.parts:
            if self.parts and self.parts[-1].place == part.place:
                last = self.parts[-1]
                last.steps += part.steps
                last.others += part.others
                last.ends = part.ends
            else:
                self.parts.append(part)


class Analyzed(Struct, frozen=True):
    """Result of all ranges: verdicts, hits, and the positions of statements by file."""

    migrations: tuple[MigrationReport, ...]
    placed: list[PlacedHit]
    statements: Mapping[str, list[Span]]


class Analysis(Struct, frozen=True):
    """Input of the analysis: histories with the runner's transactions, and their initial schemas.

    `executed` are the dry run results; `variants` are the histories that are variants for two engines; `sqlite` is the
    SQLite version of the targets (None: SQLite is no target); `elsewhere` are the folders of histories that also have a
    SQLite variant, in a folder that is not checked; `report_only` are the files with findings to report (None: all).
    `runners` are the possible tools of each history, and `reruns` the settings for scripts that fail on a second run.
    `targets` are the configured ones. `memory` has the results of earlier runs (None: they are not used). `shared` are
    scripts that may get a variant for each engine. Without `verdicts`, nobody reads what SQLite makes of scripts.
    """

    histories: tuple[History, ...]
    starts: Mapping[Dialect, Schema]
    dispatcher: RuleDispatcher
    runner: str | None
    runners: tuple[tuple[Runner, ...], ...]
    reruns: Reruns
    executed: DryRunReport | None = None
    variants: tuple[Variants, ...] = ()
    sqlite: tuple[int, int] | None = None
    elsewhere: frozenset[str] = frozenset()
    report_only: frozenset[str] | None = None
    targets: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    memory: StepMemory | None = None
    shared: SharedScripts = SharedScripts()
    verdicts: bool = True

    @classmethod
    def of(
        cls,
        found: Discovered,
        settings: Settings,
        schemas: Mapping[str, SourceFile],
        dispatcher: RuleDispatcher,
        executed: DryRunReport | None = None,
        report_only: frozenset[str] | None = None,
        memory: StepMemory | None = None,
        verdicts: bool = True,
    ) -> Analysis:
        """Prepare the discovered histories. Raises `UsageError` for an unreadable baseline schema."""
        histories = tuple(as_the_runner(history, settings) for history in found.histories)
        starts = {dialect: start_of(dialect, schemas) for dialect in {history.dialect for history in histories}}
        return cls(
            histories,
            starts,
            dispatcher,
            settings.transaction,
            tuple(runners_of(history.layout, history.tools, tool_of(settings)) for history in histories),
            Reruns.of(settings),
            executed,
            variants(histories),
            sqlite_target(settings),
            found.elsewhere,
            report_only,
            settings.targets,
            memory,
            shared_scripts(histories, found.problems),
            verdicts,
        )

    @property
    def migrations(self) -> list[Migration]:
        """All migrations, history by history: ranges are indexes into this list."""
        return [migration for history in self.histories for migration in history.migrations]

    def lead(self, own: int) -> Lead:
        """Return what runs forward scripts ahead of ranges; the runs of migrations before number `own` are kept."""
        return Lead(self.histories, self.starts, self._needs_passages, own, recorded=self.memory is not None)

    def analyze_range(
        self,
        first: int,
        last: int,
        progress: ProgressCallback | None = None,
        lead: Lead | None = None,
        known: KnownSteps = NO_KNOWN_STEPS,
    ) -> PartialResult:
        """Analyze the migrations from number `first` to before number `last`.

        `lead` is what has run ahead, if anything; `known` are the steps of earlier runs by the places of histories.
        """
        parts = []
        number = 0
        count = None if progress is None else _Count(progress)
        passed: dict[History, list[Passage]] = {}
        for place, history in enumerate(self.histories):
            size = len(history.migrations)
            if number + size > first and number < last:
                ends = number + size <= last
                wanted = range(max(0, first - number), min(size, last - number))
                part, passages = self._history(HistoryWalk(self, place, known), wanted, wanted.stop, ends, count, lead)
                parts.append(part)
                if passages:
                    passed[history] = passages
                    for pair in self.variants if self.dispatcher.about_variants else ():
                        # Two variants of a history are compared where the second of them ends.
                        if history is max(pair.postgres, pair.sqlite, key=self.histories.index):
                            part.others += self._variants(pair, passed, known)
            number += size
        return PartialResult(parts)

    def analyze_scripts(self, paths: frozenset[str], known: KnownSteps = NO_KNOWN_STEPS) -> PartialResult:
        """Analyze the migrations with a script in `paths`: of earlier ones, only the forward scripts run."""
        parts = []
        passed: dict[History, list[Passage]] = {}
        for place, history in enumerate(self.histories):
            wanted = {number for number, item in enumerate(history.migrations) if _is_wanted(item, paths)}
            if wanted:
                walk = HistoryWalk(self, place, known)
                part, passed[history] = self._history(walk, wanted, max(wanted) + 1, True, None)
                parts.append(part)
        for pair in self.variants if self.dispatcher.about_variants else ():
            if pair.postgres in passed or pair.sqlite in passed:
                parts[-1].others += self._variants(pair, passed, known)
        return PartialResult(parts)

    def others(self, result: PartialResult) -> Hits:
        """Return the hits of rules about whole histories, for each part of a result."""
        listed = []
        for part in result.parts:
            gathered = [(step.migration, step.gathered) for step in part.steps if part.ends]
            listed.append([*(self.dispatcher.gathered(gathered) if gathered else ()), *part.others])
        return listed

    def joined(self, result: PartialResult, others: Hits, known: Container[tuple[int, int]] = ()) -> Analyzed:
        """Return the result of all ranges; `others` are hits about whole histories, `known` migrations without hits."""
        migrations = [step.report for part in result.parts for step in part.steps if step.report is not None]
        placed: list[PlacedHit] = []
        statements: dict[str, list[Span]] = defaultdict(list)
        for part, more in zip(result.parts, others, strict=True):
            history = self.histories[part.place]
            for step in (step for number, step in enumerate(part.steps) if (part.place, number) not in known):
                if step.report is not None:
                    hits = self.dispatcher.without_unread(step.hits(), self.report_only)
                    placed += with_two_step_fixes(hits, history)
                    for script, spans in step.statements():
                        statements[script.path] += spans
            placed += more
        return Analyzed(tuple(migrations), placed, statements)

    def _variants(self, pair: Variants, passed: dict[History, list[Passage]], known: KnownSteps) -> list[PlacedHit]:
        """Compare two variants of a history, unless they contain migrations written as programs."""
        if any(item.after_program for one in (pair.postgres, pair.sqlite) for item in one.migrations):
            return []
        for one in (pair.postgres, pair.sqlite):
            # Another process may have processed it, or it is not asked for.
            if not passed.get(one):
                walk = HistoryWalk(self, self.histories.index(one), known)
                walk.keeps = True
                passed[one] = walk.whole(0)
        return self.dispatcher.others("variants", VariantPair(pair, passed[pair.postgres], passed[pair.sqlite]))

    def _pairs_of(self, history: History) -> list[Variants]:
        return [pair for pair in self.variants if history in (pair.postgres, pair.sqlite)]

    def is_served(self, history: History, migration: Migration) -> bool:
        """Return whether the project has another script for the other engine in the place of a migration."""
        pairs = self._pairs_of(history)
        return any(migration in pair.served for pair in pairs) if pairs else history.root in self.elsewhere

    def _needs_passages(self, place: int) -> bool:
        """Return whether rules need the passages of a history."""
        history = self.histories[place]
        if self.dispatcher.about_histories(history.dialect):
            return True
        return self.dispatcher.about_variants and bool(self._pairs_of(history))

    def _history(
        self,
        walk: HistoryWalk,
        wanted: Container[int],
        last: int,
        ends: bool,
        count: _Count | None,
        lead: Lead | None = None,
    ) -> tuple[HistoryPart, list[Passage]]:
        """Analyze the wanted migrations of a history; return its passages too if rules need them and it ends.

        Where `wanted` is a range, other ranges have the results of the migrations before it.
        """
        place, history = walk.place, walk.history
        # Rules for whole histories run at the end, where the whole history has been replayed.
        walk.keeps = ends and self._needs_passages(place)
        first = 0
        if lead is not None and isinstance(wanted, range) and (reached := lead.state(place, wanted.start)) is not None:
            first = wanted.start
            walk.begin_at(reached)
        part = HistoryPart(place, ends=ends)
        for number in range(first, last):
            if number in wanted:
                part.steps.append(walk.step(number, None if lead is None else lead.take(place, number)))
                if count is not None:
                    count.next()
            else:
                passed = walk.passed(number)
                if not isinstance(wanted, range):
                    part.steps.append(passed)
        if not walk.keeps:
            return part, []
        passages = walk.passages()
        if self.dispatcher.about_histories(history.dialect) and passages:
            part.others += self.dispatcher.history(passages)
        if self.dispatcher.about_variants and self._pairs_of(history):
            # The rest of the history determines how its variants compare.
            passages = walk.whole(last)
        return part, passages

    def executions(self, place: int) -> list[HistoryRun]:
        """Return the dry runs of a history."""
        if self.executed is None:
            return []
        same = self.histories[place]
        return [
            one
            for one in self.executed.histories
            if (one.history.root, one.history.layout, one.history.dialect) == (same.root, same.layout, same.dialect)
        ]

    def result_of(self, step: Step, place: int, number: int, ran: list[HistoryRun]) -> StepFindings:
        """Return the result of a step: of all rules about it, and of dry runs."""
        runners = self.runners[place]
        history, migration = self.histories[place], step.migration
        placed = with_offers(self.dispatcher.step(step), step, history, self.targets)
        own_place = asked_place(placed, migration, history)
        placed = with_proposed_fixes(placed, step)
        placed = with_variant_fixes(placed, step, self.shared)
        if not ran:
            forget_steps()
        placed = with_guarantees(placed, step, runners)
        placed += self.dispatcher.scripts(migration, self.report_only)
        report = report_of(step, history, on_sqlite=self.verdicts)
        if ran:
            # Only needed for a dry run.
            from miglint.rules.execution.outcomes import Executed

            runs = [Executed(step, one.migrations[number], one) for one in ran]
            for item in runs:
                placed += with_guarantees(self.dispatcher.executed(item), step, runners)
            idle = frozenset(
                number
                for number, script in ((3, migration.forward), (5, migration.rollback))
                if not self.reruns.matters(step, script, runners)
            )
            report = with_executions(report, runs, idle)
        gathered = self.dispatcher.gather(step.passage, first=number == 0)
        forget_steps()
        return StepFindings(
            migration,
            report,
            tuple(placed),
            tuple(statement.span for statement in step.forward_statements),
            tuple(statement.span for statement in step.rollback_statements),
            gathered,
            place=own_place,
        )


class _Count:
    """Reports the number of migrations that are analyzed."""

    def __init__(self, progress: ProgressCallback) -> None:
        self._progress = progress
        self._done = 0

    def next(self) -> None:
        """Report one more."""
        self._done += 1
        self._progress(self._done)


def start_of(dialect: Dialect, schemas: Mapping[str, SourceFile]) -> Schema:
    """Return the initial schema of a dialect's histories: with a baseline schema, no other objects exist."""
    file = schemas.get(dialect.value) or schemas.get("")
    if file is None:
        return empty_schema(dialect)
    script = Script(file, Span(0, len(file.text)), Direction.FORWARD, dialect)
    statements = parse(script)
    for statement in statements:
        if statement.problem is not None:
            place = file.position(statement.problem.span.start)
            raise UsageError(f"{file.path}:{place.line}: baseline-schema: {statement.problem.message}")
    return run(empty_schema(dialect, closed=True), statements).schema


def sqlite_target(settings: Settings) -> tuple[int, int] | None:
    """Return the SQLite version of the targets, or None if SQLite is no target."""
    version = settings.targets.get("sqlite")
    if version is None:
        return None
    from miglint.sql.sqlite.features import NEWEST

    return (version[0], version[1]) if len(version) > 1 else NEWEST


def _is_wanted(migration: Migration, requested: frozenset[str]) -> bool:
    return any(script is not None and script.path in requested for script in (migration.forward, migration.rollback))


def as_the_runner(history: History, settings: Settings) -> History:
    """Return a history with the configured tool, and the transactions that the settings say it has."""
    tool = tool_of(settings)
    if tool is not None and history.tools != (tool,):
        history = replace(history, tools=(tool,))
    if settings.transaction not in ("per-statement", "none"):
        return history
    return replace(history, migrations=tuple(map(_bare, history.migrations)))


def _bare(migration: Migration) -> Migration:
    """Return a migration that runs without a transaction."""
    forward, rollback = migration.forward, migration.rollback
    return replace(
        migration,
        forward=replace(forward, transaction=False) if forward is not None else None,
        rollback=replace(rollback, transaction=False) if rollback is not None else None,
    )
