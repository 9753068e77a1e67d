"""The baseline of a check: hide accepted findings, accept all of them, remove fixed ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from miglint.base.model import SourceFile
from miglint.base.structs import replace
from miglint.cli.request import CheckArguments
from miglint.config.set_key import set_key
from miglint.config.settings import Settings
from miglint.linter import baseline as baselines
from miglint.linter.baseline import Accepted
from miglint.linter.baseline_comparison import BaselineComparison, Checked, compare, renewed
from miglint.linter.paths import checked_paths
from miglint.linter.relative_paths import RelativePaths
from miglint.report.value import Hidden, Report

_LISTED = 5


def checked_by(
    request: CheckArguments, settings: Settings, report: Report, sources: Mapping[str, SourceFile]
) -> Checked:
    """Return what a check looked at."""
    partial = request.since is not None or request.hook or request.stdin_filename is not None
    folders: tuple[str, ...] = ()
    if not partial:
        relative = RelativePaths(settings.root)
        given = checked_paths(settings, request.paths).paths
        folders = tuple(relative.path(Path(path).as_posix()) for path in given if Path(path).is_dir())
    return Checked(
        report,
        sources,
        settings,
        folders,
        whole=not partial and not request.paths,
        runs_on=_selection(settings),
        executed=request.dry_run is not None,
    )


def _selection(settings: Settings) -> Callable[[str, str], bool]:
    """Return a function that returns whether a rule is enabled for a file."""
    known: list[Callable[[str, str], bool]] = []

    def runs_on(code: str, path: str) -> bool:
        if not known:
            # Importing the rules takes longer than a cached run.
            from miglint.rules.selection import load_rules, select

            known.append(select(settings, load_rules(settings)).runs_on)
        return known[0](code, path)

    return runs_on


def without_accepted(path: str, checked: Checked, *, prune: bool) -> tuple[Report, tuple[str, ...]]:
    """Return the report without the accepted findings, and notes with their numbers; with `prune`, update the file."""
    file = baselines.shown(path)
    baseline = baselines.read(path, checked.settings)
    compared = compare(baseline, checked)
    notes = []
    hidden = len(compared.known) + len(compared.uncovered)
    if hidden:
        more = f", {len(compared.uncovered)} of them revealed by a fix" if compared.uncovered else ""
        notes.append(f"{_count(hidden)} hidden by the baseline {file}{more}")
    if prune:
        if compared.fixed or compared.uncovered:
            baselines.write(path, renewed(baseline, checked, compared, with_new=False))
        removed = f"{_count(len(compared.fixed), 'fixed finding')} removed from {file}"
        notes.append(removed if compared.fixed else f"{file} has no fixed findings")
    elif compared.fixed:
        notes.append(f"{_fixed(compared)}, no longer found; remove from {file} with --prune")
    counts = tuple(Hidden("baseline", "", hidden) for _ in range(hidden > 0))
    report = checked.report
    wanted = set(map(id, compared.new))
    kept = tuple(item for item in report.findings if id(item) in wanted)
    return replace(report, findings=kept, hidden=report.hidden + counts), tuple(notes)


def accept_all(path: str, checked: Checked, *, configure: bool) -> Iterator[str]:
    """Write all findings to the baseline; those that the check did not look at stay. Yields messages."""
    settings = checked.settings
    before = baselines.read_before_write(path, settings)
    compared = compare(before, checked)
    baselines.write(path, renewed(before, checked, compared, with_new=True))
    yield f"{_count(len(checked.report.findings))} written to {baselines.shown(path)}"
    if compared.elsewhere:
        yield f"{_count(len(compared.elsewhere))} of files and rules that were not checked kept"
    if compared.fixed:
        yield f"{_fixed(compared)}, no longer found and removed"
    if settings.baseline is not None and settings.at(settings.baseline) == str(Path(path).absolute()):
        return
    inside = RelativePaths(settings.root).path(Path(path).as_posix())
    if configure and settings.baseline is None:
        yield f'`baseline = "{inside}"` added to {set_key(settings, "baseline", inside)}'
    elif configure:
        yield f'{settings.place("baseline")}`baseline` is set to "{settings.baseline}" and was not changed'
    else:
        use = "add it with --write-baseline --configure, or use --baseline"
        yield f'`baseline = "{inside}"` is not set in the configuration, so this file is not used: {use}'


def _fixed(compared: BaselineComparison) -> str:
    listed = "; ".join(_named(item) for item in compared.fixed[:_LISTED])
    more = f"; and {len(compared.fixed) - _LISTED} more" if len(compared.fixed) > _LISTED else ""
    return f"{_count(len(compared.fixed), 'accepted finding')} fixed ({listed}{more})"


def _named(item: Accepted) -> str:
    return f"{item.code} in {item.path}"


def _count(number: int, word: str = "finding") -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
