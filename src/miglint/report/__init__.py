"""Output formats. To add one, write a module with `render(report, view) -> str` and add it to `FORMATS`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    "gitlab": "miglint.report.gitlab",
    "sonar": "miglint.report.sonar",
}

# Formats that print no verdicts of migrations, the first one unless it prints all details.
WITHOUT_VERDICTS = frozenset({"text", "concise", "sarif", "junit", "gitlab", "sonar"})
# Formats that describe rules, and need `DisplayOptions.rules`.
DESCRIBING = frozenset({"sarif", "sonar"})


def render(name: str, report: Report, view: DisplayOptions) -> str:
    """Render the report in the given format; only that format's module is imported."""
    text: str = import_module(FORMATS[name]).render(report, view)
    return text


def render_parts(name: str, report: Report, view: DisplayOptions) -> Iterable[str]:
    """Render the report as `render` does, in parts where the format makes them."""
    module = import_module(FORMATS[name])
    parts: Iterable[str] = module.parts(report, view) if hasattr(module, "parts") else (module.render(report, view),)
    return parts
