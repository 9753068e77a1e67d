"""Conditions in PL/pgSQL that tell whether the first run is over: does the object exist, or is it gone?

Names are looked up as the statement itself looks them up, by the search path: `to_regclass` gives NULL for a table that
does not exist, where a cast to `regclass` fails.
"""

from __future__ import annotations

from miglint.rules.idempotency.second_run_failure import SecondRunFailure
from miglint.rules.support.sql_text import ident, literal, qualified
from miglint.schema.objects import Key
from miglint.sql import operations as ops
from miglint.sql.operations import Name, Operation

_RELATIONS = frozenset({"table", "foreign table", "view", "materialized view", "index", "sequence"})
_TYPES = frozenset({"type", "domain"})
_ROUTINES = frozenset({"function", "procedure", "routine", "aggregate"})


def first_run_condition(failure: SecondRunFailure) -> str | None:
    """Return a condition that holds before the first run of a statement and not after it, or None."""
    if isinstance(failure.operation, _RENAMES):
        return _renamed(failure.operation)
    if isinstance(failure.operation, ops.AttachPartition):
        return f"NOT {_inherits(failure.operation.partition, failure.operation.table)}"
    if isinstance(failure.operation, ops.SetIdentity) and failure.operation.action == "add":
        return _column(failure.operation.table, failure.operation.column, " AND attidentity = ''")
    if failure.error.condition.startswith("undefined_"):
        return _removed(failure)
    if failure.error.condition.startswith("duplicate_") or failure.error.condition == "invalid_table_definition":
        return _created(failure)
    return None


def _renamed(operation: Operation) -> str | None:
    """Return the condition that an object has its old name, and nothing has the new one.

    A script may create another object under the old name later, which a second run must not rename.
    """
    match operation:
        case ops.RenameColumn():
            old, new = (_column(operation.table, name) for name in (operation.column, operation.new))
        case ops.RenameConstraint():
            old, new = (
                _constraint(operation.table, operation.kind, name) for name in (operation.constraint, operation.new)
            )
        case ops.RenameEnumValue():
            old, new = (_label(operation.name, value) for value in (operation.value, operation.new))
        case ops.Rename():
            renamed = operation.name._replace(name=operation.new)
            found = [
                _object(operation.kind, name, operation.table, operation.arguments)
                for name in (operation.name, renamed)
            ]
            if found[0] is None or found[1] is None:
                return None
            old, new = found[0], found[1]
        case _:
            return None
    absent = new.replace("IS NOT NULL", "IS NULL") if new.endswith("IS NOT NULL") else f"NOT {new}"
    return f"{old} AND {absent}"


_RENAMES = (ops.RenameColumn, ops.RenameConstraint, ops.RenameEnumValue, ops.Rename)


def _created(failure: SecondRunFailure) -> str | None:
    """Return the condition that what a statement creates is not there."""
    operation = failure.operation
    match operation:
        case ops.AddConstraint():
            name = operation.constraint.name or failure.error.part
            return None if name is None else f"NOT {_constraint(operation.table, operation.kind, name)}"
        case ops.CreateType():
            return f"to_regtype({literal(qualified(operation.name))}) IS NULL"
        case ops.CreateTrigger():
            return f"NOT {_attached('trigger', operation.name, operation.table)}"
        case ops.CreatePolicy():
            return f"NOT {_attached('policy', operation.name, operation.table)}"
        case ops.CreateRole():
            return f"NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {literal(operation.name)})"
        case ops.AddColumn() if operation.kind == "type":
            return f"NOT {_column(operation.table, operation.column.name)}"
        case _:
            return None


def _removed(failure: SecondRunFailure) -> str | None:
    """Return the condition that what a statement needs, and the script removes or renames, is still there."""
    operation = failure.operation
    match operation:
        case ops.SetSchema():
            return _object(operation.kind, operation.name, None, operation.arguments)
        case ops.DetachPartition():
            return _inherits(operation.partition, operation.table)
        case _:
            return _missing(failure)


def _missing(failure: SecondRunFailure) -> str | None:
    """Return the condition that the object of the error is there."""
    key, part, condition = failure.error.key, failure.error.part, failure.error.condition
    if key is None:
        return None
    name = _written(failure, key)
    if condition == "undefined_column" and key.space == "relation" and part is not None:
        return _column(name, part)
    if condition == "undefined_object" and key.space == "relation" and part is not None:
        return _constraint(name, "table", part)
    if part is not None:
        return None
    if key.space == "relation":
        return _object("table", name, None, None)
    if key.space == "type":
        return _object("type", name, None, None)
    if key.space in ("trigger", "policy"):
        return _attached(key.space, key.name, Name(_place(failure, key), key.owner))
    return None


def _written(failure: SecondRunFailure, key: Key) -> Name:
    """Return the name of an object as a script can write it: without its schema where the search path leads to it."""
    return Name(_place(failure, key), key.name)


def _place(failure: SecondRunFailure, key: Key) -> str | None:
    path = failure.event.before.path
    return None if path and path[0] == key.schema else key.schema or None


def _object(kind: str, name: Name, table: Name | None, arguments: tuple[ops.Type, ...] | None) -> str | None:
    text = literal(qualified(name))
    if kind in _RELATIONS:
        return f"to_regclass({text}) IS NOT NULL"
    if kind in _TYPES:
        return f"to_regtype({text}) IS NOT NULL"
    if kind in _ROUTINES and arguments is not None:
        listed = f"{qualified(name)}({', '.join(map(str, arguments))})"
        return f"to_regprocedure({literal(listed)}) IS NOT NULL"
    if kind == "schema":
        return f"to_regnamespace({literal(ident(name.name))}) IS NOT NULL"
    if kind in ("role", "user", "group"):
        return f"EXISTS (SELECT FROM pg_roles WHERE rolname = {literal(name.name)})"
    if kind in ("trigger", "policy", "rule") and table is not None:
        return _attached(kind, name.name, table)
    return None


def _column(table: Name, column: str, more: str = "") -> str:
    return (
        f"EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass({literal(qualified(table))}) "
        f"AND attname = {literal(column)}{more})"
    )


def _label(name: Name, value: str) -> str:
    return (
        f"EXISTS (SELECT FROM pg_enum WHERE enumtypid = to_regtype({literal(qualified(name))}) "
        f"AND enumlabel = {literal(value)})"
    )


def _constraint(owner: Name, kind: str, name: str) -> str:
    column, function = ("contypid", "to_regtype") if kind == "domain" else ("conrelid", "to_regclass")
    return (
        f"EXISTS (SELECT FROM pg_constraint WHERE {column} = {function}({literal(qualified(owner))}) "
        f"AND conname = {literal(name)})"
    )


def _attached(kind: str, name: str, table: Name) -> str:
    catalog, owner, own = {
        "trigger": ("pg_trigger", "tgrelid", "tgname"),
        "policy": ("pg_policy", "polrelid", "polname"),
        "rule": ("pg_rewrite", "ev_class", "rulename"),
    }[kind]
    return (
        f"EXISTS (SELECT FROM {catalog} WHERE {owner} = to_regclass({literal(qualified(table))}) "
        f"AND {own} = {literal(name)})"
    )


def _inherits(child: Name, parent: Name) -> str:
    return (
        f"EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass({literal(qualified(child))}) "
        f"AND inhparent = to_regclass({literal(qualified(parent))}))"
    )
