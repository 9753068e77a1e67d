"""The formats of a report. To add one: write a module with `render(report, view) -> str` and put it into the table."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from miglint.report.value import Report
    from miglint.report.view import DisplayOptions


FORMATS: Mapping[str, str] = {
    "text": "miglint.report.text",
    "concise": "miglint.report.concise",
    "json": "miglint.report.json_report",
    "github": "miglint.report.github",
    "sarif": "miglint.report.sarif",
    "junit": "miglint.report.junit",
    "markdown": "miglint.report.markdown",
}

# The formats that print what rules are about, and need `View.rules`.
DESCRIBING = frozenset({"sarif"})


def render(name: str, report: Report, view: DisplayOptions) -> str:
    """Return the report in the format of that name; only that format's module is imported."""
    text: str = import_module(FORMATS[name]).render(report, view)
    return text
