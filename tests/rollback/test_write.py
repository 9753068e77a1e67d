"""`miglint rollback write`: what is written where, and that nothing else is changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Command, Plant

USERS = "CREATE TABLE users (id bigint PRIMARY KEY, note text);\n"


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_missing_rollback_is_written_and_then_there_is_nothing_to_do(plant: Plant, rollback: Command) -> None:
    folder = plant({"migrations/001_users.up.sql": USERS})
    done = rollback("write", "--format", "json")
    assert done.status == 0
    (item,) = done.json["rollbacks"]
    assert item["version"] == "001"
    assert item["forward"] == "migrations/001_users.up.sql"
    assert item["path"] == "migrations/001_users.down.sql"
    assert (item["restores"], item["missing"]) == ("exact", [])
    text = (folder / "migrations/001_users.down.sql").read_text()
    assert text == (
        "-- Restores: exact.\n-- Loses what was written to users since the forward.\n\nDROP TABLE IF EXISTS users;\n"
    )
    again = rollback("write", "--format", "json")
    assert (again.status, again.json) == (0, {"rollbacks": []})
    assert rollback("write", "--replace", "--diff").status == 0


def test_diff_and_stdout_write_nothing(plant: Plant, rollback: Command) -> None:
    folder = plant({"migrations/001_users.up.sql": USERS})
    before = _files(folder)
    shown = rollback("write", "--diff")
    assert shown.status == 1
    assert "--- /dev/null\n+++ b/migrations/001_users.down.sql\n@@ -0,0 +1,4 @@" in shown.out
    printed = rollback("write", "--stdout")
    assert printed.status == 0
    assert printed.out.endswith("DROP TABLE IF EXISTS users;\n")
    assert _files(folder) == before
    assert rollback("write", "--diff", "--stdout").status == 2
    (item,) = rollback("write", "--stdout", "--format", "json").json["rollbacks"]
    assert (item["sql"], item["loses"]) == ("DROP TABLE IF EXISTS users;\n", ["users"])
    assert rollback("write", "--diff", "--format", "json").status == 1
    assert _files(folder) == before


def test_header_and_transactions_are_those_of_the_project(plant: Plant, rollback: Command) -> None:
    head = "-- Migration: {}\n-- Description: {}\n-- Created: 2024-12-19\n-- Version: 1.2.0\n\n"
    plant(
        {
            "migrations/001_add_users.sql": head.format("001_add_users.sql", "Create the users table") + USERS,
            "migrations/rollback/001_rollback_users.sql": head.replace("Migration", "Rollback").format(
                "001_rollback_users.sql", "Drop the users table"
            )
            + "BEGIN;\nSET LOCAL lock_timeout = '5s';\nDROP TABLE users;\nCOMMIT;\n",
            "migrations/002_add_posts.sql": head.format("002_add_posts.sql", "Create the posts table")
            + "CREATE TABLE posts (id int);\n",
        }
    )
    done = rollback("write", "--stdout")
    assert done.status == 0
    lines = done.out.splitlines()
    assert lines[0] == "-- Rollback: 002_rollback_posts.sql"
    assert lines[1] == "-- Description: Undo: create the posts table"
    assert lines[2].startswith("-- Created: 20")
    assert lines[3:5] == ["-- Version: 1.2.0", ""]
    timeout = ["SET LOCAL lock_timeout = '5s';", ""]
    assert lines[-7:] == ["BEGIN;", "", *timeout, "DROP TABLE IF EXISTS posts;", "", "COMMIT;"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_only_the_section_of_a_file_changes(plant: Plant, rollback: Command, newline: str) -> None:
    up = f"-- +goose Up\n{USERS}-- kept\n".replace("\n", newline)
    folder = plant({})
    (folder / "001_users.sql").write_bytes(b"\xef\xbb\xbf" + up.encode())
    assert rollback("write", ".").status == 0
    data = (folder / "001_users.sql").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf" + up.encode())
    rest = data[len(up) + 3 :].decode()
    assert rest.splitlines()[:2] == ["", "-- +goose Down"]
    assert rest.count(newline) == rest.count("\n")
    assert rollback("list", ".", "--format", "json").json["migrations"][0]["verdict"]["symmetric"] is True


@pytest.mark.parametrize(
    ("name", "text", "marker"),
    [
        ("001_a.sql", "-- migrate:up\n{}", "-- migrate:down\n"),
        ("001_a.sql", "-- +goose Up\n{}", "-- +goose Down\n"),
        ("001_a.sql", "-- +goose Up\n{}\n-- +goose Down\n", ""),
        ("001_a.sql", "-- +migrate Up\n{}", "-- +migrate Down\n"),
        ("1_a.sql", "--liquibase formatted sql\n--changeset a:1\n{}\n--changeset a:2\nSELECT 1;\n", "--rollback "),
        ("V1__a.sql", "{}", ""),
        ("2024-01-01-000000_a/up.sql", "{}", ""),
        ("001_a.postgres.up.sql", "{}", ""),
        ("001_a.sql", "{}", ""),
    ],
)
def test_every_layout_reads_what_is_written(plant: Plant, rollback: Command, name: str, text: str, marker: str) -> None:
    folder = plant({f"m/{name}": text.replace("{}", USERS)})
    done = rollback("write", "m", *(["--at", "a:1"] if "changeset" in text else []))
    assert done.status == 0, done.err
    path = next(path for path in sorted(folder.rglob("*.sql")) if b"DROP TABLE" in path.read_bytes())
    assert marker in path.read_text()
    entry = rollback("list", "m", "--format", "json").json["migrations"][0]
    assert entry["status"] == "there"
    assert entry["verdict"]["symmetric"] is True


def test_statements_that_goose_would_split_are_marked(plant: Plant, rollback: Command) -> None:
    function = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;\n"
    begin, end = "-- +goose StatementBegin\n", "-- +goose StatementEnd\n"
    plant(
        {
            "001_f.sql": f"-- +goose Up\n{begin}{function}{end}\n-- +goose Down\nDROP FUNCTION f();\n",
            "002_f.sql": "-- +goose Up\nDROP FUNCTION f();\n",
        }
    )
    done = rollback("write", ".", "--stdout")
    assert done.status == 0
    assert begin in done.out
    assert done.out.index(begin) < done.out.index("RETURN 1;") < done.out.index(end)


def test_existing_rollbacks_are_replaced_only_on_request(plant: Plant, rollback: Command) -> None:
    folder = plant({"m/001_a.up.sql": USERS, "m/001_a.down.sql": "DROP TABLE users CASCADE;\n"})
    refused = rollback("write", "m", "--at", "1")
    assert refused.status == 2
    assert "001 has a rollback, m/001_a.down.sql; --replace overwrites it" in refused.err
    assert (folder / "m/001_a.down.sql").read_text() == "DROP TABLE users CASCADE;\n"
    assert rollback("write", "m", "--at", "1", "--replace").status == 0
    assert "CASCADE" not in (folder / "m/001_a.down.sql").read_text()


def test_what_tools_read_stays_when_a_rollback_is_replaced(plant: Plant, rollback: Command) -> None:
    head = "-- Rollback: 001_a.down.sql\n-- Version: 1.0.0\n\n-- miglint: ignore-file LCK002 (small)\n"
    folder = plant({"m/001_a.up.sql": USERS, "m/001_a.down.sql": f"{head}-- as planned\n\nDROP TABLE users;\n"})
    assert rollback("write", "m", "--at", "1", "--replace").status == 0
    text = (folder / "m/001_a.down.sql").read_text()
    assert text.startswith(f"{head}\n-- Restores: exact.\n")
    assert "as planned" not in text
    assert rollback("write", "m", "--at", "1", "--replace", "--diff").status == 0


def test_an_empty_rollback_keeps_its_text(plant: Plant, rollback: Command) -> None:
    folder = plant({"m/001_a.up.sql": USERS, "m/001_a.down.sql": "-- undo `up.sql` here"})
    assert rollback("write", "m").status == 0
    text = (folder / "m/001_a.down.sql").read_text()
    assert text.startswith("-- undo `up.sql` here\n\n-- Restores: exact.")
    assert text.endswith("DROP TABLE IF EXISTS users;\n")


@pytest.mark.parametrize(
    ("forward", "restores", "missing"),
    [
        ("ALTER TABLE users DROP COLUMN note;\n", "schema_only", "note"),
        ("UPDATE users SET note = 'x';\n", "schema_only", "the values of users.note that the forward changes"),
        ("DELETE FROM users;\n", "schema_only", "the rows that the forward deletes from users"),
        (
            "INSERT INTO users SELECT n FROM generate_series(1, 3) AS n;\n",
            "partial",
            "the rows that the forward inserts into users stay",
        ),
        ("SELEC 1;\n", "impossible", "a statement of the forward cannot be read"),
        ("ALTER TABLE users ADD COLUMN note int;\n", "impossible", "the forward fails"),
    ],
)
def test_what_does_not_come_back_is_said(
    plant: Plant, rollback: Command, forward: str, restores: str, missing: str
) -> None:
    folder = plant({"m/001_a.up.sql": USERS, "m/001_a.down.sql": "DROP TABLE users;\n", "m/002_b.up.sql": forward})
    done = rollback("write", "m", "--format", "json")
    assert done.status == (0 if restores == "partial" else 1)
    (item,) = done.json["rollbacks"]
    assert item["restores"] == restores
    assert missing in item["missing"][0]
    text = (folder / "m/002_b.down.sql").read_text()
    assert item["missing"][0] in text
    assert ("-- miglint: irreversible (" in text) == (restores == "impossible")
    again = rollback("write", "m", "--format", "json").json["rollbacks"]
    assert [item["path"] for item in again] in ([], ["m/002_b.down.sql"])
    assert (folder / "m/002_b.down.sql").read_text() == text


def test_names_that_cannot_be_read_are_not_written(plant: Plant, rollback: Command) -> None:
    folder = plant({})
    (folder / "m").mkdir()
    (folder / "m/001_a.up.sql").write_bytes(b"CREATE TABLE caf\xe9 (id int);\n")
    (item,) = rollback("write", "m", "--format", "json").json["rollbacks"]
    assert (item["restores"], item["sql"]) == ("impossible", "")


def test_inserted_rows_with_keys_are_deleted(plant: Plant, rollback: Command) -> None:
    plant(
        {
            "m/001_a.up.sql": USERS,
            "m/001_a.down.sql": "DROP TABLE users;\n",
            "m/002_b.up.sql": "INSERT INTO users (id, note) VALUES (1, 'a'), (2, 'b');\n",
        }
    )
    done = rollback("write", "m", "--stdout")
    assert done.status == 0
    assert "DELETE FROM users WHERE id = 1 OR id = 2;" in done.out


def test_both_engines_of_one_file(plant: Plant, rollback: Command) -> None:
    folder = plant({"m/001_a.sql": f"-- PostgreSQL Version\n{USERS}\n-- SQLite Version\n{USERS}"})
    assert rollback("write", "m").status == 0
    text = (folder / "m/rollback/001_rollback_a.sql").read_text()
    assert text.startswith("-- PostgreSQL Version\n")
    assert "\n-- SQLite Version\n" in text
    entries = rollback("list", "m", "--format", "json").json["migrations"]
    assert [entry["verdict"]["symmetric"] for entry in entries] == [True, True]


def test_what_cannot_be_written_writes_nothing(plant: Plant, rollback: Command, tmp_path: Path) -> None:
    """A folder stands where one of two files has to go: the other one is not written either."""
    folder = plant({"m/001_a.sql": USERS, "m/002_b.sql": "CREATE TABLE b (id int);\n"})
    (folder / "m/rollback/002_rollback_b.sql").mkdir(parents=True)
    before = _files(folder)
    done = rollback("write", "m")
    assert done.status == 2
    assert "002_rollback_b.sql" in done.err
    assert _files(folder) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--at", "9"], "--at: no migration has version 9"),
        (["--at", "missing:1"], "--at: no history in missing"),
    ],
)
def test_wrong_arguments(plant: Plant, rollback: Command, arguments: list[str], words: str) -> None:
    plant({"m/001_a.up.sql": USERS})
    done = rollback("write", "m", *arguments)
    assert (done.status, words in done.err) == (2, True), done.err


def test_a_layout_without_rollbacks(plant: Plant, rollback: Command) -> None:
    plant({"supabase/migrations/20240101000000_a.sql": USERS})
    done = rollback("write", "supabase/migrations", "--at", "20240101000000")
    assert done.status == 1
    assert "no place for rollbacks" in done.out
    printed = rollback("write", "supabase/migrations", "--at", "20240101000000", "--stdout")
    assert "DROP TABLE IF EXISTS users;" in printed.out


def test_a_function_of_a_type_that_the_script_creates_is_new_also_where_not_all_is_known(
    plant: Plant, rollback: Command
) -> None:
    forward = (
        "CREATE TYPE pick AS (what int, rank int);\n"
        "CREATE OR REPLACE FUNCTION better(a pick, b pick) RETURNS pick LANGUAGE sql IMMUTABLE AS 'SELECT a';\n"
        "CREATE AGGREGATE best(pick) (sfunc = better, stype = pick);\n"
        "CREATE TABLE crate (id int);\n"
        "CREATE OR REPLACE FUNCTION weigh(b crate) RETURNS int LANGUAGE sql AS 'SELECT b.id';\n"
        "CREATE OR REPLACE FUNCTION other(a int) RETURNS int LANGUAGE sql AS 'SELECT a';\n"
    )
    plant(
        {
            "migrations/001_old.postgres.up.sql": "ALTER TABLE old ADD COLUMN n int;\n",
            "migrations/001_old.postgres.down.sql": "ALTER TABLE old DROP COLUMN n;\n",
            "migrations/002_pick.postgres.up.sql": forward,
        }
    )
    (item,) = rollback("write", "--stdout", "--format", "json").json["rollbacks"]
    assert item["restores"] == "partial"
    assert item["missing"] == ["function other(int4) may differ"]
    assert "DROP FUNCTION IF EXISTS better(pick, pick);\n" in item["sql"]
    assert "DROP FUNCTION IF EXISTS weigh(crate);\n" in item["sql"]
    assert "other" not in item["sql"]
