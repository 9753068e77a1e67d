"""LCK045 to LCK048: statements in their safe form that still wait, or make others wait; opt-in."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.locks import Lock, effects
from miglint.replay.steps import Step
from miglint.rules.definition import Context, Hit, hazard
from miglint.rules.support.applied_operations import AppliedOperation, effective
from miglint.rules.support.sql_text import block, ident, qualified
from miglint.sql import operations as ops
from miglint.writer.postgres.catalog_conditions import column_exists, relation_is

INFO = Severity.INFO


@hazard(
    "LCK045",
    "validation-reads-all-rows",
    INFO,
    "VALIDATE CONSTRAINT reads all rows, and blocks VACUUM and other changes of the table meanwhile",
    on=(ops.ValidateConstraint,),
    dialects=("postgres",),
    default=False,
    aliases=("pgfence:validate-constraint",),
)
def validation_reads_all_rows(step: Step) -> Iterator[Hit]:
    """Report validations of tables in use."""
    for applied, operation in effective(step, ops.ValidateConstraint):
        table = applied.table(operation.table)
        known = table.constraints.get(operation.constraint) if table is not None else None
        if applied.fresh(operation.table) or (known is not None and known.validated):
            continue
        yield applied.hit(
            f"SHARE UPDATE EXCLUSIVE on {operation.table.name} while every row is checked: blocks VACUUM and "
            "DDL, not reads and writes",
            "Put it in a migration of its own, and run it when nothing else changes the table.",
        )


@hazard(
    "LCK046",
    "detach-partition-concurrently",
    INFO,
    "DETACH PARTITION CONCURRENTLY waits for every transaction on the table; interrupted, it leaves the work half done",
    on=(ops.DetachPartition,),
    dialects=("postgres",),
    default=False,
    aliases=("pgfence:detach-partition-concurrent",),
)
def detach_partition_concurrently(step: Step) -> Iterator[Hit]:
    """Report DETACH PARTITION CONCURRENTLY."""
    for applied, operation in effective(step, ops.DetachPartition):
        if operation.concurrently and not applied.fresh(operation.table):
            on, partition = qualified(operation.table), qualified(operation.partition)
            yield applied.hit(
                f"waits for every transaction on {operation.table.name}; interrupted, it leaves "
                f"{operation.partition.name} half detached",
                f"If it was interrupted: `ALTER TABLE {on} DETACH PARTITION {partition} FINALIZE;`",
            )


@hazard(
    "LCK047",
    "index-taken-under-lock",
    INFO,
    "ADD CONSTRAINT ... USING INDEX waits for every query on the table, and blocks all later ones",
    on=(ops.AddConstraint,),
    dialects=("postgres",),
    default=False,
    aliases=("pgfence:add-constraint-unique-using-index", "pgfence:add-pk-using-index"),
)
def index_taken_under_lock(step: Step) -> Iterator[Hit]:
    """Report ADD CONSTRAINT ... USING INDEX on a table in use."""
    for applied, operation in effective(step, ops.AddConstraint):
        constraint = operation.constraint
        if constraint.using_index is None or applied.fresh(operation.table):
            continue
        renamed = constraint.name is not None and constraint.name != constraint.using_index
        also = f"; {constraint.using_index} is renamed to {constraint.name}" if renamed else ""
        yield applied.hit(
            f"ACCESS EXCLUSIVE on {operation.table.name}: waits for running queries, then takes a moment{also}",
            "Put first: `SET lock_timeout = '2s';`, and retry the migration when it times out.",
        )


# Actions that PostgreSQL repeats silently, under the same lock.
_AGAIN = (ops.SetNullable, ops.SetTableOption)
_SWITCHES = {
    "row security": ("relrowsecurity", ("ENABLE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY")),
    "force row security": ("relforcerowsecurity", ("FORCE ROW LEVEL SECURITY", "NO FORCE ROW LEVEL SECURITY")),
}


@hazard(
    "LCK048",
    "locked-by-every-run",
    INFO,
    "An unguarded statement locks the table on each run, even when it changes nothing",
    on=_AGAIN,
    dialects=("postgres",),
    default=False,
    aliases=("squawk:prefer-robust-stmts", "pgls:preferRobustStmts"),
)
def locked_by_every_run(step: Step, context: Context) -> Iterator[Hit]:
    """Report settings that a second run of the forward sets again."""
    written = {id(operation) for statement in step.forward_statements for operation in statement.operations}
    for kind in _AGAIN:
        for applied, operation in effective(step, kind, forward_only=True):
            switch = not isinstance(operation, ops.SetTableOption) or operation.option in _SWITCHES
            if operation.kind != "table" or not switch or not _repeated(step, applied, written):
                continue
            found = effects(operation, applied.moment.after, context.targets.get("postgres", ()))
            lock = max((effect.lock for effect in found), default=None)
            if lock is not None and lock >= Lock.SHARE:
                yield applied.hit(
                    f"each run takes {lock} on {operation.table.name} for this, though only the first changes anything",
                    _look_first(operation),
                )


def _look_first(operation: ops.TableOperation) -> str:
    """Return the statement behind a check of the catalog, which takes no lock."""
    on = qualified(operation.table)
    if isinstance(operation, ops.SetNullable):
        verb, test = ("DROP", "attnotnull") if operation.nullable else ("SET", "NOT attnotnull")
        condition = column_exists(on, operation.column, test)
        action = f"ALTER COLUMN {ident(operation.column)} {verb} NOT NULL"
    else:
        assert isinstance(operation, ops.SetTableOption)
        switched, words = _SWITCHES[operation.option]
        off = operation.value != "on"
        condition = relation_is(on, switched if off else f"NOT {switched}")
        action = words[off]
    return f"Check first: `{block(f'IF {condition} THEN ALTER TABLE {on} {action}; END IF;')}`"


def _repeated(step: Step, applied: AppliedOperation, written: set[int]) -> bool:
    """Return whether a second run reaches the operation, and nothing around it checks first.

    `written` are the identities of the operations that stand in the forward outside of blocks.
    """
    if applied.moment.failed or id(applied.operation) not in written:
        return False
    stopped = step.forward_again.failed
    return stopped is None or stopped.statement.span.start > applied.moment.statement.span.start
