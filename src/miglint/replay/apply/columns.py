"""Adding and dropping the columns of a table, and looking them up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from miglint.base.structs import replace
from miglint.replay.apply.column_definitions import define, define_quietly, refuse_default_value
from miglint.replay.apply.column_options import set_new_options
from miglint.replay.apply.constraints import add_constraint
from miglint.replay.apply.drop_dependents import Node, delete
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.reread import refuse_if_broken, refuse_unknown_columns
from miglint.replay.apply.row_contents import fill_column, rows_at
from miglint.replay.apply.sqlite_columns import refuse_if_column_is_used
from miglint.replay.apply.typed import check_default, check_generated
from miglint.schema.depends import relation_key
from miglint.schema.name_sets import with_name
from miglint.schema.objects import Absent, Composite, Key, Part, Table
from miglint.schema.parts import with_part, without_part
from miglint.sql.operations import (
    AddColumn,
    AlterColumnType,
    Column,
    Constraint,
    DropColumn,
    Name,
    SetNullable,
    TableOperation,
)

# Views have columns with defaults, and indexes columns with statistics; the rest is for tables.
_ONLY_TABLES: dict[type[TableOperation], str] = {
    AddColumn: "ADD COLUMN",
    DropColumn: "DROP COLUMN",
    AlterColumnType: "ALTER COLUMN ... SET DATA TYPE",
    SetNullable: "ALTER COLUMN ... SET NOT NULL",
}


def altered(machine: Machine, operation: TableOperation) -> tuple[Key, Table] | None:
    """Return the table that an `ALTER TABLE` is about; None when there is nothing to model (a view, one missing)."""
    if operation.table_if_exists and isinstance(machine.relation(operation.table)[1], Absent):
        machine.note("missing", f'table "{operation.table}" does not exist, skipped')
        return None
    action = _ONLY_TABLES.get(type(operation))
    if action is not None:
        machine.only_tables(operation.table, action)
    return machine.table(operation.table)


def no_column(machine: Machine, key: Key, column: str) -> Exception:
    """Build the error for a column that is not there."""
    if machine.postgres:
        message = f'column "{column}" of relation "{key.name}" does not exist'
    else:
        message = f"no such column: {column}"
    return machine.refuse("undefined_column", message, key, column)


def column_of(machine: Machine, key: Key, table: Table, name: str) -> Column | None:
    """Return a column that an operation relies on; an unknown one of an assumed table is assumed.

    Returns None where the table's columns are not known and cannot be (a foreign table, a wrong parse). Raises
    `Refused` when the column is known not to exist.
    """
    folded = machine.column_name(name)
    column = table.columns.get(folded)
    if column is not None:
        return column
    if table.assumed and folded not in table.absent:
        column = Column(name, None, None, assumed=True)
        assume_column(machine, key, folded, column)
        return column
    raise no_column(machine, key, name)


def altered_column(machine: Machine, operation: TableOperation, name: str) -> tuple[Key, Column] | None:
    """Return the table's key and the column that an `ALTER COLUMN` is about; None when there is nothing to model."""
    found = altered(machine, operation)
    if found is None:
        return None
    key, table = found
    column = column_of(machine, key, table, name)
    return None if column is None else (key, column)


def assume_column(machine: Machine, key: Key, folded: str, column: Column | None) -> None:
    """Assume that an assumed table has a column, or with None that it does not."""
    machine.assume_part(key, "column", folded, column)


def put_column(machine: Machine, key: Key, column: Column) -> None:
    """Set a column of a table."""
    table = machine.schema.table(key)
    if table is not None:
        machine.put(key, replace(table, columns=with_part(table.columns, machine.column_name(column.name), column)))


def add_column(machine: Machine, operation: AddColumn) -> None:
    """`ADD COLUMN`."""
    if operation.kind == "type":
        _add_attribute(machine, operation)
        return
    found = altered(machine, operation)
    if found is None:
        return
    key, table = found
    folded = machine.column_name(operation.column.name)
    existing = table.columns.get(folded)
    if table.partition_of is not None:
        raise machine.refuse("wrong_object_type", "cannot add column to a partition", key)
    if existing is not None and not (existing.assumed and not operation.if_not_exists and existing.type is None):
        _refuse_duplicate(machine, operation, key, table, existing)
        return
    _refuse_new_column(machine, operation, key)
    if machine.postgres and operation.column.default is not None:
        refuse_if_row_type_is_used(machine, Key("type", key.schema, key.name), f'table "{key.name}"')
    if table.assumed and folded not in table.absent:
        assume_column(machine, key, folded, None)
    column = define(machine, Name(key.schema, table.name.name), operation.column)
    if machine.postgres and column.nullable is False:
        _refuse_without_value(machine, key, column)
    put_column(machine, key, column)
    set_new_options(machine, key, operation.settings)
    fill_column(machine, key, column)
    check_default(machine, key, column)
    refuse_default_value(machine, key, column)
    check_generated(machine, key, column)
    _add_constraints(machine, key, column, operation.constraints)


def _add_constraints(machine: Machine, key: Key, column: Column, constraints: tuple[Constraint, ...]) -> None:
    for constraint in constraints:
        add_constraint(machine, key, constraint)
    if machine.postgres:
        _add_to_inheritors(machine, key, column)
    else:
        _refuse_unknown_columns(machine, key, column, constraints)


def _refuse_unknown_columns(machine: Machine, key: Key, column: Column, constraints: tuple[Constraint, ...]) -> None:
    generated = column.default if column.generated is not None else None
    refuse_unknown_columns(machine, key, (generated, *(constraint.expression for constraint in constraints)))


def _add_to_inheritors(machine: Machine, key: Key, column: Column) -> None:
    """Add a column to the partitions and inheriting tables that do not have it."""
    for child in inheritors(machine, key):
        table = machine.schema.table(child)
        if table is None:
            continue
        own = table.columns.get(column.name)
        if own is None:
            put_column(machine, child, column)
        elif own.type is not None and column.type is not None and own.type != column.type:
            message = f'child table "{child.name}" has different type for column "{column.name}"'
            raise machine.refuse("datatype_mismatch", message, key, column.name)


def _refuse_duplicate(machine: Machine, operation: AddColumn, key: Key, table: Table, existing: Column) -> None:
    folded = machine.column_name(operation.column.name)
    if not operation.if_not_exists:
        if machine.postgres:
            message = f'column "{operation.column.name}" of relation "{table.name.name}" already exists'
        else:
            message = f"duplicate column name: {operation.column.name}"
        raise machine.refuse("duplicate_column", message, key, folded)
    new = define_quietly(machine, operation.column)
    if existing.assumed or existing.type == new.type:
        machine.note("skipped", f'column "{existing.name}" exists already', key, folded)
        return
    machine.note(
        "hidden",
        f'column "{existing.name}" of "{table.name.name}" exists already with type {existing.type}, '
        f"not {new.type}: IF NOT EXISTS keeps it as it is",
        key,
        folded,
    )


def _refuse_without_value(machine: Machine, key: Key, column: Column) -> None:
    """Raise the error for a `NOT NULL` column without a default where the table is known to have rows."""
    filled = column.default is not None or column.identity is not None or column.serial or column.generated is not None
    rows = rows_at(machine, Key("rows", key.schema, key.name))
    if filled or rows is None:
        return
    if not any(len(keys.certain) for keys in rows.keys.values()):
        return
    if column.type is not None and column.type.schema is not None:
        # A domain may have a default of its own.
        return
    message = f'column "{column.name}" of relation "{key.name}" contains null values'
    raise machine.refuse("not_null_violation", message, key, column.name)


def _refuse_new_column(machine: Machine, operation: AddColumn, key: Key) -> None:
    """Raise the error for a column that no table can get, or that only some of the tables would get."""
    if machine.postgres:
        if operation.only and inheritors(machine, key):
            name = operation.column.name
            raise machine.refuse("invalid_table_definition", "column must be added to child tables too", key, name)
        return
    # SQLite adds no column with a key, whether the table has rows or not.
    for constraint in operation.constraints:
        if constraint.kind in ("primary", "unique"):
            words = "PRIMARY KEY" if constraint.kind == "primary" else "UNIQUE"
            message = f"Cannot add a {words} column"
            # As good as a mistake in the text: there is no schema on which it could run.
            raise machine.refuse("syntax_error", message, key, operation.column.name.lower())


def refuse_if_row_type_is_used(machine: Machine, key: Key, what: str) -> None:
    """Raise the error for a row or composite type that a column of some table has."""
    for user in machine.schema.on(key):
        table = machine.schema.find(user)
        for column in table.columns.values() if isinstance(table, Table) else ():
            if column.type is not None and (column.type.schema, column.type.name) == (key.schema, key.name):
                uses = "uses it" if what.startswith("type") else "uses its row type"
                message = f'cannot alter {what} because column "{user.name}.{column.name}" {uses}'
                raise machine.refuse("feature_not_supported", message, key)


def inheritors(machine: Machine, key: Key) -> list[Key]:
    """Return partitions and inheriting tables of a table."""
    result = []
    for child, other in machine.schema.heirs(key):
        parents = other.inherits if other.partition_of is None else (*other.inherits, other.partition_of)
        if any(Key("relation", parent.schema or "public", parent.name) == key for parent in parents):
            result.append(child)
    return result


def alter_in_heirs(
    machine: Machine, key: Key, operation: TableOperation, name: str, changes: Mapping[str, Any]
) -> None:
    """Apply the changes of a parent's column to its partitions and inheriting tables, unless with `ONLY`."""
    if not machine.postgres or operation.only:
        return
    for child in inheritors(machine, key):
        table = machine.schema.table(child)
        column = None if table is None else table.columns.get(name)
        if column is not None:
            put_column(machine, child, replace(column, **changes))
            alter_in_heirs(machine, child, operation, name, changes)


def _add_attribute(machine: Machine, operation: AddColumn) -> None:
    key, value = composite(machine, operation)
    if value is None:
        return
    name = operation.column.name
    if name in value.columns:
        raise machine.refuse("duplicate_column", f'column "{name}" of relation "{key.name}" already exists', key, name)
    machine.put(key, replace(value, columns=with_part(value.columns, name, define_quietly(machine, operation.column))))


def composite(machine: Machine, operation: TableOperation) -> tuple[Key, Composite | None]:
    """Return a composite type to alter, with None when it is not known."""
    key = machine.key(operation.table, "type")
    found = machine.schema.get(key)
    if isinstance(found, Absent):
        raise machine.refuse("undefined_object", f'type "{operation.table}" does not exist', key)
    return key, found if isinstance(found, Composite) and not found.assumed else None


def drop_column(machine: Machine, operation: DropColumn) -> None:
    """`DROP COLUMN`, with the indexes and constraints that go with it."""
    if operation.kind == "type":
        _drop_attribute(machine, operation)
        return
    found = altered(machine, operation)
    if found is None:
        return
    key, table = found
    folded = machine.column_name(operation.column)
    column = table.columns.get(folded)
    if column is None and not _is_assumed(machine, operation, key, table):
        return
    _refuse_drop(machine, operation, key, table)
    part = Part("column", folded)
    children = inheritors(machine, key) if machine.postgres and not operation.only else ()
    having = (child for child in children if folded in getattr(machine.schema.find(child), "columns", ()))
    nodes = (Node(key, part), *(Node(child, part) for child in having))
    of = f"column {folded} of table {table.name.name}"
    delete(machine, nodes, of=of, key=key, cascade=operation.cascade)
    machine.note("lost", f'the values of column "{operation.column}"', key, folded)


def _refuse_drop(machine: Machine, operation: DropColumn, key: Key, table: Table) -> None:
    """Raise the error for a column that cannot be dropped."""
    folded, message = machine.column_name(operation.column), None
    if not machine.postgres:
        if len(table.columns) == 1 and not table.assumed:
            message = f'cannot drop column "{operation.column}": no other columns exist'
    elif is_inherited(machine, table, folded):
        message = f'cannot drop inherited column "{operation.column}"'
    elif in_partition_key(table, folded):
        message = f'cannot drop column "{folded}" because it is part of the partition key of relation "{key.name}"'
    elif operation.only and table.partition_by is not None and inheritors(machine, key):
        message = "cannot drop column from only the partitioned table when partitions exist"
    if message is not None:
        raise machine.refuse("invalid_table_definition", message, key, folded)
    if not machine.postgres:
        refuse_if_broken(machine)
        refuse_if_column_is_used(machine, key, folded)


def _is_assumed(machine: Machine, operation: DropColumn, key: Key, table: Table) -> bool:
    """Assume the column to drop, which no script has created, and return whether it is certain to exist.

    Raises `Refused` if it is certain not to, and the statement has no guard.
    """
    folded = machine.column_name(operation.column)
    if table.assumed and folded not in table.absent:
        if not operation.if_exists:
            column_of(machine, key, table, operation.column)
            return True
        # It may or may not be there: whether a later ADD COLUMN restores it is not known.
        assume_column(machine, key, folded, Column(operation.column, None, None, assumed=True))
        table = machine.schema.table(key) or table
        columns = without_part(table.columns, folded)
        machine.put(key, replace(table, columns=columns, absent=with_name(table.absent, folded)))
        return False
    if operation.if_exists:
        machine.note("missing", f'column "{operation.column}" does not exist, skipped', key, folded)
        return False
    if machine.postgres:
        raise no_column(machine, key, operation.column)
    raise machine.refuse("undefined_column", f'no such column: "{operation.column}"', key, folded)


def in_partition_key(table: Table, column: str) -> bool:
    """Whether a table is partitioned by a column, or by an expression over it."""
    return any(
        element.column == column or (element.expression is not None and column in element.expression.columns)
        for element in table.partition_key
    )


def is_inherited(machine: Machine, table: Table, column: str) -> bool:
    """Whether a column comes from a parent table: it changes with that alone."""
    parents = table.inherits if table.partition_of is None else (table.partition_of,)
    found = (machine.schema.table(relation_key(parent, machine.dialect)) for parent in parents)
    return any(parent is not None and column in parent.columns for parent in found)


def _drop_attribute(machine: Machine, operation: DropColumn) -> None:
    key, value = composite(machine, operation)
    if value is None:
        return
    if operation.column not in value.columns:
        if operation.if_exists:
            machine.note("missing", f'attribute "{operation.column}" does not exist, skipped', key)
            return
        raise no_column(machine, key, operation.column)
    machine.put(key, replace(value, columns=without_part(value.columns, operation.column)))
