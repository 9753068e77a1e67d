"""LCK038 and LCK039: statements to combine, or to move to another migration; opt-in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

from miglint.base.findings import Severity
from miglint.base.model import Direction
from miglint.locks import Lock
from miglint.replay.steps import Step
from miglint.rules.definition import Context, Hit, hazard
from miglint.rules.support.applied_operations import AppliedOperation, applied_operations, effective
from miglint.rules.support.sql_text import ident, qualified
from miglint.schema.objects import Key
from miglint.sql import operations as ops
from miglint.sql.operations import Operation

INFO = Severity.INFO
_ALONE = (ops.AttachPartition, ops.DetachPartition, ops.RenameColumn, ops.RenameConstraint)
_QUIET = (ops.SetVariable, ops.Transaction, ops.SetComment, ops.SetPrivileges)


@hazard(
    "LCK038",
    "alter-table-combinable",
    INFO,
    "Several ALTER TABLE of one table could be one statement, with one wait for the lock",
    dialects=("postgres",),
    default=False,
    aliases=("eugene:W12", "pg-migration-lint:PGM023", "pgls:multipleAlterTable"),
)
def alter_table_combinable(step: Step, context: Context) -> Iterator[Hit]:
    """Report, once per table and script, an `ALTER TABLE` that follows one of the same table under the same lock."""
    last: dict[tuple[Direction, Key], tuple[object, Lock]] = {}
    reported: set[tuple[Direction, Key]] = set()
    for applied in applied_operations(step).all:
        operation, direction = applied.operation, applied.script.direction
        if applied.idle or isinstance(operation, _QUIET):
            continue
        if not _is_combinable(operation):
            # It may depend on what stands before it, and what follows may depend on it.
            last = {place: found for place, found in last.items() if place[0] is not direction}
            continue
        if isinstance(operation, ops.AddConstraint) and operation.constraint.table is not None:
            last.pop((direction, applied.key(operation.constraint.table)), None)
        place, statement = (direction, applied.key(operation.table)), applied.moment.statement
        lock = _lock_on(applied, place[1], context)
        if lock is None:
            continue
        before, held = last.get(place, (None, None))
        if before is statement and held is not None:
            last[place] = statement, max(held, lock)
            continue
        last[place] = statement, lock
        if held is lock and place not in reported:
            reported.add(place)
            yield applied.hit(
                f"this ALTER TABLE {operation.table.name} can be part of the one before it",
                f"`ALTER TABLE {qualified(operation.table)} ..., ...;` does both with one lock and one pass.",
            )


def _is_combinable(operation: Operation) -> TypeGuard[ops.TableOperation]:
    return isinstance(operation, ops.TableOperation) and operation.kind == "table" and not isinstance(operation, _ALONE)


def _lock_on(applied: AppliedOperation, table: Key, context: Context) -> Lock | None:
    locks = (effect.lock for effect in applied.effects(context) if applied.key(effect.table) == table)
    return max(locks, default=None)


@hazard(
    "LCK039",
    "backfill-with-schema-change",
    INFO,
    "Rows are updated in the migration that changes the schema",
    on=(ops.Update,),
    dialects=("postgres",),
    default=False,
    aliases=("strong_migrations:change_column_null",),
)
def backfill_with_schema_change(step: Step) -> Iterator[Hit]:
    """Report updates of tables in use: each changed row stays locked until the transaction ends."""
    for applied, operation in effective(step, ops.Update, forward_only=True):
        if not applied.fresh(operation.table):
            yield applied.hit(
                f'every row of "{operation.table.name}" that this changes stays locked until the transaction ends',
                f"Update {ident(operation.table.name)} in batches, each in a transaction of its own, outside of "
                "the migration "
                "that changes the schema.",
            )
