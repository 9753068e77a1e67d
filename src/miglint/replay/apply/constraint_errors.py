"""The errors that the engine raises for a constraint that a table, its columns or its rows do not allow."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.base.structs import replace
from miglint.replay.apply.foreign_keys import fitting, only_deferrable, refuse_foreign_action, refuse_incomparable
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.partitions import refuse_without_partition_key
from miglint.replay.apply.row_contents import refuse_duplicates, refuse_nulls, refuse_unchecked
from miglint.replay.apply.system_names import POSTGRES_COLUMNS
from miglint.replay.apply.typed import check_condition, refuse_unindexable
from miglint.schema.objects import Index, Key, Table
from miglint.schema.parts import of_kind
from miglint.sql.operations import Constraint, Expression

INDEXED = frozenset({"primary", "unique", "exclude"})


def refuse_rows(machine: Machine, key: Key, written: Constraint, name: str) -> None:
    """Raise the error for a constraint that one of the known rows violates."""
    if written.kind == "check" and written.validated:
        refuse_unchecked(machine, key, replace(written, name=name))
    elif written.kind in ("primary", "unique") and not written.without_overlaps:
        if written.kind == "primary":
            refuse_nulls(machine, key, written.columns)
        refuse_duplicates(machine, key, name, written.columns, None, nulls=written.nulls_not_distinct)


def refuse_definition(machine: Machine, key: Key, table: Table, written: Constraint) -> None:
    """Raise the error for a foreign key with an action that it cannot have, or a key without the partition key."""
    if written.kind == "foreign":
        refuse_foreign_action(machine, key, table, written)
    elif written.kind in INDEXED:
        refuse_without_partition_key(machine, key, table, written)


def check_expression(
    machine: Machine, key: Key, table: Table, expression: Expression | None, *, creating: bool
) -> None:
    """Raise the error for the expression of a check; the columns of a table that is being made are not all there."""
    if expression is not None:
        if not creating:
            check_mentioned(machine, key, table, expression)
        check_condition(machine, key, expression)


def refuse_taken_names(machine: Machine, key: Key, table: Table, written: Constraint, name: str) -> None:
    """Raise the errors for a second primary key, and for a name that another constraint or relation has."""
    if written.kind == "primary" and of_kind(table.constraints, "primary"):
        raise machine.refuse(
            "invalid_table_definition",
            f'multiple primary keys for table "{table.name.name}" are not allowed',
            key,
            name,
        )
    index_key = Key("relation", key.schema, name)
    if written.kind in INDEXED and machine.schema.find(index_key) is not None:
        # The index is made first, so it is its name that is taken.
        raise machine.refuse("duplicate_table", f'relation "{name}" already exists', index_key)
    refuse_taken_name(machine, key, table, name)


def refuse_missing_columns(machine: Machine, key: Key, table: Table, columns: tuple[str, ...]) -> None:
    """Raise the error for a column of a key that the table is known not to have."""
    for column in columns:
        if column not in table.columns and (not table.assumed or column in table.absent):
            raise machine.refuse("undefined_column", f'column "{column}" named in key does not exist', key, column)


def refuse_unfit_types(machine: Machine, key: Key, table: Table, written: Constraint) -> None:
    """Raise the error for a key over a type that cannot be compared, or an exclusion over one that the index cannot."""
    method = written.method or ("gist" if written.without_overlaps else "btree")
    elements = f", {written.elements}, " if written.elements is not None else None
    for column in written.columns:
        if column in table.columns and (elements is None or f", {column} with " in elements):
            refuse_unindexable(machine, key, method, table.columns[column].type)
        if elements is not None and method in ("btree", "hash") and f", {column} with <>, " in elements:
            message = f"operator <> is not a member of an operator family of {method}"
            raise machine.refuse("wrong_object_type", message, key)


def check_mentioned(machine: Machine, key: Key, table: Table, expression: Expression) -> None:
    """Raise the error for a column that an expression about a table mentions and the table is known not to have."""
    if table.assumed or table.kind != "table" or expression.relations:
        return
    for column in expression.columns:
        # The table's own name means the whole row.
        if column not in table.columns and column not in (*POSTGRES_COLUMNS, table.name.name):
            raise machine.refuse("undefined_column", f'column "{column}" does not exist', key, column)


def _refuse_unknown(machine: Machine, key: Key, table: Table, columns: Iterable[str]) -> None:
    if table.assumed or table.kind != "table":
        return
    for column in columns:
        if column not in table.columns:
            message = f'column "{column}" referenced in foreign key constraint does not exist'
            raise machine.refuse("undefined_column", message, key, column)


def refuse_reference(machine: Machine, key: Key, table: Table, written: Constraint, place: Key, target: Table) -> None:
    """Raise the error for a foreign key whose columns are not there, or that refers to columns that are no key."""
    _refuse_unknown(machine, key, table, written.columns)
    _refuse_unknown(machine, place, target, written.referenced)
    known = not target.assumed and target.kind == "table" and written.referenced
    if known and len(written.columns) != len(written.referenced):
        message = "number of referencing and referenced columns for foreign key disagree"
        raise machine.refuse("invalid_foreign_key", message, key)
    # An ALTER TABLE makes keys before it makes foreign keys, in whatever order they stand.
    if known and place != key and only_deferrable(machine, place, target, written.referenced):
        message = f'cannot use a deferrable unique constraint for referenced table "{target.name.name}"'
        raise machine.refuse("object_not_in_prerequisite_state", message, place)
    if known and place != key and not fitting(machine, place, target, written.referenced):
        raise machine.refuse(
            "invalid_foreign_key",
            f'there is no unique constraint matching given keys for referenced table "{target.name.name}"',
            place,
        )
    if machine.postgres:
        mine = tuple(table.columns.get(name) for name in written.columns)
        refuse_incomparable(machine, key, mine, tuple(target.columns.get(name) for name in written.referenced))


def refuse_persistence(machine: Machine, key: Key, table: Table, target: Table) -> None:
    """Raise the error for a reference to a table that is less permanent, or of another session."""
    if table.assumed or target.assumed or "foreign" in (table.kind, target.kind):
        return
    if "temporary" in (table.persistence, target.persistence) and table.persistence != target.persistence:
        kinds = "temporary" if table.persistence == "temporary" else table.persistence
        message = f"constraints on {kinds} tables may reference only {kinds} tables"
        raise machine.refuse("invalid_table_definition", message, key)
    if table.persistence == "permanent" and target.persistence == "unlogged":
        message = "constraints on permanent tables may reference only permanent tables"
        raise machine.refuse("invalid_table_definition", message, key)


def refuse_taken_name(machine: Machine, key: Key, table: Table, name: str) -> None:
    """Raise the error for a name that another constraint of the table has."""
    if name in table.constraints:
        raise machine.refuse(
            "duplicate_object", f'constraint "{name}" for relation "{table.name.name}" already exists', key, name
        )


def refuse_unfit_index(machine: Machine, key: Key, index: Index) -> None:
    """Raise the errors for an index that cannot become a key."""
    if not index.unique:
        raise machine.refuse("wrong_object_type", f'"{key.name}" is not a unique index', key)
    if index.where is not None:
        message = "Cannot create a primary key or unique constraint using such an index."
        raise machine.refuse("wrong_object_type", f'"{key.name}" is a partial index: {message}', key)
    if any(element.column is None for element in index.elements):
        raise machine.refuse("wrong_object_type", f'index "{key.name}" contains expressions', key)
