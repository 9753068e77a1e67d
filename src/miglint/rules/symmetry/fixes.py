"""Fixes of rollbacks: the statements that one forgets, at its end, written as `miglint rollback write` writes them.

They lead from the schema that the rollback leaves to the one before the forward. Each difference gets those that are
about its own object; where these do not suffice, all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from miglint.base.findings import Edit, Fix
from miglint.base.model import Script
from miglint.replay.apply import run
from miglint.replay.steps import Step
from miglint.rules.support.script_ends import InsertionPlace, place_at_end, without_statement
from miglint.rules.support.step_cache import cached_by_step
from miglint.schema.change import Change
from miglint.schema.diff import diff
from miglint.schema.objects import Key
from miglint.schema.outcome import OperationOutcome, Run
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.writer.losses import losses
from miglint.writer.reading import read
from miglint.writer.renames import Renames
from miglint.writer.transition import write_transition
from miglint.writer.written import LostData, Written, WrittenStatement

# An extension or a copy of rows is often kept on purpose; only the engine orders columns.
_NOT_FIXED = frozenset({"SYM015", "SYM017", "SYM023", "SYM024"})
# Each group of statements is replayed; a rollback that leaves more behind is written anew as a whole.
_MOST_GROUPS = 20
# A rollback that leaves more behind is better written anew, by `miglint rollback write`.
_MOST_DIFFERENCES = 20


def restoring_fix(step: Step, code: str, change: Change) -> Fix | None:
    """Return the fix of a difference that a rollback leaves, or None."""
    rollback = step.migration.rollback
    if code in _NOT_FIXED or rollback is None:
        return None
    if code == "SYM012" and (kept := _without_the_drop(step, rollback, change)) is not None:
        return kept
    repair = _repair(step)
    if repair is None:
        return None
    chosen = repair.statements_for(change)
    if not chosen:
        return None
    title = f"add to the rollback: {chosen[0].does}" + (f" and {len(chosen) - 1} more" if len(chosen) > 1 else "")
    return Fix(title, repair.edits(chosen), repair.reason(code, change, chosen))


def failing_drop_fix(step: Step, failed: OperationOutcome) -> Fix | None:
    """Return the fix of a drop in a rollback that fails: it comes last, where nothing needs the object any more.

    A drop of what is not there is left out, where the rest of the rollback restores the schema or can be made to.
    """
    rollback = step.migration.rollback
    drops = isinstance(failed.operation, (ops.Drop, ops.DropColumn, ops.DropConstraint))
    if rollback is None or failed.failure is None or not drops or len(failed.statement.operations) != 1:
        return None
    in_use = failed.failure.condition == "dependent_objects_still_exist"
    if not in_use and not failed.failure.condition.startswith("undefined_"):
        return None
    repair, removal = _repair(step), without_statement(rollback, failed.statement)
    if repair is None or removal is None or repair.place.anchor == failed.statement.span:
        return None
    chosen = repair.statements
    if any(change.counts for change in repair.left(chosen)) or (in_use and not chosen):
        return None
    dropped = failed.operation.name.name if isinstance(failed.operation, ops.Drop) else None
    reason = next((_loss(item) for item in repair.lost(chosen) if item.table.name != dropped), None)
    title = "drop it when nothing needs it" if in_use else "leave out the drop of what is not there"
    return Fix(title, (removal, *repair.edits(chosen)), reason)


class _Repair(NamedTuple):
    """What leads from the schema that a rollback leaves to the one before the forward, and where it goes."""

    old: Schema
    new: Schema
    written: Written
    renames: Renames
    place: InsertionPlace

    @property
    def statements(self) -> tuple[WrittenStatement, ...]:
        return self.written.statements

    def statements_for(self, change: Change) -> tuple[WrittenStatement, ...]:
        """Return the statements that undo a difference, in order; none if they do not."""
        about = self._about(change.key)
        single = [(statement,) for statement in about] if 1 < len(about) <= _MOST_GROUPS else []
        for chosen in (*single, about, self.statements):
            if chosen and _runs(self.old, _first_runs(chosen)) and self._undoes(change, self.left(chosen)):
                return chosen
        return ()

    def _undoes(self, change: Change, left: Sequence[Change]) -> bool:
        """Return whether a difference is not among those that are left, and all of these were there before."""
        before = {_identity(one) for one in _left(self.old, self.new, "")}
        return all(not _same(change, one) and _identity(one) in before for one in left)

    def _about(self, key: Key) -> tuple[WrittenStatement, ...]:
        keys = {statement.key for statement in self.statements}
        if None in keys or len(keys) > _MOST_GROUPS:
            # Some belong together.
            return self.statements
        return tuple(statement for statement in self.statements if statement.key == key)

    def left(self, chosen: Sequence[WrittenStatement]) -> tuple[Change, ...]:
        """Return the differences that are left after some of the statements, new ones among them."""
        return _left(self.old, self.new, _first_runs(chosen))

    def edits(self, chosen: Sequence[WrittenStatement]) -> tuple[Edit, ...]:
        """Return the insertions of some of the statements, each its own: other findings may need some of them too."""
        places = {id(statement): number for number, statement in enumerate(self.statements)}
        numbered = [(places[id(statement)], statement.text) for statement in chosen]
        if self.place.before and numbered:
            # What ends the statement before is inserted once.
            return (self.place.insertion([text for _, text in numbered], numbered[0][0]),)
        return tuple(self.place.insertion([text], number) for number, text in numbered)

    def reason(self, code: str, change: Change, chosen: Sequence[WrittenStatement]) -> str | None:
        """Return why the statements are not safe to add, or None."""
        lost = next((item for item in self.written.schema_only if item.table == change.key), None)
        if code == "SYM012" and lost is not None:
            return (
                f"the rollback has removed the {'values' if lost.column else 'rows'} of {lost}, which do not come back"
            )
        if self.written.may_fail:
            return self.written.may_fail[0]
        return next(map(_loss, self.lost(chosen)), None)

    def lost(self, chosen: Sequence[WrittenStatement]) -> tuple[LostData, ...]:
        """Return the rows and values that some of the statements destroy."""
        return losses(self.old, _run(self.old, _first_runs(chosen)).schema, self.renames)[0]


@cached_by_step
def _repair(step: Step) -> _Repair | None:
    rollback, result = step.migration.rollback, step.rollback
    if rollback is None or result is None or result.lost or step.forward.failed is not None:
        return None
    if len(step.changes) > _MOST_DIFFERENCES:
        return None
    place = place_at_end(step, rollback)
    if place is None:
        return None
    renames = Renames((*step.forward.moments, *result.moments))
    written = write_transition(result.schema, step.before, renames=renames, checked=False)
    return _Repair(result.schema, step.before, written, renames, place)


def _first_runs(chosen: Sequence[WrittenStatement]) -> str:
    return "\n".join(statement.first_run for statement in chosen)


@lru_cache(maxsize=64)
def _run(old: Schema, text: str) -> Run:
    return run(old, read(text, old.dialect), kept=False)


def _runs(old: Schema, text: str) -> bool:
    """Return whether no statement fails: some need others, which are about another object."""
    return _run(old, text).failed is None


@lru_cache(maxsize=64)
def _left(old: Schema, new: Schema, text: str) -> tuple[Change, ...]:
    return tuple(diff(new, _run(old, text).schema))


def _loss(lost: LostData) -> str:
    return f"the rollback loses what was written to {lost} since the forward"


def _identity(change: Change) -> tuple[object, ...]:
    return change.key, change.part, change.kind, change.aspect


def _same(one: Change, other: Change) -> bool:
    """Return whether a difference is still there; what was changed and is missing now is no better."""
    aspect = one.aspect == other.aspect or other.kind != "changed"
    kind = one.kind in (other.kind, "changed")
    return (one.key, one.part) == (other.key, other.part) and kind and aspect


def _without_the_drop(step: Step, rollback: Script, change: Change) -> Fix | None:
    """Return the removal of a statement that drops what the forward did not create, and nothing else."""
    for statement in step.rollback_statements:
        match statement.operations:
            case (ops.Drop() as drop,) if change.part is None and drop.name.name == change.key.name:
                pass
            case (ops.DropColumn() as drop,) if (drop.table.name, drop.column) == (change.key.name, change.part):
                pass
            case (ops.DropConstraint() as drop,) if (drop.table.name, drop.constraint) == (
                change.key.name,
                change.part,
            ):
                pass
            case _:
                continue
        removal = without_statement(rollback, statement)
        return None if removal is None else Fix("keep what the forward did not create", (removal,))
    return None
