"""`miglint init`."""

from __future__ import annotations

from pathlib import Path

import click

from miglint.config import DEFAULT_PATHS, FILE
from miglint.errors import UsageError

_STARTER = """\
# Settings of miglint. Every key may be left out; what is shown is what holds without it, unless it says otherwise.

# The files and folders that `miglint check` looks at.
paths = ["{path}"]

# The dialect of files that do not say it themselves: "postgres" or "sqlite".
# dialect = "postgres"

# The oldest engines that the migrations have to work on.
# targets = ["postgres>=14", "sqlite>=3.35"]

# SQL that makes the schema at which the history begins.
# baseline-schema = "schema.sql"

# Rules by code, name or family; `miglint rules` lists them.
# select = ["ALL"]
# ignore = ["SYM"]

# The lowest severity that makes `miglint check` fail: "error", "warning" or "info".
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
def command() -> None:
    """Write a starter miglint.toml into the current folder; an existing one is left alone."""
    found = next((path for path in _CANDIDATES if Path(path).is_dir()), DEFAULT_PATHS[0])
    try:
        with Path(FILE).open("x", encoding="utf-8") as stream:
            stream.write(_STARTER.format(path=found))
    except FileExistsError:
        raise UsageError(f"{FILE} is there already, and stays as it is") from None
    except OSError as error:
        raise UsageError(f"{FILE}: cannot be written: {error.strerror or error}") from None
    click.echo(f"{FILE} written; next: miglint check")
