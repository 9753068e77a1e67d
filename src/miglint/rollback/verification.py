"""Whether rollbacks that are about to be written do what they say, on an engine with rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from miglint.base.model import History, Migration
from miglint.base.structs import replace
from miglint.dryrun.compare import counting
from miglint.dryrun.results import HistoryRun, MigrationRun, RowRun
from miglint.rollback.assessment import EXACT, IMPOSSIBLE, SCHEMA_ONLY
from miglint.rollback.preparation import PreparedRollback

Execute = Callable[[Sequence[History]], Iterable[HistoryRun]]
_SHOWN = 3


def verified_rollbacks(prepared: Sequence[PreparedRollback], execute: Execute) -> list[PreparedRollback]:
    """Return the rollbacks with what the engines say of them; one that fails has a problem and is not written.

    `execute` runs histories as a dry run does. Their migrations are run up to the last that is looked at.
    """
    histories = {id(item.history): item.history for item in prepared if item.edit is not None}
    if not histories:
        return list(prepared)
    runs = list(execute([_with_rollbacks(history, prepared) for history in histories.values()]))
    return [item if item.edit is None else _verified(item, runs) for item in prepared]


def _with_rollbacks(history: History, prepared: Sequence[PreparedRollback]) -> History:
    """Return a history with the new rollbacks, and without the others, which need not run."""
    new = {_place(item.migration): item.migration for item in prepared if item.history is history and item.edit}
    migrations = [new.get(_place(one)) or replace(one, rollback=None) for one in history.migrations]
    last = max(number for number, one in enumerate(history.migrations) if _place(one) in new)
    return replace(history, migrations=tuple(migrations[: last + 1]))


def _place(migration: Migration) -> tuple[str, str] | None:
    forward = migration.forward
    return (forward.path, migration.version) if forward is not None else None


def _verified(item: PreparedRollback, runs: Sequence[HistoryRun]) -> PreparedRollback:
    if item.text.restores == IMPOSSIBLE:
        return item
    for ran in runs:
        if (ran.history.root, ran.history.dialect) != (item.history.root, item.history.dialect):
            continue
        for run in ran.migrations:
            if _place(run.migration) != _place(item.migration):
                continue
            reason = next(_faults(item, run), None)
            if reason is not None:
                engine = f"{ran.engine.product} {ran.engine.version}"
                return replace(item, edit=None, verified=False, problem=f"on {engine}, {reason}")
    return replace(item, verified=True)


def _faults_on_rows(item: PreparedRollback, rows: RowRun) -> Iterator[str]:
    if rows.rollback is not None and rows.rollback.error is not None:
        yield f"the rollback fails on rows: {rows.rollback.error}"
    # What a ported rollback does to values is up to the script that it is made from.
    if rows.losses and item.text.restores == EXACT and item.text.source is None:
        lost = [f"{loss.table}.{loss.column}" if loss.column else loss.table for loss in rows.losses]
        yield f"the rollback does not restore the data of {_listed(lost)}"


def _faults(item: PreparedRollback, run: MigrationRun) -> Iterator[str]:
    """Yield contradictions between a run and the remarks of a rollback."""
    if run.forward is None or not run.forward.ok:
        yield f"the forward fails: {run.forward.error if run.forward is not None else 'it was not run'}"
        return
    rows = run.rows
    if run.rollback is not None and run.rollback.error is not None:
        yield f"the rollback fails: {run.rollback.error}"
    if rows is not None:
        yield from _faults_on_rows(item, rows)
    differences = [f"{change.what} {change.name}" for change in counting(run.changes)]
    if differences and item.text.restores in (EXACT, SCHEMA_ONLY):
        yield f"the rollback does not restore {_listed(differences)}"
    for step, what in ((5, "a second run of the rollback"), (6, "the forward after the rollback")):
        result = run.steps[step - 1]
        checked = not item.text.once if step == 5 else item.text.restores in (EXACT, SCHEMA_ONLY)
        if result.ok is False and checked:
            yield f"{what} leaves another schema" if result.error is None else f"{what} fails: {result.error}"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
