"""`--format text`: a verdict in one line, findings, dry run results, verdicts (with `--verbose`) and a summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from miglint.base.findings import Finding, Severity, is_only_a_rerun
from miglint.base.inert import inert, one_line
from miglint.report.ansi import SEQUENCES, fit, paint, wide
from miglint.report.grouping import finding_groups, wrapped
from miglint.report.headline import count_of, headline
from miglint.report.order import ordered
from miglint.report.value import MigrationReport, Report
from miglint.report.view import DisplayOptions, TextBlock

_VERDICTS = {
    "forward_idempotent": "forward twice",
    "rollback_idempotent": "rollback twice",
    "rows_stable": "rows stable",
    "symmetric": "symmetric",
    "sqlite_compatible": "sqlite",
}
# The texts of so many migrations, and the lines between them, are joined.
_TOGETHER = 200
_ANSWERS = {True: "yes", False: "no", None: "?"}


def render(report: Report, view: DisplayOptions) -> str:
    """Return the report as text; terminal control characters from files and servers are escaped."""
    return "".join(parts(report, view))


def parts(report: Report, view: DisplayOptions) -> Iterator[str]:
    """Yield the text in parts: that of a long history takes as much memory as its findings."""
    for number, section in enumerate(_sections(report, view)):
        if number:
            yield "\n"
        yield from section


def _inert(text: str, view: DisplayOptions) -> str:
    return inert(text, SEQUENCES if view.color else ())


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _sections(report: Report, view: DisplayOptions) -> Iterator[Sequence[str]]:
    """Yield the sections of the report, which empty lines set off, each in parts."""
    if view.statistics:
        yield (_inert(_lines((*_statistics(report), *_summary(report, view))), view),)
        return
    found, shortened = _findings(report, view)
    if not view.quiet and (report.findings or report.since):
        yield (_inert("\n".join(wrapped(headline(report), "", "  ", view)) + "\n", view),)
    if found:
        yield found
    more = []
    if any(item.executions for item in report.migrations) and not view.quiet:
        more.append(_executions(report, view))
    if view.verbose and report.migrations:
        more.append(_lines(_verdicts(report.migrations, view)))
    if not view.quiet:
        more.append(_lines(_summary(report, view)))
        if shortened:
            more[-1] += paint("dim", "use --verbose for full details", view) + "\n"
    yield from ((_inert(text, view),) for text in more if text)


def _executions(report: Report, view: DisplayOptions) -> str:
    # Most runs have no dry run, so its module is imported on demand.
    from miglint.report.execution import lines

    return "".join(f"{line}\n" for line in lines(report.migrations, view))


def _findings(report: Report, view: DisplayOptions) -> tuple[list[str], bool]:
    """Return the findings, groups of several lines set off by empty lines, and whether source or help is left out.

    Those of many migrations are one part of the text.
    """
    migrations = {
        path: number for number, item in enumerate(report.migrations) for path in (item.forward, item.rollback) if path
    }
    found: list[str] = []
    parts: list[str] = []
    before = shortened = False
    for listed in ordered(report, view.sort):
        path = listed[0].path
        block = None if view.known is None else view.known.get(path)
        if block is None:
            block = _block(listed, migrations, view)
            if view.known is not None:
                view.known.put(path, block)
        if (found or parts) and (before or block.begins):
            parts.append("\n")
        before = block.ends
        shortened = shortened or block.shortened
        parts.append(block.text)
        if len(parts) > _TOGETHER:
            found.append("".join(parts))
            parts = []
    if parts:
        found.append("".join(parts))
    return found, shortened


def _block(findings: list[Finding], migrations: Mapping[str, int], view: DisplayOptions) -> TextBlock:
    """Return the text of the findings of one migration."""
    groups = list(finding_groups(findings, migrations, view))
    parts: list[str] = []
    before = False
    for group in groups:
        if parts and (before or group.set_off):
            parts.append("")
        before = group.set_off
        parts += group.lines
    shortened = any(group.shortened for group in groups)
    return TextBlock(_inert(_lines(parts), view), groups[0].set_off, before, shortened)


def _verdicts(migrations: tuple[MigrationReport, ...], view: DisplayOptions) -> Iterator[str]:
    """Yield a table of the verdicts, followed by the reasons for unknown ones."""
    rows = [(item, one_line(f"{item.version} {item.name}".strip())) for item in migrations]
    longest = max(len("migration"), min(48, max(wide(label) for _, label in rows)))
    heads = "  ".join(_VERDICTS.values())
    yield paint("bold", f"{'migration':<{longest}}  dialect   {heads}", view)
    headed = len({item.history for item in migrations}) > 1
    history = None
    for item, label in rows:
        if headed and item.history != history:
            history = item.history
            yield f"{one_line(history)}:"
        cells = [_cell(item.verdict.get(name), len(head), view) for name, head in _VERDICTS.items()]
        yield f"{fit(label, longest)}  {item.dialect:<8}  {'  '.join(cells)}".rstrip()
    reasons: dict[str, list[str]] = {}
    for item, _ in rows:
        for reason in item.unknown:
            reasons.setdefault(reason, []).append(item.version)
    if reasons:
        yield ""
        yield "? is unknown:"
    for reason, versions in reasons.items():
        shown = ", ".join(versions[:5]) + (f" and {len(versions) - 5} more" if len(versions) > 5 else "")
        yield from wrapped(f"{shown}: {reason}", "  ", "    ", view)


def _cell(value: bool | None, width: int, view: DisplayOptions) -> str:
    style = {True: "good", False: "bad", None: "dim"}[value]
    text = _ANSWERS[value]
    return paint(style, text, view) + " " * (width - len(text))


def _statistics(report: Report) -> Iterator[str]:
    """Yield the number of findings of each rule, the most frequent first, and how many of them are fixable."""
    safe, unsafe = Counter[str](), Counter[str]()
    for finding in _with_fixes(report):
        (safe if finding.fix is not None and finding.fix.safe else unsafe)[finding.code] += 1
    for code, name, number in report.rules():
        parts = [f"{safe[code]:,} fixable"] if safe[code] else []
        parts += [f"{unsafe[code]:,} {'more' if parts else 'fixable'} with --unsafe-fixes"] if unsafe[code] else []
        yield f"{number:>8,}  {code} {name}" + (f"  ({', '.join(parts)})" if parts else "")


def _with_fixes(report: Report) -> Iterator[Finding]:
    """Yield the findings that `miglint fix` fixes, some with `--unsafe-fixes`."""
    return (item for item in report.findings if item.fix is not None and not is_only_a_rerun(item))


def _fixable(report: Report) -> Iterator[str]:
    """Yield how many findings `miglint fix` fixes."""
    fixes = [item.fix for item in _with_fixes(report) if item.fix is not None]
    safe, unsafe = (sum(fix.safe is wanted for fix in fixes) for wanted in (True, False))
    if safe:
        more = f", {unsafe:,} more with --unsafe-fixes" if unsafe else ""
        yield f"{safe:,} fixable with `miglint fix`{more}"
    elif unsafe:
        yield f"{unsafe:,} fixable with `miglint fix --unsafe-fixes`"


def _summary(report: Report, view: DisplayOptions) -> Iterator[str]:
    scope = f"{count_of(len(report.migrations), 'migration')}, {count_of(report.files, 'file')}, {report.elapsed_ms} ms"
    if view.verbose and report.findings and not view.statistics:
        yield paint("bold", "findings by rule", view)
        yield from _statistics(report)
        yield ""
    found = [
        paint(str(severity), count_of(number, word), view)
        for severity, word in ((Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.INFO, "info"))
        if (number := report.count(severity))
    ]
    if found:
        yield f"{', '.join(found)} ({scope})"
    elif report.migrations:
        yield f"{paint('good', 'no findings', view)} ({scope})"
    elif not report.since or not report.looked_at:
        yield "no migrations found"
    yield from _fixable(report)
    yield from filter(None, (report.hidden_words(), report.left_out_words()))
