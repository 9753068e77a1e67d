"""`SET SCHEMA` of any object."""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.moves import RELATIONS, move
from miglint.replay.apply.rename_types import move_routine, move_type
from miglint.replay.apply.signatures import routines
from miglint.schema.depends import relation_key
from miglint.schema.describe import kind_of
from miglint.schema.objects import Absent, Extension, Index, Key, Routine, Sequence
from miglint.sql.operations import Name, SetSchema


def set_schema(machine: Machine, operation: SetSchema) -> None:
    """`SET SCHEMA`."""
    if operation.kind in RELATIONS:
        _move_relation(machine, operation)
    elif operation.kind in ("type", "domain"):
        _move_type(machine, operation)
    elif operation.kind in ("function", "procedure", "routine", "aggregate"):
        _move_routines(machine, operation)
    elif operation.kind == "extension":
        key = Key("extension", "", operation.name.name)
        extension = machine.schema.find(key)
        if isinstance(extension, Extension):
            machine.put(key, replace(extension, schema=_unless_usual(machine, operation.schema)))


def _unless_usual(machine: Machine, schema: str) -> str | None:
    """Return a schema, None for the one in which extensions are created."""
    return None if schema == machine.creation_schema else schema


def _move_relation(machine: Machine, operation: SetSchema) -> None:
    key, found = machine.relation(operation.name)
    if isinstance(found, Absent):
        if operation.if_exists:
            machine.note("missing", f'{operation.kind} "{operation.name}" does not exist, skipped', key)
            return
        raise machine.missing_relation(operation.name, key)
    if found is None:
        table = machine.table(operation.name)
        if table is None:
            return
        found = table[1]
    if key.schema == operation.schema:
        return
    new = Name(operation.schema, key.name)
    if machine.schema.find(relation_key(new, machine.dialect)) is not None:
        raise machine.refuse(
            "duplicate_table", f'{kind_of(found)} "{key.name}" already exists in schema "{operation.schema}"', key
        )
    parts = [user for user in machine.schema.on(key) if isinstance(machine.schema.find(user), (Index, Sequence))]
    move(machine, key, found, new)
    for user in parts:
        part = machine.schema.find(user)
        if part is not None:
            move(machine, user, part, Name(operation.schema, user.name))


def _move_type(machine: Machine, operation: SetSchema) -> None:
    key = machine.key(operation.name, "type")
    value = machine.schema.get(key)
    if isinstance(value, Absent):
        raise machine.refuse("undefined_object", f'type "{operation.name}" does not exist', key)
    if key.schema != operation.schema:
        known = machine.assume_type(key) if value is None else value
        move_type(machine, key, known, Name(operation.schema, key.name))


def _move_routines(machine: Machine, operation: SetSchema) -> None:
    _, matches = routines(machine, operation.name, operation.arguments)
    for match in matches:
        value = machine.schema.find(match)
        if isinstance(value, Routine) and match.schema != operation.schema:
            move_routine(machine, match, Name(operation.schema, value.name.name))
