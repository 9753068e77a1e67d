"""The options that say how far a checkout is trusted, for the commands that read its configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

_OPTIONS = (
    click.option("--config-from", metavar="REF", help="Configuration, own rules and baseline as of a git revision."),
    click.option("--isolated", is_flag=True, help="No configuration file and no own rules."),
    click.option("--no-own-rules", is_flag=True, help="Do not run Python that the configuration names."),
)


def trust_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options, in this order."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
