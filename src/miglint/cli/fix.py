"""`miglint fix` on the command line."""

from __future__ import annotations

from typing import Any

import click

from miglint.cli.dialects import DialectType
from miglint.cli.examples import CommandWithExamples
from miglint.cli.request import COLORS, CheckArguments
from miglint.cli.rule_options import split_rules
from miglint.cli.run_fix import FixArguments, fix_files
from miglint.cli.trust_options import trust_options

_EXAMPLES = (
    ("miglint fix --diff", "show what would change; exit with 1 if anything would"),
    ("miglint fix --since main", "only migrations that the branch has added or changed"),
    ("miglint fix --select IDM --unsafe-fixes", "make scripts repeatable, with unsafe fixes too"),
)


@click.command("fix", cls=CommandWithExamples, examples=_EXAMPLES)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--diff", is_flag=True, help="Print the changes and write nothing.")
@click.option("--unsafe-fixes", is_flag=True, help="Apply unsafe fixes too; `check` gives the reason for each.")
@click.option("--show-fixes", is_flag=True, help="List each fix, and the other files that it edits or creates.")
@click.option("--edit-applied", is_flag=True, help="Edit migrations that the main branch has too.")
@click.option(
    "--select", multiple=True, metavar="RULES", callback=split_rules, help="Fix only findings of these rules."
)
@click.option(
    "--ignore", multiple=True, metavar="RULES", callback=split_rules, help="Do not fix findings of these rules."
)
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
    main branch has are not edited: they may have run already. Exit status: 0 no finding of the severity `fail-on` or
    above is left, 1 some are (with --diff: something would change), 2 usage, configuration or input errors.
    """
    arguments = FixArguments(diff=diff, unsafe_fixes=unsafe_fixes, show_fixes=show_fixes, edit_applied=edit_applied)
    return fix_files(CheckArguments(**given), arguments)
