"""The rules of partitioned tables: their keys, their bounds, and what becomes a partition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from miglint.base.structs import replace
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.typed import check_default, check_partition_key, refuse_unindexable
from miglint.schema.bounds import (
    DEFAULT,
    are_mixed_moduli,
    bounds_overlap,
    ends_of,
    hash_of,
    holds_value,
    is_empty,
    values_of,
)
from miglint.schema.depends import relation_key
from miglint.schema.objects import Key, Table
from miglint.schema.parts import with_part
from miglint.sql.operations import Column, Constraint, CreateIndex, CreateTable, DetachPartition, Expression, Insert

# How the bound of a partition begins, by what the table is partitioned by.
_FORMS = {"range": "from (", "list": "in (", "hash": "with ("}


def partition_columns(table: Table) -> tuple[str, ...] | None:
    """Return the columns that a table is partitioned by, None where an expression is among them."""
    names = tuple(element.column for element in table.partition_key if element.column is not None)
    return names if len(names) == len(table.partition_key) else None


def refuse_partition_key(machine: Machine, key: Key, table: Table, operation: CreateTable) -> None:
    """Raise the errors for an invalid partition key."""
    if table.partition_by is None or not machine.postgres:
        return
    if table.persistence == "unlogged":
        # Since PostgreSQL 18; before, it had no effect.
        raise machine.refuse("wrong_object_type", "partitioned tables cannot be unlogged", key)
    strategy = table.partition_by.partition(" ")[0]
    if strategy == "list" and len(table.partition_key) > 1:
        message = 'cannot use "list" partition strategy with more than one column'
        raise machine.refuse("invalid_object_definition", message, key)
    for element in table.partition_key:
        column = table.columns.get(element.column or "")
        if column is not None:
            if column.generated is not None:
                message = "cannot use generated column in partition key"
                raise machine.refuse("invalid_object_definition", message, key, column.name)
            refuse_unindexable(machine, key, "hash" if strategy == "hash" else "btree", column.type)
        elif element.column is not None and not operation.likes and not table.assumed:
            message = f'column "{element.column}" named in partition key does not exist'
            raise machine.refuse("undefined_column", message, key, element.column)
        elif element.expression is not None:
            check_partition_key(machine, key, element.expression)


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
    _refuse_values(machine, parent, table, name, bound)
    for other_key in machine.schema.rivals(parent, bound):
        other = machine.schema.table(other_key)
        if other is None or other.partition_of is None or other.partition_bound is None or other_key.name == name:
            continue
        if relation_key(other.partition_of, machine.dialect) != parent:
            continue  # It only refers to the table.
        conflict = _conflict(name, bound, other_key.name, other.partition_bound)
        if conflict is not None:
            raise machine.refuse("invalid_object_definition", conflict, parent)


def _conflict(name: str, bound: str, other: str, other_bound: str) -> str | None:
    """Return the error for two partitions of one table, None if there can be both."""
    if bound == DEFAULT and other_bound == DEFAULT:
        return f'partition "{name}" conflicts with existing default partition "{other}"'
    if are_mixed_moduli(bound, other_bound):
        return "every hash partition modulus must be a factor of the next larger modulus"
    if bounds_overlap(bound, other_bound):
        return f'partition "{name}" would overlap partition "{other}"'
    return None


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


def _refuse_values(machine: Machine, parent: Key, table: Table, name: str, bound: str) -> None:
    """Raise the errors for the values of a bound: there are too few, they are no values, or lie in the wrong order."""
    if (hashed := hash_of(bound)) is not None and hashed[1] >= hashed[0]:
        message = "remainder for hash partition must be less than modulus"
        raise machine.refuse("invalid_object_definition", message, parent)
    ends = ends_of(bound)
    for word, values in zip(("FROM", "TO"), ends or (), strict=False):
        if len(values) != len(table.partition_key):
            message = f"{word} must specify exactly one value per partitioning column"
            raise machine.refuse("invalid_object_definition", message, parent)
        for element, value in zip(table.partition_key, values, strict=True):
            _refuse_value(machine, parent, table, element.column, value)
    if bound.startswith("in ("):
        for value in values_of(bound[4:-1]):
            _refuse_value(machine, parent, table, table.partition_key[0].column if table.partition_key else None, value)
    if is_empty(bound):
        message = f'empty range bound specified for partition "{name}"'
        raise machine.refuse("invalid_object_definition", message, parent)


def _refuse_value(machine: Machine, parent: Key, table: Table, name: str | None, value: str) -> None:
    """Raise the error for a value in a bound that the column of the partition key does not take."""
    column = table.columns.get(name or "")
    if column is None or column.type is None or value in ("minvalue", "maxvalue", "null"):
        return
    literal = value[1:-1].replace("''", "'") if value.startswith("'") and value.endswith("'") else None
    default = Expression(value, value, literal=value if literal is None else literal)
    check_default(machine, parent, replace(column, default=default, identity=None))


def _mismatch(child: str, name: str, column: Column, other: Column | None) -> str | None:
    """Return the error for a column of a table to attach that differs from the column of the whole, or None."""
    if other is None:
        return f'child table is missing column "{name}"'
    if column.type is not None and other.type is not None and column.type != other.type:
        return f'child table "{child}" has different type for column "{name}"'
    if column.nullable is False and other.nullable:
        return f'column "{name}" in child table "{child}" must be marked NOT NULL'
    return None


def _missing_check(whole: Table, part: Table) -> str | None:
    checks = (name for name, item in whole.constraints.items() if item.kind == "check" and not item.no_inherit)
    return next((name for name in checks if name not in part.constraints), None)


def refuse_attached(machine: Machine, parent: Key, child: Key) -> None:
    """Raise the errors for a table that cannot become a partition: its columns are not those of the whole."""
    whole, part = machine.schema.table(parent), machine.schema.table(child)
    if whole is None or part is None:
        return
    if part.inherits and whole.partition_by is not None:
        message = "cannot attach inheritance child as partition"
        raise machine.refuse("wrong_object_type", message, child)
    if whole.assumed or part.assumed:
        return
    missing = _missing_check(whole, part)
    if missing is not None:
        message = f'child table is missing constraint "{missing}"'
        raise machine.refuse("datatype_mismatch", message, child, missing)
    for name, column in whole.columns.items():
        difference = _mismatch(child.name, name, column, part.columns.get(name))
        if difference is not None:
            raise machine.refuse("datatype_mismatch", difference, child, name)
    extra = next((name for name in part.columns if name not in whole.columns), None)
    if extra is not None:
        message = f'table "{child.name}" contains column "{extra}" not found in parent "{parent.name}"'
        raise machine.refuse("datatype_mismatch", message, child, extra)


def refuse_circular(machine: Machine, parent: Key, child: Key) -> None:
    """Raise the error for a table that would be a partition or an heir of itself."""
    pending, seen = [parent], {parent}
    while pending:
        key = pending.pop()
        if key == child:
            raise machine.refuse("duplicate_table", "circular inheritance not allowed", child)
        table = machine.schema.table(key)
        if table is None:
            continue
        names = table.inherits if table.partition_of is None else (*table.inherits, table.partition_of)
        above = {relation_key(name, machine.dialect) for name in names} - seen
        seen |= above
        pending += sorted(above)


def detached_checks(machine: Machine, table: Table, operation: DetachPartition) -> Table:
    """Return a detached partition: `CONCURRENTLY` leaves its bound behind as a check, which nothing drops again.

    The identity of a column is that of the parent, and stays with it.
    """
    for label, own in table.columns.items():
        if own.identity:
            table = replace(table, columns=with_part(table.columns, label, replace(own, identity=None)))
    parent = machine.schema.table(machine.key(operation.table))
    bound = table.partition_bound
    if not operation.concurrently or parent is None or bound is None or bound == DEFAULT:
        return table
    column = parent.partition_key[0].column if len(parent.partition_key) == 1 else None
    name = f"{table.name.name}_{column}_check" if column else f"{table.name.name}_check"
    text = f"partition bound {bound}"
    check = Constraint("check", name, expression=Expression(text, ""), generated=True)
    return replace(table, constraints=with_part(table.constraints, name, check))


def _fits_none(value: str, bounds: Iterable[str | None]) -> bool:
    """Return whether no partition can have a value: a default one, or one with an unknown bound, may have it."""
    return all(bound not in (None, DEFAULT) and holds_value(bound or "", value) is False for bound in bounds)


def refuse_unrouted(machine: Machine, key: Key, table: Table, operation: Insert) -> None:
    """Raise the error for rows of constants that no partition takes."""
    columns = partition_columns(table) if table.partition_by is not None and not table.assumed else None
    if not machine.postgres or columns is None or len(columns) != 1 or not machine.schema.rooted:
        return
    names = list(operation.columns) or list(table.columns)
    if columns[0] not in names or operation.query is not None:
        return
    bounds = [part.partition_bound for part in map(machine.schema.table, machine.partitions(key)) if part is not None]
    if any(_fits_none(value, bounds) for value in _constants_at(operation, names.index(columns[0]))):
        raise machine.refuse("check_violation", f'no partition of relation "{key.name}" found for row', key)


def _constants_at(operation: Insert, place: int) -> Iterator[str]:
    """Yield the constants that rows have at a place, as canonical text, without NULLs."""
    for row in operation.rows or ():
        value = row[place] if place < len(row) else None
        if value is not None and value.literal is not None and value.key != "null":
            yield value.key


def refuse_truncate(machine: Machine, key: Key, *, only: bool) -> None:
    """Raise the error for `TRUNCATE ONLY` of a table that has no rows but those of its partitions."""
    table = machine.schema.table(key)
    if only and table is not None and table.partition_by is not None:
        raise machine.refuse("wrong_object_type", "cannot truncate only a partitioned table", key)
