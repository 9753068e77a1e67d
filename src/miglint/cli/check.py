"""`miglint check` on the command line."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from miglint.cache.command_output import CachedInvocation
from miglint.cli.completion import complete_layouts, complete_rules
from miglint.cli.dialects import DialectType
from miglint.cli.dry_run import DryRunCommand, all_options, dry_run_options, options_of
from miglint.cli.request import COLORS, SORTS, CheckArguments, contradiction
from miglint.cli.rule_options import split_rules
from miglint.cli.run_check import run_check
from miglint.cli.trust_options import trust_options
from miglint.config.settings import SEVERITIES
from miglint.config.toml_table import nearest
from miglint.report import FORMATS


def _reports(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    reports = []
    for value in values:
        name, _, path = value.partition("=")
        if name not in FORMATS:
            hint = nearest(name, FORMATS) or f": one of {', '.join(FORMATS)}"
            raise click.BadParameter(f"unknown format `{name}`{hint}")
        if path in ("", "-"):
            raise click.BadParameter(f"`{value}` names no file; write {name}=FILE")
        reports.append((name, path))
    return tuple(reports)


class _CheckCommand(DryRunCommand):
    """The check: its help fits a screen."""

    shown_options = frozenset(
        [
            "dialect",
            "select",
            "ignore",
            "target",
            "format_",
            "output",
            "report",
            "fail_on",
            "config",
            "since",
            "baseline",
            "write_baseline",
            "quiet",
            "verbose",
            "dry_run",
            "all_options",
        ]
    )


_EXAMPLES = (
    ("miglint check db/migrations", "check all migrations of a folder"),
    ("miglint check --since main", "only what a branch has changed"),
    ("miglint check --dry-run", "execute them on throwaway databases too"),
    ("miglint check --write-baseline", "accept what is found now"),
)

_rules = partial(click.option, multiple=True, metavar="RULES", callback=split_rules, shell_complete=complete_rules)


@click.command("check", cls=_CheckCommand, examples=_EXAMPLES)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--dialect", type=DialectType(), metavar="NAME", help="Dialect of files that do not specify one.")
@click.option(
    "--layout", metavar="NAME", shell_complete=complete_layouts, help="Layout of the files (default: auto-detected)."
)
@_rules("--select", help="Enable only these: codes, names, families, aliases, ALL.")
@_rules("--ignore", help="Disable these rules.")
@_rules("--extend-select", help="Enable these rules in addition.")
@click.option("--target", multiple=True, metavar="ENGINE>=N", help="Oldest version to support: postgres>=14.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(FORMATS)),
    metavar="FORMAT",
    help=f"Output format: {', '.join(FORMATS)}.",
)
@click.option("--output", "-o", metavar="FILE", help="Write the report to a file.")
@click.option(
    "--report",
    multiple=True,
    metavar="FORMAT=FILE",
    callback=_reports,
    help="Write a report in another format to a file as well; repeatable.",
)
@click.option(
    "--sort", type=click.Choice(list(SORTS)), default="migration", show_default=True, help="Order of migrations."
)
@click.option("--statistics", is_flag=True, help="Print the number of findings of each rule instead.")
@click.option(
    "--fail-on", type=click.Choice(list(SEVERITIES)), metavar="SEVERITY", help="error (default), warning or info."
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are findings.")
@click.option("--config", metavar="FILE", help="Configuration file (default: the nearest one).")
@trust_options
@click.option("--no-suppressions", is_flag=True, help="Disregard suppression comments and the baseline.")
@click.option("--allow-empty", is_flag=True, help="Exit with 0 if there are no migrations.")
@click.option("--since", metavar="REF", help="Only migrations changed since a git revision.")
@click.option("--fix", is_flag=True, help="Apply safe fixes first, as `miglint fix` does.")
@click.option("--hook", is_flag=True, help="For pre-commit: PATHs are the changed files; deleted files are included.")
@click.option("--baseline", metavar="FILE", help="Omit findings that are in this baseline file.")
@click.option("--no-baseline", is_flag=True, help="Disregard the configured baseline.")
@click.option("--write-baseline", is_flag=True, help="Accept all findings: write them to the baseline file.")
@click.option("--configure", is_flag=True, help="With --write-baseline: set `baseline` in the configuration too.")
@click.option("--prune", is_flag=True, help="Remove fixed findings from the baseline file.")
@click.option("--stdin-filename", metavar="NAME", help="Read one script from standard input, treated as file NAME.")
@click.option("--quiet", "-q", is_flag=True, help="Print only findings and errors.")
@click.option("--verbose", "-v", is_flag=True, help="Print full details and all verdicts.")
@click.option("--color", type=click.Choice(list(COLORS)), default="auto", show_default=True, help="Use color.")
@click.option("--no-cache", is_flag=True, help="Disable the cache.")
@dry_run_options
@all_options
@click.pass_obj
def command(question: CachedInvocation | None, /, **given: Any) -> int:
    """Check migrations and their rollbacks.

    PATHs are files and folders (default: the configured `paths`, else all that are found). Exit status: 0 no findings
    at or above --fail-on, 1 findings, 2 usage, configuration or input errors, or no migration found.
    """
    dry_run = options_of(given)
    request = CheckArguments(dry_run=dry_run, **given)
    wrong = contradiction(request)
    if wrong is not None:
        raise click.UsageError(wrong)
    if request.fix:
        # Most checks fix nothing.
        from miglint.cli.run_fix import FixArguments, fix_files

        fix_files(request, FixArguments())
        question = None
    return run_check(request, question)
