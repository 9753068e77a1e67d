"""Which types PostgreSQL turns into which by itself, where a column changes its type."""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.replay.apply.machine import Machine
from miglint.schema.depends import of_kind
from miglint.schema.objects import Composite, Domain, Enum, Key
from miglint.sql.operations import AlterColumnType, Column, SetDefault, Type

# The casts of `pg_cast` that an assignment may use. All types can be assigned to a text.
_TEXTS = frozenset({"text", "varchar", "bpchar", "name"})
_ASSIGNED = {
    "bit": "varbit",
    "cidr": "inet",
    "date": "timestamp timestamptz",
    "float4": "float8 int2 int4 int8 numeric",
    "float8": "float4 int2 int4 int8 numeric",
    "inet": "cidr",
    "int2": "float4 float8 int4 int8 numeric oid",
    "int4": "float4 float8 int2 int8 money numeric oid",
    "int8": "float4 float8 int2 int4 money numeric oid",
    "interval": "time",
    "json": "jsonb",
    "jsonb": "json",
    "macaddr": "macaddr8",
    "macaddr8": "macaddr",
    "money": "numeric",
    "numeric": "float4 float8 int2 int4 int8 money",
    "time": "interval timetz",
    "timestamp": "date time timestamptz",
    "timestamptz": "date time timestamp timetz",
    "timetz": "time",
    "varbit": "bit",
}
_KNOWN = _TEXTS | frozenset(_ASSIGNED) | {"bool", "bytea", "uuid", "xml", "tsvector"}
_OF_A_NUMBER = (Type("int4"), Type("numeric"))


def _is_cast(machine: Machine, old: Type, new: Type) -> bool:
    """Whether a value of one type may be assigned to the other; True where that is not known."""
    old, new = _base(machine, old), _base(machine, new)
    if old.dimensions or new.dimensions:
        if not old.dimensions or not new.dimensions:
            return new.dimensions == 0 and new.name in _TEXTS
        return _is_cast(machine, replace(old, dimensions=0), replace(new, dimensions=0))
    if (old.name, old.schema) == (new.name, new.schema) or (new.schema is None and new.name in _TEXTS):
        return True
    if not (_is_known(machine, old) and _is_known(machine, new)):
        return True
    return old.schema is None and new.schema is None and new.name in _ASSIGNED.get(old.name, "").split()


def _base(machine: Machine, kind: Type) -> Type:
    domain = None if kind.schema is None else machine.schema.find(Key("type", kind.schema, kind.name))
    if isinstance(domain, Domain) and domain.base is not None and not kind.dimensions:
        return _base(machine, domain.base)
    return kind


def _is_known(machine: Machine, kind: Type) -> bool:
    if kind.schema is None:
        return kind.name in _KNOWN
    value = machine.schema.find(Key("type", kind.schema, kind.name))
    if isinstance(value, (Composite, Enum)) and not value.assumed:
        # Casts of one's own are made for one's own types.
        return not machine.schema.on(of_kind("cast"))
    return False


def refuse_uncastable(machine: Machine, key: Key, column: Column, operation: AlterColumnType) -> None:
    """Refuse a change of type for which the values, without `USING`, or the default would need a cast of their own."""
    old, new = machine.type(column.type), machine.type(operation.type)
    if not machine.postgres or old is None or new is None or column.generated is not None:
        return
    if machine.has_outdated_types(key):
        return
    if operation.using is None and not _is_cast(machine, old, new):
        message = f'column "{column.name}" cannot be cast automatically to type {new}'
        raise machine.refuse("datatype_mismatch", message, key, column.name)
    if not _drops_default(machine, column) and not _default_is_cast(machine, column, old, new):
        message = f'default for column "{column.name}" cannot be cast automatically to type {new}'
        raise machine.refuse("datatype_mismatch", message, key, column.name)


def _drops_default(machine: Machine, column: Column) -> bool:
    # Whatever its place in the statement, a default that is dropped is gone when the type changes.
    statement, names = machine.dropped_defaults
    if statement is not machine.statement:
        names = frozenset(
            other.column
            for other in machine.statement.operations
            if isinstance(other, SetDefault) and other.default is None
        )
        machine.dropped_defaults = machine.statement, names
    return column.name in names


def _default_is_cast(machine: Machine, column: Column, old: Type, new: Type) -> bool:
    """Whether a constant default may be assigned to a type; a string has the column's type, and a number its own."""
    default = column.default
    if default is None or default.literal is None or default.sequence is not None:
        return True
    if _is_cast(machine, old, new):
        return True
    return default.key.lstrip("-")[:1].isdecimal() and any(_is_cast(machine, number, new) for number in _OF_A_NUMBER)


def refuse_unconvertible(machine: Machine, key: Key, column: Column, operation: AlterColumnType) -> None:
    """Refuse a `USING` that does not take the type that the column has."""
    # What converts between times and numbers, lists and texts, or takes a part of a document, takes one and not the
    # other: a second run hands it the type that the first one made.
    kind, using = column.type, operation.using
    if kind is None or using is None or kind.schema is not None:
        return
    written = str(kind)
    signature = _undefined_function({function.name for function in using.functions}, kind)
    if signature is not None:
        message = f"function {signature.format(written)} does not exist"
        raise machine.refuse("undefined_function", message, key, column.name)
    if kind.dimensions or kind.name not in _WHOLE:
        return
    if f"({column.name})[" in using.key:
        message = f"cannot subscript type {written} because it does not support subscripting"
        raise machine.refuse("datatype_mismatch", message, key, column.name)
    operator = next((sign for sign in _DOCUMENT_SIGNS if f"({column.name} {sign} '" in using.key), None)
    if operator is not None:
        message = f"operator does not exist: {written} {operator} unknown"
        raise machine.refuse("undefined_function", message, key, column.name)


def _undefined_function(names: set[str], kind: Type) -> str | None:
    """Return the signature of the first of the functions that does not take the type; `{}` stands for the type."""
    if names == {"to_timestamp"} and kind.name in _TIMES:
        return "to_timestamp({})"
    if "string_to_array" in names and kind.dimensions:
        return "string_to_array({}, unknown)"
    if "array_to_string" in names and not kind.dimensions:
        return "array_to_string({}, unknown)"
    return next((text for name, types, text in _NOT_FOR if name in names and kind.name in types), None)


_CHARACTERS = frozenset({"text", "varchar", "bpchar"})
_TIMES = frozenset({"timestamptz", "timestamp", "date"})
_NUMBERS = frozenset({"int2", "int4", "int8", "numeric", "float4", "float8"})
_BYTES = frozenset({"bytea"})
# Functions with the types that they do not take, and their signature for such a type.
_NOT_FOR = (
    ("extract", _NUMBERS, "extract(unknown, {})"),
    ("date_part", _NUMBERS, "extract(unknown, {})"),
    ("decode", _BYTES, "decode({}, unknown)"),
    ("encode", _CHARACTERS, "encode({}, unknown)"),
    ("convert_from", _CHARACTERS, "convert_from({}, unknown)"),
    ("convert_to", _BYTES, "convert_to({}, unknown)"),
)
# Types whose values have no parts, and the operators that take a part of JSON.
_WHOLE = _CHARACTERS | _TIMES | _NUMBERS | {"bool", "bytea", "uuid"}
_DOCUMENT_SIGNS = ("->>", "->", "#>>", "#>")
