"""Trust options, for the commands that read a checkout's configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

_OPTIONS = (
    click.option(
        "--config-from", metavar="REF", help="Read configuration, own rules and baseline from a git revision."
    ),
    click.option("--isolated", is_flag=True, help="Use no configuration file and no own rules."),
    click.option("--no-own-rules", is_flag=True, help="Do not run Python rules named in the configuration."),
)


def trust_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options, in this order."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
