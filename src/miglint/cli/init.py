"""`miglint init`."""

from __future__ import annotations

from pathlib import Path

import click

from miglint.base.errors import UsageError
from miglint.config.settings import DEFAULT_PATHS, FILE

_STARTER = """\
# Settings of miglint. Every key may be left out, and those behind a # are examples.

# The files and folders that `miglint check` looks at.
paths = ["{path}"]

# The dialect of files that do not say it themselves: "postgres" (as without it) or "sqlite".
# dialect = "sqlite"

# The oldest engines that the migrations have to work on.
# targets = ["postgres>=14", "sqlite>=3.35"]

# SQL that makes the schema at which the history begins.
# baseline-schema = "schema.sql"

# Rules by code, name or family; `miglint rules` lists them.
# select = ["ALL"]
# ignore = ["SYM"]

# The lowest severity that makes `miglint check` fail: "error" (as without it), "warning" or "info".
fail-on = "error"

# [severity]
# IDM = "warning"

# [[per-path]]
# paths = ["{path}/legacy"]
# ignore = ["IDM"]
"""
_CANDIDATES = (
    "migrations",
    "db/migrations",
    "db/migrate",
    "sql/migrations",
    "database/migrations",
    "prisma/migrations",
)


@click.command("init")
@click.option("--from", "tool", type=click.Choice(["squawk"]), help="Turn this tool's configuration into miglint's.")
def command(*, tool: str | None) -> None:
    """Write a starter miglint.toml into the current folder; an existing one is left alone."""
    found = next((path for path in _CANDIDATES if Path(path).is_dir()), DEFAULT_PATHS[0])
    text = _STARTER.format(path=found)
    if tool is not None:
        # The names of all rules are needed for this, and take time to load.
        from miglint.cli.import_config import SQUAWK, from_squawk

        text = "\n".join([f'paths = ["{found}"]', "", *from_squawk(Path(SQUAWK))]) + "\n"
    try:
        with Path(FILE).open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageError(f"{FILE} is there already, and stays as it is") from None
    except OSError as error:
        raise UsageError(f"{FILE}: cannot be written: {error.strerror or error}") from None
    click.echo(f"{FILE} written; next: miglint check")
