"""Run `miglint fix`: which fixes are wanted, the rounds, then the files and the exit status."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from miglint.base.atomic_write import write_file
from miglint.base.errors import UsageError
from miglint.base.findings import Finding
from miglint.base.structs import Struct, replace
from miglint.cli.fix_output import left_alone, listed, print_diff, summary
from miglint.cli.notes import note
from miglint.cli.output import progress, wants_color
from miglint.cli.request import CheckArguments
from miglint.cli.run_check import settings_of
from miglint.cli.standard_input import standard_input
from miglint.config.settings import Settings
from miglint.discovery import discover
from miglint.fixes.files import StoredTexts
from miglint.fixes.rounds import Check, fix_all
from miglint.fixes.wanted import NotApplied, WantedFixes
from miglint.linter.paths import checked_paths, discovery_options
from miglint.linter.run import Job, check
from miglint.report.value import Report


class FixArguments(Struct, frozen=True, kw_only=True):
    """The options of `fix` that `check` does not have."""

    diff: bool = False
    unsafe_fixes: bool = False
    show_fixes: bool = False
    edit_applied: bool = False


def _print_text(name: str, text: str | None, stored: StoredTexts) -> None:
    """Print the fixed text of standard input; None: the text is unchanged."""
    sys.stdout.buffer.write(stored.data if text is None else stored.encoded(name, text))
    sys.stdout.flush()


def fix_files(request: CheckArguments, arguments: FixArguments) -> int:
    """Fix files, print what was done, and return the exit status. Raises `MiglintError`."""
    if request.stdin_filename is not None and request.paths:
        raise UsageError("--stdin-filename cannot be combined with paths")
    settings = _unfolded(settings_of(request), request)
    main = None if arguments.edit_applied or request.stdin_filename is not None else _main_branch(request)
    choice = _choice(request, arguments, settings, main)
    stored = StoredTexts(None if request.stdin_filename is None else standard_input())

    def wanted(finding: Finding, new: bool) -> bool:
        if new:
            return choice.refusal(finding) is None
        return choice.wants(finding) and stored.is_text(finding.path) and _is_here(finding, request.stdin_filename)

    job = _job(settings, request, stored)
    fixed = fix_all(_checker(job, stored), stored.text, wanted)
    changed = {path: text for path, text in fixed.texts.items() if text != stored.text(path)}
    if arguments.diff:
        old = {path: stored.text(path) for path in changed}
        print_diff(old, {**changed, **fixed.creates}, color=wants_color(request.color, sys.stdout))
    elif request.stdin_filename is not None:
        _print_text(request.stdin_filename, next(iter(changed.values()), None), stored)
    else:
        _write(changed, fixed.creates, stored)
    left = tuple(filter(choice.concerns, fixed.last.findings))
    if not request.quiet:
        applied = sum(choice.refusal(item) is NotApplied.APPLIED for item in left)
        lines = [
            *summary(fixed, left, choice, "would fix" if arguments.diff else "fixed"),
            *([left_alone(applied, main, _tools(job))] if applied else []),
            *(listed(fixed.applied) if arguments.show_fixes else ()),
        ]
        for line in lines:
            note(line)
    if arguments.diff:
        return 1 if changed or fixed.creates else 0
    worst = max((item.severity for item in left), default=None)
    return 1 if worst is not None and worst >= settings.fail_on and not request.exit_zero else 0


def _is_here(finding: Finding, name: str | None) -> bool:
    """Return whether a fix stays in the one file that standard input is, where it is (`name`)."""
    if name is None or finding.fix is None:
        return True
    return (
        not finding.fix.creates
        and all((edit.path or finding.path) == finding.path for edit in finding.fix.edits)
        and (Path(finding.path) == Path(name))
    )


def _main_branch(request: CheckArguments) -> str | None:
    from miglint.discovery.git import main_branch

    return request.since or main_branch()


def _choice(request: CheckArguments, arguments: FixArguments, settings: Settings, main: str | None) -> WantedFixes:
    changed, applied = None, frozenset[str]()
    if request.since is not None or main is not None:
        from miglint.discovery.git import Snapshot, touched_since

        changed = touched_since(request.since) if request.since is not None else None
        applied = Snapshot(main, "--since").paths() if main is not None else applied
    return WantedFixes(arguments.unsafe_fixes, settings.idempotency == "required", changed, applied)


def _unfolded(settings: Settings, request: CheckArguments) -> Settings:
    """Return the settings under which each statement that cannot run twice has a finding, if IDM is selected."""
    if any(name.startswith("IDM") for name in (*request.select, *request.extend_select)):
        return replace(settings, idempotency="required")
    return settings


def _job(settings: Settings, request: CheckArguments, stored: StoredTexts) -> Job:
    name = request.stdin_filename
    return Job(settings, (name,) if name is not None else checked_paths(settings, request.paths).paths, stored.given)


def _checker(job: Job, stored: StoredTexts) -> Check:
    def checked(texts: Mapping[str, str], only: frozenset[str] | None) -> Report:
        if job.text is not None and texts:
            return check(replace(job, text=stored.encoded(job.paths[0], next(iter(texts.values()))))).report
        shown = progress()
        try:
            return check(replace(job, progress=shown, texts=texts, report_only=only)).report
        finally:
            if shown is not None:
                shown.end()

    return checked


def _tools(job: Job) -> set[str]:
    """Return the tools that may run the migrations."""
    found = discover(job.paths, options=discovery_options(job.settings))
    return {name for history in found.histories for name in history.tools or (history.layout,)}


def _write(changed: Mapping[str, str], creates: Mapping[str, str], stored: StoredTexts) -> None:
    for path in creates:
        if Path(path).exists():
            raise UsageError(f"{path}: exists already and is not overwritten")
    for path, text in {**changed, **creates}.items():
        try:
            write_file(Path(path), stored.encoded(path, text))
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from None
