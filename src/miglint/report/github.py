"""`--format github`: annotations of a GitHub workflow, most severe first.

GitHub shows at most ten annotations of a kind per step; the others are printed as text in a collapsed group.
"""

from __future__ import annotations

from collections import Counter

from miglint.base.findings import Finding, Severity
from miglint.base.inert import inert, one_line, printable, unmarked
from miglint.report.order import worst_first
from miglint.report.value import Report
from miglint.report.view import DisplayOptions

_SHOWN = 10
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report, view: DisplayOptions) -> str:
    """Return workflow commands."""
    shown: Counter[Severity] = Counter()
    lines: list[str] = []
    more: list[str] = []
    silenced = ". ".join(filter(None, (report.hidden_words(), report.left_out_words())))
    # It uses one of the ten notices.
    shown[Severity.INFO] += bool(silenced)
    for finding in worst_first(report.findings):
        shown[finding.severity] += 1
        if shown[finding.severity] <= _SHOWN:
            lines.append(_annotation(finding, view))
        else:
            more.append(_line(finding))
    if silenced:
        lines.append(f"::notice title=miglint::{_data(silenced)}")
    if more:
        lines += [f"::group::{len(more)} more findings", *more, "::endgroup::"]
    return "".join(f"{line}\n" for line in lines)


def _annotation(finding: Finding, view: DisplayOptions) -> str:
    properties = {
        "file": view.prefix + finding.path,
        "line": str(finding.line),
        "endLine": str(finding.end_line),
        "title": f"{finding.code} {finding.name}",
    }
    # GitHub accepts columns only for a range on one line.
    if finding.end_line == finding.line:
        properties |= {"col": str(finding.column), "endColumn": str(max(finding.end_column - 1, finding.column))}
    if not finding.path:
        properties = {"title": properties["title"]}
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    body = finding.message + (f"\n{finding.help}" if finding.help else "")
    return f"::{_LEVELS[finding.severity]} {listed}::{_data(body)}"


def _line(finding: Finding) -> str:
    message = " ".join(finding.message.split())
    text = (
        f"{finding.path}:{finding.line}:{finding.column}: {finding.severity} {finding.code} {finding.name}: {message}"
    )
    return inert(one_line(text))


def _data(text: str) -> str:
    # Of the control characters, only line ends may stay unescaped.
    shown = "\n".join(printable(line) for line in text.splitlines())
    return unmarked(shown).replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
