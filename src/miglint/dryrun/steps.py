"""The seven steps, for all engines."""

from __future__ import annotations

import time

from miglint.base.model import Migration
from miglint.base.structs import Struct, replace
from miglint.dryrun.compare import compare, counting
from miglint.dryrun.interfaces import BranchError, Database, EngineBusyError, TrialRun, UnreadableError
from miglint.dryrun.results import EngineError, Execution, MigrationRun, StepResult
from miglint.dryrun.statements import Prepared, prepare
from miglint.replay.verdict import Verdict
from miglint.schema.change import Change
from miglint.schema.value import Schema


class Scripts(Struct, frozen=True, eq=False):
    """The two scripts of a migration, split into statements."""

    forward: Prepared | None
    rollback: Prepared | None

    @classmethod
    def of(cls, migration: Migration, layout: str = "", runner: str | None = None) -> Scripts:
        """Split both scripts into statements; `layout` and `runner` determine the transactions around them."""
        forward, rollback = migration.forward, migration.rollback
        return cls(
            prepare(forward, layout, runner) if forward is not None else None,
            prepare(rollback, layout, runner) if rollback is not None else None,
        )


def run_steps(migration: Migration, scripts: Scripts, database: Database, before: Schema) -> MigrationRun:
    """Run the seven steps of a migration on `database` with schema `before`, and leave it after the forward.

    If the forward fails, the database keeps the state after the failure; in a transaction, that is the state before.
    """
    started = time.perf_counter()
    if scripts.forward is None:
        return not_run(migration, before, "no forward script")
    begun = time.perf_counter()
    forward = database.run(scripts.forward, observe=True)
    after = _after(forward, scripts.forward, database, before)
    second = StepResult(2, forward.ok, forward.error, seconds=time.perf_counter() - begun)
    first = StepResult(1, True, seconds=begun - started)
    if not forward.ok:
        return replace(_failed(migration, forward, before, after, first, second), seconds=time.perf_counter() - started)
    begun = time.perf_counter()
    again = database.try_out(scripts.forward)
    third = _again(3, again, after, time.perf_counter() - begun)
    back = _Rollback.run(scripts, database, before, after)
    symmetric, unknown = back.symmetric, list(back.unknown)
    if symmetric is False and migration.irreversible is not None and back.does_nothing(after):
        symmetric = None
        unknown.append(f"symmetric: the migration is declared irreversible: {migration.irreversible}")
    verdict = Verdict(
        forward_idempotent=third.ok,
        rollback_idempotent=back.fifth.ok,
        rows_stable=None if again.rows_changed is None else not again.rows_changed,
        symmetric=symmetric,
    )
    if third.ok is None:
        unknown.append(f"forward_idempotent: {third.error}")
    if verdict.rows_stable is None:
        why = "the rows cannot be read" if again.execution.ok else "the second forward fails"
        unknown.append(f"rows_stable: {why}")
    steps = (first, second, third, back.fourth, back.fifth, back.sixth, StepResult(7, True))
    return MigrationRun(
        migration, steps, verdict, tuple(unknown), back.changes, before, after, back.restored, forward, back.execution,
        seconds=time.perf_counter() - started,
    )  # fmt: skip


def _after(forward: Execution, script: Prepared, database: Database, before: Schema) -> Schema:
    """Return the schema after the forward, as far as it can be read."""
    if not forward.ok and script.wrapped:
        return before
    try:
        return database.schema()
    except EngineBusyError:
        if forward.ok:
            raise
        return before


def unreadable(migration: Migration, scripts: Scripts, before: Schema, error: UnreadableError) -> MigrationRun:
    """Return a migration whose result cannot be read, as one whose forward failed and changed nothing."""
    forward = Execution(error=reading_error(scripts, error))
    return _failed(
        migration, forward, before, before, StepResult(1, True), StepResult(2, False, forward.error)
    )  # fmt: skip


def reading_error(scripts: Scripts, error: UnreadableError) -> EngineError:
    """Return the failure to read the result of a migration, at the last statement of its forward."""
    pieces = scripts.forward.pieces if scripts.forward is not None else ()
    span = pieces[-1].span if pieces else None
    return EngineError(str(error), index=len(pieces) - 1, span=span, limit=error.limit)


def _failed(
    migration: Migration, forward: Execution, before: Schema, after: Schema, first: StepResult, second: StepResult
) -> MigrationRun:
    reason = "the forward failed"
    rest = tuple(StepResult(number, None, reason=reason) for number in range(3, 7))
    last = StepResult(7, True, reason="the history continues from the state after the failed forward")
    return MigrationRun(
        migration, (first, second, *rest, last), Verdict(), (f"{reason}: {forward.error}",), before=before, after=after,
        forward=forward,
    )  # fmt: skip


def not_run(migration: Migration, before: Schema | None, reason: str) -> MigrationRun:
    """Return a migration of which no step was run, with the reason."""
    steps = tuple(StepResult(number, None, reason=reason) for number in range(1, 8))
    return MigrationRun(migration, steps, Verdict(), (reason,), before=before, after=before)


def wants_roles(execution: Execution) -> bool:
    """Return whether a script failed only because of roles that exist on the team's server."""
    return execution.error is not None and execution.error.limit == "roles"


def _again(number: int, run: TrialRun, expected: Schema, seconds: float) -> StepResult:
    changes = compare(expected, run.schema) if run.schema is not None else ()
    ok = None if wants_roles(run.execution) else run.execution.ok and not counting(changes)
    return StepResult(number, ok, run.execution.error, changes, seconds=seconds)


class _Rollback(Struct, frozen=True):
    """Steps 4 to 6, on a copy of the database after the forward."""

    fourth: StepResult
    fifth: StepResult
    sixth: StepResult
    symmetric: bool | None = None
    changes: tuple[Change, ...] = ()
    restored: Schema | None = None
    execution: Execution | None = None
    unknown: tuple[str, ...] = ()

    def does_nothing(self, after: Schema) -> bool:
        """Return whether the rollback succeeded and left the schema as the forward had."""
        done = self.execution is not None and self.execution.ok and self.restored is not None
        return done and self.restored is not None and not compare(after, self.restored)

    @classmethod
    def run(cls, scripts: Scripts, database: Database, before: Schema, after: Schema) -> _Rollback:
        if scripts.rollback is None or scripts.forward is None:
            reason = "no rollback script"
            fourth, fifth, sixth = (StepResult(number, None, reason=reason) for number in (4, 5, 6))
            return cls(fourth, fifth, sixth, unknown=(reason,))
        pair = (scripts.rollback, scripts.forward)
        branch = database.branch(pair)
        try:
            return cls._on(branch, *pair, before, after)
        except BranchError:
            pass
        finally:
            branch.drop()
        twin = database.copy()
        try:
            return cls._on(twin, *pair, before, after)
        finally:
            twin.drop()

    @classmethod
    def _on(cls, twin: Database, rollback: Prepared, forward: Prepared, before: Schema, after: Schema) -> _Rollback:
        begun = time.perf_counter()
        execution = twin.run(rollback, observe=True)
        restored = twin.schema() if execution.ok or not rollback.wrapped else after
        changes = compare(before, restored)
        symmetric = None if wants_roles(execution) else execution.ok and not counting(changes)
        fourth = StepResult(4, symmetric, execution.error, changes, seconds=time.perf_counter() - begun)
        if not execution.ok:
            reason = "the rollback failed"
            fifth, sixth = (StepResult(number, None, reason=reason) for number in (5, 6))
            reasons = [f"symmetric: {execution.error}"] if symmetric is None else []
            reasons.append(f"rollback_idempotent: {reason}")
            return cls(fourth, fifth, sixth, symmetric, changes, restored, execution, tuple(reasons))
        begun = time.perf_counter()
        again = twin.try_out(rollback)
        fifth = _again(5, again, restored, time.perf_counter() - begun)
        begun = time.perf_counter()
        once_more = twin.run(forward)
        error: EngineError | None = once_more.error
        left = compare(after, twin.schema()) if once_more.ok else ()
        forward_ok = None if wants_roles(once_more) else error is None and not counting(left)
        sixth = StepResult(6, forward_ok, error, left, seconds=time.perf_counter() - begun)
        return cls(fourth, fifth, sixth, symmetric, changes, restored, execution)
