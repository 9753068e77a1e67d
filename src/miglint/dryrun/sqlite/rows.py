"""Generate valid rows for the empty tables of an SQLite database, deterministically by seed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Protocol

from miglint.base.digits import whole_number
from miglint.dryrun.interfaces import Filled
from miglint.dryrun.row_checks import Allowed, allowed, unique_columns
from miglint.dryrun.row_order import foreign_keys, in_order, unique_indexes
from miglint.dryrun.sqlite.catalog_queries import quoted
from miglint.dryrun.sqlite.library import SqliteError
from miglint.dryrun.sqlite.process import WorkerEndedError
from miglint.dryrun.sqlite.wire import Cell, Row
from miglint.schema.objects import Table
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Name

_EVERY_NULL = 7
_TABLES_AT_ONCE = 500
# Errors that occur with any rows.
_HOPELESS = frozenset(("SQLITE_INTERRUPT", "SQLITE_NOMEM"))


class Tables(Protocol):
    """The database to fill. Both methods raise `SqliteError`, and `WorkerEndedError` if it is gone."""

    def rows(self, sql: str, values: Row = ()) -> list[Row]:
        """Run one statement and return its rows."""

    def many(self, sql: str, values: list[Row]) -> None:
        """Run one statement for each tuple of values."""


class UnfinishedError(Exception):
    """The process ended while a table was being filled."""

    def __init__(self, table: Name, reason: str) -> None:
        super().__init__(reason)
        self.table = table
        self.reason = reason


def fill(
    db: Tables,
    schema: Schema,
    rows: int,
    seed: int,
    skipped: Mapping[Name, str],
    documents: frozenset[str] = frozenset(),
) -> Filled:
    """Insert `rows` rows into each empty table; on failure fewer, and finally none, with the reason.

    Tables in `skipped` get none; columns named in `documents` get JSON. Raises `UnfinishedError`.
    """
    inserted: dict[Name, int] = {}
    unfilled: dict[Name, str] = dict(skipped)
    tables = [table for table in in_order(schema) if table.kind == "table" and table.name not in skipped]
    empty = _empty(db, tables)
    for table in tables:
        full = f"main.{quoted(table.name.name)}"
        try:
            if not empty[table.name]:
                continue
            inserted[table.name] = _insert(db, schema, table, full, rows, seed, documents)
        except SqliteError as failed:
            unfilled[table.name] = failed.message
        except WorkerEndedError as ended:
            raise UnfinishedError(table.name, ended.message) from None
    return Filled(inserted, unfilled)


def _empty(db: Tables, tables: list[Table]) -> dict[Name, bool]:
    """Return the tables without rows; many are queried at once, since each request is a round trip."""
    found: dict[Name, bool] = {}
    for at in range(0, len(tables), _TABLES_AT_ONCE):
        part = tables[at : at + _TABLES_AT_ONCE]
        try:
            answers = _exist(db, part)
        except SqliteError:
            # One of them no longer exists.
            answers = tuple(cell for table in part for cell in _exist_or_not(db, table))
        except WorkerEndedError as ended:
            raise UnfinishedError(part[0].name, ended.message) from None
        found.update((table.name, not there) for table, there in zip(part, answers, strict=True))
    return found


def _exist(db: Tables, tables: list[Table]) -> Row:
    tests = ", ".join(f"EXISTS (SELECT 1 FROM main.{quoted(table.name.name)})" for table in tables)
    return db.rows(f"SELECT {tests}")[0]


def _exist_or_not(db: Tables, table: Table) -> Row:
    try:
        return _exist(db, [table])
    except SqliteError:
        # Inserting into it reports the reason.
        return (0,)


def _insert(
    db: Tables, schema: Schema, table: Table, full: str, rows: int, seed: int, documents: frozenset[str]
) -> int:
    failure: SqliteError | None = None
    # In the first ones, columns of one type differ, unless a check rejects that.
    for count, sparse, apart in ((rows, False, True), (rows, False, False), (rows, True, False), (1, True, False)):
        columns, values = _rows(db, schema, table, count, seed, documents, sparse=sparse, apart=apart)
        listed = ", ".join(map(quoted, columns))
        marks = ", ".join("?" for _ in columns)
        sql = (
            f"INSERT OR IGNORE INTO {full} ({listed}) VALUES ({marks})"
            if columns
            else f"INSERT INTO {full} DEFAULT VALUES"
        )
        try:
            db.many(sql, values)
        except SqliteError as failed:
            failure = failure or failed
            if failed.name in _HOPELESS:
                break
            continue
        made = db.rows(f"SELECT count(*) FROM {full}")[0][0]
        if isinstance(made, int) and made:
            return made
        # `OR IGNORE` hides the failed check; the plain statement reports it.
        try:
            db.rows(sql.replace("INSERT OR IGNORE", "INSERT"), values[0])
        except SqliteError as failed:
            failure = failure or failed
    raise failure or SqliteError("SQLITE_CONSTRAINT", "no valid row found")


def _rows(
    db: Tables,
    schema: Schema,
    table: Table,
    count: int,
    seed: int,
    documents: frozenset[str],
    *,
    sparse: bool,
    apart: bool,
) -> tuple[list[str], list[Row]]:
    rules = allowed(table, documents)
    unique = unique_columns(table, unique_indexes(schema, table))
    series = _references(db, schema, table, count, sparse=sparse)
    for number, (name, column) in enumerate(table.columns.items()):
        if name in series or column.generated is not None or (column.default is not None and name not in unique):
            continue
        if sparse and column.nullable:
            continue
        rule, alone = rules.get(name), name in unique
        shift = number if apart and not alone else 0
        series[name] = [_value(column, rule, i, seed, unique=alone, shift=shift) for i in range(1, count + 1)]
    names = [table.columns[name].name for name in series if name in table.columns]
    return names, list(zip(*series.values(), strict=True)) if series else [()] * count


def _references(db: Tables, schema: Schema, table: Table, count: int, *, sparse: bool) -> dict[str, list[Cell]]:
    """Return the values of the columns of foreign keys: those of rows that are there, in turn."""
    series: dict[str, list[Cell]] = {}
    for key in foreign_keys(table):
        names = [name.lower() for name in key.columns]
        if key.table is None or any(name in series for name in names):
            continue
        if sparse and all(table.columns[name].nullable for name in names if name in table.columns):
            continue
        targets = key.referenced or _primary(schema, key.table)
        found = _other(db, key.table, targets, count)
        for at, name in enumerate(names):
            series[name] = [found[i % len(found)][at] if found and at < len(targets) else None for i in range(count)]
    return series


def _primary(schema: Schema, name: Name) -> tuple[str, ...]:
    for _, value in schema.items():
        if isinstance(value, Table) and value.name.name.lower() == name.name.lower():
            for constraint in value.constraints.values():
                if constraint.kind == "primary":
                    return constraint.columns
    return ("rowid",)


def _other(db: Tables, table: Name, columns: tuple[str, ...], count: int) -> list[Row]:
    try:
        listed = ", ".join(map(quoted, columns))
        return db.rows(f"SELECT {listed} FROM main.{quoted(table.name)} ORDER BY 1 LIMIT {count}")
    except SqliteError:
        return []


def _value(column: Column, rule: Allowed | None, i: int, seed: int, *, unique: bool, shift: int) -> Cell:
    """Return the value of row `i`, from 1: a new one if `unique`, or that which repeats `shift` rows later."""
    kind = column.type.name if column.type is not None else ""
    if column.nullable and i % _EVERY_NULL == 0 and not unique:
        return None
    key = i if unique else (i + shift) % 10 + 1
    if rule is not None and rule.values:
        return _listed(kind, rule.values[(i + shift - 1) % len(rule.values)])
    if _holds(kind, "INT", "BOOL", "NUM", "DEC"):
        return _integer(kind, rule, key)
    if _holds(kind, "REAL", "FLOA", "DOUB"):
        return key * 1.5
    if "JSON" in kind or (rule is not None and rule.document):
        # Text also in a BLOB: older libraries read no JSON from one.
        return f'{{"n": {key}}}'
    digest = hashlib.md5(f"{seed}-{column.name}-{key}".encode(), usedforsecurity=False)
    if "BLOB" in kind:
        return digest.digest()
    if _holds(kind, "DATE", "TIME"):
        return f"2020-01-{key % 28 + 1:02d} {key // 28 % 24:02d}:{key // 672 % 60:02d}:00"
    return _text(column, rule, i, f"{key:x}-{digest.hexdigest()}")


def _listed(kind: str, text: str) -> Cell:
    """Return one of the values that a CHECK lists, as a number if the column is not for text."""
    return whole_number(text) if text.lstrip("-").isdecimal() and not _holds(kind, "CHAR", "TEXT") else text


def _holds(kind: str, *words: str) -> bool:
    """Return whether a type's name contains one of the words, by which SQLite chooses an affinity."""
    return any(word in kind for word in words)


def _integer(kind: str, rule: Allowed | None, key: int) -> int:
    least, most = 1, 1 if "BOOL" in kind else 1 << 40
    if rule is not None:
        least = least if rule.least is None else int(rule.least)
        most = most if rule.most is None else int(rule.most)
    return least + (key - 1) % max(1, most - least + 1)


def _text(column: Column, rule: Allowed | None, i: int, word: str) -> str:
    arguments = column.type.args if column.type is not None else ()
    longest = whole_number(arguments[0]) if arguments and arguments[0].isdecimal() else 120
    longest = min(longest, 120, rule.longest if rule is not None and rule.longest is not None else 120)
    shortest = min(rule.shortest, longest) if rule is not None else 0
    return word.ljust(longest if i % 5 == 0 else shortest, "x")[
        : longest if i % 5 == 0 else max(shortest, min(12, longest))
    ]
