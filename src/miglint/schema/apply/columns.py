"""Adding, dropping and altering the columns of a table."""

from __future__ import annotations


from miglint.schema.apply.constraints import add_constraint
from miglint.schema.apply.dependents import drop_column_dependents, refuse_if_column_is_used
from miglint.schema.apply.machine import Machine, kind_of
from miglint.schema.apply.naming import choose
from miglint.schema.objects import Absent, Composite, Key, Sequence, Table, View
from miglint.sql.operations import (
    AddColumn,
    AlterColumnType,
    Column,
    DropColumn,
    Expression,
    Name,
    SetColumnOption,
    SetDefault,
    SetGenerated,
    SetIdentity,
    SetNullable,
    TableOperation,
)
from miglint.values import replace

def altered(machine: Machine, operation: TableOperation) -> tuple[Key, Table] | None:
    """Return the table that an `ALTER TABLE` is about; None when there is nothing to model (a view, a missing table)."""
    if operation.table_if_exists and isinstance(machine.relation(operation.table)[1], Absent):
        machine.note("missing", f'table "{operation.table}" does not exist, skipped')
        return None
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


def assume_column(machine: Machine, key: Key, folded: str, column: Column | None) -> None:
    """Take it that an assumed table has a column, or with None that it does not."""
    machine.assume_part(key, "column", folded, column)


def put_column(machine: Machine, key: Key, column: Column) -> None:
    """Set a column of a table."""
    table = machine.schema.table(key)
    if table is not None:
        machine.put(key, replace(table, columns={**table.columns, machine.column_name(column.name): column}))


def define(machine: Machine, table: Name, column: Column) -> Column:
    """Resolve a column as written: its type, and the sequence behind `serial` and identity columns."""
    if not machine.postgres:
        return column
    default = column.default
    if default is not None and column.generated is None and default.key == "null":
        default = None
    resolved = Column(
        column.name,
        machine.type(column.type),
        column.nullable,
        machine.expression(default),
        column.identity,
        column.generated,
        column.collation,
        column.serial,
        column.autoincrement,
        False,
        column.span,
    )
    if column.serial or column.identity is not None:
        sequence = implied_sequence(machine, table, column.name)
        if column.serial:
            text = f"nextval('{sequence.name}'::regclass)"
            resolved = replace(resolved, default=Expression(f"nextval {sequence}", text, sequence=sequence))
    return resolved


def implied_sequence(machine: Machine, table: Name, column: str) -> Name:
    """Create the sequence that `serial` and identity columns imply, under the name that the server chooses."""
    schema = table.schema or machine.creation_schema
    name = choose(table.name, column, "seq", lambda text: Key("relation", schema, text) in machine.schema)
    sequence = Name(schema, name)
    machine.create(Key("relation", schema, name), Sequence(sequence, owned_by=(table, column), implicit=True))
    return sequence


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
    if existing is not None and not (existing.assumed and not operation.if_not_exists and existing.type is None):
        if operation.if_not_exists:
            new = define_quietly(machine, operation.column)
            if existing.assumed or (existing.type == new.type):
                machine.note("skipped", f'column "{existing.name}" exists already', key, folded)
            else:
                machine.note(
                    "hidden",
                    f'column "{existing.name}" of "{table.name.name}" exists already with type {existing.type}, '
                    f"not {new.type}: IF NOT EXISTS keeps it as it is",
                    key,
                    folded,
                )
            return
        if machine.postgres:
            message = f'column "{operation.column.name}" of relation "{table.name.name}" already exists'
        else:
            message = f"duplicate column name: {operation.column.name}"
        raise machine.refuse("duplicate_column", message, key, folded)
    if table.assumed and folded not in table.absent:
        assume_column(machine, key, folded, None)
    column = define(machine, Name(key.schema, table.name.name), operation.column)
    put_column(machine, key, column)
    for constraint in operation.constraints:
        add_constraint(machine, key, constraint)
    if machine.postgres:
        for child in inheritors(machine, key):
            other = machine.schema.table(child)
            if other is not None and folded not in other.columns:
                put_column(machine, child, column)


def define_quietly(machine: Machine, column: Column) -> Column:
    """Resolve a column's type without creating anything."""
    return replace(column, type=machine.type(column.type))


def inheritors(machine: Machine, key: Key) -> list[Key]:
    """Return partitions and inheriting tables of a table."""
    result = []
    for child in machine.schema.on(key):
        if child.space != "relation":
            continue
        other = machine.schema.table(child)
        if other is None:
            continue
        parents = other.inherits if other.partition_of is None else (*other.inherits, other.partition_of)
        if any(Key("relation", parent.schema or "public", parent.name) == key for parent in parents):
            result.append(child)
    return result


def _add_attribute(machine: Machine, operation: AddColumn) -> None:
    key, value = _composite(machine, operation)
    if value is None:
        return
    name = operation.column.name
    if name in value.columns:
        raise machine.refuse(
            "duplicate_column", f'column "{name}" of relation "{key.name}" already exists', key, name
        )
    machine.put(key, replace(value, columns={**value.columns, name: define_quietly(machine, operation.column)}))


def _composite(machine: Machine, operation: TableOperation) -> tuple[Key, Composite | None]:
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
    if column is None:
        if table.assumed and folded not in table.absent:
            if operation.if_exists:
                # It may or may not be there: whether a later ADD COLUMN restores it is not known.
                assume_column(machine, key, folded, Column(operation.column, None, None, assumed=True))
                table = machine.schema.table(key) or table
                columns = {name: value for name, value in table.columns.items() if name != folded}
                machine.put(key, replace(table, columns=columns, absent=table.absent | {folded}))
                return
            column = column_of(machine, key, table, operation.column)
        elif operation.if_exists:
            machine.note("missing", f'column "{operation.column}" does not exist, skipped', key, folded)
            return
        else:
            if machine.postgres:
                raise no_column(machine, key, operation.column)
            raise machine.refuse("undefined_column", f'no such column: "{operation.column}"', key, folded)
    if not machine.postgres:
        refuse_if_column_is_used(machine, key, folded)
    drop_column_dependents(machine, key, folded, cascade=operation.cascade)
    table = machine.schema.table(key) or table
    columns = dict(table.columns)
    columns.pop(folded, None)
    machine.put(
        key, replace(table, columns=columns, absent=table.absent | {folded} if table.assumed else table.absent)
    )
    machine.note("lost", f'the values of column "{operation.column}"', key, folded)
    if machine.postgres:
        for child in inheritors(machine, key):
            other = machine.schema.table(child)
            if other is not None and folded in other.columns:
                drop_column_dependents(machine, child, folded, cascade=operation.cascade)
                other = machine.schema.table(child) or other
                rest = {name: value for name, value in other.columns.items() if name != folded}
                machine.put(child, replace(other, columns=rest))


def _drop_attribute(machine: Machine, operation: DropColumn) -> None:
    key, value = _composite(machine, operation)
    if value is None:
        return
    if operation.column not in value.columns:
        if operation.if_exists:
            machine.note("missing", f'attribute "{operation.column}" does not exist, skipped', key)
            return
        raise no_column(machine, key, operation.column)
    rest = {name: column for name, column in value.columns.items() if name != operation.column}
    machine.put(key, replace(value, columns=rest))


def alter_column_type(machine: Machine, operation: AlterColumnType) -> None:
    """`ALTER COLUMN ... TYPE`."""
    if operation.kind == "type":
        key, value = _composite(machine, operation)
        if value is not None and operation.column in value.columns:
            changed = replace(value.columns[operation.column], type=machine.type(operation.type))
            machine.put(key, replace(value, columns={**value.columns, operation.column: changed}))
        return
    found = altered(machine, operation)
    if found is None:
        return
    key, table = found
    column = column_of(machine, key, table, operation.column)
    if column is None:
        return
    new = machine.type(operation.type)
    if machine.postgres and (new != column.type or column.type is None):
        for user in machine.schema.on(key):
            value = machine.schema.find(user)
            if isinstance(value, View) and uses_column(value, key, operation.column):
                raise machine.refuse(
                    "feature_not_supported",
                    f'cannot alter type of a column used by a view or rule: {kind_of(value)} {user} depends on '
                    f'column "{operation.column}"',
                    key,
                    operation.column,
                )
    put_column(
        machine,
        key,
        replace(column, type=new, collation=operation.collation, serial=False, assumed=False, span=operation.span),
    )


def uses_column(view: View, table: Key, column: str) -> bool:
    """Whether a view's query mentions a column of a table (or all of them)."""
    query = view.query
    if query is None:
        return False
    name = Name(table.schema, table.name)
    if any(star == name for star in query.stars):
        return True
    return any(use.column == column and use.relation == name for use in query.uses)


def set_default(machine: Machine, operation: SetDefault) -> None:
    """`SET DEFAULT` and `DROP DEFAULT`."""
    found = altered(machine, operation)
    if found is None:
        return
    key, table = found
    column = column_of(machine, key, table, operation.column)
    if column is None:
        return
    if column.identity is not None:
        raise machine.refuse(
            "syntax_error", f'column "{column.name}" of relation "{key.name}" is an identity column', key, column.name
        )
    default = operation.default
    if default is not None and default.key == "null":
        default = None
    put_column(machine, key, replace(column, default=machine.expression(default), serial=False))


def set_nullable(machine: Machine, operation: SetNullable) -> None:
    """`SET NOT NULL` and `DROP NOT NULL`."""
    found = altered(machine, operation)
    if found is None:
        return
    key, table = found
    column = column_of(machine, key, table, operation.column)
    if column is None:
        return
    if operation.nullable and machine.postgres:
        primary = next((c for c in table.constraints.values() if c.kind == "primary"), None)
        if primary is not None and column.name in primary.columns:
            raise machine.refuse(
                "invalid_table_definition", f'column "{column.name}" is in a primary key', key, column.name
            )
    put_column(machine, key, replace(column, nullable=operation.nullable, not_null_name=None))


def set_identity(machine: Machine, operation: SetIdentity) -> None:
    """`ADD GENERATED`, `SET GENERATED`, `DROP IDENTITY`."""
    found = altered(machine, operation)
    if found is None:
        return
    key, table = found
    column = column_of(machine, key, table, operation.column)
    if column is None:
        return
    if operation.action == "add":
        if column.identity is not None:
            raise machine.refuse(
                "object_not_in_prerequisite_state",
                f'column "{column.name}" of relation "{key.name}" is already an identity column',
                key,
                column.name,
            )
        implied_sequence(machine, Name(key.schema, key.name), column.name)
    elif column.identity is None and not column.assumed:
        if operation.if_exists:
            machine.note("missing", f'column "{column.name}" is not an identity column, skipped', key, column.name)
            return
        raise machine.refuse(
            "object_not_in_prerequisite_state",
            f'column "{column.name}" of relation "{key.name}" is not an identity column',
            key,
            column.name,
        )
    if operation.action == "drop":
        for user in machine.schema.on(key):
            value = machine.schema.find(user)
            if isinstance(value, Sequence) and value.implicit and value.owned_by == (Name(key.schema, key.name), column.name):
                machine.drop(user)
    identity = None if operation.action == "drop" else operation.identity or column.identity
    put_column(machine, key, replace(column, identity=identity, assumed=False))


def set_generated(machine: Machine, operation: SetGenerated) -> None:
    """`DROP EXPRESSION` and `SET EXPRESSION`."""
    found = altered(machine, operation)
    if found is None:
        return
    key, table = found
    column = column_of(machine, key, table, operation.column)
    if column is None:
        return
    if column.generated is None and not column.assumed:
        if operation.if_exists:
            machine.note("missing", f'column "{column.name}" is not a generated column, skipped', key, column.name)
            return
        raise machine.refuse(
            "object_not_in_prerequisite_state",
            f'column "{column.name}" of relation "{key.name}" is not a generated column',
            key,
            column.name,
        )
    if operation.expression is None:
        put_column(machine, key, replace(column, generated=None, default=None))
    else:
        put_column(machine, key, replace(column, default=machine.expression(operation.expression)))


def set_column_option(machine: Machine, operation: SetColumnOption) -> None:
    """`SET STATISTICS` and the like: kept among the table's options."""
    found = altered(machine, operation)
    if found is None:
        return
    key, table = found
    column_of(machine, key, table, operation.column)
    table = machine.schema.table(key) or table
    name = f"{operation.column}: {operation.option}"
    options = {item: value for item, value in table.options.items() if item != name}
    if operation.value is not None and operation.value.lower() not in ("-1", "default"):
        options[name] = operation.value
    machine.put(key, replace(table, options=options))
