"""Generate valid rows for the empty tables of a PostgreSQL database, deterministically by seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from miglint.dryrun.interfaces import Filled
from miglint.dryrun.postgres.connection import QueryError, Session, quoted
from miglint.dryrun.postgres.values import Series, expression, shown
from miglint.dryrun.row_checks import Allowed, allowed, unique_columns
from miglint.dryrun.row_order import foreign_keys, in_order, unique_indexes
from miglint.schema.objects import Table
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Constraint, Name

_EVERY_NULL = 7


def fill(
    session: Session,
    schema: Schema,
    rows: int,
    seed: int,
    documents: frozenset[str] = frozenset(),
    *,
    replica: bool,
) -> Filled:
    """Insert `rows` rows into each empty table; on failure fewer, and finally none, with the reason.

    Columns named in `documents` get JSON. With `replica`, triggers and foreign keys are disabled meanwhile.
    """
    inserted: dict[Name, int] = {}
    tables = [table for table in in_order(schema) if table.kind == "table" and not table.partition_by]
    empty, unfilled = _empty(session, tables)
    # The rows stand for existing data, so triggers do not apply to them.
    if replica:
        session.query("SET session_replication_role = replica")
    for table in tables:
        if table.name not in empty or table.partition_of is not None:
            continue
        try:
            inserted[table.name] = _insert(session, schema, table, rows, seed, documents)
        except QueryError as failed:
            unfilled[table.name] = failed.error.message
    return Filled(inserted, unfilled)


def _full(name: Name) -> str:
    return f"{quoted(name.schema or 'public')}.{quoted(name.name)}"


def _empty(session: Session, tables: list[Table]) -> tuple[frozenset[Name], dict[Name, str]]:
    """Return the tables without rows, and those that cannot be read, with the reason."""
    if not tables:
        return frozenset(), {}
    parts = {table.name: f"SELECT EXISTS (SELECT FROM {_full(table.name)})" for table in tables}
    unfilled: dict[Name, str] = {}
    try:
        answers = dict(zip(parts, session.query(";".join(parts.values())), strict=True))
    except QueryError:
        # Reading one of them runs a script's code: a row-level security policy.
        answers = {}
        for name, sql in parts.items():
            try:
                answers[name] = session.query(sql)[0]
            except QueryError as failed:
                unfilled[name] = failed.error.message
    return frozenset(name for name, rows in answers.items() if rows[0][0] == "f"), unfilled


def _insert(session: Session, schema: Schema, table: Table, rows: int, seed: int, documents: frozenset[str]) -> int:
    """Try the most varied rows first: with NULLs and long values, then required values only, then a single row.

    In the first ones, columns of one type differ, unless a check rejects that.
    """
    rules = allowed(table, documents)
    unique = unique_columns(table, unique_indexes(schema, table))
    failure: QueryError | None = None
    tried = ""
    for count, sparse, apart in ((rows, False, True), (rows, False, False), (rows, True, False), (1, True, False)):
        sql = _statement(schema, table, rules, unique, count, seed, sparse=sparse, apart=apart)
        if sql == tried:
            continue
        tried = sql
        try:
            return int(session.query(sql)[-1][0][0] or 0)
        except QueryError as failed:
            failure = failure or failed
    assert failure is not None
    raise failure


def _statement(
    schema: Schema,
    table: Table,
    rules: Mapping[str, Allowed],
    unique: frozenset[str],
    rows: int,
    seed: int,
    *,
    sparse: bool,
    apart: bool,
) -> str:
    made = _references(table, sparse=sparse)
    for number, (name, column) in enumerate(table.columns.items()):
        if name in made.taken or column.generated or column.identity:
            continue
        if name.lower() in made.counting:
            series = Series(True, str(seed))
        elif apart:
            series = Series(name.lower() in unique, f"{seed}-{name}", number)
        else:
            series = Series(name.lower() in unique, str(seed))
        value = _value(schema, column, rules.get(name.lower()), series, sparse=sparse)
        if value is not None:
            made.values[name] = value
    if not made.values:
        return f"WITH made AS (INSERT INTO {_full(table.name)} DEFAULT VALUES RETURNING 1) SELECT count(*) FROM made"
    return (
        f"WITH made AS (INSERT INTO {_full(table.name)} ({', '.join(map(quoted, made.values))})"
        f" SELECT {', '.join(made.values.values())} FROM generate_series(1, {rows}) i {' '.join(made.joins)}"
        " ON CONFLICT DO NOTHING RETURNING 1) SELECT count(*) FROM made"
    )


class _References(NamedTuple):
    """How the columns of foreign keys get values.

    `values` are expressions by column, over the `joins`; `counting` are columns whose values count from one, in small
    letters; `taken` are those that get no value, or one of these.
    """

    values: dict[str, str]
    joins: list[str]
    taken: set[str]
    counting: frozenset[str]


def _references(table: Table, *, sparse: bool) -> _References:
    values: dict[str, str] = {}
    joins: list[str] = []
    taken: set[str] = set()
    counting: set[str] = set()
    for number, key in enumerate(foreign_keys(table)):
        wanted = [column for column in key.columns if column not in taken]
        if not wanted or key.table is None:
            continue
        needed = any(not table.columns[own].nullable for own in key.columns if own in table.columns)
        if key.table == table.name:
            # Rows with a mandatory reference to their own table refer to themselves: both columns count from one.
            taken.update(wanted if not needed else ())
            counting.update(column.lower() for column in wanted)
            continue
        taken.update(wanted)
        if sparse and not needed:
            continue
        joins.append(_join(key, number))
        for own, target in zip(key.columns, key.referenced, strict=False):
            if own in wanted:
                values[own] = f"f{number}.{quoted(target)}"
    return _References(values, joins, taken, frozenset(counting))


def _join(key: Constraint, number: int) -> str:
    """Cycle through the rows of the referenced table."""
    assert key.table is not None
    listed = ", ".join(quoted(target) for target in dict.fromkeys(key.referenced))
    order = ", ".join(f"{quoted(target)}::text" for target in dict.fromkeys(key.referenced))
    return (
        f"LEFT JOIN (SELECT row_number() OVER (ORDER BY {order}) AS place, count(*) OVER () AS size, {listed}"
        f" FROM {_full(key.table)}) f{number} ON f{number}.place = (i - 1) % f{number}.size + 1"
    )


def _value(schema: Schema, column: Column, rule: Allowed | None, series: Series, *, sparse: bool) -> str | None:
    if column.type is None or (column.default is not None and (not series.unique or "nextval" in column.default.text)):
        return None
    if sparse and column.nullable:
        return None
    value = expression(column.type, schema, rule, series)
    if value is None:
        return None if column.nullable else f"''::{shown(column.type)}"
    # Nullable columns get some NULLs, which a later NOT NULL would reject.
    return f"CASE WHEN i % {_EVERY_NULL} = 0 THEN NULL ELSE {value} END" if column.nullable else value
