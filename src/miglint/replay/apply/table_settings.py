"""The settings of a table or a view, and which of a table's triggers fire."""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.replay.apply import clustering
from miglint.replay.apply.columns import altered
from miglint.replay.apply.machine import Machine
from miglint.schema.objects import Absent, Key, Table, Trigger, View
from miglint.sql.operations import EnableTrigger, SetTableOption

_OFF = {"row security": "off", "force row security": "off", "replica identity": "default"}


def set_table_option(machine: Machine, operation: SetTableOption) -> None:
    """Any other setting of a relation."""
    key, found = machine.relation(operation.table)
    if isinstance(found, Absent):
        if operation.table_if_exists:
            machine.note("missing", f'relation "{operation.table}" does not exist, skipped', key)
            return
        raise machine.missing_relation(operation.table, key)
    if found is None and operation.kind == "table":
        assumed = machine.table(operation.table)
        found = None if assumed is None else assumed[1]
    if machine.postgres and isinstance(found, (Table, View)):
        _refuse_unusable_index(machine, key, found, operation)
    if isinstance(found, Table):
        machine.put(key, _with_option(found, operation))
    elif isinstance(found, View):
        kept = tuple(option for option in found.options if option.partition("=")[0] != operation.option)
        if operation.value is not None:
            kept = tuple(sorted((*kept, f"{operation.option}={operation.value}")))
        machine.put(key, replace(found, options=kept))


def _refuse_unusable_index(machine: Machine, key: Key, relation: Table | View, operation: SetTableOption) -> None:
    """Raise the error for an index that cannot order the rows of a relation, or that does not exist."""
    if operation.value is None:
        return
    if operation.option == clustering.OPTION:
        clustering.refuse_index(machine, key, operation.value)
        if isinstance(relation, Table) and relation.partition_by is not None:
            message = "cannot mark index clustered in partitioned table"
            raise machine.refuse("feature_not_supported", message, key)
    elif operation.option == "replica identity" and operation.value.startswith("using index "):
        clustering.index_of(machine, key, operation.value.removeprefix("using index "))


def _with_option(table: Table, operation: SetTableOption) -> Table:
    if operation.option == "logged":
        return replace(table, persistence="permanent" if operation.value == "on" else "unlogged")
    options = {name: value for name, value in table.options.items() if name != operation.option}
    if operation.value is not None and operation.value != _OFF.get(operation.option):
        options[operation.option] = operation.value
    return replace(table, options=options)


def enable_trigger(machine: Machine, operation: EnableTrigger) -> None:
    """`ENABLE/DISABLE TRIGGER`."""
    found = altered(machine, operation)
    if found is None:
        return
    key, table = found
    state = {"enable": "enabled", "disable": "disabled", "enable replica": "replica", "enable always": "always"}.get(
        operation.state, operation.state
    )
    if operation.trigger.startswith("*"):
        for user, value in machine.schema.users(key, Trigger):
            machine.put(user, replace(value, state=state))
        return
    trigger_key = Key("rule" if operation.rule else "trigger", key.schema, operation.trigger, key.name)
    found_trigger = machine.schema.get(trigger_key)
    if isinstance(found_trigger, Trigger):
        machine.put(trigger_key, replace(found_trigger, state=state))
    elif isinstance(found_trigger, Absent):
        raise machine.refuse(
            "undefined_object",
            f'trigger "{operation.trigger}" for table "{table.name.name}" does not exist',
            trigger_key,
        )
