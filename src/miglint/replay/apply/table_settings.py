"""The settings of a table or a view, and which of a table's triggers fire."""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.replay.apply import clustering
from miglint.replay.apply.columns import altered
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.row_contents import references_to
from miglint.schema.objects import Absent, Index, Key, RewriteRule, Sequence, Table, Trigger, View
from miglint.schema.parts import named_of_kind, of_kind, with_part
from miglint.sql.operations import EnableTrigger, SetTableOption

_OFF = {"row security": "off", "force row security": "off", "replica identity": "default"}


_OFF_OF_VIEWS = {"security_invoker": "false", "security_barrier": "false"}


def set_table_option(machine: Machine, operation: SetTableOption) -> None:
    """Set any other option of a relation."""
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
        _refuse_persistence(machine, key, found, operation)
        machine.put(key, _with_option(found, operation))
    elif isinstance(found, Index):
        name = operation.option.removeprefix("storage parameter ")
        if name != operation.option:
            machine.put(key, replace(found, options=_with_parameter(found.options, name, operation.value)))
    elif isinstance(found, Sequence) and operation.option == "logged":
        machine.put(key, replace(found, persistence="permanent" if operation.value == "on" else "unlogged"))
    elif isinstance(found, View):
        name = operation.option.removeprefix("storage parameter ")
        off = operation.value is not None and operation.value.lower() == _OFF_OF_VIEWS.get(name)
        machine.put(key, replace(found, options=_with_parameter(found.options, name, None if off else operation.value)))


def _with_parameter(options: tuple[str, ...], name: str, value: str | None) -> tuple[str, ...]:
    """Return options with a value of one of them, or without that."""
    kept = tuple(option for option in options if option.partition("=")[0] != name)
    return kept if value is None else tuple(sorted((*kept, f"{name}={value}")))


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
        name = operation.value.removeprefix("using index ")
        clustering.index_of(machine, key, name)
        _refuse_identity(machine, key, relation, name)


def _refuse_identity(machine: Machine, key: Key, relation: Table | View, name: str) -> None:
    """Raise the errors for an index that cannot identify rows."""
    index = machine.schema.find(Key("relation", key.schema, name))
    if not isinstance(index, Index) or not isinstance(relation, Table) or index.assumed or relation.assumed:
        return
    why = None
    if not index.unique:
        why = f'cannot use non-unique index "{name}" as replica identity'
    elif index.where is not None:
        why = f'cannot use partial index "{name}" as replica identity'
    elif any(element.expression is not None for element in index.elements):
        why = f'cannot use expression index "{name}" as replica identity'
    else:
        for element in index.elements:
            column = relation.columns.get(element.column or "")
            if column is not None and column.nullable:
                why = f'index "{name}" cannot be used as replica identity because column "{column.name}" is nullable'
                break
    if why is not None:
        raise machine.refuse("wrong_object_type", why, key)


def _is_unlogged(machine: Machine, key: Key) -> bool | None:
    """Return whether a table is unlogged, or None if that is not known."""
    table = machine.schema.table(key)
    return None if table is None or table.assumed else table.persistence == "unlogged"


def _refuse_persistence(machine: Machine, key: Key, table: Table, operation: SetTableOption) -> None:
    """Raise the errors for a change after which a table would refer to one that does not outlive a crash."""
    if operation.option != "logged" or not machine.postgres or table.assumed:
        return
    logged = operation.value == "on"
    word = "logged" if logged else "unlogged"
    if table.partition_by is not None:
        # Since PostgreSQL 18; before, it had no effect.
        message = f'ALTER action SET {word.upper()} cannot be performed on relation "{key.name}"'
        raise machine.refuse("wrong_object_type", message, key)
    if logged:
        named = (constraint.table for constraint in of_kind(table.constraints, "foreign"))
        others = [machine.key(name) for name in named if name is not None]
    else:
        others = [child for child, _ in references_to(machine, key)]
    for other in others:
        if other != key and _is_unlogged(machine, other) is logged:
            kind = "unlogged" if logged else "logged"
            message = f'could not change table "{key.name}" to {word} because it references {kind} table "{other.name}"'
            raise machine.refuse("invalid_table_definition", message, key)


def _with_option(table: Table, operation: SetTableOption) -> Table:
    if operation.option == "logged":
        return replace(table, persistence="permanent" if operation.value == "on" else "unlogged")
    options = {name: value for name, value in table.options.items() if name != operation.option}
    if operation.value is not None and operation.value != _OFF.get(operation.option):
        options[operation.option] = operation.value
    return replace(table, options=options)


def _switch_foreign_keys(machine: Machine, key: Key, *, off: bool) -> None:
    """Switch the triggers by which foreign keys are checked on a table: its own, and those that refer to it."""
    table = machine.schema.table(key)
    for name, _ in named_of_kind(table.constraints, "foreign") if table is not None else ():
        _switch_foreign_key(machine, key, name, "own", off=off)
    for user, constraint in references_to(machine, key):
        if constraint.name is not None:
            _switch_foreign_key(machine, user, constraint.name, "referenced", off=off)


def _switch_foreign_key(machine: Machine, key: Key, name: str, where: str, *, off: bool) -> None:
    table = machine.schema.table(key)
    constraint = None if table is None else table.constraints.get(name)
    if table is None or constraint is None:
        return
    sides = {"both": {"own", "referenced"}, "": set()}.get(constraint.disabled, {constraint.disabled})
    sides = sides | {where} if off else sides - {where}
    disabled = "both" if len(sides) > 1 else "".join(sides)
    if disabled != constraint.disabled:
        changed = with_part(table.constraints, name, replace(constraint, disabled=disabled))
        machine.put(key, replace(table, constraints=changed))


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
        if operation.trigger == "*all*":
            _switch_foreign_keys(machine, key, off=state == "disabled")
        return
    trigger_key = Key("rule" if operation.rule else "trigger", key.schema, operation.trigger, key.name)
    found_trigger = machine.schema.get(trigger_key)
    if isinstance(found_trigger, (Trigger, RewriteRule)):
        machine.put(trigger_key, replace(found_trigger, state=state))
    elif isinstance(found_trigger, Absent):
        raise machine.refuse(
            "undefined_object",
            f'trigger "{operation.trigger}" for table "{table.name.name}" does not exist',
            trigger_key,
        )
