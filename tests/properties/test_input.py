"""Any bytes are read without an error of this program: they give findings, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miglint.config.settings import Settings
from miglint.linter.run import Job, check

FRAGMENTS = (
    "CREATE TABLE", "ALTER TABLE", "DROP", "IF EXISTS", "IF NOT EXISTS", "ADD COLUMN", "CONSTRAINT", "CHECK", "UNIQUE",
    "FOREIGN KEY", "REFERENCES", "INDEX", "CONCURRENTLY", "VIEW", "MATERIALIZED", "TYPE", "ENUM", "FUNCTION", "TRIGGER",
    "LANGUAGE plpgsql", "AS", "$$", "$a$", "BEGIN", "END", "IF", "THEN", "LOOP", "RENAME TO", "SET NOT NULL", "DEFAULT",
    "INSERT INTO", "VALUES", "ON CONFLICT DO NOTHING", "SELECT", "FROM", "WHERE", "(", ")", "((", "))", ",", ";", ";;",
    "'", "''", '"', "--", "/*", "*/", "\n", "\t", "\r\n", "\0", "\ufeff", "é", "𝄞", "t", "public.t", '"T"', "a", "b",
    "*", "1", "-1", "1e9", "::text", "now()", "[]", "{}", "${x}", "\\", "E'\\'", "-- +goose Up", "-- migrate:down",
    "-- miglint: ignore ALL (x)", "--changeset a:b", "PRAGMA", "STRICT", "WITHOUT ROWID", "COPY t FROM stdin;", "\\.",
    "DO", "EXCEPTION WHEN others", "GRANT", "COMMENT ON", "IS NULL", "SERIAL", "PRIMARY KEY", "COMMIT", "ROLLBACK",
)  # fmt: skip
STATEMENTS = (
    "CREATE TABLE t (id serial PRIMARY KEY, a text NOT NULL DEFAULT 'x', CHECK (a <> ''));",
    "ALTER TABLE t ADD COLUMN b int REFERENCES u (id) ON DELETE CASCADE, DROP COLUMN a;",
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (lower(a), b DESC) WHERE b > 0;",
    "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'e') "
    "THEN CREATE TYPE e AS ENUM ('a'); END IF; END $$;",
    "CREATE FUNCTION f() RETURNS trigger AS $f$ BEGIN NEW.a := 1; RETURN NEW; END $f$ LANGUAGE plpgsql;",
    "INSERT INTO t (a) SELECT a FROM u ON CONFLICT (a) DO UPDATE SET a = excluded.a;",
    "CREATE TRIGGER g AFTER UPDATE ON t BEGIN UPDATE t SET a = 1 WHERE id = new.id; DELETE FROM u; END;",
)


def checked(data: bytes, dialect: str) -> None:
    report = check(Job(Settings(str(Path.cwd()), dialect=dialect), ("001_a.up.sql",), data, cached=False)).report
    assert [item for item in report.findings if item.code == "INT001"] == []


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


dialects = st.sampled_from(("postgres", "sqlite"))


@settings(max_examples=150)
@given(data=st.binary(max_size=400), dialect=dialects)
def test_any_bytes(data, dialect):
    checked(data, dialect)


@settings(max_examples=150)
@given(text=st.text(max_size=200), dialect=dialects)
def test_any_text(text, dialect):
    checked(text.encode("utf-8", "surrogatepass"), dialect)


@settings(max_examples=300)
@given(parts=st.lists(st.sampled_from(FRAGMENTS), max_size=40), dialect=dialects)
def test_fragments_of_sql(parts, dialect):
    checked(" ".join(parts).encode(), dialect)


@settings(max_examples=300)
@given(data=st.data(), dialect=dialects)
def test_statements_with_parts_changed(data, dialect):
    text = "\n".join(data.draw(st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=4)))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 30)))
        text = text[:start] + data.draw(st.sampled_from(FRAGMENTS)) + text[end:]
    checked(text.encode("utf-8", "surrogatepass"), dialect)
