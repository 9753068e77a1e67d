"""The locks and rewrites that a dry run observed, compared with those that the table of locks predicts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from miglint.base.model import Script
from miglint.locks import Lock
from miglint.locks.observed import (
    BY_PG_NAME,
    Foreseen,
    LockDifference,
    differences,
    foreseen,
    label,
    rewrite_differences,
)
from miglint.rules.execution.outcomes import Executed
from miglint.schema.objects import Key
from miglint.schema.outcome import Run
from miglint.sql.operations import Statement

if TYPE_CHECKING:
    from miglint.dryrun.results import Execution, StatementRun
    from miglint.replay.steps import Step

_NUMBER = re.compile(r"[0-9]+")


class ComparedStatement(NamedTuple):
    """A statement that was predicted and observed; `locks` says whether its locks can be compared, or only rewrites."""

    script: Script
    seen: StatementRun
    locks: bool
    differences: tuple[LockDifference, ...]


def compared(executed: Executed) -> Iterator[ComparedStatement]:
    """Yield the statements that the replay understands and the dry run observed.

    These are the forward's over the schema before, and the rollback's after it, on tables without rows. After a
    forward that failed the database is not in the state of the replay, and nothing can be compared; nor can tables on
    which the two are known to disagree, or that dynamic SQL has made where the replay could not see it.
    """
    run, step = executed.run, executed.step
    apart: set[str] = set()
    for earlier in executed.history.migrations:
        apart.update(label(change.key) for change in earlier.apart)
        if earlier is run:
            break
        if earlier.forward is not None and not earlier.forward.ok:
            return
    version = tuple(map(int, _NUMBER.findall(executed.history.engine.version)[:2]))
    if not version:
        return
    for script, execution, replayed, statements in (
        (run.migration.forward, run.forward, step.forward, step.forward_statements),
        (run.migration.rollback, run.rollback, step.rollback, step.rollback_statements),
    ):
        if script is not None and execution is not None and replayed is not None:
            for one in _compared(script, execution, replayed, statements, version):
                differs = (each for each in one.differences if each.table not in apart)
                yield one._replace(differences=tuple(each for each in differs if _is_known(step, each)))


def _is_known(step: Step, difference: LockDifference) -> bool:
    """Return whether the replay has predicted a lock on a table, or could have: it knows the table."""
    if difference.foreseen is not None or difference.rewritten is False:
        return True
    # A dot may separate the schema, or be part of a name.
    schema, _, name = difference.table.partition(".")
    keys = [Key("relation", "public", difference.table), *([Key("relation", schema, name)] if name else ())]
    return any(state.find(key) is not None for state in (step.before, step.after) for key in keys)


def _compared(
    script: Script, execution: Execution, replayed: Run, statements: tuple[Statement, ...], version: tuple[int, ...]
) -> Iterator[ComparedStatement]:
    predicted = {one.span.start: one for one in foreseen(replayed, statements, version)}
    for event in replayed.events:
        if any(note.kind in ("unknown", "called") for note in event.notes):
            # Which branch it takes, or what it does, is not known: a condition over rows, dynamic SQL. The table of
            # locks is about statements, and not about those inside of functions that they call.
            predicted.pop(event.statement.span.start, None)
    failed = execution.error.index if execution.error is not None else -1
    held: dict[str, Lock] = {}
    for seen in execution.statements:
        locks = {lock.table: BY_PG_NAME[lock.mode] for lock in seen.locks}
        expected = predicted.get(seen.span.start)
        if expected is not None and seen.index != failed:
            yield ComparedStatement(script, seen, seen.held, tuple(_differences(expected, seen, locks, held)))
        # A transaction keeps its locks until it ends.
        held = {**held, **locks} if seen.held else {}


def _differences(
    expected: Foreseen, seen: StatementRun, locks: dict[str, Lock], held: dict[str, Lock]
) -> Iterator[LockDifference]:
    if seen.held:
        yield from differences(expected, locks, held)
    yield from rewrite_differences(expected, seen.rewritten)
