"""The rollbacks of new variants, and whether an engine runs both as they claim."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from miglint.base.model import Discovered, History, Migration
from miglint.base.structs import Struct, replace
from miglint.discovery.placement import NoPlace, place_rollback
from miglint.dryrun.results import HistoryRun
from miglint.port.ported_rollbacks import PortedBack, is_about_rows, not_ported, ported_text
from miglint.port.preparation import PortedMigration, PortOptions, without_followers
from miglint.replay.steps import Step
from miglint.rollback.assessment import EXACT, IMPOSSIBLE, PARTIAL
from miglint.rollback.compose import FileEdit, compose
from miglint.rollback.headers import new_header
from miglint.rollback.preparation import PreparedRollback
from miglint.rollback.verification import verified_rollbacks
from miglint.rollback.written import RollbackText, what_is_restored, write_rollback
from miglint.writer.written import ColumnValues

# Errors about values: those of constraints, by the names of SQLite and the classes of PostgreSQL.
_VALUES = ("SQLITE_CONSTRAINT", "23", "22")
_FILLING = ("UPDATE", "INSERT", "DELETE", "WITH", "MERGE", "COPY", "DO")
Replay = Callable[[History], Iterable[Step]]
Execute = Callable[[Sequence[History]], Iterable[HistoryRun]]


class PortedRollback(Struct, frozen=True):
    """The rollback of a variant: its text, and the edit that writes it (None with a `problem`: it is not written)."""

    ported: PortedMigration
    text: RollbackText
    edit: FileEdit | None = None
    problem: str | None = None

    def line(self, *, written: bool) -> str:
        """Return what became of it, as a line of text."""
        if self.edit is None:
            return f"rollback not written: {self.problem}"
        ported = "" if self.text.source is None else f", ported from {self.text.source}"
        restored = what_is_restored(self.text.restores, loses=bool(self.text.lost))
        left = f", which {restored} {'; '.join(self.text.missing)}" if self.text.missing else ""
        return f"{'wrote' if written else 'would write'} the rollback {self.edit.path}{ported}{left}"

    @property
    def lacks_rows(self) -> bool:
        """Whether the rollback that it is for does something to rows that is not carried over."""
        return any(is_about_rows(reason) for reason in self.text.missing)

    def as_dict(self) -> dict[str, object]:
        """Return it as it is reported to programs."""
        return {
            "path": None if self.edit is None else self.edit.path,
            "restores": self.text.restores,
            "ported_from": self.text.source,
            "missing": list(self.text.missing),
            "problem": self.problem,
        }


def rollbacks_of(
    ported: Sequence[PortedMigration], found: Discovered, steps_of: Replay, options: PortOptions
) -> list[PortedRollback]:
    """Return the rollbacks of the variants of migrations that have one."""
    steps: dict[int, dict[int, Step]] = {}
    written = []
    for item in ported:
        if item.variant is None or item.edit is None or item.migration.rollback is None:
            continue
        history, migration = item.variant
        if id(history) not in steps:
            steps[id(history)] = {id(step.migration): step for step in steps_of(history)}
        step = steps[id(history)][id(migration)]
        written.append(_rollback(item, history, step, found, options))
    return written


def _with_values_back(text: RollbackText, values: ColumnValues) -> RollbackText:
    """Return a rollback that does not miss values which it was given."""
    given = tuple(f"the values of {key.name}.{column} stay" for key, columns in values.items() for column in columns)
    missing = tuple(reason for reason in text.missing if not given or not reason.startswith(given))
    if len(missing) == len(text.missing):
        return text
    return replace(text, restores=text.restores if missing else EXACT, missing=missing)


def _without_values(text: RollbackText, values: Sequence[str]) -> RollbackText:
    """Return a rollback that says which values it does not bring back, once each."""
    if not values or text.restores == IMPOSSIBLE:
        return text
    restores = PARTIAL if text.restores == EXACT else text.restores
    named = tuple(reason.partition(" stay ")[0] for reason in text.missing)
    lost = (reason for reason in values if reason.partition(" stay ")[0] not in named)
    return replace(text, restores=restores, missing=(*text.missing, *lost))


def _with_its_rows(text: RollbackText, step: Step, back: PortedBack, header: Sequence[str]) -> RollbackText:
    """Return the ported rollback if it restores the schema, else the given one, which says what it lacks."""
    if text.restores == IMPOSSIBLE:
        return text
    found = ported_text(step, back, header)
    if isinstance(found, RollbackText):
        better = len(found.lost) < len(text.lost) or len(found.missing) < len(text.missing)
        return found if back.wanted or better else text
    return not_ported(text, back, found) if back.wanted else text


def _rollback(
    item: PortedMigration, history: History, step: Step, found: Discovered, options: PortOptions
) -> PortedRollback:
    text = write_rollback(step, options.version, item.script.values_back)
    text = _with_values_back(text, item.script.values_back)
    text = _without_values(text, item.script.values_lost)
    migration, there = step.migration, step.migration.rollback
    if there is not None and item.migration.rollback is not None and there.path == item.migration.rollback.path:
        # That of the migration itself, which was for both engines as long as there was no other.
        migration, there = replace(migration, rollback=None), None
    place = place_rollback(history, migration, found.histories, over=options.over)
    if isinstance(place, NoPlace):
        return PortedRollback(item, text, None, place.reason)
    if item.back is not None and (item.rows_back or text.lost or text.missing):
        header = new_header(history, migration, place.path) if place.file is None else ()
        text = _with_its_rows(text, step, item.back(), header)
    if there is not None and not options.over:
        return PortedRollback(item, text, None, f"it has a rollback, {there.path}")
    return PortedRollback(item, text, compose(history, migration, place, text))


def _with_problem(item: PortedMigration, problem: str | None) -> PortedMigration:
    return item if problem is None else replace(item, edit=None, problem=problem)


def verified(
    ported: Sequence[PortedMigration], rollbacks: Sequence[PortedRollback], found: Discovered, execute: Execute
) -> tuple[list[PortedMigration], list[PortedRollback]]:
    """Return what an engine runs as it claims; the rest gets a problem and is not written. `found` has all of it."""
    there = {
        (migration.forward.path, migration.version): (history, migration)
        for history in found.histories
        for migration in history.migrations
        if migration.forward is not None
    }
    texts = {id(item.ported.migration): item.text for item in rollbacks}
    prepared = {id(item.migration): one for item in ported if (one := _prepared(item, there, texts)) is not None}
    runs: list[HistoryRun] = []

    def kept(histories: Sequence[History]) -> Iterable[HistoryRun]:
        runs.extend(execute(histories))
        return runs

    checked = dict(zip(prepared, verified_rollbacks([*prepared.values()], kept), strict=True))
    problems = {number: item.problem for number, item in checked.items() if item.problem is not None}
    failing = ((item, _fails_on_rows(item, there, runs)) for item in ported)
    problems = {id(item.migration): problem for item, problem in failing if problem is not None} | problems
    again = without_followers([_with_problem(item, problems.get(id(item.migration))) for item in ported])
    written = {id(item.migration) for item in again if item.edit is not None}
    return again, [item for item in rollbacks if id(item.ported.migration) in written]


def _fails_on_rows(
    item: PortedMigration, there: dict[tuple[str, str], tuple[History, Migration]], runs: Sequence[HistoryRun]
) -> str | None:
    """Return the error of a forward on rows, if it is none about their values, or what fills these is not carried over.

    Generated rows may not satisfy a new constraint, which says nothing against a variant that has all statements.
    """
    place = _place(item, there)
    if place is None or place[1].forward is None:
        return None
    own = place[1].forward.path, place[1].version
    lacks_rows = any(loss.statement.lstrip().upper().startswith(_FILLING) for loss in item.losses)
    for ran in runs:
        for run in ran.migrations:
            forward = run.migration.forward
            if forward is None or (forward.path, run.migration.version) != own or run.rows is None:
                continue
            error = None if run.rows.forward is None else run.rows.forward.error
            if error is not None and (lacks_rows or not (error.sqlstate or "").startswith(_VALUES)):
                return f"on {ran.engine.product} {ran.engine.version}, the forward fails on rows: {error}"
    return None


def _prepared(
    item: PortedMigration,
    there: dict[tuple[str, str], tuple[History, Migration]],
    texts: dict[int, RollbackText],
) -> PreparedRollback | None:
    """Return the rollback of a variant as it is verified; one that restores nothing as one that may not."""
    place = _place(item, there)
    if place is None or item.edit is None:
        return None
    text = texts.get(id(item.migration)) or RollbackText(PARTIAL)
    text = replace(text, restores=PARTIAL) if text.restores == IMPOSSIBLE else text
    return PreparedRollback(*place, text, item.edit.path, item.edit)


def _place(
    item: PortedMigration, there: dict[tuple[str, str], tuple[History, Migration]]
) -> tuple[History, Migration] | None:
    if item.variant is None or item.variant[1].forward is None:
        return None
    return there.get((item.variant[1].forward.path, item.variant[1].version))
