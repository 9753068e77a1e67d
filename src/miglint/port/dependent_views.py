"""Views that stand in the way of a change in PostgreSQL, where SQLite lets them be.

SQLite reads a view when it is used; PostgreSQL keeps what it reads, and neither drops it nor changes it while a view
needs it. Such views are dropped before, those that need others first, and created again after.
"""

from __future__ import annotations

from collections.abc import Iterable

from miglint.base.model import Dialect
from miglint.port.postgres_script import PostgresScript
from miglint.schema.depends import relation_key
from miglint.schema.objects import Key, Table, View
from miglint.sql.operations import Name


def views_of(script: PostgresScript, relations: Iterable[Key]) -> list[Key]:
    """Return the views among some relations of SQLite, and those that need them, each behind those that need it."""
    found: dict[Key, None] = {}
    seen: set[Key] = set()
    waiting = [(key, False) for key in reversed(list(relations))]
    while waiting:
        key, is_due = waiting.pop()
        own = script.relation(key.name)
        if is_due:
            if isinstance(own, View):
                found[key] = None
        elif key not in seen and isinstance(own, (Table, View)):
            seen.add(key)
            waiting.append((key, True))
            users = script.schema.users(relation_key(own.name, Dialect.POSTGRES), View)
            waiting += [(relation_key(Name(None, view.name.name), Dialect.SQLITE), False) for _, view in users]
    return list(found)


def keeps_its_columns(was: Table, now: Table | None) -> bool:
    """Return whether a table has all columns that it had, with their types."""
    return now is not None and all(
        name in now.columns and now.columns[name].type == column.type for name, column in was.columns.items()
    )
