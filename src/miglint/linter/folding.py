"""Hits to findings: those about one thing are merged, with configured severities and fingerprints."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from miglint.base.findings import Finding, matter
from miglint.base.model import SourceFile, Span
from miglint.base.structs import replace
from miglint.base.template_names import decode_tags
from miglint.linter.dispatch import PlacedHit
from miglint.linter.fingerprints import fingerprint, script_place, subject_of
from miglint.linter.joined_help import one_help
from miglint.linter.merged_fix import merged_fix
from miglint.linter.relative_paths import RelativePaths
from miglint.linter.reruns import several_reruns
from miglint.report.value import by_place
from miglint.rules.definition import Alike, Hit
from miglint.rules.selection import Selection
from miglint.rules.support.reporting import on_lines

_MAX_FOLDED = 5
# More differences of one kind in a pair are one oversight: a rollback that forgets all tables of the forward.
_MOST_ALIKE = 3
_LONGEST_MESSAGE = 300


def folded(
    placed: Iterable[PlacedHit], spans: Mapping[str, list[Span]], chosen: Selection, relative: RelativePaths
) -> tuple[list[Finding], list[str]]:
    """Return the findings in order, merged, with configured severities and fingerprints.

    Also returns the files of findings that the settings disable by path.
    """
    groups = grouped(placed)
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
    return by_place(findings), left_out


def grouped(placed: Iterable[PlacedHit]) -> dict[tuple[str, Span, str], list[PlacedHit]]:
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
