"""`RENAME TO` of any object."""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.replay.apply.constraints import rename_in_table
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.moves import RELATIONS, move
from miglint.replay.apply.others import other_key
from miglint.replay.apply.remarks import follow_object
from miglint.replay.apply.rename_types import move_routine, move_type, rename_routine, rename_type
from miglint.replay.apply.reread import is_legacy, refuse_if_broken
from miglint.schema.depends import relation_key
from miglint.schema.objects import (
    Absent,
    Index,
    Key,
    Namespace,
    Policy,
    RewriteRule,
    Routine,
    Sequence,
    Table,
    Trigger,
    View,
)
from miglint.sql.operations import (
    Name,
    Rename,
)


def rename(machine: Machine, operation: Rename) -> None:
    """`RENAME TO` of any object."""
    kind = operation.kind
    if kind in RELATIONS:
        _rename_relation(machine, operation)
    elif kind in ("type", "domain"):
        rename_type(machine, operation)
    elif kind in ("function", "procedure", "routine", "aggregate"):
        rename_routine(machine, operation)
    elif kind in ("trigger", "policy", "rule"):
        _rename_on_table(machine, operation)
    elif kind == "schema":
        _rename_schema(machine, operation)
    else:
        _rename_other(machine, operation)


def _rename_relation(machine: Machine, operation: Rename) -> None:
    key, found = machine.relation(operation.name)
    kind = operation.kind
    if isinstance(found, Absent):
        if operation.if_exists:
            machine.note("missing", f'{kind} "{operation.name}" does not exist, skipped', key)
            return
        # An index is a relation to ALTER INDEX too; SQLite renames nothing but tables.
        raise machine.missing_relation(operation.name, key, "relation" if machine.postgres else "table")
    if found is None:
        if operation.if_exists:
            machine.note("missing", f'{kind} "{operation.name}" was never created here', key)
            machine.drop(key)
            return
        found = _assumed(Name(key.schema, operation.name.name), kind)
        machine.assume(key, found)
    new_key = Key("relation", key.schema, operation.new if machine.postgres else operation.new.lower())
    if machine.schema.find(new_key) is not None:
        message = (
            f'relation "{operation.new}" already exists'
            if machine.postgres
            else f"there is already another table or index with this name: {operation.new}"
        )
        raise machine.refuse("duplicate_table", message, new_key)
    if not machine.postgres and not is_legacy(machine):
        refuse_if_broken(machine)
    if isinstance(found, Index) and found.constraint is not None and found.table is not None:
        rename_in_table(machine, relation_key(found.table, machine.dialect), key.name, operation.new)
        return
    move(machine, key, found, Name(key.schema, operation.new))


def _assumed(name: Name, kind: str) -> Index | Sequence | View | Table:
    if kind == "index":
        return Index(name, None, assumed=True)
    if kind == "sequence":
        return Sequence(name, assumed=True)
    if kind.endswith("view"):
        return View(name, None, materialized=kind != "view", assumed=True)
    return Table(name, assumed=True)


def _rename_on_table(machine: Machine, operation: Rename) -> None:
    if operation.table is None:
        return
    table_key, _ = machine.relation(operation.table)
    key = Key(operation.kind, table_key.schema, operation.name.name, table_key.name)
    value = machine.schema.get(key)
    if isinstance(value, Absent) or (value is None and table_key in machine.schema and machine.schema.closed):
        if operation.if_exists:
            machine.note("missing", f'{operation.kind} "{operation.name}" does not exist, skipped', key)
            return
        raise machine.refuse(
            "undefined_object",
            f'{operation.kind} "{operation.name}" for table "{operation.table}" does not exist',
            key,
        )
    new_key = Key(operation.kind, table_key.schema, operation.new, table_key.name)
    if machine.schema.find(new_key) is not None:
        raise machine.refuse(
            "duplicate_object",
            f'{operation.kind} "{operation.new}" for relation "{table_key.name}" already exists',
            new_key,
        )
    remarks = list(machine.schema.on(key))
    machine.drop(key)
    if isinstance(value, (Trigger, Policy, RewriteRule)):
        machine.create(new_key, replace(value, name=operation.new))
        follow_object(machine, remarks, new_key)
    else:
        table = Name(table_key.schema, table_key.name)
        machine.assume(
            key,
            {"trigger": Trigger, "policy": Policy, "rule": RewriteRule}[operation.kind](
                operation.name.name, table, assumed=True
            ),
        )
        machine.drop(key)
        machine.create(
            new_key,
            {"trigger": Trigger, "policy": Policy, "rule": RewriteRule}[operation.kind](
                operation.new, table, assumed=True
            ),
        )


def _rename_schema(machine: Machine, operation: Rename) -> None:
    key = Key("schema", "", operation.name.name)
    if isinstance(machine.schema.get(key), Absent):
        raise machine.refuse("invalid_schema_name", f'schema "{operation.name}" does not exist', key)
    new_key = Key("schema", "", operation.new)
    if machine.schema.find(new_key) is not None:
        raise machine.refuse("duplicate_schema", f'schema "{operation.new}" already exists', new_key)
    remarks = list(machine.schema.on(key))
    machine.drop(key)
    machine.create(new_key, Namespace(operation.new))
    follow_object(machine, remarks, new_key)
    for item, value in list(machine.settle().inside(operation.name.name)):
        if item.space == "relation":
            move(machine, item, value, Name(operation.new, item.name))
        elif item.space == "type":
            move_type(machine, item, value, Name(operation.new, item.name))
        elif item.space == "routine" and isinstance(value, Routine):
            move_routine(machine, item, Name(operation.new, value.name.name))


def _rename_other(machine: Machine, operation: Rename) -> None:
    key = other_key(machine, operation.kind, operation.name, None)
    found = machine.schema.get(key)
    if isinstance(found, Absent):
        raise machine.refuse("undefined_object", f'{operation.kind} "{operation.name}" does not exist', key)
    machine.drop(key)
    if found is not None:
        machine.create(key._replace(name=operation.new), found)
