"""Migrations whose forward and rollback look swapped."""

from __future__ import annotations

from miglint.replay.steps import Step
from miglint.rules.support.clauses import NAMED_CREATIONS, subject
from miglint.rules.support.reporting import in_doubt
from miglint.rules.support.scripts import can_change
from miglint.rules.support.step_cache import cached_by_step
from miglint.sql import operations as ops
from miglint.sql.operations import Operation, flat

_MAKES: tuple[type[Operation], ...] = (*NAMED_CREATIONS, ops.CreateRule, ops.CreateExtension, ops.CreateOther)
_REMOVAL = frozenset({"drop", "remove", "delete", "clean", "cleanup", "unused", "obsolete", "rm", "revert"})
_REMOVES = (ops.Drop, ops.DropColumn, ops.DropConstraint)


@cached_by_step
def swapped(step: Step) -> str | None:
    """Return the name of what a forward only drops, and its own rollback creates; None if the two are not swapped."""
    migration = step.migration
    if migration.forward is None or migration.rollback is None or in_doubt(step) is not None:
        return None
    dropped = _only_drops(step)
    # A migration named after a removal is meant as one: what it removes existed before the history began.
    if not dropped or not _REMOVAL.isdisjoint(migration.name.lower().replace("-", "_").split("_")):
        return None
    made = {
        subject(operation)
        for statement in step.rollback_statements
        for operation in flat(statement.operations)
        if isinstance(operation, _MAKES)
    }
    # What an earlier migration created is removed here in the ordinary way, and its rollback creates it again.
    if made >= set(dropped) and not any(_known_before(step, name, part) for name, part in dropped):
        return dropped[0][0]
    return None


def _only_drops(step: Step) -> list[tuple[str, str | None]]:
    """Return what the forward drops; nothing if it does anything else: the first statement shows it for most."""
    dropped: list[tuple[str, str | None]] = []
    for statement in step.forward_statements:
        for operation in flat(statement.operations):
            if isinstance(operation, _REMOVES):
                dropped.append(subject(operation))
            elif can_change(operation):
                return []
    return dropped


def _known_before(step: Step, name: str, part: str | None) -> bool:
    for _, value in step.before.named(name):
        if not getattr(value, "assumed", False):
            if part is None:
                return True
            columns = getattr(value, "columns", None) or {}
            constraints = getattr(value, "constraints", None) or {}
            labels = getattr(value, "labels", ())
            return part in columns or part in constraints or part in labels
    return False
