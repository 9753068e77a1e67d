"""`miglint fix`."""

from __future__ import annotations

import difflib
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from miglint.base.atomic_write import write_file
from miglint.base.errors import UsageError
from miglint.base.findings import Finding, Severity
from miglint.base.inert import inert, one_line
from miglint.base.structs import Struct, replace
from miglint.cli.check import split_rules
from miglint.cli.dialects import DialectType
from miglint.cli.output import note, progress, wants_color
from miglint.cli.request import COLORS, CheckArguments
from miglint.cli.run_check import settings_of
from miglint.cli.standard_input import standard_input
from miglint.cli.trust_options import trust_options
from miglint.config.settings import Settings
from miglint.discovery.tools import WITH_CHECKSUMS
from miglint.fixes.files import StoredTexts
from miglint.fixes.rounds import MOST_ROUNDS, Check, Fixed, Target, fix_all
from miglint.linter.paths import checked_paths
from miglint.linter.run import Job, check
from miglint.report.headline import count_of
from miglint.report.value import Report

_EXAMPLES = (
    ("miglint fix --diff", "show what would change; exit with 1 if anything would"),
    ("miglint fix --since main", "only migrations that the branch has added"),
    ("miglint fix --select IDM --unsafe-fixes", "make every script repeatable"),
)


class _FixCommand(click.Command):
    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command does, and examples."""
        super().format_help_text(ctx, formatter)
        with formatter.section("Examples"):
            formatter.write_dl(list(_EXAMPLES))


class FixArguments(Struct, frozen=True, kw_only=True):
    """The options of `fix` that `check` does not have."""

    diff: bool = False
    unsafe_fixes: bool = False
    show_fixes: bool = False
    edit_applied: bool = False


@click.command("fix", cls=_FixCommand)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--diff", is_flag=True, help="Print the changes and write nothing.")
@click.option("--unsafe-fixes", is_flag=True, help="Apply fixes too whose reason to be unsafe you have read.")
@click.option("--show-fixes", is_flag=True, help="List the applied fixes.")
@click.option("--edit-applied", is_flag=True, help="Edit migrations too that the main branch already has.")
@click.option("--select", multiple=True, metavar="RULES", callback=split_rules, help="Fix only these.")
@click.option("--ignore", multiple=True, metavar="RULES", callback=split_rules, help="Do not fix these.")
@click.option("--extend-select", multiple=True, metavar="RULES", callback=split_rules, help="Enable these in addition.")
@click.option("--since", metavar="REF", help="Only migrations changed since a git revision.")
@click.option("--dialect", type=DialectType(), metavar="NAME", help="Dialect of files that do not specify one.")
@click.option("--layout", metavar="NAME", help="Layout of the files (default: auto-detected).")
@click.option("--target", multiple=True, metavar="ENGINE>=N", help="Oldest version to support: postgres>=14.")
@click.option("--stdin-filename", metavar="NAME", help="Fix one script from standard input, treated as file NAME.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if findings are left.")
@click.option("--config", metavar="FILE", help="Configuration file (default: the nearest one).")
@trust_options
@click.option("--quiet", "-q", is_flag=True, help="Print only errors.")
@click.option("--color", type=click.Choice(list(COLORS)), default="auto", show_default=True, help="Use color.")
def command(
    *,
    diff: bool,
    unsafe_fixes: bool,
    show_fixes: bool,
    edit_applied: bool,
    **given: Any,
) -> int:
    """Fix what `check` finds, where a fix is known.

    Only safe fixes are applied: the first run of a script leaves the same schema and rows as before. Files that the
    main branch has are left alone: they may have run already. Exit status: 0 no finding at or above --fail-on is left,
    1 some are (with --diff: something would change), 2 usage, configuration or input errors.
    """
    arguments = FixArguments(diff=diff, unsafe_fixes=unsafe_fixes, show_fixes=show_fixes, edit_applied=edit_applied)
    return run_fix(CheckArguments(**given), arguments)


def run_fix(request: CheckArguments, arguments: FixArguments) -> int:
    """Fix files, print what was done, and return the exit status. Raises `MiglintError`."""
    if request.stdin_filename is not None and request.paths:
        raise UsageError("--stdin-filename cannot be combined with paths")
    settings = _unfolded(settings_of(request), request)
    choice = _Choice(request, arguments, settings)
    stored = StoredTexts(None if request.stdin_filename is None else standard_input())
    fixed = fix_all(_checker(settings, request, stored), stored.text, choice.wants)
    changed = {path: text for path, text in fixed.texts.items() if text != stored.text(path)}
    if request.stdin_filename is not None and not arguments.diff:
        text = next(iter(changed.values()), None)
        sys.stdout.buffer.write(stored.data if text is None else stored.encoded(request.stdin_filename, text))
        sys.stdout.flush()
    elif arguments.diff:
        _print_diff(changed, fixed.creates, stored, color=wants_color(request.color, sys.stdout))
    else:
        _write(changed, fixed.creates, stored)
    if not request.quiet:
        for line in _summary(fixed, choice, arguments, len(changed) + len(fixed.creates)):
            note(line) if request.stdin_filename is not None or arguments.diff else _say(line)
    if arguments.diff:
        return 1 if changed or fixed.creates else 0
    worst = _of(fixed.last, choice).worst()
    return 1 if worst is not None and worst >= settings.fail_on and not request.exit_zero else 0


def _unfolded(settings: Settings, request: CheckArguments) -> Settings:
    """Return the settings under which each statement that cannot run twice has a finding, if IDM is asked for."""
    if any(name.startswith("IDM") for name in (*request.select, *request.extend_select)):
        return replace(settings, idempotency="required")
    return settings


def _checker(settings: Settings, request: CheckArguments, stored: StoredTexts) -> Check:
    name = request.stdin_filename
    job = Job(settings, (name,) if name is not None else checked_paths(settings, request.paths).paths, stored.given)

    def checked(texts: Mapping[str, str], only: frozenset[str] | None) -> Report:
        if name is not None and texts:
            return check(replace(job, text=stored.encoded(name, next(iter(texts.values()))))).report
        shown = progress()
        try:
            return check(replace(job, progress=shown, texts=texts, report_only=only)).report
        finally:
            if shown is not None:
                shown.end()

    return checked


class _Choice:
    """Which fixes are applied, and how many are not, by reason."""

    def __init__(self, request: CheckArguments, arguments: FixArguments, settings: Settings) -> None:
        self._arguments = arguments
        self._required = settings.idempotency == "required"
        self._touched: frozenset[str] | None = None
        self._on_main: frozenset[str] = frozenset()
        self.main: str | None = None
        if request.since is not None:
            from miglint.discovery.git import touched_since

            self._touched = touched_since(request.since)
        if not arguments.edit_applied and request.stdin_filename is None:
            from miglint.discovery.git import Snapshot, main_branch

            self.main = request.since or main_branch()
            self._on_main = Snapshot(self.main, "--since").paths() if self.main is not None else frozenset()

    def concerns(self, finding: Finding) -> bool:
        """Return whether a finding is one that was asked about."""
        return self._touched is None or finding.path in self._touched

    def refusal(self, finding: Finding) -> str | None:
        """Return why the fix of a finding is not applied, or None."""
        if finding.fix is None:
            return "no fix"
        if finding.severity is Severity.INFO and finding.code.startswith("IDM") and not self._required:
            return "rerun"
        if finding.fix.reason is not None and not self._arguments.unsafe_fixes:
            return "unsafe"
        files = {finding.path, *(edit.path for edit in finding.fix.edits if edit.path is not None)}
        if not self._on_main.isdisjoint(files):
            return "applied"
        return None

    def wants(self, finding: Finding) -> bool:
        """Return whether to apply the fix of a finding."""
        return self.concerns(finding) and self.refusal(finding) is None


def _of(report: Report, choice: _Choice) -> Report:
    return replace(report, findings=tuple(filter(choice.concerns, report.findings)))


def _write(changed: Mapping[str, str], creates: Mapping[str, str], stored: StoredTexts) -> None:
    for path in creates:
        if Path(path).exists():
            raise UsageError(f"{path}: exists already and is not overwritten")
    for path, text in {**changed, **creates}.items():
        try:
            write_file(Path(path), stored.encoded(path, text))
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from None


def _print_diff(changed: Mapping[str, str], creates: Mapping[str, str], stored: StoredTexts, *, color: bool) -> None:
    for path, text in sorted({**changed, **creates}.items()):
        old = stored.text(path) if path in changed else ""
        before = path if path in changed else "/dev/null"
        lines = difflib.unified_diff(old.splitlines(True), text.splitlines(True), before, path)
        for line in lines:
            whole = line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            _say(whole.rstrip("\n"), style={"+": "green", "-": "red"}.get(line[:1]) if color else None)


def _summary(fixed: Fixed, choice: _Choice, arguments: FixArguments, files: int) -> Iterator[str]:
    done = "would fix" if arguments.diff else "fixed"
    if fixed.applied:
        yield f"{done} {count_of(len(fixed.applied), 'finding')} in {count_of(files, 'file')}"
    else:
        yield "nothing to fix" if not fixed.first.findings else "no finding has a fix to apply"
    if arguments.show_fixes:
        yield from _listed(fixed.applied)
    left = _of(fixed.last, choice).findings
    refused = Counter(choice.refusal(item) for item in left)
    if refused["unsafe"]:
        yield f"{refused['unsafe']:,} more fixable with --unsafe-fixes"
    if refused["applied"]:
        yield f"{refused['applied']:,} not fixed in files that {choice.main} has: {_applied_words(fixed)}"
    if refused["rerun"]:
        yield (
            f"{count_of(refused['rerun'], 'script')} left that cannot run twice, which the runner makes impossible: "
            "use --select IDM"
        )
    yield from _withheld(fixed.withheld)
    if fixed.rounds == MOST_ROUNDS:
        yield f"stopped after {MOST_ROUNDS} rounds: run it again"
    if left:
        counts = Counter(item.severity for item in left)
        words = [
            count_of(counts[severity], word)
            for severity, word in ((Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.INFO, "info"))
            if counts[severity]
        ]
        yield f"left: {', '.join(words)}"


def _withheld(withheld: Mapping[Target, str]) -> Iterator[str]:
    by_file: dict[tuple[str, str], list[str]] = {}
    for target, why in sorted(withheld.items()):
        by_file.setdefault((target.path, why), []).append(target.code)
    for (path, why), codes in by_file.items():
        yield f"{path}: {', '.join(codes)} not fixed: {why}"


def _applied_words(fixed: Fixed) -> str:
    tools = sorted({item.history for item in fixed.first.migrations} & WITH_CHECKSUMS)
    keeps = f"{', '.join(tools)} compares checksums and refuses" if tools else "tools that keep checksums refuse"
    return f"{keeps} an edited migration, others do not run it again; use --edit-applied"


def _listed(findings: Iterable[Finding]) -> Iterator[str]:
    for item in sorted(findings, key=lambda item: (item.path, item.line, item.code)):
        assert item.fix is not None
        yield f"  {item.path}:{item.line}: {item.code} {item.fix.title}"


def _say(text: str, style: str | None = None) -> None:
    click.secho(inert(text) if style is None else one_line(text), fg=style)
