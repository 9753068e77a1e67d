"""Comments: what they are about, and how they follow it."""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.others import other_key
from miglint.replay.apply.queries import need_relations
from miglint.replay.apply.signatures import routines, signature
from miglint.schema.objects import Comment, Composite, Key, Part, Privileges, Table
from miglint.schema.remarks import comment_key, privilege_key
from miglint.sql.operations import Name, SetComment, Type

RELATIONS = frozenset({"table", "view", "index", "sequence", "materialized view", "foreign table"})
ROUTINES = frozenset({"function", "procedure", "routine", "aggregate"})
_ON_TABLE = frozenset({"trigger", "policy", "rule"})
# What is no part of a database.
SERVER_WIDE = frozenset({"database", "role", "tablespace", "parameter", "large object"})


def key_of(
    machine: Machine,
    kind: str,
    name: Name,
    table: Name | None = None,
    arguments: tuple[Type, ...] | None = None,
) -> Key:
    """Return the key of the object that a statement names with the words for its kind."""
    if kind in RELATIONS:
        return machine.key(name)
    if kind in ("type", "domain"):
        return machine.key(name, "type")
    if kind in ROUTINES:
        schema, found = routines(machine, name, arguments)
        written = name.name if arguments is None else f"{name.name}({signature(machine, arguments)})"
        return found[0] if len(found) == 1 else Key("routine", schema, written)
    if kind in _ON_TABLE and table is not None:
        place = machine.key(table)
        return Key(kind, place.schema, name.name, place.name)
    return Key("schema", "", name.name) if kind == "schema" else other_key(machine, kind, name, table)


def set_comment(machine: Machine, operation: SetComment) -> None:
    """`COMMENT ON`."""
    kind = operation.kind
    if kind in SERVER_WIDE:
        return
    about, part = _subject(machine, operation)
    key = comment_key(about, part, kind if part is None else None)
    if operation.text is None:
        machine.drop(key)
    else:
        machine.create(key, Comment(operation.text, about, part))


def _subject(machine: Machine, operation: SetComment) -> tuple[Key, Part | None]:
    """Return the object that a comment is about, and the part of it. Raises `Refused` for one that is not there."""
    kind, name = operation.kind, operation.name
    if kind == "column" and operation.column is not None:
        # A comment on a column names the column's table, or its composite type.
        about = machine.key(name, "type")
        if not isinstance(machine.schema.find(about), Composite):
            need_relations(machine, (name,))
            about, relation = machine.relation(name)
            if isinstance(relation, Table) and not relation.assumed and operation.column not in relation.columns:
                message = f'column "{operation.column}" of relation "{relation.name.name}" does not exist'
                raise machine.refuse("undefined_column", message, about, operation.column)
        return about, Part("column", operation.column)
    if kind == "constraint" and operation.table is not None:
        about = machine.key(operation.table, "type")
        if about not in machine.schema:
            about = machine.key(operation.table)
        return about, Part("constraint", name.name)
    if kind in RELATIONS:
        need_relations(machine, (name,))
    return key_of(machine, kind, name, operation.table, operation.arguments), None


def follow(machine: Machine, user: Key, remark: Comment | Privileges, about: Key, part: Part | None) -> None:
    """Move a comment or privileges to the new name of their object, or of its part."""
    words = user.name.removesuffix(f" {remark.about.name}") if remark.about is not None and part is None else None
    machine.drop(user)
    if isinstance(remark, Comment):
        machine.create(comment_key(about, part, words), replace(remark, about=about, part=part))
    else:
        machine.create(privilege_key(about, part, remark.role, words), replace(remark, about=about, part=part))


def follow_object(machine: Machine, users: list[Key], about: Key) -> None:
    """Move the comments and privileges among the users of an object to its new key."""
    for user in users:
        remark = machine.schema.find(user)
        if isinstance(remark, (Comment, Privileges)):
            follow(machine, user, remark, about, remark.part)


def follow_part(machine: Machine, about: Key, old: Part, new: Part) -> None:
    """Move the comments and privileges on a part of an object to its new name."""
    for user in machine.schema.on(about):
        remark = machine.schema.find(user)
        if isinstance(remark, (Comment, Privileges)) and remark.part == old:
            follow(machine, user, remark, about, new)
