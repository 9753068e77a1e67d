"""Conditions in PL/pgSQL that decide whether the first run is over: does the object exist, or is it gone?

Where a statement leaves no trace of its own in the catalog, a later one of the script does (`later_changes`).
"""

from __future__ import annotations

from miglint.rules.idempotency.catalog_queries import (
    ROUTINES,
    attached_exists,
    column_exists,
    constraint_exists,
    inherits,
    label_exists,
    negated,
    object_exists,
)
from miglint.rules.idempotency.later_changes import later_conditions, schema_before, tells
from miglint.rules.idempotency.second_run_failure import SecondRunFailure
from miglint.rules.support.sql_text import qualified
from miglint.schema.objects import Key
from miglint.sql import operations as ops
from miglint.sql.operations import Name, Operation
from miglint.writer.postgres import catalog_conditions as conditions


def first_run_condition(failure: SecondRunFailure) -> str | None:
    """Return a condition that holds before the first run of a statement and not after it, or None."""
    step, script, statement = failure.step, failure.script, failure.event.statement
    own = own_condition(failure)
    candidates: list[str] = [] if own is None else [own]
    candidates += later_conditions(step, script, statement)
    first = schema_before(step, script, statement)
    for condition in candidates:
        if not first or tells(condition, first, failure.event.before):
            return condition
    return None


def room_condition(operation: Operation) -> str | None:
    """Return the condition that what a rename renames still has its old name."""
    names = _names_of(operation)
    return None if names is None else names[0]


def own_condition(failure: SecondRunFailure) -> str | None:
    """Return the condition that what a statement creates is not there, or what it needs still is, or None."""
    if isinstance(failure.operation, ops.SetInherit):
        related = inherits(failure.operation.table, failure.operation.parent)
        return negated(related) if failure.operation.inherit else related
    if isinstance(failure.operation, _RENAMES):
        return _renamed(failure.operation)
    if isinstance(failure.operation, ops.AttachPartition):
        return negated(inherits(failure.operation.partition, failure.operation.table))
    if isinstance(failure.operation, ops.SetIdentity) and failure.operation.action != "set":
        kind = "attidentity = ''" if failure.operation.action == "add" else "attidentity <> ''"
        return column_exists(failure.operation.table, failure.operation.column, kind)
    if isinstance(failure.operation, ops.SetGenerated) and failure.operation.expression is None:
        return column_exists(failure.operation.table, failure.operation.column, "attgenerated <> ''")
    if failure.error.condition.startswith("undefined_"):
        return _removed(failure)
    if failure.error.condition.startswith("duplicate_") or failure.error.condition == "invalid_table_definition":
        return _created(failure)
    return None


def _renamed(operation: Operation) -> str | None:
    """Return the condition that an object has its old name, and nothing has the new one.

    A script may create another object under the old name later, which a second run must not rename.
    """
    names = _names_of(operation)
    if names is None:
        return None
    old, new = names
    if isinstance(operation, ops.Rename) and operation.kind in ROUTINES and operation.arguments is None:
        # Another overload may have the new name.
        return old
    return f"{old} AND {negated(new)}"


def _names_of(operation: Operation) -> tuple[str, str] | None:
    """Return the conditions that something has the old name of a rename, and the new one."""
    match operation:
        case ops.RenameColumn():
            old, new = (column_exists(operation.table, name) for name in (operation.column, operation.new))
        case ops.RenameConstraint():
            old, new = (
                constraint_exists(operation.table, operation.kind, name)
                for name in (operation.constraint, operation.new)
            )
        case ops.RenameEnumValue():
            old, new = (label_exists(operation.name, value) for value in (operation.value, operation.new))
        case ops.Rename():
            renamed = operation.name._replace(name=operation.new)
            found = [
                object_exists(operation.kind, name, operation.table, operation.arguments)
                for name in (operation.name, renamed)
            ]
            if found[0] is None or found[1] is None:
                return None
            old, new = found[0], found[1]
        case _:
            return None
    return old, new


_RENAMES = (ops.RenameColumn, ops.RenameConstraint, ops.RenameEnumValue, ops.Rename)


def _created(failure: SecondRunFailure) -> str | None:
    """Return the condition that what a statement creates is not there."""
    operation = failure.operation
    match operation:
        case ops.AddConstraint():
            name = operation.constraint.name or _given_name(failure, operation)
            return None if name is None else negated(constraint_exists(operation.table, operation.kind, name))
        case ops.CreateType():
            return negated(conditions.type_exists(qualified(operation.name)))
        case ops.CreateTrigger():
            return negated(attached_exists("trigger", operation.name, operation.table))
        case ops.CreatePolicy():
            return negated(attached_exists("policy", operation.name, operation.table))
        case ops.CreateRole():
            return negated(conditions.role_exists(operation.name))
        case ops.AddColumn() if operation.kind == "type":
            return negated(column_exists(operation.table, operation.column.name))
        case _:
            return None


def _given_name(failure: SecondRunFailure, operation: ops.AddConstraint) -> str | None:
    """Return the name that the first run gave to a primary key, of which a table has one."""
    key = failure.error.key
    table = None if key is None or operation.constraint.kind != "primary" else failure.event.before.table(key)
    for name, constraint in () if table is None else table.constraints.items():
        if constraint.kind == "primary":
            return name
    return None


def _removed(failure: SecondRunFailure) -> str | None:
    """Return the condition that what a statement needs, and the script removes or renames, is still there."""
    operation = failure.operation
    match operation:
        case ops.SetSchema():
            return object_exists(operation.kind, operation.name, None, operation.arguments)
        case ops.DetachPartition():
            return inherits(operation.partition, operation.table)
        case _:
            return _missing(failure)


def _missing(failure: SecondRunFailure) -> str | None:
    """Return the condition that the object of the error is there."""
    key, part, condition = failure.error.key, failure.error.part, failure.error.condition
    if key is None:
        return None
    name = _written(failure, key)
    if condition == "undefined_column" and key.space == "relation" and part is not None:
        return column_exists(name, part)
    if condition == "undefined_object" and key.space == "relation" and part is not None:
        return constraint_exists(name, "table", part)
    if part is not None:
        return None
    if key.space == "relation":
        return object_exists("table", name, None, None)
    if key.space == "type":
        return object_exists("type", name, None, None)
    if key.space in ("trigger", "policy"):
        return attached_exists(key.space, key.name, Name(_place(failure, key), key.owner))
    return None


def _written(failure: SecondRunFailure, key: Key) -> Name:
    """Return the name of an object as a script can write it: without its schema where the search path leads to it."""
    return Name(_place(failure, key), key.name)


def _place(failure: SecondRunFailure, key: Key) -> str | None:
    path = failure.event.before.path
    return None if path and path[0] == key.schema else key.schema or None
