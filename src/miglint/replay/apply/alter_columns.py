"""`ALTER COLUMN`: types, defaults, nullability, identity, generated columns and their settings."""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.replay.apply.alter_constraints import domain_of
from miglint.replay.apply.casts import refuse_uncastable
from miglint.replay.apply.columns import (
    altered,
    altered_column,
    column_of,
    composite,
    implied_sequence,
    put_column,
    refuse_gone_type,
)
from miglint.replay.apply.constraints import not_null_name
from miglint.replay.apply.dependents import uses
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.naming import choose_part
from miglint.schema.describe import kind_of
from miglint.schema.objects import Key, Table, View
from miglint.schema.parts import of_kind, with_part
from miglint.sql.operations import (
    AlterColumnType,
    Column,
    Name,
    SetColumnOption,
    SetDefault,
    SetGenerated,
    SetIdentity,
    SetNullable,
    Type,
)


def alter_column_type(machine: Machine, operation: AlterColumnType) -> None:
    """`ALTER COLUMN ... TYPE`."""
    if operation.kind == "type":
        key, value = composite(machine, operation)
        if value is not None and operation.column in value.columns:
            changed = replace(value.columns[operation.column], type=machine.type(operation.type))
            machine.put(key, replace(value, columns=with_part(value.columns, operation.column, changed)))
        return
    found = altered_column(machine, operation, operation.column)
    if found is None:
        return
    key, column = found
    _convertible(machine, key, column, operation)
    refuse_uncastable(machine, key, column, operation)
    refuse_gone_type(machine, operation.type)
    new = machine.type(operation.type)
    if machine.postgres:
        # A view stands in the way of the type that the column has already, too.
        for user, view in machine.schema.users(key, View):
            if uses(view, Name(key.schema, key.name), operation.column):
                raise machine.refuse(
                    "feature_not_supported",
                    f"cannot alter type of a column used by a view or rule: {kind_of(view)} {user} depends on "
                    f'column "{operation.column}"',
                    key,
                    operation.column,
                )
    put_column(
        machine,
        key,
        replace(column, type=new, collation=operation.collation, serial=False, assumed=False, span=operation.span),
    )


def _convertible(machine: Machine, key: Key, column: Column, operation: AlterColumnType) -> None:
    # What converts between times and numbers, lists and texts, or takes a part of a document, takes one and not the
    # other: a second run hands it the type that the first one made.
    kind, using = column.type, operation.using
    if kind is None or using is None or kind.schema is not None:
        return
    names = {function.name for function in using.functions}
    written = str(kind)
    if "to_timestamp" in names and len(names) == 1 and kind.name in _TIMES:
        message = f"function to_timestamp({written}) does not exist"
    elif names & {"extract", "date_part"} and kind.name in _NUMBERS:
        message = f"function extract(unknown, {written}) does not exist"
    elif "string_to_array" in names and kind.dimensions:
        message = f"function string_to_array({written}, unknown) does not exist"
    elif "array_to_string" in names and not kind.dimensions:
        message = f"function array_to_string({written}, unknown) does not exist"
    elif "decode" in names and kind.name == "bytea":
        message = f"function decode({written}, unknown) does not exist"
    elif "encode" in names and kind.name in _TEXTS:
        message = f"function encode({written}, unknown) does not exist"
    elif "convert_from" in names and kind.name in _TEXTS:
        message = f"function convert_from({written}, unknown) does not exist"
    elif "convert_to" in names and kind.name == "bytea":
        message = f"function convert_to({written}, unknown) does not exist"
    elif kind.dimensions or kind.name not in _WHOLE:
        return
    elif f"({column.name})[" in using.key:
        message = f"cannot subscript type {written} because it does not support subscripting"
        raise machine.refuse("datatype_mismatch", message, key, column.name)
    else:
        operator = next((sign for sign in _DOCUMENT_SIGNS if f"({column.name} {sign} '" in using.key), None)
        if operator is None:
            return
        message = f"operator does not exist: {written} {operator} unknown"
    raise machine.refuse("undefined_function", message, key, column.name)


_TEXTS = frozenset({"text", "varchar", "bpchar"})
_TIMES = frozenset({"timestamptz", "timestamp", "date"})
_NUMBERS = frozenset({"int2", "int4", "int8", "numeric", "float4", "float8"})
# Types whose values have no parts, and the operators that take a part of JSON.
_WHOLE = _TEXTS | _TIMES | _NUMBERS | {"bool", "bytea", "uuid"}
_DOCUMENT_SIGNS = ("->>", "->", "#>>", "#>")


def set_default(machine: Machine, operation: SetDefault) -> None:
    """`SET DEFAULT` and `DROP DEFAULT`, also of a domain."""
    if operation.kind == "domain":
        key, domain = domain_of(machine, operation.table)
        if domain is not None:
            machine.put(key, replace(domain, default=machine.expression(operation.default)))
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
    put_column(machine, key, replace(column, default=machine.expression(default), serial=False))


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
        primary = next(iter(of_kind(table.constraints, "primary")), None)
        if primary is not None and column.name in primary.columns:
            raise machine.refuse(
                "invalid_table_definition", f'column "{column.name}" is in a primary key', key, column.name
            )
    if operation.nullable:
        name = None
    elif column.nullable is False:
        name = column.not_null_name
    else:
        name = None if table is None else _not_null_beside(table, column)
    put_column(machine, key, replace(column, nullable=operation.nullable, not_null_name=name))


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
        implied_sequence(machine, Name(key.schema, key.name), column.name, column.type)
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
        for user, value in machine.schema.sequences_of(key, column.name):
            if value.implicit and value.owned_by == (Name(key.schema, key.name), column.name):
                machine.drop(user)
    identity = None if operation.action == "drop" else operation.identity or column.identity
    put_column(machine, key, replace(column, identity=identity, assumed=False))


def set_generated(machine: Machine, operation: SetGenerated) -> None:
    """`DROP EXPRESSION` and `SET EXPRESSION`."""
    found = altered_column(machine, operation, operation.column)
    if found is None:
        return
    key, column = found
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
    column = column_of(machine, key, table, operation.column)
    table = machine.schema.table(key) or table
    name = f"{operation.column}: {operation.option}"
    options = {item: value for item, value in table.options.items() if item != name}
    stored = _storage(column.type) if column is not None and operation.option == "storage" else None
    usual = ("-1", "default", stored)
    if operation.value is not None and operation.value.lower() not in usual:
        options[name] = operation.value
    machine.put(key, replace(table, options=options))


def _storage(type_: Type | None) -> str | None:
    """Return how values of a type are stored when nobody says it; None where that is not known."""
    if type_ is None or type_.schema is not None:
        return None
    if type_.dimensions or type_.name in _EXTENDED:
        return "extended"
    return "main" if type_.name in _MAIN else "plain" if type_.name in _PLAIN else None


_EXTENDED = frozenset({"text", "varchar", "bpchar", "bytea", "json", "jsonb", "xml", "tsvector", "bit", "varbit"})
_MAIN = frozenset({"numeric", "inet", "cidr"})
_PLAIN = frozenset(
    {"bool", "int2", "int4", "int8", "float4", "float8", "uuid", "date", "time", "timetz", "timestamp", "timestamptz"}
)
