"""LCK038 and LCK039: statements that would better be one, or elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.findings import Severity
from miglint.replay import Step
from miglint.rules.clauses import ident, qualified
from miglint.rules.registry import Context, Hit, rule
from miglint.rules.survey import done, survey, tell
from miglint.schema.objects import Key
from miglint.source import Direction
from miglint.sql import operations as ops

INFO = Severity.INFO
_QUIET = (ops.SetVariable, ops.Transaction, ops.SetComment, ops.SetPrivileges)


@rule(
    "LCK038",
    "alter-table-combinable",
    INFO,
    "Several ALTER TABLE of one table could be one statement, with one wait for the lock",
    dialects=("postgres",),
    default=False,
    aliases=("eugene:W12", "pg-migration-lint:PGM023", "pgls:multipleAlterTable"),
)
def alter_table_combinable(step: Step, context: Context) -> Iterator[Hit]:
    """Tell, once per table and script, of an `ALTER TABLE` that follows one of the same table."""
    last: dict[Direction, tuple[Key, object]] = {}
    told: set[tuple[Direction, Key]] = set()
    for act in survey(step).acts:
        operation, direction = act.operation, act.script.direction
        alters = isinstance(operation, ops.TableOperation) and operation.kind == "table"
        alone = isinstance(
            operation, (ops.AttachPartition, ops.DetachPartition, ops.RenameColumn, ops.RenameConstraint)
        )
        if not isinstance(operation, ops.TableOperation) or not alters or alone or act.idle:
            if not isinstance(operation, _QUIET) and not act.idle:
                last.pop(direction, None)
            continue
        key, statement = act.key(operation.table), act.moment.statement
        before = last.get(direction)
        follows = before is not None and before[0] == key and before[1] is not statement
        if follows and (direction, key) not in told:
            told.add((direction, key))
            yield tell(
                act,
                INFO,
                f"this ALTER TABLE {operation.table.name} can be part of the one before it",
                f"`ALTER TABLE {qualified(operation.table)} ..., ...;` does both with one lock and one pass.",
            )
        last[direction] = key, statement


@rule(
    "LCK039",
    "backfill-with-schema-change",
    INFO,
    "Rows are filled in one statement, in the migration that changes the schema",
    on=(ops.Update,),
    dialects=("postgres",),
    default=False,
    aliases=("strong_migrations:change_column_null", "pgfence:update-in-migration"),
)
def backfill_with_schema_change(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of updates of tables in use: each changed row stays locked until the transaction ends."""
    for act, operation in done(step, ops.Update, forward_only=True):
        if not act.fresh(operation.table):
            yield tell(
                act,
                INFO,
                f"every row of {operation.table.name} that this changes stays locked until the transaction ends",
                f"Fill {ident(operation.table.name)} in batches, each in a transaction of its own, outside of the "
                "migration that changes the schema.",
            )
