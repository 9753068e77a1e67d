"""`miglint check` on the command line."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from miglint.cache.command_output import CachedInvocation
from miglint.cli.dialects import DialectType
from miglint.cli.dry_run import DryRunCommand, dry_run_options, options_of
from miglint.cli.request import COLORS, CheckArguments, contradiction
from miglint.cli.run_check import run_check
from miglint.cli.trust_options import trust_options
from miglint.config.settings import SEVERITIES
from miglint.report import FORMATS


def _split(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


_rules = partial(click.option, multiple=True, metavar="RULES", callback=_split)


@click.command("check", cls=DryRunCommand)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--dialect", type=DialectType(), help="Dialect of files that do not say it themselves.")
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
@trust_options
@click.option("--no-suppressions", is_flag=True, help="Comments and baseline hide nothing.")
@click.option("--allow-empty", is_flag=True, help="Exit with 0 where there is no migration at all.")
@click.option("--since", metavar="REF", help="Report only migrations touched since a git revision.")
@click.option("--hook", is_flag=True, help="For pre-commit: PATHs are what has changed, with what git takes away.")
@click.option("--baseline", metavar="FILE", help="Leave out the findings that this file holds.")
@click.option("--write-baseline", is_flag=True, help="Write all findings to the baseline file.")
@click.option("--stdin-filename", metavar="NAME", help="Read one script from standard input, as the file NAME.")
@click.option("--quiet", "-q", is_flag=True, help="Only findings and errors.")
@click.option("--verbose", "-v", is_flag=True, help="All of every finding, and the verdict on every migration.")
@click.option("--color", type=click.Choice(list(COLORS)), default="auto", show_default=True, help="Colours.")
@click.option("--no-cache", is_flag=True, help="Neither read nor write the cache.")
@dry_run_options
@click.pass_obj
def command(question: CachedInvocation | None, /, **given: Any) -> int:
    """Check migrations and their rollbacks.

    PATHs are files and folders; without any, those of the configuration, then the folder `migrations`.
    Exits with 0 when nothing is found that is as severe as --fail-on, with 1 when something is, and with 2 when the
    check could not be made, or the paths hold no migration at all.
    """
    dry_run = options_of(given)
    request = CheckArguments(dry_run=dry_run, **given)
    wrong = contradiction(request)
    if wrong is not None:
        raise click.UsageError(wrong)
    return run_check(request, question)
