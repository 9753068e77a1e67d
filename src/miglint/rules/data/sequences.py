"""DAT044: new sequences that begin below the numbers of rows that were copied."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, hazard
from miglint.rules.support.applied_operations import effective
from miglint.schema.objects import Table
from miglint.sql import operations as ops


@hazard(
    "DAT044",
    "sequence-behind-rows",
    Severity.WARNING,
    "Rows are copied with their numbers into a new table whose sequence begins at the first number",
    on=(ops.Insert,),
    dialects=("postgres",),
)
def sequence_behind_rows(step: Step) -> Iterator[Hit]:
    """Report copies into identity and serial columns of new tables, where nothing moves the sequence afterwards."""
    moved = [applied.place for applied, item in effective(step, ops.Select) if _moves(item)]
    moved += [applied.place for applied, item in effective(step, ops.AlterSequence) if item.restart]
    for applied, operation in effective(step, ops.Insert):
        query = operation.query
        if query is None or not query.relations or not applied.fresh(operation.table):
            continue
        table = applied.table(operation.table)
        if table is None or any(place > applied.place for place in moved):
            continue
        column = _numbered(table, operation)
        if column is not None:
            yield applied.hit(
                f'the sequence of "{operation.table.name}.{column}" begins at its first number, which a row now has',
                f"Move it on: `SELECT setval(pg_get_serial_sequence('{operation.table}', '{column}'), max({column})) "
                f"FROM {operation.table};`",
            )


def _moves(query: ops.Select) -> bool:
    return any(name.name == "setval" for name in query.query.functions)


def _numbered(table: Table, operation: ops.Insert) -> str | None:
    """Return the column with a sequence of its own that a statement gives values to."""
    names = operation.columns or tuple(table.columns)
    for name in names:
        column = table.columns.get(name)
        if column is not None and (column.serial or column.identity is not None):
            return name
    return None
