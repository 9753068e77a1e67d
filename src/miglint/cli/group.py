"""Command group; each command's module is imported on first use."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from miglint import __version__
from miglint.cache.command_output import CachedInvocation
from miglint.cli.exit_status import INTERRUPTED

# First line of each command's help, so that listing the commands imports none of them.
COMMANDS = {
    "check": "Check migrations and their rollbacks.",
    "explain": "Print the documentation page of a rule.",
    "init": "Write a starter miglint.toml.",
    "rules": "List the rules and whether each is enabled.",
    "schema": "Print the schema that results from the migrations.",
}


class _Group(click.Group):
    """Group that imports `miglint.cli.NAME` when command NAME is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"miglint.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve the command name; suggest the nearest one if it is unknown."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from miglint.config.toml_table import nearest

            ctx.fail(f"unknown command `{args[0]}`{nearest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
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
        from io import StringIO

        from miglint.base.inert import inert

        said = StringIO()
        error.show(said)
        sys.stderr.write(inert(said.getvalue()))
        return 2
    except click.Abort:
        click.echo("miglint: interrupted", err=True)
        return INTERRUPTED
    return status if isinstance(status, int) else 0
