"""What goes when something goes: the objects that `DROP` takes along, those that forbid it, and `CASCADE`."""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.replay.apply.clustering import forget
from miglint.replay.apply.constraints import remove
from miglint.replay.apply.foreign_keys import resting_on
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.reread import is_legacy, leans_on, triggers
from miglint.schema.depends import relation_key
from miglint.schema.describe import kind_of
from miglint.schema.objects import (
    Composite,
    Domain,
    Index,
    Key,
    Other,
    Policy,
    Routine,
    Rule,
    Sequence,
    Table,
    Trigger,
    View,
)
from miglint.schema.parts import generated, involving, with_part, without_part
from miglint.sql.operations import ColumnUse, Name

Dependent = tuple[Key, str | None]
"""A dependent object; with a second part a column (`column NAME`, `default NAME`) or `constraint NAME` of it."""


def uses(view: View, relation: Name, column: str) -> bool:
    """Whether a view's query reads a column of a relation, by name or by `*`."""
    query = view.query
    if query is None:
        return False
    return relation in query.stars or ColumnUse(relation, column) in query.uses


def _name(key: Key) -> Name:
    return Name(key.schema, key.name)


def drop_column_dependents(machine: Machine, key: Key, column: str, *, cascade: bool) -> None:
    """Drop the indexes and constraints that involve a column; refuse while others need it, unless `cascade`."""
    table = machine.schema.table(key)
    if table is None:
        return
    blockers: list[Dependent] = []
    if machine.postgres:
        own = _name(key)
        blockers += [(user, None) for user, view in machine.schema.users(key, View) if uses(view, own, column)]
        blockers += [(user, None) for user, one in machine.schema.users(key, Trigger) if column in one.columns]
        for other in generated(table.columns):
            if other.default is not None and column in other.default.columns:
                blockers.append((key, f"column {other.name}"))
    gone = involving(table.constraints, column)
    for name in gone:
        constraint = table.constraints[name]
        if machine.postgres and constraint.kind in ("primary", "unique"):
            blockers += [
                (user, f"constraint {foreign}")
                for user, foreign in resting_on(machine, key, name, constraint.columns)
                if user != key or foreign not in gone
            ]
    settle(machine, blockers, cascade=cascade, of=f"column {column} of table {table.name.name}", key=key)
    for name in gone:
        remove(machine, key, name)
    for index_key, index in machine.indexes(key, column):
        involved = column in index.include or (index.where is not None and column in index.where.columns)
        for element in index.elements:
            involved = involved or machine.column_name(element.column or "") == column
            involved = involved or (element.expression is not None and column in element.expression.columns)
        if involved:
            forget(machine, index)
            machine.drop(index_key)
    if machine.postgres:
        owned = (_name(key), column)
        for user, sequence in machine.schema.sequences_of(key, column):
            if sequence.owned_by == owned:
                machine.drop(user)


def refuse_if_column_is_used(machine: Machine, key: Key, column: str) -> None:
    """Raise SQLite's errors for `DROP COLUMN` of a column that something still mentions."""
    table = machine.schema.table(key)
    if table is None:
        return
    written = table.columns[column].name if column in table.columns else column

    def error(kind: str) -> Exception:
        return machine.refuse("dependent_objects_still_exist", f'cannot drop {kind} column: "{written}"', key, column)

    for other in generated(table.columns):
        computed = other.default if other.name.lower() != column else None
        if computed is not None and column in {name.lower() for name in computed.columns}:
            raise machine.refuse(
                "dependent_objects_still_exist",
                f"error in table {table.name.name} after drop column: no such column: {written}",
                key,
                column,
            )
    for name in involving(table.constraints, column):
        constraint = table.constraints[name]
        mentioned = column in constraint.columns
        if mentioned and constraint.kind == "primary":
            raise error("PRIMARY KEY")
        if mentioned and constraint.kind == "unique":
            raise error("UNIQUE")
        if mentioned and constraint.kind == "foreign" and not constraint.inline:
            raise machine.refuse(
                "dependent_objects_still_exist",
                f'error in table {table.name.name} after drop column: unknown column "{written}" in foreign key',
                key,
                column,
            )
        if mentioned and constraint.kind == "check" and not (constraint.inline and len(set(constraint.columns)) == 1):
            raise machine.refuse(
                "dependent_objects_still_exist",
                f"error in table {table.name.name} after drop column: no such column: {written}",
                key,
                column,
            )
    for _, index in machine.indexes(key, column):
        keys = any((element.column or "").lower() == column for element in index.elements)
        where = index.where is not None and column in {name.lower() for name in index.where.columns}
        expressions = any(
            element.expression is not None and column in {name.lower() for name in element.expression.columns}
            for element in index.elements
        )
        if keys or where or expressions:
            raise machine.refuse(
                "dependent_objects_still_exist",
                f"error in index {index.name.name} after drop column: no such column: {written}",
                key,
                column,
            )
    if is_legacy(machine):
        return
    _refuse_if_trigger_reads(machine, key, column)
    for user, view in machine.schema.users(key, View):
        query = view.query
        if query is None:
            continue
        uses = [
            use
            for use in query.uses
            if use.column.lower() == column
            and use.column not in query.strings
            and (use.relation is None or machine.relation(use.relation)[0] == key)
        ]
        if uses:
            raise machine.refuse(
                "dependent_objects_still_exist",
                f"error in view {user.name} after drop column: no such column: {written}",
                key,
                column,
                certain=len(query.relations) <= 1 or any(use.relation is not None for use in uses),
            )


def _refuse_if_trigger_reads(machine: Machine, key: Key, column: str) -> None:
    for _, trigger in triggers(machine):
        reads = leans_on(machine, trigger, key, column)
        if reads is not False:
            raise machine.refuse(
                "dependent_objects_still_exist",
                f"error in trigger {trigger.name} after drop column: no such column: {column}",
                key,
                column,
                certain=reads is True,
            )


def settle(machine: Machine, blockers: list[Dependent], *, cascade: bool, of: str, key: Key) -> None:
    """Drop what depends, with `cascade`, or raise the error that names it."""
    if machine.dropping:
        blockers = [blocker for blocker in blockers if blocker[0] not in machine.dropping]
    if not blockers:
        return
    if not cascade:
        user, part = blockers[0]
        value = machine.schema.find(user)
        kind = kind_of(value) if value is not None else "object"
        what = f"{kind} {user}" if part is None else f"{part} of {kind} {user}"
        raise machine.refuse(
            "dependent_objects_still_exist", f"cannot drop {of} because other objects depend on it: {what}", key
        )
    for user, part in blockers:
        if part is None:
            if machine.schema.find(user) is not None:
                machine.note("cascade", f"{user} goes with {of}", user)
                drop_object(machine, user, cascade=True)
        elif part.startswith("constraint "):
            machine.note("cascade", f"{part} of {user} goes with {of}", user, part.split(" ", 1)[1])
            remove(machine, user, part.split(" ", 1)[1])
        elif part.startswith("default "):
            table = machine.schema.table(user)
            name = part.split(" ", 1)[1]
            if table is not None and name in table.columns:
                changed = replace(table.columns[name], default=None, serial=False)
                machine.put(user, replace(table, columns=with_part(table.columns, name, changed)))
        else:
            table = machine.schema.table(user)
            name = part.split(" ", 1)[1]
            if table is not None and name in table.columns:
                machine.note("cascade", f"{part} of {user} goes with {of}", user, name)
                drop_column_dependents(machine, user, name, cascade=True)
                table = machine.schema.table(user) or table
                machine.put(user, replace(table, columns=without_part(table.columns, name)))


def blockers_of(machine: Machine, key: Key) -> list[Dependent]:
    """Return what forbids dropping an object (and what `CASCADE` takes along)."""
    result: list[Dependent] = []
    value = machine.schema.find(key)
    mine = key if isinstance(value, (Table, View)) else None
    for user in sorted(machine.schema.on(key)):
        other = machine.schema.find(user)
        if other is None:
            continue
        if isinstance(other, View):
            result.append((user, None))
        elif isinstance(other, Table):
            result += _table_uses(machine, user, other, key)
        elif isinstance(other, (Routine, Domain, Composite)):
            if key.space == "type":
                result.append((user, None))
        elif isinstance(other, Rule) and mine is not None and relation_key(other.table, machine.dialect) != mine:
            result.append((user, None))
    return result


def _table_uses(machine: Machine, user: Key, other: Table, key: Key) -> list[Dependent]:
    result: list[Dependent] = []
    if key.space == "type":
        for column in other.columns.values():
            if column.type is not None and column.type.schema == key.schema and column.type.name == key.name:
                result.append((user, f"column {column.name}"))
        return result
    if key.space == "routine name":
        return _function_uses(user, other, key)
    for column in other.columns.values():
        default = column.default
        if default is not None and default.sequence is not None and default.sequence == _name(key):
            result.append((user, f"default {column.name}"))
    for name, constraint in other.constraints.items():
        if constraint.table is not None and relation_key(constraint.table, machine.dialect) == key:
            result.append((user, f"constraint {name}"))
    if any(relation_key(parent, machine.dialect) == key for parent in other.inherits):
        result.append((user, None))
    return result


def _function_uses(user: Key, other: Table, key: Key) -> list[Dependent]:
    name = _name(key)
    result: list[Dependent] = []
    for column in other.columns.values():
        if column.default is not None and name in column.default.functions:
            result.append((user, f"column {column.name}" if column.generated else f"default {column.name}"))
    for label, constraint in other.constraints.items():
        if constraint.expression is not None and name in constraint.expression.functions:
            result.append((user, f"constraint {label}"))
    return result


def drop_object(machine: Machine, key: Key, *, cascade: bool) -> None:
    """Drop an object that exists, with what belongs to it. Raises `Refused` while others need it."""
    value = machine.schema.find(key)
    if value is None:
        return
    if isinstance(value, Table) and machine.postgres:
        _drop_table(machine, key, value, cascade=cascade)
        return
    if isinstance(value, Routine):
        _drop_routine(machine, key, value, cascade=cascade)
        return
    if machine.postgres and key.space in ("relation", "type"):
        what = f"{kind_of(value)} {key.name}"
        settle(machine, blockers_of(machine, key), cascade=cascade, of=what, key=key)
    if isinstance(value, Index):
        forget(machine, value)
    _drop_parts(machine, key)
    machine.drop(key)


def _drop_table(machine: Machine, key: Key, table: Table, *, cascade: bool) -> None:
    name = _name(key)
    partitions = machine.partitions(key)
    blockers = blockers_of(machine, key)
    for user, sequence in machine.schema.users(key, Sequence):
        if sequence.owned_by is not None and sequence.owned_by[0] == name:
            blockers += [item for item in blockers_of(machine, user) if item[0] != key]
    for user in machine.schema.on(Key("type", key.schema, key.name)):
        of_row_type = machine.schema.find(user)
        if isinstance(of_row_type, Routine):
            blockers.append((user, None))
        elif isinstance(of_row_type, Table) and user != key:
            blockers += _table_uses(machine, user, of_row_type, Key("type", key.schema, key.name))
    settle(machine, blockers, cascade=cascade, of=f"table {key.name}", key=key)
    for partition in partitions:
        drop_object(machine, partition, cascade=cascade)
    _drop_parts(machine, key)
    machine.drop(key)


def _drop_parts(machine: Machine, key: Key) -> None:
    # What belongs to a relation and goes with it, without a word: indexes, triggers, policies, rules, owned sequences.
    for user in sorted(machine.schema.on(key)):
        value = machine.schema.find(user)
        if isinstance(value, (Trigger, Policy, Rule)):
            if relation_key(value.table, machine.dialect) == key:
                machine.drop(user)
        elif (
            (isinstance(value, Other) and value.table is not None)
            or isinstance(value, Index)
            or (isinstance(value, Sequence) and value.owned_by is not None and value.owned_by[0] == _name(key))
        ):
            _drop_parts(machine, user)
            machine.drop(user)


def _drop_routine(machine: Machine, key: Key, value: Routine, *, cascade: bool) -> None:
    named = Key("routine name", value.name.schema or "public", value.name.name)
    overloads = machine.schema.count_users(named, Routine)
    if overloads == 1:
        # With several of one name nobody says which of them a trigger or a default calls.
        blockers: list[Dependent] = []
        for user in sorted(machine.schema.on(named)):
            other = machine.schema.find(user)
            if isinstance(other, (Trigger, View, Index)):
                blockers.append((user, None))
            elif isinstance(other, Table):
                blockers += _function_uses(user, other, named)
        blockers += [(user, None) for user in sorted(machine.schema.on(named._replace(space="routine part")))]
        settle(machine, blockers, cascade=cascade, of=f"{value.kind} {value.name.name}", key=key)
    machine.drop(key)
    if overloads == 1:
        machine.drop(Key("routine", value.name.schema or "public", value.name.name))
