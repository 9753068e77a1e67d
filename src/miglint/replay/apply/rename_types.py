"""Renames and moves of types and routines."""

from __future__ import annotations

import re
from collections.abc import Callable

from miglint.base.identifiers import quote_name
from miglint.base.lazy_regex import pattern
from miglint.base.structs import replace
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.remarks import follow_object
from miglint.replay.apply.signatures import missing_routine, routines, signature
from miglint.replay.apply.words import swap_word
from miglint.schema.objects import (
    Absent,
    Composite,
    Domain,
    Enum,
    Key,
    OtherType,
    Routine,
    SchemaObject,
    Table,
    Trigger,
)
from miglint.sql.operations import (
    Column,
    Expression,
    Name,
    Rename,
    Type,
)

_QUOTE = pattern(r"['$]")


def rename_type(machine: Machine, operation: Rename) -> None:
    """`ALTER TYPE ... RENAME TO`."""
    key = machine.key(operation.name, "type")
    found = machine.schema.get(key)
    if isinstance(found, Absent):
        raise machine.refuse("undefined_object", f'type "{operation.name}" does not exist', key)
    value = machine.assume_type(key) if found is None else found
    new_key = Key("type", key.schema, operation.new)
    if machine.schema.find(new_key) is not None:
        raise machine.refuse("duplicate_object", f'type "{operation.new}" already exists', new_key)
    move_type(machine, key, value, Name(key.schema, operation.new))


def move_type(machine: Machine, key: Key, value: SchemaObject, new: Name) -> None:
    """Change the name or schema of a type, in all columns, arguments and domains that have it."""
    users = list(machine.schema.on(key))
    machine.drop(key)
    new_key = Key("type", new.schema or "public", new.name)
    if isinstance(value, (Enum, Domain, Composite, OtherType)):
        machine.create(new_key, replace(value, name=new))

    def swap(kind: Type | None) -> Type | None:
        if kind is not None and kind.schema == key.schema and kind.name == key.name:
            return replace(kind, name=new.name, schema=new.schema)
        return kind

    follow_object(machine, users, new_key)
    for user in users:
        other = machine.schema.find(user)
        if isinstance(other, (Table, Composite)):
            columns = {name: _retype(column, swap, key, new) for name, column in other.columns.items()}
            if isinstance(other, Table):
                constraints = {
                    label: replace(constraint, expression=_type_in(constraint.expression, key, new))
                    for label, constraint in other.constraints.items()
                }
                machine.put(user, replace(other, columns=columns, constraints=constraints))
            else:
                machine.put(user, replace(other, columns=columns))
        elif isinstance(other, Domain):
            machine.put(user, replace(other, base=swap(other.base)))
        elif isinstance(other, Routine):
            retype_routine(machine, user, other, key, new)


def retype_routine(machine: Machine, user: Key, routine: Routine, key: Key, new: Name) -> None:
    """Write the new name of a type, or of a relation as the type of its rows, into a routine that has it."""
    old = Name(key.schema, key.name)
    if routine.arguments is None or old not in routine.types:
        return

    def swap(kind: Type | None) -> Type | None:
        if kind is not None and Name(kind.schema, kind.name) == old:
            return replace(kind, name=new.name, schema=new.schema)
        return kind

    arguments = tuple(swap(argument) or argument for argument in routine.arguments)
    body = _QUOTE.search(routine.source)
    start = len(routine.source) if body is None else body.start()
    moved = replace(
        routine,
        arguments=arguments,
        returns=swap(routine.returns),
        outputs=tuple((name, swap(kind)) for name, kind in routine.outputs),
        types=tuple(new if item == old else item for item in routine.types),
        definition=_with_type(routine.definition, key, new),
        source=_with_type(routine.source[:start], key, new) + routine.source[start:],
    )
    remarks = list(machine.schema.on(user))
    machine.drop(user)
    renamed = Key("routine", user.schema, f"{routine.name.name}({signature(machine, arguments)})")
    machine.create(renamed, moved)
    follow_object(machine, remarks, renamed)


def _with_type(text: str, key: Key, new: Name) -> str:
    """Return the head of a routine with the new name of a type: where a name of an argument is, its type follows."""
    old = re.escape(key.name)
    found = re.compile(
        rf'(?<![\w."])(?:(?:\w+|"[^"]+")\s*\.\s*)?(?:{old}|"{old}")(?=\s*(?:[\[,)=]|\Z|(?:default|language|as|returns)\b))',
        re.IGNORECASE,
    )
    qualifier = "" if new.schema in (None, "public") else f"{quote_name(new.schema)}."
    return found.sub(lambda _: f"{qualifier}{quote_name(new.name)}", text)


def _retype(column: Column, swap: Callable[[Type | None], Type | None], key: Key, new: Name) -> Column:
    kind = swap(column.type)
    default = _type_in(column.default, key, new)
    return column if kind is column.type and default is column.default else replace(column, type=kind, default=default)


def _type_in(value: Expression | None, key: Key, new: Name) -> Expression | None:
    if value is None or Name(key.schema, key.name) not in value.types:
        return value
    types = tuple(new if item == Name(key.schema, key.name) else item for item in value.types)
    return replace(value, key=swap_word(value.key, key.name, new.name), types=types)


def rename_routine(machine: Machine, operation: Rename) -> None:
    """`ALTER FUNCTION ... RENAME TO`."""
    schema, matches = routines(machine, operation.name, operation.arguments)
    if len(matches) > 1:
        raise machine.refuse("ambiguous_function", f'function name "{operation.name}" is not unique', matches[0])
    if not matches:
        machine.drop(missing_routine(machine, schema, operation))
        return
    move_routine(machine, matches[0], Name(schema, operation.new))


def move_routine(machine: Machine, key: Key, new: Name) -> None:
    """Change the name or schema of a routine, also in triggers that call it."""
    value = machine.schema.find(key)
    if not isinstance(value, Routine):
        return
    text = new.name + key.name[key.name.index("(") :] if "(" in key.name else new.name
    new_key = Key("routine", new.schema or "public", text)
    if machine.schema.find(new_key) is not None:
        raise machine.refuse(
            "duplicate_function", f'function "{new.name}" already exists with same argument types', new_key
        )
    old_name = Key("routine name", key.schema, value.name.name)
    users = machine.schema.on(old_name)
    remarks = list(machine.schema.on(key))
    machine.drop(key)
    machine.create(new_key, replace(value, name=new))
    follow_object(machine, remarks, new_key)
    for user in users:
        other = machine.schema.find(user)
        if isinstance(other, Trigger):
            definition = swap_word(other.definition, value.name.name, new.name)
            if value.name.schema != new.schema:
                for called in (f"{value.name.schema}.{new.name}", new.name):
                    definition = definition.replace(f"execute {called}(", f"execute {new}(")
            machine.put(user, replace(other, function=new, definition=definition))
