"""From discovery to a report: replay, rules, suppression, settings.

This imports the parsers and all rules; `linter.run` does so only if there is no cached report.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from miglint.base.findings import Finding
from miglint.base.model import Dialect, Direction, Discovered, History, SourceFile, Span
from miglint.base.structs import replace
from miglint.cache.store import Store
from miglint.config.settings import Settings
from miglint.linter.analysis import Analysis, Analyzed, as_the_runner, start_of
from miglint.linter.dispatch import PlacedHit, RuleDispatcher
from miglint.linter.folding import folded, grouped
from miglint.linter.incremental.known_findings import FoldedHits, KnownFindings
from miglint.linter.incremental.known_steps import kind_of_run, known_steps, memory_for, own_rule_text
from miglint.linter.incremental.known_texts import KnownTexts
from miglint.linter.merged_fix import without_suppressed
from miglint.linter.migration_reports import complete_verdicts
from miglint.linter.parallel import examine
from miglint.linter.partial_results import PartialResult
from miglint.linter.reruns import ambiguous, undecided
from miglint.linter.rollback_offer import with_offers_for_missing
from miglint.linter.silenced import COMMENTS, SETTINGS, counted, with_silenced
from miglint.linter.split_rollbacks import with_split_rollbacks
from miglint.linter.summaries import with_summaries
from miglint.linter.suppression_comments import Directive, Remarks, Suppressions, directives, files_with_marks
from miglint.linter.unknown_tools import of_unknown_tools, open_directions
from miglint.replay.apply.known_analyses import forget_all
from miglint.replay.steps import Step, replay
from miglint.report.value import Report
from miglint.rules.idempotency.unknown_tool import TOOL_UNKNOWN
from miglint.rules.selection import Selection, missing
from miglint.sql import parse

if TYPE_CHECKING:
    from miglint.dryrun.results import DryRunReport
    from miglint.linter.incremental.step_memory import HistoryMemory


def judge(
    found: Discovered,
    settings: Settings,
    schemas: Mapping[str, SourceFile],
    chosen: Selection,
    progress: Callable[[int, int], None] | None = None,
    executed: DryRunReport | None = None,
    report_only: frozenset[str] | None = None,
    store: Store | None = None,
    *,
    verdicts: bool = True,
) -> tuple[Report, KnownTexts | None]:
    """Replay all histories, run all enabled rules, and apply suppression comments and settings.

    `schemas` are the baseline schemas by dialect; `progress` is called with the number of finished migrations and their
    total. `executed` are dry run results; their verdicts replace the replay's. `report_only` are files whose findings
    are needed: expensive checks of others are skipped (None: all are needed). `store` has the steps of earlier
    runs. Without `verdicts`, the report need not say whether SQLite accepts the scripts.

    Also returns the texts of findings that earlier runs have written.
    """
    targets = _targets(found, settings)
    dispatcher = RuleDispatcher(with_silenced(chosen), targets)
    memory = None
    if store is not None:
        own = [own_rule_text(settings, path) for path in settings.own_rules]
        memory = memory_for(store, chosen, schemas, (targets, settings.targets, own))
    # Own rules may read them.
    verdicts = verdicts or executed is not None or bool(settings.own_rules and settings.own_code)
    analysis = Analysis.of(found, settings, schemas, dispatcher, executed, report_only, memory, verdicts=verdicts)
    memories = known_steps(analysis)
    result = examine(analysis, found, progress, memories=memories)
    forget_all()
    if verdicts:
        complete_verdicts(result.parts, memories, analysis.sqlite)
    run = _JudgedRun(found, settings, chosen, analysis, result)
    known = None
    if memories and report_only is None and found.requested is None and found.branch is None:
        known = run.known_findings(memories)
    report = run.report(known)
    if report is None:
        report, known = run.report(None), None
    assert report is not None
    for item in memories.values():
        item.save()
    if known is None or store is None:
        return report, None
    roots = [f"{history.root}\0{history.layout}\0{history.dialect}" for history in found.histories]
    return report, KnownTexts(store, [str(Path.cwd()), *roots, *kind_of_run(executed)], known.identities())


class _JudgedRun:
    """What a run has found, before its hits are merged to findings."""

    def __init__(
        self, found: Discovered, settings: Settings, chosen: Selection, analysis: Analysis, result: PartialResult
    ) -> None:
        self._found, self._settings, self._chosen = found, settings, chosen
        self._analysis, self._result = analysis, result
        dispatcher = analysis.dispatcher
        required = settings.rollbacks == "required"
        self._marked = files_with_marks(found.files)
        self._others = analysis.others(result)
        self._project = with_offers_for_missing(dispatcher.others("project", found), found, required=required)

    def known_findings(self, memories: Mapping[int, HistoryMemory]) -> KnownFindings:
        """Return the findings of earlier runs that are those of this run."""
        registry = self._chosen.registry
        commented = {file.path for file in self._marked if next(iter(directives(file, (), registry)), None)}
        basis = [repr(replace(self._settings, text="")), repr(sorted(self._chosen.enabled)), str(Path.cwd())]
        basis += [own_rule_text(self._settings, path) for path in self._settings.own_rules]
        known = KnownFindings(self._analysis.histories, memories, basis, self._settings.root, commented)
        known.take(self._result, chain(*self._others, self._project))
        return known

    def report(self, known: KnownFindings | None) -> Report | None:
        """Return the report; None if those findings that are known do not fit the others."""
        found, settings, chosen = self._found, self._settings, self._chosen
        dispatcher, reruns = self._analysis.dispatcher, self._analysis.reruns
        others, project = self._left(known)
        analyzed = self._analysis.joined(self._result, others, known.taken if known is not None else ())
        replayed = with_split_rollbacks(analyzed.placed, found.histories)
        placed = with_summaries(replayed + project, found.histories, settings)
        if found.branch is not None:
            from miglint.linter.branches import compared_with

            placed += dispatcher.others("branch", compared_with(found.branch, found, settings))
        spans = _places(analyzed, placed)
        comments = [
            item for file in self._marked for item in directives(file, spans.get(file.path, ()), chosen.registry)
        ]
        kept, suppressed, unused = _suppress(placed, comments if settings.suppressions else [], chosen)
        kept = without_suppressed(kept, suppressed)
        kept += dispatcher.others("directives", Remarks(tuple(comments), unused))
        opened = open_directions(kept, reruns)
        unknown = of_unknown_tools(kept, found.histories, reruns, {**opened, **(known.opened() if known else {})})
        merged: Collection[str] = ()
        if unknown.histories and TOOL_UNKNOWN in chosen.enabled:
            kept, merged = unknown.placed + dispatcher.others("reruns", unknown.histories), unknown.paths
        if known is not None and not known.is_consistent(merged, suppressed):
            return None
        made = self._folded(kept, suppressed, spans, opened, merged)
        if known is not None:
            known.keep(self._result, made)
            made = known.added_to(made)
        return Report(
            analyzed.migrations,
            tuple(made.findings),
            len(found.files),
            notes=_notes(found, chosen, settings)
            + undecided(made.ambiguous, found.histories)
            + _executed_notes(self._analysis.executed),
            hidden=counted(made.hidden),
            left_out=found.left_out,
            summarized=tuple(made.summarized),
        )

    def _left(self, known: KnownFindings | None) -> tuple[list[list[PlacedHit]], list[PlacedHit]]:
        """Return the hits about whole histories, and those about all files, that no known finding stands for."""
        if known is None:
            return self._others, self._project
        return [known.rest(listed) for listed in self._others], known.rest(self._project)

    def _folded(
        self,
        kept: list[PlacedHit],
        suppressed: list[PlacedHit],
        spans: Mapping[str, list[Span]],
        opened: dict[str, set[Direction]],
        merged: Collection[str],
    ) -> FoldedHits:
        """Return the findings of hits, and how many more the settings and suppression comments hide."""
        chosen, reruns = self._chosen, self._analysis.reruns
        judged = reruns.judged(kept)
        enabled = _of_rules(judged.kept, chosen.enabled)
        disabled = _of_rules(judged.kept, chosen.silenced) + _of_rules(judged.left_out, chosen.enabled)

        def findings_of(hits: list[PlacedHit]) -> tuple[list[Finding], list[str]]:
            return folded(hits, spans, chosen, reruns.relative)

        findings, left_out = findings_of([item for item in enabled if not item.hit.summarized])
        summarized, _ = findings_of([item for item in enabled if item.hit.summarized])
        by_comments, _ = findings_of(_of_rules(suppressed, chosen.enabled))
        hidden = [(COMMENTS, item.path) for item in by_comments]
        hidden += [(SETTINGS, path) for path in (*left_out, *(path for path, _, _ in grouped(disabled)))]
        return FoldedHits(findings, summarized, hidden, ambiguous(enabled), opened, merged)


def _places(analyzed: Analyzed, placed: Iterable[PlacedHit]) -> dict[str, list[Span]]:
    """Return the places of the statements in each file: in all that were analyzed, and those that hits are about."""
    known = analyzed.statements
    scripts = {item.hit.script for item in placed if item.hit.script is not None and item.hit.script.path not in known}
    more: dict[str, set[Span]] = defaultdict(set)
    for script in scripts:
        more[script.path].update(statement.span for statement in parse(script))
    # A file for two dialects has its statements twice.
    return {path: sorted(set(listed)) for path, listed in (*known.items(), *more.items())}


def _of_rules(placed: Iterable[PlacedHit], codes: frozenset[str]) -> list[PlacedHit]:
    return [item for item in placed if item.rule.code in codes]


def _executed_notes(executed: DryRunReport | None) -> tuple[str, ...]:
    if executed is None:
        return ()
    from miglint.dryrun.report import summary

    return (*map(summary, executed.histories), *executed.notes)


def steps_of(history: History, settings: Settings, schemas: Mapping[str, SourceFile]) -> Iterator[Step]:
    """Replay a history from its baseline schema, with the runner's configured transactions."""
    start = start_of(history.dialect, schemas)
    return replay(as_the_runner(history, settings), parse, start, runner=settings.transaction)


def _targets(found: Discovered, settings: Settings) -> Mapping[str, tuple[int, ...]]:
    """Return the configured targets, or the dialects found."""
    return settings.targets or {history.dialect.value: () for history in found.histories}


def _suppress(
    placed: Iterable[PlacedHit], comments: list[Directive], chosen: Selection
) -> tuple[list[PlacedHit], list[PlacedHit], tuple[Directive, ...]]:
    """Return the hits without suppressed ones, the suppressed ones, and miglint's own comments that suppressed none.

    Comments for disabled rules do not count as unused, since the rule might have hits.
    """
    by_path: dict[str, list[Directive]] = defaultdict(list)
    for comment in comments:
        by_path[comment.file.path].append(comment)
    finders = {path: Suppressions(listed) for path, listed in by_path.items()}
    kept: list[PlacedHit] = []
    suppressed: list[PlacedHit] = []
    used: set[int] = set()
    for item in placed:
        finder = finders.get(item.hit.file.path)
        hiding = () if finder is None else finder.hiding(item.rule.code, item.hit.span.start)
        used.update(id(comment) for comment in hiding)
        (suppressed if hiding else kept).append(item)
    unused = tuple(
        comment
        for comment in comments
        if id(comment) not in used
        and comment.codes
        and not comment.foreign
        and not comment.problems
        and comment.codes <= chosen.enabled
    )
    return kept, suppressed, unused


def _notes(found: Discovered, chosen: Selection, settings: Settings) -> tuple[str, ...]:
    """Return notes for the user."""
    about_files = (
        problem.message if problem.path in problem.message else f"{problem.path}: {problem.message}"
        for problem in found.problems
        if problem.kind in ("other-dialect", "forward-only", "dialect-found")
    )
    # A configured target is as explicit as a configured dialect, if it is the only one.
    assumed = () if [*settings.targets] == [Dialect.POSTGRES] else found.histories
    own = f"own rules are disabled: {', '.join(settings.own_rules)}"
    return (
        *about_files,
        *(f"{history.root}: {history.assumed}" for history in assumed if history.assumed is not None),
        *(f"{missing(rule)}; all other rules were run" for rule in chosen.left_out),
        *((own,) if settings.own_rules and not settings.own_code else ()),
    )
