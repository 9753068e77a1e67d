"""What a forward does to rows, and what undoes it: rows with known keys are deleted, the rest is named."""

from __future__ import annotations

from collections.abc import Collection

from miglint.base.model import Dialect
from miglint.base.structs import Struct, replace
from miglint.replay.apply.tracking import is_tracking_table
from miglint.replay.steps import Step
from miglint.rollback.passing_rows import passing_changes
from miglint.rollback.tracking import key_of, own_record
from miglint.rules.data.losses import reads
from miglint.schema.objects import Key, Table
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Expression, Name, Operation
from miglint.writer.words import identifier, name

_ON_ROWS = (ops.Insert, ops.Update, ops.Delete, ops.Truncate, ops.OtherData)
_KEEPING = frozenset({"refresh materialized view", "refresh"})


class RowsBack(Struct, frozen=True):
    """What undoes the effects on rows.

    `statements` run before those that restore the schema. `staying` are sentences about rows that the forward made and
    that stay, `lost` about rows and values that it destroyed. `recreated` are the tables that it dropped with their
    rows and created anew.
    """

    statements: tuple[str, ...] = ()
    staying: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    recreated: tuple[Key, ...] = ()

    def without(self, keys: Collection[Key]) -> RowsBack:
        """Return it for rows of tables that are brought back in another way."""
        gone = {_rows_of(key) for key in keys}
        return replace(self, lost=tuple(text for text in self.lost if text not in gone))


def _rows_of(key: Key) -> str:
    return f"the rows of {key.name} are lost"


def undo_rows(step: Step) -> RowsBack:
    """Return what undoes the effects of a forward on rows of the tables that were there before it."""
    found = _Found(step)
    record = own_record(step)
    moments = [moment for moment in step.forward.moments if not moment.failed]
    passing = passing_changes(moments)
    for place, moment in enumerate(moments):
        found.follow(moment.operation, moment.before, passing=place in passing)
    deletions = [*reversed(found.deletions), *([record.deletion] if record is not None else [])]
    deleting, staying, lost = (tuple(dict.fromkeys(texts)) for texts in (deletions, found.staying, found.lost))
    return RowsBack(deleting, staying, lost, tuple(found.recreated))


class _Found:
    """What the operations of a forward do to rows, in their order."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._past: list[Operation] = []
        self.deletions: list[str] = []
        self.staying: list[str] = []
        self.lost: list[str] = []
        self.recreated: list[Key] = []

    def follow(self, operation: Operation, schema: Schema, *, passing: bool = False) -> None:
        if isinstance(operation, ops.Drop) and operation.kind == "table":
            self._drop(operation.name, key_of(schema, operation.name))
        table = getattr(operation, "table", None)
        if isinstance(operation, _ON_ROWS) and isinstance(table, Name) and not is_tracking_table(table.name):
            key = key_of(schema, table)
            was = self._step.before.table(key)
            if was is not None and was.persistence != "temporary" and not passing:
                self._change(operation, table, key, was)
        self._past.append(operation)

    def _drop(self, table: Name, key: Key) -> None:
        """Record the loss of a table that the forward drops and creates again, unless its rows were copied before."""
        again = self._step.before.table(key) is not None and self._step.after.table(key) is not None
        if again and not any(reads(operation, table, None) for operation in self._past):
            self.lost.append(_rows_of(key))
            self.recreated.append(key)

    def _change(self, operation: Operation, table: Name, key: Key, was: Table) -> None:
        step = self._step
        match operation:
            case ops.Insert():
                back = _deletion(step, key, was, operation)
                if back is not None:
                    self.deletions.append(back)
                else:
                    self.staying.append(f"the rows that the forward inserts into {table.name} stay")
                if operation.conflict in ("update", "replace"):
                    self.lost.append(f"the rows of {table.name} that the forward replaces are lost")
            case ops.Update():
                self.lost += (
                    f"the values of {table.name}.{column} that the forward changes are lost"
                    for column, _ in operation.assignments
                    if _folded(step, column) in was.columns
                )
            case ops.Delete() | ops.Truncate():
                self.lost.append(f"the rows that the forward deletes from {table.name} are lost")
            case ops.OtherData() if operation.kind not in _KEEPING:
                self.lost.append(f"what {operation.kind.upper()} does to the rows of {table.name} is not undone")


def _deletion(step: Step, key: Key, was: Table, operation: ops.Insert) -> str | None:
    """Return the statement that deletes inserted rows; None if their keys are not known, or they may be older."""
    now = step.after.table(key)
    if operation.rows is None or operation.conflict is not None or operation.anti_join or now is None:
        return None
    places = {_folded(step, column): place for place, column in enumerate(operation.columns)}
    if not places:
        places = {column: place for place, column in enumerate(was.columns)}
    for constraint in was.constraints.values():
        columns = tuple(_folded(step, column) for column in constraint.columns)
        if constraint.kind not in ("primary", "unique") or not all(column in places for column in columns):
            continue
        if not all(column in was.columns and column in now.columns for column in columns):
            continue
        conditions = []
        for row in operation.rows:
            cells = [row[places[column]] if places[column] < len(row) else None for column in columns]
            if any(not _is_constant(cell) for cell in cells):
                break
            conditions.append(_condition(now, columns, cells))
        else:
            table = name(now.name)
            return f"DELETE FROM {table} WHERE {' OR '.join(conditions)};"
    return None


def _condition(table: Table, columns: tuple[str, ...], cells: list[Expression | None]) -> str:
    parts = [
        f"{identifier(table.columns[column].name)} = {cell.text}"
        for column, cell in zip(columns, cells, strict=True)
        if cell is not None
    ]
    return parts[0] if len(parts) == 1 else f"({' AND '.join(parts)})"


def _is_constant(cell: Expression | None) -> bool:
    return cell is not None and cell.literal is not None and cell.key.lower() != "null"


def _folded(step: Step, column: str) -> str:
    return column.lower() if step.migration.dialect is Dialect.SQLITE else column
