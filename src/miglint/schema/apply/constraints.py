"""Adding, dropping, renaming and validating constraints, with the indexes behind them."""

from __future__ import annotations


from miglint.schema.apply.machine import Machine
from miglint.schema.apply.naming import choose, column_part, join, truncate
from miglint.schema.depends import relation_key
from miglint.schema.objects import Absent, Domain, Index, Key, Table
from miglint.sql.operations import (
    AddConstraint,
    AlterConstraint,
    Column,
    Constraint,
    DropConstraint,
    IndexElement,
    Name,
    RenameConstraint,
    TableOperation,
    ValidateConstraint,
)
from miglint.values import replace

_INDEXED = frozenset({"primary", "unique", "exclude"})
_LABELS = {"primary": "pkey", "unique": "key", "check": "check", "foreign": "fkey", "exclude": "excl"}


def not_null_column(table: Table, name: str) -> str | None:
    """Return the column whose `NOT NULL` constraint (PostgreSQL 18) has that name."""
    for label, column in table.columns.items():
        if column.nullable is False and name.rstrip("0123456789") == not_null_name(table.name.name, column):
            return label
    return None


def not_null_name(table: str, column: Column) -> str:
    """Return the name of a column's `NOT NULL` constraint."""
    return column.not_null_name or join(table, column.name, "not_null")


def add_constraint(machine: Machine, key: Key, written: Constraint, *, creating: bool = False) -> None:
    """Add a constraint to a table, under its own or a generated name. Raises `Refused` for a name that is taken.

    `creating` is True while the table itself is being made.
    """
    table = machine.schema.table(key)
    if table is None:
        return
    if not machine.postgres:
        _add_sqlite(machine, key, table, written)
        return
    if written.kind == "not_null":
        _not_null(machine, key, table, written, creating=creating)
        return
    referenced = None
    if written.table is not None:
        referenced = machine.full(written.table)
        target = machine.table(written.table)
        table = machine.schema.table(key) or table
        if target is not None and not written.referenced:
            primary = next((c.columns for c in target[1].constraints.values() if c.kind == "primary"), ())
            written = replace(written, referenced=primary)
        if target is not None:
            fitting = _fitting(machine, target[0], target[1], written.referenced)
            written = replace(written, rests_on=fitting[0] if len(fitting) == 1 else None)
    generated = written.name is None
    name = truncate(written.name) if written.name is not None else _generated(machine, key, table, written)
    if written.using_index is not None:
        _adopt(machine, key, table, written, name)
        return
    index_key = Key("relation", key.schema, name)
    if written.kind in _INDEXED and machine.schema.find(index_key) is not None and not _is_second_key(table, written):
        # The index is made first, so it is its name that is taken.
        raise machine.refuse("duplicate_table", f'relation "{name}" already exists', index_key)
    if name in table.constraints:
        raise machine.refuse(
            "duplicate_object", f'constraint "{name}" for relation "{table.name.name}" already exists', key, name
        )
    if written.kind == "primary" and any(c.kind == "primary" for c in table.constraints.values()):
        raise machine.refuse(
            "invalid_table_definition",
            f'multiple primary keys for table "{table.name.name}" are not allowed',
            key,
            name,
        )
    if table.assumed and name not in table.absent and not generated:
        machine.assume_part(key, "constraint", name, None)
        table = machine.schema.table(key) or table
    constraint = replace(
        written,
        name=name,
        expression=machine.expression(written.expression),
        table=referenced,
        generated=generated,
    )
    if written.kind in _INDEXED:
        _check_columns(machine, key, table, written.columns)
        table = machine.schema.table(key) or table
        machine.create(
            index_key,
            Index(
                Name(key.schema, name),
                Name(key.schema, table.name.name),
                tuple(IndexElement(column) for column in written.columns),
                unique=written.kind != "exclude",
                method=written.method or ("gist" if written.kind == "exclude" else "btree"),
                include=written.include,
                nulls_not_distinct=written.nulls_not_distinct,
                constraint=name,
                generated=generated,
            ),
        )
    columns = table.columns
    if written.kind == "primary":
        columns = {
            item: replace(column, nullable=False) if item in written.columns and column.nullable is not False else column
            for item, column in columns.items()
        }
    machine.put(key, replace(table, columns=columns, constraints={**table.constraints, name: constraint}))


def _is_second_key(table: Table, written: Constraint) -> bool:
    return written.kind == "primary" and any(c.kind == "primary" for c in table.constraints.values())


def _check_columns(machine: Machine, key: Key, table: Table, columns: tuple[str, ...]) -> None:
    for column in columns:
        if column not in table.columns and (not table.assumed or column in table.absent):
            raise machine.refuse("undefined_column", f'column "{column}" named in key does not exist', key, column)


def _not_null(machine: Machine, key: Key, table: Table, written: Constraint, *, creating: bool) -> None:
    columns = dict(table.columns)
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
        columns[name] = replace(column, nullable=False, not_null_name=written.name)
    machine.put(key, replace(table, columns=columns))


def _generated(machine: Machine, key: Key, table: Table, written: Constraint) -> str:
    base, label = table.name.name, _LABELS[written.kind]

    def taken(name: str) -> bool:
        if written.kind in _INDEXED and Key("relation", key.schema, name) in machine.schema:
            return True
        return name in table.constraints

    if written.kind == "primary":
        return choose(base, None, label, taken)
    if written.kind == "check":
        part = written.columns[0] if len(set(written.columns)) == 1 else None
        return choose(base, part, label, taken)
    return choose(base, column_part(written.columns) or None, label, taken)


def _adopt(machine: Machine, key: Key, table: Table, written: Constraint, name: str) -> None:
    # ADD CONSTRAINT ... USING INDEX takes an index over and renames it to the constraint's name.
    index_name = written.using_index or name
    name = written.name or index_name
    index_key = Key("relation", key.schema, index_name)
    index = machine.schema.get(index_key)
    if isinstance(index, Absent):
        raise machine.refuse("undefined_object", f'index "{index_name}" does not exist', index_key)
    if name in table.constraints:
        raise machine.refuse(
            "duplicate_object", f'constraint "{name}" for relation "{table.name.name}" already exists', key, name
        )
    columns = written.columns
    if isinstance(index, Index):
        if index.constraint is not None:
            raise machine.refuse(
                "object_not_in_prerequisite_state",
                f'index "{index_name}" is already associated with a constraint',
                index_key,
            )
        columns = tuple(element.column for element in index.elements if element.column is not None)
        machine.drop(index_key)
        machine.create(
            Key("relation", key.schema, name), replace(index, name=Name(key.schema, name), constraint=name)
        )
    table = machine.schema.table(key) or table
    changed = dict(table.columns)
    if written.kind == "primary":
        for item in columns:
            if item in changed:
                changed[item] = replace(changed[item], nullable=False)
    constraint = replace(written, name=name, columns=columns, using_index=None)
    machine.put(key, replace(table, columns=changed, constraints={**table.constraints, name: constraint}))


def _add_sqlite(machine: Machine, key: Key, table: Table, written: Constraint) -> None:
    referenced = None if written.table is None else Name(key.schema, written.table.name)
    name = written.name.lower() if written.name is not None else f"#{len(table.constraints) + 1}"
    while name in table.constraints:
        # SQLite lets several constraints have one name; the mapping needs them apart.
        name += "'"
    constraint = replace(
        written,
        table=referenced,
        columns=tuple(column.lower() for column in written.columns),
        referenced=tuple(column.lower() for column in written.referenced),
    )
    machine.put(key, replace(table, constraints={**table.constraints, name: constraint}))


def _altered(machine: Machine, operation: TableOperation) -> tuple[Key, Table] | None:
    key, found = machine.relation(operation.table)
    if operation.table_if_exists and isinstance(found, Absent):
        machine.note("missing", f'table "{operation.table}" does not exist, skipped', key)
        return None
    return machine.table(operation.table)


def add_table_constraint(machine: Machine, operation: AddConstraint) -> None:
    """`ALTER TABLE ... ADD CONSTRAINT`, also of a domain."""
    if operation.kind == "domain":
        _add_to_domain(machine, operation)
        return
    found = _altered(machine, operation)
    if found is not None:
        key, table = found
        if not machine.postgres and operation.constraint.name is not None:
            name = operation.constraint.name.lower()
            if name in table.constraints:
                raise machine.refuse(
                    "duplicate_object", f"constraint {operation.constraint.name} already exists", key, name
                )
        add_constraint(machine, key, operation.constraint)


def _domain(machine: Machine, name: Name) -> tuple[Key, Domain | None]:
    key = machine.key(name, "type")
    found = machine.schema.get(key)
    if isinstance(found, Absent):
        raise machine.refuse("undefined_object", f'type "{name}" does not exist', key)
    return key, found if isinstance(found, Domain) and not found.assumed else None


def _add_to_domain(machine: Machine, operation: AddConstraint) -> None:
    key, domain = _domain(machine, operation.table)
    if domain is None:
        return
    name = operation.constraint.name or choose(
        domain.name.name, None, "check", lambda text: text in domain.constraints
    )
    if name in domain.constraints:
        raise machine.refuse(
            "duplicate_object", f'constraint "{name}" for domain {domain.name} already exists', key, name
        )
    constraint = replace(operation.constraint, name=name, generated=operation.constraint.name is None)
    machine.put(key, replace(domain, constraints={**domain.constraints, name: constraint}))


def drop_constraint(machine: Machine, operation: DropConstraint) -> None:
    """`DROP CONSTRAINT`, with the index behind it; refused while foreign keys need it, unless `CASCADE`."""
    if operation.kind == "domain":
        key, domain = _domain(machine, operation.table)
        if domain is not None:
            if operation.constraint not in domain.constraints:
                if operation.if_exists:
                    machine.note("missing", f'constraint "{operation.constraint}" does not exist, skipped', key)
                    return
                raise machine.refuse(
                    "undefined_object",
                    f'constraint "{operation.constraint}" of domain "{domain.name.name}" does not exist',
                    key,
                    operation.constraint,
                )
            rest = {name: value for name, value in domain.constraints.items() if name != operation.constraint}
            machine.put(key, replace(domain, constraints=rest))
        return
    found = _altered(machine, operation)
    if found is None:
        return
    key, table = found
    name = operation.constraint if machine.postgres else operation.constraint.lower()
    constraint = table.constraints.get(name)
    if constraint is None:
        column = not_null_column(table, name)
        if column is not None:
            nullable = replace(table.columns[column], nullable=True, not_null_name=None)
            machine.put(key, replace(table, columns={**table.columns, column: nullable}))
            return
        if table.assumed and name not in table.absent:
            _drop_unknown(machine, key, table, name, guarded=operation.if_exists)
            return
        if operation.if_exists:
            machine.note("missing", f'constraint "{name}" does not exist, skipped', key, name)
            return
        raise machine.refuse(
            "undefined_object", f'constraint "{name}" of relation "{table.name.name}" does not exist', key, name
        )
    if constraint.kind in ("primary", "unique"):
        _free_of_foreign_keys(machine, key, constraint, cascade=operation.cascade)
        table = machine.schema.table(key) or table
    remove(machine, key, name)


def _drop_unknown(machine: Machine, key: Key, table: Table, name: str, *, guarded: bool) -> None:
    # The constraint of an assumed table: taken to have been there, with a definition that nobody said.
    if not guarded:
        machine.assume_part(key, "constraint", name, Constraint("unknown", name))
        table = machine.schema.table(key) or table
    rest = {item: value for item, value in table.constraints.items() if item != name}
    machine.put(key, replace(table, constraints=rest, absent=table.absent | {name}))


def remove(machine: Machine, key: Key, name: str) -> None:
    """Take a constraint from a table, with its index."""
    table = machine.schema.table(key)
    if table is None or name not in table.constraints:
        return
    constraint = table.constraints[name]
    rest = {item: value for item, value in table.constraints.items() if item != name}
    absent = table.absent | {name} if table.assumed else table.absent
    machine.put(key, replace(table, constraints=rest, absent=absent))
    if machine.postgres and constraint.kind in _INDEXED:
        index_key = Key("relation", key.schema, name)
        if isinstance(machine.schema.find(index_key), Index):
            machine.drop(index_key)


def referencing(machine: Machine, key: Key, columns: tuple[str, ...] | None) -> list[tuple[Key, str]]:
    """Return the foreign keys (table, name) that refer to a table, or with `columns` to just these columns of it."""
    table = machine.schema.table(key)
    primary = () if table is None else next((c.columns for c in table.constraints.values() if c.kind == "primary"), ())
    result = []
    for user in (*machine.schema.on(key), key):
        other = machine.schema.table(user) if user.space == "relation" else None
        if other is None:
            continue
        for name, constraint in other.constraints.items():
            if constraint.kind != "foreign" or constraint.table is None:
                continue
            if relation_key(constraint.table, machine.dialect) != key:
                continue
            targets = constraint.referenced or primary
            if columns is None or set(targets) == set(columns):
                result.append((user, name))
    return result


def _fitting(machine: Machine, key: Key, table: Table, columns: tuple[str, ...]) -> list[str]:
    # The unique indexes, with or without a constraint, that a foreign key to these columns can rest on.
    wanted = set(columns)
    names = [
        name
        for name, other in table.constraints.items()
        if other.kind in ("primary", "unique") and set(other.columns) == wanted
    ]
    for place, index in machine.indexes(key):
        plain = index.unique and index.constraint is None and index.where is None
        if plain and {element.column for element in index.elements} == wanted:
            names.append(place.name)
    return names


def resting_on(machine: Machine, key: Key, name: str, columns: tuple[str, ...]) -> list[tuple[Key, str]]:
    """Return the foreign keys (table, name) that need the unique index `name` of a table on just these columns."""
    table = machine.schema.table(key)
    if table is None:
        return []
    fitting = _fitting(machine, key, table, columns)
    result = []
    for user, label in referencing(machine, key, columns):
        other = machine.schema.table(user)
        rests_on = None if other is None else other.constraints[label].rests_on
        if rests_on == name or fitting == [name]:
            result.append((user, label))
    return result


def _free_of_foreign_keys(machine: Machine, key: Key, constraint: Constraint, *, cascade: bool) -> None:
    for user, name in resting_on(machine, key, constraint.name or "", constraint.columns):
        if cascade:
            remove(machine, user, name)
            machine.note("cascade", f'constraint "{name}" of "{user.name}" goes with it', user, name)
        else:
            raise machine.refuse(
                "dependent_objects_still_exist",
                f'cannot drop constraint "{constraint.name}" on table "{key.name}": foreign key "{name}" of table '
                f'"{user.name}" depends on it',
                key,
                constraint.name,
            )


def rename_constraint(machine: Machine, operation: RenameConstraint) -> None:
    """`RENAME CONSTRAINT`, which renames the index behind it too."""
    if operation.kind == "domain":
        key, domain = _domain(machine, operation.table)
        if domain is not None and operation.constraint in domain.constraints:
            renamed = {
                operation.new if name == operation.constraint else name: value
                for name, value in domain.constraints.items()
            }
            machine.put(key, replace(domain, constraints=renamed))
        return
    found = _altered(machine, operation)
    if found is None:
        return
    key, table = found
    constraint = table.constraints.get(operation.constraint)
    if constraint is None:
        column = not_null_column(table, operation.constraint)
        if column is not None:
            renamed = replace(table.columns[column], not_null_name=operation.new)
            machine.put(key, replace(table, columns={**table.columns, column: renamed}))
            return
        if table.assumed and operation.constraint not in table.absent:
            machine.put(
                key,
                replace(
                    table,
                    absent=table.absent | {operation.constraint},
                    constraints={**table.constraints, operation.new: Constraint("unknown", operation.new)},
                ),
            )
            return
        raise machine.refuse(
            "undefined_object",
            f'constraint "{operation.constraint}" for table "{table.name.name}" does not exist',
            key,
            operation.constraint,
        )
    if operation.new in table.constraints:
        raise machine.refuse(
            "duplicate_object",
            f'constraint "{operation.new}" for relation "{table.name.name}" already exists',
            key,
            operation.new,
        )
    rename_in_table(machine, key, operation.constraint, operation.new)


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
        machine.drop(index_key)
        machine.create(new_key, replace(index, name=Name(key.schema, new), constraint=new, generated=False))
    constraints = {
        (new if name == old else name): (replace(value, name=new, generated=False) if name == old else value)
        for name, value in table.constraints.items()
    }
    absent = (table.absent | {old}) - {new} if table.assumed else table.absent
    machine.put(key, replace(table, constraints=constraints, absent=absent))


def validate_constraint(machine: Machine, operation: ValidateConstraint) -> None:
    """`VALIDATE CONSTRAINT`."""
    found = _altered(machine, operation)
    if found is None:
        return
    key, table = found
    constraint = table.constraints.get(operation.constraint)
    if constraint is None:
        if table.assumed and operation.constraint not in table.absent:
            return
        raise machine.refuse(
            "undefined_object",
            f'constraint "{operation.constraint}" of relation "{table.name.name}" does not exist',
            key,
            operation.constraint,
        )
    if not constraint.validated:
        changed = replace(constraint, validated=True)
        machine.put(key, replace(table, constraints={**table.constraints, operation.constraint: changed}))


def alter_constraint(machine: Machine, operation: AlterConstraint) -> None:
    """`ALTER CONSTRAINT ... DEFERRABLE`."""
    found = _altered(machine, operation)
    if found is None:
        return
    key, table = found
    constraint = table.constraints.get(operation.constraint)
    if constraint is None:
        if table.assumed and operation.constraint not in table.absent:
            return
        raise machine.refuse(
            "undefined_object",
            f'constraint "{operation.constraint}" of relation "{table.name.name}" does not exist',
            key,
            operation.constraint,
        )
    changed = replace(constraint, deferrable=operation.deferrable, deferred=operation.deferred)
    machine.put(key, replace(table, constraints={**table.constraints, operation.constraint: changed}))
