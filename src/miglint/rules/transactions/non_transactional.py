"""TXN: statements that cannot run inside a transaction, and those that have no effect inside one."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.model import Dialect, Script
from miglint.replay.runners import TransactionOwner
from miglint.replay.steps import Step
from miglint.replay.transaction_owner import ENDS, PlacedOperation, placed_operations, transaction_owner
from miglint.rules.definition import Hit, rule
from miglint.rules.support.reporting import hit_in
from miglint.rules.support.scripts import operations_of, scripts_of
from miglint.schema.objects import Key, Table
from miglint.sql import operations as ops
from miglint.sql.operations import Operation

# What PostgreSQL 15 and 18 refuse inside a transaction block (25001), whatever the options.
_MAINTENANCE = {
    "vacuum": "VACUUM",
    "alter system": "ALTER SYSTEM",
    "reindex schema": "REINDEX SCHEMA",
    "reindex database": "REINDEX DATABASE",
    "reindex system": "REINDEX SYSTEM",
}
_SERVER_WIDE = frozenset({"database", "tablespace"})
# PRAGMAs that SQLite refuses or ignores while a transaction is open.
_REFUSED_PRAGMAS = frozenset({"synchronous"})
_IGNORED_PRAGMAS = frozenset({"foreign_keys", "journal_mode"})


_SUSPECTS = (
    ops.CreateIndex,
    ops.Drop,
    ops.DetachPartition,
    ops.Maintenance,
    ops.CreateOther,
    ops.AlterOther,
    ops.Transaction,
    ops.Pragma,
)


def needs_none(operation: Operation, dialect: Dialect, step: Step) -> str | None:
    """Return the name of a statement that its engine refuses inside a transaction, or None for any other."""
    if dialect is Dialect.SQLITE:
        return _sqlite(operation)
    match operation:
        case ops.CreateIndex() if operation.concurrently:
            return "CREATE INDEX CONCURRENTLY"
        case ops.Drop() if operation.concurrently:
            return "DROP INDEX CONCURRENTLY"
        case ops.DetachPartition() if operation.concurrently:
            return "DETACH PARTITION CONCURRENTLY"
        case ops.Maintenance() if operation.concurrently and operation.kind.startswith("reindex"):
            return "REINDEX CONCURRENTLY"
        case ops.Maintenance():
            return _maintenance(operation, step)
        case ops.CreateOther() | ops.Drop() if operation.kind in _SERVER_WIDE:
            verb = "CREATE" if isinstance(operation, ops.CreateOther) else "DROP"
            return f"{verb} {operation.kind.upper()}"
        case ops.AlterOther() if operation.kind == "database" and "tablespace" in operation.definition:
            return "ALTER DATABASE SET TABLESPACE"
        case ops.Transaction() if operation.action in ("commit prepared", "rollback prepared"):
            return operation.action.upper()
        case _:
            return None


def _maintenance(operation: ops.Maintenance, step: Step) -> str | None:
    if name := _MAINTENANCE.get(operation.kind):
        return name
    if operation.kind == "cluster":
        # CLUSTER without a table processes all of them; on a partitioned table, its partitions.
        return "CLUSTER" if operation.target is None or _partitioned(operation.target, step) else None
    if operation.kind == "reindex table" and operation.target is not None and _partitioned(operation.target, step):
        return "REINDEX of a partitioned table"
    return "DISCARD ALL" if operation.kind == "discard" and "all" in operation.options else None


def _partitioned(name: ops.Name, step: Step) -> bool:
    table = step.after.find(Key("relation", name.schema or "public", name.name))
    return isinstance(table, Table) and table.partition_by is not None


def _sqlite(operation: Operation) -> str | None:
    if isinstance(operation, ops.Maintenance) and operation.kind == "vacuum":
        return "VACUUM"
    if isinstance(operation, ops.Pragma) and operation.value is not None and operation.name.lower() in _REFUSED_PRAGMAS:
        return f"PRAGMA {operation.name.lower()}"
    return None


@rule(
    "TXN005",
    "not-in-a-transaction",
    Severity.ERROR,
    "A statement that cannot run inside a transaction is inside one",
    on=_SUSPECTS,
    aliases=(
        "squawk:ban-concurrent-index-creation-in-transaction",
        "pgls:banConcurrentIndexCreationInTransaction",
        "pg-migration-lint:PGM003",
        "atlas:PG103",
        "pgfence:concurrent-in-transaction",
        "pgsafe:concurrently-in-transaction",
        "diesel-guard:AddIndexCheck",
        "diesel-guard:DropIndexCheck",
        "diesel-guard:ReindexCheck",
    ),
)
def not_in_a_transaction(step: Step) -> Iterator[Hit]:
    """Report statements that the engine refuses inside a transaction."""
    for script, statements in scripts_of(step):
        found: list[tuple[PlacedOperation, str]] = []
        for mine, statement, operation in operations_of(step):
            if type(operation) in _SUSPECTS and mine is script:
                what = needs_none(operation, script.dialect, step)
                if what is not None:
                    found.append((PlacedOperation(statement, operation, None), what))
        if not found:
            continue
        outer = transaction_owner(step, script)
        open_at: dict[int, tuple[ops.Transaction | None, TransactionOwner]] = {}
        for item in placed_operations(statements):
            open_at[id(item.statement)] = item.begun, outer
            ends = isinstance(item.operation, ops.Transaction) and item.operation.action in ENDS
            if ends and item.begun is None and outer is TransactionOwner.TOOL:
                # The script has ended the tool's transaction: from here on there is none around it.
                outer = TransactionOwner.NOTHING
        others = len(statements) - len({id(item.statement) for item, _ in found})
        for item, what in found:
            begun, outer = open_at[id(item.statement)]
            hit = _refused(step, script, item, what, outer, begun, len(statements), others)
            if hit is not None:
                yield hit


def _refused(
    step: Step,
    script: Script,
    item: PlacedOperation,
    what: str,
    outer: TransactionOwner,
    begun: ops.Transaction | None,
    count: int,
    others: int,
) -> Hit | None:
    """Return the hit of a statement of `count`, of which `others` can run in a transaction; None if it can run."""
    severity: Severity | None = None
    alone = "Put it in a migration of its own, outside of any transaction."
    if item.statement.kind == "do":
        why, help = "a DO block always runs in a transaction", alone
    elif begun is not None:
        why, help = "the script has begun a transaction", "End the transaction before it, or move it out of the script."
    elif outer is TransactionOwner.TOOL and step.layout == "flyway" and step.runner is None:
        # Flyway opens no transaction for a script that has only such statements.
        if not others:
            return None
        why, help, severity = "Flyway runs other statements of this script in a transaction", alone, Severity.WARNING
    elif outer is TransactionOwner.TOOL:
        runner = "the runner" if step.runner is not None else step.layout
        why, help = f"{runner} runs this script in a transaction", f"{alone} {_opt_out(step)}"
    elif outer is TransactionOwner.QUERY and count > 1:
        why = "statements sent as one query form one transaction"
        help = f'{alone} With `x-multi-statement`, configure `transaction = "none"`.'
        help = help if step.layout == "golang-migrate" else alone
    else:
        return None
    return hit_in(
        script, item.operation.span, f"{what} cannot run inside a transaction: {why}", help, severity=severity
    )


_OPT_OUTS = {
    "diesel": "Set `run_in_transaction = false` in its `metadata.toml`.",
    "goose": "Begin it with `-- +goose NO TRANSACTION`.",
    "dbmate": "Begin it with `-- migrate:up transaction:false`.",
    "sql-migrate": "Begin it with `-- +migrate Up notransaction`.",
    "liquibase": "Set `runInTransaction:false` on its change set.",
    "atlas": "Begin it with `-- atlas:txmode none`.",
    "pop": "Put `.autocommit` before `.up.sql` in its name.",
}


def _opt_out(step: Step) -> str:
    return _OPT_OUTS.get(step.layout, "") if step.runner is None else ""


@rule(
    "TXN011",
    "runner-may-wrap",
    Severity.INFO,
    "A statement cannot run inside a transaction, and it is not configured whether the runner opens one",
    on=(
        ops.AlterOther,
        ops.CreateIndex,
        ops.CreateOther,
        ops.DetachPartition,
        ops.Drop,
        ops.Maintenance,
        ops.Transaction,
    ),
    dialects=("postgres",),
    aliases=(
        "pgls:banConcurrentIndexCreationInTransaction",
        "pg-migration-lint:PGM003",
        "atlas:PG103",
    ),
)
def runner_may_wrap(step: Step) -> Iterator[Hit]:
    """Report statements that fail in a runner which opens a transaction for each file."""
    for script, statements in scripts_of(step):
        if script.dialect is not Dialect.POSTGRES or transaction_owner(step, script) is not TransactionOwner.UNKNOWN:
            continue
        for statement, operation, begun in placed_operations(statements):
            what = needs_none(operation, script.dialect, step) if begun is None and statement.kind != "do" else None
            if what is not None:
                yield hit_in(
                    script,
                    operation.span,
                    f"a runner that opens a transaction for each file cannot run {what}",
                    'If yours opens none, configure it: `transaction = "none"`.',
                )


@rule(
    "TXN010",
    "pragma-in-transaction",
    Severity.WARNING,
    "A PRAGMA that has no effect inside a transaction is inside one",
    dialects=("sqlite",),
)
def pragma_in_transaction(step: Step) -> Iterator[Hit]:
    """Report the first setting of a kind that SQLite ignores because a transaction is open."""
    for script, statements in scripts_of(step):
        if script.dialect is not Dialect.SQLITE or not any(statement.kind == "pragma" for statement in statements):
            continue
        wrapped = transaction_owner(step, script) is TransactionOwner.TOOL
        reported: set[str] = set()
        for _, operation, begun in placed_operations(statements):
            if not isinstance(operation, ops.Pragma) or operation.value is None:
                continue
            name = operation.name.lower()
            if name not in _IGNORED_PRAGMAS or name in reported or not (wrapped or begun is not None):
                continue
            reported.add(name)
            begun_by = "the script has begun" if begun is not None else f"{step.layout or 'the runner'} has begun"
            yield hit_in(
                script,
                operation.span,
                f"PRAGMA {name} has no effect inside the transaction that {begun_by}",
                "Changes that need foreign keys off need a script without a transaction: "
                "`PRAGMA defer_foreign_keys` does not stop ON DELETE actions, nor lets a referenced table be dropped."
                if name == "foreign_keys"
                else "Set the journal mode where the application opens the database: it is stored in the file.",
            )
