"""Functions and procedures, and what calls them on a table: triggers, rules, policies."""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.replay.apply.drops import routines, signature
from miglint.replay.apply.machine import Machine
from miglint.schema.objects import Absent, Key, Policy, Routine, Rule, Trigger
from miglint.sql.operations import (
    AlterPolicy,
    AlterRoutine,
    CreatePolicy,
    CreateRoutine,
    CreateRule,
    CreateTrigger,
    Name,
)


def create_routine(machine: Machine, operation: CreateRoutine) -> None:
    """`CREATE [OR REPLACE] FUNCTION`, `PROCEDURE`, `AGGREGATE`."""
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
        functions=tuple(machine.function_name(item) for item in operation.functions),
    )
    value = _with_options(value, operation.options)
    existing = machine.schema.find(key)
    if isinstance(existing, Routine):
        if not operation.or_replace:
            raise machine.refuse(
                "duplicate_function",
                f'function "{name.name}" already exists with same argument types',
                key,
            )
        if not existing.assumed:
            _replaceable(machine, key, existing, value)
        machine.put(key, value)
        return
    # Where files do not make everything, it may replace what nobody has seen.
    machine.create(key, value, telling=machine.schema.rooted or not operation.or_replace)
    bare = Key("routine", name.schema or "", name.name)
    if isinstance(machine.schema.get(bare), Absent):
        machine.schema = machine.schema.forget(bare)


def _replaceable(machine: Machine, key: Key, old: Routine, new: Routine) -> None:
    if old.kind != new.kind:
        raise machine.refuse("wrong_object_type", "cannot change routine kind", key)
    if old.returns != new.returns:
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
        text = operation.name.name
        if operation.arguments is not None:
            text += f"({signature(machine, operation.arguments)})"
        key = Key("routine", schema, text)
        if isinstance(machine.schema.get(key), Absent):
            raise machine.refuse("undefined_function", f"function {text} does not exist", key)
        return
    value = machine.schema.find(matches[0])
    if isinstance(value, Routine):
        machine.put(matches[0], _with_options(value, operation.options))


# What an option is when nobody says it.
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
    told: dict[str, str] = {}
    for option in (*value.options, *options):
        if option == "reset all":
            told = {name: text for name, text in told.items() if not name.startswith("set ")}
        elif option.startswith("reset "):
            told.pop(option.replace("reset ", "set ", 1), None)
        else:
            told[option.partition(" to ")[0] if option.startswith("set ") else option.partition("=")[0]] = option
    usual = {f"{name}={setting}" for name, setting in _USUAL.items()}
    usual.add("cost=1" if value.language in ("c", "internal") else "cost=100")
    return replace(value, options=tuple(sorted(text for text in told.values() if text not in usual)))


def _holder(machine: Machine, table: Name) -> tuple[Key, str]:
    """Return the key of the table (or view) that a trigger, rule or policy is made on; it must exist."""
    key, found = machine.relation(table)
    if found is None:
        resolved = machine.table(table)
        return (key, key.name) if resolved is None else (resolved[0], resolved[0].name)
    if isinstance(found, Absent):
        raise machine.missing_relation(table, key)
    return key, key.name


def create_trigger(machine: Machine, operation: CreateTrigger) -> None:
    """`CREATE TRIGGER`."""
    table, owner = _holder(machine, operation.table)
    if machine.postgres:
        key = Key("trigger", table.schema, operation.name, owner)
    else:
        schema = "temp" if operation.temporary else table.schema
        key = Key("trigger", schema, operation.name.lower())
    value = Trigger(
        operation.name,
        Name(table.schema, table.name),
        None if operation.function is None else machine.function_name(operation.function),
        operation.definition,
        "enabled",
        operation.columns,
        relations=() if machine.postgres else operation.relations,
        event=operation.event,
        uses=operation.uses,
        targets=operation.targets,
        open=operation.open,
    )
    if machine.postgres and operation.function is not None:
        _function_exists(machine, operation.function)
    existing = machine.schema.find(key)
    if existing is not None and not operation.or_replace:
        if operation.if_not_exists:
            same = existing == value or (isinstance(existing, Trigger) and existing.assumed)
            machine.note("skipped" if same else "hidden", f'trigger "{operation.name}" exists already', key)
            return
        message = (
            f'trigger "{operation.name}" for relation "{owner}" already exists'
            if machine.postgres
            else f"trigger {operation.name} already exists"
        )
        raise machine.refuse("duplicate_object", message, key)
    machine.create(key, value)


def _function_exists(machine: Machine, name: Name) -> None:
    schemas = machine.path if name.schema is None else (name.schema,)
    for schema in schemas:
        if machine.schema.count_users(Key("routine name", schema, name.name), Routine):
            return
    for schema in schemas:
        key = Key("routine", schema, name.name)
        if isinstance(machine.schema.get(key), Absent) and not machine.schema.closed:
            raise machine.refuse("undefined_function", f"function {name}() does not exist", key)


def create_policy(machine: Machine, operation: CreatePolicy) -> None:
    """`CREATE POLICY`."""
    table, owner = _holder(machine, operation.table)
    key = Key("policy", table.schema, operation.name, owner)
    if machine.schema.find(key) is not None:
        raise machine.refuse("duplicate_object", f'policy "{operation.name}" for table "{owner}" already exists', key)
    machine.create(key, Policy(operation.name, Name(table.schema, table.name), operation.definition))


def alter_policy(machine: Machine, operation: AlterPolicy) -> None:
    """`ALTER POLICY`: what it changes is kept beside what was there."""
    table, owner = _holder(machine, operation.table)
    key = Key("policy", table.schema, operation.name, owner)
    found = machine.schema.get(key)
    if isinstance(found, Absent):
        raise machine.refuse("undefined_object", f'policy "{operation.name}" for table "{owner}" does not exist', key)
    if isinstance(found, Policy):
        machine.put(key, replace(found, definition=f"{found.definition}\n{operation.definition}"))
        machine.doubt(f'ALTER POLICY "{operation.name}" changes a part of its definition')


def create_rule(machine: Machine, operation: CreateRule) -> None:
    """`CREATE RULE`."""
    table, owner = _holder(machine, operation.table)
    key = Key("rule", table.schema, operation.name, owner)
    existing = machine.schema.find(key)
    if existing is not None and not operation.or_replace:
        raise machine.refuse("duplicate_object", f'rule "{operation.name}" for relation "{owner}" already exists', key)
    machine.create(key, Rule(operation.name, Name(table.schema, table.name), operation.definition))
