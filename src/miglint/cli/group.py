"""Command group; each command's module is imported on first use."""

from __future__ import annotations

import sys

import click

from miglint import __version__
from miglint.cache.command_output import CachedInvocation
from miglint.cli.exit_status import INTERRUPTED
from miglint.cli.lazy_group import LazyGroup

# First line of each command's help, so that listing the commands imports none of them.
COMMANDS = {
    "cache": "Show or delete what is kept between runs.",
    "check": "Check migrations and their rollbacks.",
    "diff": "Print the SQL between two schemas, in both directions.",
    "explain": "Print the documentation page of a rule.",
    "fix": "Fix what check finds, where a fix is known.",
    "init": "Write a starter miglint.toml.",
    "port": "Write the variants of migrations for the other engine.",
    "rollback": "List, write, plan and verify rollbacks.",
    "rules": "List the rules and whether each is enabled.",
    "schema": "Print the schema that results from the migrations.",
}


@click.group(cls=LazyGroup, summaries=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="miglint %(version)s")
def cli() -> None:
    """Lint SQL migrations and their rollbacks for PostgreSQL and SQLite."""


def run(arguments: list[str], question: CachedInvocation | None = None) -> int:
    """Run a command line; a check stores its output in `question`. Raises `MiglintError`."""
    try:
        status = cli.main(arguments, prog_name="miglint", standalone_mode=False, obj=question)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        if isinstance(error, click.NoSuchOption):
            from miglint.cli.other_words import with_meant_option

            error = with_meant_option(error)
        from io import StringIO

        from miglint.base.inert import inert

        output = StringIO()
        error.show(output)
        sys.stderr.write(inert(output.getvalue()))
        return 2
    except click.Abort:
        click.echo("miglint: interrupted", err=True)
        return INTERRUPTED
    return status if isinstance(status, int) else 0
