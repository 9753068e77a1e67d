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
from miglint.base.template_names import decode_tags
from miglint.config.settings import Settings
from miglint.linter.dispatch import PlacedHit, RuleDispatcher
from miglint.linter.lead import Lead
from miglint.linter.reruns import Reruns, tool_of, with_guarantees
from miglint.linter.rollback_offer import with_offers
from miglint.linter.two_step_fixes import with_two_step_fixes
from miglint.linter.variant_fixes import SharedScripts, shared_scripts, with_variant_fixes
from miglint.replay.apply import run
from miglint.replay.runner_guarantees import runners_of
from miglint.replay.runners import Runner
from miglint.replay.steps import ForwardPass, ForwardRun, Step, apply_forward, empty_schema, replay_one
from miglint.replay.variants import VariantPair, Variants, variants
from miglint.report.value import MigrationReport
from miglint.rules.support.step_cache import forget_steps
from miglint.schema.value import Schema
from miglint.sql import parse

if TYPE_CHECKING:
    from miglint.dryrun.results import DryRunReport, HistoryRun
    from miglint.rules.execution.outcomes import Executed

ProgressCallback = Callable[[int], None]


class PartialResult(Struct):
    """Result of a range of migrations: verdicts, hits, and the positions of statements."""

    migrations: list[MigrationReport] = field(default_factory=list)
    placed: list[PlacedHit] = field(default_factory=list)
    statements: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))

    def extend(self, other: PartialResult) -> None:
        """Append the result of the following range."""
        self.migrations += other.migrations
        self.placed += other.placed
        for path, spans in other.statements.items():
            self.statements[path] += spans


class Analysis(Struct, frozen=True):
    """Input of the analysis: histories with the runner's transactions, and their initial schemas.

    `executed` are the dry run results; `variants` are the histories that are variants for two engines; `sqlite` is the
    SQLite version of the targets (None: SQLite is no target); `elsewhere` are the folders of histories that also have a
    SQLite variant, in a folder that is not checked; `report_only` are the files with findings to report (None: all).
    `runners` are the possible tools of each history, and `reruns` the settings for scripts that fail on a second run.
    `targets` are the configured ones. `shared` are scripts that may get a variant for each engine.
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
    shared: SharedScripts = SharedScripts()

    @classmethod
    def of(
        cls,
        found: Discovered,
        settings: Settings,
        schemas: Mapping[str, SourceFile],
        dispatcher: RuleDispatcher,
        executed: DryRunReport | None = None,
        report_only: frozenset[str] | None = None,
    ) -> Analysis:
        """Prepare the discovered histories. Raises `UsageError` for an unreadable baseline schema."""
        histories = tuple(as_the_runner(history, settings) for history in found.histories)
        starts = {dialect: start_of(dialect, schemas) for dialect in {history.dialect for history in histories}}
        sqlite = sqlite_target(settings)
        pairs = variants(histories)
        return cls(
            histories,
            starts,
            dispatcher,
            settings.transaction,
            tuple(runners_of(history.layout, history.tools, tool_of(settings)) for history in histories),
            Reruns.of(settings),
            executed,
            pairs,
            sqlite,
            found.elsewhere,
            report_only,
            settings.targets,
            shared_scripts(histories, found.problems),
        )

    @property
    def migrations(self) -> list[Migration]:
        """All migrations, history by history: ranges are indexes into this list."""
        return [migration for history in self.histories for migration in history.migrations]

    def lead(self, own: int) -> Lead:
        """Return what runs forward scripts ahead of ranges; the runs of migrations before number `own` are kept."""
        return Lead(self.histories, self.starts, self._needs_passages, own)

    def analyze_range(
        self, first: int, last: int, progress: ProgressCallback | None = None, lead: Lead | None = None
    ) -> PartialResult:
        """Analyze the migrations from number `first` to before number `last`, with what has run ahead, if anything."""
        part = PartialResult()
        number = 0
        passed: dict[History, list[ForwardPass]] = {}
        for place, history in enumerate(self.histories):
            size = len(history.migrations)
            if number + size > first and number < last:
                ends = number + size <= last
                wanted = range(max(0, first - number), min(size, last - number))
                passages = self._history(part, place, wanted, wanted.stop, ends, progress, lead)
                if passages:
                    passed[history] = passages
                    for pair in self.variants if self.dispatcher.about_variants else ():
                        # Two variants of a history are compared where the second of them ends.
                        if history is max(pair.postgres, pair.sqlite, key=self.histories.index):
                            self._variants(part, pair, passed)
            number += size
        return part

    def analyze_scripts(self, paths: frozenset[str]) -> PartialResult:
        """Analyze the migrations with a script in `paths`: of earlier ones, only the forward scripts run."""
        part = PartialResult()
        passed: dict[History, list[ForwardPass]] = {}
        for place, history in enumerate(self.histories):
            wanted = {number for number, item in enumerate(history.migrations) if _is_wanted(item, paths)}
            if wanted:
                passed[history] = self._history(part, place, wanted, max(wanted) + 1, True, None)
        for pair in self.variants if self.dispatcher.about_variants else ():
            if pair.postgres in passed or pair.sqlite in passed:
                self._variants(part, pair, passed)
        return part

    def _variants(self, part: PartialResult, pair: Variants, passed: dict[History, list[ForwardPass]]) -> None:
        """Compare two variants of a history, unless they contain migrations written as programs."""
        if any(item.after_program for one in (pair.postgres, pair.sqlite) for item in one.migrations):
            return
        for one in (pair.postgres, pair.sqlite):
            # Another process may have processed it.
            if one not in passed:
                passed[one] = self._passages(one.migrations, self.starts[one.dialect])
        part.placed += self.dispatcher.others("variants", VariantPair(pair, passed[pair.postgres], passed[pair.sqlite]))

    def _passages(self, migrations: tuple[Migration, ...], schema: Schema) -> list[ForwardPass]:
        passages = []
        for migration in migrations:
            passages.append(apply_forward(migration, parse, schema))
            schema = passages[-1].after
        return passages

    def _pairs_of(self, history: History) -> list[Variants]:
        return [pair for pair in self.variants if history in (pair.postgres, pair.sqlite)]

    def _needs_passages(self, place: int) -> bool:
        """Return whether rules need the passages of a history."""
        history = self.histories[place]
        if self.dispatcher.about_histories(history.dialect):
            return True
        return self.dispatcher.about_variants and bool(self._pairs_of(history))

    def _history(
        self,
        part: PartialResult,
        place: int,
        wanted: Container[int],
        last: int,
        ends: bool,
        progress: ProgressCallback | None,
        lead: Lead | None = None,
    ) -> list[ForwardPass]:
        """Analyze the wanted migrations of a history; return its passages if rules need them and it ends."""
        history = self.histories[place]
        schema = self.starts[history.dialect]
        ran = self._ran(place)
        # Rules for whole histories run at the end, where the whole history has been replayed.
        pairs = self._pairs_of(history)
        compared = bool(pairs) and self.dispatcher.about_variants
        about = self.dispatcher.about_histories(history.dialect)
        keep = ends and self._needs_passages(place)
        passages: list[ForwardPass] = []
        doubted, first = False, 0
        if lead is not None and isinstance(wanted, range) and (reached := lead.state(place, wanted.start)) is not None:
            schema, doubted, first = reached.schema, reached.doubted, wanted.start
            passages = list(reached.passages) if keep else []
        for number, migration in enumerate(history.migrations[first:last], first):
            if number not in wanted:
                passage = apply_forward(migration, parse, schema)
            else:
                first_run = None if lead is None else lead.take(place, number)
                step = self._replayed(migration, history, schema, pairs, doubted=doubted, first_run=first_run)
                self._step(part, step, place, number, ran)
                passage = step.passage
                if progress is not None:
                    progress(len(part.migrations))
            schema, doubted = passage.after, doubted or passage.doubted
            if keep:
                passages.append(passage)
        if ends and compared:
            # The rest of the history determines how its variants compare.
            passages += self._passages(history.migrations[last:], schema)
        if keep and about and passages:
            part.placed += self.dispatcher.history(passages)
        return passages

    def _replayed(
        self,
        migration: Migration,
        history: History,
        schema: Schema,
        pairs: list[Variants],
        *,
        doubted: bool,
        first_run: ForwardRun | None,
    ) -> Step:
        served = any(migration in pair.served for pair in pairs) if pairs else history.root in self.elsewhere
        return replay_one(
            migration,
            parse,
            schema,
            layout=history.layout,
            runner=self.runner,
            doubted=doubted,
            served=served,
            sqlite=self.sqlite,
            first_run=first_run,
        )

    def _ran(self, place: int) -> list[HistoryRun]:
        if self.executed is None:
            return []
        same = self.histories[place]
        return [
            one
            for one in self.executed.histories
            if (one.history.root, one.history.layout, one.history.dialect) == (same.root, same.layout, same.dialect)
        ]

    def _step(self, part: PartialResult, step: Step, place: int, number: int, ran: list[HistoryRun]) -> None:
        runners = self.runners[place]
        history = self.histories[place]
        placed = with_offers(self.dispatcher.step(step), step, history, self.targets)
        placed = with_two_step_fixes(placed, step, history)
        placed = with_variant_fixes(placed, step, self.shared)
        if not ran:
            forget_steps()
        part.placed += with_guarantees(placed, step, runners)
        part.placed += self.dispatcher.scripts(step.migration, self.report_only)
        report = _report(step, self.histories[place])
        if ran:
            # Only needed for a dry run.
            from miglint.rules.execution.outcomes import Executed

            runs = [Executed(step, one.migrations[number], one) for one in ran]
            for item in runs:
                part.placed += with_guarantees(self.dispatcher.executed(item), step, runners)
            idle = frozenset(
                number
                for number, script in ((3, step.migration.forward), (5, step.migration.rollback))
                if not self.reruns.matters(step, script, runners)
            )
            report = _with_executions(report, runs, idle)
        part.migrations.append(report)
        forget_steps()
        for script, statements in (
            (step.migration.forward, step.forward_statements),
            (step.migration.rollback, step.rollback_statements),
        ):
            if script is not None:
                part.statements[script.path] += [statement.span for statement in statements]


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


def _report(step: Step, history: History) -> MigrationReport:
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


def _with_executions(report: MigrationReport, runs: list[Executed], idle: frozenset[int]) -> MigrationReport:
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
