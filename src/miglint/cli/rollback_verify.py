"""`miglint rollback verify`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import click

from miglint.base.inert import inert, inert_json
from miglint.base.model import History
from miglint.cli.dialects import DialectType
from miglint.cli.dry_run import DryRunCommand, all_options, engine_options, options_of
from miglint.cli.histories import one_history, replayed_histories
from miglint.cli.output import write
from miglint.cli.rollback_plan import bounds
from miglint.cli.trust import load_trusted
from miglint.cli.trust_options import trust_options
from miglint.dryrun.way_back import BackStep, WayBack, go_back
from miglint.linter.analysis import as_the_runner
from miglint.linter.dry_run import baseline_scripts
from miglint.linter.dry_run_options import configured
from miglint.linter.run import baseline_schemas
from miglint.schema.change import Change

_EXAMPLES = (
    ("miglint rollback verify", "undo all migrations, on the embedded PostgreSQL or on SQLite"),
    ("miglint rollback verify --to 041", "undo everything after 041"),
    ("miglint rollback verify --postgres 14,16", "in containers of these versions"),
)


class _VerifyCommand(DryRunCommand):
    """The command, whose help lists the options that most runs need."""

    engine_flag = "--engine"
    shown_options = frozenset(
        ["start", "end", "dry_run", "database_url", "rows", "format_", "dialect", "config", "output", "all_options"]
    )


@click.command("verify", cls=_VerifyCommand, examples=_EXAMPLES)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--to", "end", metavar="VERSION", help="Last migration that stays applied (default: 0, undo all).")
@click.option("--from", "start", metavar="VERSION", help="Newest migration to apply (default: the last one).")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--dialect", type=DialectType(), help="History to use if there are several.")
@click.option("--output", "-o", metavar="FILE", help="Write the output to a file.")
@click.option("--config", metavar="FILE", help="Configuration file (default: the nearest one).")
@trust_options
@engine_options("--engine", "Engine to run on")
@all_options
def command(
    *,
    paths: tuple[str, ...],
    end: str | None,
    start: str | None,
    format_: str,
    dialect: str | None,
    output: str | None,
    **given: Any,
) -> int:
    """Run the rollbacks on a throwaway database.

    All forwards run, and tables are filled with rows. Then all rollbacks run from the newest to the one after --to: in
    one go, and step by step on another copy. The schema must be that of before each forward. Exit status: 0, or 1 if a
    rollback is missing, fails, or leaves another schema, 2 for errors.
    """
    options = options_of(given, always=True)
    assert options is not None
    settings = load_trusted(**given)
    history = one_history(replayed_histories(settings, paths, dialect)).history
    first, last = bounds(history, start, end)
    baseline = baseline_scripts(baseline_schemas(settings))
    complete = configured(options, settings, [history.root])
    ways = go_back(as_the_runner(history, settings), first, last, complete, baseline)
    newest = history.migrations[last].version if last >= 0 else "0"
    oldest = history.migrations[first - 1].version if first > 0 else "0"
    if format_ == "json":
        report = {
            "schema_version": 1,
            "history": history.root,
            "dialect": history.dialect.value,
            "from": newest,
            "to": oldest,
            "ok": all(way.ok for way in ways),
            "engines": [_as_dict(way) for way in ways],
        }
        write(inert_json(json.dumps(report, indent=2, ensure_ascii=False)) + "\n", output)
    else:
        write(inert("".join(f"{line}\n" for line in _lines(history, newest, oldest, ways))), output)
    return 0 if all(way.ok for way in ways) else 1


def _as_dict(way: WayBack) -> dict[str, Any]:
    return {
        "product": way.engine.product,
        "version": way.engine.version,
        "ok": way.ok,
        "rows": way.rows,
        "forward": None if way.forward is None else _step_as_dict(way.forward),
        "in_one_go": None if way.at_once is None else _step_as_dict(way.at_once),
        "steps": [_step_as_dict(step) for step in way.steps],
    }


def _step_as_dict(step: BackStep) -> dict[str, Any]:
    rollback = step.migration.rollback
    return {
        "version": step.migration.version,
        "rollback": rollback.path if rollback is not None else None,
        "ok": step.ok,
        "error": None if step.error is None else str(step.error),
        "reason": step.reason,
        "differences": [in_words(change) for change in step.changes],
    }


def _lines(history: History, newest: str, oldest: str, ways: Iterable[WayBack]) -> Iterator[str]:
    target = "an empty history" if oldest == "0" else oldest
    for way in ways:
        engine = f"{way.engine.product} {way.engine.version}"
        yield f"{history.root} on {engine}: back from {newest} to {target}, with {way.rows:,} rows"
        if way.forward is not None:
            yield f"  {_name(way.forward)}: the forward fails: {way.forward.error}"
            continue
        for step in way.steps:
            yield from _outcome(step, f"  {_name(step)}")
        if way.at_once is None:
            yield "  there is nothing to undo"
        else:
            ran = way.at_once.error is None and way.at_once.reason is None
            yield from _outcome(way.at_once, "  in one go" if ran else f"  in one go: {_name(way.at_once)}")
            yield f"  {_summary(way)}"


def _summary(way: WayBack) -> str:
    """Return how many of the migrations can be undone, and what is wrong with the others."""
    good = sum(step.ok for step in way.steps)
    counted = (
        (sum(step.reason is not None for step in way.steps), "cannot be undone", "cannot be undone"),
        (sum(step.error is not None for step in way.steps), "fails", "fail"),
        (sum(bool(step.changes) for step in way.steps), "leaves another schema", "leave another schema"),
    )
    parts = [f"{number} {one if number == 1 else more}" for number, one, more in counted if number]
    count = len(way.steps)
    return "; ".join((f"{good} of {count} {'migration' if count == 1 else 'migrations'} can be undone", *parts))


def _outcome(step: BackStep, label: str) -> Iterator[str]:
    if step.ok:
        yield f"{label}: restores the schema"
    elif step.reason is not None:
        yield f"{label}: cannot be undone: {step.reason}"
    elif step.error is not None:
        yield f"{label}: the rollback fails: {step.error}{_place(step)}"
    else:
        yield f"{label}: leaves another schema"
        yield from (f"    {in_words(change)}" for change in step.changes)


def _place(step: BackStep) -> str:
    rollback, error = step.migration.rollback, step.error
    if rollback is None or error is None:
        return ""
    span = error.span
    line = "" if span is None else f":{rollback.file.position(span.start).line}"
    return f" ({rollback.path}{line})"


def _name(step: BackStep) -> str:
    return f"{step.migration.version} {step.migration.name}".rstrip()


def in_words(change: Change) -> str:
    """Return a difference from the schema before the forward as a phrase."""
    subject = f"{change.what} {change.name}"
    if change.kind == "missing":
        return f"{subject} is missing"
    if change.kind == "extra":
        return f"{subject} is left behind"
    if change.kind == "renamed":
        return f"{subject} has another name: {change.after}"
    return f"{subject}: {change.aspect or 'definition'} was {change.before}, is {change.after}"
