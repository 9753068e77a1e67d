"""Run `miglint check`: the check itself, then report, baseline, cache and exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import TYPE_CHECKING

from miglint.base.errors import UsageError
from miglint.base.structs import replace
from miglint.cache.command_output import CachedInvocation, CachedOutput, split_at
from miglint.cli.notes import note
from miglint.cli.output import add_step_summary, checkout_prefix, progress, wants_color, width, write, write_parts
from miglint.cli.request import CheckArguments
from miglint.cli.standard_input import standard_input
from miglint.cli.trust import load_trusted
from miglint.config.settings import (
    DEFAULT_BASELINE,
    DEFAULT_PATHS,
    SEVERITIES,
    PerPath,
    Settings,
    overlooked,
    parse_targets,
)
from miglint.linter.paths import CheckedPaths, checked_paths, nearest_words, program_words
from miglint.linter.paths import shown as shown_paths
from miglint.linter.run import Job, Outcome, check
from miglint.report import DESCRIBING, WITHOUT_VERDICTS, render, render_parts
from miglint.report.value import Report
from miglint.report.view import UNLIMITED, DisplayOptions

if TYPE_CHECKING:
    from miglint.discovery.git import Since


def _since(request: CheckArguments) -> Since | None:
    if request.since is None:
        return None
    from miglint.discovery.git import changes_since

    return changes_since(request.since)


def run_check(request: CheckArguments, question: CachedInvocation | None) -> int:
    """Run a check, print the report and return the exit status; the output is stored in `question`.

    Raises `MiglintError` if the check cannot be run.
    """
    question = None if request.dry_run is not None else question
    started = question.started if question is not None else perf_counter()
    settings = settings_of(request)
    since = _since(request)
    paths, restrictions = request.paths, _restrictions(request, None if since is None else since.touched)
    if request.hook:
        if not restrictions[-1]:
            return 0
        paths = _paths_for(settings, restrictions[-1])
    folders = _folders(settings, paths, request)
    if folders.searched and question is not None:
        # A folder that appears anywhere in the project would change the output.
        question = None
    baseline = _baseline_path(settings, request)
    unused, searched = (None, ()) if _is_config_chosen(request) else overlooked(settings, paths)
    outcome = _run(
        Job(
            settings,
            folders.paths,
            None if request.stdin_filename is None else standard_input(),
            not request.no_cache,
            question=question,
            extra=searched if baseline is None else (baseline, *searched),
            dry_run=request.dry_run,
            report_only=restrictions[-1] if restrictions else None,
            branch=None if since is None else since.base,
            verdicts=_prints_verdicts(request, settings),
        )
    )
    report = _restricted(outcome.report, request, restrictions)
    empty = not outcome.report.migrations and _should_hold_some(request, restrictions)
    if empty and (request.write_baseline or request.prune):
        raise UsageError(_nothing_found(settings, paths, report))
    notes: tuple[str, ...] = ()
    if baseline is not None:
        # Most runs have no baseline.
        from miglint.cli.accepted import accept_all, checked_by, without_accepted

        checked = checked_by(request, settings, report, outcome.sources)
        if request.write_baseline:
            for text in accept_all(baseline, checked, configure=request.configure):
                note(text)
            return 0
        report, notes = without_accepted(baseline, checked, prune=request.prune)
    notes = (*_searched_note(folders), *notes, *_unused_note(unused), *_since_note(since))
    output, summary = _rendered(request, settings, outcome, report, notes)
    write_parts(output.parts(round((perf_counter() - started) * 1000)), request.output)
    for text in output.notes:
        note(text)
    if empty:
        raise UsageError(_nothing_found(settings, paths, report))
    if summary is not None:
        add_step_summary(summary)
    elif question is not None:
        question.keep(output)
    return output.status


def _prints_verdicts(request: CheckArguments, settings: Settings) -> bool:
    formats = {_format(request, settings), *(name for name, _ in request.report)}
    return request.verbose or not formats <= WITHOUT_VERDICTS


def _format(request: CheckArguments, settings: Settings) -> str:
    return request.format_ or ("text" if request.statistics else settings.format) or "text"


def _searched_note(folders: CheckedPaths) -> Iterator[str]:
    if folders.searched:
        shown = shown_paths(folders.paths)
        yield f"no `paths` configured: checking {shown}; `miglint init` writes a configuration"


def _since_note(since: Since | None) -> Iterator[str]:
    if since is not None and since.note:
        yield since.note


def _unused_note(unused: str | None) -> Iterator[str]:
    if unused is not None:
        yield f"{unused} is not used: configuration is searched from the working directory upward; use `--config`"


def _folders(settings: Settings, paths: tuple[str, ...], request: CheckArguments) -> CheckedPaths:
    if request.stdin_filename is not None:
        return CheckedPaths((request.stdin_filename,))
    return checked_paths(settings, paths)


def _restrictions(request: CheckArguments, since: frozenset[str] | None) -> tuple[frozenset[str], ...]:
    """Return the sets of files that `--since` and `--hook`, in this order, restrict the report to."""
    restrictions = [] if since is None else [since]
    if request.hook:
        from miglint.cli.hook import changed_files

        restrictions.append(changed_files(request.paths))
    return tuple(restrictions)


def _restricted(report: Report, request: CheckArguments, restrictions: tuple[frozenset[str], ...]) -> Report:
    looked_at = len(report.migrations)
    for changed in restrictions:
        report = report.of_paths(changed)
    return report if request.since is None else replace(report, since=request.since, looked_at=looked_at)


def _paths_for(settings: Settings, changed: frozenset[str]) -> tuple[str, ...]:
    from miglint.cli.hook import paths_for_changes

    return paths_for_changes(settings, changed)


def _is_config_chosen(request: CheckArguments) -> bool:
    return request.config is not None or request.isolated or request.config_from is not None


def _should_hold_some(request: CheckArguments, restrictions: tuple[frozenset[str], ...]) -> bool:
    """Return whether a check without migrations is an error: the paths or settings may be wrong."""
    if request.allow_empty or request.hook or request.stdin_filename is not None:
        return False
    return all(restrictions)


def _nothing_found(settings: Settings, paths: tuple[str, ...], report: Report) -> str:
    tried = paths or settings.paths or (DEFAULT_PATHS[0],)
    place = settings.place_of_path(settings.paths[0]) if settings.paths and not paths else ""
    near = "" if report.left_out else nearest_words(settings, tried[0])
    why = "".join(f"; {number} left out: {reason}" for reason, number in report.left_out)
    why += program_words(settings.root)
    return f"{place}no migrations found in {', '.join(tried)}{why}{near}; use --allow-empty to allow this"


def _rendered(
    request: CheckArguments, settings: Settings, outcome: Outcome, report: Report, notes: Sequence[str]
) -> tuple[CachedOutput, str | None]:
    """Return the output, and the summary of a GitHub step, which only the format `github` has.

    Writes the reports of `--report`.
    """
    format_ = _format(request, settings)
    formats = {format_, *(name for name, _ in request.report)}
    if formats.isdisjoint(DESCRIBING):
        rules = {}
    else:
        # Importing the rules takes longer than a cached run.
        from miglint.linter.descriptions import descriptions

        rules = descriptions(settings)
    view = DisplayOptions(
        outcome.sources,
        _colored(request.color, request.output),
        request.verbose,
        request.quiet,
        width() if request.output is None else UNLIMITED,
        checkout_prefix(),
        rules,
        None if request.exit_zero else settings.fail_on,
        request.statistics,
        request.sort,
    )
    texts = None
    if outcome.texts is not None and format_ == "text" and report is outcome.report:
        texts = outcome.texts.of_form(repr((view.color, view.width, view.verbose)))
    for name, path in request.report:
        write(render(name, report, replace(view, color=False, width=UNLIMITED, statistics=False)), path)
    output = _output(request, format_, settings, report, notes, replace(view, known=texts))
    if texts is not None:
        texts.save()
    return output, render("markdown", report, view) if format_ == "github" else None


def _output(
    request: CheckArguments,
    format_: str,
    settings: Settings,
    report: Report,
    more_notes: Sequence[str],
    view: DisplayOptions,
) -> CachedOutput:
    """Return the output and the exit status."""
    # The elapsed time is inserted last; a random number serves as its placeholder until then.
    mark = int.from_bytes(os.urandom(7))
    body = [*split_at(render_parts(format_, replace(report, elapsed_ms=mark), view), str(mark))]
    notes = [*report.notes, *more_notes]
    if format_ == "concise":
        # The output consists of findings only.
        notes += filter(None, (report.hidden_words(), report.left_out_words()))
    if format_ == "text":
        # In the text format, a note that repeats a finding is omitted.
        notes = [text for text in notes if not _is_reported(text, report)]
    worst = report.worst()
    failed = worst is not None and worst >= settings.fail_on and not request.exit_zero
    return CachedOutput(body, [] if request.quiet else notes, request.output, 1 if failed else 0)


def _is_reported(text: str, report: Report) -> bool:
    return any(text == f"{item.path}: {item.message}" for item in report.findings if text.startswith(item.path))


def settings_of(request: CheckArguments) -> Settings:
    """Return the settings with the command line: `--select` replaces, the other lists are appended."""
    settings = load_trusted(
        request.config,
        isolated=request.isolated,
        config_from=request.config_from,
        no_own_rules=request.no_own_rules,
        no_suppressions=request.no_suppressions,
        baseline=request.baseline,
    )
    given = {"select": request.select, "ignore": request.ignore, "extend-select": request.extend_select}
    given["layout"] = () if request.layout is None else (request.layout,)
    return replace(
        settings,
        dialect=request.dialect or settings.dialect,
        per_path=_without_dialects(settings) if request.dialect else settings.per_path,
        layout=request.layout or settings.layout,
        select=request.select or settings.select,
        ignore=settings.ignore + request.ignore,
        extend_select=settings.extend_select + request.extend_select,
        # Without any, these are the settings of the file, under which `init` has stored its report.
        given={name: values for name, values in given.items() if values},
        targets={**settings.targets, **parse_targets(request.target)},
        fail_on=SEVERITIES[request.fail_on] if request.fail_on else settings.fail_on,
    )


def _without_dialects(settings: Settings) -> tuple[PerPath, ...]:
    return tuple(replace(item, dialect=None) for item in settings.per_path)


def _run(job: Job) -> Outcome:
    shown = progress()
    try:
        return check(replace(job, progress=shown))
    finally:
        if shown is not None:
            shown.end()


def _baseline_path(settings: Settings, request: CheckArguments) -> str | None:
    """Return the path of the baseline: as given, as configured, or the default if one is to be written."""
    if request.no_baseline:
        return None
    if request.baseline is None and settings.baseline is None:
        if request.prune:
            raise UsageError("--prune: no baseline is configured; specify one with --baseline FILE")
        return settings.at(DEFAULT_BASELINE) if request.write_baseline else None
    return request.baseline or settings.at(settings.baseline or "")


def _colored(choice: str, output: str | None) -> bool:
    return (choice == "always") if output is not None else wants_color(choice, sys.stdout)
