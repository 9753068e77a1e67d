"""TXN013: tables that are altered while triggers of deferred constraints wait for the end of the transaction."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.replay.runners import TransactionOwner
from miglint.replay.steps import Step
from miglint.replay.transaction_owner import transaction_owner
from miglint.rules.definition import Hit, rule
from miglint.rules.support.applied_operations import AppliedOperation, applied_operations
from miglint.schema.objects import Key, Table
from miglint.schema.parts import of_kind
from miglint.schema.value import Schema
from miglint.sql import operations as ops


@rule(
    "TXN013",
    "pending-trigger-events",
    Severity.WARNING,
    "A table is altered after rows of it were written in the same transaction, and a deferred constraint waits",
    on=(ops.Insert, ops.Update, ops.Delete),
    dialects=("postgres",),
)
def pending_trigger_events(step: Step) -> Iterator[Hit]:
    """Report tables that are altered in a transaction that has changed rows which a deferred foreign key checks."""
    waiting: dict[tuple[bool, int, Key], str] = {}
    for applied in applied_operations(step).all:
        operation = applied.operation
        place = applied.forward, applied.transaction
        if isinstance(operation, ops.Maintenance) and operation.kind == "set constraints":
            waiting = {key: name for key, name in waiting.items() if key[:2] != place}
        elif isinstance(operation, (ops.Insert, ops.Update, ops.Delete)):
            for key, name in _deferred(applied.before, applied.key(operation.table), operation):
                waiting[(*place, key)] = name
        elif isinstance(operation, ops.TableOperation):
            name = waiting.pop((*place, applied.key(operation.table)), "")
            if name and _is_one_transaction(step, applied):
                yield applied.hit(
                    f'this fails where rows were written: "{operation.table.name}" has pending events of "{name}"',
                    "Run SET CONSTRAINTS ALL IMMEDIATE before it, or alter the table first or in another transaction.",
                )


def _is_one_transaction(step: Step, applied: AppliedOperation) -> bool:
    return transaction_owner(step, applied.script) in (TransactionOwner.TOOL, TransactionOwner.QUERY)


def _deferred(schema: Schema, key: Key, operation: ops.Operation) -> Iterator[tuple[Key, str]]:
    """Yield the table whose rows a statement writes, with the foreign key that is checked at the end for that."""
    table = schema.table(key)
    if table is None:
        return
    if not isinstance(operation, ops.Delete):
        for constraint in of_kind(table.constraints, "foreign"):
            if constraint.deferred:
                yield key, constraint.name or ""
    if not isinstance(operation, ops.Insert):
        for user in schema.on(key):
            other = schema.find(user)
            for constraint in of_kind(other.constraints, "foreign") if isinstance(other, Table) else ():
                to = constraint.table
                if (
                    constraint.deferred
                    and to is not None
                    and (to.schema or "public", to.name) == (key.schema, key.name)
                ):
                    yield key, constraint.name or ""
