"""`miglint rollback list`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import click

from miglint.base.inert import inert, inert_json
from miglint.cli.dialects import DialectType
from miglint.cli.examples import CommandWithExamples
from miglint.cli.histories import replayed_histories
from miglint.cli.output import width, write
from miglint.cli.trust import load_trusted
from miglint.cli.trust_options import trust_options
from miglint.report.ansi import fit, wide
from miglint.rollback.overview import EMPTY, MISSING, RollbackEntry, overview
from miglint.rollback.preserve.tables import how_much

_ANSWERS = {True: "yes", False: "no", None: "?"}
_LONGEST_NAME = 44
_EXAMPLES = (
    ("miglint rollback list", "all configured migrations"),
    ("miglint rollback list db/migrations", "those of a folder"),
    ("miglint rollback list --format json", "as JSON"),
)


@click.command("list", cls=CommandWithExamples, examples=_EXAMPLES)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--dialect", type=DialectType(), help="Only histories of this dialect.")
@click.option("--output", "-o", metavar="FILE", help="Write the output to a file.")
@click.option("--config", metavar="FILE", help="Configuration file (default: the nearest one).")
@trust_options
def command(*, paths: tuple[str, ...], format_: str, dialect: str | None, output: str | None, **given: Any) -> None:
    """List the migrations with their rollbacks, verdicts and losses.

    A rollback is there, missing, empty (it does nothing) or declared irreversible. `symmetric`: it restores the schema;
    `twice`: it can run a second time. `loses`: tables and columns that the rollback drops, with what was written to
    them since the forward; `not restored`: those whose rows or values the forward destroys; `fails on`: rows that make
    the rollback fail if any were written since the forward.
    """
    settings = load_trusted(**given)
    entries = [
        entry
        for item in replayed_histories(settings, paths, dialect)
        for entry in overview(item.history, item.steps)
        if item.is_requested(entry.migration)
    ]
    if format_ == "json":
        report = {"schema_version": 1, "migrations": [entry.as_dict() for entry in entries]}
        write(inert_json(json.dumps(report, indent=2, ensure_ascii=False)) + "\n", output)
    else:
        room = width() if output is None else 1 << 16
        write(inert("".join(f"{line}\n" for line in _lines(entries, room))), output)


def _lines(entries: list[RollbackEntry], room: int) -> Iterator[str]:
    versions = max((wide(entry.migration.version) for entry in entries), default=0)
    names = min(_LONGEST_NAME, max((wide(entry.migration.name) for entry in entries), default=0))
    versions, names = max(versions, len("version")), max(names, len("name"))
    root = None
    for entry in entries:
        history = entry.history
        if (history.root, history.dialect) != root:
            if root is not None:
                yield ""
            root = (history.root, history.dialect)
            yield f"{history.root} ({history.layout}, {history.dialect.value})"
            yield f"  {fit('version', versions)}  {fit('name', names)}  rollback      symmetric  twice"
        migration, verdict = entry.migration, entry.verdict
        symmetric = twice = "-"
        if entry.status not in (MISSING, EMPTY) and migration.rollback is not None:
            symmetric, twice = _ANSWERS[verdict["symmetric"]], _ANSWERS[verdict["rollback_idempotent"]]
        name = fit(migration.name, names)
        yield f"  {fit(migration.version, versions)}  {name}  {entry.status:<12}  {symmetric:<9}  {twice}"
        indent = " " * (versions + 4)
        if entry.reason:
            yield from _wrapped(f"{indent}declared: ", (entry.reason,), room)
        yield from _wrapped(f"{indent}loses: ", entry.loses, room)
        yield from _wrapped(f"{indent}not restored: ", entry.known.lost, room)
        yield from (f"{indent}fails on {text}" for text in entry.known.fails_on)
        yield from (f"{indent}sets data aside; how much: {how_much(place)}" for place in entry.set_aside)
    yield ""
    yield _summary(entries)


def _wrapped(head: str, items: tuple[str, ...], room: int) -> Iterator[str]:
    """Yield a list in as many lines as it takes."""
    line, count = head, 0
    for number, item in enumerate(items):
        text = item if number == len(items) - 1 else f"{item}, "
        if count and wide(line) + wide(text.rstrip()) > room:
            yield line.rstrip()
            line, count = " " * len(head), 0
        line, count = line + text, count + 1
    if count:
        yield line


def _summary(entries: list[RollbackEntry]) -> str:
    counted = Counter(entry.status for entry in entries)
    total = len(entries)
    words = ", ".join(f"{number} {status}" for status, number in counted.most_common())
    return f"{total} {'migration' if total == 1 else 'migrations'}: {words or 'none'}"
