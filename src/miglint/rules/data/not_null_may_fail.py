"""DAT045: columns that become NOT NULL where nothing replaces their NULLs."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.definition import Context, Hit, hazard
from miglint.rules.support.nulls import becoming_not_null, fill, is_filled
from miglint.sql import operations as ops


@hazard(
    "DAT045",
    "not-null-may-fail",
    Severity.INFO,
    "SET NOT NULL fails if the column has NULLs",
    on=(ops.AddConstraint, ops.SetNullable),
    dialects=("postgres",),
)
def not_null_may_fail(step: Step, context: Context) -> Iterator[Hit]:
    """Report columns that become NOT NULL where the script replaces no NULLs and no check excludes them.

    Columns that the script itself adds are reported by DAT020.
    """
    for applied, table, column in becoming_not_null(step):
        scans = any(effect.situation == "set not null" for effect in applied.effects(context))
        if scans and not applied.fresh_column(table, column) and not is_filled(step, applied, table, column):
            yield applied.hit(
                f'this fails if "{table.name}.{column}" has a NULL',
                f"Replace the NULLs first: `{fill(applied, table, column, table, column)}`",
            )
