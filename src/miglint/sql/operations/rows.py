"""Statements on rows."""

from __future__ import annotations

from miglint.base.structs import Struct
from miglint.sql.operations.flow import Condition
from miglint.sql.operations.parts import ColumnUse, Expression, Name, OpenUse, Operation, Query


class Call(Struct, frozen=True, gc=False):
    """A function called exactly once by a statement. `arguments` are its constant arguments, None for others."""

    name: Name
    arguments: tuple[str | None, ...] = ()


class RowCopy(Struct, frozen=True, gc=False):
    """What a query takes from each row of one table that fulfills `where`: constants and columns, None for others."""

    relation: Name
    values: tuple[Expression | None, ...]
    where: Expression | None = None


class Insert(Operation, frozen=True, gc=False, kw_only=True):
    """`INSERT`. `rows` are the constant values of a `VALUES` list (None for a value that is not a constant, and for
    NULL the Expression with key `null`); None when the source is a query. `conflict` is `nothing`, `update`,
    `replace` (SQLite), `ignore` (SQLite) or None; `conflict_columns` its target, with `conflict_where`. `anti_join` is
    True when the source query leaves out rows that the target holds already (`WHERE NOT EXISTS`, `NOT IN`, `LEFT JOIN
    ... IS NULL`). A query without a table that selects constants has them as `rows` too; `guarded` then says that rows
    of another table decide whether it does. Where a query without a table has a condition, `guard` is that and
    `offered` are its constants: rows that are inserted where the condition holds. `copied` is what a query takes from
    each row of one table, `lookups` what sub-queries stand for in `rows`: row, place, and query. `twice` is a column
    that it gives two values, in the list or in `DO UPDATE`: PostgreSQL refuses that. `text` is the whole statement,
    empty for one inside another, or where it is very long. `uses` and `open` are, in SQLite, the columns that it reads:
    of one relation, and of one of several.
    """

    table: Name
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Expression | None, ...], ...] | None = None
    query: Query | None = None
    conflict: str | None = None
    conflict_columns: tuple[str, ...] = ()
    conflict_constraint: str | None = None
    conflict_where: Expression | None = None
    uses: tuple[ColumnUse, ...] = ()
    open: tuple[OpenUse, ...] = ()
    anti_join: bool = False
    guarded: bool = False
    guard: Condition | None = None
    offered: tuple[tuple[Expression | None, ...], ...] = ()
    copied: RowCopy | None = None
    lookups: tuple[tuple[int, int, RowCopy], ...] = ()
    twice: str | None = None
    text: str = ""


class Update(Operation, frozen=True, gc=False, kw_only=True):
    """`UPDATE`. `assignments` are (column, expression); a multi-column or sub-query source gives expression None.

    `where` is None for every row. `relations` are those of `FROM` and of sub-queries; `joined` means that there is a
    `FROM`, so that a column's name may be another relation's. `twice` is a column that it gives two values.
    `text`, `uses` and `open` are as in `Insert`.
    """

    table: Name
    assignments: tuple[tuple[str, Expression | None], ...]
    where: Expression | None = None
    relations: tuple[Name, ...] = ()
    joined: bool = False
    twice: str | None = None
    text: str = ""
    uses: tuple[ColumnUse, ...] = ()
    open: tuple[OpenUse, ...] = ()


class Delete(Operation, frozen=True, gc=False, kw_only=True):
    """`DELETE`; `where` is None for every row, and `joined` means that there is a `USING`.

    `text`, `uses` and `open` are as in `Insert`.
    """

    table: Name
    where: Expression | None = None
    relations: tuple[Name, ...] = ()
    joined: bool = False
    text: str = ""
    uses: tuple[ColumnUse, ...] = ()
    open: tuple[OpenUse, ...] = ()


class Truncate(Operation, frozen=True, gc=False, kw_only=True):
    """`TRUNCATE`, one per table; `only` leaves out the tables that inherit from it."""

    table: Name
    cascade: bool = False
    restart_identity: bool = False
    only: bool = False


class OtherData(Operation, frozen=True, gc=False, kw_only=True):
    """`COPY`, `MERGE`, `CALL`, `REFRESH`, and other statements that change rows: `kind` in lower case.

    `twice` is a column that a `MERGE` assigns twice in one action; `called` is the function of a `CALL`.
    """

    kind: str
    table: Name | None = None
    relations: tuple[Name, ...] = ()
    concurrently: bool = False
    twice: str | None = None
    called: Call | None = None
    text: str = ""


class Select(Operation, frozen=True, gc=False, kw_only=True):
    """A standalone query. `functions` may have effects: `setval`, `set_config('search_path', ...)`, `drop_all_views()`.

    `called` are those certainly called exactly once, in order: not per row of a table, nor under a condition.
    """

    query: Query
    called: tuple[Call, ...] = ()
