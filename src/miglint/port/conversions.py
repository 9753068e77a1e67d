"""The values that the rows of a table get when the types of its columns change.

PostgreSQL converts values by `USING`, or from one type to the other; SQLite keeps them until something computes new
ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect
from miglint.port.expressions import TranslationError, translate
from miglint.port.value_kinds import (
    BOOLEAN,
    CLOCK,
    DATE,
    EXACT,
    INTEGER,
    REAL,
    TEXT,
    TIME,
    kind_of_type,
    kinds_of,
    tables_named,
)
from miglint.schema.objects import Domain, Enum, Key, Table
from miglint.schema.outcome import OperationTrace
from miglint.schema.value import Schema
from miglint.sql.operations import AlterColumnType, Column, Expression, Type
from miglint.writer.words import identifier

# Types that a text has no other form in.
_USER_TYPES = (Enum, Domain)
_CHANGING = frozenset({(EXACT, INTEGER), (REAL, INTEGER), (TIME, DATE), (TIME, CLOCK), (DATE, TIME), (BOOLEAN, TEXT)})
_CAST = pattern(r"::\s*[\w.\" ]+(?:\([\d, ]*\))?(?:\[\])?\s*\)*\Z")


class ConvertedColumn(NamedTuple):
    """What a column of a table (`table` is its name in PostgreSQL) gets: SQL of SQLite over the old columns.

    `problem` says why SQLite has no such expression; `text` is then None.
    """

    table: str
    column: str
    text: str | None
    problem: str | None = None


def conversions(moments: Iterable[OperationTrace], *, kept: bool = False) -> Iterator[ConvertedColumn]:
    """Yield what becomes of the values of columns whose type changes, if it is not what they are already.

    With `kept`, those that stay as they are come, too, with the column as `text`.
    """
    for moment in moments:
        operation = moment.operation
        if not isinstance(operation, AlterColumnType) or moment.failed or operation.kind != "table":
            continue
        table = next(tables_named(moment.before, [operation.table]), None)
        column = None if table is None else table.columns.get(operation.column)
        if table is None or column is None:
            continue
        found = _of_column(table, column, operation, moment.before, moment.after)
        if kept or found.text != identifier(column.name):
            yield found


def _of_column(
    table: Table, column: Column, operation: AlterColumnType, before: Schema, after: Schema
) -> ConvertedColumn:
    own = identifier(column.name)
    text = own
    if operation.using is not None:
        text = _with_cast(operation.using, operation.type, after)
    elif _changes_values(column.type, operation.type, before, after):
        text = f"{own}::{operation.type}"
    try:
        made = translate(text, Dialect.POSTGRES, kinds=kinds_of(before, [table])).text
    except TranslationError as problem:
        return ConvertedColumn(table.name.name, column.name, None, str(problem))
    same = made.strip("()") in (own, f"CAST({own} AS TEXT")
    return ConvertedColumn(table.name.name, column.name, own if same else made)


def _with_cast(using: Expression, kind: Type, schema: Schema) -> str:
    """Return an expression whose value is of a type."""
    return using.text if _CAST.search(using.text) or _is_user_type(kind, schema) else f"({using.text})::{kind}"


def _changes_values(was: Type | None, now: Type, before: Schema, after: Schema) -> bool:
    """Return whether a value is stored otherwise by SQLite in the new type, without `USING`."""
    kinds = kind_of_type(was, before), kind_of_type(now, after)
    if kinds == (EXACT, EXACT) and was is not None:
        return len(now.args) == 2 and now.args[1:] != was.args[1:]
    return kinds in _CHANGING


def _is_user_type(kind: Type, schema: Schema) -> bool:
    return isinstance(schema.find(Key("type", kind.schema or "public", kind.name)), _USER_TYPES)
