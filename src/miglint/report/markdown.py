"""`--format markdown`: for pull request comments and build summaries."""

from __future__ import annotations

from miglint.base.findings import Finding, Severity
from miglint.base.inert import printable
from miglint.base.lazy_regex import pattern
from miglint.report.text import count_of
from miglint.report.value import MigrationReport, Report
from miglint.report.view import DisplayOptions

_MAX_FINDINGS = 300
_MAX_MIGRATIONS = 100
_MARKS = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.INFO: "ℹ️"}
_MARKUP = pattern(r"[&<>|\[\]*_@#!`\\]")
_ANSWERS = {True: "yes", False: "**no**", None: "?"}


def render(report: Report, view: DisplayOptions) -> str:
    """Return the report as Markdown, truncated to the size limits of the services that display it."""
    lines = [f"### miglint: {_headline(report)}", ""]
    worst_first = sorted(report.findings, key=lambda item: -item.severity)
    if worst_first:
        lines += ["| | location | rule | message |", "|---|---|---|---|"]
        lines += [_row(item) for item in worst_first[:_MAX_FINDINGS]]
        lines += [""]
        if len(worst_first) > _MAX_FINDINGS:
            lines += [f"{len(worst_first) - _MAX_FINDINGS:,} more findings are not shown.", ""]
    wrong = [item for item in report.migrations if False in item.verdict.values()] if not view.verbose else []
    listed = list(report.migrations) if view.verbose else wrong
    if listed:
        lines += [
            "| migration | dialect | forward twice | rollback twice | rows stable | symmetric | sqlite |",
            "|---|---|---|---|---|---|---|",
            *(_verdict(item) for item in listed[:_MAX_MIGRATIONS]),
            "",
        ]
        if len(listed) > _MAX_MIGRATIONS:
            lines += [f"{len(listed) - _MAX_MIGRATIONS:,} more migrations are not shown here.", ""]
    silenced = [escaped(words) for words in (report.hidden_words(), report.left_out_words()) if words]
    if silenced:
        lines += [". ".join(silenced), ""]
    return "\n".join(lines)


def _headline(report: Report) -> str:
    counts = ((Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.INFO, "info"))
    found = [count_of(report.count(severity), word) for severity, word in counts if report.count(severity)]
    return f"{', '.join(found) or 'nothing found'} in {count_of(len(report.migrations), 'migration')}"


def _row(item: Finding) -> str:
    place = code(f"{item.path}:{item.line}")
    return f"| {_MARKS[item.severity]} | {place} | {escaped(f'{item.code} {item.name}')} | {escaped(item.message)} |"


def _verdict(item: MigrationReport) -> str:
    answers = " | ".join(_ANSWERS[answer] for answer in item.verdict.values())
    return f"| {code(f'{item.version} {item.name}'.strip())} | {item.dialect} | {answers} |"


def code(text: str) -> str:
    """Return text as code in a table cell."""
    return f"<code>{escaped(text)}</code>"


def escaped(text: str) -> str:
    """Escape text for a table cell: file content must not break the table or become markup or mentions."""
    return _MARKUP.sub(lambda found: f"&#{ord(found[0])};", " ".join(printable(text).split()))
