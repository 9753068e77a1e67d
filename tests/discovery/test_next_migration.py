"""The files of a new migration: after the last one, in the form that the layout has."""

from __future__ import annotations

from pathlib import Path

import pytest

from miglint.discovery import discover
from miglint.discovery.next_migration import NextScripts, next_migration

SCRIPTS = NextScripts("build_i", ("CREATE INDEX CONCURRENTLY i ON t (a);",), ("DROP INDEX CONCURRENTLY i;",), False)
CREATE = "CREATE TABLE t (a int);\n"


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        (
            {"009_a.up.sql": CREATE, "009_a.down.sql": "DROP TABLE t;\n"},
            {
                "010_build_i.up.sql": "-- no-transaction\nCREATE INDEX CONCURRENTLY i ON t (a);\n",
                "010_build_i.down.sql": "-- no-transaction\nDROP INDEX CONCURRENTLY i;\n",
            },
        ),
        # golang-migrate runs a script of one statement without a transaction; the mark of sqlx is a comment to it.
        (
            {"000009_a.up.sql": CREATE, "000009_a.down.sql": "DROP TABLE t;\n"},
            {
                "000010_build_i.up.sql": "CREATE INDEX CONCURRENTLY i ON t (a);\n",
                "000010_build_i.down.sql": "DROP INDEX CONCURRENTLY i;\n",
            },
        ),
        (
            {
                "009_a.up.sql": CREATE,
                "009_a.down.sql": "DROP TABLE t;\n",
                "go.mod": "require github.com/mattermost/morph v1.0.0\n",
            },
            {
                "010_build_i.up.sql": "-- morph:nontransactional\nCREATE INDEX CONCURRENTLY i ON t (a);\n",
                "010_build_i.down.sql": "-- morph:nontransactional\nDROP INDEX CONCURRENTLY i;\n",
            },
        ),
        (
            {"20231231235959_a.sql": f"-- +goose Up\n{CREATE}-- +goose Down\nDROP TABLE t;\n"},
            {
                "20240101000000_build_i.sql": "-- +goose NO TRANSACTION\n-- +goose Up\n"
                "CREATE INDEX CONCURRENTLY i ON t (a);\n\n-- +goose Down\nDROP INDEX CONCURRENTLY i;\n"
            },
        ),
        (
            {"20240101_a.sql": f"-- migrate:up\n{CREATE}-- migrate:down\nDROP TABLE t;\n"},
            {
                "20240102_build_i.sql": "-- migrate:up transaction:false\n"
                "CREATE INDEX CONCURRENTLY i ON t (a);\n\n"
                "-- migrate:down transaction:false\nDROP INDEX CONCURRENTLY i;\n"
            },
        ),
        (
            {"2024-01-01-000009_a/up.sql": CREATE, "2024-01-01-000009_a/down.sql": "DROP TABLE t;\n"},
            {
                "2024-01-01-000010_build_i/up.sql": "CREATE INDEX CONCURRENTLY i ON t (a);\n",
                "2024-01-01-000010_build_i/down.sql": "DROP INDEX CONCURRENTLY i;\n",
                "2024-01-01-000010_build_i/metadata.toml": "run_in_transaction = false\n",
            },
        ),
        ({"V1__a.sql": CREATE}, {"V2__build_i.sql": "CREATE INDEX CONCURRENTLY i ON t (a);\n"}),
        (
            {"V1__a.sql": CREATE, "U1__a.sql": "DROP TABLE t;\n"},
            {
                "V2__build_i.sql": "CREATE INDEX CONCURRENTLY i ON t (a);\n",
                "U2__build_i.sql": "DROP INDEX CONCURRENTLY i;\n",
            },
        ),
        # Prisma sends a script as one query, which is no transaction if it is one statement, and has no rollbacks.
        (
            {"20240101000000_a/migration.sql": CREATE, "migration_lock.toml": 'provider = "postgresql"\n'},
            {"20240101000001_build_i/migration.sql": "CREATE INDEX CONCURRENTLY i ON t (a);\n"},
        ),
    ],
    ids=[
        "pairs",
        "golang-migrate",
        "morph",
        "goose",
        "dbmate",
        "diesel",
        "flyway",
        "flyway with undo scripts",
        "prisma",
    ],
)
def test_a_new_migration_has_the_form_of_the_last_one(
    files: dict[str, str], wanted: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in files.items():
        place = tmp_path / "migrations" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    (history,) = discover(["migrations"]).histories
    made = {file.path.removeprefix("migrations/"): file.text for file in next_migration(history, SCRIPTS)}
    assert made == wanted
