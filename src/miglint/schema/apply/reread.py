"""What SQLite does before it renames something or drops a column: it reads its whole schema again.

A view or a trigger over a table that is gone does no harm until then, and stops the statement.
"""

from __future__ import annotations

from miglint.schema.apply.machine import Machine
from miglint.schema.objects import Absent, Table, Trigger, View
from miglint.sql.operations import Query

_ROWID = frozenset(("rowid", "oid", "_rowid_"))


def is_legacy(machine: Machine) -> bool:
    """Whether `PRAGMA legacy_alter_table` is on, under which a table is renamed without looking."""
    return machine.settings.get("legacy_alter_table", "").lower() in ("on", "1", "true", "yes")


def refuse_if_broken(machine: Machine) -> None:
    """Raise the error of the first trigger or view that needs a table, or a view a column, that is not there."""
    for key, value in machine.schema.items():
        if isinstance(value, Trigger):
            for name in value.relations:
                if isinstance(machine.relation(name)[1], Absent):
                    message = f"error in trigger {value.name}: no such table: {machine.created(name)}"
                    raise machine.refuse("undefined_table", message, key)
        if not isinstance(value, View) or value.query is None:
            continue
        for name in value.query.relations:
            if isinstance(machine.relation(name)[1], Absent):
                message = f"error in view {key.name}: no such table: {machine.created(name)}"
                raise machine.refuse("undefined_table", message, key)
        missing = _missing_column(machine, value.query)
        if missing is not None:
            raise machine.refuse("undefined_column", f"error in view {key.name}: no such column: {missing}", key)


def _missing_column(machine: Machine, query: Query) -> str | None:
    """Return a column that a query reads from a table that is known not to have it, as it is written."""
    for use in query.uses:
        only = query.relations[0] if len(query.relations) == 1 else None
        relation = use.relation or only
        table = None if relation is None else machine.relation(relation)[1]
        if not isinstance(table, Table) or table.assumed or table.kind != "table":
            continue
        folded = use.column.lower()
        outputs = {name.lower() for name in query.outputs if name is not None}
        if folded in table.columns or folded in _ROWID or (use.relation is None and folded in outputs):
            continue
        return use.column if use.relation is None else f"{use.relation.name}.{use.column}"
    return None
