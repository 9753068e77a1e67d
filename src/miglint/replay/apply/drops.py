"""`DROP` of any kind of object."""

from __future__ import annotations

from miglint.replay.apply.drop_dependents import Node, delete, drop_object
from miglint.replay.apply.indexes import possible_parts
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.others import IN_SCHEMA, other_key
from miglint.replay.apply.signatures import routines, signature
from miglint.replay.apply.sqlite_tables import refuse_internal
from miglint.schema.depends import relation_key
from miglint.schema.describe import kind_of
from miglint.schema.objects import (
    ABSENT,
    Absent,
    Domain,
    Extension,
    Index,
    Key,
    Namespace,
    Other,
    Policy,
    RewriteRule,
    Routine,
    SchemaObject,
    Sequence,
    Table,
    Trigger,
    View,
)
from miglint.sql.operations import Drop, Name

_RELATIONS = {
    "table": Table,
    "foreign table": Table,
    "view": View,
    "materialized view": View,
    "index": Index,
    "sequence": Sequence,
}
_ROUTINES = frozenset({"function", "procedure", "routine", "aggregate"})
_IN_SCHEMA = frozenset({"relation", "type", "routine"} | {f"other {kind}" for kind in IN_SCHEMA})
_ON_TABLE = {"trigger": Trigger, "policy": Policy, "rule": RewriteRule}


def drop(machine: Machine, operation: Drop) -> None:
    """Drop one object, with what belongs to it."""
    kind = operation.kind
    if kind in _RELATIONS:
        _drop_relation(machine, operation)
    elif kind in ("type", "domain"):
        _drop_type(machine, operation)
    elif kind in _ROUTINES:
        _drop_routine(machine, operation)
    elif kind in _ON_TABLE:
        _drop_on_table(machine, operation)
    elif kind == "schema":
        _drop_schema(machine, operation)
    else:
        _drop_other(machine, operation)


def _missing(machine: Machine, operation: Drop, key: Key, condition: str, message: str) -> None:
    if operation.if_exists:
        machine.note("missing", f"{message}, skipped", key)
        return
    raise machine.refuse(condition, message, key)


def _check_index(machine: Machine, operation: Drop, key: Key, index: Index) -> None:
    """Raise the errors for an index that cannot be dropped; note if parts of it are unknown."""
    _refuse_required_index(machine, key, index)
    _refuse_concurrently(machine, operation, key, index)
    for part in possible_parts(machine, index):
        machine.doubt(f'whether "{part.name}" is a part of the index "{key.name}" and goes with it is not known')


def _drop_relation(machine: Machine, operation: Drop) -> None:
    kind = operation.kind
    key, found = machine.relation(operation.name)
    if not machine.postgres:
        refuse_internal(machine, key, operation)
    if found is None and operation.if_exists:
        # It does not exist, which is what the guard is for.
        machine.note("missing", f'{kind} "{operation.name}" was never created here', key)
        machine.never_made(key)
        return
    if found is None and machine.never(key):
        found = ABSENT
    if found is None:
        found = _assumed(key, kind)
        machine.assume(key, found)
    if isinstance(found, Absent):
        _no_relation(machine, operation, key)
        return
    if not _right_kind(machine, operation, key, found):
        return
    if isinstance(found, Index):
        _check_index(machine, operation, key, found)
    if isinstance(found, Sequence) and not operation.cascade:
        _refuse_identity_sequence(machine, key, found)
    if isinstance(found, Table) or (isinstance(found, View) and found.materialized):
        machine.note("lost", f'the rows of {kind} "{operation.name}"', key)
    drop_object(machine, key, cascade=operation.cascade)


def _no_relation(machine: Machine, operation: Drop, key: Key) -> None:
    kind = operation.kind
    if machine.postgres:
        condition = "undefined_object" if kind == "index" else "undefined_table"
        _missing(machine, operation, key, condition, f'{kind} "{operation.name}" does not exist')
    else:
        _missing(machine, operation, key, "undefined_table", f"no such {kind}: {operation.name}")


def _refuse_required_index(machine: Machine, key: Key, index: Index) -> None:
    if index.constraint is not None and machine.postgres:
        table = index.table and index.table.name
        owner = f"constraint {index.constraint} on table {table}"
    elif index.parent is not None:
        owner = f"index {index.parent.name}"
    else:
        return
    message = f"cannot drop index {key.name} because {owner} requires it"
    raise machine.refuse("dependent_objects_still_exist", message, key)


def _refuse_concurrently(machine: Machine, operation: Drop, key: Key, index: Index) -> None:
    """Raise the error for the index of a partitioned table, which has to be dropped with those of its partitions."""
    table = None if index.table is None else machine.schema.table(relation_key(index.table, machine.dialect))
    if operation.concurrently and table is not None and table.partition_by is not None:
        raise machine.refuse("feature_not_supported", f'cannot drop partitioned index "{key.name}" concurrently', key)


def _refuse_identity_sequence(machine: Machine, key: Key, sequence: Sequence) -> None:
    if not sequence.implicit or sequence.owned_by is None:
        return
    table, name = sequence.owned_by
    owner = machine.schema.table(Key("relation", table.schema or "public", table.name))
    column = None if owner is None else owner.columns.get(name)
    if column is not None and column.identity is not None:
        message = f"cannot drop sequence {key.name} because column {column.name} requires it"
        raise machine.refuse("dependent_objects_still_exist", message, key)


def _assumed(key: Key, kind: str) -> SchemaObject:
    name = Name(key.schema, key.name)
    if kind in ("view", "materialized view"):
        return View(name, None, materialized=kind != "view", assumed=True)
    if kind == "index":
        return Index(name, None, assumed=True)
    if kind == "sequence":
        return Sequence(name, assumed=True)
    return Table(name, kind=kind, assumed=True)


def _right_kind(machine: Machine, operation: Drop, key: Key, found: SchemaObject) -> bool:
    """Whether the object is of the kind of the `DROP`; False if SQLite looks elsewhere, and the guard applies."""
    wanted = _RELATIONS[operation.kind]
    right = isinstance(found, wanted)
    if right and isinstance(found, View):
        right = found.materialized == (operation.kind == "materialized view")
    if right and isinstance(found, Table) and machine.postgres and not found.assumed:
        right = (found.kind == "foreign table") == (operation.kind == "foreign table")
    if right:
        return True
    if machine.postgres:
        raise machine.refuse("wrong_object_type", f'"{operation.name}" is not a {operation.kind}', key)
    if isinstance(found, (Table, View)) and operation.kind in ("table", "view"):
        raise machine.refuse(
            "wrong_object_type", f"use DROP {kind_of(found).upper()} to delete {kind_of(found)} {operation.name}", key
        )
    _missing(machine, operation, key, "undefined_table", f"no such {operation.kind}: {operation.name}")
    return False


def _drop_type(machine: Machine, operation: Drop) -> None:
    key = machine.key(operation.name, "type")
    found = machine.schema.get(key)
    row = machine.schema.find(machine.key(operation.name))
    if (found is None or isinstance(found, Absent)) and isinstance(row, (Table, View)) and not row.assumed:
        message = f"cannot drop type {key.name} because {kind_of(row)} {key.name} requires it"
        raise machine.refuse("dependent_objects_still_exist", message, key)
    if found is None and operation.if_exists:
        machine.note("missing", f'type "{operation.name}" was never created here', key)
        machine.never_made(key)
        return
    if found is None:
        found = ABSENT if machine.never(key) else machine.assume_type(key)
    if isinstance(found, Absent):
        _missing(machine, operation, key, "undefined_object", f'type "{operation.name}" does not exist')
        return
    if operation.kind == "domain" and not isinstance(found, Domain) and not found.assumed:
        raise machine.refuse("wrong_object_type", f'"{operation.name}" is not a domain', key)
    drop_object(machine, key, cascade=operation.cascade)


def _drop_routine(machine: Machine, operation: Drop) -> None:
    kind, name = operation.kind, operation.name
    schema, found = routines(machine, name, operation.arguments)
    matches = [key for key in found if kind in ("routine", _kind(machine, key))]
    if (
        found
        and not matches
        and (operation.arguments is not None or "procedure" not in (kind, _kind(machine, found[0])))
    ):
        raise machine.refuse("wrong_object_type", f"{found[0].name} is not a {kind}", found[0])
    if len(matches) > 1:
        raise machine.refuse("ambiguous_function", f'{kind} name "{name}" is not unique', matches[0])
    if matches:
        drop_object(machine, matches[0], cascade=operation.cascade)
    else:
        _no_routine(machine, operation, schema)


def _no_routine(machine: Machine, operation: Drop, schema: str) -> None:
    kind, name = operation.kind, operation.name
    text = name.name if operation.arguments is None else f"{name.name}({signature(machine, operation.arguments)})"
    exact, bare = Key("routine", schema, text), Key("routine", schema, name.name)
    overloads = machine.schema.count_overloads(schema, name.name) > 0
    gone = any(isinstance(machine.schema.get(key), Absent) for key in (exact, bare)) or overloads
    if gone or (not operation.if_exists and machine.never(exact)):
        message = (
            f'could not find a {kind} named "{name.name}"'
            if operation.arguments is None
            else f"{kind} {text} does not exist"
        )
        _missing(machine, operation, exact, "undefined_function", message)
        return
    if operation.if_exists:
        machine.note("missing", f"{kind} {name} was never created here", exact)
        machine.never_made(exact)
        return
    machine.assume(exact, Routine(Name(schema, name.name), kind, operation.arguments, assumed=True))
    machine.drop(exact)


def _kind(machine: Machine, key: Key) -> str:
    value = machine.schema.find(key)
    return value.kind if isinstance(value, Routine) else ""


def _drop_on_table(machine: Machine, operation: Drop) -> None:
    kind, table = operation.kind, operation.table
    if table is None:
        # SQLite's triggers have names of their own in the schema.
        key = machine.key(operation.name, kind)
        table_key = None
    else:
        table_key, holder = machine.relation(table)
        key = Key(kind, table_key.schema, operation.name.name, table_key.name)
        if isinstance(holder, Absent):
            _missing(machine, operation, table_key, "undefined_table", f'relation "{table}" does not exist')
            return
    found = machine.schema.get(key)
    if found is None:
        holder_table = None if table_key is None else machine.schema.table(table_key)
        # What happened unseen may have made it.
        known = (
            holder_table is not None and not holder_table.assumed and (machine.schema.rooted or machine.schema.closed)
        )
        if operation.if_exists:
            machine.note("missing", f'{kind} "{operation.name}" was never created here', key)
            machine.never_made(key)
            return
        if known:
            found = ABSENT
        else:
            machine.assume(key, _ON_TABLE[kind](operation.name.name, table or Name(key.schema, ""), assumed=True))
            machine.drop(key)
            return
    if isinstance(found, Absent):
        message = (
            f'{kind} "{operation.name}" for table "{table}" does not exist'
            if machine.postgres
            else f"no such {kind}: {operation.name}"
        )
        _missing(machine, operation, key, "undefined_object", message)
        return
    drop_object(machine, key, cascade=operation.cascade)


def _drop_schema(machine: Machine, operation: Drop) -> None:
    name = operation.name.name
    key = Key("schema", "", name)
    found = machine.schema.get(key)
    inside = sorted(item for item, _ in machine.settle().inside(name) if item.space in _IN_SCHEMA)
    if isinstance(found, Absent) or (found is None and operation.if_exists and not inside):
        if isinstance(found, Absent):
            _missing(machine, operation, key, "invalid_schema_name", f'schema "{name}" does not exist')
        else:
            machine.note("missing", f'schema "{name}" was never created here', key)
            machine.never_made(key)
        return
    if found is None:
        machine.assume(key, Namespace(name, assumed=True))
    if inside and not operation.cascade:
        raise machine.refuse(
            "dependent_objects_still_exist",
            f"cannot drop schema {name} because other objects depend on it: {inside[0]}",
            key,
        )
    for item in inside:
        machine.note("cascade", f"{item} goes with schema {name}", item)
    delete(machine, map(Node, (key, *inside)), of=f"schema {name}", key=key, cascade=True)


def _drop_other(machine: Machine, operation: Drop) -> None:
    kind = operation.kind
    key = other_key(machine, kind, operation.name, operation.table)
    found = machine.schema.get(key)
    if found is None:
        if operation.if_exists:
            machine.note("missing", f'{kind} "{operation.name}" was never created here', key)
            machine.never_made(key)
            return
        machine.assume(
            key, Extension(key.name, assumed=True) if kind == "extension" else Other(kind, operation.name, assumed=True)
        )
        machine.drop(key)
        return
    if isinstance(found, Absent):
        _missing(machine, operation, key, "undefined_object", f'{kind} "{operation.name}" does not exist')
        return
    drop_object(machine, key, cascade=operation.cascade)
