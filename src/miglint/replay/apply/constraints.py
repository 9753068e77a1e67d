"""Adding, dropping, renaming and validating constraints, with the indexes behind them."""

from __future__ import annotations

from collections.abc import Mapping

from miglint.base.structs import replace
from miglint.replay.apply.clustering import forget
from miglint.replay.apply.constraint_errors import (
    INDEXED,
    check_expression,
    refuse_definition,
    refuse_missing_columns,
    refuse_persistence,
    refuse_reference,
    refuse_rows,
    refuse_taken_name,
    refuse_taken_names,
    refuse_unfit_index,
    refuse_unfit_types,
)
from miglint.replay.apply.foreign_keys import fitting, only_deferrable
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.naming import choose_part, choose_relation, column_part, join, truncate
from miglint.replay.apply.remarks import follow_part
from miglint.schema.name_sets import with_name, without_name
from miglint.schema.objects import Absent, Index, Key, Part, Table, View
from miglint.schema.parts import of_kind, with_part, with_renamed
from miglint.sql.operations import (
    Column,
    ColumnUse,
    Constraint,
    IndexElement,
    Name,
)

_LABELS = {"primary": "pkey", "unique": "key", "check": "check", "foreign": "fkey", "exclude": "excl"}


def not_null_column(table: Table, name: str) -> str | None:
    """Return the column whose `NOT NULL` constraint (PostgreSQL 18) has that name."""
    for label, column in table.columns.items():
        if column.nullable is False and not_null_name(table.name.name, column) in (name, name.rstrip("0123456789")):
            return label
    return None


def not_null_name(table: str, column: Column) -> str:
    """Return the name of a column's `NOT NULL` constraint."""
    return column.not_null_name or join(table, column.name, "not_null")


def _with_assumed_name(machine: Machine, key: Key, table: Table, name: str) -> Table:
    """Assume that a table has no constraint of that name, if it is not known."""
    if not table.assumed or name in table.absent:
        return table
    machine.assume_part(key, "constraint", name, None)
    return machine.schema.table(key) or table


def add_constraint(machine: Machine, key: Key, written: Constraint, *, creating: bool = False) -> None:
    """Add a constraint to a table, under its own or a generated name. Raises `Refused` for a name that is taken.

    `creating` is True while the table itself is being made.
    """
    table = machine.schema.table(key)
    if table is None:
        return
    written = replace(written, span=machine.in_statement(written.span))
    if not machine.postgres:
        _add_sqlite(machine, key, table, written)
        return
    if written.kind == "not_null":
        _not_null(machine, key, table, written, creating=creating)
        return
    referenced = None
    if written.table is not None:
        referenced = machine.full(written.table)
        written = _with_target(machine, key, written, written.table, creating=creating)
        table = machine.schema.table(key) or table
    refuse_definition(machine, key, table, written)
    generated = written.name is None
    name = truncate(written.name) if written.name is not None else _generated(machine, key, table, written)
    if written.using_index is not None:
        _adopt(machine, key, table, written, name)
        return
    refuse_taken_names(machine, key, table, written, name)
    table = table if generated else _with_assumed_name(machine, key, table, name)
    check_expression(machine, key, table, written.expression, creating=creating)
    if not creating:
        refuse_rows(machine, key, written, name)
    constraint = replace(
        written,
        # There are no rows yet that NOT VALID could leave out.
        validated=written.validated or creating,
        name=name,
        expression=machine.expression(written.expression),
        where=machine.expression(written.where),
        table=referenced,
        generated=generated,
    )
    if written.kind in INDEXED:
        _create_index(machine, key, table, constraint, name)
    _store(machine, key, machine.schema.table(key) or table, constraint, name)


def _store(machine: Machine, key: Key, table: Table, constraint: Constraint, name: str) -> None:
    columns = _with_not_null(table.columns, constraint.columns) if constraint.kind == "primary" else table.columns
    machine.put(key, replace(table, columns=columns, constraints=with_part(table.constraints, name, constraint)))


def _with_not_null(columns: Mapping[str, Column], names: tuple[str, ...]) -> Mapping[str, Column]:
    for name in names:
        column = columns.get(name)
        if column is not None and column.nullable is not False:
            columns = with_part(columns, name, replace(column, nullable=False))
    return columns


def _with_target(machine: Machine, key: Key, written: Constraint, name: Name, *, creating: bool) -> Constraint:
    """Return a foreign key with the columns of the table `name` that it refers to, and the key that it rests on."""
    if isinstance(machine.relation(name)[1], View):
        message = f'referenced relation "{name.name}" is not a table'
        raise machine.refuse("wrong_object_type", message, machine.key(name))
    target = machine.table(name)
    table = machine.schema.table(key)
    if target is None or table is None:
        return written
    if not written.referenced:
        primary = next((c.columns for c in of_kind(target[1].constraints, "primary")), ())
        written = replace(written, referenced=primary)
    if machine.postgres:
        refuse_persistence(machine, key, table, target[1])
    # A table of a forward is created nevertheless: REF007 reports its key, and other rules look at the table itself.
    deferrable = only_deferrable(machine, target[0], target[1], written.referenced)
    disagrees = bool(written.referenced) and len(written.columns) != len(written.referenced)
    if machine.strict or not creating or deferrable or disagrees:
        refuse_reference(machine, key, table, written, *target)
    candidates = fitting(machine, target[0], target[1], written.referenced)
    return replace(written, rests_on=candidates[0] if len(candidates) == 1 else None)


def _create_index(machine: Machine, key: Key, table: Table, constraint: Constraint, name: str) -> None:
    """Create the index behind a constraint."""
    refuse_missing_columns(machine, key, table, constraint.columns)
    refuse_unfit_types(machine, key, table, constraint)
    machine.create(
        Key("relation", key.schema, name),
        Index(
            Name(key.schema, name),
            Name(key.schema, table.name.name),
            tuple(IndexElement(column) for column in constraint.columns),
            unique=constraint.kind != "exclude",
            method=constraint.method or ("gist" if constraint.kind == "exclude" else "btree"),
            include=constraint.include,
            nulls_not_distinct=constraint.nulls_not_distinct,
            constraint=name,
            options=constraint.options,
            generated=constraint.generated,
        ),
    )


def _not_null(machine: Machine, key: Key, table: Table, written: Constraint, *, creating: bool) -> None:
    columns = table.columns
    for name in written.columns:
        column = columns.get(name)
        if column is None:
            continue
        other_name = column.nullable is False and not_null_name(key.name, column) != written.name
        if written.name is not None and other_name and not creating:
            raise machine.refuse(
                "object_not_in_prerequisite_state",
                f'cannot create not-null constraint "{written.name}" on column "{name}" of table "{key.name}"',
                key,
                written.name,
            )
        columns = with_part(columns, name, replace(column, nullable=False, not_null_name=written.name))
    machine.put(key, replace(table, columns=columns))


def _generated(machine: Machine, key: Key, table: Table, written: Constraint) -> str:
    base, label = table.name.name, _LABELS[written.kind]
    if written.kind == "primary":
        part = None
    elif written.kind == "check":
        part = written.columns[0] if len(set(written.columns)) == 1 else None
    else:
        part = column_part((*written.columns, *written.include)) or None
    if written.kind not in INDEXED:
        return choose_part(table.constraints, base, part, label)
    name, machine.schema = choose_relation(machine.schema, key.schema, base, part, label, table.constraints)
    return name


def _adopt(machine: Machine, key: Key, table: Table, written: Constraint, name: str) -> None:
    # ADD CONSTRAINT ... USING INDEX takes an index over and renames it to the constraint's name.
    index_name = written.using_index or name
    name = written.name or index_name
    index_key = Key("relation", key.schema, index_name)
    index = machine.schema.get(index_key)
    if isinstance(index, Absent):
        raise machine.refuse("undefined_object", f'index "{index_name}" does not exist', index_key)
    columns = written.columns
    if isinstance(index, Index):
        if index.constraint is not None:
            raise machine.refuse(
                "object_not_in_prerequisite_state",
                f'index "{index_name}" is already associated with a constraint',
                index_key,
            )
        refuse_unfit_index(machine, index_key, index)
        columns = tuple(element.column for element in index.elements if element.column is not None)
        refuse_taken_name(machine, key, table, name)
        machine.drop(index_key)
        machine.create(Key("relation", key.schema, name), replace(index, name=Name(key.schema, name), constraint=name))
    else:
        refuse_taken_name(machine, key, table, name)
    table = machine.schema.table(key) or table
    _store(machine, key, table, replace(written, name=name, columns=columns, using_index=None), name)


def _add_sqlite(machine: Machine, key: Key, table: Table, written: Constraint) -> None:
    referenced = None if written.table is None else Name(key.schema, written.table.name)
    name = written.name.lower() if written.name is not None else f"#{len(table.constraints) + 1}"
    while name in table.constraints:
        # In SQLite several constraints may have one name; the keys of the mapping must differ.
        name += "'"
    constraint = replace(
        written,
        table=referenced,
        columns=tuple(column.lower() for column in written.columns),
        referenced=tuple(column.lower() for column in written.referenced),
    )
    machine.put(key, replace(table, constraints=with_part(table.constraints, name, constraint)))


def rename_in_table(machine: Machine, key: Key, old: str, new: str) -> None:
    """Rename a constraint and the index behind it."""
    table = machine.schema.table(key)
    if table is None or old not in table.constraints:
        return
    index_key, new_key = Key("relation", key.schema, old), Key("relation", key.schema, new)
    index = machine.schema.find(index_key)
    if table.constraints[old].kind in INDEXED and isinstance(index, Index):
        if new_key in machine.schema:
            raise machine.refuse("duplicate_table", f'relation "{new}" already exists', new_key)
        forget(machine, index, new)
        table = machine.schema.table(key) or table
        machine.drop(index_key)
        machine.create(new_key, replace(index, name=Name(key.schema, new), constraint=new, generated=False))
    renamed = replace(table.constraints[old], name=new, generated=False)
    constraints = with_renamed(table.constraints, old, new, renamed)
    absent = without_name(with_name(table.absent, old), new) if table.assumed else table.absent
    machine.put(key, replace(table, constraints=constraints, absent=absent))
    follow_part(machine, key, Part("constraint", old), Part("constraint", new))
    if renamed.kind == "primary":
        _rename_in_views(machine, key, old, new)


def _rename_in_views(machine: Machine, key: Key, old: str, new: str) -> None:
    """Rename a primary key in the views that group by it."""
    needed = ColumnUse(Name(key.schema, key.name), old)
    for user in machine.schema.needing(key, Part("constraint", old)):
        view = machine.schema.find(user)
        if isinstance(view, View) and view.query is not None and needed in view.query.keys:
            keys = tuple(use._replace(column=new) if use == needed else use for use in view.query.keys)
            machine.put(user, replace(view, query=replace(view.query, keys=keys)))
