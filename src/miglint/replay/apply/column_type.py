"""`ALTER COLUMN ... TYPE`: what stands in its way, and what it leaves."""

from __future__ import annotations

import re
from collections.abc import Iterable

from miglint.base.structs import replace
from miglint.replay.apply.casts import refuse_uncastable, refuse_unconvertible
from miglint.replay.apply.column_definitions import refuse_unknown_type
from miglint.replay.apply.column_options import forget_type_options
from miglint.replay.apply.columns import (
    alter_in_heirs,
    altered_column,
    composite,
    in_partition_key,
    inheritors,
    is_inherited,
    put_column,
    refuse_if_row_type_is_used,
)
from miglint.replay.apply.drop_dependents import Node, dependents
from miglint.replay.apply.foreign_keys import refuse_incomparable_keys
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.rebuilt_definitions import rebuild_definitions
from miglint.replay.apply.row_contents import forget_column, refuse_conversion
from miglint.replay.apply.typed import check_condition, check_predicate, check_using, refuse_unindexable
from miglint.schema.objects import Key, Part
from miglint.schema.parts import involving, with_part
from miglint.sql.operations import AlterColumnType, Column, Expression, Name, Type

# What cannot be made again with the new type, by how it uses the column.
_USES = {
    "view": "used by a view or rule",
    "rule": "used by a view or rule",
    "trigger": "used in a trigger definition",
    "policy": "used in a policy definition",
    "publication": "used by a publication WHERE clause",
    "routine": "used by a function or procedure",
    "generated": "used by a generated column",
}


def _alter_attribute_type(machine: Machine, operation: AlterColumnType) -> None:
    key, value = composite(machine, operation)
    if value is not None and operation.column in value.columns:
        refuse_if_row_type_is_used(machine, key, f'type "{key.name}"')
        changed = replace(value.columns[operation.column], type=machine.type(operation.type))
        machine.put(key, replace(value, columns=with_part(value.columns, operation.column, changed)))


def alter_column_type(machine: Machine, operation: AlterColumnType) -> None:
    """`ALTER COLUMN ... TYPE`, and `ALTER ATTRIBUTE ... TYPE` of a composite type."""
    if operation.kind == "type":
        _alter_attribute_type(machine, operation)
        return
    found = altered_column(machine, operation, operation.column)
    if found is None:
        return
    key, column = found
    _check_type(machine, key, column, operation)
    new = machine.type(operation.type)
    if machine.postgres and column.type is not None and column.type.schema is not None and new != column.type:
        _refuse_constants(machine, key, column, column.type, operation)
        column = _with_old_type(column, column.type)
    span = machine.in_statement(operation.span)
    changed = replace(column, type=new, collation=operation.collation, serial=False, assumed=False, span=span)
    if machine.postgres:
        refuse_incomparable_keys(machine, key, changed)
    put_column(machine, key, changed)
    forget_type_options(machine, key, column.name)
    forget_column(machine, key, column.name)
    if machine.postgres and new is not None and column.type is not None and new != column.type:
        _refuse_again(machine, key, column, column.type, new)
        rebuild_definitions(machine, key, column.name)
    alter_in_heirs(machine, key, operation, column.name, {"type": new, "collation": operation.collation})


def _check_type(machine: Machine, key: Key, column: Column, operation: AlterColumnType) -> None:
    """Raise `Refused` for a type that the column, what uses it, or its rows cannot have."""
    if machine.postgres:
        _refuse_if_fixed(machine, key, column, operation)
    refuse_unconvertible(machine, key, column, operation)
    check_using(machine, key, operation)
    refuse_uncastable(machine, key, column, operation)
    refuse_unknown_type(machine, operation.type)
    if machine.postgres:
        _refuse_if_used(machine, key, operation.column)
        if column.type is not None and column.type.name in _TEXTS and not column.type.dimensions:
            refuse_conversion(machine, key, column.name, operation)


_TEXTS = frozenset({"text", "varchar", "bpchar"})
_COMPARABLE = (
    frozenset({"text", "varchar", "bpchar", "name"}),
    frozenset({"date", "timestamp", "timestamptz"}),
    frozenset({"int2", "int4", "int8", "numeric", "float4", "float8"}),
)


def _refuse_comparison(
    machine: Machine, key: Key, column: str, conditions: Iterable[Expression | None], operator: str
) -> None:
    """Raise the error for conditions that compare a column with a constant of its old type."""
    compared = re.compile(rf"(?<![\w.]){re.escape(column)} (?:=|<>|<|>|<=|>=) '")
    if any(item is not None and compared.search(item.key) for item in conditions):
        raise machine.refuse("undefined_function", f"operator does not exist: {operator}", key, column)


def _refuse_again(machine: Machine, key: Key, column: Column, old: Type, new: Type) -> None:
    """Raise the errors for checks and indexes over a column that cannot be created again with its new type."""
    table = machine.schema.table(key)
    if table is None or table.assumed:
        return
    checks = [table.constraints[name].expression for name in involving(table.constraints, column.name)]
    indexes = machine.indexes(key, column.name)
    wheres = [index.where for _, index in indexes]
    if old.schema is None and not any({old.name, new.name} <= family for family in _COMPARABLE):
        _refuse_comparison(machine, key, column.name, (*checks, *wheres), f"{new} = {old}")
    for check in checks:
        check_condition(machine, key, check)
    for _, index in indexes:
        if index.where is not None:
            check_predicate(machine, key, index.where)
        for element in index.elements:
            if element.column == column.name and element.opclass is None:
                refuse_unindexable(machine, key, index.method, new)


def _with_old_type(column: Column, old: Type) -> Column:
    """Return a column whose default, a constant of the old type, is cast from that from now on, and needs it."""
    default = column.default
    if default is None or default.literal is None or not default.text.startswith("'"):
        return column
    return replace(column, default=replace(default, types=(*default.types, Name(old.schema, old.name))))


def _refuse_constants(machine: Machine, key: Key, column: Column, old: Type, operation: AlterColumnType) -> None:
    """Raise the error for a condition that compares the column with constants, which stay what they are."""
    compared = re.compile(rf"(?<![\w.]){re.escape(column.name)} (?:=|<>|<|>|<=|>=) (?:'|any \(array\[|all \(array\[)")
    table = machine.schema.table(key)
    names = () if table is None else involving(table.constraints, column.name)
    expressions = [] if table is None else [table.constraints[name].expression for name in names]
    for _, index in machine.indexes(key, column.name):
        expressions += [index.where, *(element.expression for element in index.elements)]
    if any(item is not None and compared.search(item.key) for item in expressions):
        message = f"operator does not exist: {operation.type} = {old.name}"
        raise machine.refuse("undefined_function", message, key, column.name)


def _refuse_if_fixed(machine: Machine, key: Key, column: Column, operation: AlterColumnType) -> None:
    """Raise the errors for a column whose type is not its own to change."""
    table, name = machine.schema.table(key), column.name
    if table is None:
        return
    if is_inherited(machine, table, name):
        raise machine.refuse("invalid_table_definition", f'cannot alter inherited column "{name}"', key, name)
    if operation.only and any(
        name in getattr(machine.schema.find(child), "columns", ()) for child in inheritors(machine, key)
    ):
        message = f'type of inherited column "{name}" must be changed in child tables too'
        raise machine.refuse("invalid_table_definition", message, key, name)
    if in_partition_key(table, name):
        message = f'cannot alter column "{name}" because it is part of the partition key of relation "{key.name}"'
        raise machine.refuse("invalid_table_definition", message, key, name)
    if column.generated is not None and operation.using is not None:
        message = "cannot specify USING when altering type of generated column"
        raise machine.refuse("invalid_column_definition", message, key, name)
    refuse_if_row_type_is_used(machine, Key("type", key.schema, key.name), f'table "{key.name}"')


def _refuse_if_used(machine: Machine, key: Key, column: str) -> None:
    """Raise the error for a column that something reads which cannot be made again with the new type."""
    # It prevents a change to the type that the column has already, too.
    for node, _, reason in dependents(machine, Node(key, Part("column", column))):
        use = _USES.get(reason)
        if use is not None:
            message = f'cannot alter type of a column {use}: {node.named(machine)} depends on column "{column}"'
            raise machine.refuse("feature_not_supported", message, key, column)
