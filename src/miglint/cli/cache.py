"""`miglint cache`: the group of commands about what is kept between runs."""

from __future__ import annotations

import click

from miglint.cli.lazy_group import LazyGroup

_COMMANDS = {
    "clean": "Delete cached results, and with --servers what dry runs keep.",
    "info": "Show where results are kept, how many, and their size.",
}


@click.group("cache", cls=LazyGroup, summaries=_COMMANDS, prefix="cache_")
def command() -> None:
    """Show or delete what is kept between runs."""
