"""What relations and columns are called when their script has ended: where the statements of a later migration go."""

from __future__ import annotations

from miglint.replay.steps import Step
from miglint.rules.support.applied_operations import AppliedOperation, applied_operations
from miglint.rules.support.step_cache import cached_by_step
from miglint.sql import operations as ops
from miglint.sql.operations import Name


@cached_by_step
def _moved(step: Step) -> tuple[AppliedOperation, ...]:
    """Return the operations that give relations and columns other names, in the order of `all`."""
    return tuple(applied for applied in applied_operations(step).all if _moves(applied.operation))


def _moves(operation: ops.Operation) -> bool:
    if isinstance(operation, ops.Rename):
        return operation.table is None
    return isinstance(operation, (ops.SetSchema, ops.RenameColumn))


def name_at_end(step: Step, applied: AppliedOperation, name: Name) -> Name:
    """Return the name that a relation has at the end of the script of an operation that uses it."""
    key = applied.key(name)
    for later in _moved(step):
        if later.place <= applied.place or later.script is not applied.script or later.moment.failed:
            continue
        operation = later.operation
        if isinstance(operation, ops.Rename) and later.key(operation.name) == key:
            key = key._replace(name=later.folded(operation.new))
            name = Name(name.schema, operation.new)
        elif isinstance(operation, ops.SetSchema) and later.key(operation.name) == key:
            key = key._replace(schema=operation.schema)
            name = Name(operation.schema, name.name)
    return name


def column_at_end(step: Step, applied: AppliedOperation, name: Name, column: str) -> str:
    """Return the name that a column has at the end of the script of an operation that uses it."""
    key = applied.key(name)
    for later in _moved(step):
        if later.place <= applied.place or later.script is not applied.script or later.moment.failed:
            continue
        operation = later.operation
        if isinstance(operation, ops.Rename) and later.key(operation.name) == key:
            key = key._replace(name=later.folded(operation.new))
        elif isinstance(operation, ops.RenameColumn) and operation.column == column:
            column = operation.new if later.key(operation.table) == key else column
    return column
