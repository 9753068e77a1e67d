"""DAT028, DAT029 and DAT036: keys, unique indexes, foreign keys and checks that are dropped."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.locks.look import excludes_null
from miglint.replay.steps import Step
from miglint.rules.backward_compatibility.running_application import end_of
from miglint.rules.definition import Hit, hazard
from miglint.rules.support.applied_operations import AppliedOperation, effective, undoes
from miglint.rules.support.sql_text import ident, qualified
from miglint.schema.objects import Index, Table
from miglint.sql import operations as ops
from miglint.sql.operations import Constraint

WARNING = Severity.WARNING


@hazard(
    "DAT028",
    "column-drop-takes-constraint",
    WARNING,
    "DROP COLUMN silently drops a primary key, unique constraint, foreign key or unique index",
    on=(ops.DropColumn,),
    dialects=("postgres",),
    aliases=("pg-migration-lint:PGM010", "pg-migration-lint:PGM011", "pg-migration-lint:PGM012"),
)
def column_drop_takes_constraint(step: Step) -> Iterator[Hit]:
    """Report constraints that are dropped with a column."""
    for applied, operation in effective(step, ops.DropColumn):
        table = applied.table(operation.table)
        if table is None or applied.fresh_column(operation.table, operation.column) or undoes(step, applied):
            continue
        taken = [_described(one) for one in table.constraints.values() if _goes(one, operation.column)]
        for key in sorted(applied.before.on(applied.key(operation.table))):
            index = applied.before.find(key)
            if not isinstance(index, Index) or not index.unique or index.constraint is not None:
                continue
            if any(element.column == operation.column for element in index.elements):
                taken.append(f'the unique index "{index.name.name}"')
        if taken:
            yield applied.hit(
                f'dropping "{operation.table.name}.{operation.column}" also drops {", ".join(taken)}',
                "Drop it by name first, and create again what is still needed.",
            )


def _goes(constraint: Constraint, column: str) -> bool:
    if column not in constraint.columns:
        return False
    return constraint.kind in ("primary", "unique", "foreign", "exclude")


def _described(constraint: Constraint) -> str:
    words = {"primary": "primary key", "unique": "unique constraint", "foreign": "foreign key", "exclude": "exclusion"}
    return f'the {words[constraint.kind]} "{constraint.name}"'


@hazard(
    "DAT029",
    "constraint-dropped",
    WARNING,
    "A constraint is dropped: rows that it rejected can be written, and the rollback may fail on them",
    on=(ops.DropConstraint,),
    dialects=("postgres",),
    aliases=(
        "squawk:ban-drop-constraint",
        "atlas:CD101",
        "atlas:CD102",
        "pgfence:drop-constraint",
        "pgsafe:drop-constraint",
    ),
)
def constraint_dropped(step: Step) -> Iterator[Hit]:
    """Report constraints that are dropped and not replaced; primary keys aside."""
    for applied, operation, known in _dropped(step):
        if not _is_primary(operation, known):
            what = "foreign key" if known is not None and known.kind == "foreign" else "constraint"
            yield applied.hit(
                f'{what} "{operation.constraint}" of "{operation.table.name}" is dropped: rows that it rejected '
                "can be written",
                "Add its replacement first, and state in the migration why it is not needed.",
            )


@hazard(
    "DAT036",
    "primary-key-dropped",
    WARNING,
    "A primary key is dropped: duplicate rows can be written, and replication cannot identify rows",
    on=(ops.DropConstraint,),
    dialects=("postgres",),
    aliases=(
        "squawk:ban-drop-constraint",
        "atlas:CD103",
        "pgfence:drop-constraint",
        "pgsafe:drop-constraint",
        "diesel-guard:DropPrimaryKeyCheck",
    ),
)
def primary_key_dropped(step: Step) -> Iterator[Hit]:
    """Report primary keys that are not replaced; where no file created it, by its name."""
    for applied, operation, known in _dropped(step):
        if _is_primary(operation, known):
            yield applied.hit(
                f'primary key "{operation.constraint}" of "{operation.table.name}" is dropped: '
                "duplicate rows are accepted, foreign keys to it are lost",
                f"Build the index of the next key concurrently, and replace it in one statement: `ALTER TABLE "
                f"{qualified(operation.table)} DROP CONSTRAINT {ident(operation.constraint)}, ADD PRIMARY KEY USING "
                "INDEX ...;`",
            )


def _is_primary(operation: ops.DropConstraint, known: Constraint | None) -> bool:
    if known is not None:
        return known.kind == "primary"
    name = operation.constraint.lower()
    return name.endswith(("_pkey", "_pk", "_primary_key")) or name.startswith("pk_")


def _dropped(step: Step) -> Iterator[tuple[AppliedOperation, ops.DropConstraint, Constraint | None]]:
    """Yield the dropped constraints of tables in use that are not restored, each with what is known of it."""
    for applied, operation in effective(step, ops.DropConstraint):
        if operation.kind == "domain" or applied.fresh(operation.table) or undoes(step, applied):
            continue
        table = applied.table(operation.table)
        known = table.constraints.get(operation.constraint) if table is not None else None
        if known is not None and _added_here(step, applied, operation):
            continue
        end = end_of(step, applied).table(applied.key(operation.table))
        if end is not None and operation.constraint not in end.constraints and not _replaced(known, table, end):
            yield applied, operation, known


def _added_here(step: Step, applied: AppliedOperation, operation: ops.DropConstraint) -> bool:
    """Return whether the script itself added the constraint: nothing relies on it yet."""
    return any(
        earlier.script is applied.script
        and earlier.number < applied.number
        and added.constraint.name == operation.constraint
        and earlier.key(added.table) == applied.key(operation.table)
        for earlier, added in effective(step, ops.AddConstraint)
    )


def _replaced(old: Constraint | None, table: Table | None, end: Table) -> bool:
    """Return whether another such constraint on one of its columns, or NOT NULL, exists, or its column was dropped."""
    if old is None:
        return False
    if old.columns and any(column not in end.columns for column in old.columns) and not end.assumed:
        return True
    if _kept_as_not_null(old, end):
        return True
    before = set(table.constraints) if table is not None else set()
    return any(
        new.kind == old.kind and (set(new.columns) & set(old.columns) or new.kind == "primary")
        for name, new in end.constraints.items()
        if name not in before
    )


def _kept_as_not_null(old: Constraint, end: Table) -> bool:
    """Return whether the check only excluded NULL, and the column is NOT NULL now."""
    if len(old.columns) != 1 or old.expression is None or " and " in old.expression.key.lower():
        return False
    column = end.columns.get(old.columns[0])
    return column is not None and column.nullable is False and excludes_null(old, column.name)
