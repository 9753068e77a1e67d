"""Components of operations: names, expressions, types, columns, constraints; and the base class of operations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from miglint.base.model import Span
from miglint.base.structs import Struct, equal_by, replace


class Name(Struct, frozen=True, order=True, array_like=True, gc=False):
    """A possibly qualified name. `schema` is None if not specified."""

    schema: str | None
    name: str

    def __str__(self) -> str:
        return self.name if self.schema is None else f"{self.schema}.{self.name}"

    def _replace(self, **changes: Any) -> Name:
        """Return the name with other parts: own rules may use what it had as a named tuple."""
        return replace(self, **changes)

    def __iter__(self) -> Iterator[str | None]:
        yield self.schema
        yield self.name


class ColumnUse(NamedTuple):
    """A column used in a query or expression; `relation` is None for an unresolved unqualified name."""

    relation: Name | None
    column: str


class OpenUse(NamedTuple):
    """An unqualified name in a query with several sources: `candidates` are all relations that it may belong to."""

    candidates: tuple[Name, ...]
    column: str


class Expression(Struct, frozen=True, gc=False, array_like=True):
    """A scalar expression. Two are equal if their `key`, the canonical text, is equal.

    `columns`, `functions`, `types` and `relations` are the names used (functions without arguments, including
    built-ins; relations only in sub-queries). `literal` is the value if the whole expression is a constant (without
    casts), as text; `sequence` is the argument of a `nextval('...')`.
    """

    key: str
    text: str
    columns: tuple[str, ...] = ()
    functions: tuple[Name, ...] = ()
    types: tuple[Name, ...] = ()
    relations: tuple[Name, ...] = ()
    literal: str | None = None
    sequence: Name | None = None

    __eq__ = equal_by("key")

    def __hash__(self) -> int:
        return hash(self.key)


class Query(Struct, frozen=True, gc=False, array_like=True):
    """A `SELECT` (or `VALUES`, ...). Equal if `key` is equal.

    `relations` are the tables and views it reads (names of its own CTEs left out). `uses` are the columns it
    mentions, aliases resolved to relations. `outputs` are its result columns: a name, or `None` for a column whose name
    is not known; `stars` are the relations of `*` and `x.*` (all of `relations` for a bare `*`), in which case
    `outputs` holds `"*"` at that place. `strings` are the columns among `uses` that stand in double quotes only, which
    SQLite takes for strings where there are no such columns. `stored` is the canonical text of what PostgreSQL stores
    for a view where that differs: without its stars. `keys` are the primary keys that the columns of a view depend on
    where it groups by them, each as a constraint of its relation.
    """

    key: str
    text: str
    relations: tuple[Name, ...] = ()
    uses: tuple[ColumnUse, ...] = ()
    functions: tuple[Name, ...] = ()
    types: tuple[Name, ...] = ()
    outputs: tuple[str | None, ...] = ()
    stars: tuple[Name, ...] = ()
    strings: frozenset[str] = frozenset()
    stored: str | None = None
    keys: tuple[ColumnUse, ...] = ()

    __eq__ = equal_by("key")

    def __hash__(self) -> int:
        return hash(self.key)


class Mentions(Struct, frozen=True, gc=False, array_like=True):
    """What the expressions and queries of an object mention: the condition of a policy, the actions of a rule, ...

    `columns` are those of the table that the object belongs to (`NEW.a`, `OLD.a`, or just `a`); `uses` are columns
    inside queries, `stars` the relations of `*`.
    """

    columns: tuple[str, ...] = ()
    uses: tuple[ColumnUse, ...] = ()
    stars: tuple[Name, ...] = ()
    relations: tuple[Name, ...] = ()
    functions: tuple[Name, ...] = ()
    types: tuple[Name, ...] = ()


NO_MENTIONS = Mentions()


class Member(Struct, frozen=True, gc=False, array_like=True):
    """A table of a publication: its published columns (None: all) and the condition on its rows."""

    table: Name
    columns: tuple[str, ...] | None = None
    where: Expression | None = None


class Type(Struct, frozen=True, gc=False, array_like=True):
    """A data type as the engine stores it.

    PostgreSQL: the catalog's name (`int4`, `varchar`, `timestamptz`), `args` its modifiers (`(40,)`), `dimensions` the
    number of array dimensions (the engine does not distinguish them: 1 for any). SQLite: the declared words, upper
    case and single-spaced (`VARCHAR`), empty for none. `schema` is None for built-in and unqualified types.
    """

    name: str
    args: tuple[str, ...] = ()
    dimensions: int = 0
    schema: str | None = None
    setof: bool = False

    def __str__(self) -> str:
        text = self.name if self.schema is None else f"{self.schema}.{self.name}"
        if self.args:
            text += f"({','.join(self.args)})"
        return text + "[]" * self.dimensions


class Column(Struct, frozen=True, gc=False, array_like=True):
    """A column: as a script defines it, and as a schema holds it.

    `type` is None if unknown (an assumed column). `serial` marks `serial` and its sizes: `type` is then the
    integer type, and the sequence is implied. `identity` is `always` or `by default`; `generated` is `stored` or
    `virtual`, with the expression in `default`. `nullable` is None when not known. `not_null_name` is the name of its
    `NOT NULL` constraint (PostgreSQL 18) where that is no longer `table_column_not_null`. `identity_options` are those
    of the sequence of an identity column, as a script says them. `declared` is the type of SQLite in its own letters,
    `not_null_conflict` the conflict clause of its `NOT NULL`, `clauses` what stands behind the type, in order: a word
    for each (`not null`, `default`, `collate`, `generated`, `primary`, ...); in PostgreSQL only `default null`.
    """

    name: str
    type: Type | None = None
    nullable: bool | None = True
    default: Expression | None = None
    identity: str | None = None
    generated: str | None = None
    collation: str | None = None
    serial: bool = False
    autoincrement: bool = False
    assumed: bool = False
    span: Span | None = None
    not_null_name: str | None = None
    identity_options: tuple[str, ...] = ()
    declared: str | None = None
    not_null_conflict: str | None = None
    clauses: tuple[str, ...] = ()

    __eq__ = equal_by(
        "name",
        "type",
        "nullable",
        "default",
        "identity",
        "generated",
        "collation",
        "serial",
        "autoincrement",
        "assumed",
        "not_null_conflict",
    )


class Constraint(Struct, frozen=True, gc=False, array_like=True):
    """A table or column constraint.

    `kind` is `primary`, `unique`, `check`, `foreign`, `exclude` or `not_null`. `name` is None in an operation when the
    script leaves it to the engine; in a schema it is always set on PostgreSQL, with `generated` True when the engine
    chose it. `columns` are the table's columns; for `check` those that the expression mentions.
    `elements` is the text of an `EXCLUDE` list; `using_index` the index that `ADD CONSTRAINT ... USING INDEX` adopts.
    `inline` marks a constraint written behind a column, which `behind` names in SQLite; `on_conflict` is SQLite's
    conflict clause. `orders` is what stands behind the columns of a key there (`COLLATE nocase DESC`), empty where
    nothing does, `actions` what stands behind the columns that a foreign key refers to, as it is written. `rests_on` is
    the unique index of the other table that a foreign key in a schema needs, where there is just one that fits.
    `disabled` is where `DISABLE TRIGGER ALL` has taken a foreign key's triggers from work: on its `own` table, which
    takes any value then, on the `referenced` one, whose rows can be deleted, or on `both`. `options` are the storage
    parameters of the index that a key or exclusion gets, which are kept, and compared, with that index.
    """

    kind: str
    name: str | None = None
    columns: tuple[str, ...] = ()
    expression: Expression | None = None
    table: Name | None = None
    referenced: tuple[str, ...] = ()
    on_delete: str = "no action"
    on_update: str = "no action"
    match: str = "simple"
    deferrable: bool = False
    deferred: bool = False
    validated: bool = True
    no_inherit: bool = False
    nulls_not_distinct: bool = False
    include: tuple[str, ...] = ()
    elements: str | None = None
    where: Expression | None = None
    method: str | None = None
    using_index: str | None = None
    without_overlaps: bool = False
    on_conflict: str | None = None
    enforced: bool = True
    generated: bool = False
    inline: bool = False
    behind: str = ""
    span: Span | None = None
    rests_on: str | None = None
    orders: tuple[str, ...] = ()
    actions: str = ""
    disabled: str = ""
    options: tuple[str, ...] = ()

    __eq__ = equal_by(
        "kind",
        "name",
        "columns",
        "expression",
        "table",
        "referenced",
        "on_delete",
        "on_update",
        "match",
        "deferrable",
        "deferred",
        "validated",
        "no_inherit",
        "nulls_not_distinct",
        "include",
        "elements",
        "where",
        "method",
        "using_index",
        "without_overlaps",
        "on_conflict",
        "enforced",
        "generated",
        "orders",
        "disabled",
    )


class IndexElement(Struct, frozen=True, gc=False, array_like=True):
    """One key of an index: a column by name, or an expression.

    `label` is what PostgreSQL calls the expression in the name of an index that is not given any; in SQLite it is how
    the column is written, since a name in double quotes that is no column's is a string.
    """

    column: str | None = None
    expression: Expression | None = None
    collation: str | None = None
    opclass: str | None = None
    descending: bool = False
    nulls_first: bool | None = None
    label: str | None = None

    __eq__ = equal_by("column", "expression", "collation", "opclass", "descending", "nulls_first")

    def __hash__(self) -> int:
        return hash((self.column, self.expression))


class Like(Struct, frozen=True, gc=False):
    """`LIKE source INCLUDING ...` in a `CREATE TABLE`; `including` has lower-case option names."""

    source: Name
    including: tuple[str, ...] = ()


class Operation(Struct, frozen=True, gc=False, kw_only=True):
    """Base class of all operations."""

    span: Span
