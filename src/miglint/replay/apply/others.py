"""Extensions, schemas, roles, comments, privileges, and the objects that are told apart by their text alone."""

from __future__ import annotations

from miglint.base.lazy_regex import pattern
from miglint.base.structs import replace
from miglint.replay.apply.machine import Machine
from miglint.schema.comments import RELATIONS, comment_key
from miglint.schema.objects import Absent, Comment, Extension, Key, Namespace, Other, Privileges, Table
from miglint.sql.operations import (
    AlterOther,
    CreateExtension,
    CreateOther,
    CreateRole,
    CreateSchema,
    Name,
    SetComment,
    SetPrivileges,
)

# "select to x" and "select from x" are about the same privilege.
_SIDE = pattern(r" (?:to|from) ")
_IN_SCHEMA = frozenset(
    {"statistics", "collation", "conversion", "operator", "operator class", "operator family"}
    | {f"text search {part}" for part in ("configuration", "dictionary", "parser", "template")}
)


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


def create_role(machine: Machine, operation: CreateRole) -> None:
    """`CREATE ROLE`; roles belong to the server, so they are no difference between two schemas."""
    key = Key("role", "", operation.name)
    if machine.schema.find(key) is not None:
        raise machine.refuse("duplicate_object", f'role "{operation.name}" already exists', key)
    machine.create(key, Other("role", Name(None, operation.name), operation.definition))


def create_other(machine: Machine, operation: CreateOther) -> None:
    """Create an object of a kind that is told apart by its text."""
    key = other_key(machine, operation.kind, operation.name, operation.table)
    if machine.schema.find(key) is not None and not operation.or_replace:
        if operation.if_not_exists:
            machine.note("skipped", f'{operation.kind} "{operation.name}" exists already', key)
            return
        raise machine.refuse("duplicate_object", f'{operation.kind} "{operation.name}" already exists', key)
    belongs = operation.relations[0] if operation.kind == "statistics" and operation.relations else None
    table = None if belongs is None else machine.full(belongs)
    machine.create(key, Other(operation.kind, operation.name, operation.definition, table=table))


def other_key(machine: Machine, kind: str, name: Name, table: Name | None) -> Key:
    """Return the key of an object that is told apart by its text."""
    if kind in ("extension", "role"):
        return Key(kind, "", name.name)
    schema = name.schema or (machine.creation_schema if kind in _IN_SCHEMA else "")
    owner = "" if table is None or kind in _IN_SCHEMA else machine.key(table).name
    return Key(f"other {kind}", schema, name.name, owner)


def alter_other(machine: Machine, operation: AlterOther) -> None:
    """Change an object of a kind that is told apart by its text."""
    key = other_key(machine, operation.kind, operation.name, operation.table)
    found = machine.schema.get(key)
    if isinstance(found, Absent):
        if operation.if_exists:
            machine.note("missing", f'{operation.kind} "{operation.name}" does not exist, skipped', key)
            return
        raise machine.refuse("undefined_object", f'{operation.kind} "{operation.name}" does not exist', key)
    if isinstance(found, Other):
        # The last word on one subject counts: "OWNER TO b" replaces "OWNER TO a".
        subject = operation.definition.split("=")[0].rsplit(" ", 1)[0]
        kept = tuple(change for change in found.changes if change.split("=")[0].rsplit(" ", 1)[0] != subject)
        machine.put(key, replace(found, changes=(*kept, operation.definition)))


def set_comment(machine: Machine, operation: SetComment) -> None:
    """`COMMENT ON`."""
    # A comment on a column names the column's table, or its composite type.
    of_column = operation.kind == "column" and machine.key(operation.name, "type") not in machine.schema
    if of_column or operation.kind in RELATIONS:
        machine.relations_of((operation.name,))
    if operation.kind == "column" and operation.column is not None:
        place, relation = machine.relation(operation.name)
        if isinstance(relation, Table) and not relation.assumed and operation.column not in relation.columns:
            message = f'column "{operation.column}" of relation "{relation.name.name}" does not exist'
            raise machine.refuse("undefined_column", message, place, operation.column)
    table = None if operation.table is None else machine.key(operation.table)
    key = comment_key(operation.kind, machine.key(operation.name), operation.column, table)
    if operation.text is None:
        machine.drop(key)
    else:
        machine.create(key, Comment(operation.text))


def set_privileges(machine: Machine, operation: SetPrivileges) -> None:
    """`GRANT` and `REVOKE`: what was said last of the same privileges, objects and roles."""
    for name in operation.names or (Name(None, "*"),):
        key = Key("privilege", name.schema or "", f"{operation.kind} {name.name}", ",".join(operation.roles))
        found = machine.schema.find(key)
        grants = found.grants if isinstance(found, Privileges) else ()
        what = _SIDE.sub(" ", operation.definition)
        kept = tuple(grant for grant in grants if grant != what)
        if operation.grant:
            machine.create(key, Privileges((*kept, what)))
        elif kept:
            machine.put(key, Privileges(kept))
        else:
            machine.drop(key)
