"""Two expressions have one key exactly when PostgreSQL stores them alike: the server itself is asked."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql as quoting

from miglint.base.structs import replace
from miglint.schema.spellings import Surroundings, spelled

from .reading import key, one

COLUMNS = """a int, b text, c varchar(20), n numeric(10, 2), f float8, big int8, d date, ts timestamptz, ok bool,
    j jsonb, arr text[], ia int[], u uuid, ch char(3), iv interval, m mood"""

CHECKS = """a > 0
a != 1
a <> -1
b = 'x'
b = 'x'::text
c = 'x'
c <> ''
c IN ('a', 'b')
c NOT IN ('a', 'b')
c IN ('a')
b IN ('a', 'b')
b = ANY (ARRAY['a', 'b'])
b <> ALL (ARRAY['a', 'b'])
a IN (1, 2)
a BETWEEN 1 AND 2
a NOT BETWEEN 1 AND 2
a BETWEEN 1 AND 2 AND b IS NOT NULL
NOT a = 1
NOT (a = 1)
(a IS NOT NULL) = true
b LIKE 'x%'
b ILIKE 'x%'
c NOT LIKE 'x%'
b SIMILAR TO 'a|b'
length(c) > 3
n > 0
n >= 0.5
f > 0
big > 0
d > '2020-01-01'
ok
ok = true
ok IS TRUE
NOT ok
j ? 'a'
j @> '{}'
j ->> 'a' = 'b'
arr @> ARRAY['x']
coalesce(a, 0) > 0
coalesce(b, '') <> ''
coalesce(n, 0) > 0
CASE WHEN a > 0 THEN b = 'x' ELSE false END
CASE a WHEN 1 THEN true END
a = 1 OR b = 'x' AND c = 'y'
(a = 1 OR b = 'x') AND c = 'y'
a = 1 AND (b = 'x' AND c = 'y')
a IS DISTINCT FROM 1
a IS NOT DISTINCT FROM 1
extract(year FROM ts) > 2000
ts > now()
ts > current_timestamp
d <= current_date
trim(b) <> ''
b COLLATE "C" > 'a'
nullif(a, 1) = 2
greatest(a, 1) > 0
m = 'sad'
m IN ('sad', 'ok')
iv > '1 day'
iv > interval '1 day'
u <> '00000000-0000-0000-0000-000000000000'
ch = 'abc'
a::text = '1'
b::int > 0
substring(b FROM 1 FOR 2) = 'ab'
-a < 0
b || c = 'x'
ia[1] > 0
a = 1::bigint""".splitlines()


@pytest.fixture
def table(connection: psycopg.Connection) -> psycopg.Connection:
    connection.execute("CREATE TYPE mood AS ENUM ('sad', 'ok')")
    connection.execute(f"CREATE TABLE t ({COLUMNS})".encode())
    return connection


def stored(connection: psycopg.Connection, check: str) -> str:
    """Return what the catalog says of a check constraint."""
    connection.execute(f"ALTER TABLE t ADD CONSTRAINT k CHECK ({check})".encode())
    row = connection.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'k'").fetchone()
    connection.execute("ALTER TABLE t DROP CONSTRAINT k")
    assert row is not None
    return str(row[0])


def test_the_catalogs_spelling_has_the_same_meaning(table: psycopg.Connection) -> None:
    columns = one(f"CREATE TABLE t ({COLUMNS})").columns
    kinds = {column.name: str(replace(column.type, args=())) for column in columns}
    place = Surroundings(kinds.get)
    for check in CHECKS:
        text = stored(table, check)
        found = one(f"ALTER TABLE t ADD CONSTRAINT k {text}").constraint.expression
        assert spelled(found.key, place) == spelled(key(check), place), (check, text)


def test_keys_are_equal_exactly_when_the_catalog_is(table: psycopg.Connection) -> None:
    texts = {check: stored(table, check) for check in CHECKS}
    keys = {check: key(check) for check in CHECKS}
    for first in CHECKS:
        for second in CHECKS:
            assert (texts[first] == texts[second]) == (keys[first] == keys[second]), (first, second)


DEFAULTS = [
    ("int", "0"),
    ("int", "-1"),
    ("int", "'-1'"),
    ("int", "(1 + 1)"),
    ("int8", "0"),
    ("int8", "-1"),
    ("numeric(10, 2)", "0"),
    ("numeric(10, 2)", "-1.5"),
    ("float8", "0.5"),
    ("text", "''"),
    ("text", "'none'"),
    ("text", "'none'::text"),
    ("text", "'none'::varchar"),
    ("varchar(20)", "'none'"),
    ("varchar(20)", "'none'::varchar"),
    ("text", "'it''s'"),
    ("text", "E'a\\nb'"),
    ("text", "'a' || 'b'"),
    ("char(3)", "'abc'"),
    ("bool", "' TRU '::bool"),
    ("bool", "true"),
    ("bool", "'t'::boolean"),
    ("bool", "false"),
    ("timestamptz", "now()"),
    ("timestamptz", "current_timestamp"),
    ("timestamptz", "current_timestamp(3)"),
    ("timestamp", "timezone('utc', now())"),
    ("date", "current_date"),
    ("date", "'2020-01-01'"),
    ("jsonb", "'{}'"),
    ("jsonb", "'{}'::jsonb"),
    ("text[]", "'{}'"),
    ("text[]", "ARRAY[]::text[]"),
    ("uuid", "gen_random_uuid()"),
    ("mood", "'sad'"),
    ("mood", "'sad'::mood"),
    ("interval", "'1 day'"),
    ("interval", "interval '1 day'"),
    ("int", "nextval('sq')"),
    ("text", "current_user"),
    ("inet", "'127.0.0.1'"),
]


def test_defaults(table: psycopg.Connection) -> None:
    table.execute("CREATE SEQUENCE sq")
    for type_name, default in DEFAULTS:
        table.execute(f"CREATE TABLE q (x {type_name} DEFAULT {default})".encode())
        row = table.execute(
            "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'q'::regclass"
        ).fetchone()
        table.execute("DROP TABLE q")
        assert row is not None
        written = one(f"CREATE TABLE q (x {type_name} DEFAULT {default})").columns[0].default
        read = one(f"CREATE TABLE q (x {type_name} DEFAULT {row[0]})").columns[0].default
        changed = one(f"ALTER TABLE q ALTER x SET DEFAULT {default}").default
        assert written == read == changed, (type_name, default, row[0])


@pytest.mark.parametrize("default", ["NULL", "NULL::int"])
def test_a_default_of_null_is_none(table: psycopg.Connection, default: str) -> None:
    table.execute(quoting.SQL("CREATE TABLE q (x int DEFAULT {})").format(quoting.SQL(default)))  # type: ignore[arg-type]
    assert table.execute("SELECT 1 FROM pg_attrdef WHERE adrelid = 'q'::regclass").fetchone() is None
    assert one(f"CREATE TABLE q (x int DEFAULT {default})").columns[0].default is None


DIFFERENT = [
    ("ts > now()", "ts > current_timestamp"),
    ("a > 0", "a >= 0"),
    ("a > 0", "a > 1"),
    ("b = 'x'", "b = 'X'"),
    ("b LIKE 'x'", "b ILIKE 'x'"),
    ("a = 1 AND b = 'x'", "a = 1 OR b = 'x'"),
    ("lower(b) = 'x'", "upper(b) = 'x'"),
    ("a IS NULL", "a IS NOT NULL"),
    ("'1'::int = a", "'2'::int = a"),
    ("a BETWEEN 1 AND 2", "a BETWEEN 1 AND 3"),
]


@pytest.mark.parametrize(("first", "second"), DIFFERENT)
def test_different_keys(first: str, second: str) -> None:
    assert key(first) != key(second)
