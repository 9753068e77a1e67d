"""`CREATE TABLE`, `CREATE VIRTUAL TABLE` and `ALTER TABLE`."""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.sql.operations import (
    AddColumn,
    AddConstraint,
    Column,
    Constraint,
    CreateTable,
    DropColumn,
    DropConstraint,
    Expression,
    Name,
    Operation,
    Rename,
    RenameColumn,
    SetNullable,
)
from miglint.sql.shown_names import may_have_strings, with_columns
from miglint.sql.sqlite.columns import TABLE_CONSTRAINTS, check_constraint, column, table_constraints
from miglint.sql.sqlite.cursor import END, Cursor
from miglint.sql.sqlite.expressions import query
from miglint.sql.sqlite.query_parts import split_list
from miglint.sql.sqlite.tokens import STRING
from miglint.sql.sqlite.words import Unreadable


def create_table(cursor: Cursor, *, temporary: bool) -> Operation:
    """Read the rest of `CREATE [TEMP] TABLE`."""
    if_not_exists = cursor.if_not_exists()
    name = cursor.qualified()
    if cursor.accept("AS"):
        source = query(cursor.tokens, cursor.at, cursor.size)
        return CreateTable(
            span=cursor.whole(),
            name=name,
            if_not_exists=if_not_exists,
            temporary=temporary,
            columns=(),
            query=source,
        )
    cursor.expect("(")
    columns: list[Column] = []
    constraints: list[Constraint] = []
    while True:
        defined, behind = column(cursor)
        columns.append(defined)
        constraints += behind
        if cursor.word in TABLE_CONSTRAINTS or not cursor.accept(",") or cursor.word in TABLE_CONSTRAINTS:
            break
    constraints += table_constraints(cursor)
    autoincrement = "AUTOINCREMENT" in cursor.words[: cursor.at]
    cursor.expect(")")
    strict = without_rowid = False
    while cursor.word != END:
        if cursor.accept("STRICT"):
            strict = True
        else:
            cursor.expect("WITHOUT", "ROWID")
            without_rowid = True
        if not cursor.accept(","):
            break
    cursor.finish()
    names = {defined.name.lower() for defined in columns}
    columns = [replace(one, default=_of_table(one.default, names)) if one.generated else one for one in columns]
    constraints = [
        one if one.expression is None else replace(one, expression=_of_table(one.expression, names))
        for one in constraints
    ]
    return CreateTable(
        span=cursor.whole(),
        name=name,
        columns=_keyed(columns, constraints, strict, without_rowid, autoincrement),
        constraints=tuple(constraints),
        if_not_exists=if_not_exists,
        temporary=temporary,
        strict=strict,
        without_rowid=without_rowid,
    )


def _of_table(value: Expression | None, names: set[str]) -> Expression | None:
    """Return an expression of a table with these columns, in which other names in double quotes are strings."""
    if value is None or not may_have_strings(value.key):
        return value
    return replace(value, key=with_columns(value.key, names))


def _keyed(
    columns: list[Column], constraints: list[Constraint], strict: bool, without_rowid: bool, autoincrement: bool
) -> tuple[Column, ...]:
    """Return the columns with the effects of the primary key.

    The key is `NOT NULL` only in `STRICT` and `WITHOUT ROWID` tables, and not for the rowid alias. `PRIMARY KEY (id
    AUTOINCREMENT)` in a table constraint applies to the column.
    """
    primary = next((constraint for constraint in constraints if constraint.kind == "primary"), None)
    if primary is None:
        return tuple(columns)
    key = {name.lower() for name in primary.columns}
    has_rowid = len(key) == 1 and not without_rowid

    def keyed(column: Column) -> Column:
        if has_rowid and column.type is not None and column.type.name == "INTEGER":
            return replace(column, autoincrement=True) if autoincrement and not column.autoincrement else column
        return replace(column, nullable=False) if strict or without_rowid else column

    return tuple(keyed(column) if column.name.lower() in key else column for column in columns)


def create_virtual_table(cursor: Cursor) -> Operation:
    """Read the rest of `CREATE VIRTUAL TABLE`. The columns are known for the modules included in SQLite."""
    if_not_exists = cursor.if_not_exists()
    name = cursor.qualified()
    cursor.expect("USING")
    module = cursor.name()
    options: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    if cursor.word == "(":
        parts = split_list(cursor.tokens, *cursor.parentheses())
        options = tuple(cursor.tokens.slice(*part) for part in parts)
        if module.lower() in {"fts3", "fts4", "fts5", "rtree", "rtree_i32"}:
            columns = tuple(
                Column(cursor.tokens.name(first), span=cursor.span(first, last))
                for first, last in parts
                if "=" not in cursor.words[first:last]
                and (cursor.tokens.is_name(first) or cursor.words[first] == STRING)
            )
    cursor.finish()
    return CreateTable(
        span=cursor.whole(),
        name=name,
        columns=columns,
        if_not_exists=if_not_exists,
        virtual=module.lower(),
        options=options,
        source=cursor.source(),
    )


def alter_table(cursor: Cursor) -> Operation:
    """Read the rest of `ALTER TABLE`, in the syntax of any version of SQLite."""
    table = cursor.qualified()
    start = cursor.at
    if cursor.accept("RENAME"):
        return _rename(cursor, table, start)
    if cursor.accept("ADD"):
        if cursor.word in {"CONSTRAINT", "CHECK"}:
            constraint = check_constraint(cursor)
            cursor.finish()
            return AddConstraint(span=cursor.span(start), table=table, constraint=constraint)
        cursor.accept("COLUMN")
        defined, behind = column(cursor)
        cursor.finish()
        return AddColumn(span=cursor.span(start), table=table, column=defined, constraints=behind)
    if cursor.accept("DROP"):
        if cursor.accept("CONSTRAINT"):
            name = cursor.name()
            cursor.finish()
            return DropConstraint(span=cursor.span(start), table=table, constraint=name)
        cursor.accept("COLUMN")
        name = cursor.name()
        cursor.finish()
        return DropColumn(span=cursor.span(start), table=table, column=name)
    if cursor.accept("ALTER"):
        cursor.accept("COLUMN")
        name = cursor.name()
        nullable = cursor.accept("DROP", "NOT", "NULL")
        if not nullable:
            cursor.expect("SET", "NOT", "NULL")
            if cursor.accept("ON", "CONFLICT"):
                cursor.name()
        cursor.finish()
        return SetNullable(span=cursor.span(start), table=table, column=name, nullable=nullable)
    raise Unreadable("an ALTER TABLE of this form is not known")


def _rename(cursor: Cursor, table: Name, start: int) -> Operation:
    if cursor.accept("TO"):
        new = cursor.name()
        cursor.finish()
        return Rename(span=cursor.span(start), kind="table", name=table, new=new)
    cursor.accept("COLUMN")
    column_name = cursor.name()
    cursor.expect("TO")
    new = cursor.name()
    cursor.finish()
    return RenameColumn(span=cursor.span(start), table=table, column=column_name, new=new)
