"""Where a rule reports, when that is not an operation: a span of a script, a file, a script as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Fix, Severity
from miglint.base.model import Discovered, Problem, Script, SourceFile, Span
from miglint.replay.steps import Step
from miglint.rules.definition import Hit

_MOST_LINES = 5


def hit_in(
    script: Script,
    span: Span,
    message: str,
    help: str = "",
    *,
    severity: Severity | None = None,
    fix: Fix | None = None,
) -> Hit:
    """Return a hit at `span` of a script."""
    return Hit(script.file, span, message, help, script, severity, fix)


def _file(found: Discovered, path: str) -> SourceFile:
    for file in found.files:
        if file.path == path:
            return file
    # A file that could not be opened is not among those that were read.
    return SourceFile(path, "")


def problems(found: Discovered, *kinds: str) -> Iterator[tuple[Problem, SourceFile]]:
    """Yield the problems of these kinds that discovery saw, each with its file."""
    for problem in found.problems:
        if problem.kind in kinds:
            yield problem, _file(found, problem.path)


def on_lines(lines: list[int]) -> str:
    """Return where something is, with the numbers of the first five lines."""
    more = len(lines) - _MOST_LINES
    if more > 0:
        return f"on lines {', '.join(map(str, lines[:_MOST_LINES]))} and {more} more"
    *first, last = map(str, lines)
    return f"on lines {', '.join(first)} and {last}" if first else f"on line {last}"


def first_line(file: SourceFile) -> Span:
    """Return the span of a file's first line: the place of a finding about the file as a whole."""
    return Span(0, len(file.line(1)))


def first_text(script: Script) -> Span:
    """Return the first line of a script that is not blank: the place of a finding about the script as a whole."""
    text, (start, last) = script.file.text, script.span
    while start < last and text[start].isspace():
        start += 1
    end = text.find("\n", start, last)
    return Span(start, last if end < 0 else end)


def in_doubt(step: Step) -> Severity | None:
    """Return the milder severity of what is certain only if a script did no more than can be read; None where it is."""
    return Severity.WARNING if step.doubted or step.forward.unknown else None
