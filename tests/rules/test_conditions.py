"""Conditions of rules that no example on a page needs: each case failed to fail when a mutation run changed it."""

from __future__ import annotations

from pathlib import Path

import pytest

from miglint.rules.selection import path_pattern

from .checking import Checker

GOOSE = "-- +goose NO TRANSACTION\n-- +goose Up\n{up}\n-- +goose Down\n{down}\n"
ADD = "ALTER TYPE e ADD VALUE 'b';"
USE = "INSERT INTO t VALUES (1, 'b');"
ENUM = "CREATE TYPE e AS ENUM ('a');\nCREATE TABLE t (id bigint PRIMARY KEY, e e);"
KEYS = "CREATE TABLE t (a int NOT NULL, b int NOT NULL, CONSTRAINT k PRIMARY KEY (a));"


@pytest.fixture
def checker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checker:
    return Checker(tmp_path, monkeypatch)


def pair(number: int, up: str, down: str = "SELECT 1;") -> dict[str, str]:
    return {f"{number:03}_a.up.sql": up, f"{number:03}_a.down.sql": down}


@pytest.mark.parametrize(("script", "fires"), [(f"{ADD}\n{USE}", False), (f"BEGIN;\n{ADD}\n{USE}\nCOMMIT;", True)])
def test_a_new_enum_value_is_refused_in_the_script_s_own_transaction(
    checker: Checker, script: str, *, fires: bool
) -> None:
    files = {
        "001_a.sql": GOOSE.format(up=ENUM, down="DROP TABLE t;\nDROP TYPE e;"),
        "002_b.sql": GOOSE.format(up=script, down="DELETE FROM t;"),
    }
    assert bool(checker.told(files, "TXN006")) == fires


@pytest.mark.parametrize(("more", "fires"), [("", False), ("\nSELECT 1;", True)])
def test_one_statement_sent_as_a_query_has_no_transaction(checker: Checker, more: str, *, fires: bool) -> None:
    configuration = {"miglint.toml": 'layout = "golang-migrate"\ntargets = ["postgres>=11"]'}
    assert bool(checker.told(pair(1, ENUM) | pair(2, ADD + more) | configuration, "TXN007")) == fires


@pytest.mark.parametrize(("statement", "fires"), [("VACUUM u;", False), ("VACUUM FULL u;", True)])
def test_only_a_full_vacuum_waits_for_a_lock(checker: Checker, statement: str, *, fires: bool) -> None:
    configuration = {"miglint.toml": 'select = ["LCK033"]'}
    assert bool(checker.told(pair(1, statement) | configuration, "LCK033")) == fires


@pytest.mark.parametrize(("kind", "former"), [("numeric", "numeric(p, s)"), ("text", "varchar(n)")])
def test_a_type_change_without_a_rewrite_depends_on_the_former_type(checker: Checker, kind: str, former: str) -> None:
    told = checker.told(pair(1, f"ALTER TABLE u ALTER COLUMN a TYPE {kind};"), "LCK028")
    assert [message.endswith(f"unless a is a {former}") for _, _, message in told] == [True]


@pytest.mark.parametrize(
    ("added", "fires"), [("", True), ("PRIMARY KEY (b)", False), ("CONSTRAINT other UNIQUE (b)", True)]
)
def test_only_another_primary_key_replaces_a_primary_key(checker: Checker, added: str, *, fires: bool) -> None:
    more = f", ADD {added}" if added else ""
    files = pair(1, KEYS, "DROP TABLE t;") | pair(2, f"ALTER TABLE t DROP CONSTRAINT k{more};")
    assert bool(checker.told(files, "DAT036")) == fires


@pytest.mark.parametrize(("column", "fires"), [("a", True), ("b", False)])
def test_a_key_goes_only_with_its_own_column(checker: Checker, column: str, *, fires: bool) -> None:
    table = "CREATE TABLE t (id bigint PRIMARY KEY, a int, b int, CONSTRAINT k UNIQUE (a));"
    files = pair(1, f"{table}\nALTER TABLE t DROP COLUMN {column};", "DROP TABLE t;")
    assert bool(checker.told(files | {"miglint.toml": 'select = ["TYP032"]'}, "TYP032")) == fires


def test_a_pattern_with_a_slash_starts_at_the_top() -> None:
    assert path_pattern("b").match("x/b/c.sql")
    assert path_pattern("a/b").match("a/b/c.sql")
    assert not path_pattern("a/b").match("x/a/b/c.sql")
