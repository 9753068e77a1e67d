"""From discovery to a report: replay, rules, suppression, settings.

This imports the parsers and all rules; `linter.run` does so only if there is no cached report.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from miglint.base.findings import Finding, matter
from miglint.base.model import Dialect, Discovered, History, SourceFile, Span
from miglint.base.structs import replace
from miglint.base.template_names import decode_tags
from miglint.config.settings import Settings
from miglint.linter.analysis import Analysis, as_the_runner, start_of
from miglint.linter.dispatch import PlacedHit, RuleDispatcher
from miglint.linter.parallel import examine
from miglint.linter.relative_paths import RelativePaths
from miglint.linter.reruns import several_reruns, undecided
from miglint.linter.silenced import COMMENTS, SETTINGS, counted, with_silenced
from miglint.linter.summaries import with_summaries
from miglint.linter.suppression_comments import Directive, Remarks, Suppressions, directives
from miglint.replay.steps import Step, replay
from miglint.report.value import Report, in_order
from miglint.rules.definition import Hit
from miglint.rules.selection import Selection, missing
from miglint.sql import parse

if TYPE_CHECKING:
    from miglint.dryrun.results import DryRunReport

_MAX_FOLDED = 5


def judge(
    found: Discovered,
    settings: Settings,
    schemas: Mapping[str, SourceFile],
    chosen: Selection,
    progress: Callable[[int, int], None] | None = None,
    executed: DryRunReport | None = None,
    report_only: frozenset[str] | None = None,
) -> Report:
    """Replay all histories, run all enabled rules, and apply suppression comments and settings.

    `schemas` are the baseline schemas by dialect; `progress` is called with the number of finished migrations and their
    total. `executed` are dry run results; their verdicts replace the replay's. `report_only` are files whose findings
    are needed: expensive checks of others are skipped (None: all are needed).
    """
    asked = RuleDispatcher(with_silenced(chosen), _targets(found, settings))
    work = Analysis.of(found, settings, schemas, asked, executed, report_only)
    part = examine(work, found, progress)
    placed = with_summaries(part.placed + asked.others("project", found), found.histories, settings)
    # A file for two dialects has its statements twice.
    spans = {path: sorted(set(listed)) for path, listed in part.statements.items()}
    comments = [item for file in found.files for item in directives(file, spans.get(file.path, ()), chosen.registry)]
    kept, covered, unused = _suppress(placed, comments if settings.suppressions else [], chosen)
    kept += asked.others("directives", Remarks(tuple(comments), unused))
    relative = work.reruns.relative
    judged = work.reruns.judged(kept)
    on = [item for item in judged.kept if item.rule.code in chosen.enabled]
    off = [item for item in judged.kept if item.rule.code in chosen.silenced]
    off += [item for item in judged.left_out if item.rule.code in chosen.enabled]
    findings, left_out = _findings([item for item in on if not item.hit.summarized], spans, chosen, relative)
    summarized, _ = _findings([item for item in on if item.hit.summarized], spans, chosen, relative)
    by_comments, _ = _findings([item for item in covered if item.rule.code in chosen.enabled], spans, chosen, relative)
    hidden = [(COMMENTS, item.path) for item in by_comments]
    hidden += [(SETTINGS, path) for path in (*left_out, *(path for path, _, _ in _grouped(off)))]
    return Report(
        tuple(part.migrations),
        findings,
        len(found.files),
        notes=_notes(found, chosen, settings) + undecided(on, found.histories) + _executed_notes(executed),
        hidden=counted(hidden),
        left_out=found.left_out,
        summarized=summarized,
    )


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
    covered: list[PlacedHit] = []
    used: set[int] = set()
    for item in placed:
        finder = finders.get(item.hit.file.path)
        hiding = () if finder is None else finder.hiding(item.rule.code, item.hit.span.start)
        used.update(id(comment) for comment in hiding)
        (covered if hiding else kept).append(item)
    unused = tuple(
        comment
        for comment in comments
        if id(comment) not in used
        and comment.codes
        and not comment.foreign
        and not comment.problems
        and comment.codes <= chosen.enabled
    )
    return kept, covered, unused


def _findings(
    placed: Iterable[PlacedHit], spans: Mapping[str, list[Span]], chosen: Selection, relative: RelativePaths
) -> tuple[tuple[Finding, ...], list[str]]:
    """Return the findings in order, merged, with configured severities and fingerprints.

    Also returns the files of findings that the settings disable by path.
    """
    groups = _grouped(placed)
    ordinals: dict[tuple[str, str, str], int] = defaultdict(int)
    texts: dict[tuple[str, str, int], str] = {}
    begun: dict[tuple[str, str, int], hashlib._Hash] = {}
    findings: list[Finding] = []
    left_out: list[str] = []
    for (path, span, _), group in sorted(groups.items(), key=lambda entry: entry[0]):
        finding = _folded(group)
        code = finding.code
        inside = relative.path(path)
        severity = chosen.severity_of(finding, inside)
        if severity is None:
            left_out.append(path)
            continue
        # A statement with thousands of actions may have a finding for each: its text is read once per rule.
        number = _number(span, spans.get(path, ()))
        place = path, code, number
        if place not in texts:
            text = "" if number < 0 else _text(group[0].hit.file, spans[path][number])
            texts[place] = text
            begun[place] = hashlib.sha256("\0".join((inside, code, text, "")).encode("utf-8", "surrogatepass"))
        same = inside, code, texts[place]
        ordinals[same] += 1
        digest = begun[place].copy()
        digest.update(str(ordinals[same]).encode())
        findings.append(replace(finding, severity=severity, fingerprint=digest.hexdigest()[:16]))
    findings.sort(key=in_order)
    return tuple(findings), left_out


def _grouped(placed: Iterable[PlacedHit]) -> dict[tuple[str, Span, str], list[PlacedHit]]:
    """Return the hits by subject and position; those of rules that report once per script at the most severe one."""
    groups: dict[tuple[str, Span, str], list[PlacedHit]] = defaultdict(list)
    scripts: dict[tuple[str, Span, str], list[PlacedHit]] = defaultdict(list)
    for item in placed:
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


def _elsewhere(group: list[PlacedHit], hit: Hit) -> str:
    """Return a sentence with the other lines of the script that have the same finding."""
    lines = sorted({hit.file.position(one.hit.span.start).line for one in group if one.hit.span != hit.span})
    if not lines:
        return ""
    more = len(lines) - _MAX_FOLDED
    listed = ", ".join(map(str, lines[:_MAX_FOLDED])) + (f" and {more} more" if more > 0 else "")
    return f"The same on line{'s' if len(lines) > 1 else ''} {listed}."


def _folded(group: list[PlacedHit]) -> Finding:
    """Merge the hits of one rule on one span: the most severe is reported, the others are listed in its help."""
    worst = max(group, key=lambda item: item.hit.severity or item.rule.severity)
    rule, hit = worst.rule, worst.hit
    here = [item for item in group if item.hit.span == hit.span]
    others = [text for text in dict.fromkeys(item.hit.message for item in here) if text != hit.message]
    elsewhere = len({item.hit.span for item in group}) - 1
    message = hit.message if not others and not elsewhere else f"{hit.message} (and {len(others) + elsewhere} more)"
    if hit.guarantee is not None and hit.guarantee.holds and elsewhere:
        message = several_reruns(elsewhere + 1)
    also = [f"Also: {text}" for text in others[:_MAX_FOLDED]]
    also += [text for text in (_elsewhere(group, hit),) if text]
    start, end = hit.file.position(hit.span.start), hit.file.position(max(hit.span))
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
        message=decode_tags(message),
        help=decode_tags("\n".join([part for part in (hit.help,) if part] + also)),
        direction=hit.script.direction.value if hit.script else None,
        version=hit.version or (migration.version if migration else None),
        dialect=dialect.value if dialect else None,
        evidence=hit.evidence,
        fix=hit.fix,
    )


def _number(span: Span, statements: list[Span] | tuple[()]) -> int:
    """Return the index of the statement around a span; -1 outside of statements."""
    number = bisect_right(statements, span.start, key=lambda item: item.start) - 1
    return number if number >= 0 and statements[number].end > span.start else -1


def _text(file: SourceFile, statement: Span) -> str:
    """Return the text of a statement without white space."""
    return " ".join(file.text[statement.start : statement.end].split())


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
