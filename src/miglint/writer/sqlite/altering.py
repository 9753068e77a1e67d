"""`ALTER TABLE` for tables of SQLite of which too little is known to rebuild them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from miglint.schema.objects import Key, Table
from miglint.sql.operations import Column
from miglint.writer import sqlite_tables
from miglint.writer.sqlite.copying import constant
from miglint.writer.sqlite.plan import RebuildPlan
from miglint.writer.words import UnprintableError, identifier, name
from miglint.writer.written import Version, WrittenStatement

# Since this version SQLite has DROP COLUMN.
_DROPS = (3, 35)


def _gone_columns(before: Table, after: Table, renamed: Mapping[str, str]) -> Iterator[Column]:
    for folded, column in before.columns.items():
        is_unknown = after.assumed and folded not in after.absent
        if folded not in after.columns and folded not in renamed.values() and not is_unknown:
            yield column


def alter(plan: RebuildPlan, key: Key, target: Version | None) -> Iterator[WrittenStatement]:
    """Yield the statements that change what can be changed in place: columns come, go, and get their names back."""
    before, after = plan.old.table(key), plan.new.table(key)
    if before is None or after is None:
        return
    own = name(before.name)
    renamed = plan.columns.get(key, {})
    for old, new in renamed.items():
        here, there = before.columns[new].name, after.columns[old].name
        text = f"ALTER TABLE {own} RENAME COLUMN {identifier(here)} TO {identifier(there)};"
        yield WrittenStatement(text, f"rename column {here} to {there}", key)
    if target is None or target >= _DROPS:
        for column in _gone_columns(before, after, renamed):
            text = f"ALTER TABLE {own} DROP COLUMN {identifier(column.name)};"
            yield WrittenStatement(text, f"drop column {column.name}", key)
    for folded, column in after.columns.items():
        if folded not in before.columns and folded not in renamed and not column.assumed and can_be_added(column):
            yield from _added(key, after, column, own)


def _added(key: Key, table: Table, column: Column, own: str) -> Iterator[WrittenStatement]:
    try:
        text = f"ALTER TABLE {own} ADD COLUMN {sqlite_tables.column(table, column)};"
    except UnprintableError:
        return
    yield WrittenStatement(text, f"add column {column.name}", key)


def can_be_added(column: Column) -> bool:
    """Return whether SQLite can add a column to a table that may have rows."""
    if column.generated == "stored" or column.autoincrement:
        return False
    if column.generated is None and column.nullable is False and column.default is None:
        return False
    if column.default is None or column.generated is not None:
        return True
    # The time is not a constant: it is refused where there are rows.
    return not constant(column.default).lower().startswith(("(", "current_"))
