"""`miglint rollback plan`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import click

from miglint.base.errors import UsageError
from miglint.base.inert import inert, inert_json, sql_comment
from miglint.base.model import History
from miglint.base.template_names import decode_tags
from miglint.cli.dialects import DialectType
from miglint.cli.examples import CommandWithExamples
from miglint.cli.histories import number_of, one_history, replayed_histories
from miglint.cli.notes import note
from miglint.cli.output import write
from miglint.cli.trust import load_trusted
from miglint.cli.trust_options import trust_options
from miglint.rollback.assessment import EXACT, PARTIAL
from miglint.rollback.plan import ALL, PlanStep, RollbackPlan, plan
from miglint.rollback.written import what_is_lost, what_is_restored

_EXAMPLES = (
    ("miglint rollback plan --to 041", "undo everything after 041"),
    ("miglint rollback plan --from 045 --to 041", "the newest one applied is 045"),
    ("miglint rollback plan --to 0 --format sql -o back.sql", "undo all, in one file"),
)


@click.command("plan", cls=CommandWithExamples, examples=_EXAMPLES)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--to", "end", required=True, metavar="VERSION", help="Last migration that stays applied; 0 undoes all.")
@click.option("--from", "start", metavar="VERSION", help="Newest migration that is applied (default: the last one).")
@click.option("--format", "format_", type=click.Choice(["text", "sql", "json"]), default="text", show_default=True)
@click.option("--allow-irreversible", is_flag=True, help="Accept what cannot be undone, or not in full.")
@click.option("--dialect", type=DialectType(), help="History to use if there are several.")
@click.option("--output", "-o", metavar="FILE", help="Write the output to a file.")
@click.option("--config", metavar="FILE", help="Configuration file (default: the nearest one).")
@trust_options
def command(
    *,
    paths: tuple[str, ...],
    end: str,
    start: str | None,
    format_: str,
    allow_irreversible: bool,
    dialect: str | None,
    output: str | None,
    **given: Any,
) -> int:
    """Print the rollbacks that lead back to a version, in order.

    These are the rollbacks from the newest migration to the one after --to: what each restores and loses, on which
    rows it fails, and the locks that it takes. Exit status: 0, or 1 if one of the migrations cannot be undone, or its
    rollback leaves another schema, unless --allow-irreversible is given; 2 for errors.
    """
    settings = load_trusted(**given)
    history, steps, _ = one_history(replayed_histories(settings, paths, dialect))
    first, last = bounds(history, start, end)
    found = plan(
        history,
        steps,
        first,
        last,
        version=settings.targets.get("postgres", ()),
        runner=settings.transaction,
    )
    refused = bool(found.obstacles) and not allow_irreversible
    if format_ == "json":
        write(inert_json(json.dumps(found.as_dict(), indent=2, ensure_ascii=False)) + "\n", output)
    elif format_ == "text":
        write(inert("".join(f"{line}\n" for line in _lines(found))), output)
    elif not refused:
        write(inert(decode_tags(_file(found)), colons="/**/::"), output)
    if refused:
        obstacle = found.obstacles[0]
        version = obstacle.entry.migration.version
        note(f"{version} cannot be undone: {obstacle.reason}; --allow-irreversible accepts that")
    elif found.incomplete and not allow_irreversible and format_ != "text":
        note(_incomplete(found))
    return 1 if refused or (found.incomplete and not allow_irreversible) else 0


def bounds(history: History, start: str | None, end: str | None) -> tuple[int, int]:
    """Return the numbers of the oldest and the newest migration to undo; the first is larger if there are none.

    Raises `UsageError` for versions that do not exist, or are in the wrong order.
    """
    last = len(history.migrations) - 1 if start is None else number_of(start, history, "--from")
    first = 0 if end is None or end == ALL else number_of(end, history, "--to") + 1
    if first > last + 1:
        raise UsageError(
            f"--to {end} is after {history.migrations[last].version}, the newest migration that is applied"
        )
    return first, last


def _lines(found: RollbackPlan) -> Iterator[str]:
    history = found.history
    count = len(found.steps)
    yield (
        f"{history.root} ({history.dialect.value}): {count} {'step' if count == 1 else 'steps'} back from "
        f"{found.start} to {'an empty history' if found.end == ALL else found.end}"
    )
    for number, step in enumerate(found.steps, 1):
        migration = step.entry.migration
        path = migration.rollback.path if migration.rollback is not None else "-"
        yield f"{number:>3}. {migration.version} {migration.name}  {path}".rstrip()
        yield from (f"     {line}" for line in _remarks(step))
    for entry in found.skipped:
        yield f"     {entry.migration.version} {entry.migration.name} stays: {entry.status}"
    if found.incomplete:
        yield _incomplete(found)
    yield _reached(found)


def _remarks(step: PlanStep) -> Iterator[str]:
    known = step.entry.known
    if not step.possible:
        yield f"cannot be undone: {step.reason}"
        if known.restores == PARTIAL:
            yield from (f"  {text}" for text in known.missing)
        elif known.lost:
            yield f"the forward destroys: {', '.join(known.lost)}"
    elif not step.complete:
        yield "leaves another schema than the one before the forward:"
        yield from (f"  {text}" for text in known.missing)
    elif known.restores is None:
        reasons = [text.partition(": ")[2] for text in step.entry.unknown if text.startswith("symmetric: ")]
        yield f"it is not known whether it restores the schema: {'; '.join(reasons) or 'it cannot be followed'}"
    else:
        yield what_is_restored(known.restores, loses=bool(known.lost))
        yield from (f"  {text}" for text in known.missing)
    if step.possible:
        yield from what_is_lost(known.loses)
        yield from (f"fails on {text}" for text in known.fails_on)
    for lock in step.locks:
        yield f"lock: {lock.words}"


def _versions(steps: Iterable[PlanStep]) -> str:
    return ", ".join(step.entry.migration.version for step in steps)


def _incomplete(found: RollbackPlan) -> str:
    steps = found.incomplete
    verb = "leaves" if len(steps) == 1 else "leave"
    noun = "The rollback" if len(steps) == 1 else "The rollbacks"
    return f"{noun} of {_versions(steps)} {verb} another schema than the one before."


def _reached(found: RollbackPlan) -> str:
    if not found.steps:
        return "There is nothing to undo."
    kept = found.reach(lossless=True)
    if len(kept) < len(found.steps):
        if kept:
            return f"The last step that can be undone without loss is {kept[-1].entry.migration.version}."
        step = found.steps[0]
        what = "loses data" if step.complete else "leaves another schema" if step.possible else "cannot be undone"
        return f"No step can be undone without loss: the first one, {step.entry.migration.version}, {what}."
    failing = [step for step in found.steps if step.entry.known.fails_on]
    if failing:
        return f"Nothing is lost, but rows written since may make {_versions(failing)} fail."
    if any(step.entry.known.restores != EXACT for step in found.steps):
        return "No rows or values are lost."
    return "Everything is restored, and nothing is lost."


def _file(found: RollbackPlan) -> str:
    """Return the plan as one file of SQL."""
    history = found.history
    stays = "nothing" if found.end == ALL else f"{found.end}"
    parts = [
        sql_comment(
            f"Back from {found.start} to {stays} ({history.root}, {history.dialect.value}), written by miglint."
        )
        + "\n-- Records that the scripts keep are deleted; those of a migration tool are not.\n"
    ]
    for step in found.steps:
        migration = step.entry.migration
        head = sql_comment(f"{migration.version} {migration.name}")
        remarks = "".join(f"{sql_comment(line)}\n" for line in _remarks(step))
        parts.append(f"{head}\n{remarks}{step.sql}")
    return "\n".join(parts)
