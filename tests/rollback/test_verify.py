"""`miglint rollback verify`, and `write --verify`: what the engines say."""

from __future__ import annotations

import pytest

from miglint.rollback import preparation
from miglint.rollback.written import RollbackText

from .conftest import Command, Plant

GOOD = {
    "sqlite/001_users.up.sql": "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n",
    "sqlite/001_users.down.sql": "DROP TABLE users;\n",
    "sqlite/002_posts.up.sql": "CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users);\n",
    "sqlite/002_posts.down.sql": "DROP TABLE posts;\n",
    "sqlite/003_age.up.sql": "ALTER TABLE users ADD COLUMN age INTEGER;\n",
    "sqlite/003_age.down.sql": "ALTER TABLE users DROP COLUMN age;\n",
}


def test_the_way_back_is_run_in_one_go_and_step_by_step(plant: Plant, rollback: Command) -> None:
    plant(GOOD)
    done = rollback("verify", "sqlite", "--format", "json")
    assert done.status == 0
    report = done.json
    assert (report["from"], report["to"], report["ok"]) == ("003", "0", True)
    (engine,) = report["engines"]
    assert engine["product"] == "SQLite"
    assert engine["rows"] > 0
    assert [(step["version"], step["ok"]) for step in engine["steps"]] == [("003", True), ("002", True), ("001", True)]
    assert engine["in_one_go"]["ok"] is True


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("002_posts", "DROP TABLE post;\n", "002 posts: the rollback fails: SQLITE_ERROR: no such table"),
        ("002_posts", "SELECT 1;\n", "002 posts: leaves another schema\n    table posts is left behind"),
        ("003_age", None, "003 age: cannot be undone: it has no rollback"),
    ],
)
def test_a_rollback_that_does_not_go_back(
    plant: Plant, rollback: Command, name: str, text: str | None, words: str
) -> None:
    folder = plant(GOOD if text is None else {**GOOD, f"sqlite/{name}.down.sql": text})
    if text is None:
        (folder / f"sqlite/{name}.down.sql").unlink()
    done = rollback("verify", "sqlite")
    assert done.status == 1
    assert words in done.out


def test_what_is_missing_or_fails_does_not_hide_the_others(plant: Plant, rollback: Command) -> None:
    """003 has no rollback, that of 005 fails on rows, and 002 leaves a table: all of them are said, and once each."""
    folder = plant(
        {
            **GOOD,
            "sqlite/002_posts.down.sql": "SELECT 1;\n",
            "sqlite/004_tag.up.sql": "ALTER TABLE users ADD COLUMN tag TEXT;\n",
            "sqlite/004_tag.down.sql": "ALTER TABLE users DROP COLUMN tag;\n",
            "sqlite/005_tag.up.sql": "ALTER TABLE users DROP COLUMN tag;\n",
            "sqlite/005_tag.down.sql": "ALTER TABLE users ADD COLUMN tag TEXT NOT NULL;\n",
            "sqlite/006_last.up.sql": "CREATE INDEX i ON users (name);\n",
            "sqlite/006_last.down.sql": "DROP INDEX i;\n",
        }
    )
    (folder / "sqlite/003_age.down.sql").unlink()
    done = rollback("verify", "sqlite", "--format", "json")
    assert done.status == 1
    report = done.json
    (engine,) = report["engines"]
    found = {step["version"]: (step["ok"], step["reason"], bool(step["error"])) for step in engine["steps"]}
    assert found == {
        "006": (True, None, False),
        "005": (False, None, True),
        "004": (True, None, False),
        "003": (False, "it has no rollback", False),
        "002": (False, None, False),
        "001": (True, None, False),
    }
    assert [step["differences"] for step in engine["steps"] if step["differences"]] == [["table posts is left behind"]]
    assert (
        "3 of 6 migrations can be undone; 1 cannot be undone; 1 fails; 1 leaves another schema\n"
        in rollback("verify", "sqlite").out
    )


def test_several_that_fail_are_all_said(plant: Plant, rollback: Command) -> None:
    plant({**GOOD, **{f"sqlite/{name}.down.sql": "DROP TABLE absent;\n" for name in ("002_posts", "003_age")}})
    (engine,) = rollback("verify", "sqlite", "--format", "json").json["engines"]
    assert [(step["version"], step["ok"]) for step in engine["steps"]] == [
        ("003", False),
        ("002", False),
        ("001", True),
    ]


def test_a_part_of_the_way(plant: Plant, rollback: Command) -> None:
    plant({**GOOD, "sqlite/001_users.down.sql": "DROP TABLE absent;\n", "sqlite/003_age.up.sql": "SYNTAX;\n"})
    done = rollback("verify", "sqlite", "--from", "2", "--to", "1", "--format", "json")
    assert done.status == 0
    assert [step["version"] for step in done.json["engines"][0]["steps"]] == ["002"]
    failed = rollback("verify", "sqlite", "--to", "1")
    assert failed.status == 1
    assert "003 age: the forward fails" in failed.out


def test_on_postgres(plant: Plant, rollback: Command) -> None:
    """Rows are in the tables: a rollback that cannot bring a NOT NULL column back fails."""
    plant(
        {
            "m/001_users.up.sql": "CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL);\n",
            "m/001_users.down.sql": "DROP TABLE users;\n",
            "m/002_name.up.sql": "ALTER TABLE users DROP COLUMN name;\n",
            "m/002_name.down.sql": "ALTER TABLE users ADD COLUMN name text NOT NULL;\n",
            "m/003_posts.up.sql": "CREATE TABLE posts (id bigint PRIMARY KEY, author bigint REFERENCES users);\n",
        }
    )
    done = rollback("verify", "m", "--from", "2", "--to", "1")
    assert done.status == 1
    assert "002 name: the rollback fails: 23502" in done.out
    assert "(m/002_name.down.sql:1)" in done.out
    written = rollback("write", "m", "--verify", "--format", "json")
    assert written.status == 0
    (item,) = written.json["rollbacks"]
    assert (item["version"], item["restores"], item["verified"], item["problem"]) == ("003", "exact", True, None)


def test_options_of_the_engine(plant: Plant, rollback: Command) -> None:
    plant(GOOD)
    assert rollback("verify", "sqlite", "--engine=oracle").status == 2
    refused = rollback("write", "sqlite", "--rows", "5")
    assert (refused.status, "--rows requires --verify" in refused.err) == (2, True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (RollbackText("exact", ("DROP TABLE absent;",)), "the rollback fails: SQLITE_ERROR: no such table: absent"),
        (RollbackText("exact", ("SELECT 1;",)), "the rollback does not restore table tags"),
        (RollbackText("exact", ("DROP TABLE tags;",)), "a second run of the rollback fails"),
        (RollbackText("schema_only", ("SELECT 1;",)), "the rollback does not restore table tags"),
    ],
)
def test_nothing_that_fails_is_written(
    plant: Plant, rollback: Command, monkeypatch: pytest.MonkeyPatch, text: RollbackText, words: str
) -> None:
    """Whatever the writer claims, the engine has the last word."""
    folder = plant({**GOOD, "sqlite/004_tags.up.sql": "CREATE TABLE tags (id INTEGER PRIMARY KEY);\n"})
    monkeypatch.setattr(preparation, "write_rollback", lambda step, target: text)
    done = rollback("write", "sqlite", "--verify")
    assert done.status == 1
    assert "004 tags: not written: on SQLite" in done.out
    assert words in done.out
    assert not (folder / "sqlite/004_tags.down.sql").exists()


def test_lost_rows_contradict_exact(plant: Plant, rollback: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    plant({**GOOD, "sqlite/004_clear.up.sql": "DELETE FROM users;\n"})
    monkeypatch.setattr(preparation, "write_rollback", lambda step, target: RollbackText("exact", ("SELECT 1;",)))
    done = rollback("write", "sqlite", "--verify")
    assert "the rollback does not restore the data of users" in done.out
    monkeypatch.undo()
