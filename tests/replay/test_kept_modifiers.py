"""`CREATE TABLE AS`: which columns keep the length or the precision of what they are made of, as the engine says."""

from __future__ import annotations

import psycopg
import pytest

from miglint.base.model import Dialect
from miglint.replay.apply import run
from miglint.schema.objects import Key
from miglint.schema.value import Schema
from miglint.sql.operations import Type
from miglint.writer.reading import read
from miglint.writer.words import type_name

START = """
CREATE TABLE t (a varchar(20), b numeric(10,2), c char(3), d timestamp(0), e varchar(20)[], n varchar(5), id int);
CREATE TABLE u (a varchar(9), id int, x text);
CREATE VIEW v AS SELECT a, b AS bb, lower(c) AS c, id FROM t;
CREATE VIEW w (one, two) AS SELECT a, bb FROM v UNION ALL SELECT a, bb FROM v;
CREATE MATERIALIZED VIEW m AS SELECT u.a, t.n FROM t JOIN u ON t.id = u.id;
"""
QUERIES = [
    "SELECT * FROM t",
    "SELECT a, bb, c FROM v",
    "SELECT * FROM w",
    "SELECT * FROM m",
    "SELECT t.a AS x, u.a AS y FROM t, u",
    "SELECT upper(a) AS a, b + 1 AS b, c || 'x' AS c, d + interval '1 day' AS d, e, a::varchar(7) AS f FROM t",
    "SELECT coalesce(a, a) AS a, coalesce(a, n) AS n, CASE WHEN id = 1 THEN a ELSE a END AS c,"
    " CASE WHEN id = 1 THEN a END AS d, nullif(b, b) AS e, greatest(b, b) AS g FROM t",
    "SELECT a, max(b) AS m, min(a) AS n FROM t GROUP BY a",
    "WITH q AS (SELECT a AS z FROM t) SELECT z FROM q",
    "WITH q (z) AS (SELECT a FROM t) SELECT q.*, (SELECT n FROM t LIMIT 1) AS s FROM q",
    "SELECT s.k FROM (SELECT a FROM t) AS s (k)",
    "SELECT a FROM t UNION SELECT a FROM u",
    "SELECT a FROM t UNION SELECT a FROM v",
    'SELECT a COLLATE "C" AS a, x.c FROM t AS x',
    "SELECT id, x FROM u JOIN v USING (id)",
    "VALUES (1, 'a')",
]


@pytest.mark.parametrize("query", QUERIES)
def test_columns_have_the_types_that_the_engine_gives_them(connection: psycopg.Connection, query: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path = pg_temp")
        cursor.execute(START.replace("CREATE ", "CREATE TEMP ").replace("TEMP MATERIALIZED VIEW", "TEMP VIEW").encode())
        cursor.execute(f"CREATE TEMP TABLE made AS {query}".encode())
        cursor.execute(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = 'made'::regclass AND attnum > 0 ORDER BY attnum"
        )
        wanted = dict(cursor.fetchall())
    connection.rollback()
    empty = Schema(Dialect.POSTGRES, closed=True, path=("public",))
    done = run(empty, read(f"{START} CREATE TABLE made AS {query};", Dialect.POSTGRES))
    assert done.failed is None
    made = done.schema.table(Key("relation", "public", "made"))
    assert made is not None
    assert {label: _spelled(column.type) for label, column in made.columns.items()} == wanted


def _spelled(kind: Type | None) -> str:
    assert kind is not None
    text = type_name(kind, Dialect.POSTGRES)
    names = {"varchar": "character varying", "int4": "integer", "bpchar": "character", "timestamp": "timestamp"}
    base, _, rest = text.partition("(")
    plain = names.get(base.removesuffix("[]"), base.removesuffix("[]")) + ("[]" if base.endswith("[]") else "")
    spelled = f"{plain}({rest.replace(' ', '')}" if rest else plain
    return f"{spelled} without time zone" if base == "timestamp" else spelled
