"""Statements that an engine refuses inside a transaction, and the transaction that is around each of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from miglint.base.model import Dialect, Script
from miglint.replay.runners import TransactionOwner
from miglint.replay.transaction_owner import ENDS, begins, default_owner, placed_operations
from miglint.schema.objects import Key, Table
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Name, Operation, Statement, flat

# What PostgreSQL 15 and 18 refuse inside a transaction block (25001), whatever the options.
_MAINTENANCE = {
    "vacuum": "VACUUM",
    "alter system": "ALTER SYSTEM",
    "reindex schema": "REINDEX SCHEMA",
    "reindex database": "REINDEX DATABASE",
    "reindex system": "REINDEX SYSTEM",
}
_SERVER_WIDE = frozenset({"database", "tablespace"})
# PRAGMAs that SQLite refuses while a transaction is open.
_REFUSED_PRAGMAS = frozenset({"synchronous"})
# The kinds of operations among which these statements are.
NON_TRANSACTIONAL_KINDS = (
    ops.CreateIndex,
    ops.Drop,
    ops.DetachPartition,
    ops.Maintenance,
    ops.CreateOther,
    ops.AlterOther,
    ops.Transaction,
    ops.Pragma,
)


class NonTransactionalStatement(NamedTuple):
    """A statement that its engine refuses inside a transaction: `what` names it.

    `begun` is the `BEGIN` of the script that is open there, if any, `owner` what is around the script at that place.
    """

    statement: Statement
    operation: Operation
    what: str
    begun: ops.Transaction | None
    owner: TransactionOwner


def non_transactional_statements(
    script: Script, statements: tuple[Statement, ...], layout: str, runner: str | None, schema: Schema
) -> Iterator[NonTransactionalStatement]:
    """Yield the statements of a script that no transaction can hold; `runner` is as in `default_owner`."""
    found = [
        (statement, operation, what, begun)
        for statement, outer, begun in placed_operations(statements)
        for operation in flat((outer,))
        if isinstance(operation, NON_TRANSACTIONAL_KINDS)
        and (what := refused_in_transaction(operation, script.dialect, schema)) is not None
    ]
    if not found:
        return
    owner = default_owner(script, layout, runner, lambda: begins(statements))
    ended = _end_of_the_outer(statements) if owner is TransactionOwner.TOOL else None
    for statement, operation, what, begun in found:
        free = ended is not None and statement.span.start >= ended
        yield NonTransactionalStatement(statement, operation, what, begun, TransactionOwner.NOTHING if free else owner)


def refusal(
    script: Script, statements: tuple[Statement, ...], layout: str, runner: str | None, schema: Schema
) -> str | None:
    """Return why a script fails whenever it runs: a transaction is around a statement that cannot run in one."""
    for item in non_transactional_statements(script, statements, layout, runner, schema):
        # Whether a DO block comes to it is another question.
        if item.statement.kind != "do" and is_inside(item, len(statements), layout, runner):
            return f"{item.what} cannot run inside a transaction"
    return None


def is_inside(item: NonTransactionalStatement, count: int, layout: str, runner: str | None) -> bool:
    """Return whether a statement of a script with `count` of them certainly runs inside a transaction."""
    if item.statement.kind == "do" or item.begun is not None:
        return True
    if item.owner is TransactionOwner.TOOL:
        # Flyway opens none for a script of only such statements, or if its setting `mixed` is on.
        return layout != "flyway" or runner is not None
    return item.owner is TransactionOwner.QUERY and count > 1


def _end_of_the_outer(statements: tuple[Statement, ...]) -> int | None:
    """Return where a script has ended the transaction that its tool has opened; None if it does not."""
    for statement, operation, begun in placed_operations(statements):
        if isinstance(operation, ops.Transaction) and operation.action in ENDS and begun is None:
            return statement.span.end
    return None


def refused_in_transaction(operation: Operation, dialect: Dialect, schema: Schema) -> str | None:
    """Return the name of a statement that its engine refuses inside a transaction, or None for any other.

    `schema` has the tables that it may name.
    """
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
            return _maintenance(operation, schema)
        case ops.CreateOther() | ops.Drop() if operation.kind in _SERVER_WIDE:
            verb = "CREATE" if isinstance(operation, ops.CreateOther) else "DROP"
            return f"{verb} {operation.kind.upper()}"
        case ops.AlterOther() if operation.kind == "database" and "tablespace" in operation.definition:
            return "ALTER DATABASE SET TABLESPACE"
        case ops.Transaction() if operation.action in ("commit prepared", "rollback prepared"):
            return operation.action.upper()
        case _:
            return None


def _maintenance(operation: ops.Maintenance, schema: Schema) -> str | None:
    if name := _MAINTENANCE.get(operation.kind):
        return name
    if operation.kind == "cluster":
        # CLUSTER without a table processes all of them; on a partitioned table, its partitions.
        return "CLUSTER" if operation.target is None or _partitioned(operation.target, schema) else None
    if operation.kind == "reindex table" and operation.target is not None and _partitioned(operation.target, schema):
        return "REINDEX of a partitioned table"
    return "DISCARD ALL" if operation.kind == "discard" and "all" in operation.options else None


def _partitioned(name: Name, schema: Schema) -> bool:
    table = schema.find(Key("relation", name.schema or "public", name.name))
    return isinstance(table, Table) and table.partition_by is not None


def _sqlite(operation: Operation) -> str | None:
    if isinstance(operation, ops.Maintenance) and operation.kind == "vacuum":
        return "VACUUM"
    if isinstance(operation, ops.Pragma) and operation.value is not None and operation.name.lower() in _REFUSED_PRAGMAS:
        return f"PRAGMA {operation.name.lower()}"
    return None
