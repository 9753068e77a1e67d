"""The way back on a real engine: all forwards, then the rollbacks in one go, and step by step."""

from __future__ import annotations

from collections.abc import Mapping

from miglint.base.model import Dialect, History, Migration, Script
from miglint.base.structs import Struct
from miglint.dryrun.compare import compare, counting
from miglint.dryrun.engine_choice import choices
from miglint.dryrun.interfaces import Database, Engine
from miglint.dryrun.limits import Deadline
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.results import EngineError, EngineInfo
from miglint.dryrun.steps import Scripts
from miglint.dryrun.surround import surround
from miglint.schema.change import Change
from miglint.schema.value import Schema


class BackStep(Struct, frozen=True):
    """One rollback as it was run: its error, or what differs from the schema before its forward.

    `reason` is the reason why it was not run.
    """

    migration: Migration
    error: EngineError | None = None
    changes: tuple[Change, ...] = ()
    reason: str | None = None

    @property
    def ok(self) -> bool:
        """Whether it ran and restored the schema."""
        return self.error is None and not self.changes and self.reason is None


class WayBack(Struct, frozen=True):
    """The way back over the last migrations of a history.

    `forward` is the migration whose forward failed, if one did: then nothing was undone. `at_once` has the first
    rollback that failed when all ran one after the other, or what then differs from the schema before the first of
    these migrations. `steps` are the same rollbacks, each compared with the schema before its forward.
    """

    engine: EngineInfo
    forward: BackStep | None = None
    at_once: BackStep | None = None
    steps: tuple[BackStep, ...] = ()
    rows: int = 0

    @property
    def ok(self) -> bool:
        """Whether the way back leads to the schema, in one go and step by step."""
        return self.forward is None and all(step.ok for step in self.steps) and (not self.at_once or self.at_once.ok)


def go_back(
    history: History, first: int, last: int, options: DryRunOptions, baseline: Mapping[Dialect, Script]
) -> tuple[WayBack, ...]:
    """Run the forwards up to number `last` of a history, and undo those down to number `first`, on each engine.

    Raises `EngineMissingError` if a required engine is missing, and `EngineLostError` if it is lost.
    """
    found = []
    for choice in choices(history.dialect, options):
        engine = choice.start(Deadline.after(options.limits.total))
        try:
            found.append(_go_back(history, first, last, engine, options, baseline))
        finally:
            engine.close()
    return tuple(found)


def _go_back(
    history: History,
    first: int,
    last: int,
    engine: Engine,
    options: DryRunOptions,
    baseline: Mapping[Dialect, Script],
) -> WayBack:
    database = engine.create()
    try:
        surround(history, database, options, baseline)
        before: dict[int, Schema] = {}
        for number, migration in enumerate(history.migrations[: last + 1]):
            if number >= first:
                before[number] = database.schema()
            forward = Scripts.of(migration, history.layout, options.runner).forward
            if forward is None:
                continue
            done = database.run(forward)
            if not done.ok:
                return WayBack(engine.info, forward=BackStep(migration, done.error))
        rows = database.fill(database.schema(), options.rows, options.seed) if options.rows else None
        count = sum(rows.inserted.values()) if rows is not None else 0
        todo = [(number, history.migrations[number]) for number in range(last, first - 1, -1)]
        todo = [(number, one) for number, one in todo if one.forward is not None and not one.repeatable]
        at_once = _at_once(history, todo, before, database, options)
        return WayBack(engine.info, None, at_once, _steps(history, todo, before, database, options), count)
    finally:
        database.drop()


_Todo = list[tuple[int, Migration]]


def _at_once(
    history: History, todo: _Todo, before: Mapping[int, Schema], database: Database, options: DryRunOptions
) -> BackStep | None:
    """Run all rollbacks on a copy, without a look at what each leaves."""
    if not todo:
        return None
    copy = database.copy()
    try:
        for _, migration in todo:
            rollback = Scripts.of(migration, history.layout, options.runner).rollback
            if rollback is None:
                return BackStep(migration, reason=_missing(migration))
            done = copy.run(rollback)
            if not done.ok:
                return BackStep(migration, done.error)
        number, oldest = todo[-1]
        return BackStep(oldest, changes=tuple(counting(compare(before[number], copy.schema()))))
    finally:
        copy.drop()


def _steps(
    history: History, todo: _Todo, before: Mapping[int, Schema], database: Database, options: DryRunOptions
) -> tuple[BackStep, ...]:
    """Run the rollbacks in order, up to the first that fails, and compare what each leaves."""
    steps: list[BackStep] = []
    for number, migration in todo:
        rollback = Scripts.of(migration, history.layout, options.runner).rollback
        if rollback is None:
            steps.append(BackStep(migration, reason=_missing(migration)))
            break
        done = database.run(rollback)
        if not done.ok:
            steps.append(BackStep(migration, done.error))
            break
        steps.append(BackStep(migration, changes=tuple(counting(compare(before[number], database.schema())))))
    return tuple(steps)


def _missing(migration: Migration) -> str:
    if migration.irreversible is not None:
        return f"declared irreversible: {migration.irreversible}"
    return "it has no rollback"
