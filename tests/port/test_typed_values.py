"""PostgreSQL computes from typed values what SQLite would compute otherwise from texts and numbers."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from miglint.base.model import Dialect
from miglint.port.expressions import TranslationError, translate, translate_statement
from miglint.port.value_kinds import ValueKinds

from .conftest import Command, Plant

_KINDS = ValueKinds(
    {
        "doc": "document",
        "amount": "exact",
        "n": "integer",
        "at": "time",
        "ok": "boolean",
        "raw": "bytes",
        "tags": "array",
        "sizes": "numbers",
        "day": "date",
        "name": "text",
        "mood": "label",
    },
    {"t": ("ok", "raw", "sizes")},
)


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("at::date", "substr(at, 1, 10)"),
        ("day + 7", "date(day, '+7 days')"),
        ("at - interval '2 days'", "datetime(at, '-2 days')"),
        ("amount / 2", "CAST(amount AS REAL) / 2"),
        ("n / 2", "n / 2"),
        ("amount::int", "CAST(round(amount) AS INTEGER)"),
        ("ok::text", "CASE WHEN ok THEN 'true' WHEN NOT ok THEN 'false' END"),
        ("doc - 'a'", "json_remove(doc, '$.\"a\"')"),
        ("name LIKE 'A\\_%'", "name GLOB 'A_*'"),
        ("name LIKE '%@%'", "name LIKE '%@%'"),
        ("name ILIKE 'a%'", "name LIKE 'a%'"),
        ("left(name, 2)", "substr(name, 1, 2)"),
        ("concat(name, '-')", "(coalesce(name, '') || '-')"),
        ("date_trunc('month', at)", "datetime(at, 'start of month')"),
        ("'{1,2}'::int[]", "'[1, 2]'"),
        ("doc #>> '{a,0}'", "json_extract(doc, '$.a[0]')"),
    ],
)
def test_expressions(text: str, there: str) -> None:
    assert translate(text, Dialect.POSTGRES, kinds=_KINDS).text == there


@pytest.mark.parametrize(
    "text", ["now() - at", "doc || '{}'", "tags || 'x'", "doc @> '{}'", "name LIKE name", "U&'\\0041'"]
)
def test_what_would_be_another_value_is_refused(text: str) -> None:
    with pytest.raises(TranslationError):
        translate(text, Dialect.POSTGRES, kinds=_KINDS)


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("INSERT INTO t VALUES ('yes', '\\xff', '{1,2}')", "INSERT INTO t VALUES (TRUE, x'ff', '[1, 2]')"),
        (
            "UPDATE t SET ok = 'f', n = amount / 2",
            "UPDATE t SET ok = FALSE, n = CAST(round((CAST(amount AS REAL) / 2)) AS INTEGER)",
        ),
        ("DELETE FROM t USING u WHERE u.id = t.id", "DELETE FROM t WHERE EXISTS(SELECT 1 FROM u WHERE u.id = t.id)"),
        (
            "INSERT INTO t SELECT a FROM u ON CONFLICT DO NOTHING",
            "INSERT INTO t SELECT a FROM u WHERE TRUE ON CONFLICT DO NOTHING",
        ),
    ],
)
def test_statements(text: str, there: str) -> None:
    assert translate_statement(text, Dialect.POSTGRES, kinds=_KINDS) == there


def _run(root: Path, rows: str) -> sqlite3.Connection:
    """Run the two variants, with rows before the second."""
    connection = sqlite3.connect(":memory:")
    connection.executescript((root / "db/001_a.sqlite.up.sql").read_text())
    connection.executescript(rows)
    connection.executescript((root / "db/002_b.sqlite.up.sql").read_text())
    return connection


@pytest.mark.parametrize(
    ("table", "change", "values", "after"),
    [
        ("v text", "ALTER TABLE t ALTER v TYPE boolean USING (v = 'Y')", "'Y'", 1),
        ("v text", "ALTER TABLE t ALTER v TYPE int USING trim(v)::int * 2", "' 12 '", 24),
        ("v numeric(10,2)", "ALTER TABLE t ALTER v TYPE bigint", "2.5", 3),
        ("v text", "ALTER TABLE t ALTER v TYPE varchar(2) USING substr(v, 1, 2)", "'abc'", "ab"),
        ("v timestamptz", "ALTER TABLE t ALTER v TYPE date", "'2020-01-02 03:04:05+00'", "2020-01-02"),
        (
            "v int",
            "CREATE TEMP TABLE old_t AS SELECT * FROM t; TRUNCATE t; INSERT INTO t SELECT id, v * 2 FROM old_t",
            "5",
            10,
        ),
        ("v int", "ALTER TABLE t ADD d timestamptz NOT NULL DEFAULT now(); UPDATE t SET v = 1", "5", 1),
    ],
)
def test_rows(plant: Plant, port: Command, table: str, change: str, values: str, after: object) -> None:
    root = plant(
        {
            "db/001_a.up.sql": f"CREATE TABLE t (id int PRIMARY KEY, {table});",
            "db/002_b.up.sql": f"{change};",
            "miglint.toml": 'dialect = "postgres"\n',
        }
    )
    assert port("--to", "sqlite").status == 0
    connection = _run(root, f"INSERT INTO t (id, v) VALUES (1, {values});")
    assert connection.execute("SELECT v FROM t").fetchall() == [(after,)]


def test_a_domain_gives_its_default_and_its_checks(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "db/001_a.up.sql": """\
                CREATE DOMAIN amount AS int NOT NULL DEFAULT 3 CHECK (VALUE > 0);
                CREATE TABLE t (id int PRIMARY KEY, "order" amount);
                """,
            "db/002_b.up.sql": "ALTER TABLE t ADD second amount DEFAULT 4;\n",
            "miglint.toml": 'dialect = "postgres"\n',
        }
    )
    done = port("--to", "sqlite")
    assert "not carried over" not in done.out
    assert '"order" INTEGER DEFAULT 3 NOT NULL CHECK ("order" > 0)' in (root / "db/001_a.sqlite.up.sql").read_text()
    connection = _run(root, "INSERT INTO t (id) VALUES (1);")
    assert connection.execute("SELECT * FROM t").fetchall() == [(1, 3, 4)]
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("UPDATE t SET second = 0")


def test_a_generated_column_is_added_beside_those_it_is_made_from(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "db/001_a.up.sql": "CREATE TABLE t (id int PRIMARY KEY, v text);",
            "db/002_b.up.sql": "ALTER TABLE t ADD c text GENERATED ALWAYS AS (left(v, 1)) STORED;\n",
            "miglint.toml": 'dialect = "postgres"\n',
        }
    )
    assert port("--to", "sqlite").status == 0
    connection = _run(root, "INSERT INTO t VALUES (1, 'xy');")
    assert connection.execute("SELECT c FROM t").fetchall() == [("x",)]


def test_the_rollback_converts_values_back(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "db/001_a.up.sql": "CREATE TABLE t (id int PRIMARY KEY, v text, n numeric(8,2), w text);",
            "db/002_b.up.sql": """\
                ALTER TABLE t ALTER v TYPE boolean USING (v = 'Y');
                ALTER TABLE t ALTER n TYPE bigint USING (n * 100)::bigint;
                ALTER TABLE t ALTER w TYPE int USING length(w);
                """,
            "db/002_b.down.sql": """\
                ALTER TABLE t ALTER v TYPE text USING CASE WHEN v THEN 'Y' ELSE 'N' END;
                ALTER TABLE t ALTER n TYPE numeric(8,2) USING n / 100.0;
                """,
            "miglint.toml": 'dialect = "postgres"\n',
        }
    )
    # What the rollback of PostgreSQL does not convert back is named.
    said = port("--to", "sqlite").out
    assert said.count("the values of t.w stay") == 1
    assert "t.v stay" not in said
    connection = _run(root, "INSERT INTO t VALUES (1, 'Y', 2.25, 'abc'), (2, 'N', 1, 'd');")
    assert connection.execute("SELECT v, n FROM t").fetchall() == [(1, 225), (0, 100)]
    for _ in range(2):
        connection.executescript((root / "db/002_b.sqlite.down.sql").read_text())
        assert connection.execute("SELECT v, n FROM t").fetchall() == [("Y", 2.25), ("N", 1)]


def test_a_column_is_renamed_and_its_table_rebuilt(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "db/001_a.up.sql": "CREATE TABLE t (id int PRIMARY KEY, v text);",
            "db/002_b.up.sql": 'ALTER TABLE t RENAME v TO "group by"; ALTER TABLE t ALTER "group by" SET NOT NULL;',
            "db/002_b.down.sql": 'ALTER TABLE t ALTER "group by" DROP NOT NULL; ALTER TABLE t RENAME "group by" TO v;',
            "miglint.toml": 'dialect = "postgres"\n',
        }
    )
    assert "except" not in port("--to", "sqlite").out
    connection = _run(root, "INSERT INTO t VALUES (1, 'x');")
    connection.executescript((root / "db/002_b.sqlite.down.sql").read_text())
    assert connection.execute("SELECT v FROM t").fetchall() == [("x",)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # Each value is what PostgreSQL gives.
        ("split_part('a,b\\c', ',', 2)", "b\\c"),
        ("split_part('it''s \"x\" y', ' ', 2)", '"x"'),
        ("split_part('a b', ' ', 3)", ""),
        ("left('hello', -2)", "hel"),
        ("left('a', -2)", ""),
        ("left('hello', 0)", ""),
        ("right('hello', 2)", "lo"),
        ("right('hello', -2)", "llo"),
        ("right('hello', 0)", ""),
        ("5::boolean", 1),
        ("1.5::int", 2),
        ("'abc'::varchar(2)", "ab"),
        ("date_trunc('month', '2024-05-17 10:00:00'::timestamp)::date", "2024-05-01"),
        ("'2024-03-01'::date - '2024-02-28'::date", 2),
        ("extract(dow from '2024-05-17'::date)", 5),
        ("(1 > 0) || '!'", "true!"),
        ("3 <> ALL (ARRAY[1, 2])", 1),
        ("jsonb_build_object('a', true, 'b', jsonb_build_array(1 > 2, 'x'))", '{"a":true,"b":[false,"x"]}'),
        ("""'{"a": true}'::jsonb ->> 'a' = 'true'""", 1),
        ("""'{"a": 3}'::jsonb ->> 'a' = '3'""", 1),
        ("""'{"a": "3"}'::jsonb ->> 'a' = '3'""", 1),
        ("""'{"a": {"b": false}}'::jsonb #>> '{a,b}' = 'false'""", 1),
        ("""coalesce('{"a": false}'::jsonb ->> 'a', 'x')""", "false"),
        ("""'{"a": true}'::jsonb ->> 'a' IN ('true', 'x')""", 1),
        ("""('{"a": 4}'::jsonb ->> 'a')::int + 1""", 5),
    ],
)
def test_the_value_is_the_same(text: str, value: object) -> None:
    made = translate(text, Dialect.POSTGRES).text
    assert sqlite3.connect(":memory:").execute(f"SELECT {made}").fetchone() == (value,)


@pytest.mark.parametrize(
    "text",
    [
        "substring(name from '[0-9]+')",
        "substring(name, -1, 3)",
        "left(name, n)",
        "left(name, 1.5)",
        "right(name, '-1')",
        "split_part(name, 'n', 1)",
        "format('%I', name)",
        "@ n",
        "amount % 2",
        "mood < 'sad'",
        "max(mood)",
        "mood BETWEEN 'a' AND 'b'",
    ],
)
def test_what_would_have_another_value_is_refused(text: str) -> None:
    with pytest.raises(TranslationError):
        translate(text, Dialect.POSTGRES, kinds=_KINDS)
