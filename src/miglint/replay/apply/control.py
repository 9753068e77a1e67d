"""Control flow and the session: transactions, settings, and the guards of `DO` blocks."""

from __future__ import annotations

from collections.abc import Callable

from miglint.base.structs import replace
from miglint.replay.apply.calls import returns_nothing
from miglint.replay.apply.conditions import holds
from miglint.replay.apply.machine import Machine, Refused
from miglint.replay.apply.row_contents import forget_all_contents
from miglint.schema.set_aside import SET_ASIDE_SCHEMA
from miglint.sql.operations import (
    Condition,
    Delete,
    Drop,
    Exists,
    If,
    Insert,
    Not,
    Opaque,
    Operation,
    Pragma,
    Raise,
    Truncate,
    Try,
    Update,
)

Apply = Callable[[Machine, Operation], None]

_SQLSTATES = {
    "42P07": "duplicate_table",
    "42701": "duplicate_column",
    "42710": "duplicate_object",
    "42723": "duplicate_function",
    "42P06": "duplicate_schema",
    "42704": "undefined_object",
    "42P01": "undefined_table",
    "42703": "undefined_column",
    "42883": "undefined_function",
    "2BP01": "dependent_objects_still_exist",
    "23505": "unique_violation",
}


def pragma(machine: Machine, operation: Pragma) -> None:
    """Apply SQLite's settings; `foreign_keys` inside a transaction has no effect."""
    name = operation.name.lower()
    if operation.value is None or (name == "foreign_keys" and machine.snapshots):
        return
    machine.settings[name] = operation.value


def opaque(machine: Machine, operation: Opaque) -> None:
    """Record that an effect is unknown."""
    if operation.result_of is not None and returns_nothing(machine, operation.result_of):
        return
    forget_all_contents(machine)
    if operation.schema_effect:
        machine.lose(operation.reason)
    else:
        machine.note("rows?", operation.reason)
    if operation.may_fail_again:
        machine.note("failure?", operation.reason)


def raise_error(machine: Machine, operation: Raise) -> None:
    """`RAISE EXCEPTION`."""
    raise machine.refuse("raise_exception", operation.message)


def branch(machine: Machine, operation: If, apply: Apply) -> None:
    """`IF`: the branch that its condition chooses; where that is not known, the first, and a doubt."""
    result = holds(machine, operation.condition)
    if result is None and _only_raises(operation.then):
        # A check of the surroundings by the script, which is taken to pass.
        result = False
    if result is None:
        # A guard expects that what it looks for is not there; rows decide over rows only.
        every = (*operation.then, *operation.otherwise)
        result = holds(machine, operation.condition, guess=True, rows=all(map(_changes_rows, every)))
    if result is None:
        _undecided(machine, operation, apply)
        return
    for inner in operation.then if result else operation.otherwise:
        apply(machine, inner)


def _is_no_change(operation: Operation) -> bool:
    """Return whether an operation changes rows only, or drops what data is set aside in: no part of the schema."""
    if isinstance(operation, Drop):
        return SET_ASIDE_SCHEMA in (operation.name.name, operation.name.schema)
    return isinstance(operation, (Insert, Update, Delete, Truncate))


def _changes_rows(operation: Operation) -> bool:
    return isinstance(operation, (Insert, Update, Delete))


def _undecided(machine: Machine, operation: If, apply: Apply) -> None:
    # The branch is run for its effect on later statements; whether it runs is not known.
    before, touched = machine.schema, machine.touched
    machine.touched = set()
    try:
        for inner in operation.then:
            apply(machine, _under_condition(inner, operation.condition))
    except Refused as refused:
        machine.lose(f"an IF whose condition is not known may lead to an error: {refused.failure.message}")
        return
    finally:
        machine.undecided |= machine.touched
        machine.touched |= touched
    if machine.schema is not before and not all(map(_is_no_change, operation.then)):
        machine.lose("an IF whose condition is not known decides over a change of the schema")


def _under_condition(operation: Operation, condition: Condition) -> Operation:
    """Return an INSERT whose block looks first whether its table has the rows as one that leaves these out."""
    if isinstance(operation, Insert) and isinstance(condition, Not) and isinstance(condition.condition, Exists):
        looked_at = condition.condition
        if looked_at.kind == "row" and looked_at.name == operation.table:
            return replace(operation, anti_join=True)
    return operation


def _only_raises(operations: tuple[Operation, ...]) -> bool:
    return bool(operations) and all(isinstance(operation, Raise) for operation in operations)


def attempt(machine: Machine, operation: Try, apply: Apply) -> None:
    """A block with `EXCEPTION WHEN`: undone as a whole when one of its errors is caught."""
    before = machine.schema
    try:
        for inner in operation.body:
            apply(machine, inner)
    except Refused as refused:
        caught = {_SQLSTATES.get(name.upper(), name) for name in operation.caught}
        if "others" not in caught and refused.failure.condition not in caught:
            raise
        machine.schema = before
        machine.note("skipped", refused.failure.message, refused.failure.key, refused.failure.part)
        for inner in operation.handler:
            apply(machine, inner)
