"""The invalid index that an interrupted concurrent build leaves, and the help that removes it."""

from __future__ import annotations

from miglint.base.model import Script
from miglint.replay.runners import TransactionOwner
from miglint.replay.steps import Step
from miglint.replay.transaction_owner import sends_one_query, transaction_owner
from miglint.rules.support.sql_text import qualified
from miglint.sql import operations as ops


def clear_invalid(step: Step, script: Script, operation: ops.CreateIndex) -> str:
    """Return the help that removes the invalid index of an interrupted build before the next one."""
    drop = f"`{drop_invalid(operation)}`"
    if must_be_alone(step, script):
        return f"Before a retry, by hand: {drop} A second statement in this file would make it a transaction."
    return f"Put before it: {drop}"


def drop_invalid(operation: ops.CreateIndex) -> str:
    """Return the statement that drops the invalid index of an interrupted build."""
    return f"DROP INDEX CONCURRENTLY IF EXISTS {index_name(operation)};"


def must_be_alone(step: Step, script: Script) -> bool:
    """Return whether a statement that cannot run inside a transaction must be the only one of the script.

    It must be where the tool sends the script as one query, once it opens no transaction for it.
    """
    owner = transaction_owner(step, script)
    if owner is TransactionOwner.TOOL:
        return step.runner is None and sends_one_query(script, step.layout)
    return owner is TransactionOwner.QUERY


def index_name(operation: ops.CreateIndex) -> str:
    """Return the name under which the index can be dropped: it is in its table's schema."""
    return qualified(ops.Name(operation.table.schema, operation.name or ""))
