"""`--format markdown`: for pull request comments and build summaries."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import accumulate

from miglint.base.findings import Finding, Severity
from miglint.base.inert import printable
from miglint.base.lazy_regex import pattern
from miglint.report.headline import count_of, headline
from miglint.report.order import worst_first
from miglint.report.value import MigrationReport, Report
from miglint.report.view import DisplayOptions

# GitHub refuses a comment of more than 65,536 characters; escaped ones count as they are sent.
_MAX_SIZE = 60_000
_MAX_FINDINGS = 300
_MAX_MIGRATIONS = 100
_MARKS = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.INFO: "ℹ️"}
_GOOD = "✅"
_MARKUP = pattern(r"[&<>|\[\]*_@#!`\\]")
_ANSWERS = {True: "yes", False: "**no**", None: "?"}
_PAIRS_HEAD = (
    "| | migration | findings | forward twice | rollback twice | rows stable | symmetric | sqlite |",
    "|---|---|---|---|---|---|---|---|",
)
_COUNTED = ((Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.INFO, "info"))


def render(report: Report, view: DisplayOptions) -> str:
    """Return the report as Markdown: the verdict, a line per pair of scripts, and what is wrong with them.

    Without `--since` or `--verbose`, pairs without findings are left out. It is truncated to the size limits of the
    services that display it.
    """
    lines = [f"### miglint: {escaped(headline(report))}", ""]
    pairs = _with_findings(report)
    if not view.verbose and not report.since:
        pairs = [(item, found) for item, found in pairs if found or False in item.verdict.values()]
    rows = [_pair(item, found) for item, found in pairs]
    shown = _fitting(rows[:_MAX_MIGRATIONS], _MAX_SIZE // 2)
    if rows:
        lines += [*_PAIRS_HEAD, *shown, "", *_more(len(rows) - len(shown), "migration")]
    room = _MAX_SIZE - sum(map(len, shown))
    if report.findings:
        rows = [_row(item) for item in worst_first(report.findings)]
        shown = _fitting(rows[:_MAX_FINDINGS], room)
        lines += ["| | location | rule | message |", "|---|---|---|---|", *shown, ""]
        lines += _more(len(rows) - len(shown), "finding")
    silenced = [escaped(words) for words in (report.hidden_words(), report.left_out_words()) if words]
    if silenced:
        lines += [". ".join(silenced), ""]
    return "\n".join(lines)


def _with_findings(report: Report) -> list[tuple[MigrationReport, list[Finding]]]:
    """Return the migrations, each with the findings of its scripts."""
    by_path: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        by_path[finding.path].append(finding)
    return [
        (item, [finding for path in (item.forward, item.rollback) if path for finding in by_path[path]])
        for item in report.migrations
    ]


def _fitting(rows: list[str], room: int) -> list[str]:
    """Return the first rows that fit into a number of characters."""
    ends = accumulate(len(row) + 1 for row in rows)
    return [row for row, end in zip(rows, ends, strict=True) if end <= room]


def _more(number: int, word: str) -> list[str]:
    return [f"{count_of(number, f'more {word}')} {'is' if number == 1 else 'are'} not shown.", ""] if number else []


def _row(item: Finding) -> str:
    place = code(f"{item.path}:{item.line}" if item.path else "miglint")
    return f"| {_MARKS[item.severity]} | {place} | {escaped(f'{item.code} {item.name}')} | {escaped(item.message)} |"


def _pair(item: MigrationReport, findings: list[Finding]) -> str:
    counts = Counter(finding.severity for finding in findings)
    found = ", ".join(count_of(counts[severity], word) for severity, word in _COUNTED if counts[severity])
    mark = _MARKS[max(counts)] if counts else _GOOD
    answers = " | ".join(_ANSWERS[answer] for answer in item.verdict.values())
    return f"| {mark} | {code(f'{item.version} {item.name}'.strip())} | {found or 'none'} | {answers} |"


def code(text: str) -> str:
    """Return text as code in a table cell."""
    return f"<code>{escaped(text)}</code>"


def escaped(text: str) -> str:
    """Escape text for a table cell: file content must not break the table or become markup or mentions."""
    return _MARKUP.sub(lambda found: f"&#{ord(found[0])};", " ".join(printable(text).split()))
