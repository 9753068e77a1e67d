"""What is attached to tables: triggers, policies and rules."""

from __future__ import annotations

from typing import TypeVar

from miglint.base.structs import replace
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.resolve import resolved_mentions
from miglint.replay.apply.search_path import full_definition, schema_names
from miglint.replay.apply.triggers import refuse_trigger
from miglint.replay.apply.typed import check_policy
from miglint.schema.objects import Absent, Key, Policy, RewriteRule, Trigger
from miglint.sql.operations import AlterPolicy, CreatePolicy, CreateRule, CreateTrigger, Mentions, Name

_Policy = TypeVar("_Policy", CreatePolicy, AlterPolicy)


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
    operation = full_definition(machine, operation)
    table, owner = _holder(machine, operation.table)
    if machine.postgres:
        key = Key("trigger", table.schema, operation.name, owner)
    else:
        schema = "temp" if operation.temporary else table.schema
        key = Key("trigger", schema, operation.name.lower())
    function = None if operation.function is None else machine.function_name(operation.function)
    value = Trigger(
        operation.name,
        Name(table.schema, table.name),
        function,
        _definition(operation, function),
        "enabled",
        operation.columns,
        relations=() if machine.postgres else operation.relations,
        event=operation.event,
        uses=operation.uses,
        targets=operation.targets,
        open=operation.open,
        mentions=resolved_mentions(machine, operation.mentions, table),
        source=operation.source,
    )
    refuse_trigger(machine, table, operation)
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


def _definition(operation: CreateTrigger, function: Name | None) -> str:
    """Return the definition of a trigger with the schema in which its function was found."""
    if function is None or operation.function is None or function.schema in (None, "public", "pg_catalog"):
        return operation.definition
    head, _, arguments = operation.definition.rpartition(f"execute {operation.function}(")
    return f"{head}execute {function}({arguments}" if head else operation.definition


def _function_exists(machine: Machine, name: Name) -> None:
    schemas = machine.path if name.schema is None else (name.schema,)
    for schema in schemas:
        if machine.schema.count_overloads(schema, name.name):
            return
    for schema in schemas:
        key = Key("routine", schema, name.name)
        if isinstance(machine.schema.get(key), Absent) and not machine.schema.closed:
            raise machine.refuse("undefined_function", f"function {name}() does not exist", key)


def create_policy(machine: Machine, operation: CreatePolicy) -> None:
    """`CREATE POLICY`."""
    operation = _with_schemas(machine, operation)
    table, owner = _holder(machine, operation.table)
    key = Key("policy", table.schema, operation.name, owner)
    for text in (operation.using_text, operation.check_text):
        check_policy(machine, table, text)
    if machine.schema.find(key) is not None:
        raise machine.refuse("duplicate_object", f'policy "{operation.name}" for table "{owner}" already exists', key)
    policy = Policy(
        operation.name,
        Name(table.schema, table.name),
        operation.head,
        operation.roles,
        operation.using,
        operation.check,
        mentions=resolved_mentions(machine, operation.mentions, table),
        using_text=operation.using_text,
        check_text=operation.check_text,
    )
    machine.create(key, policy)


def _with_schemas(machine: Machine, operation: _Policy) -> _Policy:
    """Return a statement about a policy whose conditions do not depend on a search path of the script."""
    names = schema_names(machine)
    for key, place in (("using", "using_text"), ("check", "check_text")) if names is not None else ():
        text = getattr(operation, place)
        found = names.condition(text) if text and names is not None else None
        if found is not None:
            operation = replace(operation, **{key: found.key, place: found.text})
    return operation


def alter_policy(machine: Machine, operation: AlterPolicy) -> None:
    """`ALTER POLICY`: what it does not say stays as it was."""
    operation = _with_schemas(machine, operation)
    table, owner = _holder(machine, operation.table)
    key = Key("policy", table.schema, operation.name, owner)
    found = machine.schema.get(key)
    if isinstance(found, Absent):
        raise machine.refuse("undefined_object", f'policy "{operation.name}" for table "{owner}" does not exist', key)
    if not isinstance(found, Policy):
        return
    if found.assumed:
        machine.doubt(f'what the policy "{operation.name}" was before ALTER POLICY is not known')
        return
    new = resolved_mentions(machine, operation.mentions, table)
    given, had = (operation.using, operation.check), (found.using, found.check)
    whole = all(new_part is not None or old_part is None for new_part, old_part in zip(given, had, strict=True))
    changed = replace(
        found,
        roles=found.roles if operation.roles is None else operation.roles,
        using=found.using if operation.using is None else operation.using,
        check=found.check if operation.check is None else operation.check,
        using_text=found.using_text if operation.using is None else operation.using_text,
        check_text=found.check_text if operation.check is None else operation.check_text,
        mentions=new if whole else _joined(found.mentions, new),
    )
    machine.put(key, changed)


def _joined(one: Mentions, two: Mentions) -> Mentions:
    """Return what either of two conditions mentions."""
    return Mentions(
        *(tuple(dict.fromkeys((*getattr(one, name), *getattr(two, name)))) for name in Mentions.__struct_fields__)
    )


def create_rule(machine: Machine, operation: CreateRule) -> None:
    """`CREATE RULE`."""
    operation = full_definition(machine, operation)
    table, owner = _holder(machine, operation.table)
    key = Key("rule", table.schema, operation.name, owner)
    existing = machine.schema.find(key)
    if existing is not None and not operation.or_replace:
        raise machine.refuse("duplicate_object", f'rule "{operation.name}" for relation "{owner}" already exists', key)
    mentions = resolved_mentions(machine, operation.mentions, table)
    machine.create(
        key,
        RewriteRule(
            operation.name,
            Name(table.schema, table.name),
            operation.definition,
            mentions=mentions,
            source=operation.source,
        ),
    )
