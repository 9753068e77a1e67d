"""Constructs that can be nested or chained, to any depth, for either engine."""

from __future__ import annotations

from collections.abc import Callable


def _around(start: str, inside: str, end: str, before: str = "", behind: str = ";") -> Callable[[int], str]:
    return lambda depth: before + start * depth + inside + end * depth + behind


def _each(item: str, before: str = "", behind: str = "") -> Callable[[int], str]:
    """Return what repeats a statement or a part, `{i}` being its number and `{p}` that of the one before."""
    return lambda depth: before + "".join(item.format(i=i, p=i - 1) for i in range(1, depth + 1)) + behind


_COMMON = {
    "parentheses": _around("(", "1", ")", "SELECT "),
    "parentheses of a default": _around("(", "1", ")", "CREATE TABLE t (a int DEFAULT ", ");"),
    "case": _around("CASE WHEN a THEN ", "1", " END", "SELECT ", " FROM t;"),
    "sub-selects": _around("(SELECT ", "1", ")", "CREATE VIEW v AS SELECT ", ";"),
    "queries of queries": _around("SELECT * FROM (", "SELECT 1", ") x", "CREATE VIEW v AS "),
    "exists": _around("EXISTS (SELECT 1 FROM t WHERE ", "a = 1", ")", "DELETE FROM t WHERE "),
    "common table expressions": _each(
        ", x{i} AS (SELECT * FROM x{p})", "CREATE VIEW v AS WITH x0 AS (SELECT 1)", " SELECT 1;"
    ),
    "expressions in expressions": _around("WITH x AS (", "SELECT 1", ") SELECT * FROM x", "CREATE VIEW v AS "),
    "calls": _around("abs(", "a", ")", "CREATE TABLE t (a int CHECK (", " > 0));"),
    "casts": _around("CAST(", "1", " AS int)", "UPDATE t SET a = "),
    "minus": _around("- ", "1", "", "UPDATE t SET a = "),
    "not": _around("NOT ", "a", "", "DELETE FROM t WHERE "),
    "chain of conditions": _each(" OR a = {i}", "DELETE FROM t WHERE a = 0", ";"),
    "concatenation": _each(" || 'x'", "UPDATE t SET b = 'x'", ";"),
    "unions": _each(" UNION ALL SELECT {i}", "CREATE VIEW v AS SELECT 0", ";"),
    "unions to the right": _around("SELECT 1 UNION (", "SELECT 2", ")", "CREATE VIEW v AS "),
    "joins": _each(" JOIN t x{i} ON true", "CREATE VIEW v AS SELECT 1 FROM t", ";"),
    "views over views": _each(" CREATE VIEW v{i} AS SELECT a FROM v{p};", "CREATE VIEW v0 AS SELECT 1 AS a;"),
    "references in a row": _each(
        " CREATE TABLE t{i} (a int PRIMARY KEY REFERENCES t{p} (a));", "CREATE TABLE t0 (a int PRIMARY KEY);"
    ),
    "comments": _around("/*", "", "*/", "", "SELECT 1;"),
    "templates": _around("{{ ", "a", " }}", "SELECT "),
    "template blocks": _around("{% if a %}", "SELECT 1;", "{% endif %}", "", ""),
    "liquibase sections": _each("--changeset a:{i}\nCREATE TABLE t{i} (a int);\n", "--liquibase formatted sql\n"),
    "never closed": lambda depth: "SELECT " + "(" * depth,
}
_POSTGRES = {
    "arrays": _around("ARRAY[", "1", "]", "SELECT "),
    "braces of an array": _around("{", "1", "}", "CREATE TABLE t (a int[] DEFAULT '", "');"),
    "postgres casts": _each("::int", "UPDATE t SET a = 1", ";"),
    "jsonb": _around('{"a":', "1", "}", "INSERT INTO t (a) VALUES ('", "'::jsonb);"),
    "jsonb paths": _each(" -> 'a'", "CREATE INDEX i ON t ((b", "));"),
    "subscripts": _each("[1]", "UPDATE t SET a = b", ";"),
    "dimensions": _each("[]", "CREATE TABLE t (a int", ");"),
    "rows": _around("ROW(", "1", ")", "SELECT "),
    "lateral": _around("LATERAL (SELECT * FROM ", "t", ") x", "CREATE VIEW v AS SELECT * FROM "),
    "blocks": _around("BEGIN ", "NULL; ", "END; ", "DO $$ ", "$$;"),
    "conditions of a block": _around("IF x THEN ", "DROP TABLE t; ", "END IF; ", "DO $$ BEGIN ", "END $$;"),
    "handlers in handlers": _around(
        "BEGIN ", "DROP TABLE t; ", "EXCEPTION WHEN others THEN NULL; END; ", "DO $$ BEGIN ", "END $$;"
    ),
    "branches": _each("ELSIF x = {i} THEN DROP TABLE t{i}; ", "DO $$ BEGIN IF x THEN NULL; ", "END IF; END $$;"),
    "functions that call functions": _each(
        " CREATE FUNCTION f{i}() RETURNS int LANGUAGE sql AS 'SELECT f{p}()';",
        "CREATE FUNCTION f0() RETURNS int LANGUAGE sql AS 'SELECT 1';",
        " SELECT f1();",
    ),
    "quotes of a block": lambda depth: (
        "DO $a$ BEGIN EXECUTE " + "quote_literal(" * depth + "'x'" + ")" * depth + "; END $a$;"
    ),
    "domains over domains": _each(" CREATE DOMAIN d{i} AS d{p};", "CREATE DOMAIN d0 AS int;"),
    "tables that inherit": _each(" CREATE TABLE t{i} () INHERITS (t{p});", "CREATE TABLE t0 (a int);"),
}
_SQLITE = {
    "triggers": _each(
        " CREATE TRIGGER g{i} AFTER INSERT ON t{p} BEGIN INSERT INTO t{i} VALUES (1); END;", "CREATE TABLE t0 (a int);"
    ),
    "statements of a trigger": _each(
        " UPDATE t SET a = {i};", "CREATE TABLE t (a int); CREATE TRIGGER g AFTER INSERT ON t BEGIN", " END;"
    ),
    "case in a trigger": _around(
        "CASE WHEN a THEN ", "1", " END", "CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET a = ", "; END;"
    ),
    "generated column": _around("abs(", "a", ")", "CREATE TABLE t (a int, b int AS (", "));"),
}
NESTED = {"postgres": {**_COMMON, **_POSTGRES}, "sqlite": {**_COMMON, **_SQLITE}}
