"""A schema written down: what is printed as SQL must make that schema again."""

from __future__ import annotations

import json
import sqlite3

import pytest

from miglint.base.model import Dialect, Direction, Script, SourceFile, Span
from miglint.replay.apply import run
from miglint.replay.steps import empty_schema
from miglint.schema.diff import diff
from miglint.schema.render import to_json, to_mermaid
from miglint.sql import parse
from miglint.writer.schema_sql import to_sql

POSTGRES = """
CREATE SCHEMA app;
CREATE TYPE mood AS ENUM ('good', 'it''s bad');
CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    "Name" varchar(40) NOT NULL DEFAULT 'x',
    mood mood,
    manager bigint REFERENCES users (id) ON DELETE SET NULL,
    amount numeric(10,2) CHECK (amount > 0),
    UNIQUE ("Name", mood)
);
CREATE TABLE app.orders (
    id int PRIMARY KEY,
    user_id bigint NOT NULL,
    CONSTRAINT to_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE UNIQUE INDEX orders_user ON app.orders (user_id DESC, lower(id::text)) WHERE user_id > 3;
CREATE VIEW a_names AS SELECT "Name" AS name FROM users;
CREATE VIEW names AS SELECT name FROM a_names;
"""
SQLITE = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'x', at TEXT DEFAULT (datetime('now'))) STRICT;
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    total NUMERIC CHECK (total > 0),
    UNIQUE (user_id, total)
);
CREATE INDEX orders_user ON orders (user_id DESC) WHERE total > 3;
CREATE VIEW names AS SELECT name FROM users;
"""


def schema_of(sql, dialect):
    script = Script(SourceFile("a.sql", sql), Span(0, len(sql)), Direction.FORWARD, dialect)
    return run(empty_schema(dialect), parse(script)).schema


@pytest.mark.parametrize(("sql", "dialect"), [(POSTGRES, Dialect.POSTGRES), (SQLITE, Dialect.SQLITE)])
def test_the_sql_makes_the_same_schema(sql, dialect):
    before = schema_of(sql, dialect)
    written = to_sql(before)
    after = schema_of(written, dialect)
    keys = {key for key, _ in before.items()} | {key for key, _ in after.items()}
    assert [change for change in diff(before, after, keys) if change.counts] == [], written


def test_sqlite_takes_the_sql():
    connection = sqlite3.connect(":memory:")
    connection.executescript(to_sql(schema_of(SQLITE, Dialect.SQLITE)))
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE sql IS NOT NULL")}
    assert names == {"users", "orders", "orders_user", "names"}


def test_json_names_every_object():
    document = json.loads(to_json(schema_of(POSTGRES, Dialect.POSTGRES)))
    relations = document["objects"]["relation"]
    assert relations["public.users"]["columns"]["Name"]["type"] == "varchar(40)"
    assert relations["app.orders_user"]["unique"] is True


def test_mermaid_marks_keys_and_relations():
    text = to_mermaid(schema_of(POSTGRES, Dialect.POSTGRES))
    assert '    "users" {' in text
    assert "        int8 id PK" in text
    assert '"users" ||--o{ "app.orders" : "user_id"' in text
    assert '"users" |o--o{ "users" : "manager"' in text


def test_what_is_only_used_is_told_as_a_comment():
    text = to_sql(schema_of("ALTER TABLE gone ADD COLUMN x int;", Dialect.POSTGRES))
    assert "-- table public.gone: the files use it without creating it" in text
