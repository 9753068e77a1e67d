"""Cost of a migration on tables of several sizes: which statements take longer the larger the tables are."""

from __future__ import annotations

from miglint.base.lazy_regex import pattern
from miglint.dryrun.interfaces import Database
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.results import Costs, Execution, StatementCost
from miglint.dryrun.row_checks import documents
from miglint.dryrun.row_order import with_parents
from miglint.dryrun.steps import Scripts
from miglint.schema.objects import Table
from miglint.schema.value import Schema

# Each table has at most this many rows; above, only the tables of a script, in a separate database.
ROWS_FOR_ALL = 1000
_STEPS = (100, 10, 1)
# Minimum factor of work for ten times the rows at which a statement counts as growing.
_FACTOR = 3.0
# Times below this (seconds) are noise; if rows are counted, only times far above it count as growth.
_NOISE = 0.02
_LONG = 0.2
_WORD = pattern(r"\w+")


def costs_of(scripts: Scripts, database: Database, before: Schema, options: DryRunOptions) -> Costs | None:
    """Run a migration on copies of `database` with three table sizes; None if there is no forward script."""
    if scripts.forward is None:
        return None
    sizes = tuple(options.rows // step for step in _STEPS)
    only = _named(scripts, before)
    used_as_json = documents(item.script.text for item in (scripts.forward, scripts.rollback) if item is not None)
    forwards: list[Execution] = []
    rollbacks: list[Execution] = []
    for size in sizes:
        copy = database.copy()
        try:
            copy.fill(only, size, options.seed, used_as_json)
            forwards.append(copy.run(scripts.forward, observe=True, count=True))
            if scripts.rollback is not None and forwards[-1].ok:
                rollbacks.append(copy.run(scripts.rollback, observe=True, count=True))
        finally:
            copy.drop()
    return Costs(sizes, _statements(forwards), _statements(rollbacks))


def _named(scripts: Scripts, schema: Schema) -> Schema:
    """Return the part of a schema with the tables named in the scripts and those they reference."""
    texts = [script.script.text for script in (scripts.forward, scripts.rollback) if script is not None]
    words = {word.lower() for text in texts for word in _WORD.findall(text)}
    wanted = {
        value.name for _, value in schema.items() if isinstance(value, Table) and value.name.name.lower() in words
    }
    kept = with_parents(schema, wanted)
    for key, value in schema.items():
        if isinstance(value, Table) and value.name not in kept:
            schema = schema.drop(key)
    return schema


def _statements(runs: list[Execution]) -> tuple[StatementCost, ...]:
    if not runs:
        return ()
    longest = max(runs, key=lambda run: len(run.statements))
    found = []
    for at, statement in enumerate(longest.statements):
        each = [run.statements[at] if at < len(run.statements) else None for run in runs]
        seconds = tuple(None if one is None else one.seconds for one in each)
        touched = tuple(None if one is None else one.touched for one in each)
        found.append(StatementCost(statement.span, seconds, touched, _grows(seconds, touched)))
    return tuple(found)


def _grows(seconds: tuple[float | None, ...], touched: tuple[int | None, ...]) -> bool | None:
    """Compare the two largest sizes: by rows read and written if counted, else by time."""
    if len(seconds) < len(_STEPS) or seconds[-1] is None or seconds[-2] is None:
        return None
    fewer, more = touched[-2:]
    counted = fewer is not None and more is not None
    if fewer is not None and more is not None and more > fewer * _FACTOR:
        return True
    return seconds[-1] > max(seconds[-2] * _FACTOR, _LONG if counted else _NOISE)
