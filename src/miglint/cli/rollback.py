"""`miglint rollback`: the group of commands about rollbacks."""

from __future__ import annotations

import click

from miglint.cli.lazy_group import LazyGroup

_COMMANDS = {
    "list": "List the migrations with their rollbacks, verdicts and losses.",
    "plan": "Print the ordered script that goes back to a version.",
    "verify": "Run the way back on a throwaway database.",
    "write": "Write missing rollbacks from the schema that the migrations make.",
}


@click.group("rollback", cls=LazyGroup, summaries=_COMMANDS, prefix="rollback_")
def command() -> None:
    """List, write, plan and verify rollbacks."""
