"""What relations and columns are called when their script has ended: where the statements of a later migration go."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.replay.steps import Step
from miglint.rules.support.applied_operations import AppliedOperation, applied_operations
from miglint.rules.support.step_cache import cached_by_step
from miglint.sql import operations as ops
from miglint.sql.operations import Name


@cached_by_step
def _renames(step: Step) -> list[AppliedOperation]:
    """Return the operations of a step that rename or move relations or columns: most scripts have none."""
    kinds = (ops.Rename, ops.SetSchema, ops.RenameColumn)
    return [item for item in applied_operations(step).all if isinstance(item.operation, kinds)]


def _later(step: Step, applied: AppliedOperation) -> Iterator[AppliedOperation]:
    """Yield the renames behind an operation, in its script, that do not fail."""
    for item in _renames(step):
        if item.place > applied.place and item.script is applied.script and not item.moment.failed:
            yield item


def name_at_end(step: Step, applied: AppliedOperation, name: Name) -> Name:
    """Return the name that a relation has at the end of the script of an operation that uses it."""
    key = applied.key(name)
    for later in _later(step, applied):
        operation = later.operation
        if isinstance(operation, ops.Rename) and operation.table is None and later.key(operation.name) == key:
            key = key._replace(name=later.folded(operation.new))
            name = Name(name.schema, operation.new)
        elif isinstance(operation, ops.SetSchema) and later.key(operation.name) == key:
            key = key._replace(schema=operation.schema)
            name = Name(operation.schema, name.name)
    return name


def column_at_end(step: Step, applied: AppliedOperation, name: Name, column: str) -> str:
    """Return the name that a column has at the end of the script of an operation that uses it."""
    key = applied.key(name)
    for later in _later(step, applied):
        operation = later.operation
        if isinstance(operation, ops.Rename) and operation.table is None and later.key(operation.name) == key:
            key = key._replace(name=later.folded(operation.new))
        elif isinstance(operation, ops.RenameColumn) and operation.column == column:
            column = operation.new if later.key(operation.table) == key else column
    return column
