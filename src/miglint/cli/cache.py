"""`miglint cache`: the group of commands about what is kept between runs."""

from __future__ import annotations

import click

from miglint.cli.lazy_group import LazyGroup

_COMMANDS = {
    "clean": "Delete cached results, and with --servers what dry runs keep.",
    "info": "Show where results are kept, how many, and their size.",
}


class _CacheGroup(LazyGroup):
    summaries = _COMMANDS
    prefix = "cache_"


@click.group("cache", cls=_CacheGroup)
def command() -> None:
    """Show or delete what is kept between runs."""
