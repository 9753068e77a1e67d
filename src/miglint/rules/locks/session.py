"""LCK030 to LCK032: how long locks are held, and what runs meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.model import Direction
from miglint.base.structs import Struct
from miglint.locks import Lock
from miglint.replay.steps import Step
from miglint.rules.definition import Context, Hit, hazard
from miglint.rules.support.applied_operations import AppliedOperation, applied_operations
from miglint.rules.support.step_cache import cached_by_step
from miglint.sql import operations as ops

WARNING, INFO = Severity.WARNING, Severity.INFO
_QUIET = (ops.SetVariable, ops.Transaction, ops.SetComment, ops.SetPrivileges)


class Held(Struct, frozen=True):
    """The strongest lock that an operation takes on a relation that others use, and whether it reads rows."""

    applied: AppliedOperation
    lock: Lock
    table: str
    works: bool


@cached_by_step
def _held(step: Step, context_key: tuple[int, ...]) -> tuple[Held, ...]:
    context = Context({"postgres": context_key})
    found = []
    for applied in applied_operations(step).all:
        if applied.moment.notes and applied.idle:
            continue
        effects = [effect for effect in applied.effects(context) if effect.lock > Lock.ROW_SHARE]
        if isinstance(applied.operation, ops.Drop) and applied.operation.kind == "index" and not effects:
            # The index is not known, so its table is not: the lock is taken all the same.
            if not applied.operation.concurrently and applied.before.find(applied.key(applied.operation.name)) is None:
                found.append(Held(applied, Lock.ACCESS_EXCLUSIVE, applied.operation.name.name, False))
            continue
        if effects:
            worst = max(effects, key=lambda effect: effect.lock)
            slow = any(effect.work for effect in effects) or _changes_many(applied)
            found.append(Held(applied, worst.lock, worst.table.name, slow))
    return tuple(found)


def _changes_many(applied: AppliedOperation) -> bool:
    operation = applied.operation
    if isinstance(operation, ops.Insert):
        return operation.query is not None and bool(operation.query.relations)
    return isinstance(operation, (ops.Update, ops.Delete))


def locks_of(step: Step, context: Context) -> tuple[Held, ...]:
    """Return the operations of a step that lock what others use, in order."""
    return _held(step, tuple(context.targets.get("postgres", ())))


@hazard(
    "LCK030",
    "work-under-exclusive-lock",
    WARNING,
    "A statement scans or rewrites rows under an earlier statement's ACCESS EXCLUSIVE lock",
    dialects=("postgres",),
    aliases=("django-migration-linter:CREATE_INDEX_EXCLUSIVE", "eugene:E10"),
)
def work_under_exclusive_lock(step: Step, context: Context) -> Iterator[Hit]:
    """Report, once per transaction, a slow statement after one that blocks reads and writes."""
    holding: dict[tuple[Direction, int], Held] = {}
    reported: set[tuple[Direction, int]] = set()
    for held in locks_of(step, context):
        place = held.applied.script.direction, held.applied.transaction
        before = holding.get(place)
        other_statement = before is not None and before.applied.moment.statement is not held.applied.moment.statement
        # Validation under the lock of its own NOT VALID has a rule of its own.
        validates = isinstance(held.applied.operation, ops.ValidateConstraint) and before is not None
        same = validates and before is not None and before.table == held.table
        if before is not None and other_statement and held.works and place not in reported and not same:
            reported.add(place)
            line = before.applied.script.file.position(before.applied.operation.span.start).line
            yield held.applied.hit(
                f"ACCESS EXCLUSIVE on {before.table} is held since line {line}: blocks reads and writes while "
                "rows are scanned",
                f"Move this statement to a migration of its own, so that the lock on {before.table} ends with "
                "the statement that needs it.",
            )
        if held.lock is Lock.ACCESS_EXCLUSIVE:
            holding.setdefault(place, held)


@hazard(
    "LCK031",
    "statement-after-exclusive-lock",
    INFO,
    "Another statement runs while an ACCESS EXCLUSIVE lock is held",
    dialects=("postgres",),
    default=False,
    aliases=(
        "eugene:E4",
        "pgls:runningStatementWhileHoldingAccessExclusive",
        "pgfence:statement-after-access-exclusive",
    ),
)
def statement_after_exclusive_lock(step: Step, context: Context) -> Iterator[Hit]:
    """Report, once per transaction, a lock that is held longer than its own statement."""
    holders = {id(held.applied): held for held in locks_of(step, context) if held.lock is Lock.ACCESS_EXCLUSIVE}
    if not holders:
        return
    holding: dict[tuple[Direction, int], Held] = {}
    reported: set[tuple[Direction, int]] = set()
    for applied in applied_operations(step).all:
        place = applied.script.direction, applied.transaction
        before = holding.get(place)
        later = before is not None and before.applied.moment.statement is not applied.moment.statement
        if before is not None and later and place not in reported and not isinstance(applied.operation, _QUIET):
            reported.add(place)
            yield applied.hit(
                f"ACCESS EXCLUSIVE on {before.table} is still held here",
                "Let each statement that needs such a lock be the last of its transaction.",
            )
        found = holders.get(id(applied))
        if found is not None:
            holding.setdefault(place, found)


@hazard(
    "LCK032",
    "several-tables-locked",
    INFO,
    "One transaction locks several tables: it may deadlock with the application",
    dialects=("postgres",),
    default=False,
    aliases=("pgls:avoidWideLockWindow", "pgfence:wide-lock-window"),
)
def several_tables_locked(step: Step, context: Context) -> Iterator[Hit]:
    """Report, once per transaction, the second table that is locked."""
    first: dict[tuple[Direction, int], Held] = {}
    reported: set[tuple[Direction, int]] = set()
    for held in locks_of(step, context):
        if held.lock < Lock.SHARE:
            continue
        place = held.applied.script.direction, held.applied.transaction
        before = first.setdefault(place, held)
        if before.table != held.table and place not in reported:
            reported.add(place)
            yield held.applied.hit(
                f"{held.lock} on {held.table} while {before.lock} on {before.table} is held: the reverse "
                "order deadlocks",
                "Write one migration per table.",
            )
