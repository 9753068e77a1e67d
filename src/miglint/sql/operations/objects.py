"""Operations on objects of any kind: creating, dropping, renaming, moving them."""

from __future__ import annotations

from miglint.sql.operations.parts import (
    NO_MENTIONS,
    Column,
    ColumnUse,
    Constraint,
    Expression,
    IndexElement,
    Member,
    Mentions,
    Name,
    OpenUse,
    Operation,
    Query,
    Type,
)
from miglint.sql.operations.tables import TableOperation


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
    `constraints`), `range`, `base` or `shell` (with `definition`, and `mentions` for what it is made of).
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
    mentions: Mentions = NO_MENTIONS


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
    the rest (argument names, modes, defaults) but the `options`, which are texts like `volatility=stable` or
    `set search_path to a`; `body` the source as written, compared to the letter as the engine stores it. `returns` is
    None for procedures and aggregates. `relations` are the tables and views that its body mentions, where they can be
    told (SQL and PL/pgSQL); `functions` those that an aggregate is made of, and cannot be without. `mentions` is what a
    body that the server reads when the function is made (`BEGIN ATOMIC`) depends on; `outputs` are the columns of a
    result that lists several (`OUT`, `TABLE`).
    """

    name: Name
    kind: str
    arguments: tuple[Type, ...] = ()
    returns: Type | None = None
    language: str = "sql"
    definition: str = ""
    body: str | None = None
    options: tuple[str, ...] = ()
    or_replace: bool = False
    types: tuple[Name, ...] = ()
    relations: tuple[Name, ...] = ()
    defaults: int = 0
    output_names: tuple[str, ...] = ()
    input_names: tuple[str, ...] = ()
    functions: tuple[Name, ...] = ()
    mentions: Mentions = NO_MENTIONS
    outputs: tuple[tuple[str, Type], ...] = ()


class AlterRoutine(Operation, frozen=True, gc=False, kw_only=True):
    """`ALTER FUNCTION`: its new options, as in `CreateRoutine`; `reset NAME` takes a `set` back."""

    name: Name
    kind: str
    arguments: tuple[Type, ...] | None
    options: tuple[str, ...] = ()


class CreateTrigger(Operation, frozen=True, gc=False, kw_only=True):
    """`CREATE TRIGGER`. `function` is PostgreSQL's; SQLite's body is part of `definition`.

    `definition` is canonical and leaves out the name and the table. `columns` are those of `UPDATE OF`. `relations`
    are tables that the body (SQLite) or the transition (PostgreSQL: `FROM`) mentions; `mentions` is what PostgreSQL's
    `WHEN` does. The rest is SQLite's: `event` is
    `insert`, `update` or `delete`; `uses` are the columns that the condition and the body read, less those that may be
    strings, `open` those of them that are of one of several tables, and `targets` those that the body sets.
    """

    name: str
    table: Name
    function: Name | None = None
    definition: str = ""
    columns: tuple[str, ...] = ()
    relations: tuple[Name, ...] = ()
    uses: tuple[ColumnUse, ...] = ()
    targets: tuple[ColumnUse, ...] = ()
    open: tuple[OpenUse, ...] = ()
    event: str = ""
    or_replace: bool = False
    if_not_exists: bool = False
    temporary: bool = False
    constraint: bool = False
    mentions: Mentions = NO_MENTIONS


class CreatePolicy(Operation, frozen=True, gc=False, kw_only=True):
    """`CREATE POLICY`: `head` is what it is and for what command; the rest are canonical texts, None for none."""

    name: str
    table: Name
    head: str
    roles: str
    using: str | None = None
    check: str | None = None
    mentions: Mentions = NO_MENTIONS


class AlterPolicy(Operation, frozen=True, gc=False, kw_only=True):
    """`ALTER POLICY`: the canonical texts of the changed parts, None for those that stay."""

    name: str
    table: Name
    roles: str | None = None
    using: str | None = None
    check: str | None = None
    mentions: Mentions = NO_MENTIONS


class CreateRule(Operation, frozen=True, gc=False, kw_only=True):
    """`CREATE RULE`; `definition` is canonical, without name and table."""

    name: str
    table: Name
    definition: str
    or_replace: bool = False
    mentions: Mentions = NO_MENTIONS


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
    """Any other object: `kind` as in `Drop`; `definition` canonical text; `mentions` is what it needs, and
    `members` are the tables of a publication.
    """

    kind: str
    name: Name
    definition: str
    if_not_exists: bool = False
    or_replace: bool = False
    mentions: Mentions = NO_MENTIONS
    table: Name | None = None
    members: tuple[Member, ...] = ()


class AlterOther(Operation, frozen=True, gc=False, kw_only=True):
    """Any other change of an object that leaves its name: `definition` is the canonical text of the change.

    `action` is `add`, `set` or `drop` where it is about the tables of a publication, the `members`.
    """

    kind: str
    name: Name
    definition: str
    if_exists: bool = False
    table: Name | None = None
    action: str | None = None
    members: tuple[Member, ...] = ()


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

    `kind` is that of the objects (`table`, `schema`, `role`, `default privileges`, `all tables in schema`, ...), and
    for the last two `objects` what they are about (`table`). `privileges` are words, each with the columns that it is
    for, and empty for all of them. `option` is `WITH GRANT OPTION`, or `GRANT OPTION FOR`. `arguments` are those of
    each routine; `of_role` is the role whose new objects default privileges are for.
    """

    grant: bool
    kind: str
    names: tuple[Name, ...]
    roles: tuple[str, ...] = ()
    privileges: tuple[tuple[str, tuple[str, ...]], ...] = ()
    option: bool = False
    objects: str = ""
    arguments: tuple[tuple[Type, ...] | None, ...] = ()
    of_role: str = ""
