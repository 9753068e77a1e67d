"""What an interrupted concurrent build leaves behind, and how the help of several rules gets rid of it."""

from __future__ import annotations

from miglint.base.model import Script
from miglint.replay.steps import Step
from miglint.replay.transaction_owner import Around, around
from miglint.rules.support.clauses import qualified
from miglint.sql import operations as ops


def clear_invalid(step: Step, script: Script, operation: ops.CreateIndex) -> str:
    """Return the help that takes the invalid index of a named build away before the next one."""
    drop = f"`DROP INDEX CONCURRENTLY IF EXISTS {index_name(operation)};`"
    if stands_alone(step, script):
        return f"Before a retry, by hand: {drop} A second statement in this file would make it a transaction."
    return f"Put before it: {drop}"


def stands_alone(step: Step, script: Script) -> bool:
    """Return whether what cannot run inside a transaction has to be the only statement of the script."""
    return around(step, script) is Around.QUERY


def index_name(operation: ops.CreateIndex) -> str:
    """Return the name under which the index that an operation makes can be dropped: it lives in its table's schema."""
    return qualified(ops.Name(operation.table.schema, operation.name or ""))
