"""The verdict on a migration: five properties, each true, false, or unknown with the reason."""

from __future__ import annotations

from collections.abc import Set

from miglint.base.model import Migration
from miglint.base.structs import Struct
from miglint.schema.change import Change
from miglint.schema.diff import diff
from miglint.schema.objects import Key
from miglint.schema.outcome import OperationOutcome, Run
from miglint.sql.operations import Drop, DropColumn, DropConstraint

_DROPS = (Drop, DropColumn, DropConstraint)


class Verdict(Struct, frozen=True):
    """The five properties. None is unknown, with the reason in `unknown` of the step.

    `forward_idempotent`, `rollback_idempotent`: a second run raises no error and leaves the same schema.
    `rows_stable`: a second run of the forward changes no row. `symmetric`: the rollback runs and gives back the schema
    before, order of columns and system-generated names aside. `sqlite_compatible`: the target SQLite accepts the
    forward.
    """

    forward_idempotent: bool | None = None
    rollback_idempotent: bool | None = None
    rows_stable: bool | None = None
    symmetric: bool | None = None
    sqlite_compatible: bool | None = None

    def as_dict(self) -> dict[str, bool | None]:
        """Return the properties by name, in the order of reports."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


def judge(
    migration: Migration,
    forward: Run,
    forward_again: Run,
    rollback: Run | None,
    rollback_again: Run | None,
    changes: tuple[Change, ...],
    *,
    doubted: bool = False,
) -> tuple[Verdict, tuple[str, ...]]:
    """Return the verdict on the runs of a migration, with the reasons for what is unknown.

    After an unknown change (`doubted`), a forward that seems to fail ran on another schema than the known one.
    """
    unknown: list[str] = []

    def reason(question: str, why: str) -> None:
        unknown.append(f"{question}: {why}")

    forward_idempotent = rows_stable = None
    if migration.forward is None:
        reason("forward_idempotent", "there is no forward")
    else:
        forward_idempotent, why = _idempotent(forward, forward_again, doubted=doubted)
        if why is not None:
            reason("forward_idempotent", why)
        rows_stable, why = _rows_stable(migration, forward_again)
        if why is not None:
            reason("rows_stable", why)
    rollback_idempotent = None
    if rollback is None or rollback_again is None:
        reason("rollback_idempotent", "there is no rollback")
    elif rollback.failed is not None and rollback.failed.failure is not None:
        reason("rollback_idempotent", f"its first run fails: {rollback.failed.failure.message}")
    else:
        rollback_idempotent, why = _idempotent(rollback, rollback_again)
        if why is not None:
            reason("rollback_idempotent", why)
    symmetric, why = _symmetric(forward, rollback, changes, doubted=doubted)
    if symmetric is False and (excuse := _excuse(migration, rollback)) is not None:
        symmetric, why = None, excuse
    if why is not None:
        reason("symmetric", why)
    return Verdict(forward_idempotent, rollback_idempotent, rows_stable, symmetric, None), tuple(unknown)


def _excuse(migration: Migration, rollback: Run | None) -> str | None:
    """Return why a rollback that restores nothing is no error: the forward is unreadable, or declared irreversible."""
    if migration.forward is not None and migration.forward.file.error is not None:
        return f"the forward cannot be read: {migration.forward.file.error}"
    if migration.irreversible is not None and rollback is not None and not rollback.touched:
        return f"the migration is declared irreversible: {migration.irreversible}"
    return None


def _idempotent(first: Run, second: Run, *, doubted: bool = False) -> tuple[bool | None, str | None]:
    unread = _syntax_error(first)
    if unread is not None:
        return None, f"its first run fails: {unread}"
    failures = [(event, event.failure) for event in second.events if event.failure is not None]
    if any(failure.certain and not _shaky(event, first, doubted=doubted) for event, failure in failures):
        return False, None
    if failures:
        return None, f"whether a second run fails is not known: {failures[0][1].message}"
    if second.unknown:
        return None, second.unknown[0]
    for note in (note for event in second.events for note in event.notes if note.kind == "failure?"):
        return None, note.message
    return _without_effect(second)


def _without_effect(second: Run) -> tuple[bool | None, str | None]:
    """Return whether a second run leaves the schema as it was, with the reason if that is unknown."""
    changes = [change for change in diff(second.before, second.schema, second.touched) if change.counts]
    if any(change.certain for change in changes):
        return False, None
    if changes:
        return None, f"what a second run does to {changes[0].what} {changes[0].name} is not known"
    return True, None


def _shaky(event: OperationOutcome, first: Run, *, doubted: bool) -> bool:
    """Return whether an unknown change may let a second run succeed: what is missing may exist."""
    gone = event.failure is not None and event.failure.condition.startswith("undefined_")
    if first.lost and gone:
        unseen = (item for item in first.events if any(note.kind == "unknown" for note in item.notes))
        if any(item.operation.span.start > event.operation.span.start for item in unseen):
            return True
    # An unguarded DROP fails at least once: the object is missing in the first or in the second run.
    if not doubted or (gone and isinstance(event.operation, _DROPS)):
        return False
    return any(item.failure == event.failure for item in first.events)


def _rows_stable(migration: Migration, second: Run) -> tuple[bool | None, str | None]:
    whole = migration.forward is not None and migration.forward.transaction
    if whole and second.failed is not None:
        # The second run fails and is undone as a whole.
        return True, None
    doubt: str | None = None
    for event in second.events:
        if event is second.failed:
            break
        problem = event.statement.problem
        if problem is not None and doubt is None:
            doubt = f"a statement cannot be read: {problem.message}"
        for note in event.notes:
            if note.kind == "rows":
                return False, None
            if note.kind in ("rows?", "unknown") and doubt is None:
                doubt = note.message
    return (True, None) if doubt is None else (None, doubt)


def _is_certain(change: Change, forward: Run, sought: Set[tuple[Key | None, str | None]]) -> bool:
    """Return whether a remaining difference is there for any schema before the migration."""
    if not change.certain or (change.key, change.part) in sought:
        return False
    return not forward.lost or not _may_be_unseen(change, forward)


def _symmetric(
    forward: Run, rollback: Run | None, changes: tuple[Change, ...], *, doubted: bool
) -> tuple[bool | None, str | None]:
    if rollback is None:
        return None, "there is no rollback"
    unread = _syntax_error(forward)
    if unread is not None:
        return None, f"the forward fails: {unread}"
    if rollback.failed is not None:
        return False, None
    counted = [change for change in changes if change.counts]
    sought = _not_found(forward) if doubted else frozenset()
    if not rollback.unknown and any(_is_certain(change, forward, sought) for change in counted):
        return False, None
    unknown = (*rollback.unknown, *forward.unknown)
    if unknown:
        return None, unknown[0]
    failures = [event.failure for event in rollback.events if event.failure is not None]
    if failures:
        return None, f"whether the rollback fails is not known: {failures[0].message}"
    return (None, _unknown_before(counted[0], sought)) if counted else (True, None)


def _unknown_before(change: Change, sought: Set[tuple[Key | None, str | None]]) -> str:
    if (change.key, change.part) in sought:
        return f"whether {change.what} {change.name} was there before is not known"
    return f"how {change.what} {change.name} was defined before is not known"


def _may_be_unseen(change: Change, forward: Run) -> bool:
    """Whether a difference may be that between what a forward is known to do and what it does.

    It may not have done what stands under a condition, and the rollback may restore what it took away unseen.
    """
    if change.key in forward.undecided:
        return True
    if change.kind != "extra":
        return False
    if change.part is None:
        return change.key not in forward.schema
    table = forward.schema.table(change.key)
    return table is None or not (change.part in table.columns or change.part in table.constraints)


def _not_found(run: Run) -> frozenset[tuple[Key | None, str | None]]:
    """Return what the guards of a run did not find. It may have been there after all."""
    return frozenset((note.key, note.part) for event in run.events for note in event.notes if note.kind == "missing")


def _syntax_error(run: Run) -> str | None:
    """Return the message of the syntax error that ends a run, or None."""
    failure = run.failed.failure if run.failed is not None else None
    return failure.message if failure is not None and failure.condition == "syntax_error" else None
