"""What the scripts of a pair destroy: rows of tables, values of columns, and whether they are kept elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.base.lazy_regex import pattern
from miglint.base.model import Direction
from miglint.replay.steps import Step
from miglint.rules.support.clauses import Remark, places, remarks
from miglint.rules.support.scripts import statements_of
from miglint.rules.support.step_cache import cached_by_step
from miglint.schema.outcome import OperationOutcome
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Name, Operation, flat

_FORWARD, _ROLLBACK = Direction.FORWARD, Direction.ROLLBACK
# A condition that excludes rows without a value, or those that have one.
_IS_NULL = pattern(r"\(\w+ is (?:not )?null\)")
_DATA = frozenset(
    {
        ops.Insert,
        ops.Update,
        ops.Delete,
        ops.Truncate,
        ops.AlterColumnType,
        ops.CreateTable,
        ops.AddColumn,
        ops.SetNullable,
        ops.If,
        ops.Try,
    }
)


@cached_by_step
def data_operations(step: Step, direction: Direction) -> tuple[Operation, ...]:
    """Return the operations of a script that move or destroy rows, in order. Cached by identity of the step."""
    found: list[Operation] = []
    for statement in statements_of(step, direction):
        for operation in statement.operations:
            # This runs for every operation of every script: only blocks with such operations are entered.
            if type(operation) in _DATA:
                if isinstance(operation, (ops.If, ops.Try)):
                    found += [inner for inner in flat((operation,)) if type(inner) in _DATA]
                else:
                    found.append(operation)
    return tuple(found)


def same(one: Name, other: Name) -> bool:
    """Return whether two names as written can mean the same relation."""
    if one.name.lower() != other.name.lower():
        return False
    return one.schema is None or other.schema is None or one.schema.lower() == other.schema.lower()


def among(column: str | None, names: Iterable[str]) -> bool:
    """Return whether a column is among names as written that can mean it."""
    return column is not None and column.lower() in map(str.lower, names)


def lost(step: Step, direction: Direction) -> Iterable[Remark]:
    """Return what the first run of a script destroyed."""
    return [remark for remark in remarks(step).get("lost", ()) if remark.direction is direction]


def reads(operation: Operation, table: Name, column: str | None) -> bool:
    """Return whether a statement copies from a table (from a column of it) to somewhere else."""
    if isinstance(operation, (ops.Insert, ops.CreateTable)):
        return operation.query is not None and _query_reads(operation.query, table, column)
    if not isinstance(operation, ops.Update):
        return False
    if column is not None and same(operation.table, table):
        return any(value is not None and among(column, value.columns) for _, value in operation.assignments)
    return any(same(name, table) for name in operation.relations)


def _query_reads(query: ops.Query, table: Name, column: str | None) -> bool:
    if not any(same(name, table) for name in query.relations):
        return False
    if column is None or any(same(name, table) for name in query.stars):
        return True
    return any(
        among(column, (use.column,)) and (use.relation is None or same(use.relation, table)) for use in query.uses
    )


@cached_by_step
def _by_table(step: Step, direction: Direction) -> dict[str, list[Operation]]:
    """Return the data operations by the tables that they write to or read from, in small letters, in order."""
    found: dict[str, list[Operation]] = {}
    for operation in data_operations(step, direction):
        names: list[Name] = []
        match operation:
            case ops.CreateTable():
                names.append(operation.name)
            case ops.Insert() | ops.Update() | ops.Delete() | ops.Truncate() | ops.TableOperation():
                names.append(operation.table)
        query = getattr(operation, "query", None)
        if query is not None:
            names += (*query.relations, *query.stars)
        elif isinstance(operation, ops.Update):
            names += operation.relations
        for name in {name.name.lower() for name in names}:
            found.setdefault(name, []).append(operation)
    return found


def _about(step: Step, direction: Direction, table: Name) -> list[Operation]:
    """Return the data operations that write to a table or read from it, in order."""
    return _by_table(step, direction).get(table.name.lower(), [])


@cached_by_step
def _known_readers(step: Step) -> dict[tuple[Direction, Name, str | None], list[Operation]]:
    return {}


def readers(step: Step, direction: Direction, table: Name, column: str | None) -> list[Operation]:
    """Return the operations that copy from a table (from a column of it) into somewhere else."""
    known, place = _known_readers(step), (direction, table, column)
    if place not in known:
        known[place] = [item for item in _about(step, direction, table) if reads(item, table, column)]
    return known[place]


def kept(step: Step, direction: Direction, loss: Remark, table: Name, column: str | None) -> bool:
    """Return whether a script copies what it destroys to somewhere else before."""
    end = loss.operation.span.start
    return any(operation.span.start < end for operation in readers(step, direction, table, column))


@cached_by_step
def _known_written(step: Step) -> dict[tuple[Name, str | None], bool]:
    return {}


def written_back(step: Step, table: Name, column: str | None) -> bool:
    """Return whether the rollback fills a table, or a column of it."""
    known, place = _known_written(step), (table, column)
    if place not in known:
        known[place] = _writes_back(step, table, column)
    return known[place]


def _writes_back(step: Step, table: Name, column: str | None) -> bool:
    return any(_fills(operation, table, column) for operation in _about(step, _ROLLBACK, table))


def _fills(operation: Operation, table: Name, column: str | None) -> bool:
    """Return whether an operation gives a table rows, or the column values."""
    match operation:
        case ops.Insert():
            filled = column is None or not operation.columns or among(column, operation.columns)
            return filled and same(operation.table, table)
        case ops.CreateTable():
            return operation.query is not None and same(operation.name, table)
        case ops.Update() if column is not None:
            return same(operation.table, table) and among(column, (name for name, _ in operation.assignments))
        case ops.AddColumn():
            added = operation.column
            return bool(added.generated) and among(column, (added.name,)) and same(operation.table, table)
        case _:
            return False


def made_here(step: Step, name: str, part: str | None) -> bool:
    """Return whether the forward creates a table, or adds a column to one."""
    return (name.lower(), part.lower() if part else None) in _made_places(step)


@cached_by_step
def _made_places(step: Step) -> frozenset[tuple[str, str | None]]:
    """Return the tables and columns that a forward makes."""
    return frozenset(
        place
        for place, clauses in places(step, _FORWARD).items()
        if any(isinstance(operation, (ops.CreateTable, ops.AddColumn)) for _, operation in clauses)
    )


def drops_table(operation: Operation) -> bool:
    """Return whether an operation drops a table."""
    return isinstance(operation, ops.Drop) and operation.kind in ("table", "foreign table")


def rebuilt(schema: Schema, event: OperationOutcome) -> bool:
    """Return whether what an operation destroyed is there again in `schema`."""
    return any(note.key is not None and schema.find(note.key) is not None for note in event.notes)


def dropped_tables(step: Step, losses: list[Remark]) -> list[tuple[Remark, Name]]:
    """Return the tables that the forward drops, did not create, and whose rows the rollback does not write back."""
    return [
        (loss, loss.operation.name)
        for loss in losses
        if isinstance(loss.operation, ops.Drop)
        and drops_table(loss.operation)
        and not made_here(step, loss.operation.name.name, None)
        and not written_back(step, loss.operation.name, None)
    ]


def by_statement(step: Step) -> Iterable[list[Remark]]:
    """Return what the forward destroyed, by statement: one statement is one finding."""
    found: dict[int, list[Remark]] = {}
    for loss in lost(step, _FORWARD):
        found.setdefault(loss.event.statement.span.start, []).append(loss)
    return found.values()


def dropped_columns(step: Step, losses: list[Remark]) -> list[tuple[Remark, ops.DropColumn]]:
    """Return the columns that the forward drops, did not add, and whose values neither side computes or writes back."""
    return [
        (loss, loss.operation)
        for loss in losses
        if isinstance(loss.operation, ops.DropColumn)
        and loss.operation.kind != "type"
        and not made_here(step, loss.operation.table.name, loss.operation.column)
        and not computed(loss.event, loss.operation.column)
        and not written_back(step, loss.operation.table, loss.operation.column)
    ]


def copied(step: Step, drop: ops.DropColumn) -> bool:
    """Return whether the forward copied the values of a column elsewhere, unchanged, before it drops the column."""
    for operation in _about(step, _FORWARD, drop.table):
        if operation.span.start >= drop.span.start:
            break
        if not isinstance(operation, ops.Update):
            if reads(operation, drop.table, drop.column):
                return True
        elif same(operation.table, drop.table) and (operation.where is None or _IS_NULL.fullmatch(operation.where.key)):
            plain = (value.key.partition("::")[0] for _, value in operation.assignments if value is not None)
            if drop.column in plain:
                return True
    return False


def in_place(step: Step, event: OperationOutcome, drop: ops.DropColumn) -> bool:
    """Return whether a column that takes over the values has the old name at the end."""
    names = {drop.column} | {
        rename.column
        for statement in step.forward_statements
        for rename in flat(statement.operations)
        if isinstance(rename, ops.RenameColumn) and rename.new == drop.column and same(rename.table, drop.table)
    }
    tables = (step.after.table(note.key) for note in event.notes if note.key is not None)
    return any(table is not None and not names.isdisjoint(table.columns) for table in tables)


def computed(event: OperationOutcome, column: str) -> bool:
    """Return whether the engine computes the column's values, so that adding it again restores them."""
    for note in event.notes:
        table = event.before.table(note.key) if note.key is not None else None
        found = table.columns.get(note.part or column) if table is not None else None
        if found is not None and found.generated:
            return True
    return False


def deletions(step: Step) -> Iterable[ops.Delete | ops.Truncate]:
    """Yield what the forward deletes from tables that it did not create, and neither script copies."""
    for operation in data_operations(step, _FORWARD):
        if not isinstance(operation, (ops.Delete, ops.Truncate)):
            continue
        table = operation.table
        if made_here(step, table.name, None) or written_back(step, table, None):
            continue
        if any(other is not operation for other in readers(step, _FORWARD, table, None)):
            continue
        yield operation


def rollback_dropped_tables(step: Step) -> list[ops.Drop]:
    """Return the tables that the rollback drops with their rows."""
    return [
        loss.operation
        for loss in lost(step, _ROLLBACK)
        if isinstance(loss.operation, ops.Drop)
        and drops_table(loss.operation)
        and not kept(step, _ROLLBACK, loss, loss.operation.name, None)
        and not (step.rollback is not None and rebuilt(step.rollback.schema, loss.event))
    ]


def rollback_dropped_columns(step: Step) -> list[ops.DropColumn]:
    """Return the columns that the rollback drops with their values."""
    found = []
    for loss in lost(step, _ROLLBACK):
        event, operation = loss.event, loss.operation
        if not isinstance(operation, ops.DropColumn) or operation.kind == "type" or computed(event, operation.column):
            continue
        if not kept(step, _ROLLBACK, loss, operation.table, operation.column):
            found.append(operation)
    return found
