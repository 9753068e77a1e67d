"""DAT003 and DAT007 to DAT011: copies that omit data, and values that do not fit after the rollback."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from miglint.base.digits import whole_number
from miglint.base.findings import Severity
from miglint.base.model import Direction
from miglint.replay.steps import Step
from miglint.rules.data.losses import data_operations, same
from miglint.rules.definition import Hit, rule
from miglint.rules.support.applied_operations import AppliedOperation, applied_operations
from miglint.rules.support.reporting import hit_in
from miglint.rules.support.rows_written import rows_before
from miglint.rules.support.scripts import script_of, statements_of
from miglint.rules.support.sql_text import ident, qualified
from miglint.rules.support.step_cache import cached_by_step
from miglint.schema.lookup import visible_table
from miglint.schema.objects import Table
from miglint.schema.type_conversion import TypeChange, conversion
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Expression, Name, Type, flat

_FORWARD, _ROLLBACK = Direction.FORWARD, Direction.ROLLBACK
_WHOLE = {"int2": 0, "int4": 1, "int8": 2, "numeric": 3}
_REAL = {"float4": 0, "float8": 1}
_TIME = {"date": 0, "timestamp": 1, "timestamptz": 1}
_TEXT = frozenset({"text", "varchar", "bpchar", "citext"})


def narrows(old: Type | None, new: Type) -> bool:
    """Return whether some value of `old` cannot be stored in `new`; False where that is not known."""
    if old is None or old == new or old.dimensions or new.dimensions:
        return False
    for ladder in (_WHOLE, _REAL, _TIME):
        if old.name in ladder and new.name in ladder:
            return ladder[new.name] < ladder[old.name] or (old.name == new.name == "numeric" and _shorter(old, new))
    if old.name in _TEXT:
        return (new.name not in _TEXT and new.name not in ("json", "jsonb", "bytea")) or _shorter(old, new)
    return old.name in ("float4", "float8", "numeric") and new.name in _WHOLE and new.name != "numeric"


def _shorter(old: Type, new: Type) -> bool:
    if not new.args or new.name == "text":
        return False
    try:
        return not old.args or old.name == "text" or whole_number(new.args[0]) < whole_number(old.args[0])
    except ValueError:
        return False


def _narrowed(step: Step, direction: Direction, before: Schema) -> Iterator[tuple[ops.AlterColumnType, TypeChange]]:
    for operation in data_operations(step, direction):
        if isinstance(operation, ops.AlterColumnType) and operation.kind != "type":
            table = visible_table(before, operation.table)
            column = table.columns.get(operation.column) if table is not None else None
            if column is None or column.type is None or not narrows(column.type, operation.type):
                continue
            if not _is_empty_then(step, operation):
                yield operation, conversion(column.type, operation.type, operation.using)


def _is_empty_then(step: Step, operation: ops.AlterColumnType) -> bool:
    """Return whether the script has removed all rows of the table before an operation."""
    return any(
        rows_before(step, applied, operation.table) is False
        for applied in _changes_of_type(step).get(id(operation), ())
    )


@cached_by_step
def _changes_of_type(step: Step) -> dict[int, list[AppliedOperation]]:
    """Return each change of a type as it was applied, by the identity of the operation."""
    found: dict[int, list[AppliedOperation]] = {}
    for applied in applied_operations(step).all:
        if isinstance(applied.operation, ops.AlterColumnType):
            found.setdefault(id(applied.operation), []).append(applied)
    return found


@rule(
    "DAT003",
    "forward-narrows-type",
    Severity.WARNING,
    "The forward changes a column to a type that cannot hold all of its values",
    on=(ops.AlterColumnType,),
    dialects=("postgres",),
    aliases=("squawk:changing-column-type", "django-migration-linter:ALTER_COLUMN"),
)
def forward_narrows_type(step: Step) -> Iterator[Hit]:
    """Report types that round, cut or reject existing values, and which of these happens."""
    script = step.migration.forward
    if script is None:
        return
    for operation, found in _narrowed(step, _FORWARD, step.before):
        values = f'values of "{operation.table.name}.{operation.column}"'
        if found.changes is None:
            message = f"the migration fails on {values} {found.rejects or f'that do not fit into {operation.type}'}"
        else:
            message = f"{values} are {found.changes}, and not restored"
            message += f"; those {found.rejects} are rejected" if found.rejects is not None else ""
        yield hit_in(
            script,
            operation.span,
            message,
            f"Add a new column of type {operation.type}, fill it, and drop `{ident(operation.column)}` in a later "
            "migration, when no rollback is needed any more.",
        )


@rule(
    "DAT009",
    "rollback-narrows-type",
    Severity.INFO,
    "The rollback changes a column to a type that cannot hold all of its values",
    on=(ops.AlterColumnType,),
    dialects=("postgres",),
)
def rollback_narrows_type(step: Step) -> Iterator[Hit]:
    """Report rollbacks that fail once a value outside of the former type's range is written."""
    script = step.migration.rollback
    if script is None:
        return
    for operation, found in _narrowed(step, _ROLLBACK, step.after):
        values = f'values of "{operation.table.name}.{operation.column}"'
        if found.changes is None:
            message = f"the rollback fails on {values} {found.rejects or f'that do not fit into {operation.type}'}"
        else:
            message = f"{values} are {found.changes} by the rollback"
            message += f"; it fails on those {found.rejects}" if found.rejects is not None else ""
        yield hit_in(
            script,
            operation.span,
            message,
            "Handle such values in the rollback: `USING ...`, or an UPDATE before it.",
        )


def _copies(step: Step, direction: Direction) -> Iterator[tuple[ops.Insert, Name, tuple[str, ...]]]:
    """Yield each `INSERT ... SELECT` from one table that the script drops afterwards, with the target's columns."""
    drops: dict[str, list[ops.Drop]] | None = None
    for operation in data_operations(step, direction):
        if not isinstance(operation, ops.Insert) or operation.query is None or len(operation.query.relations) != 1:
            continue
        if drops is None:
            drops = _dropped_tables(step, direction)
        source, start = operation.query.relations[0], operation.span.start
        if not same(source, operation.table) and _is_dropped(drops, source, start):
            yield operation, source, _columns(step, direction, operation.table)


def _is_dropped(drops: dict[str, list[ops.Drop]], name: Name, start: int) -> bool:
    for drop in reversed(drops.get(name.name.lower(), ())):
        if drop.span.start <= start:
            return False
        if same(drop.name, name):
            return True
    return False


def _dropped_tables(step: Step, direction: Direction) -> dict[str, list[ops.Drop]]:
    drops: dict[str, list[ops.Drop]] = {}
    for statement in statements_of(step, direction):
        for operation in flat(statement.operations):
            if isinstance(operation, ops.Drop) and operation.kind == "table":
                drops.setdefault(operation.name.name.lower(), []).append(operation)
    return drops


@cached_by_step
def _made(step: Step, direction: Direction) -> dict[str, list[ops.CreateTable]]:
    """Return the tables that a script makes, by their names in small letters. Cached by identity of the step."""
    found: dict[str, list[ops.CreateTable]] = {}
    for operation in data_operations(step, direction):
        if isinstance(operation, ops.CreateTable):
            found.setdefault(operation.name.name.lower(), []).append(operation)
    return found


def _columns(step: Step, direction: Direction, table: Name) -> tuple[str, ...]:
    for operation in _made(step, direction).get(table.name.lower(), ()):
        if same(operation.name, table):
            return tuple(column.name for column in operation.columns if not column.generated)
    found = visible_table(step.before if direction is _FORWARD else step.after, table)
    return () if found is None else tuple(column.name for column in found.columns.values() if not column.generated)


@rule(
    "DAT007",
    "copy-leaves-column-out",
    Severity.ERROR,
    "A table is copied and dropped, but the copy omits a column",
    on=(ops.Insert,),
)
def copy_leaves_column_out(step: Step) -> Iterator[Hit]:
    """Report rebuilds whose `INSERT ... SELECT` omits a column that the old and the new table have."""
    for direction in (_FORWARD, _ROLLBACK):
        script = script_of(step, direction)
        if script is None:
            continue
        for copy, source, columns in _copies(step, direction):
            old = visible_table(step.before if direction is _FORWARD else step.after, source)
            if old is None or not columns:
                continue
            missed = _omitted(copy, old, columns)
            numbered = {name for name in missed if _numbered(old, name)}
            if numbered and not _takes_the_place(step, direction, copy.table, source):
                # Rows that are merged into another table get numbers of their own there.
                missed = [name for name in missed if name not in numbered]
            if missed:
                yield hit_in(
                    script,
                    copy.span,
                    f'the copy from "{source.name}" omits {_listed(missed)}, and the old table is dropped: '
                    "the values are lost",
                    f"Name {_listed(missed)} on both sides: "
                    f"`INSERT INTO {qualified(copy.table)} (..., {', '.join(map(ident, missed))}) "
                    f"SELECT ..., {', '.join(map(ident, missed))} FROM {qualified(source)}`.",
                    severity=Severity.WARNING if numbered.issuperset(missed) else None,
                )


def _omitted(copy: ops.Insert, old: Table, columns: Sequence[str]) -> list[str]:
    """Return those of the new table's columns that the old one has too and the copy does not fill."""
    outputs = copy.query.outputs if copy.query is not None else ()
    if "*" in outputs:
        return []
    # Without a column list the values go to the first columns.
    filled = {name.lower() for name in (copy.columns or columns[: len(outputs)])}
    theirs = {column.name.lower() for column in old.columns.values()}
    return [name for name in columns if name.lower() not in filled and name.lower() in theirs]


def _draws_a_uuid(default: Expression) -> bool:
    return any(name.name.startswith(("gen_random_uuid", "uuid_generate_", "uuidv")) for name in default.functions)


def _numbered(table: Table, name: str) -> bool:
    """Return whether the engine numbers the column, so that a row without a value gets one that no other row has."""
    column = next((item for item in table.columns.values() if item.name.lower() == name.lower()), None)
    if column is None:
        return False
    if column.serial or column.identity or column.autoincrement:
        return True
    if column.default is not None and (column.default.sequence is not None or _draws_a_uuid(column.default)):
        return True
    # SQLite numbers every column that is declared exactly like this.
    return column.type is not None and column.type.name == "INTEGER" and _alone_in_key(table, column.name)


def _alone_in_key(table: Table, name: str) -> bool:
    return any(
        item.kind == "primary" and [one.lower() for one in item.columns] == [name.lower()]
        for item in table.constraints.values()
    )


def _takes_the_place(step: Step, direction: Direction, new: Name, old: Name) -> bool:
    return any(
        isinstance(operation, ops.Rename) and same(operation.name, new) and operation.new.lower() == old.name.lower()
        for statement in statements_of(step, direction)
        for operation in flat(statement.operations)
    )


def _listed(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


@rule("DAT008", "copy-swaps-columns", Severity.ERROR, "INSERT ... SELECT swaps columns", on=(ops.Insert,))
def copy_swaps_columns(step: Step) -> Iterator[Hit]:
    """Report `INSERT ... SELECT` whose two lists have the same names in a different order."""
    for direction in (_FORWARD, _ROLLBACK):
        script = script_of(step, direction)
        if script is None:
            continue
        for operation in data_operations(step, direction):
            if not isinstance(operation, ops.Insert) or operation.query is None:
                continue
            outputs = operation.query.outputs
            written = operation.columns or _columns(step, direction, operation.table)
            wrong = _first_swap(outputs, written[: len(outputs)])
            if wrong is not None:
                yield hit_in(
                    script,
                    operation.span,
                    f'"{outputs[wrong]}" is written into column "{written[wrong]}": '
                    "the two lists have the same columns in a different order",
                    "Write both lists in the same order.",
                )


def _first_swap(outputs: Sequence[str | None], columns: Sequence[str]) -> int | None:
    """Return the first place where two lists of the same names differ, or None."""
    read = [name.lower() for name in outputs if name and name != "*"]
    written = [name.lower() for name in columns]
    if len(read) < len(outputs) or sorted(read) != sorted(written):
        return None
    return next((at for at, name in enumerate(written) if name != read[at]), None)


@rule(
    "DAT010",
    "rollback-adds-required-column",
    Severity.WARNING,
    "The rollback adds a NOT NULL column without a default to a table that has rows",
    on=(ops.AddColumn,),
)
def rollback_adds_required_column(step: Step) -> Iterator[Hit]:
    """Report rollbacks that work only on an empty table."""
    script = step.migration.rollback
    if script is None:
        return
    for operation in data_operations(step, _ROLLBACK):
        if not isinstance(operation, ops.AddColumn) or operation.kind not in ("table", "foreign table"):
            continue
        column = operation.column
        required = column.nullable is False or any(
            item.kind in ("primary", "not_null") for item in operation.constraints
        )
        if not required or column.default is not None or column.identity or column.serial or column.generated:
            continue
        table = qualified(operation.table)
        yield hit_in(
            script,
            operation.span,
            f'the rollback fails once "{operation.table.name}" has a row: "{column.name}" is NOT NULL '
            "without a default",
            f"Add it with a default (`DEFAULT ...`), or without NOT NULL, fill it, and then "
            f"`ALTER TABLE {table} ALTER COLUMN {ident(column.name)} SET NOT NULL`.",
        )


@rule(
    "DAT011",
    "rollback-sets-not-null",
    Severity.INFO,
    "The rollback sets NOT NULL on a column that may hold NULLs since the forward",
    on=(ops.SetNullable,),
    dialects=("postgres",),
)
def rollback_sets_not_null(step: Step) -> Iterator[Hit]:
    """Report rollbacks that fail once a NULL is written."""
    script = step.migration.rollback
    if script is None:
        return
    filled: set[tuple[str, str]] = set()
    for operation in data_operations(step, _ROLLBACK):
        if isinstance(operation, ops.Update):
            filled.update((operation.table.name, column) for column, _ in operation.assignments)
        elif isinstance(operation, ops.SetNullable) and not operation.nullable:
            column = operation.column
            if (operation.table.name, column) in filled:
                continue
            yield hit_in(
                script,
                operation.span,
                f'the rollback fails once "{operation.table.name}.{column}" holds a NULL',
                f"Replace NULLs first: `UPDATE {qualified(operation.table)} SET {ident(column)} = ... "
                f"WHERE {ident(column)} IS NULL;`",
            )
