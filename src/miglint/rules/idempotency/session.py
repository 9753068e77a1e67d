"""IDM063: what a session keeps until its end: opt-in."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.rules.support.applied_operations import AppliedOperation, applied_operations, effective
from miglint.rules.support.clauses import qualified
from miglint.sql import operations as ops

INFO = Severity.INFO


@rule(
    "IDM063",
    "temporary-table-stays",
    INFO,
    "A temporary table stays until the session ends: a second run in the same session fails",
    on=(ops.CreateTable,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:prefer-robust-stmts", "pgls:preferRobustStmts"),
)
def temporary_table_stays(step: Step) -> Iterator[Hit]:
    """Tell of temporary tables that neither a guard, nor the script, nor the end of the transaction takes care of."""
    for applied, operation in effective(step, ops.CreateTable):
        if not operation.temporary or operation.if_not_exists or "on commit=drop" in operation.options:
            continue
        if not _dropped(step, applied, operation):
            name = qualified(operation.name)
            yield applied.hit(
                f'"{operation.name.name}" stays until the session ends: run again in the same session, this fails',
                f"Put `DROP TABLE IF EXISTS pg_temp.{name};` before it, or say `ON COMMIT DROP`.",
            )


def _dropped(step: Step, applied: AppliedOperation, made: ops.CreateTable) -> bool:
    """Return whether the script drops the table, before it or after."""
    return any(
        isinstance(other.operation, ops.Drop)
        and other.operation.name.name == made.name.name
        and other.script is applied.script
        for other in applied_operations(step).all
    )
