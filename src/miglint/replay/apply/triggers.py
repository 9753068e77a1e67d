"""What an engine has against a new trigger: its event, its timing, its columns, and its function."""

from __future__ import annotations

from miglint.base.lazy_regex import pattern
from miglint.replay.apply.machine import Machine
from miglint.schema.objects import Key, Routine, SchemaObject, Table, Trigger, View
from miglint.sql.operations import CreateTrigger

_ROW = pattern(r"\b(old|new)\.")
# Such a condition leaves out rows that are set to what they are.
_COMPARED_ROWS = pattern(r"\b(?:old|new)\.\S+ (?:is distinct from|<>) (?:old|new)\.")


def refuse_trigger(machine: Machine, table: Key, operation: CreateTrigger) -> None:
    """Raise the errors for a trigger that its table, its event or its function cannot have."""
    found = machine.schema.find(table)
    _refuse_timing(machine, table, found, operation.definition)
    if isinstance(found, Table) and not found.assumed and found.kind == "table":
        for name in operation.columns:
            if machine.column_name(name) not in found.columns and machine.postgres:
                message = f'column "{name}" of relation "{table.name}" does not exist'
                raise machine.refuse("undefined_column", message, table, name)
    if machine.postgres:
        _refuse_condition(machine, table, operation)
        _refuse_function(machine, operation)
        existing = machine.schema.find(Key("trigger", table.schema, operation.name, table.name))
        constrains = isinstance(existing, Trigger) and existing.definition.startswith("constraint ")
        if operation.or_replace and existing is not None and (constrains or operation.constraint):
            message = f'trigger "{operation.name}" for relation "{table.name}" is a constraint trigger'
            raise machine.refuse("invalid_object_definition", message, table)


def note_triggers(machine: Machine, table: Key, columns: set[str]) -> None:
    """Record that triggers run when the columns of rows are set again, to the values that they have."""
    for _, trigger in machine.schema.users(table, Trigger):
        if trigger.state == "disabled" or machine.key(trigger.table) != table:
            continue
        if trigger.columns and columns.isdisjoint(map(machine.column_name, trigger.columns)):
            continue
        head, _, condition = trigger.definition.lower().partition(" when ")
        events = [trigger.event] if trigger.event else head.partition(" for each ")[0].split()
        if "update" in events and not _COMPARED_ROWS.search(condition):
            machine.note("rows?", f'what the trigger "{trigger.name}" does when it runs again is not known', table)


def _refuse_timing(machine: Machine, table: Key, found: SchemaObject | None, definition: str) -> None:
    words = definition.lower()
    instead = words.startswith("instead of")
    if isinstance(found, Table) and not found.assumed and instead:
        message = (
            f'"{table.name}" is a table'
            if machine.postgres
            else f"cannot create INSTEAD OF trigger on table: {table.name}"
        )
        raise machine.refuse("wrong_object_type", message, table)
    if not isinstance(found, View) or found.assumed or instead:
        return
    if not machine.postgres:
        word = "BEFORE" if words.startswith("before") else "AFTER"
        raise machine.refuse("wrong_object_type", f"cannot create {word} trigger on view: {table.name}", table)
    if "for each row" in words.partition(" when ")[0] or found.materialized:
        kind = "materialized view" if found.materialized else "view"
        raise machine.refuse("wrong_object_type", f'"{table.name}" is a {kind}', table)


def _refuse_condition(machine: Machine, table: Key, operation: CreateTrigger) -> None:
    """Raise the errors for a `WHEN` that reads a row which the event does not have, and for transition tables."""
    head, _, rest = operation.definition.partition(" for each ")
    _, has_condition, condition = rest.partition(" when ")
    rows = set(_ROW.findall(condition.partition(" execute ")[0].lower())) if has_condition else set()
    for event, row in (("insert", "old"), ("delete", "new")):
        if row in rows and event in head.split():
            message = f"{event.upper()} trigger's WHEN condition cannot reference {row.upper()} values"
            raise machine.refuse("invalid_object_definition", message, table)
    if operation.columns and " table as " in head:
        message = "transition tables cannot be specified for triggers with column lists"
        raise machine.refuse("feature_not_supported", message, table)


def _refuse_function(machine: Machine, operation: CreateTrigger) -> None:
    """Raise the error for a function that returns something else than a trigger."""
    name = operation.function
    if name is None:
        return
    for schema in machine.path if name.schema is None else (name.schema,):
        key = Key("routine", schema, f"{name.name}()")
        routine = machine.schema.find(key)
        if not isinstance(routine, Routine):
            continue
        if routine.returns is not None and routine.returns.name != "trigger" and not routine.assumed:
            message = f"function {name.name} must return type trigger"
            raise machine.refuse("invalid_object_definition", message, key)
        return
