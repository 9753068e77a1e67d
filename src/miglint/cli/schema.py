"""`miglint schema`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from miglint.base.errors import UsageError
from miglint.base.inert import inert, inert_json
from miglint.base.model import History, Migration
from miglint.base.structs import replace
from miglint.base.template_names import decode_tags
from miglint.cli.dialects import DialectType
from miglint.cli.output import write
from miglint.cli.trust import load_trusted
from miglint.cli.trust_options import trust_options
from miglint.config.toml_table import nearest
from miglint.linter.paths import checked_paths
from miglint.linter.run import Job, replayed
from miglint.replay.steps import Step
from miglint.schema.render import to_json, to_mermaid
from miglint.schema.value import Schema
from miglint.writer.schema_sql import to_sql

_Replayed = tuple[History, Iterator[Step]]
_FORMATS = {"sql": to_sql, "json": to_json, "mermaid": to_mermaid}


@click.command("schema")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--at", "version", metavar="VERSION", help="Stop after this migration: VERSION, FOLDER:VERSION or a file."
)
@click.option("--format", "format_", type=click.Choice(list(_FORMATS)), default="sql", show_default=True)
@click.option("--dialect", type=DialectType(), help="History to use if there are several.")
@click.option("--output", "-o", metavar="FILE", help="Write the output to a file.")
@click.option("--config", metavar="FILE", help="Configuration file (default: the nearest one).")
@trust_options
def command(
    *,
    paths: tuple[str, ...],
    version: str | None,
    format_: str,
    dialect: str | None,
    output: str | None,
    **given: Any,
) -> None:
    """Print the schema that results from the migrations, computed without a database."""
    settings = load_trusted(**given)
    if dialect is not None:
        settings = replace(settings, dialect=settings.dialect or dialect)
    histories = [
        (history, steps)
        for history, steps in replayed(Job(settings, checked_paths(settings, paths).paths))
        if dialect in (None, history.dialect.value)
    ]
    if not histories:
        raise UsageError("no migrations found" + (f" for {dialect}" if dialect else ""))
    if len(histories) > 1 and version is not None:
        histories, version = _named(histories, version)
    if len(histories) > 1:
        listed = "\n".join(f"  {history.root or '.'} ({history.dialect.value})" for history, _ in histories)
        raise UsageError(f"several histories found; specify a folder, --dialect, or --at FOLDER:VERSION\n{listed}")
    text = decode_tags(_FORMATS[format_](_schema(*histories[0], version)))
    # A comment before a cast has no effect in SQL.
    write(inert_json(text) if format_ == "json" else inert(text, colons="/**/::"), output)


def _named(histories: list[_Replayed], version: str) -> tuple[list[_Replayed], str]:
    """Return the histories that `FOLDER:VERSION` or a path names, with the version; all of them where none is named."""
    folder, colon, rest = version.rpartition(":")
    if colon:
        place = Path(folder).as_posix()
        named = [item for item in histories if item[0].root in (place, folder)]
        if not named:
            roots = [history.root for history, _ in histories]
            raise UsageError(f"--at: no history in {folder}{nearest(place, roots)}")
        return named, rest
    if "/" in version:
        named = [item for item in histories if any(_same(version, each) for each in item[0].migrations)]
        return named or histories, version
    return histories, version


def _schema(history: History, steps: Iterable[Step], version: str | None) -> Schema:
    schema: Schema | None = None
    versions: list[str] = []
    for step in steps:
        if step.migration.forward is None:
            continue
        schema = step.after
        versions.append(step.migration.version)
        if version is not None and _same(version, step.migration):
            return schema
    if version is not None:
        raise UsageError(f"no migration has version {version}{nearest(version, versions)}")
    return schema if schema is not None else Schema(history.dialect)


def _same(asked: str, migration: Migration) -> bool:
    """Return whether a migration was asked for: by its version, with its name behind it, or by a path."""
    version = migration.version
    if asked == version or (asked.isdigit() and version.isdigit() and int(asked) == int(version)):
        return True
    if asked in (f"{version}_{migration.name}", f"{version}-{migration.name}", f"{version}__{migration.name}"):
        return True
    paths = [script.path for script in (migration.forward, migration.rollback) if script is not None]
    return any(asked == path or path.endswith(f"/{asked}") for path in paths)
