"""Expressions of one engine in the words of the other; SQLite itself reads what is written for it."""

from __future__ import annotations

import pytest

from miglint.base.model import Dialect
from miglint.port.expressions import TranslationError, translate, translate_statement
from miglint.port.trial import objection_to


@pytest.mark.parametrize(
    ("postgres", "sqlite"),
    [
        ("now()", "CURRENT_TIMESTAMP"),
        ("CURRENT_TIMESTAMP AT TIME ZONE 'utc'", "CURRENT_TIMESTAMP"),
        ("'x'::text", "'x'"),
        ("'{}'::jsonb", "'{}'"),
        ("'-5'::integer", "-5"),
        ("'f'::boolean", "FALSE"),
        ("'red'::color", "'red'"),
        ("'\\x00ff'::bytea", "x'00ff'"),
        ("E'a\\'b\\n'", "'a''b\n'"),
        ("'{}'::text[]", "'[]'"),
        ("ARRAY['a', 'b']::text[]", """'["a", "b"]'"""),
        ("a = ANY (ARRAY['x', 'y'])", "a IN ('x', 'y')"),
        ("a = ANY ('{x,y}'::text[])", "a IN ('x', 'y')"),
        ("a::integer + 1", "CAST(a AS INTEGER) + 1"),
        ("char_length(a) > 3", "length(a) > 3"),
        ("a ILIKE 'x%'", "a LIKE 'x%'"),
        ("a NOT LIKE 'x%'", "NOT a GLOB 'x*'"),
        ("a !~~ 'x!%%' ESCAPE '!'", "NOT a GLOB 'x%*'"),
        ("a NOT ILIKE 'x%'", "NOT a LIKE 'x%'"),
        ("a IS NOT DISTINCT FROM b", "a IS b"),
        ("now() - interval '1 day'", "datetime(CURRENT_TIMESTAMP, '-1 days')"),
        ("now() - '2 weeks'::interval", "datetime(CURRENT_TIMESTAMP, '-14 days')"),
        ("extract(epoch from now())", "CAST(strftime('%s', CURRENT_TIMESTAMP) AS INTEGER)"),
        ("a ->> 'x'", "json_extract(a, '$.x')"),
        ("(a -> 'x y') -> 1 ->> 'it''s'", """json_extract(a, '$."x y"[1]."it''s"')"""),
        ("substring(a from 1 for 3)", "substring(a, 1, 3)"),
    ],
)
def test_what_sqlite_says_instead(postgres: str, sqlite: str) -> None:
    assert translate(postgres, Dialect.POSTGRES).text == sqlite
    assert objection_to(sqlite, ["a", "b"]) is None


def test_a_random_identifier_is_one_of_version_4() -> None:
    import sqlite3
    import uuid

    text = translate("gen_random_uuid()", Dialect.POSTGRES).text
    (made,) = sqlite3.connect(":memory:").execute(f"SELECT {text}").fetchone()
    assert uuid.UUID(made).version == 4
    assert uuid.UUID(made).variant == uuid.RFC_4122


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a ~ '^x'", "no regular expressions"),
        ("a SIMILAR TO 'x'", "no regular expressions"),
        ("nextval('s'::regclass)", "no sequences"),
        ("a AT TIME ZONE 'Europe/Berlin'", "AT TIME ZONE"),
        ("interval '1 day'", "an interval"),
        ("a = ANY (b)", "ANY over an array"),
        ("'{{1,2},{3,4}}'::int[]", "an array"),
        ("(" * 101 + "1" + ")" * 101, "too deep"),
        ("a +", "not read"),
    ],
)
def test_what_sqlite_cannot_say(text: str, reason: str) -> None:
    with pytest.raises(TranslationError, match=reason):
        translate(text, Dialect.POSTGRES)


@pytest.mark.parametrize(
    ("sqlite", "postgres"),
    [
        ("datetime('now')", "CURRENT_TIMESTAMP"),
        ("strftime('%s', 'now')", "CAST(EXTRACT(epoch FROM CURRENT_TIMESTAMP) AS BIGINT)"),
        ("lower(hex(randomblob(16)))", "CAST(gen_random_uuid() AS TEXT)"),
        ("unhex('00fF')", "CAST('\\x00fF' AS BYTEA)"),
        ("x'00ff'", "CAST('\\x00ff' AS BYTEA)"),
        ("ifnull(a, 1)", "coalesce(a, 1)"),
        ("a IS 1", "a IS NOT DISTINCT FROM 1"),
        ("a == 1", "a = 1"),
        ("max(a, b)", "greatest(a, b)"),
    ],
)
def test_what_postgres_says_instead(sqlite: str, postgres: str) -> None:
    assert translate(sqlite, Dialect.SQLITE).text == postgres


@pytest.mark.parametrize(
    "text", ["a GLOB 'x*'", "strftime('%Y', a)", "hex(a)", "unhex(a)", "unhex('0')", "unhex('00 01', ' ')"]
)
def test_what_postgres_cannot_say(text: str) -> None:
    with pytest.raises(TranslationError, match="has no equivalent"):
        translate(text, Dialect.SQLITE)


@pytest.mark.parametrize(
    ("source", "text", "translated"),
    [
        (
            Dialect.POSTGRES,
            "INSERT INTO t (a) VALUES (now()) ON CONFLICT (a) DO NOTHING",
            "INSERT INTO t (a) VALUES (CURRENT_TIMESTAMP) ON CONFLICT(a) DO NOTHING",
        ),
        (Dialect.POSTGRES, "TRUNCATE t", "DELETE FROM t"),
        (
            Dialect.SQLITE,
            "INSERT OR IGNORE INTO t (a) VALUES (1)",
            "INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING",
        ),
    ],
)
def test_statements(source: Dialect, text: str, translated: str) -> None:
    assert translate_statement(text, source) == translated


def test_a_statement_that_both_read_alike_stays_as_it_is_written() -> None:
    text = "UPDATE t\n   SET a = 'x',  b = 2\n WHERE c IS NULL"
    assert translate_statement(text, Dialect.POSTGRES) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (Dialect.POSTGRES, "DELETE FROM t USING u WHERE u.id = t.id RETURNING t.id"),
        (Dialect.POSTGRES, "INSERT INTO t VALUES (1) ON CONFLICT ON CONSTRAINT k DO NOTHING"),
        (Dialect.POSTGRES, "TRUNCATE t, u"),
        (Dialect.POSTGRES, "WITH x AS (DELETE FROM t RETURNING a) INSERT INTO u SELECT a FROM x"),
        (Dialect.SQLITE, "INSERT OR REPLACE INTO t VALUES (1)"),
    ],
)
def test_statements_without_an_equivalent(source: Dialect, text: str) -> None:
    with pytest.raises(TranslationError, match="no equivalent"):
        translate_statement(text, source)
