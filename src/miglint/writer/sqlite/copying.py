"""How the rows of an SQLite table are copied aside when it is rebuilt, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect
from miglint.base.structs import Struct
from miglint.schema.depends import relation_key
from miglint.schema.objects import Table
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Constraint, Expression
from miglint.writer.words import identifier, literal, name

_CONSTANT = pattern(
    r"(?i)[-+]?[0-9][0-9a-fx_.+-]*|'(?:[^']|'')*'|x'[0-9a-f]*'|null|true|false|current_(?:time|date|timestamp)"
)
_LISTED = pattern(r"(?i)\(?\s*'?(\w+)'?\s+in\s*\(\s*([-+]?[0-9.]+|'(?:[^']|'')*')")


class CopiedRows(Struct, frozen=True):
    """The columns that get their values from the old table, and where from.

    `values` are SQL by column; `absent` are the names that the table may lack, with their substitutes.
    `rowid` means that a value reads the number of a row.
    """

    values: Mapping[str, str]
    absent: Mapping[str, str]
    rowid: bool = False

    def query(self, table: str) -> str:
        """Return the query that reads the values from a table."""
        alias = " AS rows_of_it" if self.rowid else ""
        items = ", ".join(
            value if value == identifier(column) else f"{value} AS {identifier(column)}"
            for column, value in self.values.items()
        )
        joins = "".join(
            f"\n    NATURAL LEFT JOIN (SELECT {value} AS {identifier(column)})" for column, value in self.absent.items()
        )
        return f"SELECT {items}\n    FROM {table}{alias}{joins}"


def _certain_columns(before: Table, after: Table, detour: Table | None) -> Set[str]:
    """Return the columns that all tables have which may hold the rows."""
    columns = before.columns.keys() & after.columns.keys()
    if detour is None:
        return columns
    return set() if detour.assumed else columns & detour.columns.keys()


def _is_no_integer(column: Column | None) -> bool:
    return column is not None and "INT" not in _type(column)


def _renamed_value(after: Table, old: str, new: str, *, has_both: bool, keeps_old: bool) -> str:
    """Return the value of a renamed column, which may have either name when its rows are copied.

    `has_both` means that the table has columns of both names before the change, `keeps_old` that it has them after it.
    """
    # Where both names are of two columns on one side, only the engine knows which there are.
    if has_both:
        return _chosen(after, old, identifier(old), identifier(new))
    if keeps_old:
        return _chosen(after, new, identifier(new), identifier(old))
    return f"coalesce({identifier(old)}, {identifier(new)})"


def copy_of(
    schemas: tuple[Schema, Schema],
    before: Table,
    after: Table,
    renamed: Mapping[str, str],
    detour: Table | None,
    unsure: Set[str],
    given: Mapping[str, str],
) -> CopiedRows:
    """Return how the columns of a table get their values: from what it is `before`.

    `schemas` are the old and the new one. A `detour` is another table that may have its
    rows. `renamed` has the old names of columns, by new ones, where these differ. `unsure` are columns that may be
    missing although both schemas have them. `given` are values that are not those of the column as they are.
    """
    certain = _certain_columns(before, after, detour) - unsure
    values: dict[str, str] = {}
    absent: dict[str, str] = {}
    rowid = False
    for folded, column in after.columns.items():
        if column.generated is not None:
            continue
        own = identifier(column.name)
        source = renamed.get(folded)
        if source is not None:
            there = before.columns[source].name
            both, old = folded in before.columns, source in after.columns
            values[column.name] = _renamed_value(after, there, column.name, has_both=both, keeps_old=old)
            absent |= dict.fromkeys((there, column.name), "NULL")
            continue
        number = _number(before, after, column)
        rowid = rowid or number is not None
        values[column.name] = given.get(folded, own)
        if number is not None:
            values[column.name] = f"coalesce({own}, {number})"
        elif is_rowid(after, column) and _is_no_integer(before.columns.get(folded)):
            # Only integers can be the numbers of rows; other rows get new ones.
            whole = f"CAST(CAST({own} AS INTEGER) AS TEXT) = CAST({own} AS TEXT)"
            values[column.name] = f"CASE WHEN {whole} THEN {own} END"
        if folded not in certain:
            absent[column.name] = "NULL" if number is not None else stand_in(schemas, after, column)
    if not values:
        # Each column is computed: SQLite requires one that is not, so this one was not either.
        values[next(iter(after.columns.values())).name] = "NULL"
    return CopiedRows(values, absent, rowid)


def _chosen(table: Table, column: str, value: str, other: str) -> str:
    """Return a value if a table has a column, and else another one."""
    return (
        f"CASE WHEN EXISTS (SELECT 1 FROM pragma_table_info({literal(table.name.name)}) "
        f"WHERE lower(name) = {literal(column.lower())}) THEN {value} ELSE {other} END"
    )


def _number(before: Table, after: Table, column: Column) -> str | None:
    """Return the number of the row as the value of a new column that must have one, another one in each row."""
    if (
        column.name.lower() in before.columns
        or before.without_rowid
        or after.without_rowid
        or not _is_unique(after, column)
    ):
        return None
    primary = is_rowid(after, column)
    if not primary and (column.nullable is not False or column.default is not None):
        return None
    return "rows_of_it.rowid" if primary or "TEXT" not in _type(column) else "CAST(rows_of_it.rowid AS TEXT)"


def filling(schemas: tuple[Schema, Schema], before: Table, after: Table, column: Column) -> str:
    """Return what the rows of a table get in a new column without a default that accepts no NULL, in words."""
    number = _number(before, after, column)
    return stand_in(schemas, after, column) if number is None else "the number of the row"


def _is_unique(table: Table, column: Column) -> bool:
    return any(
        item.kind in ("primary", "unique") and [part.lower() for part in item.columns] == [column.name.lower()]
        for item in table.constraints.values()
    )


def is_rowid(table: Table, column: Column) -> bool:
    """Return whether a column is the number of the row: an `INTEGER PRIMARY KEY`."""
    if table.without_rowid:
        return False
    return _type(column) == "INTEGER" and any(
        item.kind == "primary" and [part.lower() for part in item.columns] == [column.name.lower()]
        for item in table.constraints.values()
    )


def _type(column: Column) -> str:
    return "" if column.type is None else str(column.type).upper()


def stand_in(schemas: tuple[Schema, Schema], table: Table, column: Column) -> str:
    """Return the substitute for lost values of a column: its default, or one that it accepts."""
    if column.default is not None and column.default.key != "null":
        return constant(column.default)
    if column.nullable is not False:
        return "NULL"
    for item in table.constraints.values():
        if item.kind == "foreign" and [part.lower() for part in item.columns] == [column.name.lower()]:
            referenced = _referenced(schemas, item)
            if referenced is not None:
                return referenced
    for item in table.constraints.values():
        if item.kind == "check" and item.expression is not None:
            found = _LISTED.match(item.expression.text)
            if found is not None and found[1].lower() == column.name.lower():
                return found[2]
    return _of_type(_type(column))


def _referenced(schemas: tuple[Schema, Schema], item: Constraint) -> str | None:
    """Return the first key of the rows to which a foreign key of one column may refer."""
    if item.table is None:
        return None
    key = relation_key(item.table, Dialect.SQLITE)
    here, target = (schema.table(key) for schema in schemas)
    if here is None or target is None or here.assumed or target.assumed:
        return None
    columns = item.referenced or next((one.columns for one in target.constraints.values() if one.kind == "primary"), ())
    if len(columns) != 1 or not all(columns[0].lower() in side.columns for side in (here, target)):
        return None
    return f"(SELECT min({identifier(target.columns[columns[0].lower()].name)}) FROM {name(target.name)})"


def _of_type(kind: str) -> str:
    """Return a value by the affinity of a type."""
    if "INT" in kind:
        return "0"
    if any(word in kind for word in ("CHAR", "CLOB", "TEXT")):
        return "''"
    if "BLOB" in kind or not kind:
        return "x''"
    return "0"


def constant(value: Expression) -> str:
    """Return a default as an expression of a query, where a word in double quotes would be a column."""
    if _CONSTANT.fullmatch(value.text):
        return value.text
    return literal(value.literal) if value.literal is not None else f"({value.text})"


def refused(before: Table, after: Table, renamed: Mapping[str, str], given: Mapping[str, str]) -> Iterator[str]:
    """Yield sentences about the rows of a table that its new form may reject.

    `renamed` has the old names of columns, by new ones, where these differ. The `given` values are accepted.
    """
    head = f"the rebuild of {after.name.name} fails if"
    for folded, column in after.columns.items():
        there = before.columns.get(renamed.get(folded, folded))
        if there is not None and column.nullable is False and there.nullable is not False:
            yield f'{head} "{column.name}" holds a NULL'
    now = {new: old for old, new in renamed.items()}
    known = [_sense(item, now) for item in before.constraints.values()]
    new = [
        item
        for item in after.constraints.values()
        if _sense(item, {}) not in known and not (item.kind == "check" and _is_about(item, given))
    ]
    yield from (f"{head} {condition}" for item in new if (condition := _violation(item)) is not None)
    if after.strict and not before.strict:
        yield f"{head} a value is not of its column's type"


def _is_about(item: Constraint, columns: Mapping[str, str]) -> bool:
    return bool(item.columns) and all(name.lower() in columns for name in item.columns)


def _violation(item: Constraint) -> str | None:
    """Return when rows violate a constraint, in words."""
    columns = ", ".join(item.columns)
    if item.kind in ("primary", "unique"):
        return f"two rows have the same ({columns})"
    if item.kind == "check" and item.expression is not None:
        return f"a row violates CHECK ({item.expression.text})"
    if item.kind == "foreign" and item.table is not None:
        return f"({columns}) refers to no row of {item.table.name}, where that is checked"
    return None


def _sense(item: Constraint, renamed: Mapping[str, str]) -> tuple[object, ...]:
    columns = tuple(renamed.get(part.lower(), part.lower()) for part in item.columns)
    expression = None if item.expression is None or renamed else item.expression.key
    return item.kind, columns, expression, item.table and item.table.name.lower(), item.referenced
