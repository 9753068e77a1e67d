"""What the replay foresees is what the engines do: which statements fail, and the schema that is left."""

from __future__ import annotations

import psycopg
from hypothesis import given, settings
from hypothesis import strategies as st

from miglint.base.model import Dialect
from miglint.dryrun.sqlite.catalog import read_schema
from miglint.dryrun.sqlite.library import ApswConnection, SqliteError
from miglint.replay.apply import run
from miglint.replay.steps import empty_schema
from miglint.sql import parse

from .scripts import BASE, pairs, script, statements, summary


def foreseen(texts: list[str], dialect: Dialect):
    """Return the places of the statements that the replay says fail, and the schema."""
    text = ";\n".join(texts) + ";"
    parsed = parse(script(text, dialect=dialect))
    assert len(parsed) == len(texts)
    # In a rollback what fails has made nothing; in a forward the statements behind it are judged as if it had.
    outcome = run(empty_schema(dialect, closed=True), parsed, rollback=True)
    failed = {event.statement.span for event in outcome.events if event.failure is not None}
    return [place for place, one in enumerate(parsed) if one.span in failed], outcome.schema


SQLITE = st.lists(statements(Dialect.SQLITE), min_size=1, max_size=12)
POSTGRES = st.lists(statements(Dialect.POSTGRES), min_size=1, max_size=12)


def agree_with_sqlite(texts: list[str]) -> None:
    connection = ApswConnection()
    failed = []
    for place, text in enumerate(texts):
        try:
            connection.run(text)
        except SqliteError:
            failed.append(place)
    wrong, schema = foreseen(texts, Dialect.SQLITE)
    assert wrong == failed, texts
    assert summary(schema) == summary(read_schema(connection)), texts
    connection.close()


@given(texts=SQLITE)
def test_sqlite_does_what_the_replay_foresees(texts):
    agree_with_sqlite(texts)


@given(pair=pairs(Dialect.SQLITE))
def test_sqlite_goes_there_and_back_as_the_replay_foresees(pair):
    agree_with_sqlite([text.strip() for part in (BASE, *pair) for text in part.split(";") if text.strip()])


_COLUMNS = """
    SELECT c.relname, a.attname
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY c.relname, a.attnum
"""
_INDEXES = """
    SELECT c.relname, t.relname, i.indisunique, array_agg(a.attname::text ORDER BY a.attnum)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
    JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace GROUP BY 1, 2, 3
"""
_TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"


def live(connection: psycopg.Connection) -> dict[str, object]:
    """Return what is in the database in the form of `summary`, types aside."""
    found: dict[str, object] = {f"table {name}": [] for (name,) in connection.execute(_TABLES)}
    for table, column in connection.execute(_COLUMNS):
        found[f"table {table}"].append(column)
    for index, table, unique, columns in connection.execute(_INDEXES):
        found[f"index {index}"] = (table, len(columns), unique)
    return found


def comparable(schema) -> dict[str, object]:
    """Return a schema as `live` does."""
    found = {}
    for name, value in summary(schema).items():
        if isinstance(value, list):
            found[name] = [column for column, _ in value]
        else:
            table, columns, unique = value
            found[name] = (table, len(columns), unique)
    return found


def types(schema) -> dict[tuple[str, str], str]:
    listed = {name[6:]: value for name, value in summary(schema).items() if isinstance(value, list)}
    return {(table, column): kind for table, columns in listed.items() for column, kind in columns}


def agree_with_postgres(connection: psycopg.Connection, texts: list[str]) -> None:
    failed = []
    with connection.transaction(force_rollback=True):
        for place, text in enumerate(texts):
            try:
                with connection.transaction():
                    connection.execute(text)
            except psycopg.Error:
                failed.append(place)
        wrong, schema = foreseen(texts, Dialect.POSTGRES)
        assert wrong == failed, texts
        assert comparable(schema) == live(connection), texts
        for (table, column), kind in types(schema).items():
            same = "SELECT atttypid = %s::regtype FROM pg_attribute WHERE attrelid = %s::regclass AND attname = %s"
            plain = kind.split("(")[0]
            assert connection.execute(same, (plain, table, column)).fetchone() == (True,), (table, column, kind, texts)


@settings(max_examples=120)
@given(texts=POSTGRES)
def test_postgresql_does_what_the_replay_foresees(connection, texts):
    agree_with_postgres(connection, texts)


@given(pair=pairs(Dialect.POSTGRES))
def test_postgresql_goes_there_and_back_as_the_replay_foresees(connection, pair):
    agree_with_postgres(
        connection, [text.strip() for part in (BASE, *pair) for text in part.split(";") if text.strip()]
    )
