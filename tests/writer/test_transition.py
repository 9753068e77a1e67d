"""The way from one schema to another: what it says it does is what the replay finds that it does."""

from __future__ import annotations

import pytest

from miglint.base.model import Dialect
from miglint.replay.apply import run
from miglint.schema.diff import diff
from miglint.schema.value import Schema
from miglint.writer.reading import read
from miglint.writer.renames import Renames
from miglint.writer.transition import write_transition


def after(schema, sql):
    done = run(schema, read(sql, schema.dialect))
    assert done.failed is None, done.failed
    return done


def empty(dialect):
    return Schema(dialect, closed=True, path=("public",) if dialect is Dialect.POSTGRES else ("main",))


@pytest.mark.parametrize("dialect", Dialect)
def test_the_way_there_and_back(dialect):
    before = after(empty(dialect), "CREATE TABLE a (id int PRIMARY KEY, b text);").schema
    done = after(before, "CREATE TABLE c (d int); CREATE INDEX i ON a (b); CREATE VIEW v AS SELECT d FROM c;")
    back = write_transition(done.schema, before, renames=Renames(done.moments))
    assert (back.missing, back.restores) == ((), "exact"), back.sql
    assert [str(loss) for loss in back.data_lost] == ["c"]
    assert not diff(after(done.schema, back.sql).schema, before)
    forth = write_transition(before, done.schema)
    assert (forth.missing, forth.restores) == ((), "schema_only"), forth.sql
    assert not diff(after(before, forth.sql).schema, done.schema)


@pytest.mark.parametrize("dialect", Dialect)
def test_a_rename_is_undone(dialect):
    before = after(empty(dialect), "CREATE TABLE a (id int PRIMARY KEY, b text);").schema
    done = after(before, "ALTER TABLE a RENAME TO c; ALTER TABLE c RENAME COLUMN b TO d;")
    back = write_transition(done.schema, before, renames=Renames(done.moments))
    assert (back.missing, back.data_lost, back.restores) == ((), (), "exact"), back.sql


def test_what_is_not_restored_is_said():
    before = after(empty(Dialect.POSTGRES), "CREATE TABLE a (id int PRIMARY KEY, b text);").schema
    done = after(before, "ALTER TABLE a DROP COLUMN b;")
    back = write_transition(done.schema, before)
    assert back.restores == "schema_only"
    assert [item.sentence for item in back.schema_only] == ["the values of a.b are lost"]


@pytest.mark.parametrize(
    ("forward", "lost"),
    [
        ("ALTER TABLE t ALTER n TYPE numeric(12,2)", []),
        ("ALTER TABLE t ALTER v TYPE varchar(100)", []),
        ("ALTER TABLE t ALTER v TYPE varchar(100) USING v::varchar(100)", ["stay cut to 100 characters"]),
        ("ALTER TABLE t ALTER v TYPE varchar(200) USING lower(v)", ["stay changed"]),
        ("ALTER TABLE t ALTER v TYPE varchar[] USING ARRAY[v]", []),
        ("ALTER TABLE t ALTER at TYPE date", ["stay changed (the time of day is lost)"]),
        ("ALTER TABLE t ALTER d TYPE d2", []),
        ("CREATE TYPE mood AS ENUM ('a'); ALTER TABLE t ALTER v TYPE mood USING v::mood", []),
    ],
)
def test_what_a_change_of_type_loses(forward, lost):
    """An integer is a number again, a text that was not refused is whole: what is cut and rounded is lost."""
    start = """
        CREATE DOMAIN d1 AS int; CREATE DOMAIN d2 AS bigint;
        CREATE TABLE t (id int PRIMARY KEY, n int, v varchar(200), at timestamp, d d1);
    """
    before = after(empty(Dialect.POSTGRES), start).schema
    done = after(before, forward)
    back = write_transition(done.schema, before, renames=Renames(done.moments))
    assert [item.sentence.partition(" stay ")[1:] for item in back.schema_only] == [
        (" stay ", text.removeprefix("stay ")) for text in lost
    ]


def test_a_rename_under_another_search_path_is_undone():
    start = "CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY, a text, b text);"
    before = after(empty(Dialect.POSTGRES), start).schema
    forward = "SET search_path = app; ALTER TABLE t RENAME a TO c; UPDATE t SET b = c; ALTER TABLE t RENAME TO u;"
    done = after(before, forward)
    back = write_transition(done.schema, before, renames=Renames(done.moments))
    assert (back.missing, back.data_lost, back.schema_only) == ((), (), ())
    assert "DROP" not in back.sql


@pytest.mark.parametrize(
    ("start", "forward", "text"),
    [
        (
            "CREATE TABLE t (a jsonb); CREATE INDEX i ON t USING gin (a) WITH (fastupdate = on);",
            "ALTER INDEX i RESET (fastupdate); ALTER INDEX i SET (gin_pending_list_limit = 100);",
            "ALTER INDEX i SET (fastupdate=on);\nALTER INDEX i RESET (gin_pending_list_limit);",
        ),
        (
            "CREATE SCHEMA app; CREATE TABLE app.t (a int, b int); CREATE STATISTICS s ON a, b FROM app.t;"
            "ALTER TABLE app.t SET SCHEMA public;",
            "DROP STATISTICS s;",
            "CREATE STATISTICS IF NOT EXISTS s ON a, b FROM t;",
        ),
        (
            "CREATE SCHEMA app; SET search_path = app; CREATE TABLE t (a int);"
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
            "CREATE TRIGGER g BEFORE INSERT ON t EXECUTE FUNCTION f();",
            "DROP TRIGGER g ON app.t;",
            "DROP TRIGGER IF EXISTS g ON app.t;\nCREATE TRIGGER g BEFORE INSERT ON app.t EXECUTE FUNCTION app.f();",
        ),
    ],
)
def test_what_moved_or_has_options_comes_back_as_it_was(start, forward, text):
    before = after(empty(Dialect.POSTGRES), start).schema
    done = after(before, forward)
    back = write_transition(done.schema, before, renames=Renames(done.moments))
    assert (back.missing, back.sql) == ((), f"{text}\n")
