"""Routines of one name: their signatures, and finding them."""

from __future__ import annotations

from miglint.replay.apply.machine import Machine
from miglint.schema.objects import Absent, Key
from miglint.sql.operations import AlterRoutine, Name, Rename, Type


def signature(machine: Machine, arguments: tuple[Type, ...]) -> str:
    """Return the argument types as they distinguish routines of one name."""
    resolved = (machine.type(argument) or argument for argument in arguments)
    return ",".join(str(Type(item.name, (), item.dimensions, item.schema)) for item in resolved)


def missing_routine(machine: Machine, schema: str, operation: Rename | AlterRoutine) -> Key:
    """Return the key of a routine that is not in the schema. Raises `Refused` if it is known not to exist."""
    text = operation.name.name
    if operation.arguments is not None:
        text += f"({signature(machine, operation.arguments)})"
    key = Key("routine", schema, text)
    if isinstance(machine.schema.get(key), Absent):
        raise machine.refuse("undefined_function", f"function {text} does not exist", key)
    return key


def routines(machine: Machine, name: Name, arguments: tuple[Type, ...] | None) -> tuple[str, list[Key]]:
    """Return the schema in which a routine is looked for, and the keys of those that match."""
    schemas = machine.path if name.schema is None else (name.schema,)
    for schema in schemas:
        if arguments is None:
            named = list(machine.schema.overloads(schema, name.name))
        else:
            exact = Key("routine", schema, f"{name.name}({signature(machine, arguments)})")
            named = [exact] if exact in machine.schema else []
        if named:
            return schema, named
    return (name.schema or machine.creation_schema), []
