"""The vocabulary: what a statement does, said without the words of any one parser.

A front end turns each statement into a tuple of these values; replay applies them to a schema, and rules read them.
Every operation is immutable and carries `span`, the characters of the file that say it (the clause, not the statement).
Names are as the engine stores them: PostgreSQL identifiers are folded already, SQLite identifiers keep their case.
A table-level `ALTER` with several actions gives one operation per action, in the engine's order of execution.
"""

from __future__ import annotations

from typing import NamedTuple

from miglint.source import Span
from miglint.values import Struct, equal_by


class Name(NamedTuple):
    """A possibly qualified name. `schema` is None when the text does not say it."""

    schema: str | None
    name: str

    def __str__(self) -> str:
        return self.name if self.schema is None else f"{self.schema}.{self.name}"


class ColumnUse(NamedTuple):
    """A column that a query or expression mentions; `relation` is None when an unqualified name leaves it open."""

    relation: Name | None
    column: str


class Expression(Struct, frozen=True, gc=False):
    """A scalar expression. Two are equal when their `key` is: the text less spelling, white space and location.

    `columns`, `functions`, `types` and `relations` are what it mentions (functions without arguments, built-ins
    included; relations only in sub-queries). `literal` is the value when the whole expression is one constant
    (casts around it aside), as text; `sequence` is the argument of a `nextval('...')`.
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


class Query(Struct, frozen=True, gc=False):
    """A `SELECT` (or `VALUES`, ...). Equal when `key` is.

    `relations` are the tables and views it reads (names of its own CTEs left out). `uses` are the columns it
    mentions, aliases resolved to relations. `outputs` are its result columns: a name, or `None` for a column whose name
    cannot be told; `stars` are the relations of `*` and `x.*` (all of `relations` for a bare `*`), in which case
    `outputs` holds `"*"` at that place. `casts` are the types of `expr::type` outputs by place where known.
    """

    key: str
    text: str
    relations: tuple[Name, ...] = ()
    uses: tuple[ColumnUse, ...] = ()
    functions: tuple[Name, ...] = ()
    types: tuple[Name, ...] = ()
    outputs: tuple[str | None, ...] = ()
    stars: tuple[Name, ...] = ()

    __eq__ = equal_by("key")

    def __hash__(self) -> int:
        return hash(self.key)


class Type(Struct, frozen=True, gc=False):
    """A data type as the engine stores it.

    PostgreSQL: the catalog's name (`int4`, `varchar`, `timestamptz`), `args` its modifiers (`(40,)`), `dimensions` the
    number of array dimensions (the engine does not tell them apart: 1 for any). SQLite: the declared words, upper
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


class Column(Struct, frozen=True, gc=False):
    """A column: as a script defines it, and as a schema holds it.

    `type` is None when nobody said it (an assumed column). `serial` marks `serial` and its sizes: `type` is then the
    integer type, and the sequence is implied. `identity` is `always` or `by default`; `generated` is `stored` or
    `virtual`, with the expression in `default`. `nullable` is None when not known. `not_null_name` is the name of its
    `NOT NULL` constraint (PostgreSQL 18) where that is no longer `table_column_not_null`.
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
    )


class Constraint(Struct, frozen=True, gc=False):
    """A table or column constraint.

    `kind` is `primary`, `unique`, `check`, `foreign`, `exclude` or `not_null`. `name` is None in an operation when the
    script leaves it to the engine; in a schema it is always set on PostgreSQL, with `generated` True when the engine
    chose it. `columns` are the table's columns; for `check` those that the expression mentions.
    `elements` is the text of an `EXCLUDE` list; `using_index` the index that `ADD CONSTRAINT ... USING INDEX` adopts.
    `inline` marks a constraint written behind a column; `on_conflict` is SQLite's conflict clause. `rests_on` is the
    unique index of the other table that a foreign key in a schema needs, where there is just one that fits.
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
    span: Span | None = None
    rests_on: str | None = None

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
    )


class IndexElement(Struct, frozen=True, gc=False):
    """One key of an index: a column by name, or an expression."""

    column: str | None = None
    expression: Expression | None = None
    collation: str | None = None
    opclass: str | None = None
    descending: bool = False
    nulls_first: bool | None = None


class Like(Struct, frozen=True, gc=False):
    """`LIKE source INCLUDING ...` in a `CREATE TABLE`; `including` holds lower-case option names."""

    source: Name
    including: tuple[str, ...] = ()


class Operation(Struct, frozen=True, gc=False, kw_only=True):
    """Base of all operations."""

    span: Span


# --- tables ----------------------------------------------------------------------------------------------------------


class CreateTable(Operation, frozen=True, gc=False, kw_only=True):
    """`CREATE TABLE`, also `AS`, `PARTITION OF`, foreign tables and SQLite's virtual tables.

    `constraints` holds inline and table constraints in the order written, `NOT NULL` as `Column.nullable` alone.
    `query` is set for `CREATE TABLE AS` and `SELECT INTO`. `options` are storage parameters and the like, as text.
    """

    name: Name
    columns: tuple[Column, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    if_not_exists: bool = False
    temporary: bool = False
    unlogged: bool = False
    likes: tuple[Like, ...] = ()
    inherits: tuple[Name, ...] = ()
    partition_of: Name | None = None
    partition_bound: str | None = None
    partition_by: str | None = None
    of_type: Name | None = None
    query: Query | None = None
    with_data: bool = True
    strict: bool = False
    without_rowid: bool = False
    virtual: str | None = None
    foreign_server: str | None = None
    options: tuple[str, ...] = ()


class TableOperation(Operation, frozen=True, gc=False, kw_only=True):
    """Base of what `ALTER TABLE` does. `table_if_exists` is `ALTER TABLE IF EXISTS`; `only` is `ALTER TABLE ONLY`.

    `kind` is the kind of relation that the statement names (`table`, `view`, `materialized view`, `index`,
    `sequence`, `foreign table`, `type`).
    """

    table: Name
    table_if_exists: bool = False
    only: bool = False
    kind: str = "table"


class AddColumn(TableOperation, frozen=True, gc=False, kw_only=True):
    """`ADD COLUMN`; `constraints` are those written behind the column."""

    column: Column
    constraints: tuple[Constraint, ...] = ()
    if_not_exists: bool = False


class DropColumn(TableOperation, frozen=True, gc=False, kw_only=True):
    """`DROP COLUMN`."""

    column: str
    if_exists: bool = False
    cascade: bool = False


class AlterColumnType(TableOperation, frozen=True, gc=False, kw_only=True):
    """`ALTER COLUMN ... TYPE`."""

    column: str
    type: Type
    collation: str | None = None
    using: Expression | None = None


class SetDefault(TableOperation, frozen=True, gc=False, kw_only=True):
    """`ALTER COLUMN ... SET DEFAULT` or, with None, `DROP DEFAULT`."""

    column: str
    default: Expression | None


class SetNullable(TableOperation, frozen=True, gc=False, kw_only=True):
    """`ALTER COLUMN ... DROP NOT NULL` (nullable) or `SET NOT NULL` (not nullable)."""

    column: str
    nullable: bool


class SetIdentity(TableOperation, frozen=True, gc=False, kw_only=True):
    """`ADD GENERATED ... AS IDENTITY` (`add`), `SET GENERATED ...` (`set`), `DROP IDENTITY` (`drop`)."""

    column: str
    action: str
    identity: str | None = None
    if_exists: bool = False


class SetGenerated(TableOperation, frozen=True, gc=False, kw_only=True):
    """`ALTER COLUMN ... DROP EXPRESSION` (expression None) or `SET EXPRESSION AS`."""

    column: str
    expression: Expression | None
    if_exists: bool = False


class SetColumnOption(TableOperation, frozen=True, gc=False, kw_only=True):
    """`SET STATISTICS`, `SET STORAGE`, `SET COMPRESSION`, `SET (n_distinct = ...)`: `option` and its value as text."""

    column: str
    option: str
    value: str | None


class AddConstraint(TableOperation, frozen=True, gc=False, kw_only=True):
    """`ADD CONSTRAINT`."""

    constraint: Constraint


class DropConstraint(TableOperation, frozen=True, gc=False, kw_only=True):
    """`DROP CONSTRAINT`; on a domain `kind` is `domain` and `table` the domain."""

    constraint: str
    if_exists: bool = False
    cascade: bool = False


class ValidateConstraint(TableOperation, frozen=True, gc=False, kw_only=True):
    """`VALIDATE CONSTRAINT`."""

    constraint: str


class AlterConstraint(TableOperation, frozen=True, gc=False, kw_only=True):
    """`ALTER CONSTRAINT ... [NOT] DEFERRABLE ...`; with `changes_deferrability` False those two say nothing.

    `enforced` and `no_inherit` are None where the statement leaves them alone.
    """

    constraint: str
    deferrable: bool
    deferred: bool
    changes_deferrability: bool = True
    enforced: bool | None = None
    no_inherit: bool | None = None


class AttachPartition(TableOperation, frozen=True, gc=False, kw_only=True):
    """`ATTACH PARTITION` on a table, or on an index."""

    partition: Name
    bound: str | None


class DetachPartition(TableOperation, frozen=True, gc=False, kw_only=True):
    """`DETACH PARTITION`."""

    partition: Name
    concurrently: bool = False


class SetInherit(TableOperation, frozen=True, gc=False, kw_only=True):
    """`INHERIT parent` or `NO INHERIT parent`."""

    parent: Name
    inherit: bool


class SetTableOption(TableOperation, frozen=True, gc=False, kw_only=True):
    """Any other setting of a table, view, index or sequence.

    `option` is one of `logged`, `row security`, `force row security`, `owner`, `tablespace`, `access method`,
    `replica identity`, `cluster`, `storage parameter NAME`, `of`, or the words of the statement; `value` its new value
    (`on`/`off` for switches), None for reset.
    """

    option: str
    value: str | None


class EnableTrigger(TableOperation, frozen=True, gc=False, kw_only=True):
    """`ENABLE/DISABLE TRIGGER` or `RULE`. `trigger` is a name, `*all*` or `*user*`; `state` the words, lower case."""

    trigger: str
    state: str
    rule: bool = False


# --- objects of any kind ----------------------------------------------------------------------------------------------


class Drop(Operation, frozen=True, gc=False, kw_only=True):
    """`DROP kind name`, one per name. `kind` is PostgreSQL's words in lower case: `table`, `index`, `view`,
    `materialized view`, `sequence`, `type`, `domain`, `function`, `procedure`, `routine`, `aggregate`, `trigger`,
    `policy`, `rule`, `extension`, `schema`, `role`, `foreign table`, `collation`, `operator`, `cast`, `database`, ...

    `table` is set for what belongs to a table (trigger, policy, rule). `arguments` is set for routines whose
    argument types are given, None when they are not.
    """

    kind: str
    name: Name
    table: Name | None = None
    arguments: tuple[Type, ...] | None = None
    if_exists: bool = False
    cascade: bool = False
    concurrently: bool = False


class Rename(Operation, frozen=True, gc=False, kw_only=True):
    """`ALTER kind name RENAME TO new`. For what belongs to a table (`trigger`, `policy`, `rule`) `table` is set."""

    kind: str
    name: Name
    new: str
    table: Name | None = None
    arguments: tuple[Type, ...] | None = None
    if_exists: bool = False


class RenameColumn(TableOperation, frozen=True, gc=False, kw_only=True):
    """`RENAME COLUMN`; on a composite type `kind` is `type`."""

    column: str
    new: str


class RenameConstraint(TableOperation, frozen=True, gc=False, kw_only=True):
    """`RENAME CONSTRAINT`; on a domain `kind` is `domain`."""

    constraint: str
    new: str


class SetSchema(Operation, frozen=True, gc=False, kw_only=True):
    """`ALTER kind name SET SCHEMA new`."""

    kind: str
    name: Name
    schema: str
    arguments: tuple[Type, ...] | None = None
    if_exists: bool = False


class CreateIndex(Operation, frozen=True, gc=False, kw_only=True):
    """`CREATE INDEX`. `name` is None when the engine chooses it; `options` are storage parameters as text."""

    name: str | None
    table: Name
    elements: tuple[IndexElement, ...]
    unique: bool = False
    method: str = "btree"
    where: Expression | None = None
    include: tuple[str, ...] = ()
    nulls_not_distinct: bool = False
    concurrently: bool = False
    if_not_exists: bool = False
    only: bool = False
    options: tuple[str, ...] = ()
    tablespace: str | None = None


class CreateView(Operation, frozen=True, gc=False, kw_only=True):
    """`CREATE [MATERIALIZED] VIEW`. `columns` are the names given in parentheses."""

    name: Name
    query: Query
    columns: tuple[str, ...] = ()
    materialized: bool = False
    or_replace: bool = False
    if_not_exists: bool = False
    temporary: bool = False
    with_data: bool = True
    options: tuple[str, ...] = ()


class CreateSequence(Operation, frozen=True, gc=False, kw_only=True):
    """`CREATE SEQUENCE`; `options` as sorted `name=value` texts, `owned_by` a table's column."""

    name: Name
    if_not_exists: bool = False
    temporary: bool = False
    owned_by: tuple[Name, str] | None = None
    options: tuple[str, ...] = ()


class AlterSequence(Operation, frozen=True, gc=False, kw_only=True):
    """`ALTER SEQUENCE`; `restart` marks a new current value, which is data and not schema."""

    name: Name
    if_exists: bool = False
    owned_by: tuple[Name, str] | None = None
    disown: bool = False
    restart: bool = False
    options: tuple[str, ...] = ()


class CreateType(Operation, frozen=True, gc=False, kw_only=True):
    """`CREATE TYPE` and `CREATE DOMAIN`.

    `kind` is `enum` (with `labels`), `composite` (with `columns`), `domain` (with `base`, `default`, `nullable` and
    `constraints`), `range`, `base` or `shell` (with `definition`).
    """

    name: Name
    kind: str
    labels: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    base: Type | None = None
    default: Expression | None = None
    nullable: bool = True
    collation: str | None = None
    constraints: tuple[Constraint, ...] = ()
    definition: str | None = None


class AddEnumValue(Operation, frozen=True, gc=False, kw_only=True):
    """`ALTER TYPE ... ADD VALUE`; `neighbour` and `after` say where (None: at the end)."""

    name: Name
    value: str
    if_not_exists: bool = False
    neighbour: str | None = None
    after: bool = True


class RenameEnumValue(Operation, frozen=True, gc=False, kw_only=True):
    """`ALTER TYPE ... RENAME VALUE`."""

    name: Name
    value: str
    new: str


class CreateRoutine(Operation, frozen=True, gc=False, kw_only=True):
    """`CREATE FUNCTION`, `PROCEDURE` or `AGGREGATE`.

    `arguments` are the types of the input arguments (what identifies it). `definition` is a canonical text of all
    the rest (argument names, modes, defaults, options); `body` the source as written, compared to the letter as the
    engine stores it. `returns` is None for procedures and aggregates. `relations` are the tables and views that its
    body mentions, where they can be told (SQL and PL/pgSQL).
    """

    name: Name
    kind: str
    arguments: tuple[Type, ...] = ()
    returns: Type | None = None
    language: str = "sql"
    definition: str = ""
    body: str | None = None
    or_replace: bool = False
    types: tuple[Name, ...] = ()
    relations: tuple[Name, ...] = ()
    defaults: int = 0
    output_names: tuple[str, ...] = ()
    input_names: tuple[str, ...] = ()


class AlterRoutine(Operation, frozen=True, gc=False, kw_only=True):
    """`ALTER FUNCTION ... options`: `definition` is the text of the new options."""

    name: Name
    kind: str
    arguments: tuple[Type, ...] | None
    definition: str


class CreateTrigger(Operation, frozen=True, gc=False, kw_only=True):
    """`CREATE TRIGGER`. `function` is PostgreSQL's; SQLite's body is part of `definition` and of `uses`.

    `definition` is canonical and leaves out the name and the table. `columns` are those of `UPDATE OF`. `relations`
    are tables that the body (SQLite) or the transition (PostgreSQL: `FROM`) mentions.
    """

    name: str
    table: Name
    function: Name | None = None
    definition: str = ""
    columns: tuple[str, ...] = ()
    relations: tuple[Name, ...] = ()
    uses: tuple[ColumnUse, ...] = ()
    or_replace: bool = False
    if_not_exists: bool = False
    temporary: bool = False
    constraint: bool = False


class CreatePolicy(Operation, frozen=True, gc=False, kw_only=True):
    """`CREATE POLICY`; `definition` is canonical, without name and table."""

    name: str
    table: Name
    definition: str
    relations: tuple[Name, ...] = ()
    functions: tuple[Name, ...] = ()
    columns: tuple[str, ...] = ()


class AlterPolicy(Operation, frozen=True, gc=False, kw_only=True):
    """`ALTER POLICY`; `definition` is the canonical text of the changed parts."""

    name: str
    table: Name
    definition: str


class CreateRule(Operation, frozen=True, gc=False, kw_only=True):
    """`CREATE RULE`; `definition` is canonical, without name and table."""

    name: str
    table: Name
    definition: str
    or_replace: bool = False
    relations: tuple[Name, ...] = ()


class CreateExtension(Operation, frozen=True, gc=False, kw_only=True):
    """`CREATE EXTENSION`."""

    name: str
    if_not_exists: bool = False
    schema: str | None = None
    version: str | None = None
    cascade: bool = False


class CreateSchema(Operation, frozen=True, gc=False, kw_only=True):
    """`CREATE SCHEMA`; the objects inside follow as operations of their own."""

    name: str
    if_not_exists: bool = False
    owner: str | None = None


class CreateRole(Operation, frozen=True, gc=False, kw_only=True):
    """`CREATE ROLE`, `USER` or `GROUP`."""

    name: str
    definition: str = ""


class CreateOther(Operation, frozen=True, gc=False, kw_only=True):
    """Any other object: `kind` as in `Drop`; `definition` canonical text; `depends` names what it needs."""

    kind: str
    name: Name
    definition: str
    if_not_exists: bool = False
    or_replace: bool = False
    relations: tuple[Name, ...] = ()
    table: Name | None = None


class AlterOther(Operation, frozen=True, gc=False, kw_only=True):
    """Any other change of an object that leaves its name: `definition` is the canonical text of the change."""

    kind: str
    name: Name
    definition: str
    if_exists: bool = False
    table: Name | None = None


class SetComment(Operation, frozen=True, gc=False, kw_only=True):
    """`COMMENT ON kind name IS text`; `column` for columns, `table` for what belongs to a table."""

    kind: str
    name: Name
    text: str | None
    column: str | None = None
    table: Name | None = None
    arguments: tuple[Type, ...] | None = None


class SetPrivileges(Operation, frozen=True, gc=False, kw_only=True):
    """`GRANT` or `REVOKE` of privileges on objects, `ALTER DEFAULT PRIVILEGES`, or role membership.

    `definition` is the canonical text of who gets what; `kind` that of the objects (`table`, `schema`, `role`,
    `default privileges`, `all tables in schema`, ...).
    """

    grant: bool
    kind: str
    names: tuple[Name, ...]
    definition: str
    roles: tuple[str, ...] = ()


# --- data ------------------------------------------------------------------------------------------------------------


class Insert(Operation, frozen=True, gc=False, kw_only=True):
    """`INSERT`. `rows` are the constant values of a `VALUES` list (None for a value that is not a constant, and for
    NULL the Expression with key `null`); None when the source is a query. `conflict` is `nothing`, `update`,
    `replace` (SQLite), `ignore` (SQLite) or None; `conflict_columns` its target. `anti_join` is True when the source
    query leaves out rows that the target holds already (`WHERE NOT EXISTS`, `NOT IN`, `LEFT JOIN ... IS NULL`).
    """

    table: Name
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Expression | None, ...], ...] | None = None
    query: Query | None = None
    conflict: str | None = None
    conflict_columns: tuple[str, ...] = ()
    conflict_constraint: str | None = None
    anti_join: bool = False
    returning: bool = False


class Update(Operation, frozen=True, gc=False, kw_only=True):
    """`UPDATE`. `assignments` are (column, expression); a multi-column or sub-query source gives expression None.

    `where` is None for every row. `relations` are those of `FROM` and of sub-queries; `joined` says that there is a
    `FROM`, so that a column's name may be another relation's.
    """

    table: Name
    assignments: tuple[tuple[str, Expression | None], ...]
    where: Expression | None = None
    relations: tuple[Name, ...] = ()
    joined: bool = False


class Delete(Operation, frozen=True, gc=False, kw_only=True):
    """`DELETE`; `where` is None for every row."""

    table: Name
    where: Expression | None = None
    relations: tuple[Name, ...] = ()


class Truncate(Operation, frozen=True, gc=False, kw_only=True):
    """`TRUNCATE`, one per table."""

    table: Name
    cascade: bool = False
    restart_identity: bool = False


class OtherData(Operation, frozen=True, gc=False, kw_only=True):
    """`COPY`, `MERGE`, `CALL`, `REFRESH`, and other statements that change rows: `kind` in lower-case words."""

    kind: str
    table: Name | None = None
    relations: tuple[Name, ...] = ()
    concurrently: bool = False


class Select(Operation, frozen=True, gc=False, kw_only=True):
    """A query run for itself. `functions` matter: `setval`, `set_config('search_path', ...)`, `drop_all_views()`."""

    query: Query


# --- the session ------------------------------------------------------------------------------------------------------


class Transaction(Operation, frozen=True, gc=False, kw_only=True):
    """`action`: `begin`, `commit`, `rollback`, `savepoint`, `release`, `rollback to`; `name` the savepoint."""

    action: str
    name: str | None = None


class SetVariable(Operation, frozen=True, gc=False, kw_only=True):
    """`SET [LOCAL] name = values`, `RESET` and `set_config` with constants. `values` None for `DEFAULT` and `RESET`."""

    name: str
    values: tuple[str, ...] | None
    local: bool = False


class Pragma(Operation, frozen=True, gc=False, kw_only=True):
    """SQLite's `PRAGMA name = value` or `PRAGMA name(value)`; value None when it only asks."""

    name: str
    value: str | None = None
    schema: str | None = None


class Maintenance(Operation, frozen=True, gc=False, kw_only=True):
    """`VACUUM`, `ANALYZE`, `REINDEX`, `CLUSTER`, `REFRESH MATERIALIZED VIEW`, `LOCK TABLE`, `CHECKPOINT`, `NOTIFY`,
    `ALTER SYSTEM`, `ATTACH`, ...: no change of schema. `kind` in lower-case words; `options` the words in between.
    """

    kind: str
    target: Name | None = None
    concurrently: bool = False
    options: tuple[str, ...] = ()


# --- control flow ----------------------------------------------------------------------------------------------------


class Exists(Struct, frozen=True, gc=False):
    """A test whether an object is there, read from `IF EXISTS (SELECT ... FROM pg_... | information_schema...)`.

    `kind` as in `Drop`, or `column`, `constraint`, `enum value`, `row`, `setting`. For `column`, `constraint` and
    `trigger` `table` says where when the query does (else None: on any table); `schema` in `name` may be None.
    """

    kind: str
    name: Name
    table: Name | None = None


class Not(Struct, frozen=True, gc=False):
    """Negation."""

    condition: Condition


class And(Struct, frozen=True, gc=False):
    """All of them."""

    conditions: tuple[Condition, ...]


class Or(Struct, frozen=True, gc=False):
    """Any of them."""

    conditions: tuple[Condition, ...]


class Unknown(Struct, frozen=True, gc=False):
    """A condition that cannot be read statically, with its text."""

    text: str


Condition = Exists | Not | And | Or | Unknown


class If(Operation, frozen=True, gc=False, kw_only=True):
    """`IF condition THEN ... ELSE ... END IF` of a `DO` block."""

    condition: Condition
    then: tuple[Operation, ...]
    otherwise: tuple[Operation, ...] = ()


class Try(Operation, frozen=True, gc=False, kw_only=True):
    """A PL/pgSQL block with `EXCEPTION WHEN`: `caught` are condition names (`duplicate_object`, `others`, SQLSTATEs).

    When an operation of `body` raises one of them, all of `body` is undone and `handler` runs.
    """

    body: tuple[Operation, ...]
    caught: tuple[str, ...]
    handler: tuple[Operation, ...] = ()


class Raise(Operation, frozen=True, gc=False, kw_only=True):
    """`RAISE EXCEPTION`: the script ends with an error here. (`RAISE NOTICE` is no operation.)"""

    message: str


class Opaque(Operation, frozen=True, gc=False, kw_only=True):
    """Understood to be unknown: dynamic SQL, a loop over the catalog, a call of a function with effects.

    `reason` is a whole phrase for people. `schema_effect` is False when it is sure that only rows can change.
    `idempotent_hint` is True when the text itself looks before it acts (a guard that could not be read in full).
    """

    reason: str
    schema_effect: bool = True
    relations: tuple[Name, ...] = ()


# --- statements ------------------------------------------------------------------------------------------------------


class SyntaxProblem(Struct, frozen=True, gc=False):
    """What the engine's grammar says against a statement, with the place it names.

    `certain` is False when it is this reader that gave up (nesting too deep), not the engine.
    """

    message: str
    span: Span
    certain: bool = True


class Statement(Struct, frozen=True, gc=False):
    """One SQL statement: its exact characters (without the semicolon), its operations, or why it could not be read.

    `kind` is a few lower-case words for people (`create table`, `alter table`, `do`, `insert`).
    """

    span: Span
    kind: str
    operations: tuple[Operation, ...]
    problem: SyntaxProblem | None = None
