"""`miglint rollback list`: what rollbacks there are, and what is known of them."""

from __future__ import annotations

from .conftest import Command, Plant

HISTORY = {
    "migrations/001_users.up.sql": "CREATE TABLE users (id bigint PRIMARY KEY, note text);\n",
    "migrations/001_users.down.sql": "DROP TABLE users;\n",
    "migrations/002_note.up.sql": "ALTER TABLE users DROP COLUMN note;\n",
    "migrations/002_note.down.sql": "ALTER TABLE users ADD COLUMN note text;\n",
    "migrations/003_age.up.sql": "ALTER TABLE users ADD COLUMN age int;\n",
    "migrations/004_old.up.sql": "-- miglint: irreversible (the export is gone)\nDROP TABLE users;\n",
    "migrations/004_old.down.sql": "",
    "migrations/005_new.up.sql": "CREATE TABLE new (id int);\n",
    "migrations/005_new.down.sql": "-- nothing\n",
}


def test_the_overview_names_what_is_missing_and_lost(plant: Plant, rollback: Command) -> None:
    plant(HISTORY)
    done = rollback("list", "--format", "json")
    assert done.status == 0
    entries = {entry["version"]: entry for entry in done.json["migrations"]}
    assert {version: entry["status"] for version, entry in entries.items()} == {
        "001": "there",
        "002": "there",
        "003": "missing",
        "004": "irreversible",
        "005": "empty",
    }
    assert entries["001"]["loses"] == ["users"]
    assert entries["001"]["verdict"]["symmetric"] is True
    assert entries["002"]["not_restored"] == ["users.note"]
    assert entries["003"]["rollback"] is None
    assert entries["004"]["reason"] == "the export is gone"


def test_the_table(plant: Plant, rollback: Command) -> None:
    plant(HISTORY)
    done = rollback("list")
    lines = done.out.splitlines()
    assert lines[0] == "migrations (golang-migrate, postgres)"
    assert lines[2].split() == ["001", "users", "there", "yes", "no"]
    assert "           loses: users" in lines
    assert "           not restored: users.note" in lines
    assert lines[-1] == "5 migrations: 2 there, 1 missing, 1 irreversible, 1 empty"


def test_a_rebuild_of_a_table_loses_nothing(plant: Plant, rollback: Command) -> None:
    rebuild = (
        "CREATE TABLE t2 (id INTEGER PRIMARY KEY, a TEXT);\nINSERT INTO t2 SELECT id, a FROM t;\n"
        "DROP TABLE t;\nALTER TABLE t2 RENAME TO t;\n"
    )
    plant(
        {
            "sqlite/001_t.up.sql": "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL);\n",
            "sqlite/001_t.down.sql": "DROP TABLE t;\n",
            "sqlite/002_t.up.sql": rebuild,
            "sqlite/002_t.down.sql": rebuild.replace("a TEXT", "a TEXT NOT NULL"),
        }
    )
    entry = rollback("list", "sqlite", "--format", "json").json["migrations"][1]
    assert (entry["loses"], entry["not_restored"]) == ([], [])


def test_wrong_paths_are_refused(plant: Plant, rollback: Command) -> None:
    plant(HISTORY)
    done = rollback("list", "migration")
    assert done.status == 2
    assert "no such file or folder" in done.err


def test_the_verdict_on_a_written_rollback_of_an_enum_is_known(plant: Plant, rollback: Command) -> None:
    plant(
        {
            "migrations/001_a.up.sql": "CREATE TYPE mood AS ENUM ('good', 'bad');\nCREATE TABLE t (m mood);\n",
            "migrations/001_a.down.sql": "DROP TABLE t;\nDROP TYPE mood;\n",
            "migrations/002_b.up.sql": "ALTER TYPE mood ADD VALUE 'odd' BEFORE 'bad';\n",
        }
    )
    rollback("write")
    entry = rollback("list", "--format", "json").json["migrations"][1]
    verdict = entry["verdict"]
    assert (verdict["symmetric"], verdict["rollback_idempotent"], entry["unknown"]) == (True, True, [])
