"""Between any two schemas of SQLite there is a way, and one back; and each is printed as SQL that makes it again."""

from __future__ import annotations

import pytest
from tests.writer.generated_sqlite import schema_sql

from miglint.base.model import Dialect
from miglint.dryrun.sqlite.catalog import read_schema
from miglint.dryrun.sqlite.library import SqliteError, StandardConnection
from miglint.dryrun.sqlite.rows import fill
from miglint.dryrun.sqlite.text import canonical
from miglint.replay.apply import run
from miglint.replay.steps import empty_schema
from miglint.schema.diff import diff
from miglint.schema.objects import Table
from miglint.sql.shown_names import with_columns
from miglint.sql.sqlite.tokens import pieces
from miglint.writer.reading import read
from miglint.writer.schema_sql import to_sql
from miglint.writer.transition import write_transition


def accepted(seed):
    """Return a database with the schema of a number, and the statements that the engine accepted."""
    db, kept = StandardConnection(), []
    for text in schema_sql(seed):
        try:
            db.rows(text)
        except SqliteError:
            continue
        kept.append(f"{text};")
    return db, "\n".join(kept)


def replayed(sql):
    done = run(empty_schema(Dialect.SQLITE, closed=True), read(sql, Dialect.SQLITE))
    assert done.failed is None, (done.failed, sql)
    return done.schema


def execute(db, sql):
    for start, end in pieces(sql):
        db.rows(sql[start:end])


def stored(db):
    """Return what the engine keeps of the schema, white space and quotes aside."""
    rows = db.rows("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
    return sorted(
        (kind, name.lower(), table.lower(), with_columns(canonical(sql or ""), columns_of(db, kind, table)))
        for kind, name, table, sql in rows
    )


def columns_of(db, kind, table):
    # A view may read what is not there.
    if kind not in ("table", "index"):
        return set()
    return {column.lower() for (column,) in db.rows(f"SELECT name FROM pragma_table_info('{table}')")}


def rows_of(db, schema):
    found = {}
    for key, table in schema.items():
        for folded, column in table.columns.items() if isinstance(table, Table) else ():
            own = f'"{column.name}"'
            query = f'SELECT hex(CAST({own} AS BLOB)), typeof({own}) FROM "{table.name.name}" ORDER BY 1'
            found[key.name, folded] = db.rows(query)
    return found


def check_way(seed):
    db, old_sql = accepted(seed)
    goal, new_sql = accepted(seed + 1_000_000)
    old, new = replayed(old_sql), replayed(new_sql)
    forth, back = write_transition(old, new), write_transition(new, old)
    assert not forth.missing, (forth.missing, forth.sql)
    assert not back.missing, (back.missing, back.sql)
    before = stored(db)
    for _ in range(2):
        execute(db, forth.sql)
        assert stored(db) == stored(goal), forth.sql
    for _ in range(2):
        execute(db, back.sql)
        assert stored(db) == before, back.sql


def check_rows(seed):
    """Rows of the columns that both schemas have are there at the end, or the script says that it may not take them."""
    db, old_sql = accepted(seed)
    _, new_sql = accepted(seed + 1_000_000)
    old, new = replayed(old_sql), replayed(new_sql)
    db.rows("PRAGMA foreign_keys = ON")
    fill(db, read_schema(db), 5, seed, {})
    forth = write_transition(old, new)
    before = rows_of(db, old)
    try:
        execute(db, forth.sql)
    except SqliteError as error:
        if db.in_transaction:
            db.rows("ROLLBACK")
        assert forth.may_fail or "mismatch" in error.message, (error.message, forth.sql)
        assert rows_of(db, old) == before
        return False
    after = rows_of(db, new)
    lost = {(item.table.name, item.column and item.column.lower()) for item in (*forth.data_lost, *forth.schema_only)}
    for (table, column), rows in before.items():
        kept = (table, column) in after and not lost & {(table, None), (table, column)}
        if kept and old_type(old, table, column) == old_type(new, table, column):
            assert after[table, column] == rows, (table, column, forth.sql)
    return True


def old_type(schema, table, column):
    found = next(value for key, value in schema.items() if key.space == "relation" and key.name == table)
    return found.columns[column].type, found.columns[column].generated, found.strict


def check_print(seed):
    db, sql = accepted(seed)
    ours = replayed(sql)
    printed = to_sql(ours)
    again = StandardConnection()
    execute(again, printed)
    assert stored(again) == stored(db), printed
    assert not diff(read_schema(db), read_schema(again)), printed
    assert not diff(ours, replayed(printed)), printed


@pytest.mark.parametrize("start", range(0, 60, 20))
def test_a_way_leads_from_each_schema_to_each(start):
    for seed in range(start, start + 20):
        check_way(seed)


def test_rows_go_along():
    assert sum(check_rows(seed) for seed in range(40)) > 10


def test_what_is_printed_makes_the_schema_again():
    for seed in range(60):
        check_print(seed)
