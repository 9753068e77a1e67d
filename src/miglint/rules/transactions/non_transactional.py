"""TXN: statements that cannot run inside a transaction, and those that have no effect inside one."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.model import Dialect, Script
from miglint.replay.outside_transactions import (
    NON_TRANSACTIONAL_KINDS,
    NonTransactionalStatement,
    is_inside,
    non_transactional_statements,
    refused_in_transaction,
)
from miglint.replay.runners import TransactionOwner
from miglint.replay.steps import Step
from miglint.replay.transaction_owner import placed_operations, transaction_owner
from miglint.rules.definition import Hit, rule
from miglint.rules.support.reporting import hit_in
from miglint.rules.support.scripts import scripts_of
from miglint.sql import operations as ops

# PRAGMAs that SQLite ignores while a transaction is open.
_IGNORED_PRAGMAS = frozenset({"foreign_keys", "journal_mode"})


@rule(
    "TXN005",
    "not-in-a-transaction",
    Severity.ERROR,
    "A statement that cannot run inside a transaction is inside one",
    on=NON_TRANSACTIONAL_KINDS,
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
        found = list(non_transactional_statements(script, statements, step.layout, step.runner, step.after))
        others = len(statements) - len({id(item.statement) for item in found})
        for item in found:
            hit = _refused(step, script, item, len(statements), others)
            if hit is not None:
                yield hit


def _refused(step: Step, script: Script, item: NonTransactionalStatement, count: int, others: int) -> Hit | None:
    """Return the hit of a statement of `count`, of which `others` can run in a transaction; None if it can run."""
    severity: Severity | None = None
    alone = "Put it in a migration of its own, outside of any transaction."
    if item.statement.kind == "do":
        why, help = "a DO block always runs in a transaction", alone
    elif item.begun is not None:
        why, help = "the script has begun a transaction", "End the transaction before it, or move it out of the script."
    elif item.owner is TransactionOwner.TOOL and step.layout == "flyway" and step.runner is None:
        # Flyway opens no transaction for a script that has only such statements.
        if not others:
            return None
        why, help, severity = "Flyway runs other statements of this script in a transaction", alone, Severity.WARNING
    elif not is_inside(item, count, step.layout, step.runner):
        return None
    elif item.owner is TransactionOwner.TOOL:
        runner = "the runner" if step.runner is not None else step.layout
        why, help = f"{runner} runs this script in a transaction", f"{alone} {_opt_out(step)}"
    else:
        why = "statements sent as one query form one transaction"
        help = f'{alone} With `x-multi-statement`, configure `transaction = "none"`.'
        help = help if step.layout == "golang-migrate" else alone
    message = f"{item.what} cannot run inside a transaction: {why}"
    return hit_in(script, item.operation.span, message, help, severity=severity)


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
            what = (
                refused_in_transaction(operation, script.dialect, step.after)
                if begun is None and statement.kind != "do"
                else None
            )
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
