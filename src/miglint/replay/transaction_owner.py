"""The owner of the transaction that a script runs in: the script, the tool that runs it, the server, or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from miglint.base.model import Dialect, Script
from miglint.discovery.tools import MARKS
from miglint.replay.runners import RUNNERS, TransactionOwner
from miglint.sql import operations as ops
from miglint.sql.operations import Operation, Statement

if TYPE_CHECKING:
    from miglint.replay.steps import Step


def begins(statements: tuple[Statement, ...]) -> bool:
    """Return whether a script opens a transaction itself."""
    return any(
        isinstance(operation, ops.Transaction) and operation.action == "begin"
        for statement in statements
        if statement.kind == "begin"
        for operation in statement.operations
    )


def transaction_owner(step: Step, script: Script) -> TransactionOwner:
    """Return what is around a script of a step."""
    statements = step.forward_statements if script is step.migration.forward else step.rollback_statements
    return default_owner(script, step.layout, step.runner, lambda: begins(statements))


def default_owner(
    script: Script, layout: str, runner: str | None, begins_itself: Callable[[], bool]
) -> TransactionOwner:
    """Return what the tool of a layout has around a script, `runner` being what the settings say of transactions."""
    if runner is not None:
        return TransactionOwner.TOOL if runner == "per-file" and script.transaction else TransactionOwner.NOTHING
    tool = RUNNERS.get(layout)
    if script.transaction and tool is not None and (tool.postgres or tool.sqlite) is TransactionOwner.TOOL:
        return TransactionOwner.TOOL
    if sends_one_query(script, layout):
        return TransactionOwner.QUERY
    if not script.transaction:
        return TransactionOwner.NOTHING
    if script.dialect is Dialect.POSTGRES:
        return TransactionOwner.UNKNOWN
    # golang-migrate and sqlx have files of the same names. For PostgreSQL the one sends the text as one query, the
    # other opens a transaction; for SQLite both do, but golang-migrate can be configured not to, and is where a
    # script that SQLite would then refuse is part of the history.
    return TransactionOwner.TOOL if layout == "golang-migrate" and not begins_itself() else TransactionOwner.UNKNOWN


def sends_one_query(script: Script, layout: str) -> bool:
    """Return whether the tool of a layout sends a script to PostgreSQL as one query, where it opens no transaction."""
    tool = RUNNERS.get(layout)
    if script.dialect is not Dialect.POSTGRES:
        return False
    # Plain numbered files with this mark are those of sqlx.
    return tool.one_query if tool is not None else script.file.text.startswith(MARKS["sqlx"])


class PlacedOperation(NamedTuple):
    """An operation, and the `BEGIN` of the script that is open when it runs, if any."""

    statement: Statement
    operation: Operation
    begun: ops.Transaction | None


ENDS = frozenset({"commit", "rollback", "prepare transaction"})


def placed_operations(statements: tuple[Statement, ...]) -> list[PlacedOperation]:
    """Return the operations of a script in order, each with the transaction that the script itself has open.

    What a `DO` block holds is left out: it cannot open a transaction, and ends one only where none is around it.
    """
    found: list[PlacedOperation] = []
    begun: ops.Transaction | None = None
    for statement in statements:
        for operation in statement.operations:
            found.append(PlacedOperation(statement, operation, begun))
            if isinstance(operation, ops.Transaction) and statement.kind != "do":
                if operation.action == "begin":
                    begun = begun or operation
                elif operation.action in ENDS:
                    begun = None
    return found


def left_open(statements: tuple[Statement, ...]) -> ops.Transaction | None:
    """Return the `BEGIN` of the transaction that a script does not end."""
    placed = placed_operations(statements)
    if not placed:
        return None
    statement, last, begun = placed[-1]
    if isinstance(last, ops.Transaction) and statement.kind != "do":
        begun = None if last.action in ENDS else (begun or last if last.action == "begin" else begun)
    # What cannot be read may hold the end.
    return begun if all(item.problem is None for item in statements) else None
