"""Operations on tables and their columns and constraints."""

from __future__ import annotations

from miglint.sql.operations.parts import (
    Column,
    Constraint,
    Expression,
    IndexElement,
    Like,
    Name,
    Operation,
    Query,
    Type,
)


class CreateTable(Operation, frozen=True, gc=False, kw_only=True):
    """`CREATE TABLE`, also `AS`, `PARTITION OF`, foreign tables and SQLite's virtual tables.

    `constraints` holds inline and table constraints in the order written, `NOT NULL` as `Column.nullable` alone.
    `query` is set for `CREATE TABLE AS` and `SELECT INTO`. `options` are storage parameters and the like, as text.
    `partition_by` is the canonical text of the partition key, `partition_key` its columns and expressions. `source` is
    the text of a statement that makes a foreign or virtual table. `settings` are what is written of how the values of
    columns are kept: (column, `storage` or `compression`, value).
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
    partition_key: tuple[IndexElement, ...] = ()
    of_type: Name | None = None
    query: Query | None = None
    with_data: bool = True
    strict: bool = False
    without_rowid: bool = False
    virtual: str | None = None
    foreign_server: str | None = None
    options: tuple[str, ...] = ()
    source: str = ""
    settings: tuple[tuple[str, str, str], ...] = ()


class TableOperation(Operation, frozen=True, gc=False, kw_only=True):
    """Base of `ALTER TABLE` operations. `table_if_exists` is `ALTER TABLE IF EXISTS`; `only` is `ALTER TABLE ONLY`.

    `kind` is the kind of relation in the statement (`table`, `view`, `materialized view`, `index`, `sequence`, `foreign
    table`, `type`).
    """

    table: Name
    table_if_exists: bool = False
    only: bool = False
    kind: str = "table"


class AddColumn(TableOperation, frozen=True, gc=False, kw_only=True):
    """`ADD COLUMN`; `constraints` are the inline constraints, `settings` as in `CreateTable`."""

    column: Column
    constraints: tuple[Constraint, ...] = ()
    if_not_exists: bool = False
    settings: tuple[tuple[str, str, str], ...] = ()


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
    """`ALTER COLUMN ... SET DEFAULT` or, with None, `DROP DEFAULT`.

    `null` marks `SET DEFAULT NULL`, which is the same unless the type of the column has a default.
    """

    column: str
    default: Expression | None
    null: bool = False


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
    """`ALTER CONSTRAINT ... [NOT] DEFERRABLE ...`; if `changes_deferrability` is False, these two are not specified.

    `enforced` and `no_inherit` are None if not specified.
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
    """`DETACH PARTITION`; `finalize` completes an interrupted concurrent one."""

    partition: Name
    concurrently: bool = False
    finalize: bool = False


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
