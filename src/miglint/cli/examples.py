"""Commands whose help begins with examples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click


class CommandWithExamples(click.Command):
    """Command with examples in its help: command line, and what it does."""

    def __init__(self, *arguments: Any, examples: Iterable[tuple[str, str]] = (), **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.examples = tuple(examples)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command does, and the examples."""
        super().format_help_text(ctx, formatter)
        with formatter.section("Examples"):
            formatter.write_dl(self.examples)
