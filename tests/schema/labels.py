"""Pairs in which an enum label is renamed: everything that has a constant of the enum has the new label."""

from __future__ import annotations

from .pairs import Pair

ENUM = "CREATE TYPE e AS ENUM ('new', 'it''s'); CREATE TABLE t (id int, s e, many e[], words text);"
RENAME = "ALTER TYPE e RENAME VALUE 'new' TO 'to do';"
BACK = "ALTER TYPE e RENAME VALUE 'to do' TO 'new';"
FUNCTION = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"


def follows(name: str, create: str, drop: str, setup: str = ENUM, old: str = "new", new: str = "to do") -> Pair:
    """Return the pair that drops an object after the rename, and restores it with the new label."""
    return Pair(
        name,
        setup + create.replace("LABEL", old),
        f"{RENAME} {drop}",
        f"{create.replace('LABEL', new)} {BACK}",
    )


def stays(name: str, create: str, drop: str) -> Pair:
    """Return the pair for a constant of another type: with the old label it is what it was."""
    return follows(name, create, drop, new="new")


POSTGRES = [
    follows("default", "ALTER TABLE t ALTER s SET DEFAULT 'LABEL';", "ALTER TABLE t ALTER s DROP DEFAULT;"),
    follows("default cast", "ALTER TABLE t ALTER s SET DEFAULT 'LABEL'::e;", "ALTER TABLE t ALTER s DROP DEFAULT;"),
    follows(
        "default text",
        "ALTER TABLE t ALTER words SET DEFAULT 'LABEL'::e::text;",
        "ALTER TABLE t ALTER words DROP DEFAULT;",
    ),
    follows(
        "default case",
        "ALTER TABLE t ALTER s SET DEFAULT CASE WHEN now() > '2020-01-01' THEN 'LABEL'::e ELSE 'it''s'::e END;",
        "ALTER TABLE t ALTER s DROP DEFAULT;",
    ),
    follows(
        "array",
        "ALTER TABLE t ALTER many SET DEFAULT '{LABEL,it''s}';",
        "ALTER TABLE t ALTER many DROP DEFAULT;",
        new='"to do"',
    ),
    follows(
        "elements",
        "ALTER TABLE t ALTER many SET DEFAULT ARRAY['LABEL']::e[];",
        "ALTER TABLE t ALTER many DROP DEFAULT;",
    ),
    follows("check", "ALTER TABLE t ADD CONSTRAINT k CHECK (s <> 'LABEL');", "ALTER TABLE t DROP CONSTRAINT k;"),
    follows(
        "check in",
        "ALTER TABLE t ADD CONSTRAINT k CHECK (s IN ('LABEL', 'it''s'));",
        "ALTER TABLE t DROP CONSTRAINT k;",
    ),
    follows(
        "check any",
        "ALTER TABLE t ADD CONSTRAINT k CHECK (s = ANY (ARRAY['LABEL', 'it''s']::e[]));",
        "ALTER TABLE t DROP CONSTRAINT k;",
    ),
    follows(
        "exclusion",
        "ALTER TABLE t ADD CONSTRAINT k EXCLUDE (id WITH =) WHERE (s = 'LABEL');",
        "ALTER TABLE t DROP CONSTRAINT k;",
    ),
    follows("index", "CREATE INDEX i ON t (id) WHERE s = 'LABEL';", "DROP INDEX i;"),
    follows("index expression", "CREATE INDEX i ON t ((s = 'LABEL'));", "DROP INDEX i;"),
    follows("generated", "ALTER TABLE t ADD g bool GENERATED ALWAYS AS (s = 'LABEL') STORED;", "ALTER TABLE t DROP g;"),
    follows("view", "CREATE VIEW v AS SELECT id FROM t WHERE s = 'LABEL';", "DROP VIEW v;"),
    follows(
        "view of a view",
        "CREATE VIEW w AS SELECT id FROM v WHERE s = 'LABEL';",
        "DROP VIEW w;",
        ENUM + "CREATE VIEW v AS SELECT * FROM t;",
    ),
    follows("materialized view", "CREATE MATERIALIZED VIEW v AS SELECT 'LABEL'::e AS s;", "DROP MATERIALIZED VIEW v;"),
    follows(
        "default of a view",
        "ALTER VIEW v ALTER s SET DEFAULT 'LABEL';",
        "ALTER VIEW v ALTER s DROP DEFAULT;",
        ENUM + "CREATE VIEW v AS SELECT * FROM t;",
    ),
    follows("policy", "CREATE POLICY p ON t USING (s = 'LABEL') WITH CHECK (s <> 'LABEL');", "DROP POLICY p ON t;"),
    follows(
        "trigger",
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW WHEN (NEW.s = 'LABEL') EXECUTE FUNCTION f();",
        "DROP TRIGGER g ON t;",
        ENUM + FUNCTION,
    ),
    follows(
        "rule",
        "CREATE RULE r AS ON INSERT TO t WHERE NEW.s = 'LABEL' DO ALSO UPDATE t SET s = 'LABEL';",
        "DROP RULE r ON t;",
    ),
    follows("statistics", "CREATE STATISTICS st ON (s = 'LABEL'), id FROM t;", "DROP STATISTICS st;"),
    follows(
        "argument",
        "CREATE FUNCTION g(e DEFAULT 'LABEL') RETURNS int LANGUAGE sql AS 'SELECT 1';",
        "DROP FUNCTION g(e);",
    ),
    follows(
        "statements of a function",
        "CREATE FUNCTION g(a e) RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT id FROM t WHERE s = 'LABEL'; END;",
        "DROP FUNCTION g;",
    ),
    follows("result", "CREATE FUNCTION g() RETURNS e LANGUAGE sql RETURN 'LABEL'::e;", "DROP FUNCTION g;"),
    follows(
        "parameter",
        "CREATE FUNCTION g(a e) RETURNS bool LANGUAGE sql RETURN a = 'LABEL';",
        "DROP FUNCTION g;",
    ),
    follows(
        "domain default",
        "ALTER DOMAIN d SET DEFAULT 'LABEL';",
        "ALTER DOMAIN d DROP DEFAULT;",
        ENUM + "CREATE DOMAIN d AS e;",
    ),
    follows(
        "domain check",
        "ALTER DOMAIN d ADD CONSTRAINT k CHECK (VALUE <> 'LABEL');",
        "ALTER DOMAIN d DROP CONSTRAINT k;",
        ENUM + "CREATE DOMAIN d AS e;",
    ),
    follows(
        "column of a domain",
        "ALTER TABLE t ADD CONSTRAINT k CHECK (c::e <> 'LABEL');",
        "ALTER TABLE t DROP CONSTRAINT k;",
        ENUM + "CREATE DOMAIN d AS e; ALTER TABLE t ADD c d;",
    ),
    follows(
        "listed partition",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES IN ('LABEL');",
        "DROP TABLE p1;",
        ENUM + "CREATE TABLE p (s e) PARTITION BY LIST (s);",
    ),
    follows(
        "range of partitions",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('new', 'LABEL') TO ('new', 'it''s');",
        "DROP TABLE p1;",
        ENUM + "CREATE TABLE p (w text, s e) PARTITION BY RANGE (w, s);",
    ),
    stays("text", "ALTER TABLE t ADD CONSTRAINT k CHECK (words <> 'LABEL');", "ALTER TABLE t DROP CONSTRAINT k;"),
    stays("label as text", "CREATE INDEX i ON t (id) WHERE words = 'LABEL';", "DROP INDEX i;"),
    stays("label cast to text", "CREATE VIEW v AS SELECT id FROM t WHERE s::text = 'LABEL';", "DROP VIEW v;"),
    stays(
        "body",
        "CREATE FUNCTION g() RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN ''LABEL''; END';",
        "DROP FUNCTION g();",
    ),
]
