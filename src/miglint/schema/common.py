"""Schemas of PostgreSQL and SQLite reduced to common features, for comparison.

Types become classes (text, integer, real, ...), names are folded, keys are their columns, and features of only one
engine (sequences, policies, other kinds of index) are omitted. Unknown properties are None.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from miglint.base.model import Dialect
from miglint.base.structs import Struct
from miglint.schema.objects import Domain, Enum, Index, Key, Table, View
from miglint.schema.parts import of_kind
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Constraint, Type

# SQLite classes equivalent to a class of PostgreSQL types: times are stored as text or numbers, keys and documents as
# text or bytes, exact numbers as text, booleans as 0 and 1.
FITTING: Mapping[str, frozenset[str]] = {
    "boolean": frozenset({"boolean", "integer", "numeric"}),
    "integer": frozenset({"integer", "numeric"}),
    "numeric": frozenset({"numeric", "real", "integer", "text"}),
    "real": frozenset({"real", "numeric"}),
    "text": frozenset({"text", "uuid", "json", "enum"}),
    "blob": frozenset({"blob"}),
    "uuid": frozenset({"uuid", "text", "blob"}),
    "json": frozenset({"json", "text", "blob"}),
    "list": frozenset({"json", "text", "blob"}),
    "time": frozenset({"time", "text", "integer", "real", "numeric"}),
}
_POSTGRES = {
    **dict.fromkeys(("int2", "int4", "int8", "oid", "xid8"), "integer"),
    **dict.fromkeys(("numeric", "money"), "numeric"),
    **dict.fromkeys(("float4", "float8"), "real"),
    **dict.fromkeys(("text", "varchar", "bpchar", "char", "name", "citext", "inet", "cidr", "macaddr", "xml"), "text"),
    **dict.fromkeys(("timestamp", "timestamptz", "date", "time", "timetz", "interval"), "time"),
    **dict.fromkeys(("json", "jsonb", "hstore"), "json"),
    "bool": "boolean",
    "bytea": "blob",
    "uuid": "uuid",
}
# In SQLite's own order of precedence.
_SQLITE = (
    ("BOOL", "boolean"),
    ("INT", "integer"),
    ("SERIAL", "integer"),
    ("UUID", "uuid"),
    ("GUID", "uuid"),
    ("JSON", "json"),
    ("CHAR", "text"),
    ("CLOB", "text"),
    ("TEXT", "text"),
    ("STRING", "text"),
    ("DATE", "time"),
    ("TIME", "time"),
    ("BLOB", "blob"),
    ("BYTEA", "blob"),
    ("BINARY", "blob"),
    ("REAL", "real"),
    ("FLOA", "real"),
    ("DOUB", "real"),
    ("NUMERIC", "numeric"),
    ("DECIMAL", "numeric"),
)


class CommonColumn(Struct, frozen=True):
    """A column: the class of its type and whether it takes NULL, each None when not known, and its default.

    `default` is the value of a constant default, `?` for any other, and None if there is none.
    """

    kind: str | None
    nullable: bool | None
    default: str | None


class Link(NamedTuple):
    """A foreign key: its columns, the referenced table, and the action on deletion."""

    columns: frozenset[str]
    table: str
    on_delete: str


class Lookup(NamedTuple):
    """An index: its keys in order (`?` for an expression), whether it is unique and whether it is partial."""

    keys: tuple[str, ...]
    unique: bool
    partial: bool


class Shape(Struct, frozen=True):
    """A table. `keys` are the sets of unique columns, including `primary`; `open` means that it may have more.

    `searched` are the columns of indexes of kinds that only PostgreSQL has (GIN, GiST), for which SQLite has
    substitutes.
    """

    columns: Mapping[str, CommonColumn]
    primary: frozenset[str]
    keys: frozenset[frozenset[str]]
    links: frozenset[Link]
    lookups: frozenset[Lookup]
    searched: frozenset[tuple[str, ...]]
    open: bool


def tables(schema: Schema) -> dict[str, Key]:
    """Return the permanent tables of the default schema that both engines support, by folded name."""
    return _by_folded_name(
        key
        for key, value in schema.items()
        if isinstance(value, Table)
        and value.kind == "table"
        and value.persistence == "permanent"
        and value.partition_of is None
        and key.schema in ("public", "main", schema.path[0])
    )


def views(schema: Schema) -> dict[str, Key]:
    """Return the views that are not materialized, by folded name."""
    return _by_folded_name(
        key
        for key, value in schema.items()
        if isinstance(value, View) and not value.materialized and value.persistence == "permanent"
    )


def _by_folded_name(keys: Iterable[Key]) -> dict[str, Key]:
    """Return keys by name in small letters; the last one in order of those that differ in letters alone."""
    return {key.name.lower(): key for key in sorted(keys)}


def shape(schema: Schema, key: Key) -> Shape | None:
    """Return a reduced table; None if there is none."""
    table = schema.table(key)
    if table is None:
        return None
    primaries = [_folded_columns(one) for one in of_kind(table.constraints, "primary")]
    primary = primaries[-1] if primaries else frozenset[str]()
    keys = {*primaries, *(_folded_columns(one) for one in of_kind(table.constraints, "unique"))}
    links = {
        Link(_folded_columns(one), one.table.name.lower(), _deletion(one))
        for one in of_kind(table.constraints, "foreign")
        if one.table is not None
    }
    lookups: set[Lookup] = set()
    searched: set[tuple[str, ...]] = set()
    for index in _own_indexes(schema, key):
        names = tuple((element.column or "?").lower() for element in index.elements)
        if index.method not in ("btree", "hash"):
            searched.add(names)
        elif index.unique and index.where is None and "?" not in names:
            keys.add(frozenset(names))
        else:
            lookups.add(Lookup(names, index.unique, index.where is not None))
    fields = {name.lower(): _field(schema, column) for name, column in table.columns.items()}
    return Shape(
        fields,
        primary,
        frozenset(keys),
        frozenset(links),
        frozenset(lookups),
        frozenset(searched),
        table.assumed,
    )


def _folded_columns(constraint: Constraint) -> frozenset[str]:
    return frozenset(name.lower() for name in constraint.columns)


def _own_indexes(schema: Schema, key: Key) -> Iterator[Index]:
    """Yield the known indexes of a table that no constraint has created."""
    for other in schema.on(key):
        index = schema.find(other)
        if not isinstance(index, Index) or index.constraint is not None or index.table is None:
            continue
        table = index.table.name.lower() if schema.dialect is Dialect.SQLITE else index.table.name
        if table == key.name and not index.assumed and index.elements:
            yield index


def _deletion(constraint: Constraint) -> str:
    # These two are nearly equivalent in SQLite, and in PostgreSQL at the end of a statement.
    return "no action" if constraint.on_delete == "restrict" else constraint.on_delete


def _field(schema: Schema, column: Column) -> CommonColumn:
    kind = None if column.type is None else kind_of(schema, column.type)
    default, nullable = column.default, column.nullable
    for domain in () if column.type is None else _domains(schema, column.type):
        # A column takes the default of its domain where it has none, and no NULL if the domain takes none.
        default = domain.default if default is None else default
        nullable = nullable if domain.nullable else False
    value = None
    if default is not None and column.generated is None and default.key.lower() != "null":
        value = "?" if default.literal is None else _plain(default.literal)
    return CommonColumn(kind, nullable, value)


def _plain(literal: str) -> str:
    """Return a constant in a form common to both engines."""
    text = literal.strip().strip("'\"")
    folded = {"true": "1", "false": "0", "t": "1", "f": "0"}.get(text.lower(), text)
    try:
        number = float(folded)
    except ValueError:
        return folded
    return str(int(number)) if number.is_integer() else str(number)


def kind_of(schema: Schema, declared: Type) -> str | None:
    """Return the class of a type; None if unknown."""
    if schema.dialect is Dialect.SQLITE:
        name = declared.name.upper()
        return next((kind for words, kind in _SQLITE if words in name), None)
    if declared.dimensions:
        return "list"
    known = _POSTGRES.get(declared.name)
    if known is not None:
        return known
    found = schema.find(_type_key(schema, declared))
    if isinstance(found, Enum):
        return "text"
    domains = _domains(schema, declared)
    return None if not domains or domains[-1].base is None else kind_of(schema, domains[-1].base)


def _type_key(schema: Schema, declared: Type) -> Key:
    return Key("type", declared.schema or schema.path[0], declared.name)


def _domains(schema: Schema, declared: Type) -> list[Domain]:
    """Return the domain that a type is, if it is one, and those that it is over."""
    found: list[Domain] = []
    base: Type | None = declared
    while base is not None and not base.dimensions:
        domain = schema.find(_type_key(schema, base))
        if not isinstance(domain, Domain) or domain in found:
            break
        found.append(domain)
        base = domain.base
    return found


def fits(postgres: str | None, sqlite: str | None) -> bool:
    """Return whether a class of PostgreSQL types may be stored as one of SQLite's; unknown ones match everything."""
    return postgres is None or sqlite is None or sqlite in FITTING[postgres]
