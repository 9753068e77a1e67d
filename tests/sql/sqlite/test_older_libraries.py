"""Syntax newer than the library: the first error is the one that the newest SQLite reports, and at the same place."""

from __future__ import annotations

import pytest

from miglint.sql.sqlite.judge import accepts


@pytest.mark.parametrize(
    ("statement", "message", "at"),
    [
        ("SELECT group_concat(a ORDER BY b) FROM t;", None, ""),
        ("UPDATE t SET a = (SELECT max(v ORDER BY k::int) FROM t) WHERE b ? 'x';", 'unrecognized token: ":"', ":"),
        ("CREATE INDEX i ON t (a DESC, b ORDER BY x);", 'near "ORDER": syntax error', "ORDER"),
        ("CREATE INDEX i ON t (max(a ORDER BY b));", None, ""),
        ("CREATE TABLE t (a ORDER BY x text, b text);", 'near "ORDER": syntax error', "ORDER"),
        ("CREATE TABLE main.t (a text NOT ORDER BY x NULL, b text);", 'near "ORDER": syntax error', "ORDER"),
        ("INSERT INTO t (a ORDER BY b) VALUES (1);", 'near "ORDER": syntax error', "ORDER"),
        ("ALTER TABLE t ADD CONSTRAINT c CHECK ((a IS NULL OR b (a = 1);", "incomplete input", ")"),
    ],
)
def test_the_first_error_is_that_of_the_newest(statement: str, message: str | None, at: str) -> None:
    found = accepts(statement, 0, (3, 54))
    assert found.accepted is (message is None)
    assert [(item.message, statement[item.span.start : item.span.end]) for item in found.refusals] == (
        [] if message is None else [(message, at)]
    )


@pytest.mark.parametrize(
    ("statement", "at"),
    [
        ("UPDATE t SET a = 1 LIMIT 1;", "LIMIT"),
        ("DELETE FROM t WHERE a = 1 ORDER BY b LIMIT 2;", "ORDER"),
        ("DELETE FROM t ORDER BY b;", "ORDER"),
        ("WITH w AS (SELECT 1 LIMIT 1) DELETE FROM t LIMIT 1;", "LIMIT"),
        ("UPDATE t SETT a = 1 LIMIT 1;", "SETT"),
        ("WITH w AS (SELECT 1 LIMIT 1) DELETE FROM t WHERE a IN (SELECT b FROM u ORDER BY c LIMIT 1);", ""),
        ("WITH w AS (SELECT 1) SELECT * FROM w ORDER BY 1 LIMIT 1;", ""),
        ("INSERT INTO t SELECT * FROM u WHERE true ORDER BY a LIMIT 1 ON CONFLICT DO UPDATE SET a = 1;", ""),
    ],
)
def test_limits_of_changes_are_judged_alike_by_libraries_built_for_them_and_others(statement: str, at: str) -> None:
    """Debian builds SQLite with them, the makers of SQLite do not."""
    found = accepts(statement)
    assert found.accepted is (at == "")
    assert [statement[item.span.start : item.span.end] for item in found.refusals] == ([at] if at else [])
