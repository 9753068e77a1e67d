"""Every kind of object that pg_dump writes is read: what a script adds or changes shows until it is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from miglint.dryrun.compare import compare, counting
from miglint.dryrun.limits import Deadline
from miglint.dryrun.postgres.catalog_reader import Reader
from miglint.dryrun.postgres.connection import Session
from miglint.dryrun.postgres.embedded import embedded_programs, start_cluster
from miglint.dryrun.postgres.programs import programs_in

from .histories import LIMITS

OLDER = Path("/usr/lib/postgresql/15/bin")
_F = "CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';"
_FOREIGN = (
    "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE t (a int) SERVER s;"
)
_CONVERSION = "CREATE CONVERSION conv FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;"

# What is there, a change, and what takes it back. What is run by a superuser is marked: it is not what scripts may do.
KINDS = {
    "conversion": ("", _CONVERSION, "DROP CONVERSION conv;"),
    "default conversion": (
        _CONVERSION,
        "DROP CONVERSION conv; CREATE DEFAULT CONVERSION conv FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;",
        f"DROP CONVERSION conv; {_CONVERSION}",
    ),
    "comment on a conversion": (
        _CONVERSION,
        "COMMENT ON CONVERSION conv IS 'x';",
        "COMMENT ON CONVERSION conv IS NULL;",
    ),
    "large object": ("", "SELECT lo_create(4711);", "SELECT lo_unlink(4711);"),
    "large object of any number": ("", "SELECT lo_create(0);", "SELECT lo_unlink(oid) FROM pg_largeobject_metadata;"),
    "grant on a large object": (
        "SELECT lo_create(4711);",
        "GRANT SELECT ON LARGE OBJECT 4711 TO PUBLIC;",
        "REVOKE SELECT ON LARGE OBJECT 4711 FROM PUBLIC;",
    ),
    "comment on a large object": (
        "SELECT lo_create(4711);",
        "COMMENT ON LARGE OBJECT 4711 IS 'x';",
        "COMMENT ON LARGE OBJECT 4711 IS NULL;",
    ),
    "locale of a collation": (
        "CREATE COLLATION l (provider = icu, locale = 'de');",
        "DROP COLLATION l; CREATE COLLATION l (provider = icu, locale = 'fr');",
        "DROP COLLATION l; CREATE COLLATION l (provider = icu, locale = 'de');",
    ),
    "comment on a collation": (
        "CREATE COLLATION l (locale = 'C');",
        "COMMENT ON COLLATION l IS 'x';",
        "COMMENT ON COLLATION l IS NULL;",
    ),
    "sequence of a column that does not draw from it": (
        "CREATE TABLE t (n int);",
        "CREATE SEQUENCE t_n_seq OWNED BY t.n;",
        "DROP SEQUENCE t_n_seq;",
    ),
    "sequence of a column that drew from it": (
        "CREATE TABLE t (n serial, m int);",
        "ALTER TABLE t ALTER n DROP DEFAULT; CREATE SEQUENCE t_m_seq OWNED BY t.m;",
        "ALTER TABLE t ALTER n SET DEFAULT nextval('t_n_seq'); DROP SEQUENCE t_m_seq;",
    ),
    "table added to an extension": (
        "CREATE EXTENSION hstore;",
        "CREATE TABLE t (a int); ALTER EXTENSION hstore ADD TABLE t;",
        "ALTER EXTENSION hstore DROP TABLE t; DROP TABLE t;",
    ),
    "member added to an extension": (
        "CREATE EXTENSION hstore; CREATE SCHEMA s; CREATE TABLE s.t (a int);",
        "ALTER EXTENSION hstore ADD SCHEMA s;",
        "ALTER EXTENSION hstore DROP SCHEMA s;",
    ),
    "column of a member of an extension": (
        "CREATE EXTENSION hstore; CREATE TABLE t (a int); ALTER EXTENSION hstore ADD TABLE t;",
        "ALTER TABLE t ADD b int;",
        "ALTER TABLE t DROP b;",
    ),
    "body of a member of an extension": (
        f"CREATE EXTENSION hstore; {_F} ALTER EXTENSION hstore ADD FUNCTION f(int);",
        "CREATE OR REPLACE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';",
        _F.replace("CREATE", "CREATE OR REPLACE"),
    ),
    "cast that a member of an extension is": (
        "CREATE EXTENSION hstore; CREATE TYPE y AS (a int);"
        "CREATE FUNCTION to_y(int) RETURNS y LANGUAGE sql AS 'SELECT ROW($1)::y';",
        "CREATE CAST (int AS y) WITH FUNCTION to_y(int); ALTER EXTENSION hstore ADD CAST (int AS y);",
        "ALTER EXTENSION hstore DROP CAST (int AS y); DROP CAST (int AS y);",
    ),
    "commutator": (
        "CREATE FUNCTION same(int, text) RETURNS bool LANGUAGE sql AS 'SELECT true';"
        "CREATE OPERATOR @@@ (FUNCTION = same, LEFTARG = int, RIGHTARG = text);",
        "DROP OPERATOR @@@ (int, text);"
        "CREATE OPERATOR @@@ (FUNCTION = same, LEFTARG = int, RIGHTARG = text, RESTRICT = eqsel);",
        "DROP OPERATOR @@@ (int, text); CREATE OPERATOR @@@ (FUNCTION = same, LEFTARG = int, RIGHTARG = text);",
    ),
    "comment on a cast": (
        f"CREATE TYPE y AS (a int); CREATE FUNCTION to_y(int) RETURNS y LANGUAGE sql AS 'SELECT ROW($1)::y';"
        f"{_F} CREATE CAST (int AS y) WITH FUNCTION to_y(int);",
        "COMMENT ON CAST (int AS y) IS 'x';",
        "COMMENT ON CAST (int AS y) IS NULL;",
    ),
    "superuser: transform": (
        "CREATE TYPE y AS (a int);",
        "CREATE TRANSFORM FOR y LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal));",
        "DROP TRANSFORM FOR y LANGUAGE sql;",
    ),
    "target of statistics": (
        "CREATE TABLE t (a int, b int); CREATE STATISTICS s ON a, b FROM t;",
        "ALTER STATISTICS s SET STATISTICS 7;",
        "ALTER STATISTICS s SET STATISTICS -1;",
    ),
    "statistics of an index": (
        "CREATE TABLE t (a int); CREATE INDEX i ON t ((a + 1));",
        "ALTER INDEX i ALTER COLUMN 1 SET STATISTICS 7;",
        "ALTER INDEX i ALTER COLUMN 1 SET STATISTICS -1;",
    ),
    "template of a dictionary": (
        "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple);",
        "DROP TEXT SEARCH DICTIONARY d; CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple, stopwords = 'english');",
        "DROP TEXT SEARCH DICTIONARY d; CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple);",
    ),
    "comment on a text search configuration": (
        "CREATE TEXT SEARCH CONFIGURATION c (COPY = simple);",
        "COMMENT ON TEXT SEARCH CONFIGURATION c IS 'x';",
        "COMMENT ON TEXT SEARCH CONFIGURATION c IS NULL;",
    ),
    "what a publication publishes": (
        "CREATE TABLE t (a int PRIMARY KEY, b int); CREATE PUBLICATION p FOR TABLE t WITH (publish = 'insert');",
        "ALTER PUBLICATION p SET (publish = 'insert, truncate');",
        "ALTER PUBLICATION p SET (publish = 'insert');",
    ),
    "columns of a publication": (
        "CREATE TABLE t (a int PRIMARY KEY, b int); CREATE PUBLICATION p FOR TABLE t;",
        "ALTER PUBLICATION p SET TABLE t (a);",
        "ALTER PUBLICATION p SET TABLE t;",
    ),
    "rows of a publication": (
        "CREATE TABLE t (a int PRIMARY KEY, b int); CREATE PUBLICATION p FOR TABLE t;",
        "ALTER PUBLICATION p SET TABLE t WHERE (a > 0);",
        "ALTER PUBLICATION p SET TABLE t;",
    ),
    "root of a publication": (
        "CREATE PUBLICATION p;",
        "ALTER PUBLICATION p SET (publish_via_partition_root = true);",
        "ALTER PUBLICATION p SET (publish_via_partition_root = false);",
    ),
    "storage of long values": (
        "CREATE TABLE t (a text);",
        "ALTER TABLE t SET (toast.autovacuum_enabled = false);",
        "ALTER TABLE t RESET (toast.autovacuum_enabled);",
    ),
    "dependency on an extension": (
        _F,
        "ALTER FUNCTION f(int) DEPENDS ON EXTENSION plpgsql;",
        "ALTER FUNCTION f(int) NO DEPENDS ON EXTENSION plpgsql;",
    ),
    "comment on a domain's constraint": (
        "CREATE DOMAIN d AS int CONSTRAINT k CHECK (VALUE > 0);",
        "COMMENT ON CONSTRAINT k ON DOMAIN d IS 'x';",
        "COMMENT ON CONSTRAINT k ON DOMAIN d IS NULL;",
    ),
    "comment on an attribute": (
        "CREATE TYPE y AS (a int);",
        "COMMENT ON COLUMN y.a IS 'x';",
        "COMMENT ON COLUMN y.a IS NULL;",
    ),
    "grant on a composite type": (
        "CREATE TYPE c AS (a int);",
        "REVOKE USAGE ON TYPE c FROM PUBLIC;",
        "GRANT USAGE ON TYPE c TO PUBLIC;",
    ),
    "grant on the schema of all": (
        "",
        "GRANT CREATE ON SCHEMA public TO PUBLIC;",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
    ),
    "what all have of their schema": (
        "",
        "REVOKE USAGE ON SCHEMA public FROM PUBLIC;",
        "GRANT USAGE ON SCHEMA public TO PUBLIC;",
    ),
    "default of a view": (
        "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t;",
        "ALTER VIEW v ALTER a SET DEFAULT 7;",
        "ALTER VIEW v ALTER a DROP DEFAULT;",
    ),
    "parallel safety of an aggregate": (
        "CREATE AGGREGATE g (int) (SFUNC = int4pl, STYPE = int);",
        "CREATE OR REPLACE AGGREGATE g (int) (SFUNC = int4pl, STYPE = int, PARALLEL = SAFE);",
        "CREATE OR REPLACE AGGREGATE g (int) (SFUNC = int4pl, STYPE = int);",
    ),
    "state of a moving aggregate": (
        "CREATE AGGREGATE g (int) (SFUNC = int4pl, STYPE = int);",
        "CREATE OR REPLACE AGGREGATE g (int) (SFUNC = int4pl, STYPE = int, MSFUNC = int4pl, MINVFUNC = int4mi,"
        " MSTYPE = int);",
        "CREATE OR REPLACE AGGREGATE g (int) (SFUNC = int4pl, STYPE = int);",
    ),
    "operator class of a range": (
        "CREATE TYPE r AS RANGE (subtype = text);",
        "DROP TYPE r; CREATE TYPE r AS RANGE (subtype = text, subtype_opclass = text_pattern_ops);",
        "DROP TYPE r; CREATE TYPE r AS RANGE (subtype = text);",
    ),
    "parameter of an operator class": (
        "CREATE TABLE t (d tsvector); CREATE INDEX i ON t USING gist (d);",
        "DROP INDEX i; CREATE INDEX i ON t USING gist (d tsvector_ops (siglen = 1000));",
        "DROP INDEX i; CREATE INDEX i ON t USING gist (d);",
    ),
    "schema of a collation": (
        "CREATE COLLATION l (provider = icu, locale = 'de'); CREATE SCHEMA other;"
        "CREATE COLLATION other.l (provider = icu, locale = 'fr'); CREATE TABLE t (a text COLLATE l);",
        "ALTER TABLE t ALTER a TYPE text COLLATE other.l;",
        "ALTER TABLE t ALTER a TYPE text COLLATE l; DROP SCHEMA IF EXISTS none;",
    ),
    "case of a collation": (
        """CREATE COLLATION "L" (provider = icu, locale = 'de'); CREATE COLLATION l (provider = icu, locale = 'fr');"""
        """CREATE TABLE t (a text COLLATE "L");""",
        "ALTER TABLE t ALTER a TYPE text COLLATE l;",
        """ALTER TABLE t ALTER a TYPE text COLLATE "L";""",
    ),
    "collation of a key of an index": (
        "CREATE COLLATION l (provider = icu, locale = 'de'); CREATE SCHEMA other;"
        "CREATE COLLATION other.l (provider = icu, locale = 'fr'); CREATE TABLE t (a text);"
        "CREATE INDEX i ON t (a COLLATE l);",
        "DROP INDEX i; CREATE INDEX i ON t (a COLLATE other.l);",
        "DROP INDEX i; CREATE INDEX i ON t (a COLLATE l);",
    ),
    "fields of an interval": (
        "CREATE TABLE t (a interval);",
        "ALTER TABLE t ALTER a TYPE interval year;",
        "ALTER TABLE t ALTER a TYPE interval;",
    ),
    "fields and digits of an interval": (
        "CREATE TABLE t (a interval day to second(3));",
        "ALTER TABLE t ALTER a TYPE interval hour to second(3);",
        "ALTER TABLE t ALTER a TYPE interval day to second(3);",
    ),
    "expression that begins with NULL": (
        "CREATE TABLE t (a bool);",
        "ALTER TABLE t ALTER a SET DEFAULT (NULL::text IS NULL);",
        "ALTER TABLE t ALTER a DROP DEFAULT;",
    ),
    "NULL instead of a domain's default": (
        "CREATE DOMAIN d AS int DEFAULT 5; CREATE TABLE t (a d);",
        "ALTER TABLE t ALTER a SET DEFAULT NULL;",
        "ALTER TABLE t ALTER a DROP DEFAULT;",
    ),
    "moment to come": (
        "CREATE TABLE t (a timestamp DEFAULT '2130-01-01 00:00:00.5');",
        "ALTER TABLE t ALTER a SET DEFAULT '2130-12-31 23:59:59.9';",
        "ALTER TABLE t ALTER a SET DEFAULT '2130-01-01 00:00:00.5';",
    ),
    "grant on a column of the system": (
        "CREATE TABLE t (a int);",
        "GRANT SELECT (ctid) ON t TO PUBLIC;",
        "REVOKE SELECT (ctid) ON t FROM PUBLIC;",
    ),
    "grant on a column of a sequence": (
        "CREATE SEQUENCE q;",
        "GRANT SELECT (last_value) ON q TO PUBLIC;",
        "REVOKE SELECT (last_value) ON q FROM PUBLIC;",
    ),
    "18: grant to maintain": (
        "CREATE TABLE t (a int);",
        "GRANT MAINTAIN ON t TO PUBLIC;",
        "REVOKE MAINTAIN ON t FROM PUBLIC;",
    ),
    "18: what the owner has to maintain": (
        "CREATE TABLE t (a int);",
        "REVOKE MAINTAIN ON t FROM CURRENT_USER;",
        "GRANT MAINTAIN ON t TO CURRENT_USER;",
    ),
    "what the owner has of a sequence": (
        "CREATE SEQUENCE q;",
        "REVOKE UPDATE ON SEQUENCE q FROM CURRENT_USER;",
        "GRANT UPDATE ON SEQUENCE q TO CURRENT_USER;",
    ),
    "18: validity of NOT NULL": (
        "CREATE TABLE t (a int NOT NULL);",
        "ALTER TABLE t ALTER a DROP NOT NULL; ALTER TABLE t ADD CONSTRAINT n NOT NULL a NOT VALID;",
        "ALTER TABLE t VALIDATE CONSTRAINT n;",
    ),
    "18: inheritance of NOT NULL": (
        "CREATE TABLE t (a int NOT NULL);",
        "ALTER TABLE t ALTER a DROP NOT NULL; ALTER TABLE t ADD CONSTRAINT n NOT NULL a NO INHERIT;",
        "ALTER TABLE t ALTER CONSTRAINT n INHERIT;",
    ),
    "18: words in a constraint": (
        "CREATE TABLE t (a text); ALTER TABLE t ADD CHECK (a <> ' NOT ENFORCED') NOT VALID;",
        "ALTER TABLE t DROP CONSTRAINT t_a_check;"
        "ALTER TABLE t ADD CHECK (a <> ' NOT ENFORCED') NOT ENFORCED;",
        "ALTER TABLE t DROP CONSTRAINT t_a_check; ALTER TABLE t ADD CHECK (a <> ' NOT ENFORCED') NOT VALID;",
    ),
    "words in a name": (
        """CREATE TABLE t ("NULLS NOT DISTINCT" int UNIQUE);""",
        """ALTER TABLE t DROP CONSTRAINT "t_NULLS NOT DISTINCT_key";"""
        """ALTER TABLE t ADD UNIQUE NULLS NOT DISTINCT ("NULLS NOT DISTINCT");""",
        """ALTER TABLE t DROP CONSTRAINT "t_NULLS NOT DISTINCT_key";"""
        """ALTER TABLE t ADD UNIQUE ("NULLS NOT DISTINCT");""",
    ),
    "words in an index": (
        "CREATE TABLE t (a text); CREATE UNIQUE INDEX i ON t ((a || ' NULLS NOT DISTINCT'));",
        "DROP INDEX i; CREATE UNIQUE INDEX i ON t ((a || ' NULLS NOT DISTINCT')) NULLS NOT DISTINCT;",
        "DROP INDEX i; CREATE UNIQUE INDEX i ON t ((a || ' NULLS NOT DISTINCT'));",
    ),
    "names with brackets in a foreign key": (
        """CREATE TABLE t ("a (b" int UNIQUE, "c (d" int UNIQUE, r int REFERENCES t ("a (b"));""",
        """ALTER TABLE t DROP CONSTRAINT t_r_fkey, ADD FOREIGN KEY (r) REFERENCES t ("c (d");""",
        """ALTER TABLE t DROP CONSTRAINT t_r_fkey, ADD FOREIGN KEY (r) REFERENCES t ("a (b");""",
    ),
    "negator instead of a commutator": (
        "CREATE FUNCTION same(int, int) RETURNS bool LANGUAGE sql AS 'SELECT true';"
        "CREATE OPERATOR @@@ (FUNCTION = same, LEFTARG = int, RIGHTARG = int);"
        "CREATE OPERATOR @#@ (FUNCTION = same, LEFTARG = int, RIGHTARG = int, COMMUTATOR = @@@);",
        "DROP OPERATOR @#@ (int, int);"
        "CREATE OPERATOR @#@ (FUNCTION = same, LEFTARG = int, RIGHTARG = int, NEGATOR = @@@);",
        "DROP OPERATOR @#@ (int, int);"
        "CREATE OPERATOR @#@ (FUNCTION = same, LEFTARG = int, RIGHTARG = int, COMMUTATOR = @@@);",
    ),
    "persistence of the sequence of a column": (
        "CREATE TABLE t (a serial);",
        "ALTER SEQUENCE t_a_seq SET UNLOGGED;",
        "ALTER SEQUENCE t_a_seq SET LOGGED;",
    ),
    "parameters of the index of a constraint": (
        "CREATE TABLE t (a int PRIMARY KEY);",
        "ALTER INDEX t_pkey SET (fillfactor = 20);",
        "ALTER INDEX t_pkey RESET (fillfactor);",
    ),
    "order of the parts of a query": (
        "CREATE TABLE t (a int); CREATE TABLE u (a int); CREATE VIEW v AS SELECT a FROM t EXCEPT SELECT a FROM u;",
        "CREATE OR REPLACE VIEW v AS SELECT a FROM u EXCEPT SELECT a FROM t;",
        "CREATE OR REPLACE VIEW v AS SELECT a FROM t EXCEPT SELECT a FROM u;",
    ),
    "order of the cases of an expression": (
        "CREATE TABLE t (a int);"
        "CREATE VIEW v AS SELECT CASE WHEN a > 1 THEN 'x' WHEN a > 0 THEN 'y' ELSE 'z' END AS c FROM t;",
        "CREATE OR REPLACE VIEW v AS SELECT CASE WHEN a > 0 THEN 'y' WHEN a > 1 THEN 'x' ELSE 'z' END AS c FROM t;",
        "CREATE OR REPLACE VIEW v AS SELECT CASE WHEN a > 1 THEN 'x' WHEN a > 0 THEN 'y' ELSE 'z' END AS c FROM t;",
    ),
    "exchanged names of the columns of a view": (
        "CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT a, b FROM t;",
        "CREATE OR REPLACE VIEW v AS SELECT b AS a, a AS b FROM t;",
        "CREATE OR REPLACE VIEW v AS SELECT a, b FROM t;",
    ),
    "lines of a literal in a view": (
        "CREATE TABLE t (a int); CREATE VIEW v AS SELECT E'x\ny' AS c FROM t;",
        "CREATE OR REPLACE VIEW v AS SELECT E'y\nx' AS c FROM t;",
        "CREATE OR REPLACE VIEW v AS SELECT E'x\ny' AS c FROM t;",
    ),
    "name of an index that a person chose": (
        "CREATE TABLE t (price int); CREATE INDEX by_price_idx ON t (price);",
        "ALTER INDEX by_price_idx RENAME TO zzz_idx;",
        "ALTER INDEX zzz_idx RENAME TO by_price_idx;",
    ),
    "name of a constraint that a person chose": (
        "CREATE TABLE t (price int CONSTRAINT price_positive_check CHECK (price > 0));",
        "ALTER TABLE t RENAME CONSTRAINT price_positive_check TO zzz_check;",
        "ALTER TABLE t RENAME CONSTRAINT zzz_check TO price_positive_check;",
    ),
    "18: tables or schemas of a publication": (
        "CREATE TABLE here (a int); CREATE PUBLICATION p FOR TABLE here;",
        "DROP PUBLICATION p; CREATE PUBLICATION p FOR TABLE here (a);",
        "DROP PUBLICATION p; CREATE PUBLICATION p FOR TABLE here;",
    ),
    "grant on a column": (
        "CREATE TABLE t (a int);",
        "GRANT SELECT (a) ON t TO PUBLIC;",
        "REVOKE SELECT (a) ON t FROM PUBLIC;",
    ),
    "superuser: access method": (
        "",
        "CREATE ACCESS METHOD am TYPE INDEX HANDLER bthandler;",
        "DROP ACCESS METHOD am;",
    ),
    "superuser: operator family": (
        "CREATE OPERATOR FAMILY o USING btree;",
        "ALTER OPERATOR FAMILY o USING btree ADD OPERATOR 1 < (int4, int4);",
        "ALTER OPERATOR FAMILY o USING btree DROP OPERATOR 1 (int4, int4);",
    ),
    "superuser: wrapper": (
        "CREATE FOREIGN DATA WRAPPER w;",
        "GRANT USAGE ON FOREIGN DATA WRAPPER w TO PUBLIC;",
        "REVOKE USAGE ON FOREIGN DATA WRAPPER w FROM PUBLIC;",
    ),
    "superuser: server": (
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;",
        "GRANT USAGE ON FOREIGN SERVER s TO PUBLIC;",
        "REVOKE USAGE ON FOREIGN SERVER s FROM PUBLIC;",
    ),
    "superuser: user mapping": (
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;",
        "CREATE USER MAPPING FOR PUBLIC SERVER s;",
        "DROP USER MAPPING FOR PUBLIC SERVER s;",
    ),
    "superuser: foreign table": (
        _FOREIGN,
        "ALTER FOREIGN TABLE t OPTIONS (ADD x '1');",
        "ALTER FOREIGN TABLE t OPTIONS (DROP x);",
    ),
    "superuser: foreign column": (
        _FOREIGN,
        "ALTER FOREIGN TABLE t ALTER COLUMN a OPTIONS (ADD x '1');",
        "ALTER FOREIGN TABLE t ALTER COLUMN a OPTIONS (DROP x);",
    ),
    "superuser: language": (
        "CREATE LANGUAGE mine HANDLER plpgsql_call_handler;",
        "DROP LANGUAGE mine; CREATE TRUSTED LANGUAGE mine HANDLER plpgsql_call_handler;",
        "DROP LANGUAGE mine; CREATE LANGUAGE mine HANDLER plpgsql_call_handler;",
    ),
    "superuser: event trigger": (
        "CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';",
        "CREATE EVENT TRIGGER e ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION e();",
        "DROP EVENT TRIGGER e;",
    ),
    "superuser: text search parser": (
        "",
        "CREATE TEXT SEARCH PARSER r (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end,"
        " LEXTYPES = prsd_lextype);",
        "DROP TEXT SEARCH PARSER r;",
    ),
    "superuser: text search template": (
        "",
        "CREATE TEXT SEARCH TEMPLATE r (LEXIZE = dsimple_lexize);",
        "DROP TEXT SEARCH TEMPLATE r;",
    ),
    "superuser: schemas of a publication": (
        "CREATE PUBLICATION p;",
        "ALTER PUBLICATION p ADD TABLES IN SCHEMA here;",
        "ALTER PUBLICATION p DROP TABLES IN SCHEMA here;",
    ),
}  # fmt: skip


_CLEAN = (
    "DROP SCHEMA here CASCADE; DROP SCHEMA IF EXISTS other CASCADE;"
    "DROP PUBLICATION IF EXISTS p; DROP FOREIGN DATA WRAPPER IF EXISTS w CASCADE;"
    "DROP LANGUAGE IF EXISTS mine; SELECT lo_unlink(oid) FROM pg_largeobject_metadata"
)


class Sessions(NamedTuple):
    """Sessions in one database: one as scripts have it, a superuser's, and one that reads the catalog."""

    script: Session
    superuser: Session
    reading: Session


@pytest.fixture(scope="module", params=[15, 18])
def sessions(request: pytest.FixtureRequest) -> Iterator[Sessions]:
    programs = embedded_programs() if request.param == 18 else programs_in(OLDER)
    if programs is None:
        pytest.skip(f"PostgreSQL {request.param} is not installed on this machine")
    engine = start_cluster(programs, "local", LIMITS, Deadline.after(3600), "for the kinds of objects")
    database = engine.create()
    with (
        closing(engine.server.admin_in(database.name)) as superuser,
        closing(database.tenant.reading_session(database.name)) as reading,
    ):
        yield Sessions(database.session, superuser, reading)
    database.drop()
    engine.close()


def _for(session: Session, text: str) -> str:
    """Return a text as the server takes it: the embedded one has no ICU."""
    own = {"icu": "builtin", "'de'": "'C'", "'fr'": "'C.UTF-8'"} if session.version >= 170000 else {}
    for old, new in own.items():
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_changed_is_seen_until_it_is_taken_back(sessions: Sessions, kind: str) -> None:
    session = sessions.superuser if kind.startswith("superuser: ") else sessions.script
    if kind.startswith("18: ") and session.version < 180000:
        pytest.skip("new in PostgreSQL 18")
    there, change, back = (_for(session, text) for text in KINDS[kind])
    reader = Reader()
    session.query("CREATE SCHEMA here; SET search_path = here")
    try:
        session.query(there or "SELECT 1")
        before = reader.read(sessions.reading).schema
        session.query(change)
        assert counting(compare(before, reader.read(sessions.reading).schema))
        if session.version >= 170000:
            assert not compare(Reader().read(sessions.reading).schema, reader.read(sessions.reading).schema)
        session.query(back)
        assert not compare(before, reader.read(sessions.reading).schema)
    finally:
        sessions.superuser.query(_CLEAN)


def test_null_for_a_domain_without_a_default_is_no_default(sessions: Sessions) -> None:
    session = sessions.script
    session.query("CREATE SCHEMA here; SET search_path = here")
    try:
        session.query("CREATE DOMAIN d AS int; CREATE TABLE t (a d)")
        before = Reader().read(sessions.reading).schema
        session.query("ALTER TABLE t ALTER a SET DEFAULT NULL")
        assert not compare(before, Reader().read(sessions.reading).schema)
    finally:
        sessions.superuser.query(_CLEAN)


def test_many_long_texts_are_read_as_digests(sessions: Sessions) -> None:
    """Otherwise a thousand comments, each of less than the limit of one, would fill the memory of the reader."""
    session, number = sessions.script, 100
    session.query("CREATE SCHEMA here; SET search_path = here")
    try:
        session.query(
            f"DO $$ BEGIN FOR i IN 1..{number} LOOP EXECUTE format('CREATE TABLE t%s (a int)', i);"
            " EXECUTE format('COMMENT ON TABLE t%s IS %L', i, repeat('x', 490000)); END LOOP; END $$"
        )
        before = Reader().read(sessions.reading).schema
        assert sum(key.space == "other oversized object" for key, _ in before.items()) == number
        session.query("COMMENT ON TABLE t7 IS NULL")
        assert compare(before, Reader().read(sessions.reading).schema)
    finally:
        sessions.superuser.query(_CLEAN)


def test_names_that_the_server_chooses_do_not_count(sessions: Sessions) -> None:
    long = "a" * 60
    table = f"CREATE TABLE t (a int PRIMARY KEY, {long} int, c int, d int);"
    unnamed = (
        f"ALTER TABLE t ADD UNIQUE ({long}), ADD UNIQUE (c) INCLUDE (d), ADD CHECK (c > 0), ADD CHECK (d > c),"
        f" ADD FOREIGN KEY (d) REFERENCES t; CREATE INDEX ON t (c, d); CREATE INDEX ON t (lower({long}::text), c);"
        f" CREATE INDEX ON t ({long}, c)"
    )
    names = (
        "SELECT 'DROP INDEX ' || c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " WHERE i.indrelid = 't'::regclass AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid)"
        " UNION ALL SELECT 'ALTER TABLE t DROP CONSTRAINT ' || conname FROM pg_constraint"
        " WHERE conrelid = 't'::regclass AND contype IN ('c', 'f', 'u')"
    )
    session = sessions.script
    session.query("CREATE SCHEMA here; SET search_path = here")
    try:
        session.query(table + unnamed)
        before = Reader().read(sessions.reading).schema
        drops = [drop or "" for (drop,) in session.query(names)[0]]
        session.query(";".join((unnamed, *drops)))
        changes = compare(before, Reader().read(sessions.reading).schema)
        assert len(drops) == 8
        assert not counting(changes)
    finally:
        session.query("SET search_path = public")
        sessions.superuser.query(_CLEAN)
