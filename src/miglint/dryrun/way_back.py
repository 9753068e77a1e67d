"""The way back on a real engine: all forwards, then the rollbacks in one go, and step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
    rollback that is missing or failed when all ran one after the other, or what then differs from the schema before
    the first of these migrations. `steps` are all of these migrations, newest first: each rollback was compared with
    the schema before its forward, and what the one before it had left is not said again. Those below one that is
    missing or failed were run on a database of their own, with the forwards up to them.
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
    run = _RollbackRuns(history, engine, options, baseline)
    todo = [
        number
        for number in range(last, first - 1, -1)
        if history.migrations[number].forward is not None and not history.migrations[number].repeatable
    ]
    database = engine.create()
    try:
        failed = run.forwards(database, 0, last, first)
        if failed is not None:
            return WayBack(engine.info, forward=failed)
        count = run.fill(database)
        at_once = run.at_once(todo, database)
        found = run.chain(todo, database)
    finally:
        database.drop()
    # Two more passes at most, whatever is missing or fails: in stretches, then each by itself.
    for alone in (False, True):
        rest = [number for number in todo if number not in found]
        if rest:
            found |= run.stretches(rest, alone=alone)
    return WayBack(engine.info, None, at_once, tuple(found[number] for number in todo), count)


class _RollbackRuns:
    """Runs of the scripts of one history on one engine, and the schemas before its forwards."""

    def __init__(
        self, history: History, engine: Engine, options: DryRunOptions, baseline: Mapping[Dialect, Script]
    ) -> None:
        self._history, self._engine, self._options, self._baseline = history, engine, options, baseline
        self._before: dict[int, Schema] = {}

    def _scripts(self, number: int) -> Scripts:
        return Scripts.of(self._history.migrations[number], self._history.layout, self._options.runner)

    def forwards(self, database: Database, start: int, last: int, first: int | None = None) -> BackStep | None:
        """Run forwards, and return the one that failed; the schemas from number `first` on are read before them."""
        if start == 0:
            surround(self._history, database, self._options, self._baseline)
        for number in range(start, last + 1):
            if first is not None and number >= first:
                self._before[number] = database.schema()
            forward = self._scripts(number).forward
            done = None if forward is None else database.run(forward)
            if done is not None and not done.ok:
                return BackStep(self._history.migrations[number], done.error)
        return None

    def fill(self, database: Database) -> int:
        """Fill the tables, and return the number of rows."""
        if not self._options.rows:
            return 0
        filled = database.fill(database.schema(), self._options.rows, self._options.seed)
        return sum(filled.inserted.values())

    def at_once(self, todo: list[int], database: Database) -> BackStep | None:
        """Run all rollbacks on a copy, without a look at what each leaves."""
        if not todo:
            return None
        for number in todo:
            if self._scripts(number).rollback is None:
                return self._missing(number)
        copy = database.copy()
        try:
            for number in todo:
                rollback = self._scripts(number).rollback
                done = None if rollback is None else copy.run(rollback)
                if done is not None and not done.ok:
                    return BackStep(self._history.migrations[number], done.error)
            changes = counting(compare(self._before[todo[-1]], copy.schema()))
            return BackStep(self._history.migrations[todo[-1]], changes=tuple(changes))
        finally:
            copy.drop()

    def chain(self, todo: list[int], database: Database) -> dict[int, BackStep]:
        """Run rollbacks in order, up to the first that is missing or fails, and compare what each leaves."""
        found: dict[int, BackStep] = {}
        left: list[Change] = []
        for number in todo:
            migration, rollback = self._history.migrations[number], self._scripts(number).rollback
            if rollback is None:
                found[number] = self._missing(number)
                break
            done = database.run(rollback)
            if not done.ok:
                found[number] = BackStep(migration, done.error)
                break
            now = counting(compare(self._before[number], database.schema()))
            found[number] = BackStep(migration, changes=tuple(change for change in now if change not in left))
            left = list(now)
        return found

    def stretches(self, todo: list[int], *, alone: bool) -> dict[int, BackStep]:
        """Run the forwards once more, and in between, on copies with rows, the rollbacks of each stretch of them."""
        found: dict[int, BackStep] = {}
        database = self._engine.create()
        try:
            start = 0
            for stretch in self._cut(todo, alone=alone):
                if self._scripts(stretch[0]).rollback is None:
                    found[stretch[0]] = self._missing(stretch[0])
                    continue
                failed = self.forwards(database, start, stretch[0])
                if failed is not None:
                    reason = f"not run: {failed.migration.version} fails when it runs a second time on this server"
                    return found | {
                        number: BackStep(self._history.migrations[number], reason=reason) for number in todo
                    }
                start = stretch[0] + 1
                copy = database.copy()
                try:
                    self.fill(copy)
                    found |= self.chain(stretch, copy)
                finally:
                    copy.drop()
        finally:
            database.drop()
        return found

    def _cut(self, todo: list[int], *, alone: bool) -> Iterator[list[int]]:
        """Yield the stretches of migrations whose rollbacks can run one after the other, the oldest one first."""
        stretch: list[int] = []
        for number in reversed(todo):
            missing = self._scripts(number).rollback is None
            if stretch and (alone or missing or stretch[0] != number - 1):
                yield stretch
                stretch = []
            stretch = [number, *stretch]
            if missing:
                yield stretch
                stretch = []
        if stretch:
            yield stretch

    def _missing(self, number: int) -> BackStep:
        migration = self._history.migrations[number]
        if migration.irreversible is not None:
            return BackStep(migration, reason=f"declared irreversible: {migration.irreversible}")
        return BackStep(migration, reason="it has no rollback")
