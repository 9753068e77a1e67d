"""Control flow and the session: transactions, settings, and the guards of `DO` blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from miglint.base.structs import replace
from miglint.replay.apply.calls import returns_nothing
from miglint.replay.apply.conditions import holds
from miglint.replay.apply.error_conditions import catches, condition_name
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
    Name,
    Not,
    Opaque,
    Operation,
    Pragma,
    Raise,
    Risk,
    Truncate,
    Try,
    Update,
    flat,
)

_REFUSED_ROWS = ("unique_violation", "foreign_key_violation", "not_null_violation", "check_violation")

Apply = Callable[[Machine, Operation], None]


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
    raise machine.refuse(condition_name(operation.condition), operation.message)


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
    before, touched = machine.schema, machine.touched
    machine.touched = set()
    try:
        for inner in operation.body:
            apply(machine, inner)
    except Refused as refused:
        if not catches(operation.caught, refused.failure.condition):
            raise
        machine.schema = before
        machine.note("skipped", refused.failure.message, refused.failure.key, refused.failure.part)
        for inner in operation.handler:
            apply(machine, inner)
    else:
        if any(key.space != "rows" for key in machine.touched) and (risk := _caught_risk(machine, operation)):
            machine.undecided |= machine.touched
            machine.lose(f"the block undoes its changes if this fails: {risk.text}")
    finally:
        machine.touched |= touched


def _caught_risk(machine: Machine, operation: Try) -> Risk | None:
    """Return what may fail in a block whose handler then hides the error."""
    if any(isinstance(inner, Raise) for inner in operation.handler):
        return None
    for risk in (*operation.risks, *_of_rows(operation)):
        caught = any(catches(operation.caught, condition) for condition in risk.conditions)
        # A function that scripts made is carried out.
        if caught and not (risk.function is not None and _is_made(machine, risk.function)):
            return risk
    return None


def _of_rows(operation: Try) -> Iterator[Risk]:
    """Yield the rows that a block inserts: a constraint may refuse them."""
    for inner in flat(operation.body):
        if isinstance(inner, Insert) and inner.conflict is None and not inner.anti_join:
            yield Risk(f"INSERT INTO {inner.table}", _REFUSED_ROWS)


def _is_made(machine: Machine, function: Name) -> bool:
    name = machine.function_name(function)
    return name.schema is not None and machine.schema.count_overloads(name.schema, name.name) > 0
