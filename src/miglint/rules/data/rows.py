"""DAT030 to DAT035: rows that are changed or deleted at large."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.registry import Context, Hit, rule
from miglint.rules.support.applied_operations import Act, done, tell, undoes
from miglint.rules.support.clauses import qualified
from miglint.schema.objects import Enum, Key
from miglint.sql import operations as ops

WARNING, INFO = Severity.WARNING, Severity.INFO


def _chooses(where: ops.Expression | None) -> bool:
    """Return whether a condition tells rows apart; `true` does not either, but says that all are meant."""
    if where is None:
        return False
    return bool(where.columns or where.functions or where.relations) or where.key == "true"


@rule(
    "DAT030",
    "update-without-where",
    WARNING,
    "UPDATE without WHERE overwrites a value of every row",
    on=(ops.Update,),
    aliases=("pgls:banUpdateWithoutWhere", "pgfence:update-in-migration", "diesel-guard:MutationWithoutWhereCheck"),
)
def update_without_where(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of updates of all rows; not of columns that this migration adds, which have to be filled."""
    for act, operation in done(step, ops.Update):
        if _chooses(operation.where) or operation.relations or act.fresh(operation.table):
            continue
        columns = [name for name, _ in operation.assignments if not act.fresh_column(operation.table, name)]
        if columns:
            yield tell(
                act,
                WARNING,
                f'every row of "{operation.table.name}" gets a new {", ".join(columns)}',
                "Say which rows with WHERE, or `WHERE true` where it is meant for all.",
            )


@rule(
    "DAT031",
    "delete-without-where",
    WARNING,
    "DELETE without WHERE empties a table",
    on=(ops.Delete,),
    default=False,
    aliases=("pgls:banDeleteWithoutWhere", "pgfence:delete-without-where", "diesel-guard:MutationWithoutWhereCheck"),
)
def delete_without_where(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of deletes of all rows."""
    for act, operation in done(step, ops.Delete):
        if not _chooses(operation.where) and not operation.relations and not act.fresh(operation.table):
            yield tell(
                act,
                WARNING,
                f'every row of "{operation.table.name}" goes',
                "Say which rows with WHERE, or `WHERE true` where it is meant for all.",
            )


@rule(
    "DAT032",
    "rows-changed",
    INFO,
    "A migration changes rows of a table that was there before",
    on=(ops.Delete, ops.Insert, ops.Update),
    default=False,
    aliases=("pg-migration-lint:PGM301", "pg-migration-lint:PGM302", "pg-migration-lint:PGM303"),
)
def rows_changed(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of every `INSERT`, `UPDATE` and `DELETE`."""
    found: list[tuple[Act, ops.Name, str]] = [(act, one.table, "INSERT") for act, one in done(step, ops.Insert)]
    found += [(act, one.table, "UPDATE") for act, one in done(step, ops.Update)]
    found += [(act, one.table, "DELETE") for act, one in done(step, ops.Delete)]
    for act, table, words in found:
        if not act.fresh(table):
            yield tell(
                act, INFO, f'{words} changes rows of "{table.name}"', "Change rows in a job, not in a migration."
            )


@rule(
    "DAT033",
    "delete-cascade-added",
    INFO,
    "A foreign key with ON DELETE CASCADE is added to a table with rows: a DELETE reaches further from now on",
    on=(ops.AddConstraint,),
    aliases=(),
)
def delete_cascade_added(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of foreign keys that make a delete of old code take rows along that it never took."""
    for act, operation in done(step, ops.AddConstraint):
        added = operation.constraint
        if added.kind != "foreign" or added.on_delete != "cascade" or added.table is None:
            continue
        if act.fresh(operation.table) or act.fresh(added.table) or undoes(step, act):
            continue
        table = act.table(operation.table)
        same = table is not None and any(
            one.kind == "foreign" and one.columns == added.columns and one.on_delete == "cascade"
            for one in (*table.constraints.values(), *_before(step, act, operation.table))
        )
        if not same:
            yield tell(
                act,
                INFO,
                f'a DELETE from "{added.table.name}" deletes rows of "{operation.table.name}" from now on',
                f"`ON DELETE RESTRICT`, unless rows of {qualified(operation.table)} are nothing without the other.",
            )


def _before(step: Step, act: Act, name: ops.Name) -> tuple[ops.Constraint, ...]:
    table = step.before.table(act.key(name))
    return () if table is None else tuple(table.constraints.values())


@rule(
    "DAT034",
    "sequence-restarted",
    WARNING,
    "A sequence is set back to a constant: the next number may be taken already",
    on=(ops.AlterSequence,),
    dialects=("postgres",),
    aliases=(),
)
def sequence_restarted(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of `RESTART` and of `TRUNCATE ... RESTART IDENTITY` on what was there before."""
    for act, operation in done(step, ops.AlterSequence):
        if operation.restart and not act.fresh(operation.name) and not undoes(step, act):
            yield tell(
                act,
                WARNING,
                f'"{operation.name.name}" begins again: the next numbers may be taken already',
                f"Set it to what is there: `SELECT setval('{operation.name}', (SELECT max(...) FROM ...));`",
            )


@rule(
    "DAT035",
    "enum-value-removed",
    WARNING,
    "An enum is made anew with fewer values: rows that hold one of the others make it fail, or lose it",
    on=(ops.CreateType,),
    dialects=("postgres",),
    aliases=(),
)
def enum_value_removed(step: Step, context: Context) -> Iterator[Hit]:
    """Tell which values are gone; the rollback may remove those that the forward added."""
    for act, operation in done(step, ops.CreateType):
        if operation.kind != "enum":
            continue
        places = (operation.name.schema,) if operation.name.schema is not None else act.before.path
        start = step.before if act.forward else step.after
        for place in places:
            old = start.find(Key("type", place, operation.name.name))
            if not isinstance(old, Enum) or old.assumed:
                continue
            known = old.labels if act.forward else _labels(step.before.find(Key("type", place, operation.name.name)))
            gone = [label for label in known if label not in operation.labels]
            if gone:
                yield tell(
                    act,
                    WARNING,
                    f"{operation.name.name} loses {', '.join(map(repr, gone))}: rows that hold it stand in the way",
                    f"Change these rows first, and look that none is left: `SELECT count(*) FROM ... WHERE ... IN "
                    f"({', '.join(map(repr, gone))});`",
                )


def _labels(value: object) -> tuple[str, ...]:
    return value.labels if isinstance(value, Enum) else ()
