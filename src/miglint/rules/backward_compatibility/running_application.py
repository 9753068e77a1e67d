"""What the rules of compatibility share: is it still needed, was it there before, does it come back."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.replay.steps import Step
from miglint.rules.support.applied_operations import Act, done, undoes
from miglint.schema.objects import Key, Routine, Table
from miglint.schema.outcome import Run
from miglint.schema.value import Schema
from miglint.sql import operations as ops


def _run_of(step: Step, act: Act) -> Run:
    run = step.forward if act.forward else step.rollback
    assert run is not None
    return run


def start_of(step: Step, act: Act) -> Schema:
    """Return the schema that the act's script met."""
    return _run_of(step, act).before


def end_of(step: Step, act: Act) -> Schema:
    """Return the schema that the act's script leaves behind."""
    return _run_of(step, act).schema


def dropped(step: Step, *kinds: str) -> Iterator[tuple[Act, ops.Drop]]:
    """Yield the drops of some kinds of relation that others may use: not what comes back, nor what was made here."""
    for act, operation in done(step, ops.Drop):
        if operation.kind not in kinds or act.fresh(operation.name) or undoes(step, act):
            continue
        # What does not exist cannot go, and that the statement fails is told.
        if act.moment.failed and act.before.find(act.key(operation.name)) is None:
            continue
        if end_of(step, act).find(act.key(operation.name)) is None and not _renamed_here(step, act, operation):
            yield act, operation


def _renamed_here(step: Step, act: Act, operation: ops.Drop) -> bool:
    """Return whether the script itself gave it that name: nobody uses it, and of the old name another rule tells."""
    return any(
        earlier.script is act.script
        and earlier.number < act.number
        and renamed.kind == operation.kind
        and earlier.key(renamed.name)._replace(name=earlier.folded(renamed.new)) == act.key(operation.name)
        for earlier, renamed in done(step, ops.Rename)
    )


def dropped_others(step: Step, kinds: tuple[str, ...], space: str) -> Iterator[tuple[Act, ops.Drop]]:
    """Yield the drops of what is no relation (types, schemas, extensions, triggers, ...), as `dropped` does."""
    for act, operation in done(step, ops.Drop):
        if operation.kind not in kinds or undoes(step, act) or _exists(end_of(step, act), act, operation, space):
            continue
        # What the script made for itself, or called so itself, nobody else has heard of.
        if not _exists(act.before, act, operation, space) or _exists(start_of(step, act), act, operation, space):
            yield act, operation


def _exists(schema: Schema, act: Act, operation: ops.Drop, space: str) -> bool:
    if space == "routine":
        return routine_exists(schema, operation.name)
    places: tuple[str, ...] = ("",)
    if space == "type":
        places = (operation.name.schema,) if operation.name.schema is not None else act.before.path
    if operation.table is not None:
        table = act.key(operation.table)
        return schema.find(Key(space, table.schema, operation.name.name, table.name)) is not None
    return any(schema.find(Key(space, place, operation.name.name)) is not None for place in places)


def routine_exists(schema: Schema, name: ops.Name) -> bool:
    """Return whether a function of that name exists, whatever its arguments."""
    for place in (name.schema,) if name.schema is not None else schema.path:
        for key in schema.overloads(place, name.name):
            if isinstance(schema.find(key), Routine):
                return True
    return False


def final_table(step: Step, act: Act, name: ops.Name) -> Table | None:
    """Return the table as the act's script leaves it."""
    return end_of(step, act).table(act.key(name))
