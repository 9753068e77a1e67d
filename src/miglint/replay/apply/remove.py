"""Removal of an object, or of one column, default or constraint, from the schema, without dependents."""

from __future__ import annotations

from collections.abc import Callable

from miglint.base.structs import replace
from miglint.replay.apply.clustering import forget
from miglint.replay.apply.machine import Machine
from miglint.schema.name_sets import with_name
from miglint.schema.objects import Composite, Domain, Index, Key, Other, Part, Routine, Table
from miglint.schema.parts import with_part, without_part
from miglint.sql.operations import Name


def remove_object(machine: Machine, key: Key) -> None:
    """Remove an object from the schema."""
    value = machine.schema.find(key)
    if value is None:
        return
    if isinstance(value, Index):
        forget(machine, value)
    machine.drop(key)
    if isinstance(value, Routine):
        _leave_no_name(machine, value.name)


def _leave_no_name(machine: Machine, name: Name) -> None:
    """Record that no function of a name exists, if the last one is removed."""
    schema = name.schema or "public"
    if not machine.schema.count_overloads(schema, name.name):
        machine.drop(Key("routine", schema, name.name))


def remove_part(machine: Machine, key: Key, part: Part) -> None:
    """Remove a part of an object."""
    _PARTS[part.kind](machine, key, part.name)


def remove_column(machine: Machine, key: Key, name: str) -> None:
    """Remove a column of a table, with its settings, or an attribute of a composite type."""
    value = machine.schema.find(key)
    if isinstance(value, Composite):
        machine.put(key, replace(value, columns=without_part(value.columns, name)))
    if not isinstance(value, Table):
        return
    rest = without_part(value.columns, name)
    own = f"{name}: "
    options = value.options
    if any(option.startswith(own) for option in options):
        options = {option: text for option, text in options.items() if not option.startswith(own)}
    absent = with_name(value.absent, name) if value.assumed else value.absent
    machine.put(key, replace(value, columns=rest, options=options, absent=absent))


def remove_default(machine: Machine, key: Key, name: str) -> None:
    """Remove the default of a column of a table, or of a domain."""
    value = machine.schema.find(key)
    if isinstance(value, Domain):
        machine.put(key, replace(value, default=None))
    elif isinstance(value, Table) and name in value.columns:
        column = replace(value.columns[name], default=None, serial=False)
        machine.put(key, replace(value, columns=with_part(value.columns, name, column)))


def remove_constraint(machine: Machine, key: Key, name: str) -> None:
    """Remove a constraint of a table or domain; its index is another object."""
    value = machine.schema.find(key)
    if not isinstance(value, (Table, Domain)) or name not in value.constraints:
        return
    changed = replace(value, constraints=without_part(value.constraints, name))
    if isinstance(changed, Table) and changed.assumed:
        changed = replace(changed, absent=with_name(changed.absent, name))
    machine.put(key, changed)


def remove_member(machine: Machine, key: Key, name: str) -> None:
    """Remove a table from a publication."""
    value = machine.schema.find(key)
    if isinstance(value, Other):
        machine.put(key, replace(value, members=tuple(item for item in value.members if str(item.table) != name)))


_PARTS: dict[str, Callable[[Machine, Key, str], None]] = {
    "column": remove_column,
    "default": remove_default,
    "constraint": remove_constraint,
    "member": remove_member,
}
