"""`miglint diff`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click

from miglint.base.inert import inert, inert_json, sql_comment
from miglint.base.template_names import decode_tags
from miglint.cli.dialects import DialectType
from miglint.cli.examples import CommandWithExamples
from miglint.cli.notes import note
from miglint.cli.output import write
from miglint.cli.trust import load_trusted
from miglint.cli.trust_options import trust_options
from miglint.linter.schema_source import schema_sources
from miglint.writer.difference import SchemaDifference, difference
from miglint.writer.written import Written

_EXAMPLES = (
    ("miglint diff old.sql new.sql", "from one schema file to another, and back"),
    ("miglint diff migrations@041 migrations@045", "what four migrations do"),
    ("miglint diff migrations schema.sql --format json", "what a history lacks, as JSON"),
)


@click.command("diff", cls=CommandWithExamples, examples=_EXAMPLES)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option(
    "--dialect", type=DialectType(), help="Dialect of the files (default: detected from their names and texts)."
)
@click.option("--format", "format_", type=click.Choice(["sql", "json"]), default="sql", show_default=True)
@click.option("--output", "-o", metavar="FILE", help="Write the output to a file.")
@click.option("--config", metavar="FILE", help="Configuration file (default: the nearest one).")
@trust_options
def command(*, old: str, new: str, dialect: str | None, format_: str, output: str | None, **given: Any) -> int:
    """Print the SQL that turns one schema into another, and the SQL that leads back.

    OLD and NEW are files of SQL that create a schema, or PATH@VERSION for a history of migrations after a version.
    Exit status: 0, or 1 if something of either schema is not understood, 2 for errors.
    """
    settings = load_trusted(**given)
    one, two = schema_sources(settings, old, new, dialect)
    target = settings.targets.get(one.schema.dialect.value)
    moments = two.moments[len(one.moments) :] if one.root is not None and one.root == two.root else ()
    owners = tuple(f"the owner of {what} is not set" for what in sorted({what for what, _ in one.owners ^ two.owners}))
    unknown = (*one.unknown, *two.unknown, *owners)
    found = difference(one.schema, two.schema, target=target, moments=moments, unknown=unknown)
    if format_ == "json":
        text = json.dumps(found.as_dict(), indent=2, ensure_ascii=False)
        write(inert_json(decode_tags(text)) + "\n", output)
    else:
        write(inert(decode_tags("".join(f"{line}\n" for line in _lines(found, old, new))), colons="/**/::"), output)
    if not found.complete:
        note(f"not complete: {found.missing[0]}" + (f" ({len(found.missing)} in all)" if found.missing[1:] else ""))
    return 0 if found.complete else 1


def _lines(found: SchemaDifference, old: str, new: str) -> Iterator[str]:
    """Yield the lines of a script: the forward, and the rollback as a comment, so that it is not run with it."""
    yield sql_comment(f"Forward: makes {new} of {old}.")
    yield from (sql_comment(f"Not complete: {reason}.") for reason in found.missing)
    yield from _losses(found.forward)
    yield from found.forward.sql.rstrip("\n").split("\n") if found.forward.sql else ["-- There is nothing to do."]
    yield ""
    yield sql_comment(f"Rollback: makes {old} of {new}.")
    yield from _losses(found.rollback)
    yield from (sql_comment(line) for line in found.rollback.sql.splitlines() or ["There is nothing to do."])


def _losses(way: Written) -> Iterator[str]:
    for item in way.data_lost:
        what = "values" if item.column else "rows"
        yield sql_comment(f"The {what} of {item} are {'lost' if item.why == 'dropped' else item.why}.")
