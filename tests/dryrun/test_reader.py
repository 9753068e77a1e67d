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
    "CREATE TYPE pair AS (a int, b int); CREATE FUNCTION said(pair) RETURNS text LANGUAGE sql RETURN 'a';"
    " CREATE CAST (pair AS text) WITH FUNCTION said(pair);",
    "ALTER FUNCTION said(pair) RENAME TO written; ALTER TYPE pair RENAME TO couple;",
    "CREATE INDEX doubled ON words ((w || w)); ALTER INDEX doubled ALTER COLUMN 1 SET STATISTICS 9;",
    "ALTER INDEX doubled RENAME TO twice;",
    "CREATE TABLE wide (a int, b int); CREATE STATISTICS together ON a, b FROM wide;",
    "ALTER TABLE wide RENAME COLUMN b TO c; ALTER STATISTICS together RENAME TO side_by_side;",
    "DROP INDEX twice; DROP CAST (couple AS text);",
    "CREATE TABLE ua (id int, x int); CREATE TABLE ub (id int, y int);"
    " CREATE VIEW uv AS SELECT x FROM ua JOIN ub USING (id); CREATE VIEW whole AS SELECT ub FROM ub;",
    "ALTER TABLE ub RENAME y TO x;",
    "ALTER TABLE ub RENAME x TO z; ALTER TABLE ua RENAME id TO key;",
    'ALTER TABLE ub RENAME z TO "a.b"; ALTER VIEW whole RENAME TO "b";',
    'ALTER TABLE ub RENAME "a.b" TO key; ALTER TABLE ub RENAME TO uc;',
    "COMMENT ON TYPE couple IS 'two'; COMMENT ON COLUMN couple.a IS 'the first';",
    "REVOKE USAGE ON TYPE couple FROM PUBLIC;",
    "COMMENT ON TYPE couple IS 'both'; ALTER TYPE couple ADD ATTRIBUTE c int;",
    "ALTER TYPE couple DROP ATTRIBUTE b; CREATE FUNCTION swapped(couple) RETURNS couple LANGUAGE sql AS 'SELECT $1';",
    "ALTER TYPE couple RENAME TO several;",
    "CREATE SEQUENCE granted; GRANT SELECT (last_value) ON granted TO PUBLIC;",
    "REVOKE SELECT (last_value) ON granted FROM PUBLIC; GRANT SELECT (x) ON ua TO PUBLIC;",
    "SELECT lo_create(4711); SELECT lo_create(4712);",
    "COMMENT ON LARGE OBJECT 4711 IS 'one'; GRANT SELECT ON LARGE OBJECT 4712 TO PUBLIC;",
    "COMMENT ON LARGE OBJECT 4711 IS 'another'; SELECT lo_unlink(4712);",
    "DROP FUNCTION swapped(several); DROP FUNCTION written(several); DROP TYPE several; SELECT lo_unlink(4711);",
]

# What texts of relations mention, and each way to give it another name.
MENTIONED = [
    "CREATE SCHEMA one; CREATE SCHEMA two; CREATE TYPE one.mood AS ENUM ('sad', 'ok');"
    " CREATE TYPE one.address AS (street text, town text); CREATE DOMAIN one.short AS text;"
    " CREATE TYPE one.span AS RANGE (subtype = int4); CREATE SEQUENCE one.s; CREATE TABLE one.other (a int);"
    " CREATE FUNCTION one.f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';"
    " CREATE FUNCTION one.same(text, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';"
    " CREATE OPERATOR one.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = one.same);"
    ' CREATE COLLATION one.plain FROM "C"; CREATE TEXT SEARCH CONFIGURATION one.words (COPY = simple);'
    " CREATE TEXT SEARCH DICTIONARY one.terms (TEMPLATE = simple);",
    "CREATE TABLE t (id int DEFAULT one.f(1) + nextval('one.s'), feeling one.mood DEFAULT 'ok',"
    " nick one.short COLLATE one.plain, at one.address, during one.span DEFAULT one.span(1, 2),"
    " body text CHECK (body OPERATOR(one.===) ''), dict regdictionary DEFAULT 'one.terms',"
    " happy bool GENERATED ALWAYS AS (feeling = 'ok') STORED, CHECK (feeling <> 'sad' OR (at).street > ''));"
    " CREATE INDEX i ON t (to_tsvector('one.words', body)) WHERE feeling = 'sad';"
    " CREATE INDEX k ON t (lower(body) COLLATE one.plain);",
    "CREATE TABLE parts (feeling one.mood) PARTITION BY LIST (feeling); CREATE TABLE glad PARTITION OF parts"
    " FOR VALUES IN ('ok');",
    "CREATE VIEW v AS SELECT (t.at).street, 'one.other'::regclass AS o, o.a FROM t, one.other o WHERE feeling = 'ok';"
    " CREATE MATERIALIZED VIEW m AS SELECT 'sad'::one.mood AS mood;"
    " CREATE FUNCTION g(one.mood DEFAULT 'ok') RETURNS int LANGUAGE sql AS 'SELECT 1';"
    " CREATE FUNCTION h() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
    " CREATE TRIGGER w BEFORE UPDATE ON t FOR EACH ROW WHEN (NEW.feeling = 'ok') EXECUTE FUNCTION h();"
    " CREATE POLICY p ON t USING (feeling = 'ok'); CREATE STATISTICS st ON (feeling = 'ok'), id FROM t;"
    " CREATE RULE r AS ON INSERT TO one.other DO ALSO UPDATE t SET feeling = 'sad';",
    "ALTER TYPE one.mood RENAME VALUE 'ok' TO 'good';",
    "ALTER TYPE one.mood RENAME VALUE 'good' TO 'ok';",
    "ALTER TYPE one.address RENAME ATTRIBUTE street TO road;",
    "ALTER COLLATION one.plain RENAME TO bytes;",
    "ALTER TEXT SEARCH CONFIGURATION one.words RENAME TO lexemes;",
    "ALTER TEXT SEARCH DICTIONARY one.terms RENAME TO entries;",
    "ALTER TYPE one.mood SET SCHEMA two;",
    "ALTER TYPE one.address SET SCHEMA two;",
    "ALTER DOMAIN one.short SET SCHEMA two;",
    "ALTER TYPE one.span SET SCHEMA two;",
    "ALTER FUNCTION one.f(int) SET SCHEMA two;",
    "ALTER OPERATOR one.=== (text, text) SET SCHEMA two;",
    "ALTER COLLATION one.bytes SET SCHEMA two;",
    "ALTER TEXT SEARCH CONFIGURATION one.lexemes SET SCHEMA two;",
    "ALTER TEXT SEARCH DICTIONARY one.entries SET SCHEMA two;",
    "ALTER SEQUENCE one.s SET SCHEMA two;",
    "ALTER TABLE one.other SET SCHEMA two;",
]


@pytest.mark.parametrize("moments", [MOMENTS, MENTIONED], ids=["objects", "mentioned"])
def test_each_moment_of_a_history_is_read_as_if_it_were_the_first(embedded: PostgresEngine, moments: list[str]) -> None:
    database = embedded.create()
    reader = Reader()
    try:
        for text in moments:
            done = database.run(forward_of(migration(text)))
            assert done.ok, done.error
            with closing(database.tenant.reading_session(database.name)) as session:
                kept = dict(reader.read(session).schema.items())
                new = dict(Reader().read(session).schema.items())
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


def test_prepared_queries_are_planned_anew_when_tables_may_have_grown(embedded: PostgresEngine) -> None:
    with embedded.server.admin() as admin:
        planned = "SELECT prepare_time FROM pg_catalog.pg_prepared_statements WHERE name = 'again_0'"
        assert admin.prepared("again", "SELECT 1", "SELECT 2") == [[("1",)], [("2",)]]
        first = admin.query(planned)
        times = [(admin.prepared("again", "SELECT 1", "SELECT 2"), admin.query(planned))[1] for _ in range(16)]
        assert times[:15] == [first] * 15 and times[15] > first
