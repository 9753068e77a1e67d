"""Options whose values are lists of rules."""

from __future__ import annotations

import click


def split_rules(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names in the values of a repeatable option, which commas separate."""
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())
