"""`--format text`: for people. Each finding with its place, its sentence, the clause underlined, and what helps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from miglint.findings import Finding, Severity
from miglint.report.excerpt import excerpt, printable
from miglint.report.paint import fit, paint, wide
from miglint.report.value import MigrationReport, Report
from miglint.report.view import View

_WIDEST = 140
# Lines that are named of those where a rule has the same to say.
_LISTED = 12
# Findings of a script that are told as a whole, and lines of the message of one that is not.
_WHOLE = 6
_SHORT = 3
# Lines of help, at most.
_LONG = 10
_QUESTIONS = {
    "forward_idempotent": "forward twice",
    "rollback_idempotent": "rollback twice",
    "rows_stable": "rows stable",
    "symmetric": "symmetric",
    "sqlite_compatible": "sqlite",
}
_ANSWERS = {True: "yes", False: "no", None: "?"}


def render(report: Report, view: View) -> str:
    """Return the report as text."""
    parts = ["".join(f"{line}\n" for line in lines) for lines in _all_told(report.findings, view)]
    if any(item.executions for item in report.migrations) and not view.quiet:
        # A dry run is asked for rarely, and its module is not small.
        from miglint.report.execution import lines

        parts.append("".join(f"{line}\n" for line in lines(report.migrations, view)))
    if view.verbose and report.migrations:
        parts.append("".join(f"{line}\n" for line in _verdicts(report.migrations, view)))
    if not view.quiet:
        parts.append("".join(f"{line}\n" for line in _summary(report, view)))
    return "\n".join(parts)


def _all_told(findings: Sequence[Finding], view: View) -> Iterator[Iterator[str]]:
    """Yield the lines of each group: of a script with many the first few as a whole, and the others in short."""
    whole: Counter[tuple[str, str | None]] = Counter()
    for group in _groups(findings, view):
        first = group[0]
        script = first.path, first.direction
        serious = first.severity > Severity.INFO
        yield _told(group, view, whole=view.verbose or (serious and whole[script] < _WHOLE))
        whole[script] += serious


def _groups(findings: Sequence[Finding], view: View) -> Iterable[list[Finding]]:
    """Return what is told together, in order: who has read one finding of a rule in a script has read them all.

    That a script cannot run twice is one thing to know, whatever statements it is that cannot.
    """
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for number, finding in enumerate(findings):
        what = "IDM" if finding.code.startswith("IDM") else finding.code
        key = (number,) if view.verbose else (finding.path, finding.direction, what, finding.severity)
        groups.setdefault(key, []).append(finding)
    return groups.values()


def _told(group: list[Finding], view: View, *, whole: bool) -> Iterator[str]:
    """Yield the first finding, without its line and help unless it is told as a `whole`, and where the others are."""
    first = group[0]
    yield from _finding(first, view, whole=whole)
    lines: dict[tuple[str, str], dict[int, None]] = {}
    for finding in group[1:]:
        lines.setdefault((finding.code, finding.name), {})[finding.line] = None
    for (code, name), found in sorted(lines.items(), key=lambda item: item[0][0] != first.code):
        listed = ", ".join(map(str, islice(found, _LISTED))) + (", ..." if len(found) > _LISTED else "")
        also = "the same" if code == first.code else f"{code} {name}"
        yield paint("dim", f"  also: {also} on line{'s' if len(found) > 1 else ''} {listed}", view)


def _finding(finding: Finding, view: View, *, whole: bool) -> Iterator[str]:
    severity = str(finding.severity)
    place = f"{finding.path}:{finding.line}:{finding.column}" if finding.path else "miglint"
    yield (
        f"{paint('bold', printable(place), view)}: {paint(severity, f'{severity} {finding.code}', view)} "
        f"{paint('dim', finding.name, view)}"
    )
    said = _wrapped(finding.message, "  ", "  ", view)
    if not whole:
        yield from said if len(said) <= _SHORT else [*said[: _SHORT - 1], f"{said[_SHORT - 1]} ..."]
        return
    yield from said
    yield from _source(finding, view)
    helped: list[str] = []
    for number, paragraph in enumerate(finding.help.splitlines()):
        helped += _wrapped(paragraph, "  help: " if number == 0 else "        ", "        ", view)
    # The recipe for a long constraint repeats it.
    if len(helped) > _LONG and not view.verbose:
        helped[_LONG - 1 :] = ["        ... (--verbose shows all of it)"]
    yield from helped


def _wrapped(text: str, first: str, rest: str, view: View) -> list[str]:
    """Break a sentence at the width of the terminal; what is indented already is code, and stays as it is."""
    text = printable(text)
    if text.startswith("  "):
        return [rest + text]
    width = min(view.width, _WIDEST)
    if len(first) + len(text) <= width and text.isascii():
        return [(first + " ".join(text.split())).rstrip()]
    lines = [first]
    if text.isascii():
        # As below, with lengths for widths.
        line, begun = first, False
        for word in text.split():
            if begun and len(line) + 1 + len(word) > width:
                lines[-1] = line
                lines.append("")
                line = rest + word
            else:
                line += f" {word}" if begun else word
            begun = True
        lines[-1] = line
        return [line.rstrip() for line in lines]
    for word in text.split():
        gap = "" if lines[-1] in (first, rest) else " "
        if gap and wide(lines[-1]) + 1 + wide(word) > width:
            lines.append(rest + word)
        else:
            lines[-1] += gap + word
    return [line.rstrip() for line in lines]


def _source(finding: Finding, view: View) -> Iterator[str]:
    source = view.sources.get(finding.path)
    if source is None or not source.text:
        return
    line = source.line(finding.line)
    if not line.strip():
        return
    number = str(finding.line)
    gutter = " " * len(number)
    several = finding.end_line > finding.line and not (finding.end_line == finding.line + 1 and finding.end_column == 1)
    end = len(line.rstrip()) if finding.end_line > finding.line else finding.end_column - 1
    room = max(20, min(view.width, _WIDEST) - len(number) - 5)
    seen = excerpt(line, finding.column - 1, end, room)
    bar = paint("gutter", "|", view)
    yield f"  {gutter} {bar}"
    yield f"  {paint('gutter', number, view)} {bar} {seen.text}"
    yield f"  {gutter} {bar} {' ' * seen.start}{paint(str(finding.severity), '^' * seen.width, view)}"
    if several:
        yield f"  {paint('gutter', '...', view)}"


def _verdicts(migrations: tuple[MigrationReport, ...], view: View) -> Iterator[str]:
    """Yield a table of the verdicts, and below it why some are not known."""
    rows = [(item, printable(f"{item.version} {item.name}".strip())) for item in migrations]
    longest = min(48, max(wide(label) for _, label in rows))
    heads = "  ".join(_QUESTIONS.values())
    yield paint("bold", f"{'migration':<{longest}}  dialect   {heads}", view)
    for item, label in rows:
        cells = [_cell(item.verdict.get(name), len(head), view) for name, head in _QUESTIONS.items()]
        yield f"{fit(label, longest)}  {item.dialect:<8}  {'  '.join(cells)}".rstrip()
    reasons: dict[str, list[str]] = {}
    for item, _ in rows:
        for reason in item.unknown:
            reasons.setdefault(reason, []).append(item.version)
    if reasons:
        yield ""
        yield "? is not known:"
    for reason, versions in reasons.items():
        shown = ", ".join(versions[:5]) + (f" and {len(versions) - 5} more" if len(versions) > 5 else "")
        yield from _wrapped(f"{shown}: {reason}", "  ", "    ", view)


def _cell(answer: bool | None, width: int, view: View) -> str:
    style = {True: "good", False: "bad", None: "dim"}[answer]
    text = _ANSWERS[answer]
    return paint(style, text, view) + " " * (width - len(text))


def count_of(number: int, word: str) -> str:
    """Return a number with its word."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _summary(report: Report, view: View) -> Iterator[str]:
    scope = f"{count_of(len(report.migrations), 'migration')}, {count_of(report.files, 'file')}, {report.elapsed_ms} ms"
    if view.verbose and report.findings:
        yield paint("bold", "findings by rule", view)
        for code, name, number in report.rules():
            yield f"{number:>8,}  {code} {name}"
        yield ""
    found = [
        paint(str(severity), count_of(number, word), view)
        for severity, word in ((Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.INFO, "remark"))
        if (number := report.count(severity))
    ]
    if found:
        yield f"{', '.join(found)} ({scope})"
    elif report.migrations:
        yield f"{paint('good', 'nothing to complain about', view)} ({scope})"
    else:
        yield "no migrations found"
