"""What calls a function: queries and `CALL`. A function that the files made is carried out as a block would be."""

from __future__ import annotations

from collections.abc import Callable

from miglint.replay.apply import data
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.queries import need_query
from miglint.replay.apply.row_contents import forget_all_contents
from miglint.replay.apply.system_names import SYSTEM_SCHEMAS
from miglint.replay.apply.typed import check_statement
from miglint.schema.objects import Key, Routine
from miglint.sql.operations import (
    Call,
    Delete,
    Insert,
    Maintenance,
    Name,
    Opaque,
    Operation,
    OtherData,
    Raise,
    RoutineBody,
    Select,
    Truncate,
    Update,
    flat,
)

Apply = Callable[[Machine, Operation], None]

_DEEPEST = 10
_CHANGING_NO_ROWS = frozenset({"setval", "set_config", "nextval", "pg_advisory_xact_lock", "pg_advisory_lock"})
_SEARCH_PATH = "set search_path to "
_ROWS_ONLY = (Insert, Update, Delete, Truncate, Raise, Maintenance)


def select(machine: Machine, operation: Select, apply: Apply) -> None:
    """A query run for itself: only the relations it reads and the functions it calls matter."""
    need_query(machine, operation.query)
    check_statement(machine, None, operation.query.text)
    for call in operation.called:
        if not _call(machine, call, operation, apply) and call.name.name not in _CHANGING_NO_ROWS:
            forget_all_contents(machine)
    sure = {call.name for call in operation.called}
    for function in operation.query.functions:
        if function not in sure:
            _perhaps(machine, function, operation)


def other_data(machine: Machine, operation: OtherData, apply: Apply) -> None:
    """`CALL`, and what else changes rows."""
    if operation.called is None:
        data.other_data(machine, operation)
    elif not _call(machine, operation.called, operation, apply):
        forget_all_contents(machine)
        machine.lose("what a called procedure does is not known")


def returns_nothing(machine: Machine, name: Name) -> bool:
    """Return whether all functions of a name return `void`."""
    found = _found(machine, name)
    return bool(found) and all(item.returns is not None and item.returns.name == "void" for _, item in found)


def _found(machine: Machine, name: Name) -> list[tuple[Key, Routine]]:
    resolved = machine.function_name(name)
    if resolved.schema is None or resolved.schema in SYSTEM_SCHEMAS:
        return []
    keys = machine.schema.overloads(resolved.schema, resolved.name)
    found = ((key, machine.schema.find(key)) for key in keys if key.space == "routine")
    return [(key, value) for key, value in found if isinstance(value, Routine) and value.kind != "aggregate"]


def _takes(routine: Routine, arguments: int) -> bool:
    if "variadic " in routine.definition:
        return True
    most = len(routine.arguments or ())
    return most - routine.defaults <= arguments <= most


def _own_path(routine: Routine) -> tuple[str, ...] | None:
    """Return the schemas of the search path that a routine sets, or None if it sets none."""
    option = next((option for option in routine.options if option.startswith(_SEARCH_PATH)), None)
    if option is None:
        return None
    names = (name.strip().strip('"') for name in option.removeprefix(_SEARCH_PATH).split(","))
    return tuple(name for name in names if name and name != "$user")


def _call(machine: Machine, call: Call, operation: Operation, apply: Apply) -> bool:
    """Apply a call; return False if no function of that name is known."""
    found = _found(machine, call.name)
    if not found:
        return False
    fitting = [(key, routine) for key, routine in found if _takes(routine, len(call.arguments))]
    # A `CALL` has values for results, too.
    if not fitting and isinstance(operation, OtherData) and not any(routine.output_names for _, routine in found):
        message = f"procedure {call.name}({', '.join('unknown' for _ in call.arguments)}) does not exist"
        raise machine.refuse("undefined_function", message, found[0][0])
    key, routine = fitting[0] if len(fitting) == 1 else found[0]
    effects = _effects(routine, call.arguments, operation) if len(fitting) == 1 else None
    if effects is None or key in machine.calling or len(machine.calling) >= _DEEPEST:
        forget_all_contents(machine)
        machine.lose(f'what the function "{call.name}" does is not known')
        return True
    if effects:
        machine.note("called", f'the function "{call.name}" runs statements of its own', key)
    _run_body(machine, key, routine, effects, apply)
    return True


def _run_body(machine: Machine, key: Key, routine: Routine, effects: tuple[Operation, ...], apply: Apply) -> None:
    """Apply what a function does, with the path that it sets."""
    path, moments = machine.path, machine.moments
    own_path = _own_path(routine)
    machine.path = own_path or path
    machine.calling, machine.moments = (*machine.calling, key), None
    try:
        for inner in effects:
            apply(machine, inner)
    finally:
        machine.calling, machine.moments = machine.calling[:-1], moments
        if own_path is not None:
            machine.path = path


def _effects(routine: Routine, arguments: tuple[str | None, ...], operation: Operation) -> tuple[Operation, ...] | None:
    # Only a VOLATILE function may change data.
    if "volatility=stable" in routine.options or "volatility=immutable" in routine.options:
        return ()
    if routine.body is None or routine.read_call is None:
        return None
    body = RoutineBody(routine.language, routine.body, routine.input_names, routine.output_names, routine.returns)
    return routine.read_call(body, arguments, operation.span)


def _perhaps(machine: Machine, name: Name, operation: Select) -> None:
    """A function that is called for each row, or on a condition: how often is not known."""
    for _, routine in _found(machine, name):
        forget_all_contents(machine)
        effects = _effects(routine, (), operation)
        if effects is None or not _only_rows(machine, effects):
            machine.lose(f'what the function "{name}" does is not known')
            return
        if any(not isinstance(item, (Select, Raise)) for item in effects):
            machine.note("rows?", f'what the function "{name}" does to rows is not known')


def _only_rows(machine: Machine, operations: tuple[Operation, ...]) -> bool:
    for item in flat(operations):
        if isinstance(item, Select):
            if any(_found(machine, function) for function in item.query.functions):
                return False
        elif not isinstance(item, _ROWS_ONLY) and not (isinstance(item, Opaque) and not item.schema_effect):
            return False
    return True
