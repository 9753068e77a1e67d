"""Adding, dropping, renaming and validating constraints, with the indexes behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from miglint.base.structs import replace
from miglint.replay.apply.clustering import forget
from miglint.replay.apply.foreign_keys import fitting, only_deferrable, refuse_foreign_action, refuse_incomparable
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.naming import choose_part, choose_relation, column_part, join, truncate
from miglint.replay.apply.partitions import refuse_without_partition_key
from miglint.replay.apply.remarks import follow_part
from miglint.replay.apply.row_contents import refuse_duplicates, refuse_nulls, refuse_unchecked
from miglint.replay.apply.typed import check_condition, refuse_unindexable
from miglint.schema.name_sets import with_name, without_name
from miglint.schema.objects import Absent, Index, Key, Part, Table, View
from miglint.schema.parts import of_kind, with_part, with_renamed
from miglint.sql.operations import (
    Column,
    ColumnUse,
    Constraint,
    Expression,
    IndexElement,
    Name,
)

_SYSTEM_COLUMNS = ("ctid", "tableoid", "xmin", "xmax", "cmin", "cmax")
_INDEXED = frozenset({"primary", "unique", "exclude"})
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
    _refuse_definition(machine, key, table, written)
    generated = written.name is None
    name = truncate(written.name) if written.name is not None else _generated(machine, key, table, written)
    if written.using_index is not None:
        _adopt(machine, key, table, written, name)
        return
    _refuse_taken_names(machine, key, table, written, name)
    table = table if generated else _with_assumed_name(machine, key, table, name)
    _check_expression(machine, key, table, written.expression, creating=creating)
    if not creating:
        _refuse_rows(machine, key, written, name)
    constraint = replace(
        written,
        # There are no rows yet that NOT VALID could leave out.
        validated=written.validated or creating,
        name=name,
        expression=machine.expression(written.expression),
        table=referenced,
        generated=generated,
    )
    if written.kind in _INDEXED:
        _create_index(machine, key, table, constraint, name)
    _store(machine, key, machine.schema.table(key) or table, constraint, name)


def _store(machine: Machine, key: Key, table: Table, constraint: Constraint, name: str) -> None:
    columns = _with_not_null(table.columns, constraint.columns) if constraint.kind == "primary" else table.columns
    machine.put(key, replace(table, columns=columns, constraints=with_part(table.constraints, name, constraint)))


def _refuse_rows(machine: Machine, key: Key, written: Constraint, name: str) -> None:
    """Raise the error for a constraint that one of the known rows violates."""
    if written.kind == "check" and written.validated:
        refuse_unchecked(machine, key, replace(written, name=name))
    elif written.kind in ("primary", "unique") and not written.without_overlaps:
        if written.kind == "primary":
            refuse_nulls(machine, key, written.columns)
        refuse_duplicates(machine, key, name, written.columns, None, nulls=written.nulls_not_distinct)


def _with_not_null(columns: Mapping[str, Column], names: tuple[str, ...]) -> Mapping[str, Column]:
    for name in names:
        column = columns.get(name)
        if column is not None and column.nullable is not False:
            columns = with_part(columns, name, replace(column, nullable=False))
    return columns


def _refuse_definition(machine: Machine, key: Key, table: Table, written: Constraint) -> None:
    if written.kind == "foreign":
        refuse_foreign_action(machine, key, table, written)
    elif written.kind in _INDEXED:
        refuse_without_partition_key(machine, key, table, written)


def _check_expression(
    machine: Machine, key: Key, table: Table, expression: Expression | None, *, creating: bool
) -> None:
    if expression is not None:
        if not creating:
            check_mentioned(machine, key, table, expression)
        check_condition(machine, key, expression)


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
        _refuse_persistence(machine, key, table, target[1])
    # A table of a forward is created nevertheless: REF007 reports its key, and other rules look at the table itself.
    deferrable = only_deferrable(machine, target[0], target[1], written.referenced)
    disagrees = bool(written.referenced) and len(written.columns) != len(written.referenced)
    if machine.strict or not creating or deferrable or disagrees:
        _check_reference(machine, key, table, written, *target)
    candidates = fitting(machine, target[0], target[1], written.referenced)
    return replace(written, rests_on=candidates[0] if len(candidates) == 1 else None)


def _refuse_taken_names(machine: Machine, key: Key, table: Table, written: Constraint, name: str) -> None:
    """Raise the errors for a second primary key, and for a name that another constraint or relation has."""
    if written.kind == "primary" and of_kind(table.constraints, "primary"):
        raise machine.refuse(
            "invalid_table_definition",
            f'multiple primary keys for table "{table.name.name}" are not allowed',
            key,
            name,
        )
    index_key = Key("relation", key.schema, name)
    if written.kind in _INDEXED and machine.schema.find(index_key) is not None:
        # The index is made first, so it is its name that is taken.
        raise machine.refuse("duplicate_table", f'relation "{name}" already exists', index_key)
    if name in table.constraints:
        raise machine.refuse(
            "duplicate_object", f'constraint "{name}" for relation "{table.name.name}" already exists', key, name
        )


def _create_index(machine: Machine, key: Key, table: Table, constraint: Constraint, name: str) -> None:
    """Create the index behind a constraint."""
    _check_columns(machine, key, table, constraint.columns)
    _check_classes(machine, key, table, constraint)
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
            generated=constraint.generated,
        ),
    )


def _check_columns(machine: Machine, key: Key, table: Table, columns: tuple[str, ...]) -> None:
    for column in columns:
        if column not in table.columns and (not table.assumed or column in table.absent):
            raise machine.refuse("undefined_column", f'column "{column}" named in key does not exist', key, column)


def _check_classes(machine: Machine, key: Key, table: Table, written: Constraint) -> None:
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
        if column not in table.columns and column not in (*_SYSTEM_COLUMNS, table.name.name):
            raise machine.refuse("undefined_column", f'column "{column}" does not exist', key, column)


def _refuse_missing_columns(machine: Machine, key: Key, table: Table, columns: Iterable[str]) -> None:
    if table.assumed or table.kind != "table":
        return
    for column in columns:
        if column not in table.columns:
            message = f'column "{column}" referenced in foreign key constraint does not exist'
            raise machine.refuse("undefined_column", message, key, column)


def _check_reference(machine: Machine, key: Key, table: Table, written: Constraint, place: Key, target: Table) -> None:
    """Raise the error for a foreign key whose columns are not there, or that refers to columns that are no key."""
    _refuse_missing_columns(machine, key, table, written.columns)
    _refuse_missing_columns(machine, place, target, written.referenced)
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


def _refuse_persistence(machine: Machine, key: Key, table: Table, target: Table) -> None:
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
        part = column_part(written.columns) or None
    if written.kind not in _INDEXED:
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
        _refuse_unfit(machine, index_key, index)
        columns = tuple(element.column for element in index.elements if element.column is not None)
        _refuse_taken(machine, key, table, name)
        machine.drop(index_key)
        machine.create(Key("relation", key.schema, name), replace(index, name=Name(key.schema, name), constraint=name))
    else:
        _refuse_taken(machine, key, table, name)
    table = machine.schema.table(key) or table
    changed = table.columns
    if written.kind == "primary":
        for item in columns:
            if item in changed:
                changed = with_part(changed, item, replace(changed[item], nullable=False))
    constraint = replace(written, name=name, columns=columns, using_index=None)
    machine.put(key, replace(table, columns=changed, constraints=with_part(table.constraints, name, constraint)))


def _refuse_taken(machine: Machine, key: Key, table: Table, name: str) -> None:
    if name in table.constraints:
        raise machine.refuse(
            "duplicate_object", f'constraint "{name}" for relation "{table.name.name}" already exists', key, name
        )


def _refuse_unfit(machine: Machine, key: Key, index: Index) -> None:
    """Raise the errors for an index that no key can be made of."""
    if not index.unique:
        raise machine.refuse("wrong_object_type", f'"{key.name}" is not a unique index', key)
    if index.where is not None:
        message = "Cannot create a primary key or unique constraint using such an index."
        raise machine.refuse("wrong_object_type", f'"{key.name}" is a partial index: {message}', key)
    if any(element.column is None for element in index.elements):
        raise machine.refuse("wrong_object_type", f'index "{key.name}" contains expressions', key)


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
    if table.constraints[old].kind in _INDEXED and isinstance(index, Index):
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
