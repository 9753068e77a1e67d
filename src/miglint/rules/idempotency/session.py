"""IDM063: temporary tables that last until the session ends; opt-in."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.model import Direction
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.rules.support.applied_operations import AppliedOperation, applied_operations, effective
from miglint.rules.support.sql_text import qualified
from miglint.rules.support.step_cache import cached_by_step
from miglint.sql import operations as ops

INFO = Severity.INFO


@rule(
    "IDM063",
    "temporary-table-stays",
    INFO,
    "A temporary table lasts until the session ends: a second run in the same session fails",
    on=(ops.CreateTable,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:prefer-robust-stmts", "pgls:preferRobustStmts"),
)
def temporary_table_stays(step: Step) -> Iterator[Hit]:
    """Report temporary tables without a guard, a DROP or ON COMMIT DROP."""
    for applied, operation in effective(step, ops.CreateTable):
        if not operation.temporary or operation.if_not_exists or "on commit=drop" in operation.options:
            continue
        if not _dropped(step, applied, operation):
            name = qualified(operation.name)
            yield applied.hit(
                f'temporary table "{operation.name.name}" outlives the script: a second run in the same session fails',
                f"Put `DROP TABLE IF EXISTS pg_temp.{name};` before it, or add `ON COMMIT DROP`.",
            )


def _dropped(step: Step, applied: AppliedOperation, made: ops.CreateTable) -> bool:
    """Return whether the script drops the table, before or after it."""
    return (applied.script.direction, made.name.name) in _drops(step)


@cached_by_step
def _drops(step: Step) -> frozenset[tuple[Direction, str]]:
    """Return the names that the scripts drop. Cached by identity of the step."""
    return frozenset(
        (applied.script.direction, applied.operation.name.name)
        for applied in applied_operations(step).all
        if isinstance(applied.operation, ops.Drop)
    )
