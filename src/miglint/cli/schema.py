"""`miglint schema`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from miglint.base.errors import UsageError
from miglint.base.inert import inert, inert_json
from miglint.base.model import History
from miglint.base.template_names import decode_tags
from miglint.cli.dialects import DialectType
from miglint.cli.histories import histories_named, is_named, nearest_migration, one_history, replayed_histories
from miglint.cli.notes import note
from miglint.cli.output import write
from miglint.cli.trust import load_trusted
from miglint.cli.trust_options import trust_options
from miglint.replay.steps import Step
from miglint.schema.render import to_json, to_mermaid
from miglint.schema.value import Schema
from miglint.writer.schema_sql import to_sql

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
    histories = replayed_histories(settings, paths, dialect)
    if len(histories) > 1 and version is not None:
        histories, version = histories_named(histories, version)
        if not any(is_named(version, item) for one in histories for item in one.history.migrations):
            raise UsageError(f"no migration has version {version}")
    history, steps, _ = one_history(histories, "a folder, --dialect, or --at FOLDER:VERSION")
    unknown: list[str] = []
    text = decode_tags(_FORMATS[format_](_schema(history, steps, version, unknown)))
    # A comment before a cast has no effect in SQL.
    write(inert_json(text) if format_ == "json" else inert(text, colons="/**/::"), output)
    if unknown:
        note(f"not complete: {unknown[0]}" + (f" ({len(unknown)} in all)" if unknown[1:] else ""))


def _schema(history: History, steps: Iterable[Step], version: str | None, unknown: list[str]) -> Schema:
    """Return the schema at a version, and add sentences to `unknown` about what of it is not known."""
    schema: Schema | None = None
    for step in steps:
        if step.migration.forward is None:
            continue
        schema = step.after
        unknown += (f"{step.migration.version}: {reason}" for reason in step.forward.unknown)
        if version is not None and is_named(version, step.migration):
            return schema
    if version is not None:
        raise UsageError(f"no migration has version {version}{nearest_migration(version, history.migrations)}")
    return schema if schema is not None else Schema(history.dialect)
