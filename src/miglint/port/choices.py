"""Which type of one engine stands for a type of the other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from miglint.base.model import Dialect
from miglint.base.structs import Struct, field
from miglint.schema.common import tables
from miglint.schema.objects import Domain, Enum, Key, Table
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Type

ARRAY, ENUM = "array", "enum"
# Types by the names of the catalog, as people write them.
_STANDARD_NAMES: Mapping[str, str] = {
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "bpchar": "char",
}
# Behind a type: that of columns which are keys, whose values are often of a kind of their own.
KEY = " key"
_WITH_ARGUMENTS = frozenset({"varchar", "char", "numeric"})
_BY_PART = (
    ("BOOL", "boolean"),
    ("INT", "bigint"),
    ("CHAR", "text"),
    ("CLOB", "text"),
    ("TEXT", "text"),
    ("BLOB", "bytea"),
    ("BINARY", "bytea"),
    ("REAL", "double precision"),
    ("FLOA", "double precision"),
    ("DOUB", "double precision"),
    ("TIME", "timestamp"),
    ("DATE", "timestamp"),
    ("DEC", "numeric"),
)
# The type whose column SQLite numbers by itself must be spelled like this.
ROWID_TYPE = "INTEGER"
_STRICT_TYPES = frozenset({"INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY"})

TO_SQLITE: Mapping[str, str] = {
    **dict.fromkeys(("int2", "int4", "int8", "oid", "xid8"), "INTEGER"),
    "bool": "BOOLEAN",
    **dict.fromkeys(("float4", "float8"), "REAL"),
    **dict.fromkeys(("numeric", "money"), "NUMERIC"),
    **dict.fromkeys(("text", "varchar", "bpchar", "char", "name", "citext", "xml"), "TEXT"),
    **dict.fromkeys(("inet", "cidr", "macaddr", "macaddr8", "tsvector", "ltree"), "TEXT"),
    **dict.fromkeys(("timestamp", "timestamptz", "date", "time", "timetz", "interval"), "TEXT"),
    **dict.fromkeys(("json", "jsonb", "hstore", ARRAY), "TEXT"),
    "uuid": "TEXT",
    ENUM: "TEXT",
    "bytea": "BLOB",
}
TO_POSTGRES: Mapping[str, str] = {
    "INTEGER": "bigint",
    "INT": "integer",
    "BIGINT": "bigint",
    "SMALLINT": "smallint",
    "TINYINT": "smallint",
    "MEDIUMINT": "integer",
    "BOOLEAN": "boolean",
    "BOOL": "boolean",
    "TEXT": "text",
    "CLOB": "text",
    "VARCHAR": "varchar",
    "CHARACTER VARYING": "varchar",
    "NVARCHAR": "varchar",
    "CHAR": "char",
    "CHARACTER": "char",
    "BLOB": "bytea",
    "BYTEA": "bytea",
    "BINARY": "bytea",
    "REAL": "double precision",
    "FLOAT": "double precision",
    "DOUBLE": "double precision",
    "DOUBLE PRECISION": "double precision",
    "NUMERIC": "numeric",
    "DECIMAL": "numeric",
    "DATETIME": "timestamp",
    "TIMESTAMP": "timestamp",
    "TIMESTAMPTZ": "timestamptz",
    "DATE": "date",
    "TIME": "time",
    "JSON": "jsonb",
    "JSONB": "jsonb",
    "UUID": "uuid",
    "": "text",
}


class TypeChoices(Struct, frozen=True):
    """The types of one engine by those of the other.

    The keys are the catalog's names of PostgreSQL (`int4`, `timestamptz`, `array`, `enum`), or the words that SQLite
    was given, in upper case. `{}` in a type stands for the arguments of the other one.
    """

    target: Dialect
    types: Mapping[str, str] = field(default_factory=dict)

    def of(self, kind: Type, schema: Schema, *, key: bool = False) -> str | None:
        """Return the type that stands for a type of a column of `schema`; None if there is none.

        `key` says that the column identifies rows, its own or others'.
        """
        word = name_of(kind, schema)
        chosen = (self.types.get(f"{word}{KEY}") if key else None) or self.types.get(word)
        if chosen is None:
            chosen = TO_SQLITE.get(word) if self.target is Dialect.SQLITE else _for_postgres(word, kind)
        if chosen is None:
            return None
        return chosen.replace("{}", f"({', '.join(kind.args)})" if kind.args else "")


def _for_postgres(word: str, kind: Type) -> str | None:
    chosen = TO_POSTGRES.get(word)
    if chosen is None:
        # SQLite itself looks for these words in the names of types.
        chosen = next((found for part, found in _BY_PART if part in word), None)
    return f"{chosen}{{}}" if chosen in _WITH_ARGUMENTS and kind.args else chosen


def name_of(kind: Type, schema: Schema) -> str:
    """Return what a type is looked for by: domains by what they are over, enumerations and arrays as such."""
    if schema.dialect is Dialect.SQLITE:
        return kind.name.upper()
    if kind.dimensions:
        return ARRAY
    found = schema.find(Key("type", kind.schema or "public", kind.name))
    seen = 0
    while isinstance(found, Domain) and found.base is not None and seen < 32:
        kind, seen = found.base, seen + 1
        if kind.dimensions:
            return ARRAY
        found = schema.find(Key("type", kind.schema or "public", kind.name))
    return ENUM if isinstance(found, Enum) else kind.name


def strict_type(declared: str) -> str:
    """Return the type of a STRICT table for one that is declared."""
    word = declared.partition("(")[0].strip().upper()
    if word in _STRICT_TYPES:
        return word
    if "INT" in word or "BOOL" in word:
        return "INTEGER"
    if any(part in word for part in ("REAL", "FLOA", "DOUB", "NUMERIC", "DECIMAL")):
        return "REAL"
    return "BLOB" if "BLOB" in word or "BINARY" in word else "TEXT"


def learned(postgres: Schema, sqlite: Schema, target: Dialect) -> Mapping[str, str]:
    """Return the types that the project itself has chosen: the one that most columns of a type have in the other."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for word, declared in _pairs(postgres, sqlite, target):
        counts[word][declared] += 1
    return {word: chosen for word, found in counts.items() if (chosen := _most(found)) is not None}


def _most(found: Counter[str]) -> str | None:
    """Return what was chosen most of the time; None where no choice stands out."""
    chosen, number = max(found.items(), key=lambda item: (item[1], item[0]))
    return chosen if number * 2 > sum(found.values()) else None


def _pairs(postgres: Schema, sqlite: Schema, target: Dialect) -> Iterator[tuple[str, str]]:
    ones, others = tables(postgres), tables(sqlite)
    for name in ones.keys() & others.keys():
        one, other = postgres.table(ones[name]), sqlite.table(others[name])
        if one is None or other is None:
            continue
        columns = {folded.lower(): item for folded, item in one.columns.items()}
        for folded, theirs in other.columns.items():
            mine = columns.get(folded.lower())
            if mine is None or mine.type is None or theirs.type is None or not theirs.type.name:
                continue
            if target is Dialect.SQLITE:
                # The key that SQLite numbers has to be an INTEGER, whatever others are.
                if not (theirs.autoincrement or _is_numbered(mine)):
                    yield name_of(mine.type, postgres), _with_arguments(theirs.declared or str(theirs.type), mine.type)
            else:
                word = name_of(theirs.type, sqlite) + (KEY if is_key(other, theirs) else "")
                yield word, _with_arguments(_declared(mine.type), theirs.type)


def is_key(table: Table, column: Column) -> bool:
    """Return whether a column is the primary key of a table, or refers to another one's."""
    return any(
        item.kind in ("primary", "foreign")
        and len(item.columns) == 1
        and item.columns[0].lower() == column.name.lower()
        for item in table.constraints.values()
    )


def _is_numbered(column: Column) -> bool:
    return column.serial or column.identity is not None


def _with_arguments(declared: str, kind: Type) -> str:
    """Return a declared type with `{}` in place of the arguments that it shares with another type."""
    word, opening, rest = declared.partition("(")
    given = tuple(part.strip() for part in rest.partition(")")[0].split(",")) if opening else ()
    return f"{word.rstrip()}{{}}" if given and given == kind.args else declared


def _declared(kind: Type) -> str:
    arguments = f"({', '.join(kind.args)})" if kind.args else ""
    name = _STANDARD_NAMES.get(kind.name, kind.name)
    own = name if kind.schema in (None, "public") else f"{kind.schema}.{name}"
    return own + arguments + "[]" * kind.dimensions
