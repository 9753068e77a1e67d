"""`miglint rollback plan`: the way back as one script, run on the engines where it is SQL."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest

from .conftest import Command, Plant

UP = {
    "migrations/001_users.sql": """\
        BEGIN;
        CREATE TABLE users (id bigint PRIMARY KEY);
        CREATE TABLE schema_migrations (version text PRIMARY KEY);
        INSERT INTO schema_migrations (version) VALUES ('001');
        COMMIT;
        """,
    "migrations/002_posts.sql": """\
        CREATE TABLE posts (id bigint PRIMARY KEY, author bigint REFERENCES users);
        INSERT INTO schema_migrations (version) VALUES ('002');
        """,
    "migrations/003_index.sql": """\
        CREATE INDEX posts_author_idx ON posts (author);
        INSERT INTO schema_migrations (version) VALUES ('003');
        """,
}
DOWN = {
    "migrations/rollback/001_users.sql": "BEGIN;\nDROP TABLE users, schema_migrations;\nCOMMIT;\n",
    "migrations/rollback/002_posts.sql": "DROP TABLE posts;\nDELETE FROM schema_migrations WHERE version = '002';\n",
    "migrations/rollback/003_index.sql": "DROP INDEX posts_author_idx;\n",
}


def test_the_plan_goes_back_in_order_with_locks_and_losses(plant: Plant, rollback: Command) -> None:
    plant({**UP, **DOWN})
    done = rollback("plan", "--to", "0", "--format", "json")
    assert done.status == 0
    plan = done.json
    assert [step["version"] for step in plan["steps"]] == ["003", "002", "001"]
    assert (plan["from"], plan["to"], plan["possible"], plan["last_without_loss"]) == ("003", "0", True, "003")
    index, posts, _ = plan["steps"]
    assert index["locks"] == [
        {"table": "posts", "mode": "ACCESS EXCLUSIVE", "blocks": "reads and writes", "work": None}
    ]
    assert (index["loses"], posts["loses"]) == ([], ["posts"])


def test_the_file_deletes_the_records_that_the_scripts_keep(
    plant: Plant, rollback: Command, connection: psycopg.Connection
) -> None:
    """The rollback of 003 leaves its record; the file deletes it, in the same transaction."""
    plant({**UP, **DOWN})
    done = rollback("plan", "--to", "1", "--format", "sql")
    assert done.status == 0
    assert (
        "BEGIN;\nDROP INDEX posts_author_idx;\nDELETE FROM schema_migrations WHERE version = '003';\nCOMMIT;"
        in done.out
    )
    assert done.out.count("DELETE FROM schema_migrations") == 2
    connection.autocommit = True
    connection.execute("CREATE SCHEMA plan")
    try:
        connection.execute("SET search_path = plan")
        for text in UP.values():
            connection.execute(text.encode())
        connection.execute(done.out.encode())
        assert connection.execute("SELECT version FROM schema_migrations").fetchall() == [("001",)]
        assert connection.execute("SELECT to_regclass('posts')").fetchone() == (None,)
        # The first migration created the table of the records, and its rollback drops it.
        last = rollback("plan", "--from", "1", "--to", "0", "--format", "sql")
        connection.execute(last.out.encode())
        assert connection.execute("SELECT to_regclass('schema_migrations')").fetchone() == (None,)
    finally:
        connection.execute("DROP SCHEMA plan CASCADE")


def test_sqlite_runs_the_file(plant: Plant, rollback: Command) -> None:
    up = "CREATE TABLE t (id INTEGER PRIMARY KEY);\n"
    trigger = "CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM t; SELECT 1; END;\n"
    plant(
        {
            "sqlite/001_t.up.sql": up + trigger,
            "sqlite/001_t.down.sql": "DROP TRIGGER g;\nDROP TABLE t\n",
            "sqlite/002_u.up.sql": "DROP TRIGGER g;\n",
            "sqlite/002_u.down.sql": trigger.rstrip(";\n"),
        }
    )
    done = rollback("plan", "sqlite", "--to", "0", "--format", "sql")
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.executescript(up + done.out)
    assert database.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "it has no rollback"),
        ("-- later\n", "its rollback does nothing"),
        ("-- miglint: irreversible (no copy)\n", "declared irreversible: no copy"),
    ],
)
def test_what_cannot_be_undone_is_passed_only_on_request(
    plant: Plant, rollback: Command, text: str | None, reason: str
) -> None:
    files = {**UP, **DOWN}
    del files["migrations/rollback/002_posts.sql"]
    plant(files if text is None else {**files, "migrations/rollback/002_posts.sql": text})
    refused = rollback("plan", "--to", "001", "--format", "sql")
    assert (refused.status, refused.out) == (1, "")
    assert f"002 cannot be undone: {reason}" in refused.err
    shown = rollback("plan", "--to", "001")
    assert shown.status == 1
    assert f"cannot be undone: {reason}" in shown.out
    assert shown.out.endswith("The last step that can be undone without loss is 003.\n")
    allowed = rollback("plan", "--to", "001", "--format", "sql", "--allow-irreversible")
    assert allowed.status == 0
    assert "DROP INDEX posts_author_idx;" in allowed.out


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--to", "003"], 0, "There is nothing to undo."),
        (["--from", "002", "--to", "1"], 0, "1 step back from 002 to 001"),
        (["--from", "001", "--to", "3"], 2, "--to 3 is after 001"),
        (["--to", "005"], 2, "--to: no migration has version 005"),
        (["--from", "9", "--to", "0"], 2, "--from: no migration has version 9"),
        ([], 2, "Missing option '--to'"),
    ],
)
def test_bounds(plant: Plant, rollback: Command, arguments: list[str], status: int, words: str) -> None:
    plant({**UP, **DOWN})
    done = rollback("plan", *arguments)
    assert done.status == status
    assert words in done.out + done.err
    assert "Traceback" not in done.err


def test_the_plan_is_written_to_a_file(plant: Plant, rollback: Command) -> None:
    folder = plant({**UP, **DOWN})
    done = rollback("plan", "--to", "2", "--format", "sql", "-o", "back.sql")
    assert (done.status, done.out) == (0, "")
    assert (folder / "back.sql").read_text().startswith("-- Back from 003 to 002 (migrations, postgres)")
