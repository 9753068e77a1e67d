"""Functions and procedures."""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.replay.apply.default_privileges import endow
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.resolve import resolved_mentions
from miglint.replay.apply.search_path import full_definition
from miglint.replay.apply.signatures import missing_routine, routines, signature
from miglint.replay.apply.typed import check_body
from miglint.schema.objects import Absent, Key, Routine
from miglint.sql.operations import AlterRoutine, CreateRoutine


def _replace(machine: Machine, key: Key, existing: Routine, value: Routine, *, or_replace: bool) -> None:
    if not or_replace:
        message = f'function "{value.name.name}" already exists with same argument types'
        raise machine.refuse("duplicate_function", message, key)
    if not existing.assumed:
        _replaceable(machine, key, existing, value)
    machine.put(key, value)


def create_routine(machine: Machine, operation: CreateRoutine) -> None:
    """`CREATE [OR REPLACE] FUNCTION`, `PROCEDURE`, `AGGREGATE`."""
    operation = full_definition(machine, operation)
    name = machine.created(operation.name)
    arguments = tuple(machine.type(argument) or argument for argument in operation.arguments)
    key = Key("routine", name.schema or "", f"{name.name}({signature(machine, operation.arguments)})")
    value = Routine(
        name,
        operation.kind,
        arguments,
        machine.type(operation.returns),
        operation.language,
        operation.definition,
        operation.body,
        (),
        operation.input_names,
        operation.defaults,
        tuple(machine.type_name(item) for item in operation.types),
        output_names=operation.output_names,
        outputs=tuple((name, machine.type(kind)) for name, kind in operation.outputs),
        functions=tuple(machine.function_name(item) for item in operation.functions),
        mentions=resolved_mentions(machine, operation.mentions, None),
        source=operation.source,
        read_call=operation.read_call,
    )
    value = _with_options(value, operation.options)
    if machine.postgres and operation.kind != "aggregate":
        check_body(machine, key, operation)
    existing = machine.schema.find(key)
    if isinstance(existing, Routine):
        _replace(machine, key, existing, value, or_replace=operation.or_replace)
        return
    # Where the files do not create everything, it may replace an unknown one.
    certain = machine.schema.rooted or not operation.or_replace or _has_new_type(machine, value)
    machine.create(key, value, certain=certain)
    endow(machine, key, "function", "procedure" if value.kind == "procedure" else "function")
    bare = Key("routine", name.schema or "", name.name)
    if isinstance(machine.schema.get(bare), Absent):
        machine.schema = machine.schema.forget(bare)


def _has_new_type(machine: Machine, value: Routine) -> bool:
    """Return whether the script has made a type of the signature: nothing can have had that signature before."""
    known = machine.origin.objects
    return any(
        isinstance(known.get(Key(space, name.schema or "", name.name)), Absent)
        for name in value.types
        for space in ("type", "relation")
    )


def _replaceable(machine: Machine, key: Key, old: Routine, new: Routine) -> None:
    if old.kind != new.kind:
        raise machine.refuse("wrong_object_type", "cannot change routine kind", key)
    if old.returns != new.returns or old.outputs != new.outputs:
        raise machine.refuse("invalid_function_definition", "cannot change return type of existing function", key)
    for before, after in zip(old.input_names, new.input_names, strict=False):
        if before and before != after:
            raise machine.refuse(
                "invalid_function_definition", f'cannot change name of input parameter "{before}"', key
            )
    if new.defaults < old.defaults:
        raise machine.refuse(
            "invalid_function_definition", "cannot remove parameter defaults from existing function", key
        )


def alter_routine(machine: Machine, operation: AlterRoutine) -> None:
    """`ALTER FUNCTION`."""
    schema, matches = routines(machine, operation.name, operation.arguments)
    if not matches:
        missing_routine(machine, schema, operation)
        return
    value = machine.schema.find(matches[0])
    if isinstance(value, Routine):
        machine.put(matches[0], _with_options(value, operation.options))


# The defaults of the options.
_USUAL = {
    "leakproof": "false",
    "parallel": "unsafe",
    "rows": "1000",
    "security": "false",
    "strict": "false",
    "volatility": "volatile",
    "window": "false",
}


def _with_options(value: Routine, options: tuple[str, ...]) -> Routine:
    """Return a routine with other options, less those that say what it is anyway; a later one replaces an earlier."""
    by_name: dict[str, str] = {}
    for option in (*value.options, *options):
        if option == "reset all":
            by_name = {name: text for name, text in by_name.items() if not name.startswith("set ")}
        elif option.startswith("reset "):
            by_name.pop(option.replace("reset ", "set ", 1), None)
        else:
            by_name[option.partition(" to ")[0] if option.startswith("set ") else option.partition("=")[0]] = option
    usual = {f"{name}={setting}" for name, setting in _USUAL.items()}
    usual.add("cost=1" if value.language in ("c", "internal") else "cost=100")
    return replace(value, options=tuple(sorted(text for text in by_name.values() if text not in usual)))
