"""Foreign keys and what they rest on: the unique index of the other table that they need."""

from __future__ import annotations

from miglint.replay.apply.machine import Machine
from miglint.schema.depends import of_kind as all_of_kind
from miglint.schema.depends import relation_key
from miglint.schema.key_types import can_reference, under_domains
from miglint.schema.objects import Key, Table
from miglint.schema.parts import involving, of_kind, referring
from miglint.sql.operations import Column, Constraint


def referencing(machine: Machine, key: Key, columns: tuple[str, ...] | None) -> list[tuple[Key, str]]:
    """Return the foreign keys (table, name) that refer to a table, or with `columns` to just these columns of it."""
    table = machine.schema.table(key)
    primary = () if table is None else next((c.columns for c in of_kind(table.constraints, "primary")), ())
    result = []
    users = [pair for pair in machine.schema.referring(key) if pair[0] != key]
    for user, other in users if table is None else (*users, (key, table)):
        for name, constraint in referring(other.constraints, columns[0] if columns else None):
            if constraint.table is None or relation_key(constraint.table, machine.dialect) != key:
                continue
            targets = constraint.referenced or primary
            if columns is None or set(targets) == set(columns):
                result.append((user, name))
    return result


def fitting(machine: Machine, key: Key, table: Table, columns: tuple[str, ...]) -> list[str]:
    """Return the unique indexes, with or without a constraint, that a foreign key to these columns can rest on."""
    wanted = set(columns)
    names = [
        name
        for name in (involving(table.constraints, columns[0]) if columns else table.constraints)
        if (other := table.constraints[name]).kind in ("primary", "unique") and set(other.columns) == wanted
    ]
    for place, index in machine.indexes(key, columns[0]) if columns else ():
        plain = index.unique and index.constraint is None and index.where is None
        if plain and {element.column for element in index.elements} == wanted:
            names.append(place.name)
    return names


def only_deferrable(machine: Machine, key: Key, table: Table, columns: tuple[str, ...]) -> bool:
    """Whether all that is unique over these columns is so only at the end of a transaction."""
    fits = fitting(machine, key, table, columns)
    constraints = [table.constraints.get(name) for name in fits]
    return bool(fits) and all(item is not None and item.deferrable for item in constraints)


def refuse_foreign_action(machine: Machine, key: Key, table: Table, written: Constraint) -> None:
    """Raise the error for an action that would write a generated column."""
    if not machine.postgres:
        return
    generated = [name for name in written.columns if name in table.columns and table.columns[name].generated]
    if not generated:
        return
    for action, word in ((written.on_delete, "DELETE"), (written.on_update, "UPDATE")):
        writes = action.startswith("set") or (word == "UPDATE" and action == "cascade")
        if writes:
            message = f"invalid ON {word} action for foreign key constraint containing generated column"
            raise machine.refuse("syntax_error", message, key, generated[0])


def resting_on(machine: Machine, key: Key, name: str, columns: tuple[str, ...]) -> list[tuple[Key, str]]:
    """Return the foreign keys (table, name) that need the unique index `name` of a table on just these columns."""
    table = machine.schema.table(key)
    if table is None:
        return []
    users = referencing(machine, key, columns)
    candidates = fitting(machine, key, table, columns) if users else []
    result = []
    for user, label in users:
        other = machine.schema.table(user)
        rests_on = None if other is None else other.constraints[label].rests_on
        if rests_on == name or candidates == [name]:
            result.append((user, label))
    return result


def refuse_incomparable(
    machine: Machine, key: Key, columns: tuple[Column | None, ...], others: tuple[Column | None, ...]
) -> None:
    """Raise the error for a foreign key whose values PostgreSQL cannot compare with the referenced ones."""
    for one, two in zip(columns, others, strict=False):
        if one is None or two is None or one.type is None or two.type is None:
            continue
        if can_reference(under_domains(machine.schema, one.type), under_domains(machine.schema, two.type)) is not False:
            continue
        # A cast or an operator that a script has made may be used.
        if machine.lost or any(machine.schema.dependents.get(all_of_kind(kind)) for kind in ("cast", "operator")):
            return
        message = (
            f'foreign key over "{one.name}" cannot be implemented: types {one.type} and {two.type} are incompatible'
        )
        raise machine.refuse("datatype_mismatch", message, key, one.name)


def refuse_incomparable_keys(machine: Machine, key: Key, changed: Column) -> None:
    """Raise the error for foreign keys over a column, or to it, that are none with its new type."""
    table, name = machine.schema.table(key), changed.name
    if table is None:
        return

    def columns(owner: Table, names: tuple[str, ...]) -> tuple[Column | None, ...]:
        return tuple(changed if owner is table and item == name else owner.columns.get(item) for item in names)

    keys = [(table, one) for label in involving(table.constraints, name) if (one := table.constraints[label]).table]
    for user, other in machine.schema.referring(key):
        found = referring(other.constraints, name) if user != key else ()
        keys += [(other, one) for _, one in found if name in one.referenced]
    for owner, one in keys:
        place = None if one.table is None else relation_key(one.table, machine.dialect)
        target = None if place is None else machine.schema.table(place)
        # Of one table the other column's type may change in the same statement.
        if target is not None and target is not owner and (owner is table or target is table):
            refuse_incomparable(machine, key, columns(owner, one.columns), columns(target, one.referenced))
