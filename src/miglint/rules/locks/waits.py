"""LCK045 to LCK048: what is done in the safe way, and still waits or has others wait: all of it opt-in."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.locks import Lock, effects
from miglint.replay.steps import Step
from miglint.rules.definition import Context, Hit, hazard
from miglint.rules.support.applied_operations import AppliedOperation, effective
from miglint.rules.support.clauses import ident, literal, qualified
from miglint.sql import operations as ops

INFO = Severity.INFO


@hazard(
    "LCK045",
    "validation-reads-all-rows",
    INFO,
    "VALIDATE CONSTRAINT reads all rows; reads and writes go on, VACUUM and other changes of the table wait",
    on=(ops.ValidateConstraint,),
    dialects=("postgres",),
    default=False,
    aliases=("pgfence:validate-constraint",),
)
def validation_reads_all_rows(step: Step) -> Iterator[Hit]:
    """Report validations of tables in use that have something to check."""
    for applied, operation in effective(step, ops.ValidateConstraint):
        table = applied.table(operation.table)
        known = table.constraints.get(operation.constraint) if table is not None else None
        if applied.fresh(operation.table) or (known is not None and known.validated):
            continue
        yield applied.hit(
            f"SHARE UPDATE EXCLUSIVE on {operation.table.name} while every row is checked: reads and writes go on, "
            "VACUUM and other migrations of the table wait",
            "Give it a migration of its own, at a time at which nothing else has to change the table.",
        )


@hazard(
    "LCK046",
    "detach-partition-concurrently",
    INFO,
    "DETACH PARTITION CONCURRENTLY waits for every transaction on the table, and is left half done when it is stopped",
    on=(ops.DetachPartition,),
    dialects=("postgres",),
    default=False,
    aliases=("pgfence:detach-partition-concurrent",),
)
def detach_partition_concurrently(step: Step) -> Iterator[Hit]:
    """Report partitions that leave in two transactions."""
    for applied, operation in effective(step, ops.DetachPartition):
        if operation.concurrently and not applied.fresh(operation.table):
            on, partition = qualified(operation.table), qualified(operation.partition)
            yield applied.hit(
                f"waits for every transaction on {operation.table.name}: stopped meanwhile, it leaves "
                f"{operation.partition.name} half detached",
                f"When it was stopped: `ALTER TABLE {on} DETACH PARTITION {partition} FINALIZE;`",
            )


@hazard(
    "LCK047",
    "index-taken-under-lock",
    INFO,
    "ADD CONSTRAINT ... USING INDEX reads no rows, and yet waits for every query, with all later ones behind it",
    on=(ops.AddConstraint,),
    dialects=("postgres",),
    default=False,
    aliases=("pgfence:add-constraint-unique-using-index", "pgfence:add-pk-using-index"),
)
def index_taken_under_lock(step: Step) -> Iterator[Hit]:
    """Report constraints that take an index of a table in use."""
    for applied, operation in effective(step, ops.AddConstraint):
        constraint = operation.constraint
        if constraint.using_index is None or applied.fresh(operation.table):
            continue
        renamed = constraint.name is not None and constraint.name != constraint.using_index
        also = f"; {constraint.using_index} is called {constraint.name} from then on" if renamed else ""
        yield applied.hit(
            f"ACCESS EXCLUSIVE on {operation.table.name}: a moment's work, once every running query is done{also}",
            "Put first: `SET lock_timeout = '2s';`, and run the migration again when it gives up.",
        )


# What PostgreSQL does again without a word, and under the same lock.
_AGAIN = (ops.SetNullable, ops.SetTableOption)
_SWITCHES = {
    "row security": ("relrowsecurity", ("ENABLE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY")),
    "force row security": ("relforcerowsecurity", ("FORCE ROW LEVEL SECURITY", "NO FORCE ROW LEVEL SECURITY")),
}


@hazard(
    "LCK048",
    "locked-by-every-run",
    INFO,
    "A statement that has no guard locks the table again in each further run, though it changes nothing any more",
    on=_AGAIN,
    dialects=("postgres",),
    default=False,
    aliases=("squawk:prefer-robust-stmts", "pgls:preferRobustStmts"),
)
def locked_by_every_run(step: Step, context: Context) -> Iterator[Hit]:
    """Report settings that a second run of the forward makes once more."""
    for kind in _AGAIN:
        for applied, operation in effective(step, kind, forward_only=True):
            switch = not isinstance(operation, ops.SetTableOption) or operation.option in _SWITCHES
            if operation.kind != "table" or not switch or not _repeated(step, applied):
                continue
            found = effects(operation, applied.moment.after, context.targets.get("postgres", ()))
            lock = max((effect.lock for effect in found), default=None)
            if lock is not None and lock >= Lock.SHARE:
                yield applied.hit(
                    f"each run takes {lock} on {operation.table.name} for this, though only the first changes anything",
                    _look_first(operation),
                )


def _look_first(operation: ops.TableOperation) -> str:
    """Return the statement behind a look at the catalog, which locks nothing."""
    on = qualified(operation.table)
    if isinstance(operation, ops.SetNullable):
        verb, test = ("DROP", "attnotnull") if operation.nullable else ("SET", "NOT attnotnull")
        where = f"pg_attribute WHERE attrelid = {literal(on)}::regclass AND attname = {literal(operation.column)}"
        action = f"ALTER COLUMN {ident(operation.column)} {verb} NOT NULL"
    else:
        assert isinstance(operation, ops.SetTableOption)
        switched, words = _SWITCHES[operation.option]
        off = operation.value != "on"
        where, test = f"pg_class WHERE oid = {literal(on)}::regclass", switched if off else f"NOT {switched}"
        action = words[off]
    return (
        f"Look first: `DO $$ BEGIN IF EXISTS (SELECT FROM {where} AND {test}) THEN ALTER TABLE {on} {action}; "
        "END IF; END $$;`"
    )


def _repeated(step: Step, applied: AppliedOperation) -> bool:
    """Return whether a second run comes to the operation, and nothing around it looks first."""
    if applied.moment.failed or not any(one is applied.operation for one in applied.moment.statement.operations):
        return False
    stopped = step.forward_again.failed
    return stopped is None or stopped.statement.span.start > applied.moment.statement.span.start
