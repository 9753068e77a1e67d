"""What is said of a rollback: the same by `write`, `list` and `plan`, and what the engine does with rows."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from .conftest import Command, Plant

START = """\
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN short AS varchar(9);
CREATE TABLE users (
    id bigint PRIMARY KEY, name varchar(20) NOT NULL UNIQUE, age int, feeling mood DEFAULT 'ok', nick short
);
CREATE TABLE posts (
    id bigserial PRIMARY KEY, author bigint REFERENCES users, body text CHECK (body <> ''), moods mood[]
);
"""
USER = "INSERT INTO users (id, name, age) VALUES "

# The forward, a row that is written after it, and on which rows the rollback is said to fail.
STRICTER = [
    (
        "ALTER TYPE mood ADD VALUE 'odd';",
        "INSERT INTO users (id, name, feeling) VALUES (1, 'a', 'odd');",
        "rows of users whose feeling is 'odd'",
    ),
    (
        "ALTER TYPE mood ADD VALUE 'odd'; ALTER TYPE mood RENAME VALUE 'ok' TO 'fine';",
        "INSERT INTO posts (moods) VALUES ('{fine,odd}');",
        "rows of posts whose moods contains 'odd'",
    ),
    ("ALTER TABLE users ALTER name DROP NOT NULL;", USER + "(1, NULL, 1);", "rows of users whose name is NULL"),
    (
        "ALTER TABLE users RENAME TO people; ALTER TABLE people RENAME age TO years;"
        " ALTER TABLE people ALTER years TYPE bigint;",
        "INSERT INTO people (id, name, years) VALUES (1, 'a', 3000000000);",
        "values of users.age out of the range of int4",
    ),
    (
        "ALTER TABLE users ALTER name TYPE varchar(40);",
        USER + "(1, repeat('a', 30), 1);",
        "values of users.name longer than 20 characters",
    ),
    (
        "ALTER TABLE users DROP CONSTRAINT users_name_key;",
        USER + "(1, 'a', 1), (2, 'a', 1);",
        "rows of users that have the same name (users_name_key)",
    ),
    (
        "ALTER TABLE posts DROP CONSTRAINT posts_author_fkey;",
        "INSERT INTO posts (author) VALUES (7);",
        "rows of posts whose author is not in users (posts_author_fkey)",
    ),
    (
        "ALTER TABLE posts DROP CONSTRAINT posts_body_check;",
        "INSERT INTO posts (body) VALUES ('');",
        "rows of posts that violate posts_body_check",
    ),
]


def _said(rollback: Command, version: str) -> list[dict[str, Any]]:
    """Return what `write` says of a rollback, and then `list` and `plan`."""
    written = rollback("write", "--format", "json").json["rollbacks"]
    listed = rollback("list", "--format", "json").json["migrations"]
    planned = rollback("plan", "--to", "0", "--format", "json").json["steps"]
    return [next(item for item in items if item["version"] == version) for items in (written, listed, planned)]


@pytest.mark.parametrize(("forward", "row", "rows"), STRICTER)
def test_the_rows_on_which_a_rollback_fails(
    plant: Plant, rollback: Command, connection: psycopg.Connection, forward: str, row: str, rows: str
) -> None:
    folder = plant({"migrations/001_a.up.sql": START, "migrations/002_b.up.sql": forward})
    for said in _said(rollback, "002"):
        assert (said["restores"], said["missing"]) == ("exact", [])
        assert rows in said["fails_on"]
        assert len(said["fails_on"]) == (2 if "ADD VALUE" in forward else 1)
    text = (folder / "migrations/002_b.down.sql").read_text()
    assert f"-- Fails on {rows}." in text
    assert f"fails on {rows}" in rollback("plan", "--to", "0").out
    assert f"fails on {rows}" in rollback("list").out
    with connection.cursor() as cursor:
        cursor.execute(START.encode())
        connection.commit()
        try:
            cursor.execute(forward.encode())
            connection.commit()
            with pytest.raises((psycopg.DataError, psycopg.IntegrityError)), connection.transaction():
                cursor.execute(row.encode())
                cursor.execute(text.encode())
            cursor.execute(text.encode())
        finally:
            connection.rollback()
            cursor.execute("DROP TABLE IF EXISTS posts, users, people; DROP TYPE mood; DROP DOMAIN short")
            connection.commit()


@pytest.mark.parametrize(
    "forward",
    [
        "ALTER TABLE posts DROP COLUMN body; INSERT INTO posts (author) VALUES (NULL);",
        "ALTER TABLE users ALTER age TYPE numeric(12,2); ALTER TABLE users ALTER name TYPE varchar(10);",
        "UPDATE users SET age = 0 WHERE age IS NULL; ALTER TABLE users ALTER age SET NOT NULL;",
        "DROP TABLE posts; CREATE TABLE tags (id int PRIMARY KEY);",
        "DROP TABLE posts; CREATE TABLE posts (id bigint PRIMARY KEY);",
        "ALTER TABLE users ALTER name TYPE text USING lower(name);",
        "ALTER TABLE users ADD tag text; UPDATE users SET tag = name; ALTER TABLE users DROP name;",
        "INSERT INTO users (id, name) VALUES (1, 'a'); INSERT INTO users SELECT 2, 'b';",
        "DELETE FROM posts WHERE body IS NULL; ALTER TABLE posts ALTER body SET NOT NULL;",
        "ALTER TABLE users ALTER age DROP NOT NULL; UPDATE users SET age = NULL;",
        "ALTER TABLE users DROP id CASCADE;",
        "CREATE TABLE names AS SELECT name FROM users; ALTER TABLE users DROP name;",
    ],
)
def test_write_list_and_plan_say_the_same(plant: Plant, rollback: Command, forward: str) -> None:
    plant({"migrations/001_a.up.sql": START, "migrations/002_b.up.sql": forward})
    written, listed, planned = _said(rollback, "002")
    for key, other in (("missing", "missing"), ("loses", "loses"), ("fails_on", "fails_on"), ("lost", "not_restored")):
        assert written[key] == listed[other] == planned[other], key
    assert written["restores"] == listed["restores"] == planned["restores"]
    words = rollback("write", "--at", "2", "--replace").out.splitlines()[0].partition(", which ")[2]
    assert f"\n     {words}\n" in rollback("plan", "--to", "1").out


def test_values_that_are_gone_are_more_than_a_partial_rollback(plant: Plant, rollback: Command) -> None:
    """Rows that stay do not hide that values of before are lost: the status and the last line say so."""
    plant(
        {
            "migrations/001_a.up.sql": "CREATE TABLE c (id bigserial PRIMARY KEY, e text, m text);\n",
            "migrations/002_b.up.sql": "ALTER TABLE c DROP COLUMN e;\nINSERT INTO c (m) VALUES ('x');\n",
        }
    )
    done = rollback("write", "--at", "2")
    assert done.status == 1
    assert "which restores the schema, but not all rows and values:\n  the values of c.e are lost\n" in done.out
    assert done.out.endswith("002: rows or values from before the forward are lost; --preserve-data keeps them.\n")
    assert rollback("write", "--at", "1").status == 0


def test_a_plan_names_the_rollbacks_that_do_not_work(plant: Plant, rollback: Command) -> None:
    """One leaves a type, one does not rename back, one fails, and one fails since the one before it is missing."""
    plant(
        {
            "m/001_a.up.sql": "CREATE TYPE kind AS ENUM ('a');\nCREATE TABLE t (id int PRIMARY KEY, k kind);\n",
            "m/001_a.down.sql": "DROP TABLE t;\n",
            "m/002_b.up.sql": "ALTER TABLE t RENAME COLUMN k TO kind;\n",
            "m/002_b.down.sql": "SELECT 1;\nCOMMENT ON TABLE t IS NULL;\n",
            "m/003_c.up.sql": "ALTER TABLE t ADD COLUMN n int;\n",
            "m/003_c.down.sql": "ALTER TABLE t DROP COLUMN m;\n",
            "m/004_d.up.sql": "CREATE VIEW v AS SELECT id FROM t;\n",
            "m/004_d.down.sql": "DROP VIEW v;\n",
            "m/005_e.up.sql": "DROP VIEW v;\n",
        }
    )
    done = rollback("plan", "m", "--to", "0", "--format", "json")
    assert done.status == 1
    steps = {step["version"]: step for step in done.json["steps"]}
    assert (done.json["possible"], done.json["complete"]) == (False, False)
    assert {version: step["problem"] for version, step in steps.items()} == {
        "005": "it has no rollback",
        "004": 'its rollback fails after the steps before it: view "v" does not exist',
        "003": 'its rollback fails: column "m" of relation "t" does not exist',
        "002": None,
        "001": None,
    }
    assert (steps["001"]["symmetric"], steps["001"]["missing"]) == (False, ["type kind is left behind"])
    text = rollback("plan", "m", "--from", "2", "--to", "0")
    assert text.status == 1
    assert "column t.k keeps the name t.kind" in text.out
    assert "The rollbacks of 002, 001 leave another schema than the one before." in text.out
    assert "othing is lost" not in text.out
    sql = rollback("plan", "m", "--from", "2", "--to", "0", "--format", "sql")
    assert (sql.status, "leave another schema" in sql.err) == (1, True)
    assert "--   column t.k keeps the name t.kind" in sql.out
    assert rollback("plan", "m", "--from", "2", "--to", "0", "--allow-irreversible").status == 0


def test_values_come_back_under_other_letters_of_their_column(plant: Plant, rollback: Command) -> None:
    """SQLite's names are the same in any letters: what a rollback fills is not lost."""
    filled = "UPDATE t SET MAIL = (SELECT mail FROM kept WHERE kept.id = t.id);\n"
    for back, lost in ((filled, []), ("", ["t.Mail"])):
        plant(
            {
                "m/001_a.up.sql": 'CREATE TABLE t (id INTEGER PRIMARY KEY, "Mail" TEXT);\n',
                "m/001_a.down.sql": "DROP TABLE t;\n",
                "m/002_b.up.sql": "CREATE TABLE kept AS SELECT id, MAIL FROM t;\nALTER TABLE t DROP COLUMN mail;\n",
                "m/002_b.down.sql": f'ALTER TABLE t ADD COLUMN "Mail" TEXT;\n{back}DROP TABLE kept;\n',
            }
        )
        listed = rollback("list", "m", "--dialect", "sqlite", "--format", "json").json
        assert [item["not_restored"] for item in listed["migrations"]] == [[], lost]
