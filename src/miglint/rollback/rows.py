"""What a forward does to rows, and what undoes it: rows with known keys are deleted, the rest is named."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.model import Dialect
from miglint.base.structs import Struct
from miglint.replay.apply.tracking import is_tracking_table
from miglint.replay.steps import Step
from miglint.rollback.passing_rows import passing_changes
from miglint.rollback.tracking import key_of, own_record
from miglint.rules.data.losses import reads
from miglint.schema.objects import Key, Table
from miglint.schema.outcome import Run
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Expression, Name, Operation
from miglint.writer.words import identifier, name

_ON_ROWS = (ops.Insert, ops.Update, ops.Delete, ops.Truncate, ops.OtherData)
_KEEPING = frozenset({"refresh materialized view", "refresh"})


class RowNote(Struct, frozen=True):
    """A sentence about rows of a table that was there before the forward, or about the values of one of its columns."""

    table: Key
    column: str | None
    sentence: str


class RowsBack(Struct, frozen=True):
    """What undoes the effects on rows.

    `statements` run before those that restore the schema; they delete rows of the tables in `deleted`. `staying` is
    about rows that the forward made and that stay, `lost` about rows and values that it destroyed. `recreated` are the
    tables that it dropped with their rows and created anew.
    """

    statements: tuple[str, ...] = ()
    staying: tuple[RowNote, ...] = ()
    lost: tuple[RowNote, ...] = ()
    recreated: tuple[Key, ...] = ()
    deleted: tuple[Key, ...] = ()


def remade_tables(run: Run) -> Iterator[Key]:
    """Yield the tables that a run drops and creates again, and whose rows no statement copied before."""
    past: list[Operation] = []
    for moment in run.moments:
        operation = moment.operation
        if moment.failed:
            continue
        if isinstance(operation, ops.Drop) and operation.kind == "table":
            key = key_of(moment.before, operation.name)
            again = run.before.table(key) is not None and run.schema.table(key) is not None
            if again and not any(reads(other, operation.name, None) for other in past):
                yield key
        past.append(operation)


def undo_rows(step: Step) -> RowsBack:
    """Return what undoes the effects of a forward on rows of the tables that were there before it."""
    found = _Found(step)
    record = own_record(step)
    moments = [moment for moment in step.forward.moments if not moment.failed]
    passing = passing_changes(moments)
    for place, moment in enumerate(moments):
        found.follow(moment.operation, moment.before, passing=place in passing)
    deletions = [*reversed(found.deletions), *([(record.deletion, None)] if record is not None else [])]
    remade = tuple(dict.fromkeys(remade_tables(step.forward)))
    lost = (*(RowNote(key, None, f"the rows of {key.name} are lost") for key in remade), *found.lost)
    return RowsBack(
        tuple(dict.fromkeys(text for text, _ in deletions)),
        tuple(dict.fromkeys(found.staying)),
        tuple(dict.fromkeys(lost)),
        remade,
        tuple(key for key in dict(deletions).values() if key is not None),
    )


class _Found:
    """What the operations of a forward do to rows, in their order."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self.deletions: list[tuple[str, Key | None]] = []
        self.staying: list[RowNote] = []
        self.lost: list[RowNote] = []

    def follow(self, operation: Operation, schema: Schema, *, passing: bool = False) -> None:
        table = getattr(operation, "table", None)
        if isinstance(operation, _ON_ROWS) and isinstance(table, Name) and not is_tracking_table(table.name):
            key = key_of(schema, table)
            was = self._step.before.table(key)
            if was is not None and was.persistence != "temporary" and not passing:
                self._change(operation, table, key, was)

    def _change(self, operation: Operation, table: Name, key: Key, was: Table) -> None:
        step = self._step
        match operation:
            case ops.Insert():
                back = _deletion(step, key, was, operation)
                if back is not None:
                    self.deletions.append((back, key))
                else:
                    text = f"the rows that the forward inserts into {table.name} stay"
                    self.staying.append(RowNote(key, None, text))
                if operation.conflict in ("update", "replace"):
                    text = f"the rows of {table.name} that the forward replaces are lost"
                    self.lost.append(RowNote(key, None, text))
            case ops.Update():
                self.lost += (
                    RowNote(key, column, f"the values of {table.name}.{column} that the forward changes are lost")
                    for column, _ in operation.assignments
                    if _folded(step, column) in was.columns
                )
            case ops.Delete() | ops.Truncate():
                text = f"the rows that the forward deletes from {table.name} are lost"
                self.lost.append(RowNote(key, None, text))
            case ops.OtherData() if operation.kind not in _KEEPING:
                text = f"what {operation.kind.upper()} does to the rows of {table.name} is not undone"
                self.lost.append(RowNote(key, None, text))


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
