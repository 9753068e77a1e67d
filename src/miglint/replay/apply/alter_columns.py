"""`ALTER COLUMN`: defaults, nullability, identity, generated columns and their settings."""

from __future__ import annotations

from operator import itemgetter

from miglint.base.structs import replace
from miglint.replay.apply.alter_constraints import domain_of
from miglint.replay.apply.column_definitions import (
    implied_sequence,
    is_domain,
    refuse_identity_type,
    stored_default,
)
from miglint.replay.apply.column_options import set_option
from miglint.replay.apply.columns import (
    alter_in_heirs,
    altered,
    altered_column,
    column_of,
    inheritors,
    put_column,
)
from miglint.replay.apply.constraints import not_null_name
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.naming import choose_part
from miglint.replay.apply.row_contents import refuse_nulls
from miglint.replay.apply.typed import check_default, check_generated
from miglint.schema.depends import relation_key
from miglint.schema.inherited import is_inherited
from miglint.schema.objects import Index, Key, Table, View
from miglint.schema.parts import of_kind
from miglint.sql.operations import (
    Column,
    Expression,
    Name,
    SetColumnOption,
    SetDefault,
    SetGenerated,
    SetIdentity,
    SetNullable,
)


def set_default(machine: Machine, operation: SetDefault) -> None:
    """`SET DEFAULT` and `DROP DEFAULT`, also of a domain."""
    if operation.kind == "domain":
        key, domain = domain_of(machine, operation.table)
        if domain is not None:
            machine.put(key, replace(domain, default=machine.expression(operation.default)))
        return
    place, view = machine.relation(operation.table)
    if isinstance(view, View):
        defaults = {column: default for column, default in view.defaults if column != operation.column}
        if operation.default is not None and operation.default.key != "null":
            defaults[operation.column] = operation.default
        machine.put(place, replace(view, defaults=tuple(sorted(defaults.items(), key=itemgetter(0)))))
        return
    found = altered_column(machine, operation, operation.column)
    if found is None:
        return
    key, column = found
    if column.identity is not None:
        raise machine.refuse(
            "syntax_error", f'column "{column.name}" of relation "{key.name}" is an identity column', key, column.name
        )
    default = operation.default
    if default is not None and default.key == "null":
        default = None
    if operation.null and is_domain(machine, column.type):
        # It stands instead of the default that the domain may have.
        default = Expression("null", "NULL")
    if column.generated is not None:
        raise machine.refuse(
            "syntax_error", f'column "{column.name}" of relation "{key.name}" is a generated column', key, column.name
        )
    changed = replace(column, default=stored_default(machine.expression(default), column), serial=False)
    check_default(machine, key, changed)
    put_column(machine, key, changed)
    alter_in_heirs(machine, key, operation, column.name, {"default": changed.default})


def _refuse_in_primary_key(machine: Machine, key: Key, table: Table, column: Column) -> None:
    primary = next(iter(of_kind(table.constraints, "primary")), None)
    if primary is not None and column.name in primary.columns:
        message = f'column "{column.name}" is in a primary key'
        raise machine.refuse("invalid_table_definition", message, key, column.name)


def set_nullable(machine: Machine, operation: SetNullable) -> None:
    """`SET NOT NULL` and `DROP NOT NULL`, also of a domain."""
    if operation.kind == "domain":
        key, domain = domain_of(machine, operation.table)
        if domain is not None:
            machine.put(key, replace(domain, nullable=operation.nullable))
        return
    found = altered_column(machine, operation, operation.column)
    if found is None:
        return
    key, column = found
    table = machine.schema.table(key)
    if operation.nullable and machine.postgres and table is not None:
        _refuse_in_primary_key(machine, key, table, column)
        _refuse_nullable(machine, key, table, column)
    if not operation.nullable:
        refuse_nulls(machine, key, (machine.column_name(column.name),))
    if operation.nullable:
        name = None
    elif column.nullable is False:
        name = column.not_null_name
    else:
        name = None if table is None else _not_null_beside(table, column)
    put_column(machine, key, replace(column, nullable=operation.nullable, not_null_name=name))
    alter_in_heirs(machine, key, operation, column.name, {"nullable": operation.nullable})


def _refuse_nullable(machine: Machine, key: Key, table: Table, column: Column) -> None:
    """Raise the errors for a column that has to be `NOT NULL`: an identity, or that of a table with parents."""
    if column.identity is not None:
        message = f'column "{column.name}" of relation "{key.name}" is an identity column'
        raise machine.refuse("syntax_error", message, key, column.name)
    parents = table.inherits if table.partition_of is None else (table.partition_of,)
    for parent in parents:
        found = machine.schema.table(relation_key(parent, machine.dialect))
        inherited = None if found is None else found.columns.get(column.name)
        if inherited is not None and inherited.nullable is False and table.partition_of is not None:
            message = f'column "{column.name}" is marked NOT NULL in parent table'
            raise machine.refuse("invalid_table_definition", message, key, column.name)


def _not_null_beside(table: Table, column: Column) -> str | None:
    # The usual name may be that of a check, such as the one that let SET NOT NULL pass without a scan.
    usual = not_null_name(table.name.name, replace(column, not_null_name=None))
    if usual not in table.constraints:
        return None
    return choose_part(table.constraints, table.name.name, column.name, "not_null")


def set_identity(machine: Machine, operation: SetIdentity) -> None:
    """`ADD GENERATED`, `SET GENERATED`, `DROP IDENTITY`."""
    found = altered_column(machine, operation, operation.column)
    if found is None:
        return
    key, column = found
    if operation.action == "add":
        if column.identity is not None:
            raise machine.refuse(
                "object_not_in_prerequisite_state",
                f'column "{column.name}" of relation "{key.name}" is already an identity column',
                key,
                column.name,
            )
        _refuse_identity(machine, key, column)
        implied_sequence(machine, Name(key.schema, key.name), column.name, column.type)
    elif column.identity is None and not column.assumed:
        _miss(machine, operation, key, column, "an identity column")
        return
    if operation.action == "drop":
        for user, value in machine.schema.sequences_of(key, column.name):
            if value.implicit and value.owned_by == (Name(key.schema, key.name), column.name):
                machine.drop(user)
    identity = None if operation.action == "drop" else operation.identity or column.identity
    put_column(machine, key, replace(column, identity=identity, assumed=False))


def _miss(machine: Machine, operation: SetIdentity | SetGenerated, key: Key, column: Column, kind: str) -> None:
    """Skip a statement on a column that is not of its kind, with `IF EXISTS`; raise the error of the server without."""
    if operation.if_exists:
        machine.note("missing", f'column "{column.name}" is not {kind}, skipped', key, column.name)
        return
    message = f'column "{column.name}" of relation "{key.name}" is not {kind}'
    raise machine.refuse("object_not_in_prerequisite_state", message, key, column.name)


def _refuse_identity(machine: Machine, key: Key, column: Column) -> None:
    """Raise the errors for a column that cannot draw its values from a sequence of its own."""
    named = f'column "{column.name}" of relation "{key.name}"'
    state = "object_not_in_prerequisite_state"
    if column.nullable and not column.assumed:
        raise machine.refuse(state, f"{named} must be declared NOT NULL before identity can be added", key, column.name)
    if column.default is not None and not column.assumed:
        raise machine.refuse(state, f"{named} already has a default value", key, column.name)
    refuse_identity_type(machine, key, column)


def set_generated(machine: Machine, operation: SetGenerated) -> None:
    """`DROP EXPRESSION` and `SET EXPRESSION`."""
    found = altered_column(machine, operation, operation.column)
    if found is None:
        return
    key, column = found
    if operation.expression is None and is_inherited(machine.schema, key, column.name):
        # Whether it is a generated column is asked later.
        message = "cannot drop generation expression from inherited column"
        raise machine.refuse("invalid_table_definition", message, key, column.name)
    if column.generated is None and not column.assumed:
        _miss(machine, operation, key, column, "a generated column")
        return
    if operation.expression is None:
        put_column(machine, key, replace(column, generated=None, default=None))
    else:
        changed = replace(column, default=machine.expression(operation.expression))
        check_generated(machine, key, changed)
        put_column(machine, key, changed)


def set_column_option(machine: Machine, operation: SetColumnOption) -> None:
    """`SET STATISTICS`, `SET STORAGE` and the like; of an index, whose columns have numbers, `SET STATISTICS`."""
    place, index = machine.relation(operation.table)
    if isinstance(index, Index):
        name = f"column {operation.column} {operation.option}"
        kept = tuple(option for option in index.options if option.partition("=")[0] != name)
        added = () if operation.value in (None, "-1", "default") else (f"{name}={operation.value}",)
        machine.put(place, replace(index, options=tuple(sorted((*kept, *added)))))
        return
    found = altered(machine, operation)
    if found is None:
        return
    key, table = found
    column = column_of(machine, key, table, operation.column)
    set_option(machine, key, column, operation.column, operation.option, operation.value)
    if machine.postgres and operation.option in _OF_HEIRS_TOO and not operation.only:
        _set_in_heirs(machine, key, operation)


# Settings that a parent's partitions and inheriting tables get, too; compression and attribute options they do not.
_OF_HEIRS_TOO = frozenset({"statistics", "storage"})


def _set_in_heirs(machine: Machine, key: Key, operation: SetColumnOption) -> None:
    for child in inheritors(machine, key):
        table = machine.schema.table(child)
        column = None if table is None else table.columns.get(operation.column)
        if column is not None:
            set_option(machine, child, column, operation.column, operation.option, operation.value)
            _set_in_heirs(machine, child, operation)
