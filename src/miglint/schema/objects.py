"""Objects of a schema: immutable descriptions of tables, views, indexes, types, routines and others.

Two objects are equal if the engine behaves alike; text for display is excluded from comparison. `assumed` objects were
used by a script but never created by the files, so their unspecified parts are unknown. `source` is the statement that
created an object, with the names of now where a rename has changed them: the printer writes it from that.
"""

from __future__ import annotations

from collections import abc
from collections.abc import Mapping

from rpds import HashTrieMap

from miglint.base.structs import Struct, equal_by, field
from miglint.schema.attached import Comment, Policy, Privileges, RewriteRule, Trigger
from miglint.schema.keys import Key, Part
from miglint.schema.known_keys import KnownKeys
from miglint.schema.name_sets import Names
from miglint.sql.operations import (
    NO_MENTIONS,
    CallReader,
    Column,
    Constraint,
    Expression,
    IndexElement,
    Member,
    Mentions,
    Name,
    Query,
    Type,
)

__all__ = [
    "ABSENT",
    "Absent",
    "Comment",
    "Composite",
    "Domain",
    "Enum",
    "Extension",
    "Index",
    "Key",
    "Namespace",
    "Other",
    "OtherType",
    "Part",
    "Policy",
    "Privileges",
    "RewriteRule",
    "Routine",
    "Rows",
    "SchemaObject",
    "Sequence",
    "Table",
    "Trigger",
    "View",
]


class Table(Struct, frozen=True, gc=False, array_like=True):
    """A table (`kind`: `table`, `foreign table`, `virtual table`).

    `columns` and `constraints` are mappings by name, in order, never changed in place. PostgreSQL constraints always
    have a name; unnamed SQLite constraints get one that starts with `#`. For an `assumed` table they hold what is
    known; `absent` are the names of columns and constraints known not to be there. `options` are its other settings.
    `partition_key` is what `partition_by` says, as columns and expressions. `outdated` means that a program ran
    as a migration since: columns may have other types now.
    """

    name: Name
    columns: Mapping[str, Column] = field(default_factory=dict)
    constraints: Mapping[str, Constraint] = field(default_factory=dict)
    kind: str = "table"
    persistence: str = "permanent"
    partition_by: str | None = None
    partition_of: Name | None = None
    partition_bound: str | None = None
    inherits: tuple[Name, ...] = ()
    strict: bool = False
    without_rowid: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    definition: str | None = None
    assumed: bool = False
    absent: Names = frozenset()
    partition_key: tuple[IndexElement, ...] = ()
    source: str = ""
    outdated: bool = False

    __eq__ = equal_by(
        "name",
        "columns",
        "constraints",
        "kind",
        "persistence",
        "partition_by",
        "partition_of",
        "partition_bound",
        "inherits",
        "strict",
        "without_rowid",
        "options",
        "definition",
        "assumed",
    )


class View(Struct, frozen=True, gc=False, array_like=True):
    """A view or materialized view. `columns` are its result columns, None when they are not known.

    `types` are the names of their types, `?` for one that is not known. `listed` are the names that the
    statement gives the columns in parentheses. `defaults` are the columns that have one, in order of their names.
    """

    name: Name
    query: Query | None
    columns: tuple[str, ...] | None = None
    materialized: bool = False
    populated: bool = True
    options: tuple[str, ...] = ()
    persistence: str = "permanent"
    assumed: bool = False
    types: tuple[str, ...] | None = None
    listed: tuple[str, ...] = ()
    defaults: tuple[tuple[str, Expression], ...] = ()

    __eq__ = equal_by(
        "name", "query", "columns", "materialized", "populated", "options", "persistence", "assumed", "defaults"
    )


class Index(Struct, frozen=True, gc=False, array_like=True):
    """An index. `constraint` names the constraint that it backs; `generated` marks a default name.

    `valid` is False after a failed `CONCURRENTLY`, and on a partitioned table until each partition has its own.
    `parent` is the index of the partitioned table that it is part of and dropped with. `outdated` is as in `Table`.
    """

    name: Name
    table: Name | None
    elements: tuple[IndexElement, ...] = ()
    unique: bool = False
    method: str = "btree"
    where: Expression | None = None
    include: tuple[str, ...] = ()
    nulls_not_distinct: bool = False
    valid: bool = True
    constraint: str | None = None
    options: tuple[str, ...] = ()
    tablespace: str | None = None
    generated: bool = False
    assumed: bool = False
    parent: Name | None = None
    outdated: bool = False

    __eq__ = equal_by(
        "name",
        "table",
        "elements",
        "unique",
        "method",
        "where",
        "include",
        "nulls_not_distinct",
        "valid",
        "constraint",
        "options",
        "tablespace",
        "assumed",
    )


class Sequence(Struct, frozen=True, gc=False, array_like=True):
    """A sequence. `owned_by` is the column it belongs to; `implicit` marks those of `serial` and identity columns."""

    name: Name
    options: tuple[str, ...] = ()
    owned_by: tuple[Name, str] | None = None
    implicit: bool = False
    persistence: str = "permanent"
    assumed: bool = False

    __eq__ = equal_by("name", "options", "owned_by", "persistence", "assumed")


class Enum(Struct, frozen=True, gc=False, array_like=True):
    """An enumerated type with its labels in order."""

    name: Name
    labels: abc.Sequence[str] = ()  # a tuple or, of many, `enum_labels.Labels`
    assumed: bool = False


class Domain(Struct, frozen=True, gc=False, array_like=True):
    """A domain over `base`."""

    name: Name
    base: Type | None = None
    default: Expression | None = None
    nullable: bool = True
    collation: str | None = None
    constraints: Mapping[str, Constraint] = field(default_factory=dict)
    assumed: bool = False


class Composite(Struct, frozen=True, gc=False, array_like=True):
    """A composite type with its attributes."""

    name: Name
    columns: Mapping[str, Column] = field(default_factory=dict)
    assumed: bool = False


class OtherType(Struct, frozen=True, gc=False, array_like=True):
    """A range, base or shell type, or an assumed one (`kind` empty)."""

    name: Name
    kind: str = ""
    definition: str = ""
    assumed: bool = False
    mentions: Mentions = NO_MENTIONS
    source: str = ""

    __eq__ = equal_by("name", "kind", "definition", "assumed")


class Routine(Struct, frozen=True, gc=False, array_like=True):
    """A function, procedure or aggregate; `arguments` identify it.

    `functions` are those that it is made of, `mentions` what a body depends on that the server has read. `outputs` are
    the names and types of its result where it lists several columns (`OUT`, `TABLE`). `read_call` reads the body for a
    call, as its front end does.
    """

    name: Name
    kind: str
    arguments: tuple[Type, ...] | None
    returns: Type | None = None
    language: str = "sql"
    definition: str = ""
    body: str | None = None
    options: tuple[str, ...] = ()
    input_names: tuple[str, ...] = ()
    defaults: int = 0
    types: tuple[Name, ...] = ()
    assumed: bool = False
    output_names: tuple[str, ...] = ()
    functions: tuple[Name, ...] = ()
    mentions: Mentions = NO_MENTIONS
    outputs: tuple[tuple[str, Type | None], ...] = ()
    source: str = ""
    read_call: CallReader | None = None

    __eq__ = equal_by(
        "name",
        "kind",
        "arguments",
        "returns",
        "language",
        "definition",
        "body",
        "options",
        "input_names",
        "defaults",
        "assumed",
    )


class Extension(Struct, frozen=True, gc=False, array_like=True):
    """An installed extension; `version` None is the server's default."""

    name: str
    schema: str | None = None
    version: str | None = None
    assumed: bool = False


class Namespace(Struct, frozen=True, gc=False, array_like=True):
    """A schema in PostgreSQL's sense."""

    name: str
    owner: str | None = None
    assumed: bool = False


class Other(Struct, frozen=True, gc=False, array_like=True):
    """Any other object, identified by the canonical text of its definition and of later changes.

    `table` is the relation that it belongs to and goes with (extended statistics); `mentions` is what it needs.
    `members` are the tables of a publication.
    """

    kind: str
    name: Name
    definition: str = ""
    changes: tuple[str, ...] = ()
    table: Name | None = None
    assumed: bool = False
    mentions: Mentions = NO_MENTIONS
    members: tuple[Member, ...] = ()
    sources: tuple[str, ...] = ()

    __eq__ = equal_by("kind", "name", "definition", "changes", "assumed", "members")


class Rows(Struct, frozen=True, gc=False):
    """Known rows of a table: the constant keys that were inserted, by the columns that they are of.

    `contents` are the values of the first rows that are certainly there (column and value, None for NULL), as they were
    after `age` runs of code whose effects are not known.
    """

    name: Name
    keys: HashTrieMap[tuple[str, ...], KnownKeys] = field(default_factory=HashTrieMap)
    assumed: bool = False
    contents: tuple[tuple[tuple[str, str | None], ...], ...] = ()
    age: int = 0

    def as_other(self) -> Other:
        """Return it as it is shown: an object of the kind `rows`."""
        changes = (
            f"{'' if certain else '?'}{','.join(columns)}={','.join(values)}"
            for columns, keys in self.keys.items()
            for values, certain in keys
        )
        return Other("rows", self.name, changes=tuple(sorted(changes)))


class Absent(Struct, frozen=True, gc=False):
    """Marks an object that is known not to exist."""


ABSENT = Absent()

SchemaObject = (
    Table
    | View
    | Index
    | Sequence
    | Enum
    | Domain
    | Composite
    | OtherType
    | Routine
    | Trigger
    | Policy
    | RewriteRule
    | Extension
    | Namespace
    | Other
    | Rows
    | Comment
    | Privileges
)
