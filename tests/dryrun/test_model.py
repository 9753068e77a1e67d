"""The replay's schema against the engine's."""

from __future__ import annotations

import pytest

from miglint.base.model import Dialect
from miglint.dryrun.engine_choice import sqlite
from miglint.dryrun.interfaces import Engine
from miglint.dryrun.limits import Deadline
from miglint.dryrun.model import ExecutedSchemas, Model
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.steps import Scripts
from miglint.replay.steps import empty_schema
from miglint.schema.change import Change

from .histories import history, migration

POSTGRES = [
    "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN short AS varchar(9) CHECK (VALUE <> '');",
    "CREATE TABLE users (id serial PRIMARY KEY, nick short NOT NULL DEFAULT 'x', feeling mood DEFAULT 'ok', "
    "made timestamptz DEFAULT now(), n numeric(5, 2) CHECK (n BETWEEN 1 AND 5), tags text[] DEFAULT '{}',"
    " UNIQUE (nick));",
    "CREATE TABLE posts (id bigint GENERATED ALWAYS AS IDENTITY, author int REFERENCES users ON DELETE CASCADE,"
    " twice int GENERATED ALWAYS AS (author * 2) STORED, PRIMARY KEY (id), UNIQUE (id));",
    "CREATE INDEX posts_author ON posts (author DESC, lower(twice::text)) WHERE author IS NOT NULL;",
    "CREATE VIEW named AS SELECT u.nick, p.id AS post FROM users u JOIN posts p ON p.author = u.id;",
    "CREATE FUNCTION f(a int, b text) RETURNS int LANGUAGE sql AS 'SELECT 1';",
    "ALTER TABLE users RENAME COLUMN nick TO name; ALTER TABLE users ALTER made SET NOT NULL, ALTER n TYPE bigint;",
    "DROP VIEW named; DROP TABLE posts;",
    "CREATE TABLE sizes (most bigint DEFAULT 5368709120, least int DEFAULT -2147483648, share float8 DEFAULT 0.5);",
    "CREATE TABLE keyed (a int, CONSTRAINT first UNIQUE (a)); ALTER TABLE keyed ADD CONSTRAINT main PRIMARY KEY (a);",
]
SQLITE = [
    "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT NOT NULL DEFAULT 'x', CONSTRAINT short CHECK (nick <> ''));",
    "CREATE TABLE posts (id INTEGER PRIMARY KEY, author INT REFERENCES users (id) ON DELETE CASCADE, UNIQUE (author));",
    "CREATE INDEX posts_author ON posts (author DESC) WHERE author IS NOT NULL;",
    "CREATE TABLE notes (a REFERENCES users, b REFERENCES users ON DELETE CASCADE, c TEXT COLLATE NOCASE);",
    "CREATE INDEX notes_c ON notes (c, a COLLATE NOCASE);",
    "CREATE TABLE n (a, b, c TEXT); DROP TABLE notes; ALTER TABLE n RENAME TO notes;"
    "CREATE INDEX notes_c ON notes (c, a COLLATE NOCASE);",
    "ALTER TABLE users RENAME COLUMN nick TO name; ALTER TABLE posts ADD COLUMN x TEXT DEFAULT (1 + 1);",
    "DROP TABLE posts;",
]


def differences(engine: Engine, texts: list[str], replayed: list[str] | None = None) -> list[tuple[Change, ...]]:
    """Run texts, and compare them with the replay, which gets other texts where `replayed` has them."""
    given = history(*(migration(text, dialect=engine.dialect) for text in replayed or texts))
    model = Model(given, empty_schema(engine.dialect, closed=True))
    database = engine.create()
    found = []
    try:
        before = database.schema()
        for number, text in enumerate(texts):
            script = Scripts.of(migration(text, dialect=engine.dialect)).forward
            assert script is not None
            done = database.run(script)
            assert done.ok, done.error
            after = database.schema()
            found.append(model.compare(number, ExecutedSchemas(before, after)).differences)
            before = after
    finally:
        database.drop()
    return found


def test_the_replay_has_what_postgres_has(embedded: PostgresEngine) -> None:
    assert differences(embedded, POSTGRES) == [()] * len(POSTGRES)


def test_the_replay_has_what_sqlite_has() -> None:
    assert differences(sqlite(DryRunOptions(), Deadline.after(60)), SQLITE) == [()] * len(SQLITE)


@pytest.mark.parametrize(
    ("real", "told", "what"),
    [
        ("CREATE TABLE a (x int);", "CREATE TABLE a (x bigint);", ("changed", "column", "a.x", "type")),
        ("CREATE TABLE a (x int);", "CREATE TABLE a (x int, y int);", ("extra", "column", "a.y", None)),
        ("CREATE TABLE a (x int CHECK (x > 1));", "CREATE TABLE a (x int CHECK (x > 2));", None),
        ("CREATE TABLE a (x int DEFAULT 1);", "CREATE TABLE a (x int);", ("changed", "column", "a.x", "default")),
        ("CREATE TABLE a (x int);", "SELECT 1;", ("missing", "table", "a", None)),
        ("SELECT 1;", "CREATE TABLE a (x int);", ("extra", "table", "a", None)),
        ("CREATE VIEW v AS SELECT 1 AS a;", "CREATE VIEW v AS SELECT 1 AS b;", ("changed", "view", "v", "columns")),
        ("CREATE TYPE m AS ENUM ('a');", "CREATE TYPE m AS ENUM ('b');", ("changed", "type", "m", "labels")),
    ],
)
def test_a_replay_that_is_wrong_is_found(
    embedded: PostgresEngine, real: str, told: str, what: tuple[str | None, ...] | None
) -> None:
    (found,) = differences(embedded, [real], [told])
    assert found
    if what is not None:
        assert [(change.kind, change.what, change.name, change.aspect) for change in found] == [what]


def test_a_difference_is_told_once(embedded: PostgresEngine) -> None:
    texts = ["CREATE TABLE a (x int);", "ALTER TABLE a ADD y int;"]
    first, second = differences(embedded, texts, ["CREATE TABLE a (x bigint);", texts[1]])
    assert first and not second


def test_sqlite_that_differs_is_found() -> None:
    engine = sqlite(DryRunOptions(), Deadline.after(60))
    (found,) = differences(engine, ["CREATE TABLE a (x CHECK (x > 1));"], ["CREATE TABLE a (x CHECK (x > 2));"])
    assert {change.what for change in found} == {"check constraint"}
    assert engine.dialect is Dialect.SQLITE
