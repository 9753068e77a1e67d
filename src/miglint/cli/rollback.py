"""`miglint rollback`: the group of commands about rollbacks."""

from __future__ import annotations

import click

from miglint.cli.lazy_group import LazyGroup

_COMMANDS = {
    "list": "List the migrations with their rollbacks, verdicts and losses.",
    "plan": "Print the rollbacks that lead back to a version, in order.",
    "verify": "Run the rollbacks on a throwaway database.",
    "write": "Write missing rollbacks.",
}


@click.group("rollback", cls=LazyGroup, summaries=_COMMANDS, prefix="rollback_")
def command() -> None:
    """List, write, plan and verify rollbacks."""
