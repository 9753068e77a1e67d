"""`miglint check`."""

from __future__ import annotations

import os
import sys
from functools import partial
from time import perf_counter
from typing import Any

import click

from miglint import baseline as baselines
from miglint.answers import Answer, Question
from miglint.check import Job, Outcome, check
from miglint.cli.dry_run import DryRunCommand, dry_run_options, options_of
from miglint.cli.output import add_step_summary, checkout_prefix, note, progress, wants_color, width, write
from miglint.config import DIALECTS, SEVERITIES, Settings, load, parse_targets
from miglint.report import FORMATS, render
from miglint.report.view import View
from miglint.values import replace


def _split(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


_rules = partial(click.option, multiple=True, metavar="RULES", callback=_split)


@click.command("check", cls=DryRunCommand)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--dialect", type=click.Choice(DIALECTS), help="Dialect of files that do not say it themselves.")
@click.option("--layout", metavar="NAME", help="Layout of the files, instead of finding it out.")
@_rules("--select", help="Only these rules: codes, names, families, aliases, ALL.")
@_rules("--ignore", help="Not these rules.")
@_rules("--extend-select", help="These rules too.")
@click.option("--target", multiple=True, metavar="ENGINE>=N", help="Engine version to check for: postgres>=14.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(FORMATS)),
    default="text",
    show_default=True,
    help="Form of the report.",
)
@click.option("--output", "-o", metavar="FILE", help="Write the report to a file.")
@click.option("--fail-on", type=click.Choice(list(SEVERITIES)), help="Lowest severity that fails the run (error).")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever was found.")
@click.option("--config", metavar="FILE", help="Configuration file, instead of the nearest one.")
@click.option("--since", metavar="REF", help="Report only migrations touched since a git revision.")
@click.option("--hook", is_flag=True, help="For pre-commit: PATHs are what has changed, with what git takes away.")
@click.option("--baseline", metavar="FILE", help="Leave out the findings that this file holds.")
@click.option("--write-baseline", is_flag=True, help="Write all findings to the baseline file.")
@click.option("--stdin-filename", metavar="NAME", help="Read one script from standard input, as the file NAME.")
@click.option("--quiet", "-q", is_flag=True, help="Only findings and errors.")
@click.option("--verbose", "-v", is_flag=True, help="All of every finding, and the verdict on every migration.")
@click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True, help="Colours."
)
@click.option("--no-cache", is_flag=True, help="Neither read nor write the cache.")
@dry_run_options
@click.pass_obj
def command(
    question: Question | None,
    /,
    *,
    paths: tuple[str, ...],
    dialect: str | None,
    layout: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    extend_select: tuple[str, ...],
    target: tuple[str, ...],
    format_: str,
    output: str | None,
    fail_on: str | None,
    exit_zero: bool,
    config: str | None,
    since: str | None,
    hook: bool,
    baseline: str | None,
    write_baseline: bool,
    stdin_filename: str | None,
    quiet: bool,
    verbose: bool,
    color: str,
    no_cache: bool,
    **given: Any,
) -> int:
    """Check migrations and their rollbacks.

    PATHs are files and folders; without any, those of the configuration, then the folder `migrations`.
    Exits with 0 when nothing is found, 1 for findings, 2 when the check could not be made.
    """
    if stdin_filename is not None and paths:
        raise click.UsageError("--stdin-filename takes the place of paths: give one or the other")
    asked = options_of(given)
    if asked is not None:
        question = None
    started = question.started if question is not None else perf_counter()
    settings = _settings(
        load(config),
        dialect=dialect,
        layout=layout,
        select=select,
        ignore=ignore,
        extend_select=extend_select,
        target=target,
        fail_on=fail_on,
    )
    changed: frozenset[str] | None = None
    if hook:
        from miglint.cli.hook import changed_files, paths_around

        changed = changed_files(paths)
        if not changed:
            return 0
        paths = paths_around(settings, changed)
    known = _baseline_path(settings, baseline, write_baseline)
    outcome = _run(
        Job(
            settings,
            paths if stdin_filename is None else (stdin_filename,),
            None if stdin_filename is None else sys.stdin.buffer.read(),
            not no_cache,
            question=question,
            extra=() if known is None else (known,),
            dry_run=asked,
        )
    )
    report = outcome.report
    if since is not None:
        from miglint.since import touched_since

        report = report.of_paths(touched_since(since))
    if changed is not None:
        report = report.of_paths(changed)
    if write_baseline and known is not None:
        baselines.write(known, report)
        note(f"{len(report.findings)} findings written to {known}")
        return 0
    report, remarks = baselines.apply(known, report) if known is not None else (report, ())
    view = View(outcome.sources, _colored(color, output), verbose, quiet, width(), checkout_prefix())
    # The time taken is filled in last; a random number stands for it until then.
    mark = int.from_bytes(os.urandom(7))
    body = render(format_, replace(report, elapsed_ms=mark), view).split(str(mark))
    # What a finding says already is not said again to the person who reads them.
    said = {f"{item.path}: {item.message}" for item in report.findings if report.notes} if format_ == "text" else set()
    notes = [] if quiet else [*(text for text in report.notes if text not in said), *remarks]
    worst = report.worst()
    status = 1 if worst is not None and worst >= settings.fail_on and not exit_zero else 0
    answer = Answer(body, notes, output, status)
    write(answer.text(round((perf_counter() - started) * 1000)), output)
    for remark in notes:
        note(remark)
    if format_ == "github":
        add_step_summary(render("markdown", report, view))
    elif question is not None:
        question.keep(answer)
    return status


def _settings(
    settings: Settings,
    *,
    dialect: str | None,
    layout: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    extend_select: tuple[str, ...],
    target: tuple[str, ...],
    fail_on: str | None,
) -> Settings:
    """Return the settings with what the command line says: `--select` replaces, the other lists add."""
    return replace(
        settings,
        dialect=dialect or settings.dialect,
        layout=layout or settings.layout,
        select=select or settings.select,
        ignore=settings.ignore + ignore,
        extend_select=settings.extend_select + extend_select,
        targets={**settings.targets, **parse_targets(target)},
        fail_on=SEVERITIES[fail_on] if fail_on else settings.fail_on,
    )


def _run(job: Job) -> Outcome:
    shown = progress()
    try:
        return check(replace(job, progress=shown))
    finally:
        if shown is not None:
            shown.end()


def _baseline_path(settings: Settings, given: str | None, writing: bool) -> str | None:
    """Return the file of the findings that are known: as given, as configured, or where one is to be written."""
    if given is None and settings.baseline is None:
        return settings.at(baselines.DEFAULT_FILE) if writing else None
    return given or settings.at(settings.baseline or "")


def _colored(choice: str, output: str | None) -> bool:
    return (choice == "always") if output is not None else wants_color(choice, sys.stdout)
