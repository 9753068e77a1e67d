"""From discovery to a report: replay, rules, suppression, settings.

This imports the parsers and all rules; `linter.run` does so only if there is no cached report.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from miglint.base.findings import Finding, matter
from miglint.base.model import Dialect, Discovered, History, SourceFile, Span
from miglint.base.structs import replace
from miglint.base.template_names import decode_tags
from miglint.cache.reports import Cache
from miglint.config.settings import Settings
from miglint.linter.analysis import Analysis, Analyzed, as_the_runner, start_of
from miglint.linter.dispatch import PlacedHit, RuleDispatcher
from miglint.linter.fingerprints import fingerprint, script_place, subject_of
from miglint.linter.joined_help import one_help
from miglint.linter.known_steps import memory_for
from miglint.linter.merged_fix import merged_fix, without_suppressed
from miglint.linter.parallel import examine
from miglint.linter.relative_paths import RelativePaths
from miglint.linter.reruns import several_reruns, undecided
from miglint.linter.rollback_offer import with_offers_for_missing
from miglint.linter.silenced import COMMENTS, SETTINGS, counted, with_silenced
from miglint.linter.split_rollbacks import with_split_rollbacks
from miglint.linter.summaries import with_summaries
from miglint.linter.suppression_comments import Directive, Remarks, Suppressions, directives
from miglint.linter.unknown_tools import of_unknown_tools
from miglint.replay.steps import Step, replay
from miglint.report.value import Report, in_order
from miglint.rules.definition import Alike, Hit
from miglint.rules.idempotency.unknown_tool import TOOL_UNKNOWN
from miglint.rules.selection import Selection, missing
from miglint.rules.support.reporting import on_lines
from miglint.sql import parse

if TYPE_CHECKING:
    from miglint.dryrun.results import DryRunReport

_MAX_FOLDED = 5
# More differences of one kind in a pair are one oversight: a rollback that forgets all tables of the forward.
_MOST_ALIKE = 3
_LONGEST_MESSAGE = 300


def judge(
    found: Discovered,
    settings: Settings,
    schemas: Mapping[str, SourceFile],
    chosen: Selection,
    progress: Callable[[int, int], None] | None = None,
    executed: DryRunReport | None = None,
    report_only: frozenset[str] | None = None,
    cache: Cache | None = None,
) -> Report:
    """Replay all histories, run all enabled rules, and apply suppression comments and settings.

    `schemas` are the baseline schemas by dialect; `progress` is called with the number of finished migrations and their
    total. `executed` are dry run results; their verdicts replace the replay's. `report_only` are files whose findings
    are needed: expensive checks of others are skipped (None: all are needed). `cache` has the steps of earlier runs.
    """
    targets = _targets(found, settings)
    dispatcher = RuleDispatcher(with_silenced(chosen), targets)
    memory = None
    if cache is not None and executed is None and not settings.own_rules:
        memory = memory_for(cache, chosen, schemas, (targets, settings.targets))
    analysis = Analysis.of(found, settings, schemas, dispatcher, executed, report_only, memory)
    analyzed = examine(analysis, found, progress)
    required = settings.rollbacks == "required"
    others = with_offers_for_missing(dispatcher.others("project", found), found, required=required)
    replayed = with_split_rollbacks(analyzed.placed, found.histories)
    placed = with_summaries(replayed + others, found.histories, settings)
    if found.branch is not None:
        from miglint.linter.branches import compared_with

        placed += dispatcher.others("branch", compared_with(found.branch, found, settings))
    spans = _places(analyzed, placed)
    comments = [item for file in found.files for item in directives(file, spans.get(file.path, ()), chosen.registry)]
    kept, suppressed, unused = _suppress(placed, comments if settings.suppressions else [], chosen)
    kept = without_suppressed(kept, suppressed)
    kept += dispatcher.others("directives", Remarks(tuple(comments), unused))
    unknown = of_unknown_tools(kept, found.histories, analysis.reruns)
    if unknown.histories and TOOL_UNKNOWN in chosen.enabled:
        kept = unknown.placed + dispatcher.others("reruns", unknown.histories)
    judged = analysis.reruns.judged(kept)
    enabled = _of_rules(judged.kept, chosen.enabled)
    disabled = _of_rules(judged.kept, chosen.silenced) + _of_rules(judged.left_out, chosen.enabled)

    def findings_of(hits: list[PlacedHit]) -> tuple[tuple[Finding, ...], list[str]]:
        return _findings(hits, spans, chosen, analysis.reruns.relative)

    findings, left_out = findings_of([item for item in enabled if not item.hit.summarized])
    summarized, _ = findings_of([item for item in enabled if item.hit.summarized])
    by_comments, _ = findings_of(_of_rules(suppressed, chosen.enabled))
    hidden = [(COMMENTS, item.path) for item in by_comments]
    hidden += [(SETTINGS, path) for path in (*left_out, *(path for path, _, _ in _grouped(disabled)))]
    return Report(
        analyzed.migrations,
        findings,
        len(found.files),
        notes=_notes(found, chosen, settings) + undecided(enabled, found.histories) + _executed_notes(executed),
        hidden=counted(hidden),
        left_out=found.left_out,
        summarized=summarized,
    )


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


def _findings(
    placed: Iterable[PlacedHit], spans: Mapping[str, list[Span]], chosen: Selection, relative: RelativePaths
) -> tuple[tuple[Finding, ...], list[str]]:
    """Return the findings in order, merged, with configured severities and fingerprints.

    Also returns the files of findings that the settings disable by path.
    """
    groups = _grouped(placed)
    ordinals: dict[tuple[str, str, str], int] = defaultdict(int)
    findings: list[Finding] = []
    left_out: list[str] = []
    for (path, _, what), group in sorted(groups.items(), key=lambda entry: entry[0]):
        finding = _folded(group)
        inside = relative.path(path)
        severity = chosen.severity_of(finding, inside)
        if severity is None:
            left_out.append(path)
            continue
        same = script_place(inside, finding.version, finding.direction), what, _subject(group, spans.get(path, ()))
        ordinals[same] += 1
        findings.append(replace(finding, severity=severity, fingerprint=fingerprint(*same, ordinals[same])))
    findings.sort(key=in_order)
    return tuple(findings), left_out


def _grouped(placed: Iterable[PlacedHit]) -> dict[tuple[str, Span, str], list[PlacedHit]]:
    """Return the hits by subject and position; those of rules that report once per script at the most severe one.

    Many that are alike in one pair, as the tables that a rollback forgets, are one group at the first.
    """
    groups: dict[tuple[str, Span, str], list[PlacedHit]] = defaultdict(list)
    scripts: dict[tuple[str, Span, str], list[PlacedHit]] = defaultdict(list)
    single, many = _by_oversight(placed)
    for listed in many:
        groups[listed[0].hit.file.path, listed[0].hit.span, listed[0].rule.code] += listed
    for item in single:
        hit, code = item.hit, item.rule.code
        if hit.script is not None and item.rule.once_per_script:
            scripts[hit.file.path, hit.script.span, code].append(item)
        elif hit.script is not None and hit.guarantee is not None and hit.guarantee.holds:
            scripts[hit.file.path, hit.script.span, "reruns"].append(item)
        else:
            groups[hit.file.path, hit.span, matter(code, hit.message)].append(item)
    for (path, _, code), listed in scripts.items():
        listed.sort(key=lambda item: (-(item.hit.severity or item.rule.severity), item.hit.span))
        groups[path, listed[0].hit.span, code] += listed
    return groups


def _by_oversight(placed: Iterable[PlacedHit]) -> tuple[list[PlacedHit], list[list[PlacedHit]]]:
    """Return the hits to be reported each by itself, and those that are more than a few of a kind in one pair."""
    single: list[PlacedHit] = []
    kinds: dict[object, list[PlacedHit]] = defaultdict(list)
    for item in placed:
        if item.hit.alike is None:
            single.append(item)
        else:
            severity = item.hit.severity or item.rule.severity
            pair = item.migration and (item.migration.version, item.migration.forward and item.migration.forward.path)
            kinds[pair, item.rule.code, severity, item.hit.alike.heading].append(item)
    many: list[list[PlacedHit]] = []
    for listed in kinds.values():
        # A file for two engines has everything twice.
        if len(_names([item.hit for item in listed])) > _MOST_ALIKE:
            many.append(sorted(listed, key=lambda item: (item.hit.file.path, item.hit.span)))
        else:
            single += listed
    return single, many


def _folded(group: list[PlacedHit]) -> Finding:
    """Merge the hits of one rule on one span: the most severe is reported, the others are listed in its help."""
    single = len(group) == 1
    worst = group[0] if single else max(group, key=lambda item: item.hit.severity or item.rule.severity)
    rule, hit = worst.rule, worst.hit
    message, help_ = (hit.message, hit.help) if single else _merged_texts(hit, [item.hit for item in group])
    start, end = hit.file.position(hit.span.start), hit.file.position(max(hit.span.start, hit.span.end))
    migration = worst.migration if rule.scope in ("step", "script", "executed") else None
    dialect = hit.script.dialect if hit.script else migration.dialect if migration else None
    return Finding(
        code=rule.code,
        name=rule.name,
        category=rule.category,
        severity=hit.severity or rule.severity,
        path=hit.file.path,
        line=start.line,
        column=start.column,
        end_line=end.line,
        end_column=end.column,
        message=_cut(decode_tags(message)),
        help=decode_tags(help_),
        direction=hit.script.direction.value if hit.script else None,
        version=hit.version or (migration.version if migration else None),
        dialect=dialect.value if dialect else None,
        evidence=hit.evidence,
        fix=hit.fix if single else merged_fix([item.hit for item in group]),
    )


def _cut(message: str) -> str:
    """Return a message without the end of one that is long: it may hold definitions, or the words of an engine."""
    return message if len(message) <= _LONGEST_MESSAGE else f"{message[: _LONGEST_MESSAGE - 4].rstrip()} ..."


def _line_numbers(file: SourceFile, spans: Iterable[Span]) -> list[int]:
    return sorted({file.position(span.start).line for span in spans})


def _merged_texts(reported: Hit, hits: list[Hit]) -> tuple[str, str]:
    """Return message and help of the reported hit, with the other hits of its group."""
    if reported.alike is not None and len(_names(hits)) > _MOST_ALIKE:
        return _listed(hits, reported.alike)
    here = dict.fromkeys(hit.message for hit in hits if hit.span == reported.span)
    others = [text for text in here if text != reported.message]
    elsewhere = {hit.span for hit in hits} - {reported.span}
    message = reported.message
    if elsewhere and reported.guarantee is not None and reported.guarantee.holds:
        lines = _line_numbers(reported.file, (*elsewhere, reported.span))
        return several_reruns(len(elsewhere) + 1, on_lines(lines)), reported.help
    more = [f"and {len(others)} more"] if others else []
    if elsewhere:
        more.append(f"also {on_lines(_line_numbers(reported.file, elsewhere))}")
    if more:
        message += f" ({'; '.join(more)})"
    return message, "\n".join(filter(None, (reported.help, *(f"Also: {_cut(text)}" for text in others[:_MAX_FOLDED]))))


def _listed(hits: list[Hit], reported: Alike) -> tuple[str, str]:
    """Return message and help of many hits that are alike."""
    names = _names(hits)
    more = len(names) - _MOST_ALIKE
    listed = f"{', '.join(names[:_MOST_ALIKE])} and {more} more"
    message = f"{reported.heading.format(len(names))}: {listed}{reported.ending}"
    helps = one_help(dict.fromkeys(hit.help for hit in hits), _MAX_FOLDED)
    return message, "\n".join(filter(None, [*helps, f"All of them: {', '.join(names)}."]))


def _names(hits: Iterable[Hit]) -> list[str]:
    return [*dict.fromkeys(hit.alike.name for hit in hits if hit.alike is not None)]


def _subject(group: list[PlacedHit], statements: Sequence[Span]) -> str:
    """Return what a finding is about, for its fingerprint; a finding about a whole script has no other subject."""
    hit, rule = group[0].hit, group[0].rule
    if hit.alike is not None and len(_names([item.hit for item in group])) > _MOST_ALIKE:
        return ""
    if hit.script is not None and (rule.once_per_script or (hit.guarantee is not None and hit.guarantee.holds)):
        return ""
    number = bisect_right(statements, hit.span.start, key=lambda item: item.start) - 1
    inside = number >= 0 and statements[number].end > hit.span.start
    return subject_of(hit.file.text, statements[number] if inside else None, hit.span)


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
