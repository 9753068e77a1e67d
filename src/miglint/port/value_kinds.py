"""What kinds of values the columns of PostgreSQL hold, as far as SQLite keeps or computes them in another way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from miglint.base.structs import Struct
from miglint.port.choices import ARRAY, name_of
from miglint.schema.objects import Enum, Key, Table
from miglint.schema.value import Schema
from miglint.sql.operations import Name, Type

BOOLEAN, INTEGER, EXACT, REAL, TEXT = "boolean", "integer", "exact", "real", "text"
TIME, DATE, CLOCK, INTERVAL = "time", "date", "clock", "interval"
DOCUMENT, BYTES, NUMBERS, LABEL = "document", "bytes", "numbers", "label"
_OTHER = "other"
_KINDS: Mapping[str, str] = {
    "bool": BOOLEAN,
    **dict.fromkeys(("int2", "int4", "int8"), INTEGER),
    "numeric": EXACT,
    **dict.fromkeys(("float4", "float8"), REAL),
    **dict.fromkeys(("text", "varchar", "bpchar", "char", "name", "citext"), TEXT),
    **dict.fromkeys(("timestamp", "timestamptz"), TIME),
    "date": DATE,
    **dict.fromkeys(("time", "timetz"), CLOCK),
    "interval": INTERVAL,
    **dict.fromkeys(("json", "jsonb"), DOCUMENT),
    "bytea": BYTES,
    ARRAY: ARRAY,
}


class ValueKinds(Struct, frozen=True):
    """The kinds of the columns that a statement may be about, by folded name, and the columns of tables in order.

    A name that has several kinds in these tables is not among `columns`.
    """

    columns: Mapping[str, str]
    tables: Mapping[str, tuple[str, ...]]

    def of(self, column: str) -> str | None:
        """Return the kind of a column; None if it is not known."""
        return self.columns.get(column.lower())


NO_KINDS = ValueKinds({}, {})
# ValueKinds whose constants SQLite keeps in another form than they are written in, and a type with that form.
CONVERTED: Mapping[str, str] = {BOOLEAN: "boolean", BYTES: "bytea", ARRAY: "text[]", NUMBERS: "numeric[]"}


def kind_of_type(kind: Type | None, schema: Schema) -> str:
    """Return the kind of the values of a type; arrays of numbers are of another one than others."""
    if kind is None:
        return _OTHER
    if kind.dimensions and _KINDS.get(kind.name) in (INTEGER, EXACT, REAL):
        return NUMBERS
    if not kind.dimensions and isinstance(schema.find(Key("type", kind.schema or "public", kind.name)), Enum):
        return LABEL
    return _KINDS.get(name_of(kind, schema), _OTHER)


def tables_named(schema: Schema, names: Iterable[Name]) -> Iterator[Table]:
    """Yield the tables that names stand for in a schema."""
    for name in names:
        places = schema.path if name.schema is None else (name.schema,)
        found = (schema.table(Key("relation", place, name.name)) for place in places)
        table = next((one for one in found if one is not None), None)
        if table is not None:
            yield table


def kinds_of(schema: Schema, tables: Iterable[Table]) -> ValueKinds:
    """Return the kinds of the columns of some tables of a schema of PostgreSQL."""
    found: dict[str, set[str]] = {}
    listed: dict[str, tuple[str, ...]] = {}
    for table in tables:
        listed[table.name.name.lower()] = tuple(item.name.lower() for item in table.columns.values())
        for item in table.columns.values():
            found.setdefault(item.name.lower(), set()).add(kind_of_type(item.type, schema))
    return ValueKinds({name: next(iter(kinds)) for name, kinds in found.items() if len(kinds) == 1}, listed)
