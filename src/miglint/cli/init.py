"""`miglint init`."""

from __future__ import annotations

from pathlib import Path

import click

from miglint.base.errors import UsageError
from miglint.config.settings import DEFAULT_PATHS, FILE

_STARTER = """\
# miglint settings. All keys are optional; commented-out keys are examples.

# Files and folders to check.
paths = ["{path}"]

# Dialect of files that do not specify one: "postgres" (default) or "sqlite".
# dialect = "sqlite"

# Minimum engine versions to support.
# targets = ["postgres>=14", "sqlite>=3.35"]

# SQL script that creates the schema before the first migration.
# baseline-schema = "schema.sql"

# Rules by code, name or family; `miglint rules` lists them.
# select = ["ALL"]
# ignore = ["SYM"]

# Minimum severity that fails `miglint check`: "error" (default), "warning" or "info".
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
@click.option("--from", "tool", type=click.Choice(["squawk"]), help="Convert this tool's configuration.")
def command(*, tool: str | None) -> None:
    """Write a starter miglint.toml to the current folder; an existing file is not overwritten."""
    found = next((path for path in _CANDIDATES if Path(path).is_dir()), DEFAULT_PATHS[0])
    text = _STARTER.format(path=found)
    if tool is not None:
        # Loading the rules is slow, and only the import needs their names.
        from miglint.cli.import_config import SQUAWK, from_squawk

        text = "\n".join([f'paths = ["{found}"]', "", *from_squawk(Path(SQUAWK))]) + "\n"
    try:
        with Path(FILE).open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageError(f"{FILE} already exists and is not overwritten") from None
    except OSError as error:
        raise UsageError(f"{FILE}: cannot be written: {error.strerror or error}") from None
    click.echo(f"{FILE} written; next, run: miglint check")
