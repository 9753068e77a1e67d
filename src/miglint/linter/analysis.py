"""What a run analyzes, and what it makes of one replayed migration and of all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping
from typing import TYPE_CHECKING

from miglint.base.errors import UsageError
from miglint.base.model import Dialect, Direction, Discovered, History, Migration, Script, SourceFile, Span
from miglint.base.structs import Struct, field, replace
from miglint.config.settings import Settings
from miglint.linter.dispatch import PlacedHit, RuleDispatcher
from miglint.linter.incremental.step_findings import StepFindings
from miglint.linter.migration_reports import report_of, with_executions
from miglint.linter.partial_results import PartialResult
from miglint.linter.reruns import Reruns, tool_of, with_guarantees
from miglint.linter.rollback_offer import asked_place, with_offers
from miglint.linter.two_step_fixes import with_proposed_fixes, with_two_step_fixes
from miglint.linter.variant_fixes import SharedScripts, shared_scripts, with_variant_fixes
from miglint.replay.apply import run
from miglint.replay.runner_guarantees import runners_of
from miglint.replay.runners import Runner
from miglint.replay.steps import Step, empty_schema
from miglint.replay.variants import Variants, variants
from miglint.report.value import MigrationReport
from miglint.rules.support.step_cache import forget_steps
from miglint.schema.value import Schema
from miglint.sql import parse

if TYPE_CHECKING:
    from miglint.dryrun.results import DryRunReport, HistoryRun
    from miglint.linter.incremental.step_memory import StepMemory

Hits = list[list[PlacedHit]]


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

    def pairs_of(self, history: History) -> list[Variants]:
        """Return the pairs of variants that a history is one of."""
        return [pair for pair in self.variants if history in (pair.postgres, pair.sqlite)]

    def is_served(self, history: History, migration: Migration) -> bool:
        """Return whether the project has another script for the other engine in the place of a migration."""
        pairs = self.pairs_of(history)
        return any(migration in pair.served for pair in pairs) if pairs else history.root in self.elsewhere

    def needs_passages(self, place: int) -> bool:
        """Return whether rules need the passages of a history."""
        history = self.histories[place]
        if self.dispatcher.about_histories(history.dialect):
            return True
        return self.dispatcher.about_variants and bool(self.pairs_of(history))

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
