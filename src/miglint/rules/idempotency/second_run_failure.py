"""A failure of a second run, as the rules and their fixes see it."""

from __future__ import annotations

from miglint.base.model import Script
from miglint.base.structs import Struct
from miglint.locks.look import relation_key
from miglint.replay.steps import Step
from miglint.schema.inherited import is_inherited
from miglint.schema.outcome import Failure, OperationOutcome
from miglint.sql import operations as ops
from miglint.sql.operations import Operation

# The kinds of object for which PostgreSQL has `ALTER kind IF EXISTS`.
ALTER_IF_EXISTS = frozenset({"table", "foreign table", "view", "materialized view", "index", "sequence"})


class SecondRunFailure(Struct, frozen=True):
    """An operation that fails when its script runs a second time."""

    step: Step
    script: Script
    event: OperationOutcome
    operation: Operation
    error: Failure


def is_of_a_parent(failure: SecondRunFailure) -> bool:
    """Return whether a statement is about a column of a partition or an heir that its parent has, too.

    Its identity or expression cannot be dropped there, `IF EXISTS` or not.
    """
    operation, schema = failure.operation, failure.event.before
    if not isinstance(operation, (ops.SetIdentity, ops.SetGenerated)):
        return False
    return is_inherited(schema, relation_key(schema, operation.table), operation.column)
