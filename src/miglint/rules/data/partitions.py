"""DAT043: rows of a default partition that belong to a new one."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, hazard
from miglint.rules.support.applied_operations import AppliedOperation, effective
from miglint.schema.bounds import DEFAULT
from miglint.schema.objects import Table
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Name


@hazard(
    "DAT043",
    "rows-in-default-partition",
    Severity.WARNING,
    "A partition is added beside a default partition, whose rows may belong to the new one",
    on=(ops.CreateTable, ops.AttachPartition),
    dialects=("postgres",),
)
def rows_in_default_partition(step: Step) -> Iterator[Hit]:
    """Report partitions that are added to a table whose default partition was there before the script."""
    found: list[tuple[AppliedOperation, Name | None, str | None]] = [
        (applied, operation.partition_of, operation.partition_bound)
        for applied, operation in effective(step, ops.CreateTable)
    ]
    found += [
        (applied, operation.table, operation.bound) for applied, operation in effective(step, ops.AttachPartition)
    ]
    for applied, parent, bound in found:
        if parent is None or bound in (None, DEFAULT):
            continue
        default = _default_partition(applied.before, applied, parent)
        if default is not None and step.before.table(applied.key(default.name)) is not None:
            yield applied.hit(
                f'this fails if rows in the default partition "{default.name.name}" belong to the new one',
                "Move them first: detach the default partition, add the new one, and insert the rows again.",
            )


def _default_partition(schema: Schema, applied: AppliedOperation, parent: Name) -> Table | None:
    key = applied.key(parent)
    for place in schema.rivals(key, DEFAULT):
        table = schema.table(place)
        if table is not None and table.partition_bound == DEFAULT:
            return table
    return None
