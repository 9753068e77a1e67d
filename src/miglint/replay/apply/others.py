"""Extensions, schemas, roles, and objects that are compared by their text alone."""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.replay.apply.default_privileges import endow
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.naming import choose, column_part
from miglint.replay.apply.publications import alter_members, members_of
from miglint.replay.apply.resolve import resolved_mentions
from miglint.replay.apply.search_path import full_statement
from miglint.schema.objects import Absent, Extension, Key, Namespace, Other
from miglint.sql.operations import (
    AlterOther,
    CreateExtension,
    CreateOther,
    CreateRole,
    CreateSchema,
    Name,
)

IN_SCHEMA = frozenset(
    {"statistics", "collation", "conversion", "operator", "operator class", "operator family"}
    | {f"text search {part}" for part in ("configuration", "dictionary", "parser", "template")}
)


# Defaults of options.
_USUAL = {
    "publication": (
        "publish=insert, update, delete, truncate",
        "publish_via_partition_root=false",
        "publish_generated_columns=none",
    ),
    "statistics": ("statistics=-1",),
}


def create_extension(machine: Machine, operation: CreateExtension) -> None:
    """`CREATE EXTENSION`."""
    key = Key("extension", "", operation.name)
    if machine.schema.find(key) is not None:
        if operation.if_not_exists:
            machine.note("skipped", f'extension "{operation.name}" exists already', key)
            return
        raise machine.refuse("duplicate_object", f'extension "{operation.name}" already exists', key)
    machine.create(key, Extension(operation.name, operation.schema, operation.version))


def create_schema(machine: Machine, operation: CreateSchema) -> None:
    """`CREATE SCHEMA`."""
    key = Key("schema", "", operation.name)
    known = machine.schema.find(key) is not None or operation.name == "public"
    if known:
        if operation.if_not_exists:
            machine.note("skipped", f'schema "{operation.name}" exists already', key)
            return
        raise machine.refuse("duplicate_schema", f'schema "{operation.name}" already exists', key)
    machine.create(key, Namespace(operation.name))
    endow(machine, key, "schema")


def create_role(machine: Machine, operation: CreateRole) -> None:
    """`CREATE ROLE`; roles belong to the server, so they are no difference between two schemas."""
    key = Key("role", "", operation.name)
    if machine.schema.find(key) is not None:
        raise machine.refuse("duplicate_object", f'role "{operation.name}" already exists', key)
    machine.create(key, Other("role", Name(None, operation.name), operation.definition))


def create_other(machine: Machine, operation: CreateOther) -> None:
    """Create an object of a kind that is compared by its text."""
    name = operation.name if operation.name.name else _statistics_name(machine, operation)
    key = other_key(machine, operation.kind, name, operation.table)
    if machine.schema.find(key) is not None and not operation.or_replace:
        if operation.if_not_exists:
            machine.note("skipped", f'{operation.kind} "{operation.name}" exists already', key)
            return
        raise machine.refuse("duplicate_object", f'{operation.kind} "{operation.name}" already exists', key)
    table = machine.full(operation.table) if operation.kind == "statistics" and operation.table is not None else None
    value = Other(
        operation.kind,
        name,
        # Statistics have the name of their table with its schema, however the script writes it.
        operation.definition if table is None else operation.definition.replace(f"[{operation.table}]", f"[{table}]"),
        table=table,
        mentions=resolved_mentions(machine, operation.mentions, None),
        members=members_of(machine, operation.members),
        sources=(full_statement(machine, operation.source),),
    )
    machine.create(key, value)


def _statistics_name(machine: Machine, operation: CreateOther) -> Name:
    """Return the name that the server gives to statistics without one."""
    assert operation.table is not None
    table = machine.full(operation.table)

    def taken(name: str) -> bool:
        return Key("other statistics", table.schema or "", name) in machine.schema

    return Name(table.schema, choose(table.name, column_part(operation.mentions.columns), "stat", taken))


def other_key(machine: Machine, kind: str, name: Name, table: Name | None) -> Key:
    """Return the key of an object that is compared by its text."""
    if kind in ("extension", "role"):
        return Key(kind, "", name.name)
    schema = name.schema or (machine.creation_schema if kind in IN_SCHEMA else "")
    owner = "" if table is None or kind in IN_SCHEMA else machine.key(table).name
    return Key(f"other {kind}", schema, name.name, owner)


# Kinds of objects that are kept by their definitions, not by their texts.
_WITH_OWNER = frozenset({"schema", "type", "domain", "function", "procedure", "routine", "aggregate"})


def alter_other(machine: Machine, operation: AlterOther) -> None:
    """Change an object of a kind that is compared by its text."""
    if operation.kind in _WITH_OWNER and operation.definition.startswith("owner to "):
        return  # Who owns it is no part of what is compared.
    key = other_key(machine, operation.kind, operation.name, operation.table)
    found = machine.schema.get(key)
    if isinstance(found, Absent):
        if operation.if_exists:
            machine.note("missing", f'{operation.kind} "{operation.name}" does not exist, skipped', key)
            return
        raise machine.refuse("undefined_object", f'{operation.kind} "{operation.name}" does not exist', key)
    if isinstance(found, Extension):
        _, _, version = operation.definition.partition("new_version=")
        if operation.definition.startswith("update"):
            machine.put(key, replace(found, version=version or None))
    elif isinstance(found, Other) and operation.action is not None:
        alter_members(machine, key, found, operation)
    elif isinstance(found, Other):
        # The last word on one subject counts: "OWNER TO b" replaces "OWNER TO a".
        subject = operation.definition.split("=")[0].rsplit(" ", 1)[0]
        kept = tuple(change for change in found.changes if change.split("=")[0].rsplit(" ", 1)[0] != subject)
        if operation.definition not in _USUAL.get(operation.kind, ()) or f"{subject}=" in found.definition:
            kept = (*kept, operation.definition)
        machine.put(key, replace(found, changes=kept, sources=(*found.sources, operation.source)))
