"""Every statement that PostgreSQL has becomes something."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from miglint.base.model import Span
from miglint.sql import operations as op
from miglint.sql.operations import Name, Type
from miglint.sql.postgres import parse
from miglint.sql.postgres.statements import READERS

from .reading import cut, one, operations

# Nodes that are called statements but never stand at the top of one.
INNER = {"RawStmt", "SetOperationStmt", "ReturnStmt", "PLAssignStmt", "ReplicaIdentityStmt"}


def test_every_statement_of_the_grammar_has_a_reader() -> None:
    package = importlib.util.find_spec("postgast")
    assert package is not None and package.submodule_search_locations
    stubs = (Path(next(iter(package.submodule_search_locations))) / "pg_query_pb2.pyi").read_text()
    statements = set(re.findall(r"^class (\w+Stmt)\(", stubs, re.MULTILINE))
    assert len(statements) > 100
    assert statements - INNER == set(READERS)


FIELDS: list[tuple[str, type[op.Operation], dict[str, Any]]] = [
    ("DROP TABLE a", op.Drop, {"kind": "table", "name": Name(None, "a"), "if_exists": False}),
    ("DROP TABLE IF EXISTS s.a CASCADE", op.Drop, {"name": Name("s", "a"), "if_exists": True, "cascade": True}),
    ("DROP INDEX CONCURRENTLY i", op.Drop, {"kind": "index", "concurrently": True}),
    ("DROP TRIGGER x ON s.t", op.Drop, {"kind": "trigger", "name": Name(None, "x"), "table": Name("s", "t")}),
    ("DROP POLICY p ON t", op.Drop, {"kind": "policy", "table": Name(None, "t")}),
    ("DROP RULE r ON t", op.Drop, {"kind": "rule", "table": Name(None, "t")}),
    ("DROP FUNCTION f", op.Drop, {"kind": "function", "arguments": None}),
    ("DROP FUNCTION f()", op.Drop, {"arguments": ()}),
    ("DROP FUNCTION f(a int, OUT text)", op.Drop, {"arguments": (Type("int4"),)}),
    ("DROP PROCEDURE p(int, OUT text)", op.Drop, {"arguments": (Type("int4"), Type("text"))}),
    ("DROP AGGREGATE a(*)", op.Drop, {"kind": "aggregate", "arguments": ()}),
    ("DROP OPERATOR + (int, NONE)", op.Drop, {"kind": "operator", "arguments": (Type("int4"), Type("none"))}),
    ("DROP CAST (int AS text)", op.Drop, {"kind": "cast", "name": Name(None, "int4 as text")}),
    ("DROP TRANSFORM FOR int LANGUAGE sql", op.Drop, {"name": Name(None, "int4 for sql")}),
    ("DROP OPERATOR CLASS s.x USING btree", op.Drop, {"name": Name("s", "x using btree")}),
    ("DROP TYPE s.t", op.Drop, {"kind": "type", "name": Name("s", "t")}),
    ("DROP DOMAIN d", op.Drop, {"kind": "domain"}),
    ("DROP SCHEMA s", op.Drop, {"kind": "schema", "name": Name(None, "s")}),
    ("DROP EXTENSION e", op.Drop, {"kind": "extension"}),
    ("DROP MATERIALIZED VIEW m", op.Drop, {"kind": "materialized view"}),
    ("DROP FOREIGN TABLE f", op.Drop, {"kind": "foreign table"}),
    ("DROP ROLE IF EXISTS r", op.Drop, {"kind": "role", "if_exists": True}),
    ("DROP USER u", op.Drop, {"kind": "role"}),
    ("DROP DATABASE d", op.Drop, {"kind": "database"}),
    ("DROP TABLESPACE d", op.Drop, {"kind": "tablespace"}),
    ("DROP SUBSCRIPTION s", op.Drop, {"kind": "subscription"}),
    ("DROP USER MAPPING FOR bob SERVER s", op.Drop, {"kind": "user mapping", "name": Name(None, "bob server s")}),
    ("DROP TEXT SEARCH CONFIGURATION c", op.Drop, {"kind": "text search configuration"}),
    ("DROP ACCESS METHOD m", op.Drop, {"kind": "access method"}),
    ("DROP STATISTICS s.x", op.Drop, {"kind": "statistics", "name": Name("s", "x")}),
    ("DROP SERVER s", op.Drop, {"kind": "server"}),
    ("DROP OWNED BY bob", op.Opaque, {"schema_effect": True}),
    ("REASSIGN OWNED BY a TO b", op.Maintenance, {"kind": "reassign owned"}),
    ("ALTER TABLE t RENAME TO u", op.Rename, {"kind": "table", "name": Name(None, "t"), "new": "u"}),
    ("ALTER TABLE IF EXISTS t RENAME a TO b", op.RenameColumn, {"column": "a", "new": "b", "table_if_exists": True}),
    ("ALTER VIEW v RENAME COLUMN a TO b", op.RenameColumn, {"kind": "view"}),
    ("ALTER TYPE t RENAME ATTRIBUTE a TO b", op.RenameColumn, {"kind": "type"}),
    ("ALTER TABLE t RENAME CONSTRAINT a TO b", op.RenameConstraint, {"constraint": "a", "new": "b"}),
    ("ALTER DOMAIN d RENAME CONSTRAINT a TO b", op.RenameConstraint, {"kind": "domain", "table": Name(None, "d")}),
    ("ALTER INDEX i RENAME TO j", op.Rename, {"kind": "index"}),
    ("ALTER SEQUENCE s RENAME TO t", op.Rename, {"kind": "sequence"}),
    ("ALTER TYPE s.t RENAME TO u", op.Rename, {"kind": "type", "name": Name("s", "t")}),
    ("ALTER SCHEMA a RENAME TO b", op.Rename, {"kind": "schema", "name": Name(None, "a")}),
    ("ALTER ROLE a RENAME TO b", op.Rename, {"kind": "role"}),
    ("ALTER TRIGGER a ON t RENAME TO b", op.Rename, {"kind": "trigger", "table": Name(None, "t")}),
    ("ALTER POLICY a ON t RENAME TO b", op.Rename, {"kind": "policy", "name": Name(None, "a")}),
    ("ALTER RULE a ON t RENAME TO b", op.Rename, {"kind": "rule"}),
    ("ALTER FUNCTION f(int) RENAME TO g", op.Rename, {"kind": "function", "arguments": (Type("int4"),)}),
    ("ALTER MATERIALIZED VIEW m RENAME TO n", op.Rename, {"kind": "materialized view"}),
    ("ALTER TYPE t RENAME VALUE 'a' TO 'b'", op.RenameEnumValue, {"value": "a", "new": "b"}),
    ("ALTER TABLE t SET SCHEMA s", op.SetSchema, {"kind": "table", "schema": "s"}),
    ("ALTER FUNCTION f(int) SET SCHEMA s", op.SetSchema, {"arguments": (Type("int4"),)}),
    ("ALTER TYPE t SET SCHEMA s", op.SetSchema, {"kind": "type"}),
    ("ALTER TABLE t OWNER TO bob", op.SetTableOption, {"option": "owner", "value": "bob"}),
    ("ALTER VIEW v OWNER TO bob", op.SetTableOption, {"kind": "view", "option": "owner"}),
    ("ALTER FUNCTION f(int) OWNER TO bob", op.AlterOther, {"kind": "function", "definition": "owner to bob"}),
    ("ALTER SCHEMA s OWNER TO CURRENT_USER", op.AlterOther, {"definition": "owner to current_user"}),
    ("COMMENT ON TABLE t IS 'x'", op.SetComment, {"kind": "table", "text": "x", "column": None}),
    ("COMMENT ON COLUMN s.t.c IS NULL", op.SetComment, {"name": Name("s", "t"), "column": "c", "text": None}),
    ("COMMENT ON CONSTRAINT c ON t IS 'x'", op.SetComment, {"kind": "constraint", "table": Name(None, "t")}),
    ("COMMENT ON CONSTRAINT c ON DOMAIN d IS 'x'", op.SetComment, {"table": Name(None, "d")}),
    ("COMMENT ON FUNCTION f(int) IS 'x'", op.SetComment, {"arguments": (Type("int4"),)}),
    ("COMMENT ON LARGE OBJECT 5 IS 'x'", op.SetComment, {"kind": "large object"}),
    ("SECURITY LABEL ON TABLE t IS 'x'", op.AlterOther, {"kind": "table"}),
    ("GRANT SELECT, INSERT ON t TO a, PUBLIC", op.SetPrivileges, {"grant": True, "roles": ("a", "public")}),
    ("REVOKE ALL ON SCHEMA s FROM a", op.SetPrivileges, {"grant": False, "kind": "schema"}),
    ("GRANT SELECT ON ALL TABLES IN SCHEMA s TO a", op.SetPrivileges, {"kind": "all tables in schema"}),
    ("GRANT a TO b", op.SetPrivileges, {"kind": "role", "names": (Name(None, "a"),), "roles": ("b",)}),
    (
        "ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO a",
        op.SetPrivileges,
        {"kind": "default privileges", "names": (Name(None, "s"),), "objects": "table"},
    ),
    ("CREATE TYPE m AS ENUM ('a', 'b')", op.CreateType, {"kind": "enum", "labels": ("a", "b")}),
    ("CREATE TYPE c AS (x int, y text)", op.CreateType, {"kind": "composite"}),
    ("CREATE TYPE r AS RANGE (subtype = int)", op.CreateType, {"kind": "range", "definition": "subtype=int4"}),
    ("CREATE TYPE s", op.CreateType, {"kind": "shell"}),
    ("CREATE TYPE b (input = f, output = g)", op.CreateType, {"kind": "base"}),
    ("ALTER TYPE m ADD VALUE 'c'", op.AddEnumValue, {"value": "c", "neighbour": None, "after": True}),
    ("ALTER TYPE m ADD VALUE IF NOT EXISTS 'c' BEFORE 'a'", op.AddEnumValue, {"neighbour": "a", "after": False}),
    ("ALTER TYPE c ADD ATTRIBUTE z int", op.AddColumn, {"kind": "type"}),
    ("ALTER TYPE b SET (storage = plain)", op.AlterOther, {"kind": "type"}),
    ("ALTER DOMAIN d SET DEFAULT 1", op.SetDefault, {"kind": "domain"}),
    ("ALTER DOMAIN d DROP DEFAULT", op.SetDefault, {"default": None}),
    ("ALTER DOMAIN d SET NOT NULL", op.SetNullable, {"nullable": False}),
    ("ALTER DOMAIN d DROP NOT NULL", op.SetNullable, {"nullable": True, "kind": "domain"}),
    ("ALTER DOMAIN d ADD CONSTRAINT c CHECK (value > 0)", op.AddConstraint, {"kind": "domain"}),
    ("ALTER DOMAIN d DROP CONSTRAINT IF EXISTS c", op.DropConstraint, {"if_exists": True, "kind": "domain"}),
    ("ALTER DOMAIN d VALIDATE CONSTRAINT c", op.ValidateConstraint, {"constraint": "c"}),
    ("CREATE SEQUENCE s START 5 OWNED BY t.c", op.CreateSequence, {"owned_by": (Name(None, "t"), "c")}),
    ("CREATE SEQUENCE s NO MAXVALUE INCREMENT 2", op.CreateSequence, {"options": ("increment=2", "maxvalue=")}),
    ("ALTER SEQUENCE s OWNED BY NONE RESTART 1", op.AlterSequence, {"disown": True, "restart": True}),
    ("CREATE EXTENSION IF NOT EXISTS e SCHEMA s VERSION '2'", op.CreateExtension, {"schema": "s", "version": "2"}),
    ("ALTER EXTENSION e UPDATE TO '3'", op.AlterOther, {"kind": "extension", "definition": "update new_version=3"}),
    ("ALTER EXTENSION e ADD TABLE t", op.AlterOther, {"definition": "add table t"}),
    ("CREATE SCHEMA AUTHORIZATION bob", op.CreateSchema, {"name": "bob", "owner": "bob"}),
    ("CREATE ROLE r LOGIN PASSWORD 'secret'", op.CreateRole, {"definition": "role canlogin=true password"}),
    ("ALTER ROLE r SET search_path TO a, b", op.AlterOther, {"definition": "set search_path to a, b"}),
    ("ALTER ROLE r NOLOGIN", op.AlterOther, {"kind": "role"}),
    ("CREATE POLICY p ON t FOR SELECT TO a USING (x > 0)", op.CreatePolicy, {"roles": "a", "using": "(x > 0)"}),
    ("ALTER POLICY p ON t WITH CHECK (true)", op.AlterPolicy, {"check": "true", "using": None, "roles": None}),
    ("CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING", op.CreateRule, {"table": Name(None, "t")}),
    ("CREATE COLLATION c (locale = 'x')", op.CreateOther, {"kind": "collation"}),
    ("CREATE OPERATOR + (function = f, leftarg = int)", op.CreateOther, {"kind": "operator"}),
    ("CREATE AGGREGATE a (int) (sfunc = f, stype = int)", op.CreateRoutine, {"kind": "aggregate", "returns": None}),
    ("CREATE STATISTICS s ON a, b FROM t", op.CreateOther, {"kind": "statistics", "table": Name(None, "t")}),
    (
        "CREATE PUBLICATION p FOR TABLE t",
        op.CreateOther,
        {"kind": "publication", "members": (op.Member(Name(None, "t")),)},
    ),
    ("ALTER PUBLICATION p ADD TABLE t", op.AlterOther, {"kind": "publication"}),
    ("CREATE SUBSCRIPTION s CONNECTION 'password=x' PUBLICATION p", op.CreateOther, {"kind": "subscription"}),
    ("CREATE SERVER s FOREIGN DATA WRAPPER f", op.CreateOther, {"kind": "server"}),
    ("CREATE FOREIGN DATA WRAPPER f", op.CreateOther, {"kind": "foreign data wrapper"}),
    ("CREATE USER MAPPING IF NOT EXISTS FOR bob SERVER s", op.CreateOther, {"if_not_exists": True}),
    ("CREATE CAST (int AS text) WITH INOUT", op.CreateOther, {"kind": "cast", "name": Name(None, "int4 as text")}),
    ("CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()", op.CreateOther, {"kind": "event trigger"}),
    ("CREATE ACCESS METHOD m TYPE INDEX HANDLER h", op.CreateOther, {"kind": "access method"}),
    ("CREATE OPERATOR FAMILY f USING btree", op.CreateOther, {"name": Name(None, "f using btree")}),
    ("CREATE OPERATOR CLASS c FOR TYPE int USING btree AS OPERATOR 1 <", op.CreateOther, {"kind": "operator class"}),
    ("ALTER OPERATOR FAMILY f USING btree ADD OPERATOR 1 < (int, int)", op.AlterOther, {"kind": "operator family"}),
    ("CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION f(int))", op.CreateOther, {"kind": "transform"}),
    ("CREATE CONVERSION c FOR 'a' TO 'b' FROM f", op.CreateOther, {"kind": "conversion"}),
    ("CREATE TABLESPACE t LOCATION '/x'", op.CreateOther, {"kind": "tablespace"}),
    ("CREATE DATABASE d", op.CreateOther, {"kind": "database"}),
    ("CREATE TRUSTED LANGUAGE l HANDLER h", op.CreateOther, {"kind": "language"}),
    ("IMPORT FOREIGN SCHEMA x FROM SERVER s INTO y", op.CreateOther, {"kind": "foreign schema import"}),
    ("ALTER TEXT SEARCH DICTIONARY d (a = b)", op.AlterOther, {"kind": "text search dictionary"}),
    ("ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b", op.AlterOther, {"kind": "tablespace"}),
    ("ALTER FUNCTION f(int) STRICT COST 5", op.AlterRoutine, {"options": ("cost=5", "strict=true")}),
    ("ALTER FUNCTION f SET search_path = a", op.AlterRoutine, {"arguments": None}),
    ("ALTER FUNCTION f(int) DEPENDS ON EXTENSION e", op.AlterOther, {"definition": "depends on extension e"}),
    ("BEGIN", op.Transaction, {"action": "begin"}),
    ("START TRANSACTION ISOLATION LEVEL SERIALIZABLE", op.Transaction, {"action": "begin"}),
    ("END", op.Transaction, {"action": "commit"}),
    ("ABORT", op.Transaction, {"action": "rollback"}),
    ("SAVEPOINT a", op.Transaction, {"action": "savepoint", "name": "a"}),
    ("ROLLBACK TO a", op.Transaction, {"action": "rollback to", "name": "a"}),
    ("RELEASE a", op.Transaction, {"action": "release"}),
    ("PREPARE TRANSACTION 'x'", op.Transaction, {"action": "prepare transaction", "name": "x"}),
    ("INSERT INTO t (a, a) VALUES (1, 2)", op.Insert, {"twice": "a"}),
    ("INSERT INTO t (a.x, a.y) VALUES (1, 2)", op.Insert, {"twice": None}),
    ("INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 1, a = 2", op.Insert, {"twice": "a"}),
    ("UPDATE t SET a[1] = 1, a[2] = 2", op.Update, {"twice": None}),
    ("UPDATE t SET a[1] = 1, a = '{}'", op.Update, {"twice": "a"}),
    ("MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET a = 1, a = 2", op.OtherData, {"twice": "a"}),
    ("SET LOCAL lock_timeout = '5s'", op.SetVariable, {"values": ("5s",), "local": True}),
    ("SET search_path TO a, b", op.SetVariable, {"name": "search_path", "values": ("a", "b")}),
    ("RESET search_path", op.SetVariable, {"values": None}),
    ("RESET ALL", op.SetVariable, {"name": "all"}),
    ("SET x TO DEFAULT", op.SetVariable, {"values": None}),
    ("SHOW x", op.Maintenance, {"kind": "show"}),
    ("VACUUM (FULL) t", op.Maintenance, {"kind": "vacuum", "target": Name(None, "t"), "options": ("full",)}),
    ("VACUUM (FULL true, ANALYZE off) t", op.Maintenance, {"options": ("full",)}),
    ("VACUUM (FULL false) t", op.Maintenance, {"options": ()}),
    ("REINDEX (CONCURRENTLY true) TABLE t", op.Maintenance, {"concurrently": True}),
    ("REINDEX (CONCURRENTLY off) TABLE t", op.Maintenance, {"concurrently": False}),
    ("ANALYZE", op.Maintenance, {"kind": "analyze", "target": None}),
    ("REINDEX TABLE CONCURRENTLY t", op.Maintenance, {"kind": "reindex table", "concurrently": True}),
    ("REFRESH MATERIALIZED VIEW CONCURRENTLY m", op.Maintenance, {"concurrently": True}),
    ("LOCK TABLE t IN SHARE MODE", op.Maintenance, {"kind": "lock table", "options": ("share",)}),
    ("CLUSTER t USING i", op.Maintenance, {"options": ("i",)}),
    ("CHECKPOINT", op.Maintenance, {"kind": "checkpoint"}),
    ("DISCARD ALL", op.Maintenance, {"kind": "discard"}),
    ("NOTIFY a, 'b'", op.Maintenance, {"kind": "notify"}),
    ("LISTEN a", op.Maintenance, {"target": Name(None, "a")}),
    ("ALTER SYSTEM SET x = 1", op.Maintenance, {"options": ("set x to 1",)}),
    ("SET CONSTRAINTS ALL DEFERRED", op.Maintenance, {"options": ("all", "deferred")}),
    ("EXPLAIN DELETE FROM t", op.Maintenance, {"kind": "explain"}),
    ("EXPLAIN ANALYZE DELETE FROM t", op.Delete, {"table": Name(None, "t")}),
    ("PREPARE q AS SELECT 1", op.Maintenance, {"kind": "prepare"}),
    ("EXECUTE q(1)", op.Opaque, {"schema_effect": False}),
    ("DEALLOCATE ALL", op.Maintenance, {"kind": "deallocate"}),
    ("DECLARE c CURSOR FOR SELECT 1", op.Maintenance, {"kind": "declare"}),
    ("FETCH 1 FROM c", op.OtherData, {"kind": "fetch"}),
    ("CLOSE c", op.Maintenance, {"kind": "close"}),
    ("LOAD 'x'", op.Maintenance, {"kind": "load"}),
    ("CALL p(1)", op.OtherData, {"kind": "call p"}),
    ("COPY t FROM STDIN", op.OtherData, {"kind": "copy", "table": Name(None, "t")}),
    ("COPY t TO '/x'", op.OtherData, {"kind": "copy to", "table": None}),
    ("MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE", op.OtherData, {"relations": (Name(None, "s"),)}),
    ("TRUNCATE t RESTART IDENTITY CASCADE", op.Truncate, {"cascade": True, "restart_identity": True}),
    ("DELETE FROM t", op.Delete, {"where": None}),
    ("DELETE FROM t USING u WHERE t.a = u.a", op.Delete, {"relations": (Name(None, "u"),)}),
]


@pytest.mark.parametrize(("sql", "kind", "fields"), FIELDS, ids=[row[0] for row in FIELDS])
def test_statement(sql: str, kind: type[op.Operation], fields: dict[str, Any]) -> None:
    found = one(sql)
    assert type(found) is kind
    assert {name: getattr(found, name) for name in fields} == fields
    assert cut(sql, found.span)


def test_a_transaction_that_only_reads_may_refuse_what_follows() -> None:
    (statement,) = parse("START TRANSACTION READ ONLY")
    begun, unknown = statement.operations
    assert isinstance(begun, op.Transaction)
    assert begun.action == "begin"
    assert isinstance(unknown, op.Opaque)
    assert unknown.schema_effect


def test_nothing_secret_is_kept() -> None:
    for sql in ("CREATE ROLE r PASSWORD 'hunter2'", "CREATE SUBSCRIPTION s CONNECTION 'hunter2' PUBLICATION p"):
        assert "hunter2" not in one(sql).definition


def test_each_dropped_object_has_its_own_span() -> None:
    sql = "DROP TABLE IF EXISTS a.b, c CASCADE"
    assert [cut(sql, found.span) for found in operations(sql)] == ["a.b", "c"]


def test_elements_of_a_schema_follow_it() -> None:
    schema, table, view = operations("CREATE SCHEMA s CREATE TABLE t (a int) CREATE VIEW v AS SELECT 1")
    assert isinstance(schema, op.CreateSchema)
    assert isinstance(table, op.CreateTable) and table.name == Name("s", "t")
    assert isinstance(view, op.CreateView) and view.name == Name("s", "v")


KINDS = [
    ("create table t ()", "create table"),
    ("create unique index on t (a)", "create index"),
    ("alter index i rename to j", "alter index"),
    ("alter table t rename a to b", "alter table"),
    ("drop materialized view m", "drop materialized view"),
    ("create materialized view m as select 1", "create materialized view"),
    ("create table t as select 1", "create table as"),
    ("create procedure p() language sql as ''", "create procedure"),
    ("revoke all on t from a", "revoke"),
    ("do ''", "do"),
    ("insert into t values (1)", "insert"),
    ("reset x", "reset"),
    ("commit", "commit"),
    ("analyze", "analyze"),
    ("create extension e", "create extension"),
    ("comment on table t is ''", "comment on"),
]


@pytest.mark.parametrize(("sql", "words"), KINDS)
def test_words_for_people(sql: str, words: str) -> None:
    (statement,) = parse(sql)
    assert statement.kind == words


def test_statements_have_their_exact_characters() -> None:
    sql = "-- a\n  SELECT 1 -- é\n ; ; /* b */ INSERT INTO é VALUES ('ü') /* c */;\nSELECT 2 -- end\n"
    assert [cut(sql, statement.span) for statement in parse(sql)] == [
        "SELECT 1",
        "INSERT INTO é VALUES ('ü')",
        "SELECT 2",
    ]
    moved = parse(sql, 100)
    assert moved[0].span == Span(107, 115)
    assert moved[0].operations[0].span == moved[0].span
