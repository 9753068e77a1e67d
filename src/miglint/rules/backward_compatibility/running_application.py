"""What the compatibility rules share: whether an object existed before, is still used, and is created again."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.structs import replace
from miglint.replay.steps import Step
from miglint.rules.support.applied_operations import AppliedOperation, effective, undoes
from miglint.rules.support.swapped_scripts import swapped
from miglint.schema.objects import Key, Routine, Table
from miglint.schema.outcome import Run
from miglint.schema.value import Schema
from miglint.sql import operations as ops


def _run_of(step: Step, applied: AppliedOperation) -> Run:
    run = step.forward if applied.forward else step.rollback
    assert run is not None
    return run


def start_of(step: Step, applied: AppliedOperation) -> Schema:
    """Return the schema before the operation's script."""
    return _run_of(step, applied).before


def end_of(step: Step, applied: AppliedOperation) -> Schema:
    """Return the schema after the operation's script."""
    return _run_of(step, applied).schema


def dropped(step: Step, *kinds: str) -> Iterator[tuple[AppliedOperation, ops.Drop]]:
    """Yield drops of some kinds of relation that others may use: not those created here, or created again.

    None in a migration whose scripts look swapped: what its forward drops is not there.
    """
    if swapped(step) is not None:
        return
    for applied, operation in effective(step, ops.Drop):
        if operation.kind not in kinds or applied.fresh(operation.name) or undoes(step, applied):
            continue
        # A drop of what does not exist fails, and that is reported.
        if applied.moment.failed and applied.before.find(applied.key(operation.name)) is None:
            continue
        if end_of(step, applied).find(applied.key(operation.name)) is None and not _renamed_here(
            step, applied, operation
        ):
            yield applied, operation


def _renamed_here(step: Step, applied: AppliedOperation, operation: ops.Drop) -> bool:
    """Return whether the script gave it that name: no code uses it yet, and another rule reports the old name."""
    return any(
        earlier.script is applied.script
        and earlier.number < applied.number
        and renamed.kind == operation.kind
        and replace(earlier.key(renamed.name), name=earlier.folded(renamed.new)) == applied.key(operation.name)
        for earlier, renamed in effective(step, ops.Rename)
    )


def dropped_others(step: Step, kinds: tuple[str, ...], space: str) -> Iterator[tuple[AppliedOperation, ops.Drop]]:
    """Yield drops of other objects (types, schemas, extensions, triggers, ...), as `dropped` does."""
    for applied, operation in effective(step, ops.Drop):
        if (
            operation.kind not in kinds
            or undoes(step, applied)
            or _exists(end_of(step, applied), applied, operation, space)
        ):
            continue
        # Running code does not use what the script created or named itself.
        if not _exists(applied.before, applied, operation, space) or _exists(
            start_of(step, applied), applied, operation, space
        ):
            yield applied, operation


def _exists(schema: Schema, applied: AppliedOperation, operation: ops.Drop, space: str) -> bool:
    if space == "routine":
        return routine_exists(schema, operation.name)
    places: tuple[str, ...] = ("",)
    if space == "type":
        places = (operation.name.schema,) if operation.name.schema is not None else applied.before.path
    if operation.table is not None:
        table = applied.key(operation.table)
        return schema.find(Key(space, table.schema, operation.name.name, table.name)) is not None
    return any(schema.find(Key(space, place, operation.name.name)) is not None for place in places)


def routine_exists(schema: Schema, name: ops.Name) -> bool:
    """Return whether a function of that name exists, whatever its arguments."""
    for place in (name.schema,) if name.schema is not None else schema.path:
        for key in schema.overloads(place, name.name):
            if isinstance(schema.find(key), Routine):
                return True
    return False


def final_table(step: Step, applied: AppliedOperation, name: ops.Name) -> Table | None:
    """Return the table as the operation's script leaves it."""
    return end_of(step, applied).table(applied.key(name))
