"""Reading a live schema again and again gives what reading it for the first time gives."""

from __future__ import annotations

from contextlib import closing

import pytest

from miglint.dryrun.compare import compare, counting
from miglint.dryrun.postgres.catalog_reader import Reader
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.steps import Scripts
from miglint.schema.objects import Key, Sequence, Table, View

from .histories import executed, forward_of, migration

MOMENTS = [
    "CREATE SCHEMA app; CREATE TYPE mood AS ENUM ('sad', 'ok');"
    " CREATE DOMAIN app.short AS text CHECK (length(VALUE) < 9);",
    "CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL, feeling mood DEFAULT 'ok', nick app.short);",
    "CREATE TABLE posts (id int GENERATED ALWAYS AS IDENTITY, author int REFERENCES users, body text);",
    "CREATE VIEW named AS SELECT u.name, p.body FROM users u JOIN posts p ON p.author = u.id;",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
    " CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f();",
    "ALTER TABLE users RENAME COLUMN name TO full_name;",
    "ALTER TABLE users RENAME TO people;",
    "ALTER TYPE mood RENAME TO feelings;",
    "ALTER TYPE feelings ADD VALUE 'glad';",
    "ALTER FUNCTION f() RENAME TO g;",
    "ALTER SCHEMA app RENAME TO web;",
    "CREATE INDEX i ON people (lower(full_name)) WHERE nick IS NOT NULL;",
    "COMMENT ON COLUMN people.full_name IS 'first and last'; COMMENT ON INDEX i IS 'an index';",
    "ALTER TABLE posts ADD CONSTRAINT body_there CHECK (body <> '') NOT VALID;",
    "ALTER TABLE posts VALIDATE CONSTRAINT body_there;",
    "ALTER TABLE posts ALTER body SET STATISTICS 7; GRANT SELECT ON posts TO PUBLIC;",
    "ALTER TABLE people ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON people USING (true);",
    "CREATE SEQUENCE s; ALTER SEQUENCE s OWNED BY posts.body; ALTER TABLE people DISABLE TRIGGER t;",
    "ALTER INDEX i RENAME TO j; ALTER TABLE people RENAME CONSTRAINT users_pkey TO people_pkey;",
    "ALTER TABLE people RENAME TO users; ALTER TABLE users RENAME COLUMN full_name TO name;",
    "DROP VIEW named; ALTER TABLE users DROP COLUMN name; ALTER TABLE users ADD COLUMN name varchar(9);",
    "DROP TABLE posts; DROP TABLE users; CREATE TABLE users (id int);",
    "CREATE TABLE parts (a int) PARTITION BY RANGE (a);"
    " CREATE TABLE part1 PARTITION OF parts FOR VALUES FROM (1) TO (2);",
    "ALTER TABLE parts DETACH PARTITION part1;",
    "CREATE TYPE kind AS ENUM ('new', 'old'); CREATE TABLE kinds (k kind DEFAULT 'new' CHECK (k <> 'old'));",
    "ALTER TYPE kind RENAME VALUE 'new' TO 'open';",
    'CREATE COLLATION sorted FROM "C"; CREATE TEXT SEARCH CONFIGURATION plain (COPY = simple);'
    " CREATE TABLE words (w text COLLATE sorted); CREATE INDEX words_idx ON words (to_tsvector('plain', w));",
    "ALTER COLLATION sorted RENAME TO ordered; ALTER TEXT SEARCH CONFIGURATION plain RENAME TO plainer;",
]


def test_each_moment_of_a_history_is_read_as_if_it_were_the_first(embedded: PostgresEngine) -> None:
    database = embedded.create()
    reader = Reader()
    try:
        for text in MOMENTS:
            done = database.run(forward_of(migration(text)))
            assert done.ok, done.error
            with closing(database.tenant.reading_session(database.name)) as session:
                kept = dict(reader.read(session).items())
                new = dict(Reader().read(session).items())
            assert kept == new, text
    finally:
        database.drop()


def test_what_was_undone_is_read_as_it_was_before(embedded: PostgresEngine) -> None:
    database = embedded.create()
    try:
        for text in MOMENTS[:5]:
            assert database.run(forward_of(migration(text))).ok
        before = database.schema()
        pair = Scripts.of(migration("ALTER TABLE users RENAME name TO n;", "ALTER TABLE users RENAME n TO name;"))
        assert pair.forward is not None and pair.rollback is not None
        there = database.try_out(pair.forward).schema
        assert there is not None
        view = there.find(Key("relation", "public", "named"))
        assert isinstance(view, View) and view.query is not None and "u.n" in view.query.text
        assert compare(before, database.schema()) == ()
        database.run(pair.forward)
        assert counting(compare(before, database.schema()))
        database.run(pair.rollback)
        assert compare(before, database.schema()) == ()
    finally:
        database.drop()


def test_the_name_of_a_sequence_that_serial_made_is_no_difference(embedded: PostgresEngine) -> None:
    before = "CREATE TABLE a (id serial PRIMARY KEY); ALTER TABLE a RENAME TO b; CREATE TABLE a (id serial);"
    pair = migration(
        "DROP TABLE a; CREATE TABLE c (x int);",
        "DROP TABLE c; CREATE TABLE a (id serial); ALTER SEQUENCE a_id_seq1 RENAME TO a_id_seq7;",
    )
    run = executed(embedded, pair, before)
    assert run.step(4).error is None
    assert run.verdict.symmetric is True, run.changes
    assert run.before is not None and isinstance(run.before.find(Key("relation", "public", "a_id_seq1")), Sequence)
    table = run.before.find(Key("relation", "public", "a"))
    assert isinstance(table, Table) and table.columns["id"].serial


@pytest.mark.parametrize("name", ["mine", "a_id_sequence"])
def test_the_name_of_any_other_sequence_is_one(embedded: PostgresEngine, name: str) -> None:
    before = f"CREATE SEQUENCE {name}; CREATE TABLE a (id int DEFAULT nextval('{name}'));"
    pair = migration(
        f"ALTER SEQUENCE {name} RENAME TO other;",
        "CREATE SEQUENCE another; ALTER TABLE a ALTER id SET DEFAULT nextval('another'); DROP SEQUENCE other;",
    )
    assert executed(embedded, pair, before).verdict.symmetric is False
