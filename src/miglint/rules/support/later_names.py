"""What relations and columns are called when their script has ended: where the statements of a later migration go."""

from __future__ import annotations

from miglint.replay.steps import Step
from miglint.rules.support.applied_operations import AppliedOperation, applied_operations
from miglint.sql import operations as ops
from miglint.sql.operations import Name


def name_at_end(step: Step, applied: AppliedOperation, name: Name) -> Name:
    """Return the name that a relation has at the end of the script of an operation that uses it."""
    key = applied.key(name)
    for later in applied_operations(step).all:
        if later.place <= applied.place or later.script is not applied.script or later.moment.failed:
            continue
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
    for later in applied_operations(step).all:
        if later.place <= applied.place or later.script is not applied.script or later.moment.failed:
            continue
        operation = later.operation
        if isinstance(operation, ops.Rename) and operation.table is None and later.key(operation.name) == key:
            key = key._replace(name=later.folded(operation.new))
        elif isinstance(operation, ops.RenameColumn) and operation.column == column:
            column = operation.new if later.key(operation.table) == key else column
    return column
