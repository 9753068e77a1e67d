"""Names of the objects that a script leaves behind: those that another script cannot create as well."""

from __future__ import annotations

from miglint.base.model import Dialect, Script, Span
from miglint.sql import operations as ops
from miglint.sql import parse
from miglint.sql.operations import Name, Operation, flat

# A namespace and what identifies an object in it; relations of all kinds share one.
CreatedName = tuple[str, ...]
_RELATIONS = frozenset({"table", "view", "materialized view", "sequence", "index", "foreign table", "virtual table"})
_DEFAULT_SCHEMAS = {Dialect.POSTGRES: "public", Dialect.SQLITE: "main"}


def created_names(script: Script) -> dict[CreatedName, tuple[str, Span]]:
    """Return what a script creates and neither drops nor renames again, with its label and the span of its statement.

    Objects that are replaced if they exist (`OR REPLACE`) and temporary ones are left out.
    """
    found: dict[CreatedName, tuple[str, Span]] = {}
    schema = _DEFAULT_SCHEMAS[script.dialect]
    for statement in parse(script):
        for operation in flat(statement.operations):
            gone = _freed_name(operation, schema)
            if gone is not None:
                found.pop(_folded(gone, script.dialect), None)
            created = _created(operation, schema)
            if created is not None:
                name, label = created
                found.setdefault(_folded(name, script.dialect), (label, statement.span))
    return found


def _folded(name: CreatedName, dialect: Dialect) -> CreatedName:
    return tuple(part.lower() for part in name) if dialect is Dialect.SQLITE else name


def _freed_name(operation: Operation, schema: str) -> CreatedName | None:
    """Return the name that is free again after an operation: tables are rebuilt under a temporary name."""
    match operation:
        case ops.Drop() | ops.Rename() if operation.kind in _RELATIONS:
            return "relation", *_qualified(operation.name, schema)
        case ops.DropColumn():
            return "column", *_qualified(operation.table, schema), operation.column
        case _:
            return None


def _created(operation: Operation, schema: str) -> tuple[CreatedName, str] | None:
    match operation:
        case ops.CreateTable() | ops.CreateSequence() if operation.temporary:
            return None
        case ops.CreateView() if operation.temporary or operation.or_replace:
            return None
        case ops.CreateTable() | ops.CreateSequence() | ops.CreateView():
            kind = {ops.CreateTable: "table", ops.CreateSequence: "sequence"}.get(type(operation), "view")
            return ("relation", *_qualified(operation.name, schema)), f"{kind} {operation.name}"
        case ops.CreateIndex(name=str()):
            within = operation.table.schema or schema
            return ("relation", within, str(operation.name)), f"index {operation.name}"
        case ops.CreateType():
            return ("type", *_qualified(operation.name, schema)), f"type {operation.name}"
        case ops.AddEnumValue():
            label = f"value '{operation.value}' of {operation.name}"
            return ("value", *_qualified(operation.name, schema), operation.value), label
        case ops.CreateRoutine(or_replace=False):
            arguments = tuple(map(str, operation.arguments))
            return ("routine", *_qualified(operation.name, schema), *arguments), f"{operation.kind} {operation.name}"
        case _:
            return _part_of_table(operation, schema)


def _part_of_table(operation: Operation, schema: str) -> tuple[CreatedName, str] | None:
    match operation:
        case ops.AddColumn():
            kind, name = "column", operation.column.name
            label = f"column {operation.table}.{name}"
        case ops.AddConstraint() if operation.constraint.name is not None:
            kind, name = "constraint", operation.constraint.name
            label = f"constraint {name} of {operation.table}"
        case ops.CreateTrigger(or_replace=False):
            kind, name = "trigger", operation.name
            label = f"trigger {name} on {operation.table}"
        case ops.CreatePolicy():
            kind, name = "policy", operation.name
            label = f"policy {name} on {operation.table}"
        case _:
            return None
    return (kind, *_qualified(operation.table, schema), name), label


def _qualified(name: Name, schema: str) -> tuple[str, str]:
    return name.schema or schema, name.name
