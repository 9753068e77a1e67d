"""A relation under another name or in another schema, carried into everything that mentions it."""

from __future__ import annotations

import re

from miglint.base.structs import replace
from miglint.replay.apply.clustering import forget
from miglint.replay.apply.constraints import not_null_name
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.remarks import follow, follow_object
from miglint.replay.apply.rename_types import retype_routine
from miglint.replay.apply.reread import is_legacy, triggers
from miglint.replay.apply.row_contents import rows_at
from miglint.replay.apply.words import swap_anywhere, swap_name, swap_relation, swap_word
from miglint.schema.depends import relation_key
from miglint.schema.objects import (
    Comment,
    Index,
    Key,
    Other,
    Policy,
    Privileges,
    RewriteRule,
    Routine,
    SchemaObject,
    Sequence,
    Table,
    Trigger,
    View,
)
from miglint.sql.operations import ColumnUse, Name, OpenUse, Query

RELATIONS = frozenset({"table", "view", "materialized view", "index", "sequence", "foreign table"})
"""The kinds of objects that share the namespace of tables, as statements name them."""


def move(machine: Machine, key: Key, value: SchemaObject, new: Name) -> None:
    """Change the name or schema of a relation, and in all objects that mention it."""
    new_key = relation_key(new, machine.dialect)
    users = machine.schema.on(key)
    rows = rows_at(machine, Key("rows", key.schema, key.name))
    machine.drop(key)
    if isinstance(value, Index):
        forget(machine, value, new.name)
    if isinstance(value, Table) and machine.postgres:
        # The names of NOT NULL constraints stay what they were when the table had its old name.
        columns = {
            name: replace(column, not_null_name=not_null_name(key.name, column)) if column.nullable is False else column
            for name, column in value.columns.items()
        }
        value = replace(value, columns=columns)
    if isinstance(value, (Table, View, Index, Sequence)):
        machine.create(new_key, replace(value, name=new))
    if rows is not None:
        machine.put(Key("rows", new_key.schema, new_key.name), rows)
    legacy = not machine.postgres and is_legacy(machine)
    for user in users:
        _move_user(machine, user, value, key, new, legacy=legacy)
    if machine.postgres:
        _move_in_routines(machine, key, new)
    elif not legacy:
        _move_in_triggers(machine, key, new)
    self_table = machine.schema.table(new_key)
    if self_table is not None:
        machine.put(new_key, _retable(machine, self_table, key, new))


def _move_in_routines(machine: Machine, key: Key, new: Name) -> None:
    """Write the new name of a relation into the routines that have the type of its rows."""
    for user in list(machine.schema.on(key._replace(space="type"))):
        routine = machine.schema.find(user)
        if isinstance(routine, Routine):
            retype_routine(machine, user, routine, key, new)


def _move_user(machine: Machine, user: Key, moved: SchemaObject, key: Key, new: Name, *, legacy: bool) -> None:
    """Write the new name of a relation into an object that mentions it."""
    old_name, new_key = Name(key.schema, key.name), relation_key(new, machine.dialect)
    match machine.schema.find(user):
        case Index() as index:
            machine.put(user, replace(index, parent=new) if isinstance(moved, Index) else replace(index, table=new))
        case Sequence() as sequence if sequence.owned_by is not None:
            machine.put(user, replace(sequence, owned_by=(new, sequence.owned_by[1])))
        case Trigger() | Policy() | RewriteRule() as attached:
            _move_on_table(machine, user, attached, key, new_key, new)
        case Other() as other:
            machine.put(user, _other(other, old_name, new))
        case Comment() | Privileges() as attached:
            follow(machine, user, attached, new_key, attached.part)
        case Routine() as routine:
            machine.put(user, replace(routine, mentions=swap_relation(routine.mentions, old_name, new)))
        case View() as view if view.query is not None and not legacy:
            machine.put(user, replace(view, query=_requery(view.query, old_name, new, postgres=machine.postgres)))
        case Table() as table if not (legacy and _foreign_keys_off(machine)):
            machine.put(user, _retable(machine, table, key, new))


def _foreign_keys_off(machine: Machine) -> bool:
    return machine.settings.get("foreign_keys", "off").lower() in ("off", "0", "false", "no")


def _move_on_table(
    machine: Machine, user: Key, other: Trigger | Policy | RewriteRule, key: Key, new_key: Key, new: Name
) -> None:
    if machine.postgres:
        other = replace(other, mentions=swap_relation(other.mentions, Name(key.schema, key.name), new))
    if relation_key(other.table, machine.dialect) != key:
        if machine.postgres:
            machine.put(user, _restated(other, key.name, new.name))
        return
    if not machine.postgres:
        definition = swap_name(other.definition, key.name, new_key.name)
        moved_on = replace(other, table=new, definition=definition)
        if not isinstance(moved_on, Policy):
            moved_on = replace(moved_on, source=swap_name(moved_on.source, key.name, new.name))
        machine.put(user, moved_on)
        return
    remarks = list(machine.schema.on(user))
    machine.drop(user)
    moved = Key(user.space, new_key.schema, user.name, new_key.name)
    machine.create(moved, replace(other, table=new))
    follow_object(machine, remarks, moved)


def _restated(value: Trigger | Policy | RewriteRule, old: str, new: str) -> Trigger | Policy | RewriteRule:
    """Return what is on another table with the new name of a relation that it reads."""
    if isinstance(value, Policy):
        using, check = (text and swap_word(text, old, new) for text in (value.using, value.check))
        using_text, check_text = (text and swap_word(text, old, new) for text in (value.using_text, value.check_text))
        return replace(value, using=using, check=check, using_text=using_text, check_text=check_text)
    return replace(value, definition=swap_word(value.definition, old, new), source=swap_word(value.source, old, new))


def _other(value: Other, old: Name, new: Name) -> Other:
    members = (replace(member, table=new) if member.table == old else member for member in value.members)
    return replace(
        value,
        table=new if value.table == old else value.table,
        definition=(
            value.definition.replace(f"[{old}]", f"[{new}]")
            if value.table == old
            else swap_word(value.definition, old.name, new.name)
        ),
        sources=tuple(swap_word(text, old.name, new.name) for text in value.sources),
        mentions=swap_relation(value.mentions, old, new),
        members=tuple(sorted(members, key=lambda member: str(member.table))),
    )


def _move_in_triggers(machine: Machine, key: Key, new: Name) -> None:
    """Rename a table in the bodies of all of SQLite's triggers."""

    def swap(name: Name) -> Name:
        return new if machine.key(name) == key else name

    def swap_uses(uses: tuple[ColumnUse, ...]) -> tuple[ColumnUse, ...]:
        return tuple(use if use.relation is None else ColumnUse(swap(use.relation), use.column) for use in uses)

    for user, value in triggers(machine):
        relations, uses = tuple(swap(name) for name in value.relations), swap_uses(value.uses)
        if relations == value.relations and uses == value.uses:
            continue
        definition, source = value.definition, value.source
        if relations != value.relations:
            definition = swap_name(definition, key.name, new.name.lower())
            source = swap_name(source, key.name, new.name)
        open_ = tuple(OpenUse(tuple(swap(name) for name in use.candidates), use.column) for use in value.open)
        targets = swap_uses(value.targets)
        changed = replace(value, relations=relations, uses=uses, targets=targets, open=open_, definition=definition)
        changed = replace(changed, source=source)
        machine.put(user, changed)


def _moved(text: str, old: Name, new: Name) -> str:
    """Return the text of a query that reads a relation under its new name, with its schema where that is another."""
    if old.name != new.name:
        text = swap_word(text, old.name, new.name)
    if old.schema == new.schema or new.schema is None:
        return text
    own = re.escape(new.name)
    before = r"(?i:\b(?:from|join|only)\s+|,\s*)"
    qualifier = rf'(?:"?{re.escape(old.schema or "")}"?\s*\.\s*)?'
    return re.sub(
        rf'(?P<before>{before}){qualifier}(?P<name>"{own}"|{own}(?![\w.]))', rf'\g<before>"{new.schema}".\g<name>', text
    )


def _requery(query: Query, old: Name, new: Name, *, postgres: bool) -> Query:
    def swap(name: Name) -> Name:
        same = (name if postgres else replace(name, name=name.name.lower())) == old
        return new if same else name

    return replace(
        query,
        key=swap_word(query.key, old.name, new.name) if postgres else swap_name(query.key, old.name, new.name.lower()),
        stored=None if query.stored is None else swap_word(query.stored, old.name, new.name),
        text=_moved(query.text, old, new) if postgres else swap_name(query.text, old.name, new.name),
        relations=tuple(swap(name) for name in query.relations),
        uses=tuple(use._replace(relation=swap(use.relation)) if use.relation else use for use in query.uses),
        keys=tuple(use._replace(relation=swap(use.relation)) if use.relation else use for use in query.keys),
        stars=tuple(swap(name) for name in query.stars),
    )


def _retable(machine: Machine, table: Table, key: Key, new: Name) -> Table:
    def refers(name: Name | None) -> bool:
        return name is not None and relation_key(name, machine.dialect) == key

    constraints = {
        label: replace(constraint, table=new) if refers(constraint.table) else constraint
        for label, constraint in table.constraints.items()
    }
    old = Name(key.schema, key.name)
    columns = {
        name: replace(
            column,
            default=replace(
                column.default,
                key=swap_anywhere(column.default.key, old.name, new.name),
                text=swap_anywhere(column.default.text, old.name, new.name),
                sequence=new,
            ),
        )
        if column.default is not None and column.default.sequence == old
        else column
        for name, column in table.columns.items()
    }
    return replace(
        table,
        columns=columns,
        constraints=constraints,
        partition_of=new if refers(table.partition_of) else table.partition_of,
        inherits=tuple(new if refers(parent) else parent for parent in table.inherits),
    )
