"""What help texts offer where the plain statement would not run: another name, another statement, or none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from miglint.base.findings import Finding

from .checking import Checker


@pytest.fixture
def checker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checker:
    return Checker(tmp_path, monkeypatch)


def _found(checker: Checker, setup: str, forward: str, rollback: str, code: str) -> list[Finding]:
    files = {
        "miglint.toml": 'idempotency = "required"\ndialect = "postgres"\n',
        "001_a.up.sql": setup,
        "002_b.up.sql": forward,
        "002_b.down.sql": rollback,
    }
    return [item for item in checker(files) if item.code == code and item.version == "002"]


T = "CREATE TABLE t (id int PRIMARY KEY, a int);"


@pytest.mark.parametrize(
    ("code", "taken", "forward", "rollback", "offered"),
    [
        ("DAT006", "t_saved", "ALTER TABLE t ADD b int;", "ALTER TABLE t DROP COLUMN b;", "CREATE TABLE t_saved_2 AS"),
        ("DAT005", "u_saved", "CREATE TABLE u (a int);", "DROP TABLE u;", "CREATE TABLE u_saved_2 AS"),
        ("DAT004", "t_saved", "DELETE FROM t;", "SELECT 1;", "CREATE TABLE t_saved_2 AS"),
        ("DAT001", "t_old", "DROP TABLE t;", T, "RENAME TO t_old_2;"),
        ("BWC001", "t_unused", "DROP TABLE t;", T, "RENAME TO t_unused_2;"),
    ],
)
def test_a_name_that_is_taken_is_not_offered(
    checker: Checker, code: str, taken: str, forward: str, rollback: str, offered: str
) -> None:
    (found,) = _found(checker, f"{T} CREATE VIEW {taken} AS SELECT 1 AS a;", forward, rollback, code)
    assert offered in (found.help or "")


def test_what_is_perhaps_not_there_is_not_saved(checker: Checker) -> None:
    block = "DO $$ BEGIN IF (SELECT count(*) FROM t) > 3 THEN ALTER TABLE t ADD b int; END IF; END $$;"
    (found,) = _found(checker, T, block, "ALTER TABLE t DROP COLUMN IF EXISTS b;", "DAT006")
    assert "`" not in (found.help or "")


@pytest.mark.parametrize(("data", "number"), [("WITH NO DATA", 0), ("", 1)])
def test_a_view_without_rows_has_no_duplicates(checker: Checker, data: str, number: int) -> None:
    setup = f"{T} CREATE MATERIALIZED VIEW m AS SELECT a FROM t {data};"
    found = _found(checker, setup, "CREATE UNIQUE INDEX i ON m (a);", "DROP INDEX i;", "DAT021")
    assert len(found) == number


@pytest.mark.parametrize(
    ("user", "dropped"),
    [
        ("", True),
        ("CREATE TABLE u (a int REFERENCES t);", False),
        ("CREATE TABLE u (a int, b int REFERENCES t);", False),
    ],
)
def test_a_key_that_others_need_is_not_dropped_first(checker: Checker, user: str, dropped: bool) -> None:
    setup = "CREATE TABLE t (id int NOT NULL, a int);"
    forward = f"ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (id); {user}"
    (found,) = _found(checker, setup, forward, "SELECT 1;", "IDM003")
    pieces = re.findall(r"`([^`]+)`", found.help or "")
    assert ("ALTER TABLE t DROP CONSTRAINT IF EXISTS k;" in pieces) is dropped
    assert pieces[-1].startswith("DO $$")


def test_a_conversion_that_cannot_be_made_again_uses_nothing_that_is_gone(checker: Checker) -> None:
    forward = "ALTER TABLE t ALTER COLUMN a TYPE boolean USING a = 1;"
    back = "ALTER TABLE t ALTER COLUMN a TYPE int USING a::int;"
    assert not _found(checker, T, forward, back, "IDM050")
    assert len(_found(checker, T, forward, back, "IDM053")) == 1


def test_or_replace_is_not_offered_for_a_body_that_a_second_run_refuses(checker: Checker) -> None:
    body = "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM t WHERE s = '{}'; END;"
    setup = f"CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (s e); {body.format('a')}"
    forward = "DROP FUNCTION f(); ALTER TYPE e RENAME VALUE 'a' TO 'c';"
    back = f"{body.format('c')} ALTER TYPE e RENAME VALUE 'c' TO 'a';"
    assert not _found(checker, setup, forward, back, "IDM009")
    (found,) = _found(checker, setup, forward, back, "IDM053")
    assert 'invalid input value for enum e: "c"' in found.message
