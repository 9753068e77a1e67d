"""Types, enum labels and sequences."""

from __future__ import annotations

from collections.abc import Mapping

from miglint.base.structs import replace
from miglint.replay.apply.column_definitions import define_quietly
from miglint.replay.apply.default_privileges import endow
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.naming import choose_part
from miglint.replay.apply.resolve import resolved_mentions
from miglint.replay.apply.typed import check_domain
from miglint.schema.enum_labels import labels_as_stored, with_label
from miglint.schema.objects import Absent, Composite, Domain, Enum, Key, OtherType, SchemaObject, Sequence
from miglint.schema.parts import with_part
from miglint.schema.sequences import unusual
from miglint.sql.operations import (
    AddEnumValue,
    AlterSequence,
    Constraint,
    CreateSequence,
    CreateType,
    Name,
    RenameEnumValue,
)


def create_type(machine: Machine, operation: CreateType) -> None:
    """`CREATE TYPE` and `CREATE DOMAIN`."""
    name = machine.created(operation.name)
    key = Key("type", name.schema or "", name.name)
    existing = machine.schema.find(key)
    if existing is not None and not (isinstance(existing, OtherType) and existing.kind == "shell"):
        raise machine.refuse("duplicate_object", f'type "{operation.name.name}" already exists', key)
    value: SchemaObject
    if operation.kind == "enum":
        if len(set(operation.labels)) < len(operation.labels):
            message = 'duplicate key value violates unique constraint "pg_enum_typid_label_index"'
            raise machine.refuse("unique_violation", message, key)
        value = Enum(name, labels_as_stored(operation.labels))
    elif operation.kind == "composite":
        value = Composite(name, {column.name: define_quietly(machine, column) for column in operation.columns})
    elif operation.kind == "domain":
        base = machine.type(operation.base)
        constraints = _domain_constraints(machine, name, operation.constraints)
        check_domain(machine, key, base, operation.default, tuple(constraints.values()))
        default = machine.expression(operation.default)
        value = Domain(name, base, default, operation.nullable, operation.collation, constraints)
    else:
        value = OtherType(
            name,
            operation.kind,
            operation.definition or "",
            mentions=resolved_mentions(machine, operation.mentions, None),
            source=operation.source,
        )
    machine.create(key, value)
    endow(machine, key, "type", "domain" if isinstance(value, Domain) else "type")


def _domain_constraints(machine: Machine, name: Name, written: tuple[Constraint, ...]) -> Mapping[str, Constraint]:
    constraints: Mapping[str, Constraint] = {}
    for constraint in written:
        label = constraint.name or choose_part(constraints, name.name, None, "check")
        expression = machine.expression(constraint.expression)
        part = replace(constraint, name=label, expression=expression, generated=constraint.name is None)
        constraints = with_part(constraints, label, part)
    return constraints


def _enum(machine: Machine, name: Name) -> tuple[Key, Enum | None]:
    key = machine.key(name, "type")
    found = machine.schema.get(key)
    if isinstance(found, Absent):
        raise machine.refuse("undefined_object", f'type "{name}" does not exist', key)
    if found is None:
        machine.assume(key, Enum(Name(key.schema, key.name), assumed=True))
        return key, None
    return key, found if isinstance(found, Enum) and not found.assumed else None


def add_enum_value(machine: Machine, operation: AddEnumValue) -> None:
    """`ALTER TYPE ... ADD VALUE`."""
    key, enum = _enum(machine, operation.name)
    if enum is None:
        _assumed_label(machine, key, operation)
        return
    if operation.value in enum.labels:
        if operation.if_not_exists:
            machine.note("skipped", f'enum label "{operation.value}" already exists', key, operation.value)
            return
        raise machine.refuse("duplicate_object", f'enum label "{operation.value}" already exists', key, operation.value)
    if operation.neighbour is not None and operation.neighbour not in enum.labels:
        raise machine.refuse("invalid_parameter_value", f'"{operation.neighbour}" is not an existing enum label', key)
    labels = with_label(enum.labels, operation.value, operation.neighbour, after=operation.after)
    machine.put(key, replace(enum, labels=labels))


def _assumed_label(machine: Machine, key: Key, operation: AddEnumValue) -> None:
    # Of an enum that the scripts did not create, only the labels added since are known.
    found = machine.schema.find(key)
    if not isinstance(found, Enum):
        return
    if operation.value in found.labels:
        if not operation.if_not_exists:
            raise machine.refuse(
                "duplicate_object", f'enum label "{operation.value}" already exists', key, operation.value
            )
        return
    machine.put(key, replace(found, labels=with_label(found.labels, operation.value)))


def rename_enum_value(machine: Machine, operation: RenameEnumValue) -> None:
    """`ALTER TYPE ... RENAME VALUE`."""
    key, enum = _enum(machine, operation.name)
    if enum is None:
        return
    if operation.value not in enum.labels:
        raise machine.refuse(
            "invalid_parameter_value", f'"{operation.value}" is not an existing enum label', key, operation.value
        )
    if operation.new in enum.labels:
        raise machine.refuse("duplicate_object", f'enum label "{operation.new}" already exists', key, operation.new)
    from miglint.replay.apply.rename_labels import rename_label

    rename_label(machine, key, enum, operation.value, operation.new)


def create_sequence(machine: Machine, operation: CreateSequence) -> None:
    """`CREATE SEQUENCE`."""
    name = machine.created(operation.name, temporary=operation.temporary)
    key = Key("relation", name.schema or "", name.name)
    if machine.schema.find(key) is not None:
        if operation.if_not_exists:
            machine.note("skipped", f'relation "{operation.name}" already exists', key)
            return
        raise machine.refuse("duplicate_table", f'relation "{operation.name.name}" already exists', key)
    machine.create(key, Sequence(name, unusual(operation.options), _owner(machine, operation.owned_by)))
    endow(machine, key, "sequence")


def _owner(machine: Machine, owned_by: tuple[Name, str] | None) -> tuple[Name, str] | None:
    return None if owned_by is None else (machine.full(owned_by[0]), owned_by[1])


def alter_sequence(machine: Machine, operation: AlterSequence) -> None:
    """`ALTER SEQUENCE`; a restart changes data, not the schema."""
    key, found = machine.relation(operation.name)
    if isinstance(found, Absent):
        if operation.if_exists:
            machine.note("missing", f'sequence "{operation.name}" does not exist, skipped', key)
            return
        raise machine.missing_relation(operation.name, key)
    if found is None:
        found = Sequence(Name(key.schema, key.name), assumed=True)
        machine.assume(key, found)
    if not isinstance(found, Sequence):
        return
    names = {option.partition("=")[0] for option in operation.options}
    kept = [option for option in found.options if option.partition("=")[0] not in names]
    options = unusual((*kept, *operation.options))
    owned_by = None if operation.disown else _owner(machine, operation.owned_by) or found.owned_by
    machine.put(key, replace(found, options=options, owned_by=owned_by))
