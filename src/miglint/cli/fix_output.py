"""What `miglint fix` prints: the changes, and what was done."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

import click

from miglint.base.findings import Finding, Fix, Severity
from miglint.base.inert import one_line
from miglint.discovery.tools import WITH_CHECKSUMS
from miglint.fixes.comparison import RuleInFile
from miglint.fixes.rounds import Fixed
from miglint.fixes.wanted import NotApplied, WantedFixes
from miglint.report.headline import count_of

# One round for what is found, one for what that uncovers, and one for what both leave.
_FEW_ROUNDS = 3
_SEVERITIES = ((Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.INFO, "info"))


def print_diff(old: Mapping[str, str], new: Mapping[str, str], *, color: bool) -> None:
    """Print the changes from old texts to new ones, by path, as a unified diff; a file without an old text is new."""
    for path, text in sorted(new.items()):
        before = old.get(path)
        name = "/dev/null" if before is None else path
        for line in difflib.unified_diff((before or "").splitlines(True), text.splitlines(True), name, path):
            shown = one_line(line.rstrip("\r\n"))
            click.secho(shown, fg={"+": "green", "-": "red"}.get(line[:1]) if color else None, color=color)
            if not line.endswith("\n"):
                click.echo("\\ No newline at end of file")


def summary(fixed: Fixed, left: tuple[Finding, ...], choice: WantedFixes, done: str) -> Iterator[str]:
    """Yield what was done (`fixed` or `would fix`), what was not and why, and how many findings are left, in lines."""
    if fixed.applied:
        files = count_of(len(fixed.texts) + len(fixed.creates), "file")
        yield f"{done} {count_of(fixed.gone, 'finding')} in {files}"
    else:
        yield "nothing to fix" if not left else "no fix to apply"
    refused = Counter(map(choice.refusal, left))
    if refused[NotApplied.UNSAFE]:
        yield f"{refused[NotApplied.UNSAFE]:,} more fixable with --unsafe-fixes"
    if refused[NotApplied.ONLY_A_RERUN]:
        scripts = count_of(refused[NotApplied.ONLY_A_RERUN], "script")
        yield f"{scripts} cannot run twice, and the migration tool never does so; --select IDM fixes them, too"
    yield from _withheld(fixed.withheld)
    if fixed.rounds > _FEW_ROUNDS:
        yield f"this took {fixed.rounds} rounds, since fixes led to others; --show-fixes lists them"
    counts = Counter(item.severity for item in left)
    words = [count_of(counts[item], word) for item, word in _SEVERITIES if counts[item]]
    if words:
        yield f"left: {', '.join(words)}"


def left_alone(number: int, main: str | None, tools: Collection[str]) -> str:
    """Return the note about findings in files that the main branch has, which `tools` run."""
    keeps = sorted(WITH_CHECKSUMS.intersection(tools))
    if keeps:
        why = f"{', '.join(keeps)} compares checksums and refuses an edited migration that has run"
    else:
        why = "a migration that has run is not run again"
    return f"{count_of(number, 'finding')} not fixed in files that {main} has: {why}; use --edit-applied to edit them"


def listed(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield a line for each fix."""
    for item in sorted(findings, key=lambda item: (item.path, item.line, item.code)):
        if item.fix is not None:
            unsafe = "" if item.fix.safe else f" (unsafe: {item.fix.reason})"
            yield f"{item.path}:{item.line}: {item.code} {item.fix.title}{unsafe}{_elsewhere(item, item.fix)}"


def _elsewhere(finding: Finding, fix: Fix) -> str:
    """Return the other files that a fix edits and creates, as the end of a line."""
    edited = sorted({edit.path for edit in fix.edits if edit.path is not None} - {finding.path})
    parts = ("edits", edited), ("creates", [new.path for new in fix.creates])
    return "".join(f"; {verb} {', '.join(paths)}" for verb, paths in parts if paths)


def _withheld(withheld: Mapping[RuleInFile, str]) -> Iterator[str]:
    by_file: dict[tuple[str, str], list[str]] = {}
    for target, why in sorted(withheld.items()):
        by_file.setdefault((target.path, why), []).append(target.code)
    for (path, why), codes in by_file.items():
        yield f"{path}: {', '.join(codes)} not fixed: {why}"
