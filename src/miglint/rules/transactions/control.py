"""TXN: transactions that are begun twice, never ended, or ended though the script did not begin them."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.model import Dialect, Script
from miglint.replay.outside_transactions import refused_in_transaction
from miglint.replay.runners import TransactionOwner
from miglint.replay.steps import Step
from miglint.replay.transaction_owner import ENDS, left_open, placed_operations, transaction_owner
from miglint.rules.definition import Hit, rule
from miglint.rules.support.reporting import hit_in
from miglint.rules.support.scripts import can_change, scripts_of
from miglint.rules.transactions.fixes import closing_fix, committing_fix, opening_fix
from miglint.sql import operations as ops
from miglint.sql.operations import Statement, flat


def controls(statements: tuple[Statement, ...]) -> bool:
    """Return whether a script opens or ends a transaction itself."""
    return any(
        statement.operations and isinstance(statement.operations[0], ops.Transaction) for statement in statements
    )


@rule(
    "TXN001",
    "nested-transaction",
    Severity.WARNING,
    "BEGIN inside a transaction that the script has begun",
    on=(ops.Transaction,),
    aliases=("squawk:transaction-nesting", "pgls:transactionNesting", "atlas:TX201"),
)
def nested_transaction(step: Step) -> Iterator[Hit]:
    """Report `BEGIN` while the script's own transaction is open; SQLite refuses it."""
    for script, statements in scripts_of(step):
        if not controls(statements):
            continue
        for statement, operation, begun in placed_operations(statements):
            if begun is None or statement.kind == "do" or not isinstance(operation, ops.Transaction):
                continue
            if operation.action == "begin":
                sqlite = script.dialect is Dialect.SQLITE
                yield hit_in(
                    script,
                    operation.span,
                    "BEGIN inside a transaction: "
                    + (
                        "SQLite refuses it"
                        if sqlite
                        else "PostgreSQL continues the outer one, and the first COMMIT ends it"
                    ),
                    "One BEGIN and one COMMIT are enough. Use a SAVEPOINT for a part that may fail on its own.",
                    severity=Severity.ERROR if sqlite else None,
                )


@rule(
    "TXN002",
    "unclosed-transaction",
    Severity.ERROR,
    "A transaction is begun but never ended",
    on=(ops.Transaction,),
    fixable=True,
    aliases=("squawk:ban-uncommitted-transaction", "pgfence:unclosed-transaction"),
)
def unclosed_transaction(step: Step) -> Iterator[Hit]:
    """Report `BEGIN` without an end, unless the tool's own `COMMIT` ends it."""
    for script, statements in scripts_of(step):
        if not controls(statements):
            continue
        for left in _never_committed(statements):
            yield hit_in(
                script,
                left.span,
                f"the script does not commit what it prepares here: that waits for COMMIT PREPARED '{left.name}'",
                "End the transaction with COMMIT: a server refuses PREPARE TRANSACTION unless it is configured for it.",
                severity=Severity.WARNING,
                fix=committing_fix(script, left.span),
            )
        if transaction_owner(step, script) is TransactionOwner.TOOL:
            continue
        begun = left_open(statements)
        if begun is not None:
            yield hit_in(
                script,
                begun.span,
                "this transaction is never ended: the script is rolled back when its connection closes",
                "Add COMMIT at the end of the script.",
                fix=closing_fix(step, script),
            )


def _never_committed(statements: tuple[Statement, ...]) -> Iterator[ops.Transaction]:
    """Yield the transactions that a script prepares, and neither commits nor rolls back."""
    prepared: dict[str | None, ops.Transaction] = {}
    for operation in flat(operation for statement in statements for operation in statement.operations):
        if isinstance(operation, ops.Transaction):
            if operation.action == "prepare transaction":
                prepared[operation.name] = operation
            elif operation.action in ("commit prepared", "rollback prepared"):
                prepared.pop(operation.name, None)
    yield from prepared.values()


@rule(
    "TXN003",
    "end-without-begin",
    Severity.WARNING,
    "COMMIT or ROLLBACK without a BEGIN",
    on=(ops.Transaction,),
    fixable=True,
    aliases=("squawk:transaction-nesting", "pgls:transactionNesting"),
)
def end_without_begin(step: Step) -> Iterator[Hit]:
    """Report the end of a transaction that the script did not begin."""
    for script, statements in scripts_of(step):
        if not controls(statements):
            continue
        for statement, operation, begun in placed_operations(statements):
            if begun is not None or statement.kind == "do" or not isinstance(operation, ops.Transaction):
                continue
            if operation.action not in ENDS:
                continue
            word = operation.action.upper()
            outer = transaction_owner(step, script)
            sqlite = script.dialect is Dialect.SQLITE
            if outer is TransactionOwner.TOOL:
                message = f"{word} ends the transaction that the migration tool has begun"
                severity = Severity.ERROR
            elif sqlite:
                message, severity = f"{word} without a BEGIN: SQLite refuses it", Severity.ERROR
            else:
                message, severity = f"{word} without a BEGIN", Severity.WARNING
            yield hit_in(
                script,
                operation.span,
                message,
                f"Remove the {word}, or add the BEGIN that it belongs to.",
                severity=severity,
                fix=opening_fix(step, script, statement) if operation.action == "commit" else None,
            )


@rule(
    "TXN004",
    "transaction-inside-the-tools",
    Severity.WARNING,
    "The script begins a transaction inside the migration tool's",
    on=(ops.Transaction,),
    aliases=("squawk:transaction-nesting", "pgls:transactionNesting", "atlas:TX201"),
)
def transaction_inside_the_tools(step: Step) -> Iterator[Hit]:
    """Report the first `BEGIN` of a script that a tool runs in a transaction."""
    for script, statements in scripts_of(step):
        if not controls(statements) or transaction_owner(step, script) is not TransactionOwner.TOOL:
            continue
        for statement, operation, _ in placed_operations(statements):
            if not isinstance(operation, ops.Transaction) or statement.kind == "do":
                continue
            if operation.action in ("commit", "rollback"):
                # The tool's transaction has ended, which is reported: BEGIN then starts a new one for the tool to end.
                break
            if operation.action == "begin":
                runner = "the runner" if step.runner is not None else step.layout
                if script.dialect is Dialect.SQLITE:
                    what = "SQLite refuses a second BEGIN"
                else:
                    what = "BEGIN has no effect, and COMMIT ends it before the migration is recorded"
                yield hit_in(
                    script,
                    operation.span,
                    f"{runner} runs this script in a transaction already: {what}",
                    "Leave BEGIN and COMMIT to the tool, or configure it to open no transaction for this file.",
                )
                break


@rule(
    "TXN008",
    "no-transaction-around-several",
    Severity.WARNING,
    "Several changes run without a transaction",
)
def no_transaction_around_several(step: Step) -> Iterator[Hit]:
    """Report scripts with several changes, each in its own transaction, that cannot simply be run again."""
    verdict = step.verdict
    for script, statements in scripts_of(step):
        if len(statements) < 2 or transaction_owner(step, script) is not TransactionOwner.NOTHING:
            continue
        again = verdict.forward_idempotent if script is step.migration.forward else verdict.rollback_idempotent
        if again is True:
            continue
        changes: list[Statement] = []
        for statement, operation, begun in placed_operations(statements):
            if refused_in_transaction(operation, script.dialect, step.after) is not None:
                changes = []
                break
            if begun is None and (not changes or changes[-1] is not statement):
                changes += [statement] if any(can_change(item) for item in flat((operation,))) else []
        if len(changes) > 1 and not _stops_at(step, script, changes[-1]):
            yield hit_in(
                script,
                changes[1].span,
                f"{len(changes)} changes run without a transaction: "
                "if one fails, the earlier ones stay, and a new run fails",
                "Put BEGIN and COMMIT around them, or make each repeatable.",
            )


def _stops_at(step: Step, script: Script, last: Statement) -> bool:
    """Return whether a second run reaches the last change, whatever failed before it."""
    again = step.forward_again if script is step.migration.forward else step.rollback_again
    return again is not None and again.failed is not None and again.failed.statement.span == last.span


@rule(
    "TXN009",
    "mixed-transactional",
    Severity.WARNING,
    "A script without a transaction has statements that should have one",
    aliases=("atlas:TX101",),
)
def mixed_transactional(step: Step) -> Iterator[Hit]:
    """Report scripts without a transaction with more than the statements that require that."""
    verdict = step.verdict
    for script, statements in scripts_of(step):
        if len(statements) < 2 or transaction_owner(step, script) is not TransactionOwner.NOTHING:
            continue
        again = verdict.forward_idempotent if script is step.migration.forward else verdict.rollback_idempotent
        if again is True:
            continue
        outside: ops.Operation | None = None
        others: Statement | None = None
        for statement, operation, begun in placed_operations(statements):
            if refused_in_transaction(operation, script.dialect, step.after) is not None:
                outside = outside or operation
            elif begun is None and others is None and any(can_change(item) for item in flat((operation,))):
                others = statement
        if outside is not None and others is not None:
            what = refused_in_transaction(outside, script.dialect, step.after)
            yield hit_in(
                script,
                others.span,
                f"{what} makes this script run without a transaction: a failure leaves it half done",
                f"Put {what} in a migration of its own, without a transaction, and the rest in one with.",
            )


@rule(
    "TXN012",
    "transaction-in-the-script",
    Severity.INFO,
    "A script begins a transaction, and it is not configured whether the runner opens one around it",
    on=(ops.Transaction,),
    dialects=("postgres",),
    default=False,
    aliases=("pgls:transactionNesting",),
)
def transaction_in_the_script(step: Step) -> Iterator[Hit]:
    """Report the first `BEGIN` of scripts that a runner may run in a transaction of its own."""
    for script, statements in scripts_of(step):
        if not controls(statements) or transaction_owner(step, script) is not TransactionOwner.UNKNOWN:
            continue
        for statement, operation, _ in placed_operations(statements):
            if isinstance(operation, ops.Transaction) and operation.action == "begin" and statement.kind != "do":
                yield hit_in(
                    script,
                    operation.span,
                    "in a runner that opens a transaction for each file, this script's COMMIT ends it",
                    'Leave BEGIN and COMMIT to the runner, or configure that it opens none: `transaction = "none"`.',
                )
                break
