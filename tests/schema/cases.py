"""Scripts with what an engine says when they run, and when they run again: asked of the model and of the engine alike."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """`first` and `second` are the conditions that a run fails with, None where it does not."""

    name: str
    setup: str
    script: str
    first: str | None = None
    second: str | None = None


T = "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b text);"
TU = T + "CREATE TABLE u (id int PRIMARY KEY, t_id int REFERENCES t (id));"
F = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"

POSTGRES = [
    Case(
        "a function whose body reads a field of a row that it is given",
        "CREATE TABLE t (id int PRIMARY KEY, n int); CREATE TABLE u (id int, t_id int);",
        "CREATE OR REPLACE FUNCTION f(t_row t) RETURNS SETOF u LANGUAGE sql STABLE AS"
        " $$ SELECT * FROM u WHERE u.t_id = t_row.id AND t_row.n > (SELECT count(*) FROM u WHERE u.id = t_row.n) $$;",
    ),
    Case(
        "a function that has a parameter more since PostgreSQL 18",
        "CREATE TABLE t (j jsonb, k json);",
        "UPDATE t SET j = jsonb_strip_nulls(j), k = json_strip_nulls(k);",
    ),
    Case("create table", "", "CREATE TABLE x (id int);", None, "duplicate_table"),
    Case("create table guarded", "", "CREATE TABLE IF NOT EXISTS x (id int);"),
    Case(
        "table over index name",
        T + "CREATE INDEX x ON t (a);",
        "CREATE TABLE x (id int);",
        "duplicate_table",
        "duplicate_table",
    ),
    Case("drop table", T, "DROP TABLE t;", None, "undefined_table"),
    Case("drop table guarded", T, "DROP TABLE IF EXISTS t;"),
    Case(
        "drop referenced table", TU, "DROP TABLE t;", "dependent_objects_still_exist", "dependent_objects_still_exist"
    ),
    Case("drop referenced table cascade", TU, "DROP TABLE t CASCADE;", None, "undefined_table"),
    Case("drop both tables", TU, "DROP TABLE t, u;", None, "undefined_table"),
    Case(
        "drop view as table",
        T + "CREATE VIEW v AS SELECT a FROM t;",
        "DROP TABLE v;",
        "wrong_object_type",
        "wrong_object_type",
    ),
    Case(
        "drop table under view",
        T + "CREATE VIEW v AS SELECT a FROM t;",
        "DROP TABLE t;",
        "dependent_objects_still_exist",
        "dependent_objects_still_exist",
    ),
    Case("rename table", T, "ALTER TABLE t RENAME TO t2;", None, "undefined_table"),
    Case("rename table guarded", T, "ALTER TABLE IF EXISTS t RENAME TO t2;"),
    Case("rename onto another", TU, "ALTER TABLE t RENAME TO u;", "duplicate_table", "duplicate_table"),
    Case("add column", T, "ALTER TABLE t ADD COLUMN c int;", None, "duplicate_column"),
    Case("add column guarded", T, "ALTER TABLE t ADD COLUMN IF NOT EXISTS c int;"),
    Case("drop column", T, "ALTER TABLE t DROP COLUMN a;", None, "undefined_column"),
    Case("drop column guarded", T, "ALTER TABLE t DROP COLUMN IF EXISTS a;"),
    Case(
        "drop column under view",
        T + "CREATE VIEW v AS SELECT a FROM t;",
        "ALTER TABLE t DROP COLUMN a;",
        "dependent_objects_still_exist",
        "dependent_objects_still_exist",
    ),
    Case(
        "drop column beside view",
        T + "CREATE VIEW v AS SELECT a FROM t;",
        "ALTER TABLE t DROP COLUMN b;",
        None,
        "undefined_column",
    ),
    Case(
        "star is written out",
        T + "CREATE VIEW v AS SELECT * FROM t; ALTER TABLE t ADD COLUMN c int;",
        "ALTER TABLE t DROP COLUMN c;",
        None,
        "undefined_column",
    ),
    Case(
        "drop column under generated",
        "CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a + 1) STORED);",
        "ALTER TABLE t DROP COLUMN a;",
        "dependent_objects_still_exist",
        "dependent_objects_still_exist",
    ),
    Case(
        "drop column with its index",
        T + "CREATE INDEX i ON t (b);",
        "ALTER TABLE t DROP COLUMN b; CREATE INDEX i ON t (a);",
        None,
        "undefined_column",
    ),
    Case(
        "drop key column that is referenced",
        TU,
        "ALTER TABLE t DROP COLUMN id;",
        "dependent_objects_still_exist",
        "dependent_objects_still_exist",
    ),
    Case("rename column", T, "ALTER TABLE t RENAME COLUMN a TO c;", None, "undefined_column"),
    Case("alter type", T, "ALTER TABLE t ALTER COLUMN a TYPE bigint;"),
    Case(
        "alter type under view",
        T + "CREATE VIEW v AS SELECT a FROM t;",
        "ALTER TABLE t ALTER COLUMN a TYPE bigint;",
        "feature_not_supported",
        "feature_not_supported",
    ),
    Case("set default", T, "ALTER TABLE t ALTER COLUMN a SET DEFAULT 3;"),
    Case(
        "drop not null of key",
        T,
        "ALTER TABLE t ALTER COLUMN id DROP NOT NULL;",
        "invalid_table_definition",
        "invalid_table_definition",
    ),
    Case(
        "add identity",
        T,
        "ALTER TABLE t ALTER COLUMN a ADD GENERATED ALWAYS AS IDENTITY;",
        None,
        "object_not_in_prerequisite_state",
    ),
    Case(
        "drop identity",
        "CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY);",
        "ALTER TABLE t ALTER COLUMN a DROP IDENTITY;",
        None,
        "object_not_in_prerequisite_state",
    ),
    Case(
        "drop identity guarded",
        "CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY);",
        "ALTER TABLE t ALTER COLUMN a DROP IDENTITY IF EXISTS;",
    ),
    Case("add constraint", T, "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);", None, "duplicate_object"),
    Case(
        "drop and add constraint",
        T,
        "ALTER TABLE t DROP CONSTRAINT IF EXISTS c; ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);",
    ),
    Case("unnamed unique gets a number", T, "ALTER TABLE t ADD UNIQUE (b);"),
    Case(
        "second primary key",
        T,
        "ALTER TABLE t ADD PRIMARY KEY (a);",
        "invalid_table_definition",
        "invalid_table_definition",
    ),
    Case("named unique", T, "ALTER TABLE t ADD CONSTRAINT c UNIQUE (b);", None, "duplicate_table"),
    Case("drop constraint", T, "ALTER TABLE t DROP CONSTRAINT t_pkey;", None, "undefined_object"),
    Case(
        "drop referenced key",
        TU,
        "ALTER TABLE t DROP CONSTRAINT t_pkey;",
        "dependent_objects_still_exist",
        "dependent_objects_still_exist",
    ),
    Case(
        "drop referenced key cascade",
        TU,
        "ALTER TABLE t DROP CONSTRAINT t_pkey CASCADE; ALTER TABLE u ADD CONSTRAINT u_t_id_fkey CHECK (true);",
        None,
        "undefined_object",
    ),
    Case("rename constraint", T, "ALTER TABLE t RENAME CONSTRAINT t_pkey TO pk;", None, "undefined_object"),
    Case("validate missing", T, "ALTER TABLE t VALIDATE CONSTRAINT c;", "undefined_object", "undefined_object"),
    Case(
        "add key using index",
        T + "CREATE UNIQUE INDEX i ON t (b);",
        "ALTER TABLE t ADD CONSTRAINT c UNIQUE USING INDEX i;",
        None,
        "undefined_object",
    ),
    Case(
        "drop index of constraint",
        T,
        "DROP INDEX t_pkey;",
        "dependent_objects_still_exist",
        "dependent_objects_still_exist",
    ),
    Case("create index", T, "CREATE INDEX i ON t (a);", None, "duplicate_table"),
    Case("create index guarded", T, "CREATE INDEX IF NOT EXISTS i ON t (a);"),
    Case("unnamed index", T, "CREATE INDEX ON t (a);"),
    Case("unnamed index takes a name", T, "CREATE INDEX ON t (a); DROP INDEX t_a_idx;"),
    Case("index on missing column", T, "CREATE INDEX i ON t (nope);", "undefined_column", "undefined_column"),
    Case("drop index", T + "CREATE INDEX i ON t (a);", "DROP INDEX i;", None, "undefined_object"),
    Case("rename index", T + "CREATE INDEX i ON t (a);", "ALTER INDEX i RENAME TO j;", None, "undefined_table"),
    Case("create view", T, "CREATE VIEW v AS SELECT a FROM t;", None, "duplicate_table"),
    Case("replace view", T, "CREATE OR REPLACE VIEW v AS SELECT a FROM t;"),
    Case(
        "replace view with fewer columns",
        T + "CREATE VIEW v AS SELECT a, b FROM t;",
        "CREATE OR REPLACE VIEW v AS SELECT a FROM t;",
        "invalid_table_definition",
        "invalid_table_definition",
    ),
    Case(
        "replace view with more columns",
        T + "CREATE VIEW v AS SELECT a FROM t;",
        "CREATE OR REPLACE VIEW v AS SELECT a, b FROM t;",
    ),
    Case(
        "view over missing table",
        "",
        "CREATE TABLE x (id int); DROP TABLE x; CREATE VIEW v AS SELECT id FROM x;",
        "undefined_table",
        "undefined_table",
    ),
    Case("drop view", T + "CREATE VIEW v AS SELECT a FROM t;", "DROP VIEW v;", None, "undefined_table"),
    Case(
        "drop view under view",
        T + "CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v;",
        "DROP VIEW v;",
        "dependent_objects_still_exist",
        "dependent_objects_still_exist",
    ),
    Case("materialized view guarded", T, "CREATE MATERIALIZED VIEW IF NOT EXISTS m AS SELECT a FROM t;"),
    Case("create sequence", "", "CREATE SEQUENCE s;", None, "duplicate_table"),
    Case(
        "drop sequence of serial",
        "CREATE TABLE t (id serial);",
        "DROP SEQUENCE t_id_seq;",
        "dependent_objects_still_exist",
        "dependent_objects_still_exist",
    ),
    Case("create enum", "", "CREATE TYPE e AS ENUM ('a');", None, "duplicate_object"),
    Case("add value", "CREATE TYPE e AS ENUM ('a');", "ALTER TYPE e ADD VALUE 'b';", None, "duplicate_object"),
    Case("add value guarded", "CREATE TYPE e AS ENUM ('a');", "ALTER TYPE e ADD VALUE IF NOT EXISTS 'b';"),
    Case(
        "rename value",
        "CREATE TYPE e AS ENUM ('a');",
        "ALTER TYPE e RENAME VALUE 'a' TO 'b';",
        None,
        "invalid_parameter_value",
    ),
    Case(
        "drop used type",
        "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (c e);",
        "DROP TYPE e;",
        "dependent_objects_still_exist",
        "dependent_objects_still_exist",
    ),
    Case(
        "drop type cascade drops the column",
        "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (c e);",
        "DROP TYPE e CASCADE; ALTER TABLE t ADD COLUMN c int;",
        None,
        "undefined_object",
    ),
    Case(
        "rename type follows columns",
        "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (c e);",
        "ALTER TYPE e RENAME TO e2; DROP TYPE e2;",
        "dependent_objects_still_exist",
        "undefined_object",
    ),
    Case("create domain", "", "CREATE DOMAIN d AS int CHECK (VALUE > 0);", None, "duplicate_object"),
    Case(
        "the value of a domain is in no table",
        "",
        "CREATE DOMAIN d AS int CHECK (d.value > 0);",
        "undefined_table",
        "undefined_table",
    ),
    Case("create function", "", F, None, "duplicate_function"),
    Case("replace function", "", F.replace("CREATE", "CREATE OR REPLACE")),
    Case(
        "overload is another function",
        "CREATE FUNCTION g(int) RETURNS int LANGUAGE sql AS 'SELECT 1';",
        "CREATE FUNCTION g(text) RETURNS int LANGUAGE sql AS 'SELECT 1';",
        None,
        "duplicate_function",
    ),
    Case(
        "replace with another result",
        "CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1';",
        "CREATE OR REPLACE FUNCTION g() RETURNS text LANGUAGE sql AS 'SELECT NULL::text';",
        "invalid_function_definition",
        "invalid_function_definition",
    ),
    Case("drop function", F, "DROP FUNCTION f();", None, "undefined_function"),
    Case("drop function by name", F, "DROP FUNCTION f;", None, "undefined_function"),
    Case(
        "drop function of trigger",
        T + F + "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();",
        "DROP FUNCTION f();",
        "dependent_objects_still_exist",
        "dependent_objects_still_exist",
    ),
    Case(
        "create trigger",
        T + F,
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();",
        None,
        "duplicate_object",
    ),
    Case("replace trigger", T + F, "CREATE OR REPLACE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();"),
    Case(
        "drop trigger",
        T + F + "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();",
        "DROP TRIGGER g ON t;",
        None,
        "undefined_object",
    ),
    Case("create policy", T, "CREATE POLICY p ON t;", None, "duplicate_object"),
    Case("drop policy", T + "CREATE POLICY p ON t;", "DROP POLICY p ON t;", None, "undefined_object"),
    Case("create schema", "", "CREATE SCHEMA s;", None, "duplicate_schema"),
    Case(
        "drop schema with tables",
        "CREATE SCHEMA s; CREATE TABLE s.t (id int);",
        "DROP SCHEMA s;",
        "dependent_objects_still_exist",
        "dependent_objects_still_exist",
    ),
    Case(
        "drop schema cascade",
        "CREATE SCHEMA s; CREATE TABLE s.t (id int);",
        "DROP SCHEMA s CASCADE;",
        None,
        "invalid_schema_name",
    ),
    Case("search path", "CREATE SCHEMA s;", "SET search_path TO s; CREATE TABLE t (id int); DROP TABLE s.t;"),
    Case("set schema", T + "CREATE SCHEMA s;", "ALTER TABLE t SET SCHEMA s; DROP TABLE s.t;", None, "undefined_table"),
    Case("insert constant key", T, "INSERT INTO t (id, a) VALUES (1, 1);", None, "unique_violation"),
    Case(
        "update beside the key of what was inserted",
        T,
        "INSERT INTO t (id, a) VALUES (1, 1); UPDATE t SET a = 2;",
        None,
        "unique_violation",
    ),
    Case("update of the key of what was inserted", T, "INSERT INTO t (id, a) VALUES (1, 1); UPDATE t SET id = id + 1;"),
    Case(
        "comment on what has another name",
        T,
        "COMMENT ON TABLE t IS 'x'; ALTER TABLE t RENAME TO r;",
        None,
        "undefined_table",
    ),
    Case(
        "comment on a column of what is gone", T, "COMMENT ON COLUMN t.a IS 'x'; DROP TABLE t;", None, "undefined_table"
    ),
    Case("comment on a part of a type", "CREATE TYPE y AS (a int);", "COMMENT ON COLUMN y.a IS 'x';"),
    Case(
        "table with a key to what is not unique",
        "CREATE TABLE t (id int, a int);",
        "CREATE TABLE IF NOT EXISTS u (t_id int REFERENCES t (id));",
        "invalid_foreign_key",
        "invalid_foreign_key",
    ),
    Case("insert on conflict", T, "INSERT INTO t (id, a) VALUES (1, 1) ON CONFLICT DO NOTHING;"),
    Case("delete and insert", T, "DELETE FROM t; INSERT INTO t (id, a) VALUES (1, 1);"),
    Case(
        "insert into missing column",
        T,
        "INSERT INTO t (id, nope) VALUES (1, 1);",
        "undefined_column",
        "undefined_column",
    ),
    Case(
        "enum comparison",
        "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (c e);",
        "DELETE FROM t WHERE c = 'b';",
        "invalid_text_representation",
        "invalid_text_representation",
    ),
    Case(
        "guard in a block",
        T,
        "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'c') THEN ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0); END IF; END $$;",
    ),
    Case(
        "exception in a block",
        "",
        "DO $$ BEGIN CREATE TYPE e AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL; END $$;",
    ),
    Case(
        "wrong exception in a block",
        "",
        "DO $$ BEGIN CREATE TABLE x (id int); EXCEPTION WHEN duplicate_object THEN NULL; END $$;",
        None,
        "duplicate_table",
    ),
    Case("temporary table", "", "CREATE TEMPORARY TABLE x (id int); DROP TABLE x;"),
    Case("table as query", T, "CREATE TABLE x AS SELECT a FROM t;", None, "duplicate_table"),
    Case(
        "like with indexes",
        T,
        "CREATE TABLE x (LIKE t INCLUDING ALL); DROP INDEX x_pkey;",
        "dependent_objects_still_exist",
        "duplicate_table",
    ),
    Case(
        "partition",
        "CREATE TABLE p (id int) PARTITION BY RANGE (id);",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (2);",
        None,
        "duplicate_table",
    ),
    Case(
        "drop parent of partition",
        "CREATE TABLE p (id int) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (2);",
        "DROP TABLE p; CREATE TABLE p1 (id int);",
        None,
        "undefined_table",
    ),
    Case("truncated name", T, "CREATE INDEX " + "i" * 70 + " ON t (a); DROP INDEX " + "i" * 63 + ";"),
]

POSTGRES += [
    Case(
        "names of a WITH list are no tables",
        T,
        "WITH c AS (SELECT id FROM t), d AS (UPDATE t SET a = 1 FROM c WHERE c.id = t.id RETURNING t.id), "
        "e AS (INSERT INTO t (id, a) SELECT id, 1 FROM d WHERE false) UPDATE t SET a = 2 FROM c WHERE t.id = c.id;",
    ),
    Case(
        "publication guarded by what the catalog has",
        T,
        "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_publication WHERE pubname = 'p') THEN"
        " EXECUTE 'CREATE PUBLICATION p FOR TABLE t'; END IF; END $$;",
    ),
    Case(
        "publication that a guard finds and drops",
        T + "CREATE PUBLICATION q FOR TABLE t;",
        "DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_publication WHERE pubname = 'q') THEN"
        " DROP PUBLICATION q; END IF; END $$;",
    ),
    Case(
        "statistics guarded by what the catalog has",
        T,
        "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_statistic_ext WHERE stxname = 'st') THEN"
        " CREATE STATISTICS st ON a, b FROM t; END IF; END $$;",
    ),
    Case(
        "collation guarded by what the catalog has",
        "",
        "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_collation WHERE collname = 'plain') THEN"
        " CREATE COLLATION plain (locale = 'C'); END IF; END $$;",
    ),
    Case(
        "a procedure of this script moves rows",
        T,
        "CREATE OR REPLACE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN LOOP UPDATE t SET a = 2 WHERE a = 1;"
        " EXIT WHEN NOT FOUND; END LOOP; END $$; CALL fill(); DROP PROCEDURE fill();",
    ),
    Case("a table named twice in one DROP", TU, "DROP TABLE u, t, u;", None, "undefined_table"),
    Case(
        "a function and a type named twice in one DROP",
        F + "CREATE TYPE m AS ENUM ('a');",
        "DROP FUNCTION f(), f(); DROP TYPE m, m;",
        None,
        "undefined_function",
    ),
    Case(
        "a guard that looks a table up with a function",
        T,
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('t') AND attname = 'b') THEN"
        " ALTER TABLE t RENAME b TO c; END IF; END $$; ALTER TABLE t ALTER c SET DEFAULT 'x';",
    ),
    Case(
        "a guard for a column of any table",
        T,
        "DO $$ BEGIN IF EXISTS (SELECT FROM information_schema.columns WHERE column_name = 'b') THEN"
        " ALTER TABLE t RENAME b TO c; END IF; END $$; ALTER TABLE t ALTER c SET DEFAULT 'x';",
    ),
    Case(
        "a guard for NOT NULL",
        T,
        "DO $$ BEGIN IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 't' AND column_name = 'b' AND is_nullable = 'YES') THEN ALTER TABLE t ALTER b SET NOT NULL; CREATE TABLE made (x int); END IF; END $$;",
        None,
        None,
    ),
    Case(
        "a guard for a type, in the catalog's words",
        T,
        "DO $$ BEGIN IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 't' AND column_name = 'b' AND data_type = 'text' AND udt_name = 'text') THEN ALTER TABLE t ALTER b TYPE varchar(9); CREATE TABLE made (x int); END IF; END $$; DO $$ BEGIN IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 't' AND column_name = 'b' AND data_type = 'integer') THEN DROP TABLE t; END IF; END $$;",
        None,
        None,
    ),
    Case(
        "a guard for a length",
        T,
        "DO $$ BEGIN IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 't' AND column_name = 'b' AND character_maximum_length = 9) THEN DROP TABLE t; END IF; END $$; ALTER TABLE t ALTER b TYPE varchar(9);",
        None,
        "undefined_table",
    ),
    Case(
        "a guard for a default",
        T,
        "DO $$ BEGIN IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 't' AND column_name = 'b' AND column_default IS NULL) THEN ALTER TABLE t ALTER b SET DEFAULT 'x'; CREATE TABLE made (x int); END IF; END $$;",
        None,
        None,
    ),
    Case(
        "a guard for any primary key",
        "CREATE TABLE t (a int NOT NULL);",
        "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM information_schema.table_constraints WHERE table_name = 't' AND constraint_type = 'PRIMARY KEY') THEN ALTER TABLE t ADD PRIMARY KEY (a); END IF; END $$;",
        None,
        None,
    ),
    Case(
        "a guard for another kind of constraint",
        "CREATE TABLE t (a int NOT NULL);",
        "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conrelid = 't'::regclass AND contype = 'u') THEN ALTER TABLE t ADD PRIMARY KEY (a); END IF; END $$;",
        None,
        "invalid_table_definition",
    ),
    Case(
        "rows that are told by a column which then goes",
        T,
        "DELETE FROM t AS x WHERE x.a = 1 AND b = 'x'; ALTER TABLE t DROP b;",
        None,
        "undefined_column",
    ),
    Case(
        "rows that are told by another table's column",
        T + "CREATE TABLE v (c int);",
        "DELETE FROM t USING v WHERE c = a; WITH w AS (SELECT 1 AS d) DELETE FROM t USING w WHERE d = a;"
        " DELETE FROM t USING generate_series(1, 2) AS e WHERE e = a; DELETE FROM t WHERE id IN (SELECT c FROM v WHERE c > a);",
    ),
]

S = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT NOT NULL, b TEXT);"

SQLITE = [
    Case("create table", "", "CREATE TABLE x (id INT);", None, "duplicate_table"),
    Case("create table guarded", "", "CREATE TABLE IF NOT EXISTS x (id INT);"),
    Case("table of other case", S, "CREATE TABLE T (id INT);", "duplicate_table", "duplicate_table"),
    Case(
        "a row that a rebuilt table has already",
        S,
        "CREATE TABLE n (id INTEGER PRIMARY KEY, a INT); INSERT INTO n (id, a) SELECT id, a FROM t; DROP TABLE t;"
        "ALTER TABLE n RENAME TO t; INSERT INTO t (id, a) VALUES (1, 2);",
        None,
        "unique_violation",
    ),
    Case("drop table", S, "DROP TABLE t;", None, "undefined_table"),
    Case("drop table guarded", S, "DROP TABLE IF EXISTS t;"),
    Case(
        "drop view as table",
        S + "CREATE VIEW v AS SELECT a FROM t;",
        "DROP TABLE v;",
        "wrong_object_type",
        "wrong_object_type",
    ),
    Case("rename table", S, "ALTER TABLE t RENAME TO t2;", None, "undefined_table"),
    Case("add column", S, "ALTER TABLE t ADD COLUMN c INT;", None, "duplicate_column"),
    Case("drop column", S, "ALTER TABLE t DROP COLUMN b;", None, "undefined_column"),
    Case(
        "drop indexed column",
        S + "CREATE INDEX i ON t (b);",
        "ALTER TABLE t DROP COLUMN b;",
        "dependent_objects_still_exist",
        "dependent_objects_still_exist",
    ),
    Case(
        "drop key column",
        S,
        "ALTER TABLE t DROP COLUMN id;",
        "dependent_objects_still_exist",
        "dependent_objects_still_exist",
    ),
    Case(
        "drop unique column",
        "CREATE TABLE t (a INT, b INT UNIQUE);",
        "ALTER TABLE t DROP COLUMN b;",
        "dependent_objects_still_exist",
        "dependent_objects_still_exist",
    ),
    Case("rename column", S, "ALTER TABLE t RENAME COLUMN a TO c;", None, "undefined_column"),
    Case("create index", S, "CREATE INDEX i ON t (a);", None, "duplicate_table"),
    Case("create index guarded", S, "CREATE INDEX IF NOT EXISTS i ON t (a);"),
    Case("index on missing column", S, "CREATE INDEX i ON t (nope);", "undefined_column", "undefined_column"),
    Case("drop index", S + "CREATE INDEX i ON t (a);", "DROP INDEX i;", None, "undefined_table"),
    Case("create view", S, "CREATE VIEW v AS SELECT a FROM t;", None, "duplicate_table"),
    Case(
        "create trigger",
        S,
        "CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET a = 1; END;",
        None,
        "duplicate_object",
    ),
    Case(
        "create trigger guarded", S, "CREATE TRIGGER IF NOT EXISTS g AFTER INSERT ON t BEGIN UPDATE t SET a = 1; END;"
    ),
    Case("insert constant key", S, "INSERT INTO t (id, a) VALUES (1, 1);", None, "unique_violation"),
    Case(
        "update beside the key of what was inserted",
        S,
        "INSERT INTO t (id, a) VALUES (1, 1); UPDATE t SET a = 2;",
        None,
        "unique_violation",
    ),
    Case("insert or ignore", S, "INSERT OR IGNORE INTO t (id, a) VALUES (1, 1);"),
    Case(
        "rebuild",
        S,
        "CREATE TABLE n (id INTEGER PRIMARY KEY, a INT); INSERT INTO n SELECT id, a FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
    ),
    Case(
        "rebuild reads a dropped column",
        S,
        "CREATE TABLE n (id INTEGER PRIMARY KEY, a INT); INSERT INTO n SELECT id, b FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
        None,
        "undefined_column",
    ),
    Case("temporary table", "", "CREATE TEMPORARY TABLE x (id INT); DROP TABLE x;"),
    Case(
        "rebuild that reads a dropped column in a query without a table",
        S,
        "CREATE TABLE n (id INTEGER PRIMARY KEY, a INT); INSERT INTO n SELECT id, (SELECT CASE WHEN b > 1 THEN b END AS b)"
        " FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
        None,
        "undefined_column",
    ),
    Case(
        "a result of the query around a query without a table",
        S,
        "INSERT INTO t (a) SELECT a AS z FROM t ORDER BY (SELECT z);",
    ),
]
