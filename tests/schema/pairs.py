"""Pairs with the differences that are left after forward and rollback: asked of the model and of the engines alike."""

from __future__ import annotations

from typing import NamedTuple


class Pair(NamedTuple):
    """`left` are the differences that count, as `kind what name [aspect]`; none for a symmetric pair."""

    name: str
    setup: str
    forward: str
    rollback: str
    left: tuple[str, ...] = ()


T = "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL DEFAULT 1, b varchar(10));"
INDEXED = T + "CREATE INDEX i ON t (a);"

PARTED = (
    "CREATE TABLE p (id int NOT NULL, x int) PARTITION BY RANGE (id);"
    "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);"
    "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20) PARTITION BY LIST (x);"
    "CREATE TABLE p21 PARTITION OF p2 FOR VALUES IN (1);"
)

POSTGRES = [
    Pair(
        "the sequence of a column may be unlogged",
        "CREATE TABLE t (a serial);",
        "ALTER SEQUENCE t_a_seq SET UNLOGGED;",
        "SELECT 1;",
        ("changed sequence t_a_seq definition",),
    ),
    Pair(
        "a sequence is logged again",
        "CREATE SEQUENCE s;",
        "ALTER SEQUENCE s SET UNLOGGED;",
        "ALTER SEQUENCE s SET LOGGED;",
    ),
    Pair(
        "the index of a constraint has parameters of its own",
        T,
        "ALTER INDEX t_pkey SET (fillfactor = 20);",
        "SELECT 1;",
        ("changed index t_pkey definition",),
    ),
    Pair(
        "an unnamed index has the name that its expressions have",
        T,
        "CREATE INDEX ON t (coalesce(b, ''), (a::text), (CASE WHEN a > 0 THEN 1 END), (a + 1), (b || ''));",
        "DROP INDEX t_coalesce_a_case_expr_expr1_idx;",
    ),
    Pair(
        "an interval is the same however it is written",
        "CREATE TABLE t (a timestamptz DEFAULT now() + interval '1 day 90 minutes', b interval DEFAULT '2 years 3 mons');",
        "ALTER TABLE t ALTER a DROP DEFAULT, ALTER b DROP DEFAULT;",
        "ALTER TABLE t ALTER a SET DEFAULT (now() + '1 day 01:30:00'::interval), ALTER b SET DEFAULT '27 months'::interval;",
    ),
    Pair(
        "but not of another length",
        "CREATE TABLE t (a interval DEFAULT '36 hours');",
        "ALTER TABLE t ALTER a DROP DEFAULT;",
        "ALTER TABLE t ALTER a SET DEFAULT '1 day 12:00:00';",
        ("changed column t.a default",),
    ),
    Pair(
        "the sequence of a renamed table keeps the name that it was given",
        "CREATE TABLE a (id serial);",
        "ALTER TABLE a RENAME TO b; ALTER SEQUENCE a_id_seq RENAME TO b_id_seq;",
        "ALTER TABLE b RENAME TO a;",
        ("changed column a.id default",),
    ),
    Pair(
        "a condition on a column that has another name fails",
        T + "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0);",
        "ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t RENAME a TO n;",
        "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0); ALTER TABLE t RENAME n TO a;",
        ("missing check constraint k on t",),
    ),
    Pair(
        "so does an index on part of the rows",
        T + "CREATE INDEX i ON t (id) WHERE a > 0;",
        "DROP INDEX i; ALTER TABLE t RENAME a TO n;",
        "CREATE INDEX i ON t (id) WHERE a > 0; ALTER TABLE t RENAME n TO a;",
        ("missing index i",),
    ),
    Pair(
        "so does a foreign key",
        T + "CREATE TABLE u (id int, t_id int REFERENCES t (id));",
        "ALTER TABLE u DROP CONSTRAINT u_t_id_fkey; ALTER TABLE u RENAME t_id TO n;",
        "ALTER TABLE u ADD CONSTRAINT u_t_id_fkey FOREIGN KEY (t_id) REFERENCES t (id); ALTER TABLE u RENAME n TO t_id;",
        ("missing foreign key u_t_id_fkey on u",),
    ),
    Pair(
        "a foreign key needs a key to refer to",
        T + "CREATE TABLE u (id int, t_id int REFERENCES t (id));",
        "ALTER TABLE u DROP CONSTRAINT u_t_id_fkey; ALTER TABLE t DROP CONSTRAINT t_pkey;",
        "ALTER TABLE u ADD CONSTRAINT u_t_id_fkey FOREIGN KEY (t_id) REFERENCES t (id);"
        "ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY (id);",
        ("missing foreign key u_t_id_fkey on u",),
    ),
    Pair(
        "a type that has another name is not there",
        "CREATE TYPE e AS ENUM ('x'); CREATE TABLE t (a int, k e);",
        "ALTER TYPE e RENAME TO f; ALTER TABLE t DROP k;",
        "ALTER TABLE t ADD k e; ALTER TYPE f RENAME TO e;",
        ("missing column t.k",),
    ),
    Pair(
        "a default of NULL is none, whether the engine keeps it or not",
        "CREATE DOMAIN d AS text; CREATE TABLE t (a int, b varchar(10), c timestamptz(3), e d);",
        "ALTER TABLE t ALTER a SET DEFAULT 1, ALTER b SET DEFAULT 'x', ALTER c SET DEFAULT now(), DROP COLUMN e;",
        "ALTER TABLE t ALTER a SET DEFAULT NULL, ALTER b SET DEFAULT NULL, ALTER c SET DEFAULT NULL;"
        "ALTER TABLE t ADD e d DEFAULT NULL;",
    ),
    Pair(
        "the sequence of a serial column has the column's type",
        "CREATE TABLE t (id serial PRIMARY KEY);",
        "ALTER TABLE t ALTER id DROP DEFAULT; DROP SEQUENCE t_id_seq;",
        "CREATE SEQUENCE t_id_seq OWNED BY t.id; ALTER TABLE t ALTER id SET DEFAULT nextval('t_id_seq');",
        ("changed sequence t_id_seq definition",),
    ),
    Pair(
        "the index that a table is clustered on",
        T + "CREATE INDEX i ON t (a);",
        "ALTER TABLE t CLUSTER ON i;",
        "SELECT 1;",
    ),
    Pair(
        "an aggregate goes with the function that it is made of",
        "",
        "CREATE FUNCTION pick(int, int) RETURNS int LANGUAGE sql AS 'SELECT $1';"
        "CREATE AGGREGATE one_of (int) (SFUNC = pick, STYPE = int);"
        "CREATE AGGREGATE any_of (SFUNC = public.pick, BASETYPE = int, STYPE = int);",
        "DROP AGGREGATE any_of (int); DROP FUNCTION pick CASCADE;",
    ),
    Pair(
        "and stands in the way of dropping that",
        "",
        "CREATE FUNCTION pick(int, int) RETURNS int LANGUAGE sql AS 'SELECT $1';"
        "CREATE AGGREGATE one_of (int) (SFUNC = pick, STYPE = int);",
        "DROP FUNCTION pick(int, int);",
        ("extra aggregate one_of(int4)", "extra function pick(int4,int4)"),
    ),
    Pair(
        "a function is no procedure",
        "",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
        "DROP PROCEDURE f;",
        ("extra function f()",),
    ),
    Pair(
        "with or without its arguments",
        "",
        "CREATE PROCEDURE f() LANGUAGE sql AS 'SELECT 1';",
        "DROP FUNCTION IF EXISTS f();",
        ("extra procedure f()",),
    ),
    Pair("an index takes its parts along", PARTED, "CREATE INDEX i ON p (x);", "DROP INDEX i;"),
    Pair(
        "an index takes over what its partitions have",
        PARTED,
        "CREATE INDEX i1 ON p1 (x); CREATE INDEX i ON p (x);",
        "DROP INDEX i;",
    ),
    Pair(
        "a renamed index keeps its parts",
        PARTED + "CREATE INDEX i ON p (x);",
        "ALTER INDEX i RENAME TO j; DROP INDEX j;",
        "CREATE INDEX i ON p (x);",
    ),
    Pair(
        "an index put together of its parts",
        PARTED,
        "CREATE INDEX i ON ONLY p (x); CREATE INDEX i1 ON p1 (x); ALTER INDEX i ATTACH PARTITION i1;"
        "CREATE INDEX i2 ON p2 (x); ALTER INDEX i ATTACH PARTITION i2;",
        "DROP INDEX i;",
    ),
    Pair(
        "parts that were not attached stay",
        PARTED,
        "CREATE INDEX i ON ONLY p (x); CREATE INDEX i1 ON p1 (x);",
        "DROP INDEX i;",
        ("extra index i1",),
    ),
    Pair(
        "a detached partition keeps its index",
        PARTED + "CREATE INDEX i ON p (x);",
        "ALTER TABLE p DETACH PARTITION p1; DROP INDEX p1_x_idx;",
        "ALTER TABLE p ATTACH PARTITION p1 FOR VALUES FROM (0) TO (10);",
    ),
    Pair(
        "index with what it would have anyway",
        INDEXED,
        "DROP INDEX i;",
        "CREATE INDEX i ON t USING btree (a int4_ops ASC NULLS LAST);",
    ),
    Pair(
        "view that names its table and columns once more",
        T + "CREATE VIEW v AS SELECT id, a FROM t WHERE a > 1;",
        "DROP VIEW v;",
        "CREATE VIEW v AS SELECT t.id AS id, t.a FROM public.t WHERE (t.a > 1);",
    ),
    Pair(
        "sequence of a serial made by hand",
        "CREATE TABLE x (id serial PRIMARY KEY);",
        "ALTER TABLE x ALTER COLUMN id DROP DEFAULT; DROP SEQUENCE x_id_seq;"
        "ALTER TABLE x ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY;",
        "ALTER TABLE x ALTER COLUMN id DROP IDENTITY; CREATE SEQUENCE x_id_seq AS int OWNED BY x.id;"
        "ALTER TABLE x ALTER COLUMN id SET DEFAULT nextval('x_id_seq');",
    ),
    Pair(
        "sequence options that are the usual ones",
        "CREATE SEQUENCE s;",
        "ALTER SEQUENCE s INCREMENT BY 5 MAXVALUE 100 CYCLE;",
        "ALTER SEQUENCE s INCREMENT BY 1 NO MAXVALUE NO CYCLE;",
    ),
    Pair(
        "function options that are the usual ones",
        "CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql STRICT AS 'SELECT x';",
        "ALTER FUNCTION f(int) STABLE CALLED ON NULL INPUT SET search_path = pg_catalog;",
        "ALTER FUNCTION f(int) VOLATILE STRICT RESET search_path;",
    ),
    Pair(
        "function options that are written out",
        "CREATE FUNCTION f(language int) RETURNS int LANGUAGE sql AS 'SELECT 1';",
        "ALTER FUNCTION f(int) STABLE;",
        "CREATE OR REPLACE FUNCTION f(language int) RETURNS int LANGUAGE sql VOLATILE CALLED ON NULL INPUT COST 100"
        " SECURITY INVOKER AS 'SELECT 1';",
    ),
    Pair(
        "a function that stays stable",
        "CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql AS 'SELECT x';",
        "ALTER FUNCTION f(int) STABLE;",
        "ALTER FUNCTION f(int) STRICT; ALTER FUNCTION f(int) CALLED ON NULL INPUT;",
        ("changed function f(int4) definition",),
    ),
    Pair(
        "storage that is the usual one",
        T,
        "ALTER TABLE t ALTER COLUMN b SET STORAGE EXTERNAL;",
        "ALTER TABLE t ALTER COLUMN b SET STORAGE EXTENDED;",
    ),
    Pair("table", "", "CREATE TABLE x (id serial PRIMARY KEY, a text UNIQUE);", "DROP TABLE x;"),
    Pair("table left behind", "", "CREATE TABLE x (id int);", "SELECT 1;", ("extra table x",)),
    Pair("table not restored", T, "DROP TABLE t;", "SELECT 1;", ("missing table t",)),
    Pair("column", T, "ALTER TABLE t ADD COLUMN c int;", "ALTER TABLE t DROP COLUMN c;"),
    Pair(
        "column restored at the end",
        T,
        "ALTER TABLE t DROP COLUMN a;",
        "ALTER TABLE t ADD COLUMN a int NOT NULL DEFAULT 1;",
    ),
    Pair(
        "column with another type",
        T,
        "ALTER TABLE t DROP COLUMN b;",
        "ALTER TABLE t ADD COLUMN b text;",
        ("changed column t.b type",),
    ),
    Pair(
        "column without its default",
        T,
        "ALTER TABLE t DROP COLUMN a;",
        "ALTER TABLE t ADD COLUMN a int NOT NULL;",
        ("changed column t.a default",),
    ),
    Pair(
        "column that became nullable",
        T,
        "ALTER TABLE t DROP COLUMN a;",
        "ALTER TABLE t ADD COLUMN a int DEFAULT 1;",
        ("changed column t.a nullability",),
    ),
    Pair(
        "default with a cast",
        T,
        "ALTER TABLE t ALTER COLUMN b SET DEFAULT 'x';",
        "ALTER TABLE t ALTER COLUMN b DROP DEFAULT;",
    ),
    Pair(
        "index lost with its column",
        INDEXED,
        "ALTER TABLE t DROP COLUMN a;",
        "ALTER TABLE t ADD COLUMN a int NOT NULL DEFAULT 1;",
        ("missing index i",),
    ),
    Pair(
        "index of another kind",
        INDEXED,
        "DROP INDEX i;",
        "CREATE UNIQUE INDEX i ON t (a);",
        ("changed index i definition",),
    ),
    Pair("index under another name", INDEXED, "DROP INDEX i;", "CREATE INDEX j ON t (a);", ("renamed index i",)),
    Pair("rename not reversed", T, "ALTER TABLE t RENAME COLUMN a TO c;", "SELECT 1;", ("renamed column t.a",)),
    Pair("rename reversed", INDEXED, "ALTER TABLE t RENAME TO u;", "ALTER TABLE u RENAME TO t;"),
    Pair(
        "key under its generated name",
        T,
        "ALTER TABLE t RENAME TO u; ALTER TABLE u DROP CONSTRAINT t_pkey; ALTER TABLE u ADD PRIMARY KEY (id);",
        "ALTER TABLE u RENAME TO t;",
    ),
    Pair("check", T, "ALTER TABLE t ADD CONSTRAINT c CHECK (a IN (1, 2));", "ALTER TABLE t DROP CONSTRAINT c;"),
    Pair(
        "check restored otherwise",
        T + "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);",
        "ALTER TABLE t DROP CONSTRAINT c;",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a >= 0);",
        ("changed check constraint c on t definition",),
    ),
    Pair(
        "check in other words",
        T + "ALTER TABLE t ADD CONSTRAINT c CHECK (a IN (1, 2));",
        "ALTER TABLE t DROP CONSTRAINT c;",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (((a = ANY (ARRAY[1, 2]))));",
    ),
    Pair(
        "foreign key without its action",
        T + "CREATE TABLE u (t_id int, CONSTRAINT f FOREIGN KEY (t_id) REFERENCES t ON DELETE CASCADE);",
        "ALTER TABLE u DROP CONSTRAINT f;",
        "ALTER TABLE u ADD CONSTRAINT f FOREIGN KEY (t_id) REFERENCES t (id);",
        ("changed foreign key f on u referential action",),
    ),
    Pair(
        "foreign key in short",
        T + "CREATE TABLE u (t_id int, CONSTRAINT f FOREIGN KEY (t_id) REFERENCES t);",
        "ALTER TABLE u DROP CONSTRAINT f;",
        "ALTER TABLE u ADD CONSTRAINT f FOREIGN KEY (t_id) REFERENCES t (id);",
    ),
    Pair(
        "primary key leaves NOT NULL",
        "CREATE TABLE t (a int);",
        "ALTER TABLE t ADD PRIMARY KEY (a);",
        "ALTER TABLE t DROP CONSTRAINT t_pkey;",
        ("changed column t.a nullability",),
    ),
    Pair(
        "enum label",
        "CREATE TYPE e AS ENUM ('a');",
        "ALTER TYPE e ADD VALUE 'b';",
        "SELECT 1;",
        ("changed type e labels",),
    ),
    Pair(
        "enum made anew",
        "CREATE TYPE e AS ENUM ('a'); CREATE TABLE x (c e NOT NULL);",
        "ALTER TYPE e ADD VALUE 'b';",
        "ALTER TYPE e RENAME TO e_old; CREATE TYPE e AS ENUM ('a'); ALTER TABLE x ALTER COLUMN c TYPE e USING c::text::e; DROP TYPE e_old;",
    ),
    Pair("view", T, "CREATE VIEW v AS SELECT a, b FROM t;", "DROP VIEW v;"),
    Pair(
        "view restored otherwise",
        T + "CREATE VIEW v AS SELECT a FROM t;",
        "DROP VIEW v;",
        "CREATE VIEW v AS SELECT b FROM t;",
        ("changed view v definition",),
    ),
    Pair(
        "view laid out otherwise",
        T + "CREATE VIEW v AS SELECT a FROM t;",
        "DROP VIEW v;",
        "CREATE VIEW v AS\n  select A\n  from public.t;",
    ),
    Pair(
        "view with a star over more columns",
        T + "CREATE VIEW v AS SELECT * FROM t;",
        "ALTER TABLE t ADD COLUMN c int; DROP VIEW v; CREATE VIEW v AS SELECT * FROM t;",
        "DROP VIEW v; CREATE VIEW v AS SELECT * FROM t;",
        ("extra column t.c", "changed view v columns"),
    ),
    Pair(
        "function body",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
        "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2';",
        "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
    ),
    Pair(
        "function left as it is",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
        "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2';",
        "SELECT 1;",
        ("changed function f() definition",),
    ),
    Pair(
        "trigger left behind with its function",
        T,
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();",
        "DROP TRIGGER g ON t;",
        ("extra function f()",),
    ),
    Pair(
        "sequence of serial goes with the column",
        T,
        "ALTER TABLE t ADD COLUMN s serial;",
        "ALTER TABLE t DROP COLUMN s;",
    ),
    Pair(
        "row level security",
        T,
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (a > 0);",
        "DROP POLICY p ON t;",
        ("changed table t row security",),
    ),
    Pair(
        "set schema and back",
        T + "CREATE SCHEMA s;",
        "ALTER TABLE t SET SCHEMA s;",
        "ALTER TABLE s.t SET SCHEMA public;",
    ),
    Pair("unlogged", T, "ALTER TABLE t SET UNLOGGED;", "SELECT 1;", ("changed table t persistence",)),
    Pair(
        "validated and not",
        T,
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c;",
        "ALTER TABLE t DROP CONSTRAINT c;",
    ),
]

POSTGRES += [
    Pair("domain", "", "CREATE DOMAIN d AS int CHECK (VALUE > 0);", "DROP DOMAIN d;"),
    Pair(
        "domain altered and back",
        "CREATE DOMAIN d AS int;",
        "ALTER DOMAIN d SET DEFAULT 1; ALTER DOMAIN d SET NOT NULL; ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 0);",
        "ALTER DOMAIN d DROP CONSTRAINT c; ALTER DOMAIN d DROP NOT NULL; ALTER DOMAIN d DROP DEFAULT;",
    ),
    Pair(
        "domain left altered",
        "CREATE DOMAIN d AS int;",
        "ALTER DOMAIN d SET DEFAULT 1;",
        "SELECT 1;",
        ("changed domain d definition",),
    ),
    Pair(
        "partition",
        "CREATE TABLE p (id int, at date) PARTITION BY RANGE (at);",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');",
        "DROP TABLE p1;",
    ),
    Pair("composite type", "", "CREATE TYPE c AS (a int, b text);", "DROP TYPE c;"),
    Pair(
        "attribute left behind",
        "CREATE TYPE c AS (a int);",
        "ALTER TYPE c ADD ATTRIBUTE b text;",
        "SELECT 1;",
        ("changed type c definition",),
    ),
    Pair(
        "identity",
        T,
        "ALTER TABLE t ALTER COLUMN a DROP DEFAULT, ALTER COLUMN a ADD GENERATED BY DEFAULT AS IDENTITY;",
        "ALTER TABLE t ALTER COLUMN a DROP IDENTITY, ALTER COLUMN a SET DEFAULT 1;",
    ),
    Pair(
        "materialized view",
        T,
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t; CREATE INDEX mi ON m (a);",
        "DROP MATERIALIZED VIEW m;",
    ),
    Pair("statistics", T, "CREATE STATISTICS st ON a, b FROM t;", "DROP STATISTICS st;"),
    Pair("statistics left behind", T, "CREATE STATISTICS st ON a, b FROM t;", "SELECT 1;", ("extra statistics st",)),
    Pair(
        "generated column",
        T,
        "ALTER TABLE t ADD COLUMN g int GENERATED ALWAYS AS (a * 2) STORED;",
        "ALTER TABLE t DROP COLUMN g;",
    ),
    Pair("owned sequence", T, "CREATE SEQUENCE sq OWNED BY t.a;", "DROP SEQUENCE sq;"),
    Pair("rule", T, "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING;", "DROP RULE r ON t;"),
    Pair(
        "exclusion constraint",
        T,
        "ALTER TABLE t ADD CONSTRAINT x EXCLUDE USING btree (a WITH =);",
        "ALTER TABLE t DROP CONSTRAINT x;",
    ),
    Pair(
        "select into",
        T,
        "SELECT a INTO copied FROM t;",
        "DROP TABLE copied;",
    ),
]

S = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT NOT NULL DEFAULT 1, b TEXT);"

SQLITE = [
    Pair("table", "", "CREATE TABLE x (id INT);", "DROP TABLE x;"),
    Pair("column", S, "ALTER TABLE t ADD COLUMN c INT;", "ALTER TABLE t DROP COLUMN c;"),
    Pair(
        "rebuild and back",
        S,
        "CREATE TABLE n (id INTEGER PRIMARY KEY, a INT NOT NULL DEFAULT 1, b TEXT, c INT); INSERT INTO n (id, a, b) SELECT id, a, b FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
        "ALTER TABLE t DROP COLUMN c;",
    ),
    Pair(
        "rebuild loses an index",
        S + "CREATE INDEX i ON t (a);",
        "CREATE TABLE n (id INTEGER PRIMARY KEY, a INT NOT NULL DEFAULT 1, b TEXT); INSERT INTO n SELECT * FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
        "SELECT 1;",
        ("missing index i",),
    ),
    Pair(
        "rebuild loses a default",
        S,
        "CREATE TABLE n (id INTEGER PRIMARY KEY, a INT NOT NULL, b TEXT); INSERT INTO n SELECT * FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
        "SELECT 1;",
        ("changed column t.a default",),
    ),
    Pair(
        "rebuild loses a trigger",
        S + "CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET a = 1; END;",
        "CREATE TABLE n (id INTEGER PRIMARY KEY, a INT NOT NULL DEFAULT 1, b TEXT); DROP TABLE t; ALTER TABLE n RENAME TO t;",
        "SELECT 1;",
        ("missing trigger g on t",),
    ),
    Pair(
        "unnamed constraints compare by what they say",
        "CREATE TABLE t (a INT, UNIQUE (a), CHECK (a > 0));",
        "CREATE TABLE n (a INT, CHECK (a > 0), UNIQUE (a)); DROP TABLE t; ALTER TABLE n RENAME TO t;",
        "SELECT 1;",
    ),
    Pair(
        "rename carried into foreign keys",
        S + "CREATE TABLE u (t_id INT REFERENCES t (id));",
        "ALTER TABLE t RENAME TO t2;",
        "ALTER TABLE t2 RENAME TO t;",
    ),
    Pair("view", S, "CREATE VIEW v AS SELECT a FROM t;", "DROP VIEW v;"),
    Pair(
        "a condition about no column goes with the column behind which it stands",
        S,
        "ALTER TABLE t ADD COLUMN c INT CHECK (1);",
        "ALTER TABLE t DROP COLUMN c;",
    ),
    Pair(
        "a view over a table that is gone stops what reads the schema again",
        S + "CREATE TABLE u (x); CREATE VIEW v AS SELECT x FROM u; DROP TABLE u;",
        "ALTER TABLE t ADD COLUMN c;",
        "ALTER TABLE t DROP COLUMN c;",
        ("extra column t.c",),
    ),
    Pair(
        "so does a trigger",
        S + "CREATE TABLE u (x); CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM u; END; DROP TABLE u;",
        "ALTER TABLE t ADD COLUMN c;",
        "ALTER TABLE t DROP COLUMN c;",
        ("extra column t.c",),
    ),
    Pair(
        "the name of a table is carried into triggers on others",
        S + "CREATE TABLE u (x); CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM u; END;",
        "ALTER TABLE u RENAME TO w; ALTER TABLE t ADD COLUMN c;",
        "ALTER TABLE t DROP COLUMN c; ALTER TABLE w RENAME TO u;",
    ),
    Pair(
        "a column of another table of that name is no use of this one",
        S + "CREATE TABLE u (x INT, c INT); CREATE VIEW v AS SELECT u.c FROM u JOIN t ON u.x = t.id;",
        "ALTER TABLE t ADD COLUMN c INT;",
        "ALTER TABLE t DROP COLUMN c;",
    ),
    Pair(
        "a name in double quotes that is no column's is a string",
        S + "CREATE TABLE u (k TEXT);",
        'CREATE TABLE w AS SELECT a FROM t WHERE b = "kind";',
        'INSERT INTO u SELECT a FROM t WHERE b = "kind"; DROP TABLE w;',
    ),
    Pair(
        "true and false are constants in statements on rows",
        S + "CREATE TABLE u (k TEXT);",
        "UPDATE t SET b = 'y' WHERE a = TRUE AND t.rowid = 1; INSERT INTO u SELECT false WHERE NOT EXISTS (SELECT 1 FROM t WHERE a = true);",
        "DELETE FROM u WHERE k IS FALSE; UPDATE t SET b = COALESCE(b, FALSE);",
    ),
]
