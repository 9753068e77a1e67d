"""The type of options that name a dialect."""

from __future__ import annotations

from typing import Any

import click

from miglint.config.settings import DIALECT_ALIASES, DIALECTS


class DialectType(click.Choice[str]):
    """A dialect, by any of its names: `postgresql` is `postgres`."""

    def __init__(self) -> None:
        super().__init__(DIALECTS)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name that miglint uses."""
        return super().convert(DIALECT_ALIASES.get(str(value).lower(), value), param, ctx)
