"""DAT030 to DAT035: rows that are changed or deleted in bulk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, hazard
from miglint.rules.support.applied_operations import AppliedOperation, effective, undoes
from miglint.rules.support.short_lived import dropped_unread
from miglint.rules.support.sql_text import qualified
from miglint.schema.objects import Enum, Key
from miglint.sql import operations as ops

WARNING, INFO = Severity.WARNING, Severity.INFO


def _chooses(where: ops.Expression | None) -> bool:
    """Return whether a condition selects rows; `true` does not, but states that all are meant."""
    if where is None:
        return False
    return bool(where.columns or where.functions or where.relations) or where.key == "true"


@hazard(
    "DAT030",
    "update-without-where",
    WARNING,
    "UPDATE without WHERE overwrites every row",
    on=(ops.Update,),
    aliases=("pgls:banUpdateWithoutWhere", "pgfence:update-in-migration", "diesel-guard:MutationWithoutWhereCheck"),
)
def update_without_where(step: Step) -> Iterator[Hit]:
    """Report updates of all rows, except of columns that this migration adds, which have to be filled."""
    for applied, operation in effective(step, ops.Update):
        if _chooses(operation.where) or operation.relations or applied.fresh(operation.table):
            continue
        if dropped_unread(step, applied.script.direction, operation, operation.table):
            continue
        columns = [name for name, _ in operation.assignments if not applied.fresh_column(operation.table, name)]
        if columns:
            yield applied.hit(
                f'every row of "{operation.table.name}" gets a new {", ".join(columns)}',
                "Select rows with WHERE, or write `WHERE true` if all are meant.",
            )


@hazard(
    "DAT031",
    "delete-without-where",
    WARNING,
    "DELETE without WHERE empties a table",
    on=(ops.Delete,),
    default=False,
    aliases=("pgls:banDeleteWithoutWhere", "pgfence:delete-without-where", "diesel-guard:MutationWithoutWhereCheck"),
)
def delete_without_where(step: Step) -> Iterator[Hit]:
    """Report deletes of all rows."""
    for applied, operation in effective(step, ops.Delete):
        if not _chooses(operation.where) and not operation.relations and not applied.fresh(operation.table):
            yield applied.hit(
                f'every row of "{operation.table.name}" is deleted',
                "Select rows with WHERE, or write `WHERE true` if all are meant.",
            )


@hazard(
    "DAT032",
    "rows-changed",
    INFO,
    "A migration changes rows of an existing table",
    on=(ops.Delete, ops.Insert, ops.Update),
    default=False,
    aliases=("pg-migration-lint:PGM301", "pg-migration-lint:PGM302", "pg-migration-lint:PGM303"),
)
def rows_changed(step: Step) -> Iterator[Hit]:
    """Report every `INSERT`, `UPDATE` and `DELETE`."""
    found: list[tuple[AppliedOperation, ops.Name, str]] = [
        (applied, one.table, "INSERT") for applied, one in effective(step, ops.Insert)
    ]
    found += [(applied, one.table, "UPDATE") for applied, one in effective(step, ops.Update)]
    found += [(applied, one.table, "DELETE") for applied, one in effective(step, ops.Delete)]
    for applied, table, words in found:
        if not applied.fresh(table):
            yield applied.hit(f'{words} changes rows of "{table.name}"', "Change rows in a job, not in a migration.")


@hazard(
    "DAT033",
    "delete-cascade-added",
    INFO,
    "A foreign key with ON DELETE CASCADE is added: a DELETE of running code deletes more rows",
    on=(ops.AddConstraint,),
    aliases=(),
)
def delete_cascade_added(step: Step) -> Iterator[Hit]:
    """Report foreign keys that make a DELETE of running code delete rows of another table."""
    for applied, operation in effective(step, ops.AddConstraint):
        added = operation.constraint
        if added.kind != "foreign" or added.on_delete != "cascade" or added.table is None:
            continue
        if applied.fresh(operation.table) or applied.fresh(added.table) or undoes(step, applied):
            continue
        table = applied.table(operation.table)
        same = table is not None and any(
            one.kind == "foreign" and one.columns == added.columns and one.on_delete == "cascade"
            for one in (*table.constraints.values(), *_before(step, applied, operation.table))
        )
        if not same:
            yield applied.hit(
                f'a DELETE from "{added.table.name}" now also deletes rows of "{operation.table.name}"',
                f"Use `ON DELETE RESTRICT`, unless rows of {qualified(operation.table)} mean nothing without "
                "the other.",
            )


def _before(step: Step, applied: AppliedOperation, name: ops.Name) -> tuple[ops.Constraint, ...]:
    table = step.before.table(applied.key(name))
    return () if table is None else tuple(table.constraints.values())


@hazard(
    "DAT034",
    "sequence-restarted",
    WARNING,
    "A sequence is reset to a constant: the next number may be in use",
    on=(ops.AlterSequence,),
    dialects=("postgres",),
    aliases=(),
)
def sequence_restarted(step: Step) -> Iterator[Hit]:
    """Report `RESTART` and `TRUNCATE ... RESTART IDENTITY` of existing sequences."""
    for applied, operation in effective(step, ops.AlterSequence):
        if operation.restart and not applied.fresh(operation.name) and not undoes(step, applied):
            yield applied.hit(
                f'sequence "{operation.name.name}" restarts: the next numbers may be in use',
                f"Set it from the rows: `SELECT setval('{operation.name}', (SELECT max(...) FROM ...));`",
            )


@hazard(
    "DAT035",
    "enum-value-removed",
    WARNING,
    "An enum is recreated with fewer values: rows that hold a removed value make it fail, or lose it",
    on=(ops.CreateType,),
    dialects=("postgres",),
    aliases=(),
)
def enum_value_removed(step: Step) -> Iterator[Hit]:
    """Report the removed values; the rollback may remove those that the forward added."""
    for applied, operation in effective(step, ops.CreateType):
        if operation.kind != "enum":
            continue
        places = (operation.name.schema,) if operation.name.schema is not None else applied.before.path
        start = step.before if applied.forward else step.after
        for place in places:
            old = start.find(Key("type", place, operation.name.name))
            if not isinstance(old, Enum) or old.assumed:
                continue
            known = (
                old.labels if applied.forward else _labels(step.before.find(Key("type", place, operation.name.name)))
            )
            kept = frozenset(operation.labels)
            gone = [label for label in known if label not in kept]
            if gone:
                yield applied.hit(
                    f"{operation.name.name} loses {', '.join(map(repr, gone))}: rows that hold it make this fail",
                    f"Change these rows first, and check that none is left: `SELECT count(*) FROM ... WHERE ... IN "
                    f"({', '.join(map(repr, gone))});`",
                )


def _labels(value: object) -> Sequence[str]:
    return value.labels if isinstance(value, Enum) else ()
