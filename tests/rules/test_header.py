"""Headers and tracking tables: rules that a team switches on."""

from __future__ import annotations

from pathlib import Path

import pytest

from .checking import Checker

ON = 'extend-select = ["HDR"]\nignore = ["HDR004", "HDR005"]\n'
TRACKED = 'select = ["HDR004", "HDR005"]\n'
TABLE = "CREATE TABLE IF NOT EXISTS tags (id bigint PRIMARY KEY);\n"


@pytest.fixture
def checker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checker:
    return Checker(tmp_path, monkeypatch)


def head(migration: str = "005_tags.sql", created: str = "2024-12-19", version: str = "1.0.0") -> str:
    return f"-- Migration: {migration}\n-- Description: Tags\n-- Created: {created}\n-- Version: {version}\n\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (head(), []),
        (head("005_tags"), []),
        (head("database/migrations/005_tags.sql"), []),
        (head("005"), []),
        (head("004_users.sql"), ["HDR003"]),
        (head().replace("Migration", "Rollback"), ["HDR001", "HDR003"]),
        (head(created="19.12.2024"), ["HDR002"]),
        (head(created="2024-13-01"), ["HDR002"]),
        (head(created="2024-12-19T10:00:00Z"), []),
        (head(version="one"), ["HDR002"]),
        (head(version="v1.2"), []),
        (head(version="1.0.0-rc.1"), []),
        (head().replace("-- Description: Tags\n", ""), ["HDR001"]),
        (head().replace("Tags", ""), ["HDR001"]),
        (head().replace("-- ", "").join(("/*\n", "*/\n")), []),
        ("", ["HDR001"]),
        # What stands behind the first statement is no header.
        (TABLE + head(), ["HDR001"]),
    ],
)
def test_a_header(checker: Checker, text: str, told: list[str]) -> None:
    found = checker.told({"miglint.toml": ON, "005_tags.sql": text + TABLE}, "HDR")
    assert sorted(code for code, *_ in found) == told


def test_the_header_of_a_file_is_that_of_both_its_dialects(checker: Checker) -> None:
    text = f"{head()}-- PostgreSQL Version\n{TABLE}\n-- SQLite Version\nCREATE TABLE IF NOT EXISTS tags (id INTEGER);\n"
    assert checker.told({"miglint.toml": ON, "005_tags.sql": text}, "HDR") == []


def test_a_message_names_what_is_missing(checker: Checker) -> None:
    files = {
        "miglint.toml": ON + '[rules.HDR001]\nfields = ["author", "ticket"]\n',
        "005_tags.sql": f"-- Author: A\n{TABLE}",
    }
    assert checker.told(files, "HDR") == [("HDR001", "warning", "the header has no `ticket`")]


def record(version: str) -> str:
    return f"INSERT INTO schema_migrations (version) VALUES ('{version}') ON CONFLICT DO NOTHING;\n"


@pytest.mark.parametrize(
    ("forward", "rollback", "told"),
    [
        (record("005"), "DELETE FROM schema_migrations WHERE version = '005';", []),
        (record("5"), "DELETE FROM schema_migrations WHERE version = '5';", []),
        (record("005_tags"), "DELETE FROM schema_migrations WHERE version = '005_tags';", []),
        (record("004"), "DELETE FROM schema_migrations WHERE version = '004';", ["HDR004"]),
        ("", "", ["HDR004"]),
        (record("005"), "", ["HDR005"]),
        (record("005"), "DELETE FROM schema_migrations;", ["HDR005"]),
        (record("005"), "DROP TABLE schema_migrations;", []),
        # The migration that makes the tracking table may record itself in a query.
        ("INSERT INTO schema_migrations SELECT '005';", "DELETE FROM schema_migrations WHERE version = '005';", []),
    ],
)
def test_a_record_is_written_and_deleted(checker: Checker, forward: str, rollback: str, told: list[str]) -> None:
    files = {
        "miglint.toml": TRACKED,
        "005_tags.up.sql": TABLE + forward,
        "005_tags.down.sql": f"DROP TABLE IF EXISTS tags;\n{rollback}",
    }
    assert [code for code, *_ in checker.told(files, "HDR")] == told


def test_the_table_can_be_another(checker: Checker) -> None:
    config = TRACKED + '[rules.HDR004]\ntable = "app.migrations"\ncolumn = "name"\n'
    insert = "INSERT INTO app.migrations (id, name) VALUES (1, '{}');\n"
    files = {"miglint.toml": config, "005_tags.up.sql": TABLE + insert.format("005_tags")}
    assert checker.told(files, "HDR") == []
    files["005_tags.up.sql"] = TABLE + insert.format("004_users")
    assert checker.told(files, "HDR") == [
        ("HDR004", "warning", "the migration records 004_users in app.migrations, but it is 005")
    ]
