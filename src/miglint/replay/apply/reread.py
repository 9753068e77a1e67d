"""What SQLite does before it renames something or drops a column: it reads its whole schema again.

A view or a trigger over a table or a column that is gone does no harm until then, and stops the statement. A trigger
stops what would fire it, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from miglint.replay.apply.machine import Machine
from miglint.schema.depends import READ_AGAIN
from miglint.schema.objects import Absent, Key, Table, Trigger, View
from miglint.sql.operations import ColumnUse, Expression, Query

_ROWID = frozenset(("rowid", "oid", "_rowid_"))
_CONSTANTS = frozenset(("true", "false"))


def is_legacy(machine: Machine) -> bool:
    """Whether `PRAGMA legacy_alter_table` is on, under which a table is renamed without looking."""
    return machine.settings.get("legacy_alter_table", "").lower() in ("on", "1", "true", "yes")


def triggers(machine: Machine) -> Iterator[tuple[Key, Trigger]]:
    """Yield the triggers of a SQLite schema, by name."""
    for key in machine.schema.on(READ_AGAIN):
        value = machine.schema.find(key)
        if isinstance(value, Trigger):
            yield key, value


def refuse_if_broken(machine: Machine) -> None:
    """Raise the error of the first trigger or view that reads a table or a column that is not there.

    The columns that a trigger sets are not looked at here, but only when it fires.
    """
    for key in machine.schema.on(READ_AGAIN):
        value = machine.schema.find(key)
        if isinstance(value, Trigger):
            _refuse(machine, value, value.uses, key, f"error in trigger {value.name}: ")
        elif isinstance(value, View) and value.query is not None:
            for name in value.query.relations:
                place, found = machine.relation(name)
                if isinstance(found, Absent) or (found is None and machine.never(place)):
                    message = f"error in view {key.name}: no such table: {machine.created(name)}"
                    raise machine.refuse("undefined_table", message, key)
            missing = _missing_in_view(machine, value.query)
            if missing is not None:
                raise machine.refuse("undefined_column", f"error in view {key.name}: no such column: {missing}", key)


def refuse_if_trigger_fails(machine: Machine, table: Key, event: str, columns: Iterable[str] = ()) -> None:
    """Raise the error of a trigger that a statement on rows would fire, where it mentions what is not there.

    `event` is `insert`, `update` or `delete`; `columns` are those that an `UPDATE` sets.
    """
    if machine.postgres:
        return
    for key in machine.schema.on(table):
        value = machine.schema.find(key)
        if not isinstance(value, Trigger) or value.event != event:
            continue
        if value.columns and {name.lower() for name in value.columns}.isdisjoint(name.lower() for name in columns):
            continue
        _refuse(machine, value, (*value.uses, *value.targets), table, "")


def reads_column(machine: Machine, trigger: Trigger, key: Key, column: str) -> bool | None:
    """Return whether a trigger reads a column of a table; None when a name may be that of another table's column."""
    relations = [use.relation for use in trigger.uses if use.column.lower() == column]
    if any(relation is not None and machine.key(relation) == key for relation in relations):
        return True
    among = [
        [relation for relation in candidates if machine.key(relation) != key]
        for candidates, name in trigger.open
        if name.lower() == column and any(machine.key(relation) == key for relation in candidates)
    ]
    if any(all(lacks(machine, ColumnUse(relation, column)) for relation in others) for others in among):
        return True
    mentioned = key in {machine.key(name) for name in trigger.relations}
    return None if mentioned and not among and None in relations else False


def refuse_unknown_columns(machine: Machine, key: Key, expressions: Iterable[Expression | None]) -> None:
    """Raise SQLite's error for an expression of a table or an index that reads a column which the table lacks."""
    table = machine.schema.table(key)
    if machine.postgres or table is None:
        return
    for expression in filter(None, expressions):
        for column in expression.columns:
            # A name in double quotes is then a string.
            if f'"{column}"' in expression.text or column.lower() in _CONSTANTS:
                continue
            if lacks(machine, ColumnUse(table.name, column)):
                raise machine.refuse("undefined_column", f"no such column: {column}", key, column.lower())


def _refuse(machine: Machine, trigger: Trigger, uses: Iterable[ColumnUse], key: Key, where: str) -> None:
    for name in trigger.relations:
        if isinstance(machine.relation(name)[1], Absent):
            message = f"{where}no such table: {machine.created(name)}"
            raise machine.refuse("undefined_table", message, key, trigger.name)
    for use in uses:
        if use.relation is not None and lacks(machine, use):
            message = f"{where}no such column: {use.relation.name}.{use.column}"
            raise machine.refuse("undefined_column", message, key, trigger.name)
    for candidates, column in trigger.open:
        if all(lacks(machine, ColumnUse(relation, column)) for relation in candidates):
            raise machine.refuse("undefined_column", f"{where}no such column: {column}", key, trigger.name)


def _missing_in_view(machine: Machine, query: Query) -> str | None:
    """Return a column that a query reads from a table that is known not to have it, as it is written."""
    only = query.relations[0] if len(query.relations) == 1 else None
    for use in query.uses:
        if use.column in query.strings:
            continue
        outputs = {name.lower() for name in query.outputs if name is not None}
        if use.relation is None and use.column.lower() in outputs:
            continue
        if lacks(machine, ColumnUse(use.relation or only, use.column)):
            return use.column if use.relation is None else f"{use.relation.name}.{use.column}"
    return None


def lacks(machine: Machine, use: ColumnUse) -> bool:
    """Whether a qualified column is of a table that is known not to have it."""
    table = None if use.relation is None else machine.relation(use.relation)[1]
    if not isinstance(table, Table) or table.assumed or table.kind != "table":
        return False
    folded = use.column.lower()
    return folded not in table.columns and folded not in _ROWID
