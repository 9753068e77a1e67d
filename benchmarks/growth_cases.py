"""Scripts that repeat one operation any number of times: time and memory must be linear in that number.

There is a case for each operation and dialect. A case is repeated in the shapes that it allows: on one object (`one`), on
one object each (`each`), as one migration per repetition (`files`); cases of the shape `parts` are one statement with
that many parts.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

POSTGRES, SQLITE = "postgres", "sqlite"


class Case(NamedTuple):
    """An operation to repeat. In its texts `{t}` is the object's name and `{i}` the number of the repetition.

    `base` creates the prerequisites, once per object; `more` those of each repetition. `item` is repeated, `inverse` is
    its rollback, in reverse order. In a case of parts, `item` is joined by `separator` between `head` and `tail`.
    """

    name: str
    base: str
    item: str
    inverse: str = ""
    more: str = ""
    shapes: tuple[str, ...] = ("one", "each", "files")
    head: str = ""
    tail: str = ""
    separator: str = ", "


_T = "CREATE TABLE {t} (id int PRIMARY KEY, a int, b text);"
_ONE = ("one", "files")
_COMMON = (
    Case("create table", "", "CREATE TABLE c{i} (id int PRIMARY KEY, a text);", "DROP TABLE c{i};", "", _ONE),
    Case("create table if not exists", _T, "CREATE TABLE IF NOT EXISTS {t} (id int PRIMARY KEY, a int, b text);"),
    Case("drop table", "", "DROP TABLE c{i};", "CREATE TABLE c{i} (a int);", "CREATE TABLE c{i} (a int);", _ONE),
    Case("drop table if exists", _T, "DROP TABLE IF EXISTS missing{i};"),
    Case("add column", _T, "ALTER TABLE {t} ADD COLUMN c{i} int;", "ALTER TABLE {t} DROP COLUMN c{i};"),
    Case("add column to an unknown table", "", "ALTER TABLE {t} ADD COLUMN c{i} int;",
         "ALTER TABLE {t} DROP COLUMN c{i};"),
    Case("add column and index", _T, "ALTER TABLE {t} ADD COLUMN c{i} int; CREATE INDEX i{i} ON {t} (c{i});",
         "DROP INDEX i{i}; ALTER TABLE {t} DROP COLUMN c{i};"),
    Case("rename column", _T, "ALTER TABLE {t} RENAME COLUMN a TO z; ALTER TABLE {t} RENAME COLUMN z TO a;"),
    Case("rename columns", _T, "ALTER TABLE {t} ADD COLUMN c{i} int; ALTER TABLE {t} RENAME COLUMN c{i} TO d{i};"),
    Case("rename table", _T, "ALTER TABLE {t} RENAME TO {t}_z; ALTER TABLE {t}_z RENAME TO {t};"),
    Case("create index", _T, "CREATE INDEX i{i} ON {t} (a);", "DROP INDEX i{i};"),
    Case("create unique index", _T, "CREATE UNIQUE INDEX i{i} ON {t} (a, b);", "DROP INDEX i{i};"),
    Case("create index if not exists", _T, "CREATE INDEX IF NOT EXISTS i{i} ON {t} (a);",
         "DROP INDEX IF EXISTS i{i};"),
    Case("create partial index", _T, "CREATE INDEX i{i} ON {t} (lower(b)) WHERE a > {i};", "DROP INDEX i{i};"),
    Case("create table and index", "", "CREATE TABLE c{i} (id int PRIMARY KEY, a text); CREATE INDEX i{i} ON c{i} (a);",
         "DROP INDEX i{i}; DROP TABLE c{i};", "", _ONE),
    Case("create view", _T, "CREATE VIEW v{i} AS SELECT a FROM {t};", "DROP VIEW v{i};"),
    Case("view over view", "CREATE VIEW v0 AS SELECT 1 AS a;", "CREATE VIEW v{i} AS SELECT a FROM v{previous};",
         "DROP VIEW v{i};", "", _ONE),
    Case("foreign keys in a row", "CREATE TABLE c0 (id int PRIMARY KEY);",
         "CREATE TABLE c{i} (id int PRIMARY KEY REFERENCES c{previous} (id));", "SELECT 1;", "", _ONE),
    Case("foreign key to one table", _T, "CREATE TABLE c{i} (id int PRIMARY KEY, a int REFERENCES {t} (id));",
         "DROP TABLE c{i};"),
    Case("insert", _T, "INSERT INTO {t} (id, a, b) VALUES ({i}, {i}, 'x');", "DELETE FROM {t} WHERE id = {i};"),
    Case("insert without columns", _T, "INSERT INTO {t} VALUES ({i}, {i}, 'x');", "DELETE FROM {t} WHERE id = {i};"),
    Case("insert into an unknown table", "", "INSERT INTO {t} (id, a) VALUES ({i}, {i});",
         "DELETE FROM {t} WHERE id = {i};"),
    Case("insert on conflict", _T, "INSERT INTO {t} (id, a) VALUES ({i}, 1) ON CONFLICT DO NOTHING;",
         "DELETE FROM {t} WHERE id = {i};"),
    Case("insert select", _T, "INSERT INTO {t} (id, a) SELECT id, a FROM {t};"),
    Case("insert and update", _T, "INSERT INTO {t} (id, a) VALUES ({i}, 1); UPDATE {t} SET a = a + 1 WHERE id = {i};"),
    Case("insert and delete", _T, "INSERT INTO {t} (id, a) VALUES ({i}, 1); DELETE FROM {t} WHERE id = {i};"),
    Case("insert and delete others", _T, "INSERT INTO {t} (id, a) VALUES ({i}, 1); DELETE FROM {t} WHERE b = 'x';"),
    Case("insert and update keys", _T, "INSERT INTO {t} (id, a) VALUES ({i}, 1); UPDATE {t} SET id = -{i} WHERE id = {i};"),
    Case("insert two keys", "CREATE TABLE {t} (id int, a int, PRIMARY KEY (id, a));",
         "INSERT INTO {t} (id, a) VALUES ({i}, 1); DELETE FROM {t} WHERE id = {i};"),
    Case("update", _T, "UPDATE {t} SET a = {i} WHERE b = 'x';", "UPDATE {t} SET a = 0;"),
    Case("delete", _T, "DELETE FROM {t} WHERE a = {i};", "INSERT INTO {t} (id) VALUES ({i});"),
    Case("select", _T, "SELECT a FROM {t} WHERE id = {i};"),
    Case("transaction", _T, "BEGIN; UPDATE {t} SET a = {i}; COMMIT;"),
    Case("savepoint", "", "SAVEPOINT s{i}; SELECT 1; RELEASE SAVEPOINT s{i};", "", "", ("one",)),
    Case("open savepoints", "", "SAVEPOINT s{i}; CREATE TABLE c{i} (a int);", "DROP TABLE c{i};", "", ("one",)),
    Case("analyze", _T, "ANALYZE {t};"),
    Case("reindex", _T + " CREATE INDEX {t}_i ON {t} (a);", "REINDEX TABLE {t};"),
    Case("syntax error", _T, "CREATE TABEL {t}{i} (a int);"),
    Case("comment line", _T, "-- about {t} {i}\n", "-- undo {i}\n"),
    Case("ignore comment", _T, "-- miglint: ignore IDM010 (told {i})\nCREATE INDEX i{i} ON {t} (a);", "DROP INDEX i{i};"),
    Case("columns of a table", "", "c{i} int", "", "", ("parts",), "CREATE TABLE t (", ");"),
    Case("keys of a table", "", "c{i} int REFERENCES p (id)", "", "", ("parts",),
         "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (", ");"),
    Case("checks of a table", "", "CHECK (a > {i})", "", "", ("parts",), "CREATE TABLE t (a int, ", ");"),
    Case("columns and checks of a table", "", "c{i} int CHECK (c{i} > 0)", "", "", ("parts",), "CREATE TABLE t (", ");"),
    Case("rows of an insert", "", "({i}, 'x')", "", "", ("parts",),
         "CREATE TABLE t (id int PRIMARY KEY, b text); INSERT INTO t (id, b) VALUES ", ";"),
    Case("columns of a view", "", "{i} AS c{i}", "", "", ("parts",), "CREATE VIEW v AS SELECT ", ";"),
    Case("tables of a view", "", "SELECT a FROM t{i}", "", "", ("parts",), "CREATE VIEW v AS ", ";", " UNION ALL "),
    Case("conditions of an update", "", "a = {i}", "", "", ("parts",),
         "CREATE TABLE t (a int); UPDATE t SET a = 1 WHERE ", ";", " OR "),
    Case("values of a condition", "", "{i}", "", "", ("parts",),
         "CREATE TABLE t (a int); DELETE FROM t WHERE a IN (", ");"),
    Case("columns of an index", "", "a", "", "", ("parts",), "CREATE TABLE t (a int); CREATE INDEX i ON t (", ");"),
    Case("columns of a foreign key", "", "c{i}", "", "", ("parts",),
         "CREATE TABLE t (a int, UNIQUE (", "));"),
)  # fmt: skip

_POSTGRES = (
    Case("add column if not exists", _T, "ALTER TABLE {t} ADD COLUMN IF NOT EXISTS c{i} int;",
         "ALTER TABLE {t} DROP COLUMN IF EXISTS c{i};"),
    Case("add column with default", _T, "ALTER TABLE {t} ADD COLUMN c{i} timestamptz NOT NULL DEFAULT now();",
         "ALTER TABLE {t} DROP COLUMN c{i};"),
    Case("add column of enum", "CREATE TYPE {t}_e AS ENUM ('x'); " + _T, "ALTER TABLE {t} ADD COLUMN c{i} {t}_e;",
         "ALTER TABLE {t} DROP COLUMN c{i};"),
    Case("add column with reference", "CREATE TABLE r{t} (id int PRIMARY KEY); " + _T,
         "ALTER TABLE {t} ADD COLUMN c{i} int REFERENCES r{t} (id);", "ALTER TABLE {t} DROP COLUMN c{i};"),
    Case("add serial column", _T, "ALTER TABLE {t} ADD COLUMN c{i} serial;", "ALTER TABLE {t} DROP COLUMN c{i};"),
    Case("alter type", _T, "ALTER TABLE {t} ALTER COLUMN a TYPE bigint;", "ALTER TABLE {t} ALTER COLUMN a TYPE int;"),
    Case("set default", _T, "ALTER TABLE {t} ALTER COLUMN a SET DEFAULT {i};",
         "ALTER TABLE {t} ALTER COLUMN a DROP DEFAULT;"),
    Case("set not null", _T, "ALTER TABLE {t} ALTER COLUMN a SET NOT NULL;",
         "ALTER TABLE {t} ALTER COLUMN a DROP NOT NULL;"),
    Case("set identity", _T, "ALTER TABLE {t} ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY; "
         "ALTER TABLE {t} ALTER COLUMN id DROP IDENTITY;"),
    Case("drop expression", _T, "ALTER TABLE {t} ALTER COLUMN a DROP EXPRESSION IF EXISTS;"),
    Case("set statistics", _T, "ALTER TABLE {t} ALTER COLUMN a SET STATISTICS {i};",
         "ALTER TABLE {t} ALTER COLUMN a SET STATISTICS -1;"),
    Case("add check", _T, "ALTER TABLE {t} ADD CONSTRAINT k{i} CHECK (a > {i});",
         "ALTER TABLE {t} DROP CONSTRAINT k{i};"),
    Case("add unnamed check", _T, "ALTER TABLE {t} ADD CHECK (a > {i});"),
    Case("add unique", _T, "ALTER TABLE {t} ADD CONSTRAINT k{i} UNIQUE (a);", "ALTER TABLE {t} DROP CONSTRAINT k{i};"),
    Case("add unnamed unique", _T, "ALTER TABLE {t} ADD UNIQUE (a);"),
    Case("add foreign key", _T, "ALTER TABLE {t} ADD CONSTRAINT k{i} FOREIGN KEY (a) REFERENCES {t} (id) NOT VALID;"
         "ALTER TABLE {t} VALIDATE CONSTRAINT k{i};", "ALTER TABLE {t} DROP CONSTRAINT k{i};"),
    Case("alter constraint", _T + " ALTER TABLE {t} ADD CONSTRAINT {t}_k FOREIGN KEY (a) REFERENCES {t} (id);",
         "ALTER TABLE {t} ALTER CONSTRAINT {t}_k DEFERRABLE;", "ALTER TABLE {t} ALTER CONSTRAINT {t}_k NOT DEFERRABLE;"),
    Case("rename constraint", _T, "ALTER TABLE {t} ADD CONSTRAINT k{i} CHECK (a > 0); "
         "ALTER TABLE {t} RENAME CONSTRAINT k{i} TO l{i};", "ALTER TABLE {t} DROP CONSTRAINT l{i};"),
    Case("add check and drop it", _T, "ALTER TABLE {t} ADD CONSTRAINT k CHECK (a > {i}); "
         "ALTER TABLE {t} DROP CONSTRAINT k;"),
    Case("partition", "CREATE TABLE {t} (id int, a int) PARTITION BY RANGE (a);",
         "CREATE TABLE p{i} PARTITION OF {t} FOR VALUES FROM ({i}0) TO ({i}1);", "DROP TABLE p{i};"),
    Case("attach partition", "CREATE TABLE {t} (id int, a int) PARTITION BY RANGE (a);",
         "CREATE TABLE p{i} (id int, a int); ALTER TABLE {t} ATTACH PARTITION p{i} FOR VALUES FROM ({i}0) TO ({i}1);",
         "ALTER TABLE {t} DETACH PARTITION p{i}; DROP TABLE p{i};"),
    Case("list partition", "CREATE TABLE {t} (id int, a text) PARTITION BY LIST (a);",
         "CREATE TABLE p{i} PARTITION OF {t} FOR VALUES IN ('x{i}', 'y{i}');", "DROP TABLE p{i};"),
    Case("partition and column", "CREATE TABLE {t} (id int, a int) PARTITION BY RANGE (a); CREATE TABLE r (id int PRIMARY KEY);",
         "CREATE TABLE p{i} PARTITION OF {t} FOR VALUES FROM ({i}0) TO ({i}1); "
         "ALTER TABLE r ADD COLUMN c{i} int; ALTER TABLE r DROP COLUMN c{i};", "DROP TABLE p{i};"),
    Case("key to a table and column of it", _T, "CREATE TABLE c{i} (a int REFERENCES {t} (id)); "
         "ALTER TABLE {t} ADD COLUMN d{i} int; ALTER TABLE {t} DROP COLUMN d{i};", "DROP TABLE c{i};"),
    Case("keys to a table's columns", _T, "ALTER TABLE {t} ADD COLUMN d{i} int UNIQUE; "
         "CREATE TABLE c{i} (a int REFERENCES {t} (d{i})); ALTER TABLE {t} DROP COLUMN d{i} CASCADE;", "DROP TABLE c{i};"),
    Case("view of a column", _T, "ALTER TABLE {t} ADD COLUMN d{i} int; CREATE VIEW v{i} AS SELECT a, d{i} FROM {t}; "
         "ALTER TABLE {t} DROP COLUMN d{i} CASCADE; CREATE VIEW v{i} AS SELECT a FROM {t};", "DROP VIEW v{i};"),
    Case("trigger and column", _T + " CREATE FUNCTION f{t}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';",
         "ALTER TABLE {t} ADD COLUMN d{i} int; CREATE TRIGGER g{i} BEFORE UPDATE OF a ON {t} FOR EACH ROW EXECUTE FUNCTION "
         "f{t}(); ALTER TABLE {t} DROP COLUMN d{i};", "DROP TRIGGER g{i} ON {t};"),
    Case("inherit", "CREATE TABLE {t} (id int);", "CREATE TABLE p{i} (id int); ALTER TABLE p{i} INHERIT {t};",
         "ALTER TABLE p{i} NO INHERIT {t}; DROP TABLE p{i};"),
    Case("inherits", "CREATE TABLE {t} (id int);", "CREATE TABLE p{i} (b int) INHERITS ({t});", "DROP TABLE p{i};"),
    Case("table like", _T, "CREATE TABLE p{i} (LIKE {t} INCLUDING ALL);", "DROP TABLE p{i};"),
    Case("create table as", _T, "CREATE TABLE p{i} AS SELECT a, b FROM {t};", "DROP TABLE p{i};"),
    Case("set option", _T, "ALTER TABLE {t} SET (fillfactor = {i});", "ALTER TABLE {t} RESET (fillfactor);"),
    Case("row security", _T, "ALTER TABLE {t} ENABLE ROW LEVEL SECURITY;", "ALTER TABLE {t} DISABLE ROW LEVEL SECURITY;"),
    Case("enable trigger", _T, "ALTER TABLE {t} DISABLE TRIGGER ALL; ALTER TABLE {t} ENABLE TRIGGER ALL;"),
    Case("owner", _T, "ALTER TABLE {t} OWNER TO postgres;"),
    Case("set schema", _T + " CREATE SCHEMA s{t};", "ALTER TABLE {t} SET SCHEMA s{t}; "
         "ALTER TABLE s{t}.{t} SET SCHEMA public;"),
    Case("create index concurrently", _T, "CREATE INDEX CONCURRENTLY i{i} ON {t} (a);", "DROP INDEX CONCURRENTLY i{i};",
         "", ("one", "each")),
    Case("create unnamed index", _T, "CREATE INDEX ON {t} (a);"),
    Case("rename index", _T, "CREATE INDEX i{i} ON {t} (a); ALTER INDEX i{i} RENAME TO j{i};", "DROP INDEX j{i};"),
    Case("create or replace view", _T, "CREATE OR REPLACE VIEW v AS SELECT a FROM {t};", "", "", _ONE),
    Case("create materialized view", _T, "CREATE MATERIALIZED VIEW v{i} AS SELECT a FROM {t};",
         "DROP MATERIALIZED VIEW v{i};"),
    Case("drop view and create it", _T + " CREATE VIEW v{t} AS SELECT a FROM {t};",
         "DROP VIEW v{t}; CREATE VIEW v{t} AS SELECT a FROM {t};"),
    Case("create sequence", _T, "CREATE SEQUENCE q{i} OWNED BY {t}.a;", "DROP SEQUENCE q{i};"),
    Case("alter sequence", "CREATE SEQUENCE {t};", "ALTER SEQUENCE {t} INCREMENT BY {i};"),
    Case("restart sequence", "CREATE SEQUENCE {t};", "SELECT setval('{t}', {i});"),
    Case("create enum", "", "CREATE TYPE e{i} AS ENUM ('a', 'b');", "DROP TYPE e{i};", "", _ONE),
    Case("add enum value", "CREATE TYPE {t} AS ENUM ('a');", "ALTER TYPE {t} ADD VALUE 'v{i}';"),
    Case("add enum value before", "CREATE TYPE {t} AS ENUM ('a');", "ALTER TYPE {t} ADD VALUE IF NOT EXISTS 'v{i}' BEFORE 'a';"),
    Case("rename enum value", "CREATE TYPE {t} AS ENUM ('a', 'b');", "ALTER TYPE {t} RENAME VALUE 'a' TO 'z'; "
         "ALTER TYPE {t} RENAME VALUE 'z' TO 'a';"),
    Case("create domain", "", "CREATE DOMAIN d{i} AS text CHECK (VALUE <> '');", "DROP DOMAIN d{i};", "", _ONE),
    Case("alter domain", "CREATE DOMAIN {t} AS int;", "ALTER DOMAIN {t} ADD CONSTRAINT k{i} CHECK (VALUE > {i});",
         "ALTER DOMAIN {t} DROP CONSTRAINT k{i};"),
    Case("create composite", "", "CREATE TYPE y{i} AS (a int, b text);", "DROP TYPE y{i};", "", _ONE),
    Case("add attribute", "CREATE TYPE {t} AS (a int);", "ALTER TYPE {t} ADD ATTRIBUTE c{i} int;",
         "ALTER TYPE {t} DROP ATTRIBUTE c{i};"),
    Case("rename type", "CREATE TYPE {t} AS ENUM ('a');", "ALTER TYPE {t} RENAME TO {t}_z; ALTER TYPE {t}_z RENAME TO {t};"),
    Case("create function", _T, "CREATE FUNCTION f{i}() RETURNS int LANGUAGE sql AS 'SELECT a FROM {t}';",
         "DROP FUNCTION f{i}();"),
    Case("overload function", "", "CREATE TYPE e{i} AS ENUM ('a'); "
         "CREATE FUNCTION f(e{i}) RETURNS int LANGUAGE sql AS 'SELECT 1';",
         "DROP FUNCTION f(e{i}); DROP TYPE e{i};", "", _ONE),
    Case("create or replace function", _T, "CREATE OR REPLACE FUNCTION f{t}() RETURNS int LANGUAGE plpgsql "
         "AS $$ BEGIN RETURN {i}; END $$;"),
    Case("call function", "CREATE FUNCTION f{t}() RETURNS void LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;",
         "SELECT f{t}();"),
    Case("use function", "CREATE FUNCTION f{t}() RETURNS int LANGUAGE sql AS 'SELECT 1'; " + _T,
         "ALTER TABLE {t} ADD COLUMN c{i} int DEFAULT f{t}();", "ALTER TABLE {t} DROP COLUMN c{i};"),
    Case("alter function", "CREATE FUNCTION {t}() RETURNS int LANGUAGE sql AS 'SELECT 1';",
         "ALTER FUNCTION {t}() COST {i};"),
    Case("rename function", "CREATE FUNCTION {t}() RETURNS int LANGUAGE sql AS 'SELECT 1';",
         "ALTER FUNCTION {t}() RENAME TO z{t}; ALTER FUNCTION z{t}() RENAME TO {t};"),
    Case("create trigger", _T + " CREATE FUNCTION f{t}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';",
         "CREATE TRIGGER g{i} BEFORE INSERT ON {t} FOR EACH ROW EXECUTE FUNCTION f{t}();",
         "DROP TRIGGER g{i} ON {t};"),
    Case("create policy", _T, "CREATE POLICY p{i} ON {t} USING (a > {i});", "DROP POLICY p{i} ON {t};"),
    Case("alter policy", _T + " CREATE POLICY p ON {t} USING (a > 0);", "ALTER POLICY p ON {t} USING (a > {i});"),
    Case("create rule", _T, "CREATE RULE r{i} AS ON INSERT TO {t} DO ALSO NOTHING;", "DROP RULE r{i} ON {t};"),
    Case("create extension", "", "CREATE EXTENSION IF NOT EXISTS pgcrypto;", "DROP EXTENSION IF EXISTS pgcrypto;", "", _ONE),
    Case("create schema", "", "CREATE SCHEMA s{i};", "DROP SCHEMA s{i};", "", _ONE),
    Case("tables of a schema", "CREATE SCHEMA s;", "CREATE TABLE s.c{i} (a int);", "DROP TABLE s.c{i};", "", _ONE),
    Case("set search path", "CREATE SCHEMA s;", "SET search_path TO s; SET search_path TO public;", "", "", _ONE),
    Case("create role", "", "CREATE ROLE r{i};", "DROP ROLE r{i};", "", _ONE),
    Case("create collation", "", "CREATE COLLATION l{i} (locale = 'C');", "DROP COLLATION l{i};", "", _ONE),
    Case("create statistics", _T, "CREATE STATISTICS s{i} ON a, b FROM {t};", "DROP STATISTICS s{i};"),
    Case("create publication", _T, "CREATE PUBLICATION p{i} FOR TABLE {t};", "DROP PUBLICATION p{i};"),
    Case("create operator", "CREATE FUNCTION f{t}(int, int) RETURNS int LANGUAGE sql AS 'SELECT 1';",
         "CREATE AGGREGATE g{i} (int) (sfunc = f{t}, stype = int);", "DROP AGGREGATE g{i} (int);"),
    Case("alter other", "CREATE PUBLICATION {t};", "ALTER PUBLICATION {t} SET (publish = 'insert, {i}');"),
    Case("default privileges", "", "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO r{i};",
         "ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM r{i};", "", _ONE),
    Case("comment on table", _T, "COMMENT ON TABLE {t} IS 'text {i}';", "COMMENT ON TABLE {t} IS NULL;"),
    Case("comment on column", _T, "COMMENT ON COLUMN {t}.a IS 'text {i}';", "COMMENT ON COLUMN {t}.a IS NULL;"),
    Case("add column and comment", _T, "ALTER TABLE {t} ADD COLUMN c{i} int; COMMENT ON COLUMN {t}.c{i} IS 'x';",
         "ALTER TABLE {t} DROP COLUMN c{i};"),
    Case("grant", _T, "GRANT SELECT ON {t} TO r{i};", "REVOKE SELECT ON {t} FROM r{i};"),
    Case("grant again", _T, "GRANT SELECT ON {t} TO r;", "REVOKE SELECT ON {t} FROM r;"),
    Case("truncate", _T, "TRUNCATE {t};"),
    Case("lock", _T, "LOCK TABLE {t};"),
    Case("copy", _T, "COPY {t} (id, a) FROM '/x/{i}';"),
    Case("merge", _T, "MERGE INTO {t} USING (SELECT {i} AS k) s ON s.k = {t}.id WHEN MATCHED THEN DELETE;"),
    Case("vacuum", _T, "VACUUM {t};"),
    Case("cluster", _T + " CREATE INDEX {t}_i ON {t} (a);", "CLUSTER {t} USING {t}_i;"),
    Case("refresh", _T + " CREATE MATERIALIZED VIEW v{t} AS SELECT a FROM {t};", "REFRESH MATERIALIZED VIEW v{t};"),
    Case("set variable", "", "SET statement_timeout = {i};", "RESET statement_timeout;", "", _ONE),
    Case("set local lock_timeout", _T, "SET LOCAL lock_timeout = '{i}ms'; ALTER TABLE {t} ALTER a SET NOT NULL;"),
    Case("dynamic block", "", "DO $$ BEGIN EXECUTE 'x{i}' || now(); END $$;", "", "", _ONE),
    Case("guarded block", _T, "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'c{i}') THEN "
         "CREATE TABLE c{i} (a int); END IF; END $$;", "DROP TABLE IF EXISTS c{i};"),
    Case("guarded constraint", _T, "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'k{i}') THEN "
         "ALTER TABLE {t} ADD CONSTRAINT k{i} CHECK (a > 0); END IF; END $$;",
         "ALTER TABLE {t} DROP CONSTRAINT IF EXISTS k{i};"),
    Case("guarded column", _T, "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE "
         "table_name = '{t}' AND column_name = 'c{i}') THEN ALTER TABLE {t} ADD COLUMN c{i} int; END IF; END $$;",
         "ALTER TABLE {t} DROP COLUMN IF EXISTS c{i};"),
    Case("caught block", _T, "DO $$ BEGIN CREATE TYPE e{i} AS ENUM ('x'); EXCEPTION WHEN duplicate_object THEN NULL; END $$;",
         "DROP TYPE IF EXISTS e{i};"),
    Case("raise", _T, "DO $$ BEGIN RAISE EXCEPTION 'no {i}'; END $$;", "", "", _ONE),
    Case("drop constraint and add it", _T + " ALTER TABLE {t} ADD CONSTRAINT k{t} CHECK (a > 0);",
         "ALTER TABLE {t} DROP CONSTRAINT IF EXISTS k{t}; ALTER TABLE {t} ADD CONSTRAINT k{t} CHECK (a > 0);"),
    Case("drop trigger and create it", _T + " CREATE FUNCTION f{t}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';",
         "DROP TRIGGER IF EXISTS g ON {t}; CREATE TRIGGER g BEFORE INSERT ON {t} FOR EACH ROW EXECUTE FUNCTION f{t}();"),
    Case("columns added", "", "ADD COLUMN c{i} int", "", "", ("parts",), "CREATE TABLE t (a int); ALTER TABLE t ", ";"),
    Case("columns dropped", "", "DROP COLUMN c{i}", "", "c{i} int", ("parts",), "ALTER TABLE t ", ";"),
    Case("constraints added", "", "ADD CONSTRAINT k{i} CHECK (a > {i})", "", "", ("parts",),
         "CREATE TABLE t (a int); ALTER TABLE t ", ";"),
    Case("unique constraints added", "", "ADD CONSTRAINT k{i} UNIQUE (a)", "", "", ("parts",),
         "CREATE TABLE t (a int); ALTER TABLE t ", ";"),
    Case("columns altered", "", "ALTER COLUMN c{i} SET NOT NULL", "", "c{i} int", ("parts",), "ALTER TABLE t ", ";"),
    Case("types altered", "", "ALTER COLUMN c{i} TYPE bigint", "", "c{i} int", ("parts",), "ALTER TABLE t ", ";"),
    Case("tables dropped", "", "c{i}", "", "", ("parts",), "DROP TABLE IF EXISTS ", ";"),
    Case("tables truncated", "", "c{i}", "", "", ("parts",), "TRUNCATE ", ";"),
    Case("tables granted", "", "c{i}", "", "", ("parts",), "GRANT SELECT ON ", " TO r;"),
    Case("grantees", "", "r{i}", "", "", ("parts",), "CREATE TABLE t (a int); GRANT SELECT ON t TO ", ";"),
    Case("labels of an enum", "", "'v{i}'", "", "", ("parts",), "CREATE TYPE t AS ENUM (", ");"),
    Case("attributes of a type", "", "c{i} int", "", "", ("parts",), "CREATE TYPE t AS (", ");"),
    Case("statements of a block", "", "CREATE TABLE c{i} (a int);", "", "", ("parts",), "DO $$ BEGIN ", " END $$;", " "),
    Case("conditions of a block", "", "IF x > {i} THEN DROP TABLE c{i}; END IF;", "", "", ("parts",), "DO $$ BEGIN ",
         " END $$;", " "),
    Case("branches of a block", "", "ELSIF x > {i} THEN DROP TABLE c{i};", "", "", ("parts",),
         "DO $$ BEGIN IF x THEN NULL; ", " END IF; END $$;", " "),
    Case("guards of a block", "", "IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'c{i}') THEN "
         "CREATE TABLE c{i} (a int); END IF;", "", "", ("parts",), "DO $$ BEGIN ", " END $$;", " "),
    Case("handlers of a block", "", "BEGIN CREATE TYPE e{i} AS ENUM ('x'); EXCEPTION WHEN duplicate_object THEN NULL; END;",
         "", "", ("parts",), "DO $$ BEGIN ", " END $$;", " "),
    Case("statements of a function", "", "UPDATE c{i} SET a = 1;", "", "", ("parts",),
         "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ", " END $$;", " "),
    Case("statements of a called function", "", "CREATE TABLE c{i} (a int);", "", "", ("parts",),
         "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ", " END $$; SELECT f();", " "),
    Case("elements of a schema", "", "CREATE TABLE c{i} (a int)", "", "", ("parts",), "CREATE SCHEMA s ", ";", " "),
    Case("common table expressions", "", "x{i} AS (SELECT 1)", "", "", ("parts",), "CREATE VIEW v AS WITH ",
         " SELECT 1;"),
    Case("joins of a view", "", "JOIN t{i} ON true", "", "", ("parts",), "CREATE VIEW v AS SELECT 1 FROM t ", ";", " "),
    Case("calls of a select", "", "setval('q{i}', 1)", "", "", ("parts",), "SELECT ", ";"),
)  # fmt: skip

_SQLITE = (
    Case("rebuild", _T, "CREATE TABLE {t}_new (id int PRIMARY KEY, a int, b text); INSERT INTO {t}_new SELECT * FROM {t}; "
         "DROP TABLE {t}; ALTER TABLE {t}_new RENAME TO {t};"),
    Case("create trigger", _T, "CREATE TRIGGER g{i} AFTER INSERT ON {t} BEGIN UPDATE {t} SET a = 1; END;",
         "DROP TRIGGER g{i};"),
    Case("triggers and columns", _T, "CREATE TRIGGER g{i} AFTER INSERT ON {t} BEGIN UPDATE {t} SET a = 1; END; "
         "ALTER TABLE {t} ADD COLUMN c{i} int;", "DROP TRIGGER g{i};"),
    Case("replace", _T, "REPLACE INTO {t} (id, a) VALUES ({i}, 1);"),
    Case("insert or ignore", _T, "INSERT OR IGNORE INTO {t} (id, a) VALUES ({i}, 1);"),
    Case("pragma", "", "PRAGMA foreign_keys = OFF; PRAGMA foreign_keys = ON;", "", "", _ONE),
    Case("virtual table", "", "CREATE VIRTUAL TABLE x{i} USING fts5(a);", "DROP TABLE x{i};", "", _ONE),
    Case("temporary table", "", "CREATE TEMP TABLE x{i} (a int);", "", "", _ONE),
    Case("vacuum", "", "VACUUM;", "", "", _ONE),
    Case("statements of a trigger", "", "UPDATE t SET a = {i};", "", "", ("parts",),
         "CREATE TABLE t (a int); CREATE TRIGGER g AFTER INSERT ON t BEGIN ", " END;", " "),
)  # fmt: skip

CASES: dict[str, tuple[Case, ...]] = {POSTGRES: (*_COMMON, *_POSTGRES), SQLITE: (*_COMMON, *_SQLITE)}


def _filled(text: str, shape: str, number: int) -> str:
    name = f"t{number}" if shape == "each" else "t"
    return text.replace("{t}", name).replace("{i}", str(number)).replace("{previous}", str(number - 1))


def scripts(case: Case, shape: str, count: int) -> list[tuple[str, str]]:
    """Return the migrations, each as forward and rollback, that repeat a case `count` times."""
    numbers = range(1, count + 1)
    if shape == "parts":
        made = ", ".join(_filled(case.more, shape, number) for number in numbers)
        start = f"CREATE TABLE t ({made});\n" if case.more else ""
        return [
            (start + case.head + case.separator.join(_filled(case.item, shape, n) for n in numbers) + case.tail, "")
        ]
    base = [_filled(case.base, shape, number) for number in (numbers if shape == "each" else (1,)) if case.base]
    base += [_filled(case.more, shape, number) for number in numbers if case.more]
    items = [_filled(case.item, shape, number) for number in numbers]
    inverses = [_filled(case.inverse, shape, number) for number in numbers] if case.inverse else []
    first = [("\n".join(base), "")] if base else []
    if shape == "files":
        return first + list(zip(items, inverses or [""] * count, strict=True))
    return [*first, ("\n".join(items), "\n".join(reversed(inverses)))]


def write(folder: Path, migrations: list[tuple[str, str]]) -> None:
    """Write migrations in golang-migrate's layout."""
    folder.mkdir(parents=True)
    for number, (forward, rollback) in enumerate(migrations, 1):
        (folder / f"{number:06}_m.up.sql").write_text(forward + "\n")
        if rollback:
            (folder / f"{number:06}_m.down.sql").write_text(rollback + "\n")
