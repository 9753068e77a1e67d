"""Command groups whose commands are imported on first use."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """Group that imports `miglint.cli.PREFIXNAME` when command NAME is used.

    `summaries` has the first line of each command's help, so that listing the commands imports none of them.
    """

    def __init__(self, *arguments: Any, summaries: Mapping[str, str], prefix: str = "", **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.summaries = summaries
        self.prefix = prefix

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(self.summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self.summaries:
            return None
        command: click.Command = import_module(f"miglint.cli.{self.prefix}{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve the command name; suggest the nearest one if it is unknown."""
        if args and args[0] not in self.summaries and not args[0].startswith("-"):
            from miglint.cli.other_words import about_command

            ctx.fail(f"unknown command `{args[0]}`{about_command(args[0], self.summaries)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(self.summaries.items()))
