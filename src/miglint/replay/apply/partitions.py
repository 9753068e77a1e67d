"""The rules of partitioned tables: their keys, their bounds, and what becomes a partition."""

from __future__ import annotations

from miglint.replay.apply.machine import Machine
from miglint.schema.bounds import DEFAULT, bounds_overlap
from miglint.schema.objects import Key, Table
from miglint.sql.operations import Constraint, CreateIndex

# How the bound of a partition begins, by what the table is partitioned by.
_FORMS = {"range": "from (", "list": "in (", "hash": "with ("}


def partition_columns(table: Table) -> tuple[str, ...] | None:
    """Return the columns that a table is partitioned by, None where an expression is among them."""
    names = tuple(element.column for element in table.partition_key if element.column is not None)
    return names if len(names) == len(table.partition_key) else None


def refuse_without_partition_key(machine: Machine, key: Key, table: Table, written: Constraint) -> None:
    """Raise the errors for a key of a partitioned table: it holds the partition key, and adopts no index."""
    if table.partition_by is None or not machine.postgres:
        return
    if written.using_index is not None:
        message = "ALTER TABLE / ADD CONSTRAINT USING INDEX is not supported on partitioned tables"
        raise machine.refuse("feature_not_supported", message, key)
    _refuse_columns(machine, key, table, written.columns)


def _refuse_columns(machine: Machine, key: Key, table: Table, columns: tuple[str, ...]) -> None:
    wanted = partition_columns(table)
    if wanted is None:
        word = "PRIMARY KEY" if table.partition_key else ""
        message = f"unsupported {word} constraint with partition key definition"
        raise machine.refuse("feature_not_supported", message, key)
    if not set(wanted) <= set(columns):
        message = "unique constraint on partitioned table must include all partitioning columns"
        raise machine.refuse("feature_not_supported", message, key)


def refuse_index(machine: Machine, key: Key, table: Table, operation: CreateIndex) -> None:
    """Raise the errors for an index of a partitioned table."""
    if table.partition_by is None or not machine.postgres:
        return
    if operation.concurrently:
        message = f'cannot create index on partitioned table "{key.name}" concurrently'
        raise machine.refuse("feature_not_supported", message, key)
    if operation.unique:
        _refuse_columns(machine, key, table, tuple(element.column or "" for element in operation.elements))


def refuse_bound(machine: Machine, parent: Key, name: str, bound: str | None, *, attached: bool) -> None:
    """Raise the errors for a new partition whose bound overlaps another one's or is empty."""
    table = machine.schema.table(parent)
    if table is None or bound is None:
        return
    if table.partition_by is None:
        if not table.assumed:
            message = f'table "{parent.name}" is not partitioned'
            condition = "wrong_object_type" if attached else "invalid_object_definition"
            raise machine.refuse(condition, message, parent)
        return
    _refuse_form(machine, parent, table.partition_by, bound)
    for other_key in machine.schema.rivals(parent, bound):
        other = machine.schema.table(other_key)
        if other is None or other.partition_of is None or other.partition_bound is None or other_key.name == name:
            continue
        if bound == DEFAULT and other.partition_bound == DEFAULT:
            message = f'partition "{name}" conflicts with existing default partition "{other_key.name}"'
            raise machine.refuse("invalid_object_definition", message, parent)
        if bounds_overlap(bound, other.partition_bound):
            message = f'partition "{name}" would overlap partition "{other_key.name}"'
            raise machine.refuse("invalid_object_definition", message, parent)


def _refuse_form(machine: Machine, parent: Key, partition_by: str, bound: str) -> None:
    """Raise the errors for a bound of another form than the table's strategy has."""
    strategy = partition_by.partition(" ")[0]
    if bound == DEFAULT:
        if strategy == "hash":
            message = "a hash-partitioned table may not have a default partition"
            raise machine.refuse("invalid_object_definition", message, parent)
    elif not bound.startswith(_FORMS.get(strategy, "")):
        message = f"invalid bound specification for a {strategy} partition"
        raise machine.refuse("invalid_object_definition", message, parent)


def refuse_attached(machine: Machine, parent: Key, child: Key) -> None:
    """Raise the errors for a table that cannot become a partition: its columns are not those of the whole."""
    whole, part = machine.schema.table(parent), machine.schema.table(child)
    if whole is None or part is None or whole.assumed or part.assumed:
        return
    for name, column in whole.columns.items():
        other = part.columns.get(name)
        if other is None:
            message = f'child table is missing column "{name}"'
            raise machine.refuse("datatype_mismatch", message, child, name)
        if column.type is not None and other.type is not None and column.type != other.type:
            message = f'child table "{child.name}" has different type for column "{name}"'
            raise machine.refuse("datatype_mismatch", message, child, name)
        if column.nullable is False and other.nullable:
            message = f'column "{name}" in child table "{child.name}" must be marked NOT NULL'
            raise machine.refuse("datatype_mismatch", message, child, name)
    for name in part.columns:
        if name not in whole.columns:
            message = f'table "{child.name}" contains column "{name}" not found in parent "{parent.name}"'
            raise machine.refuse("datatype_mismatch", message, child, name)
