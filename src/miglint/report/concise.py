"""`--format concise`: a line for each finding, whole however long it is, for editors, `grep` and scripts."""

from __future__ import annotations

from miglint.base.inert import inert, one_line
from miglint.report.order import ordered
from miglint.report.value import Report
from miglint.report.view import DisplayOptions


def render(report: Report, view: DisplayOptions) -> str:
    """Return `path:line:column: CODE message` for each finding; nothing where there is none."""
    lines = [
        f"{one_line(item.path) or 'miglint'}:{item.line}:{item.column}: "
        f"{item.code} {one_line(' '.join(item.message.split()))}\n"
        for found in ordered(report, view.sort)
        for item in found
    ]
    return inert("".join(lines))
