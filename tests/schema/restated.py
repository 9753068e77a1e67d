"""Definitions that the rollback writes in another way: stored alike or not, by the types of what they name."""

from __future__ import annotations

from .pairs import Pair

T = (
    "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN pos AS int;"
    "CREATE TABLE t (id int, s smallint, big bigint, r real, n numeric(8, 2), f bool, a text, v varchar(9), j json,"
    " jb jsonb, d date, ts timestamp, tz timestamptz, m mood, p pos, l int[]);"
    "CREATE FUNCTION ran() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';"
)


def _check(name: str, one: str, two: str, *, alike: bool) -> Pair:
    return Pair(
        name,
        f"{T} ALTER TABLE t ADD CONSTRAINT k CHECK ({one});",
        "ALTER TABLE t DROP CONSTRAINT k;",
        f"ALTER TABLE t ADD CONSTRAINT k CHECK ({two});",
        () if alike else ("changed check constraint k on t definition",),
    )


def _view(name: str, one: str, two: str, *, alike: bool) -> Pair:
    return Pair(
        name,
        f"{T} CREATE VIEW k AS {one};",
        "DROP VIEW k;",
        f"CREATE VIEW k AS {two};",
        () if alike else ("changed view k definition",),
    )


POSTGRES = [
    _check("white space in a document of jsonb", """jb = '{"a":1}'""", """jb = '{"a": 1}'::jsonb""", alike=True),
    _check("white space in a document of json", """j::text = '{"a":1}'""", """j::text = '{"a": 1}'""", alike=False),
    _check("zeros in a document of jsonb", """jb = '{"a":1.0}'""", """jb = '{"a":1.00}'""", alike=False),
    _check("a word for true", "f = 't'", "f = true", alike=True),
    _check("a number in quotes", "id = '5'", "id = 5", alike=True),
    _check("a number as a text", "id::text = '5'", "id = '5'", alike=False),
    _check("a number that is cast", "big = 5", "big = 5::bigint", alike=False),
    _check("the day of a timestamp", "ts < '2020-01-01'", "ts < '2020-01-01 00:00:00'::timestamp", alike=True),
    _check("a date for a timestamp", "ts < '2020-01-01'", "ts < '2020-01-01'::date", alike=False),
    _check("a moment in two time zones", "tz < '2020-01-01 00:00Z'", "tz < '2020-01-01 01:00+01'", alike=True),
    _check("rows that are equal", "(id, s) = (1, 2)", "id = 1 AND s = 2", alike=True),
    _check("rows in an order", "(id, s) < (1, 2)", "id < 1 AND s < 2", alike=False),
    _check("a type that GREATEST gives", "greatest(s, 2) > 1", "greatest(s::int, 2) > 1", alike=True),
    _check("another type in GREATEST", "greatest(s, 2) > 1", "greatest(s, 2::smallint) > 1", alike=False),
    _check("scale of a number", "n > 1.0", "n > 1.00", alike=False),
    _check("precision of a text", "v = 'a'", "v = 'a'::varchar(3)", alike=False),
    _check("its own type of a column", "v::varchar = 'a'", "v = 'a'", alike=True),
    _check("single and double precision", "r > 0", "r > '0'::real", alike=False),
    _check("elements of an array", "l = '{1, 2}'", "l = '{1,2}'::int[]", alike=True),
    _check("an array that is built", "l = '{1,2}'", "l = ARRAY[1, 2]", alike=False),
    _check("labels", "m IN ('sad', 'ok')", "m = ANY (ARRAY['sad'::mood, 'ok'::mood])", alike=True),
    _check("a domain", "p > 0", "p::int > '0'", alike=True),
    _check("how a function is written", "trim(a) <> ''", "btrim(a) <> ''", alike=False),
    _check("a list of one", "id IN (5)", "id = 5", alike=True),
    _check("a list with a column", "id IN (1, s)", "id = 1 OR id = s", alike=True),
    _view("a cast that the server adds", "SELECT r > 0 AS x FROM t", "SELECT (r > 0::float8) AS x FROM t", alike=True),
    _view(
        "a part of a date",
        "SELECT extract(year FROM d) > 2000 AS x FROM t",
        "SELECT extract(year FROM d) > 2000::numeric AS x FROM t",
        alike=True,
    ),
    _view(
        "a list of numbers",
        "SELECT big IN (1, 2) AS x FROM t",
        "SELECT big = ANY (ARRAY[1::bigint, 2::bigint]) AS x FROM t",
        alike=True,
    ),
    _view("a negative number", "SELECT id > -1 AS x FROM t", "SELECT id > '-1'::integer AS x FROM t", alike=True),
    _view("a text of a type", "SELECT 'a'::text AS x", "SELECT 'a' AS x", alike=True),
    _view("NULL of a type", "SELECT NULL::text AS x", "SELECT NULL AS x", alike=True),
    _view(
        "the other side of UNION", "SELECT id FROM t UNION SELECT '1'", "SELECT id FROM t UNION SELECT 1", alike=True
    ),
    _view("the type of a result", "SELECT s + 1::smallint AS x FROM t", "SELECT s + 1 AS x FROM t", alike=False),
    _view(
        "a query that is materialized",
        "WITH q AS (SELECT id FROM t) SELECT id FROM q",
        "WITH q AS MATERIALIZED (SELECT id FROM t) SELECT id FROM q",
        alike=False,
    ),
    _view(
        "a place in ORDER BY", "SELECT id, a FROM t ORDER BY 2 DESC", "SELECT id, a FROM t ORDER BY a DESC", alike=True
    ),
    _view(
        "columns that USING joins",
        "SELECT id, one.a FROM t one JOIN t two USING (id) WHERE one.f = 'yes'",
        "SELECT one.id, one.a FROM t one JOIN t two USING (id) WHERE one.f = true",
        alike=True,
    ),
    Pair(
        "a condition of a policy",
        f"""{T} CREATE POLICY k ON t USING (jb @> '{{"a":1}}');""",
        "ALTER POLICY k ON t USING (true);",
        """ALTER POLICY k ON t USING (jb @> '{"a": 1}'::jsonb);""",
    ),
    Pair(
        "another condition of a policy",
        f"{T} CREATE POLICY k ON t USING (s = 5);",
        "ALTER POLICY k ON t USING (true);",
        "ALTER POLICY k ON t USING (s = 5::smallint);",
        ("changed policy k on t definition",),
    ),
    Pair(
        "a condition of an index",
        f"{T} CREATE INDEX k ON t ((n * 2)) WHERE f = 't';",
        "DROP INDEX k;",
        "CREATE INDEX k ON t ((n * 2::numeric)) WHERE f = true;",
    ),
    Pair(
        "an expression of an index",
        f"{T} CREATE INDEX k ON t ((s + 1));",
        "DROP INDEX k;",
        "CREATE INDEX k ON t ((s + 1::smallint));",
        ("changed index k definition",),
    ),
    Pair(
        "a condition of a trigger",
        f"{T} CREATE TRIGGER k BEFORE UPDATE ON t FOR EACH ROW WHEN (new.ts > '2020-01-01') EXECUTE FUNCTION ran();",
        "DROP TRIGGER k ON t;",
        "CREATE TRIGGER k BEFORE UPDATE ON t FOR EACH ROW WHEN (new.ts > timestamp '2020-01-01 00:00')"
        " EXECUTE FUNCTION ran();",
    ),
    Pair(
        "another condition of a trigger",
        f"{T} CREATE TRIGGER k BEFORE UPDATE ON t FOR EACH ROW WHEN (new.s > 5) EXECUTE FUNCTION ran();",
        "DROP TRIGGER k ON t;",
        "CREATE TRIGGER k BEFORE UPDATE ON t FOR EACH ROW WHEN (new.s > 5::smallint) EXECUTE FUNCTION ran();",
        ("changed trigger k on t definition",),
    ),
    Pair(
        "a condition of a domain",
        "CREATE DOMAIN k AS smallint CONSTRAINT c CHECK (value IN ('1', '2'));",
        "ALTER DOMAIN k DROP CONSTRAINT c;",
        "ALTER DOMAIN k ADD CONSTRAINT c CHECK (value = ANY (ARRAY['1'::smallint, '2'::smallint]));",
    ),
    Pair(
        "another condition of a domain",
        "CREATE DOMAIN k AS smallint CONSTRAINT c CHECK (value > 1);",
        "ALTER DOMAIN k DROP CONSTRAINT c;",
        "ALTER DOMAIN k ADD CONSTRAINT c CHECK (value > 1::smallint);",
        ("changed domain k definition",),
    ),
    Pair(
        "NULL instead of the default of a domain",
        "CREATE DOMAIN k AS int DEFAULT 5; CREATE TABLE t (k k, c int);",
        "ALTER TABLE t ALTER k SET DEFAULT NULL;",
        "SELECT 1;",
        ("changed column t.k default",),
    ),
    Pair(
        "the default of a domain again",
        "CREATE DOMAIN k AS int DEFAULT 5; CREATE TABLE t (k k, c int);",
        "ALTER TABLE t ALTER k SET DEFAULT NULL; ALTER TABLE t ALTER c SET DEFAULT NULL;",
        "ALTER TABLE t ALTER k DROP DEFAULT;",
    ),
    Pair(
        "a generated column",
        "CREATE TABLE t (n numeric, k numeric GENERATED ALWAYS AS (n * 2) STORED);",
        "ALTER TABLE t DROP COLUMN k;",
        "ALTER TABLE t ADD COLUMN k numeric GENERATED ALWAYS AS (n * 2::numeric) STORED;",
    ),
    Pair(
        "another generated column",
        "CREATE TABLE t (s smallint, k int GENERATED ALWAYS AS (s + 1) STORED);",
        "ALTER TABLE t DROP COLUMN k;",
        "ALTER TABLE t ADD COLUMN k int GENERATED ALWAYS AS (s + 1::smallint) STORED;",
        ("changed column t.k generated",),
    ),
]
