"""`--format text`: findings, dry run results, verdicts (with `--verbose`) and a summary."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.inert import inert, one_line
from miglint.report.ansi import SEQUENCES, fit, paint, wide
from miglint.report.grouping import finding_groups, wrapped
from miglint.report.value import MigrationReport, Report
from miglint.report.view import DisplayOptions

_VERDICTS = {
    "forward_idempotent": "forward twice",
    "rollback_idempotent": "rollback twice",
    "rows_stable": "rows stable",
    "symmetric": "symmetric",
    "sqlite_compatible": "sqlite",
}
_ANSWERS = {True: "yes", False: "no", None: "?"}


def render(report: Report, view: DisplayOptions) -> str:
    """Return the report as text; terminal control characters from files and servers are escaped."""
    return inert(_rendered(report, view), SEQUENCES if view.color else ())


def _rendered(report: Report, view: DisplayOptions) -> str:
    found, cut = _findings(report, view)
    parts = [found] if found else []
    if any(item.executions for item in report.migrations) and not view.quiet:
        # Most runs have no dry run, so its module is imported on demand.
        from miglint.report.execution import lines

        parts.append("".join(f"{line}\n" for line in lines(report.migrations, view)))
    if view.verbose and report.migrations:
        parts.append("".join(f"{line}\n" for line in _verdicts(report.migrations, view)))
    if not view.quiet:
        parts.append("".join(f"{line}\n" for line in _summary(report, view)))
        if cut:
            parts[-1] += paint("dim", "use --verbose for full details", view) + "\n"
    return "\n".join(parts)


def _findings(report: Report, view: DisplayOptions) -> tuple[str, bool]:
    """Return the findings, with groups of several lines set off by empty lines, and whether any is on one line."""
    migrations = {
        path: number for number, item in enumerate(report.migrations) for path in (item.forward, item.rollback) if path
    }
    parts: list[str] = []
    alone = cut = False
    for lines in finding_groups(report.findings, migrations, view):
        if parts and (alone or len(lines) > 1):
            parts.append("")
        alone = len(lines) > 1
        cut = cut or not alone
        parts += lines
    return "".join(f"{line}\n" for line in parts), cut


def _verdicts(migrations: tuple[MigrationReport, ...], view: DisplayOptions) -> Iterator[str]:
    """Yield a table of the verdicts, followed by the reasons for unknown ones."""
    rows = [(item, one_line(f"{item.version} {item.name}".strip())) for item in migrations]
    longest = max(len("migration"), min(48, max(wide(label) for _, label in rows)))
    heads = "  ".join(_VERDICTS.values())
    yield paint("bold", f"{'migration':<{longest}}  dialect   {heads}", view)
    for item, label in rows:
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


def _cell(answer: bool | None, width: int, view: DisplayOptions) -> str:
    style = {True: "good", False: "bad", None: "dim"}[answer]
    text = _ANSWERS[answer]
    return paint(style, text, view) + " " * (width - len(text))


def count_of(number: int, word: str) -> str:
    """Return a number with its noun, in the plural unless it is 1."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _summary(report: Report, view: DisplayOptions) -> Iterator[str]:
    scope = f"{count_of(len(report.migrations), 'migration')}, {count_of(report.files, 'file')}, {report.elapsed_ms} ms"
    if view.verbose and report.findings:
        yield paint("bold", "findings by rule", view)
        for code, name, number in report.rules():
            yield f"{number:>8,}  {code} {name}"
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
    else:
        yield "no migrations found"
    yield from filter(None, (report.hidden_words(), report.left_out_words()))
