"""DAT001, DAT002 and DAT004 to DAT006: rows and values that a forward or a rollback destroys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from miglint.base.findings import Severity
from miglint.base.lazy_regex import pattern
from miglint.base.model import Direction
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.rules.support.clauses import Remark, places, remarks
from miglint.rules.support.reporting import hit_in
from miglint.rules.support.scripts import script_of, statements_of
from miglint.rules.support.sql_text import ident, qualified, suffixed
from miglint.rules.support.step_cache import cached_by_step
from miglint.schema.outcome import OperationOutcome
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Name, Operation, flat

_FORWARD, _ROLLBACK = Direction.FORWARD, Direction.ROLLBACK
# A condition that excludes rows without a value, or those that have one.
_IS_NULL = pattern(r"\(\w+ is (?:not )?null\)")
# Names in a message, before it gives the number of the others.
_SHOWN = 5
# A longer condition is not repeated in a help text.
_LONGEST = 160
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
        return any(value is not None and column in value.columns for _, value in operation.assignments)
    return any(same(name, table) for name in operation.relations)


def _query_reads(query: ops.Query, table: Name, column: str | None) -> bool:
    if not any(same(name, table) for name in query.relations):
        return False
    if column is None or any(same(name, table) for name in query.stars):
        return True
    return any(
        use.column.lower() == column.lower() and (use.relation is None or same(use.relation, table))
        for use in query.uses
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


def _readers(step: Step, direction: Direction, table: Name, column: str | None) -> list[Operation]:
    """Return the operations that copy from a table (from a column of it) into somewhere else."""
    known, place = _known_readers(step), (direction, table, column)
    if place not in known:
        known[place] = [item for item in _about(step, direction, table) if reads(item, table, column)]
    return known[place]


def _kept(step: Step, direction: Direction, loss: Remark, table: Name, column: str | None) -> bool:
    end = loss.operation.span.start
    return any(operation.span.start < end for operation in _readers(step, direction, table, column))


@cached_by_step
def _known_written(step: Step) -> dict[tuple[Name, str | None], bool]:
    return {}


def _written_back(step: Step, table: Name, column: str | None) -> bool:
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
            filled = column is None or not operation.columns or column in operation.columns
            return filled and same(operation.table, table)
        case ops.CreateTable():
            return operation.query is not None and same(operation.name, table)
        case ops.Update() if column is not None:
            return same(operation.table, table) and any(assigned == column for assigned, _ in operation.assignments)
        case ops.AddColumn():
            added = operation.column
            return bool(added.generated) and added.name == column and same(operation.table, table)
        case _:
            return False


def _made_here(step: Step, name: str, part: str | None) -> bool:
    return (name.lower(), part.lower() if part else None) in _made_places(step)


@cached_by_step
def _made_places(step: Step) -> frozenset[tuple[str, str | None]]:
    """Return the tables and columns that a forward makes."""
    return frozenset(
        place
        for place, clauses in places(step, _FORWARD).items()
        if any(isinstance(operation, (ops.CreateTable, ops.AddColumn)) for _, operation in clauses)
    )


def _drops_table(operation: Operation) -> bool:
    return isinstance(operation, ops.Drop) and operation.kind in ("table", "foreign table")


def _rebuilt(schema: Schema, event: OperationOutcome) -> bool:
    return any(note.key is not None and schema.find(note.key) is not None for note in event.notes)


@rule(
    "DAT001",
    "forward-drops-rows",
    Severity.WARNING,
    "The forward drops a table, and no rollback can restore its rows",
    on=(ops.Drop,),
    aliases=("squawk:ban-drop-table", "pgls:banDropTable", "atlas:DS102", "pg-migration-lint:PGM201"),
)
def forward_drops_rows(step: Step) -> Iterator[Hit]:
    """Report dropped tables whose rows are lost."""
    script = step.migration.forward
    if script is None or step.migration.irreversible is not None:
        return
    for losses in _by_statement(step):
        dropped = _dropped_tables(step, losses)
        gone = [(loss, table) for loss, table in dropped if not _kept(step, _FORWARD, loss, table, None)]
        moved = [item for item in dropped if item not in gone and not _rebuilt(step.after, item[0].event)]
        if gone:
            first, table = gone[0]
            yield hit_in(
                script,
                first.operation.span,
                f"the rows of {_listed([name.name for _, name in gone])} are lost: "
                "a rollback can create the table again, but not its rows",
                f"Rename it instead: `ALTER TABLE {qualified(table)} RENAME TO {suffixed(table.name, '_old')};` Drop "
                "it in a later migration, or declare it: `-- miglint: irreversible (why)`.",
            )
        elif moved:
            first, table = moved[0]
            yield hit_in(
                script,
                first.operation.span,
                f"the rows of {_listed([name.name for _, name in moved])} were copied elsewhere, "
                "but the rollback does not copy them back",
                f"Have the rollback fill it again: `INSERT INTO {qualified(table)} ... SELECT ...`.",
                severity=Severity.INFO,
            )


def _dropped_tables(step: Step, losses: list[Remark]) -> list[tuple[Remark, Name]]:
    """Return the tables that the forward drops, did not create, and whose rows the rollback does not write back."""
    return [
        (loss, loss.operation.name)
        for loss in losses
        if isinstance(loss.operation, ops.Drop)
        and _drops_table(loss.operation)
        and not _made_here(step, loss.operation.name.name, None)
        and not _written_back(step, loss.operation.name, None)
    ]


def _by_statement(step: Step) -> Iterable[list[Remark]]:
    """Return what the forward destroyed, by statement: one statement is one finding."""
    found: dict[int, list[Remark]] = {}
    for loss in lost(step, _FORWARD):
        found.setdefault(loss.event.statement.span.start, []).append(loss)
    return found.values()


def _listed(names: list[str]) -> str:
    quoted = [f'"{name}"' for name in dict.fromkeys(names)]
    if len(quoted) > _SHOWN + 1:
        return f"{', '.join(quoted[:_SHOWN])} and {len(quoted) - _SHOWN} more"
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


@rule(
    "DAT002",
    "forward-drops-values",
    Severity.WARNING,
    "The forward drops a column, and no rollback can restore its values",
    on=(ops.DropColumn,),
    aliases=(
        "squawk:ban-drop-column",
        "pgls:banDropColumn",
        "atlas:DS103",
        "pg-migration-lint:PGM009",
        "django-migration-linter:DROP_COLUMN",
    ),
)
def forward_drops_values(step: Step) -> Iterator[Hit]:
    """Report dropped columns whose values are lost."""
    script = step.migration.forward
    if script is None or step.migration.irreversible is not None:
        return
    for losses in _by_statement(step):
        dropped = _dropped_columns(step, losses)
        gone = [drop for loss, drop in dropped if not _copied(step, drop)]
        moved = [drop for loss, drop in dropped if drop not in gone and not _in_place(step, loss.event, drop)]
        columns = gone or moved
        if not columns:
            continue
        listed = _listed([f"{item.table.name}.{item.column}" for item in columns])
        first = columns[0]
        if gone:
            yield hit_in(
                script,
                first.span,
                f"the values of {listed} are lost: a rollback can add the column again, but not its values",
                f"Save `{ident(first.column)}` with the table's key until no rollback is needed, and have the rollback "
                "write it back. Or declare it: `-- miglint: irreversible (why)`.",
            )
        else:
            yield hit_in(
                script,
                first.span,
                f"the values of {listed} were copied elsewhere, but the rollback does not copy them back",
                f"Have the rollback fill it again: `UPDATE {qualified(first.table)} SET {ident(first.column)} = ...`.",
                severity=Severity.INFO,
            )


def _dropped_columns(step: Step, losses: list[Remark]) -> list[tuple[Remark, ops.DropColumn]]:
    """Return the columns that the forward drops, did not add, and whose values neither side computes or writes back."""
    return [
        (loss, loss.operation)
        for loss in losses
        if isinstance(loss.operation, ops.DropColumn)
        and loss.operation.kind != "type"
        and not _made_here(step, loss.operation.table.name, loss.operation.column)
        and not _computed(loss.event, loss.operation.column)
        and not _written_back(step, loss.operation.table, loss.operation.column)
    ]


def _copied(step: Step, drop: ops.DropColumn) -> bool:
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


def _in_place(step: Step, event: OperationOutcome, drop: ops.DropColumn) -> bool:
    """Return whether a column that takes over the values has the old name at the end."""
    names = {drop.column} | {
        rename.column
        for statement in step.forward_statements
        for rename in flat(statement.operations)
        if isinstance(rename, ops.RenameColumn) and rename.new == drop.column and same(rename.table, drop.table)
    }
    tables = (step.after.table(note.key) for note in event.notes if note.key is not None)
    return any(table is not None and not names.isdisjoint(table.columns) for table in tables)


def _computed(event: OperationOutcome, column: str) -> bool:
    """Return whether the engine computes the column's values, so that adding it again restores them."""
    for note in event.notes:
        table = event.before.table(note.key) if note.key is not None else None
        found = table.columns.get(note.part or column) if table is not None else None
        if found is not None and found.generated:
            return True
    return False


@rule(
    "DAT004",
    "forward-deletes-rows",
    Severity.WARNING,
    "The forward deletes rows that the rollback does not restore",
    on=(ops.Delete, ops.Truncate),
    aliases=("pg-migration-lint:PGM203", "pg-migration-lint:PGM303"),
)
def forward_deletes_rows(step: Step) -> Iterator[Hit]:
    """Report `DELETE` and `TRUNCATE`; as information when only some rows are deleted."""
    script = step.migration.forward
    if script is None or step.migration.irreversible is not None:
        return
    for operation in data_operations(step, _FORWARD):
        if not isinstance(operation, (ops.Delete, ops.Truncate)):
            continue
        table = operation.table
        if _made_here(step, table.name, None) or _written_back(step, table, None):
            continue
        if any(other is not operation for other in _readers(step, _FORWARD, table, None)):
            continue
        some = isinstance(operation, ops.Delete) and operation.where is not None
        yield hit_in(
            script,
            operation.span,
            f'{"rows" if some else "all rows"} of "{table.name}" are deleted, and the rollback restores none',
            f"Put before it: `{_save_deleted(operation)}` Have the rollback write the rows back, or declare it: "
            "`-- miglint: irreversible (why)`.",
            severity=Severity.INFO if some else None,
        )


def _save_deleted(operation: ops.Delete | ops.Truncate) -> str:
    """Return the statement that saves the rows that a statement deletes."""
    where = operation.where if isinstance(operation, ops.Delete) else None
    text = "" if where is None else " ".join(where.text.split())
    # With other relations, or another name for the table, the condition does not stand alone.
    alone = not (isinstance(operation, ops.Delete) and operation.joined) and "." not in text and "`" not in text
    condition = f" WHERE {text if alone and len(text) <= _LONGEST else '...'}" if text else ""
    return _save(operation.table, "*", condition)


def _save(table: Name, columns: str, condition: str = "") -> str:
    saved = suffixed(table.name, "_saved")
    place = saved if table.schema is None else f"{ident(table.schema)}.{saved}"
    return f"CREATE TABLE {place} AS SELECT {columns} FROM {qualified(table)}{condition};"


@rule(
    "DAT005",
    "rollback-drops-rows",
    Severity.INFO,
    "The rollback drops a table with all rows written since the forward",
    on=(ops.Drop,),
)
def rollback_drops_rows(step: Step) -> Iterable[Hit]:
    """Report, once per rollback, which tables are dropped with the rows written since."""
    found = [
        loss.operation
        for loss in lost(step, _ROLLBACK)
        if isinstance(loss.operation, ops.Drop)
        and _drops_table(loss.operation)
        and not _kept(step, _ROLLBACK, loss, loss.operation.name, None)
        and not (step.rollback is not None and _rebuilt(step.rollback.schema, loss.event))
    ]
    names = [operation.name.name for operation in found]
    return _rollback_loses(step, found, names, _save(found[0].name, "*") if found else "", "rows of")


@rule(
    "DAT006",
    "rollback-drops-values",
    Severity.INFO,
    "The rollback drops a column with all values written since the forward",
    on=(ops.DropColumn,),
)
def rollback_drops_values(step: Step) -> Iterable[Hit]:
    """Report, once per rollback, which columns are dropped with the values written since."""
    found: list[ops.DropColumn] = []
    save = ""
    for loss in lost(step, _ROLLBACK):
        event, operation = loss.event, loss.operation
        if not isinstance(operation, ops.DropColumn) or operation.kind == "type" or _computed(event, operation.column):
            continue
        if not _kept(step, _ROLLBACK, loss, operation.table, operation.column):
            save = save or _save(operation.table, f"{_key_of(loss)}, {ident(operation.column)}")
            found.append(operation)
    names = [f"{operation.table.name}.{operation.column}" for operation in found]
    return _rollback_loses(step, found, names, save, "values of")


def _key_of(loss: Remark) -> str:
    """Return the columns that identify the rows of the table that loses a column, or a gap."""
    for note in loss.event.notes:
        table = loss.event.before.table(note.key) if note.key is not None else None
        for constraint in table.constraints.values() if table is not None else ():
            if constraint.kind == "primary" and note.part not in constraint.columns:
                return ", ".join(map(ident, constraint.columns))
    return "..."


def _rollback_loses(step: Step, found: Sequence[Operation], names: list[str], save: str, what: str) -> Iterable[Hit]:
    script = script_of(step, _ROLLBACK)
    if not found or script is None:
        return ()
    return [
        hit_in(
            script,
            found[0].span,
            f"the {what} {_listed(names)} that were written since the forward are lost with the rollback",
            f"If they matter, put before it: `{save}` Have the forward read them back.",
        )
    ]
