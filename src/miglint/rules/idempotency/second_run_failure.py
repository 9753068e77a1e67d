"""A failure of a second run, as the rules and their fixes see it."""

from __future__ import annotations

from miglint.base.model import Script
from miglint.base.structs import Struct
from miglint.replay.steps import Step
from miglint.schema.outcome import Failure, OperationOutcome
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
