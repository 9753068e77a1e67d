"""Creating tables, partitions, and copies of tables; attaching and detaching."""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.replay.apply.column_definitions import define
from miglint.replay.apply.column_options import set_new_options
from miglint.replay.apply.columns import altered
from miglint.replay.apply.constraints import add_constraint
from miglint.replay.apply.default_privileges import endow
from miglint.replay.apply.indexes import attach_index, copy_index, part_index
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.partitions import (
    detached_checks,
    refuse_attached,
    refuse_bound,
    refuse_circular,
    refuse_partition_key,
)
from miglint.replay.apply.queries import need_query
from miglint.replay.apply.reread import refuse_unknown_columns
from miglint.replay.apply.sqlite_tables import check_table
from miglint.replay.apply.table_from_query import enter_results
from miglint.replay.apply.typed import check_default, check_generated, result_types
from miglint.schema.depends import relation_key
from miglint.schema.describe import kind_of
from miglint.schema.objects import Absent, Composite, Index, Key, SchemaObject, Table
from miglint.schema.parts import with_part
from miglint.schema.repeated_keys import repeated_key
from miglint.sql.operations import (
    AttachPartition,
    Column,
    Constraint,
    CreateTable,
    DetachPartition,
    IndexElement,
    Name,
    SetInherit,
)

_STRICT_TYPES = frozenset(("INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY"))


_NO_PARAMETERS = ("tablespace", "access method", "on commit")


def _options(machine: Machine, operation: CreateTable) -> dict[str, str]:
    """Return what is set for a new table, under the names that `ALTER TABLE` has for it."""
    if not machine.postgres:
        return dict.fromkeys(operation.options, "")
    parted = [option.partition("=") for option in operation.options]
    if operation.foreign_server is not None:
        return {name if ": options " in name else f"option {name}": value for name, _, value in parted}
    return {
        name if name in _NO_PARAMETERS or ": " in name else f"storage parameter {name}": value if sign else "true"
        for name, sign, value in parted
    }


def create_table(machine: Machine, operation: CreateTable) -> None:
    """`CREATE TABLE` in all its forms."""
    name = machine.created(operation.name, temporary=operation.temporary)
    key = relation_key(name, machine.dialect)
    existing = machine.schema.find(key)
    described = None
    if operation.query is not None and (machine.postgres or existing is None):
        # PostgreSQL reads the query before it looks whether the table is there.
        need_query(machine, operation.query)
        described = result_types(machine, key, operation.query.text)
    if existing is not None:
        _exists(machine, operation, key, existing)
        return
    if _is_made_of_itself(machine, operation, key):
        if operation.if_not_exists and machine.schema.get(key) is None:
            # It runs where the table is there.
            return
        raise machine.missing_relation(operation.name, key)
    table = _without_columns(machine, operation, name)
    if table.partition_of is not None and machine.postgres:
        of = relation_key(table.partition_of, machine.dialect)
        refuse_bound(machine, of, name.name, operation.partition_bound, attached=False)
    if not machine.postgres:
        check_table(machine, key, operation)
    if operation.strict:
        _refuse_loose_types(machine, operation, key)
    machine.create(key, table)
    machine.made.add(key)
    columns = _inherited(machine, operation)
    unknown = operation.query is not None and not enter_results(machine, operation, columns, described)
    _add_columns(machine, operation, key, name, columns)
    table = replace(table, columns=columns, assumed=unknown)
    machine.put(key, table)
    refuse_partition_key(machine, key, table, operation)
    for column in operation.columns if machine.postgres else ():
        if column.default is not None:
            defined = columns[column.name]
            check_default(machine, key, defined)
            check_generated(machine, key, defined)
    set_new_options(machine, key, operation.settings)
    _like(machine, operation, key)
    _add_constraints(machine, operation, key)
    if machine.postgres and table.persistence != "temporary":
        endow(machine, key, "table", table.kind)


def _is_made_of_itself(machine: Machine, operation: CreateTable, key: Key) -> bool:
    """Return whether a table is its own parent, or a copy of itself."""
    parents = operation.inherits if operation.partition_of is None else (operation.partition_of,)
    return any(machine.key(name) == key for name in (*parents, *(like.source for like in operation.likes)))


def _without_columns(machine: Machine, operation: CreateTable, name: Name) -> Table:
    """Return the new table without its columns and constraints."""
    return Table(
        name,
        kind="virtual table" if operation.virtual else "foreign table" if operation.foreign_server else "table",
        persistence="temporary" if operation.temporary else "unlogged" if operation.unlogged else "permanent",
        partition_by=operation.partition_by,
        partition_key=_resolved_key(machine, operation.partition_key),
        partition_of=None if operation.partition_of is None else machine.full(operation.partition_of),
        partition_bound=operation.partition_bound,
        inherits=tuple(machine.full(parent) for parent in operation.inherits),
        strict=operation.strict,
        without_rowid=operation.without_rowid,
        definition=operation.virtual,
        options=_options(machine, operation),
        source=operation.source,
    )


def _add_columns(machine: Machine, operation: CreateTable, key: Key, table: Name, columns: dict[str, Column]) -> None:
    """Add the columns of the statement to the inherited ones, which it may declare again."""
    merged = bool(operation.inherits) or operation.partition_of is not None or operation.of_type is not None
    for column in operation.columns:
        folded = machine.column_name(column.name)
        if folded in columns and not merged:
            message = (
                f'column "{column.name}" specified more than once'
                if machine.postgres
                else f"duplicate column name: {column.name}"
            )
            raise machine.refuse("duplicate_column", message, key, folded)
        above = columns.get(folded)
        if above is None:
            columns[folded] = define(machine, table, column)
            continue
        # It has what its parent says, and what it says besides.
        found = above if column.type is None else define(machine, table, column)
        default = above.default if column.default is None else column.default
        nullable = False if False in (above.nullable, column.nullable, found.nullable) else found.nullable
        if column.generated is None and above.generated is None and found.identity is None and not found.serial:
            found = replace(found, default=default)
        columns[folded] = replace(found, nullable=nullable)


def _add_constraints(machine: Machine, operation: CreateTable, key: Key) -> None:
    """Add the constraints of the statement and those of the tables that it inherits from."""
    for constraint in _ordered(operation.constraints):
        # In a new table, and only there, a constraint is valid even with NOT VALID.
        valid = machine.postgres and operation.foreign_server is None and constraint.enforced
        add_constraint(machine, key, replace(constraint, validated=True) if valid else constraint, creating=True)
    if not machine.postgres:
        generated = (column.default for column in operation.columns if column.generated is not None)
        checks = (constraint.expression for constraint in operation.constraints)
        refuse_unknown_columns(machine, key, (*generated, *checks))
    if operation.partition_of is not None:
        _inherit_constraints(machine, machine.key(operation.partition_of), key)
    for parent in operation.inherits:
        _inherit_constraints(machine, machine.key(parent), key, checks_only=True)


def _resolved_key(machine: Machine, written: tuple[IndexElement, ...]) -> tuple[IndexElement, ...]:
    return tuple(
        element if element.expression is None else replace(element, expression=machine.expression(element.expression))
        for element in written
    )


def _refuse_loose_types(machine: Machine, operation: CreateTable, key: Key) -> None:
    """Raise the error that SQLite has for a column of a `STRICT` table whose type is not one of its own."""
    for column in operation.columns:
        declared = "" if column.type is None else str(column.type)
        if declared.upper() not in _STRICT_TYPES:
            name = f"{operation.name.name}.{column.name}"
            message = f'unknown datatype for {name}: "{declared}"' if declared else f"missing datatype for {name}"
            raise machine.refuse("undefined_type", message, key, column.name.lower())


def _ordered(constraints: tuple[Constraint, ...]) -> list[Constraint]:
    # The server makes CHECKs first, then the primary key, then other indexes, then foreign keys: names depend on it.
    rank = {"check": 0, "not_null": 0, "primary": 1, "unique": 2, "exclude": 2, "foreign": 3}
    ordered = sorted(constraints, key=lambda constraint: rank.get(constraint.kind, 2))
    kept: list[Constraint] = []
    for constraint in ordered:
        # Of two keys over the same columns the server makes one, the first, with the first name that is given.
        twin = repeated_key(kept, constraint)
        if twin is None:
            kept.append(constraint)
        elif twin.name is None and constraint.name is not None:
            kept[kept.index(twin)] = replace(twin, name=constraint.name)
    return kept


def _exists(machine: Machine, operation: CreateTable, key: Key, existing: SchemaObject) -> None:
    if not operation.if_not_exists:
        if machine.postgres:
            message = f'relation "{operation.name.name}" already exists'
        else:
            message = f"{kind_of(existing)} {operation.name.name} already exists"
        raise machine.refuse("duplicate_table", message, key)
    if isinstance(existing, Index) and not machine.postgres:
        # To SQLite the guard is about tables and views.
        message = f"there is already an index named {operation.name.name}"
        raise machine.refuse("duplicate_table", message, key)
    if not isinstance(existing, Table):
        machine.note("hidden", f'"{operation.name}" exists already as {kind_of(existing)}: no table is made', key)
    elif existing.assumed or operation.query is not None or operation.likes or operation.partition_of is not None:
        machine.note("skipped", f'table "{operation.name}" exists already', key)
    else:
        difference = _shape_difference(machine, operation, existing)
        if difference is None:
            machine.note("skipped", f'table "{operation.name}" exists already', key)
        else:
            machine.note(
                "hidden", f'table "{operation.name}" exists already in another shape ({difference}) and keeps it', key
            )


def _shape_difference(machine: Machine, operation: CreateTable, existing: Table) -> str | None:
    written = {machine.column_name(column.name): column for column in operation.columns}
    for name, column in written.items():
        old = existing.columns.get(name)
        if old is None:
            return f'it has no column "{column.name}"'
        if old.type is not None and machine.type(column.type) != old.type and column.type is not None:
            return f'column "{column.name}" is {old.type}, not {column.type}'
    for name, old in existing.columns.items():
        if name not in written:
            return f'it has a column "{old.name}" besides'
    return None


def _inherited(machine: Machine, operation: CreateTable) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    parents = operation.inherits if operation.partition_of is None else (operation.partition_of,)
    for parent in parents:
        found = machine.table(parent)
        if found is not None:
            columns.update(found[1].columns)
    if operation.of_type is not None:
        key = machine.key(operation.of_type, "type")
        found_type = machine.schema.get(key)
        if isinstance(found_type, Absent):
            raise machine.refuse("undefined_object", f'type "{operation.of_type}" does not exist', key)
        if isinstance(found_type, Composite):
            columns.update(found_type.columns)
    return columns


def _like(machine: Machine, operation: CreateTable, key: Key) -> None:
    for like in operation.likes:
        found = machine.table(like.source)
        table = machine.schema.table(key)
        if found is None or table is None:
            continue
        source_key, source = found
        everything = "all" in like.including
        columns = dict(table.columns)
        for name, column in source.columns.items():
            columns[name] = _copied(column, like.including)
        constraints = dict(table.constraints)
        if everything or "constraints" in like.including:
            constraints.update({n: c for n, c in source.constraints.items() if c.kind == "check"})
        machine.put(
            key, replace(table, columns=columns, constraints=constraints, assumed=table.assumed or source.assumed)
        )
        if everything or "indexes" in like.including:
            _copy_indexes(machine, source_key, source, key)


def _copy_indexes(machine: Machine, source_key: Key, source: Table, key: Key) -> None:
    for constraint in source.constraints.values():
        if constraint.kind in ("primary", "unique", "exclude"):
            add_constraint(machine, key, replace(constraint, name=None, generated=True))
    for _, index in machine.indexes(source_key):
        if index.constraint is None:
            copy_index(machine, index, key)


def _copied(column: Column, including: tuple[str, ...]) -> Column:
    """Return a column as `LIKE` copies it."""
    everything = "all" in including
    value = "defaults" if column.generated is None else "generated"
    keeps_value = everything or value in including
    return replace(
        column,
        default=column.default if keeps_value else None,
        generated=column.generated if keeps_value else None,
        identity=column.identity if everything or "identity" in including else None,
        serial=False,
    )


def _inherit_constraints(machine: Machine, parent: Key, key: Key, *, checks_only: bool = False) -> None:
    source, table = machine.schema.table(parent), machine.schema.table(key)
    if source is None or table is None:
        return
    for name, constraint in source.constraints.items():
        current = machine.schema.table(key)
        if current is None or any(_same(constraint, other) for other in current.constraints.values()):
            continue
        if constraint.kind == "check":
            if not constraint.no_inherit:
                machine.put(key, replace(current, constraints=with_part(current.constraints, name, constraint)))
        elif not checks_only:
            kept = constraint.name if constraint.kind == "foreign" else None
            add_constraint(machine, key, replace(constraint, name=kept))
    if not checks_only:
        for _, index in machine.indexes(parent):
            if index.constraint is None:
                part_index(machine, index, key)


def _same(one: Constraint, other: Constraint) -> bool:
    return replace(one, name=None, generated=False) == replace(other, name=None, generated=False)


def attach_partition(machine: Machine, operation: AttachPartition) -> None:
    """`ATTACH PARTITION`."""
    if operation.kind == "index":
        attach_index(machine, operation)
        return
    parent, child = machine.table(operation.table), machine.table(operation.partition)
    if parent is None or child is None:
        return
    key, table = child
    if table.partition_of is not None:
        raise machine.refuse("wrong_object_type", f'"{operation.partition}" is already a partition', key)
    refuse_circular(machine, parent[0], key)
    refuse_attached(machine, parent[0], key)
    refuse_bound(machine, parent[0], key.name, operation.bound, attached=True)
    name = Name(parent[0].schema, parent[0].name)
    machine.put(key, replace(table, partition_of=name, partition_bound=operation.bound))
    _inherit_constraints(machine, parent[0], key)


def detach_partition(machine: Machine, operation: DetachPartition) -> None:
    """`DETACH PARTITION`."""
    parent, child = machine.table(operation.table), machine.table(operation.partition)
    if parent is None or child is None:
        return
    key, table = child
    name = Name(parent[0].schema, parent[0].name)
    if table.partition_of != name and not table.assumed:
        raise machine.refuse(
            "undefined_table",
            f'relation "{operation.partition}" is not a partition of relation "{operation.table}"',
            key,
        )
    kept = detached_checks(machine, table, operation)
    machine.put(key, replace(kept, partition_of=None, partition_bound=None))
    for own_key, own in machine.indexes(key):
        if own.parent is not None:
            machine.put(own_key, replace(own, parent=None))


def set_inherit(machine: Machine, operation: SetInherit) -> None:
    """`INHERIT` and `NO INHERIT`."""
    found, parent = altered(machine, operation), machine.table(operation.parent)
    if found is None or parent is None:
        return
    key, table = found
    name = Name(parent[0].schema, parent[0].name)
    if operation.inherit:
        refuse_circular(machine, parent[0], key)
        if name in table.inherits:
            raise machine.refuse(
                "duplicate_table", f'relation "{operation.parent}" would be inherited from more than once', key
            )
        machine.put(key, replace(table, inherits=(*table.inherits, name)))
    else:
        if name not in table.inherits and not table.assumed:
            raise machine.refuse(
                "undefined_table", f'relation "{operation.parent}" is not a parent of relation "{operation.table}"', key
            )
        machine.put(key, replace(table, inherits=tuple(item for item in table.inherits if item != name)))
