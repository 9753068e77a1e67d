"""`--preserve-data`: what is set aside comes back, also when rows came, went or changed in between."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from .conftest import Command, Plant

TABLES = """\
CREATE TABLE users (id bigint PRIMARY KEY, note text, kind varchar(20));
CREATE TABLE posts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    author bigint REFERENCES users,
    twice int GENERATED ALWAYS AS (id * 2) STORED
);
CREATE TABLE likes (post bigint REFERENCES posts);
"""
ROWS = """\
INSERT INTO users VALUES (1, 'one', 'ordinary'), (2, 'two', 'special'), (3, NULL, 'x');
INSERT INTO posts (author) VALUES (1), (1), (3);
INSERT INTO likes VALUES (1), (3);
"""


@pytest.fixture
def database(server: str) -> Iterator[psycopg.Connection]:
    """A database of its own: the guards name its schema."""
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute("CREATE DATABASE preserve")
        try:
            with psycopg.connect(server, dbname="preserve", autocommit=True) as connection:
                yield connection
        finally:
            admin.execute("DROP DATABASE preserve WITH (FORCE)")


def _write(plant: Plant, rollback: Command, forward: str) -> Path:
    folder = plant(
        {
            "m/001_tables.up.sql": TABLES,
            "m/001_tables.down.sql": "DROP TABLE likes, posts, users;\n",
            "m/002_change.up.sql": forward,
        }
    )
    done = rollback("write", "m", "--at", "2", "--preserve-data", "--replace", "--format", "json")
    assert done.status == 0, done
    (item,) = done.json["rollbacks"]
    assert item["restores"] in ("exact", "partial"), item
    assert item["forward_changed"] is True
    return folder / "m"


def _set_aside(database: psycopg.Connection) -> list[tuple[str, ...]]:
    query = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'miglint_set_aside'"
    return database.execute(query).fetchall()


def _run(database: psycopg.Connection, *paths: Path) -> None:
    for path in paths:
        database.execute(path.read_text().encode())


def test_values_of_a_column_come_back(plant: Plant, rollback: Command, database: psycopg.Connection) -> None:
    folder = _write(plant, rollback, "ALTER TABLE users DROP COLUMN note;\n")
    up, down = folder / "002_change.up.sql", folder / "002_change.down.sql"
    database.execute((TABLES + ROWS).encode())
    _run(database, up)
    assert _set_aside(database) == [("v002_users",)]
    database.execute(
        "DELETE FROM likes; DELETE FROM posts; DELETE FROM users WHERE id = 1; INSERT INTO users VALUES (4, 'new')"
    )
    _run(database, down)
    rows = database.execute("SELECT id, note, kind FROM users ORDER BY id").fetchall()
    assert rows == [(2, "two", "special"), (3, None, "x"), (4, None, "new")]
    assert _set_aside(database) == []
    assert database.execute("SELECT to_regnamespace('miglint_set_aside')").fetchone() == (None,)
    # And once more, both ways.
    _run(database, up, down)
    assert database.execute("SELECT note FROM users WHERE id = 2").fetchone() == ("two",)


def test_a_narrowed_value_comes_back_unless_it_was_changed(
    plant: Plant, rollback: Command, database: psycopg.Connection
) -> None:
    folder = _write(plant, rollback, "ALTER TABLE users ALTER COLUMN kind TYPE varchar(3) USING left(kind, 3);\n")
    database.execute((TABLES + ROWS).encode())
    _run(database, folder / "002_change.up.sql")
    database.execute("UPDATE users SET kind = 'new' WHERE id = 2")
    _run(database, folder / "002_change.down.sql")
    rows = database.execute("SELECT id, kind FROM users ORDER BY id").fetchall()
    assert rows == [(1, "ordinary"), (2, "new"), (3, "x")]


@pytest.mark.parametrize("newcomer", [False, True])
def test_a_required_column_comes_back_with_its_values(
    plant: Plant, rollback: Command, database: psycopg.Connection, newcomer: bool
) -> None:
    """A row that came in between has no value: the column then stays nullable, and the rollback still runs."""
    folder = _write(plant, rollback, "ALTER TABLE users DROP COLUMN note;\n")
    tables = TABLES.replace("note text", "note text NOT NULL")
    (folder / "001_tables.up.sql").write_text(tables)
    (folder / "002_change.up.sql").write_text("ALTER TABLE users DROP COLUMN note;\n")
    assert rollback("write", "m", "--at", "2", "--preserve-data", "--replace").status == 0
    database.execute((tables + ROWS.replace("NULL", "'three'")).encode())
    _run(database, folder / "002_change.up.sql")
    if newcomer:
        database.execute("INSERT INTO users VALUES (4, 'new')")
    _run(database, folder / "002_change.down.sql")
    assert database.execute("SELECT note FROM users WHERE id = 3").fetchone() == ("three",)
    required = "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'note'"
    assert database.execute(required).fetchone() == (not newcomer,)


def test_rows_of_a_table_come_back_under_their_keys(
    plant: Plant, rollback: Command, database: psycopg.Connection
) -> None:
    folder = _write(plant, rollback, "ALTER TABLE likes DROP CONSTRAINT likes_post_fkey;\nDROP TABLE posts;\n")
    database.execute((TABLES + ROWS).encode())
    _run(database, folder / "002_change.up.sql", folder / "002_change.down.sql")
    assert database.execute("SELECT id, author, twice FROM posts ORDER BY id").fetchall() == [
        (1, 1, 2),
        (2, 1, 4),
        (3, 3, 6),
    ]
    assert database.execute("INSERT INTO posts (author) VALUES (2) RETURNING id").fetchone() == (4,)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        database.execute("INSERT INTO likes VALUES (99)")


def test_rows_of_a_table_that_is_created_anew_come_back(
    plant: Plant, rollback: Command, database: psycopg.Connection
) -> None:
    forward = "DROP TABLE likes;\nCREATE TABLE likes (post bigint REFERENCES posts, at timestamptz);\n"
    folder = _write(plant, rollback, forward)
    database.execute((TABLES + ROWS).encode())
    _run(database, folder / "002_change.up.sql", folder / "002_change.down.sql")
    assert database.execute("SELECT * FROM likes ORDER BY post").fetchall() == [(1,), (3,)]


def test_what_was_filled_since_is_kept_for_the_next_forward(
    plant: Plant, rollback: Command, database: psycopg.Connection
) -> None:
    folder = _write(
        plant,
        rollback,
        "ALTER TABLE users ADD COLUMN age int;\nCREATE TABLE tags (name text, owner bigint REFERENCES users);\n",
    )
    up, down = folder / "002_change.up.sql", folder / "002_change.down.sql"
    database.execute((TABLES + ROWS).encode())
    _run(database, up)
    database.execute("UPDATE users SET age = 10 * id; INSERT INTO tags VALUES ('a', 1), ('b', 2)")
    _run(database, down)
    assert _set_aside(database) != []
    database.execute("DELETE FROM likes; DELETE FROM posts; DELETE FROM users WHERE id = 3")
    _run(database, up)
    assert database.execute("SELECT id, age FROM users ORDER BY id").fetchall() == [(1, 10), (2, 20)]
    assert database.execute("SELECT * FROM tags ORDER BY name").fetchall() == [("a", 1), ("b", 2)]
    assert _set_aside(database) == []


def test_triggers_do_not_see_what_comes_back(plant: Plant, rollback: Command, database: psycopg.Connection) -> None:
    trigger = (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.kind := 'touched'; RETURN NEW; END $$;\n"
        "CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION f();\n"
    )
    folder = _write(plant, rollback, "ALTER TABLE users DROP COLUMN note;\n")
    (folder / "001_tables.up.sql").write_text(TABLES + trigger)
    (folder / "002_change.up.sql").write_text("ALTER TABLE users DROP COLUMN note;\n")
    assert rollback("write", "m", "--at", "2", "--preserve-data", "--replace").status == 0
    database.execute((TABLES + trigger + ROWS).encode())
    _run(database, folder / "002_change.up.sql", folder / "002_change.down.sql")
    assert database.execute("SELECT note, kind FROM users WHERE id = 1").fetchone() == ("one", "ordinary")
    database.execute("UPDATE users SET note = 'x' WHERE id = 1")
    assert database.execute("SELECT kind FROM users WHERE id = 1").fetchone() == ("touched",)


def test_a_table_without_a_key_is_named(plant: Plant, rollback: Command) -> None:
    plant(
        {
            "m/001_a.up.sql": "CREATE TABLE log (line text, at text);\n",
            "m/001_a.down.sql": "DROP TABLE log;\n",
            "m/002_b.up.sql": "ALTER TABLE log DROP COLUMN at;\n",
        }
    )
    done = rollback("write", "m", "--preserve-data", "--replace", "--at", "2", "--format", "json")
    (item,) = done.json["rollbacks"]
    assert (done.status, item["restores"], item["forward_changed"]) == (1, "schema_only", False)
    assert item["missing"] == ["the values of log.at are lost"]


def test_a_narrowed_column_with_another_name_is_named(plant: Plant, rollback: Command) -> None:
    plant(
        {
            "m/001_tables.up.sql": TABLES,
            "m/001_tables.down.sql": "DROP TABLE likes, posts, users;\n",
            "m/002_b.up.sql": "ALTER TABLE users RENAME COLUMN kind TO sort;\n"
            "ALTER TABLE users ALTER COLUMN sort TYPE varchar(3) USING left(sort, 3);\n",
        }
    )
    done = rollback("write", "m", "--preserve-data", "--replace", "--at", "2", "--format", "json")
    (item,) = done.json["rollbacks"]
    assert item["forward_changed"] is False


@pytest.mark.parametrize("column", ["note", "Note"])
def test_sqlite_brings_values_and_rows_back(plant: Plant, rollback: Command, column: str) -> None:
    tables = (
        f"CREATE TABLE t (id INTEGER PRIMARY KEY, {column} TEXT);\n"
        "CREATE TABLE u (id INTEGER PRIMARY KEY, t INTEGER);\n"
    )
    folder = plant(
        {
            "sqlite/001_t.up.sql": tables,
            "sqlite/001_t.down.sql": "DROP TABLE u;\nDROP TABLE t;\n",
            "sqlite/002_x.up.sql": "ALTER TABLE t DROP COLUMN note;\nDROP TABLE u;\n",
        }
    )
    done = rollback("write", "sqlite", "--at", "2", "--preserve-data", "--replace", "--format", "json")
    assert done.status == 0, done
    up, down = ((folder / f"sqlite/002_x.{word}.sql").read_text() for word in ("up", "down"))
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.executescript(f"{tables} INSERT INTO t VALUES (1, 'a'), (2, 'b'); INSERT INTO u VALUES (7, 1);")
    database.executescript(f"{up} DELETE FROM t WHERE id = 1; INSERT INTO t (id) VALUES (3); {down}")
    assert database.execute("SELECT id, note FROM t ORDER BY id").fetchall() == [(2, "b"), (3, None)]
    assert database.execute("SELECT * FROM u").fetchall() == [(7, 1)]
    left = database.execute("SELECT count(*) FROM sqlite_master WHERE name LIKE 'miglint%'").fetchone()
    assert left == (0,)


def _git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_forwards_of_the_base_branch_are_not_changed(plant: Plant, rollback: Command) -> None:
    files = {"m/001_a.up.sql": TABLES, "m/001_a.down.sql": "DROP TABLE likes, posts, users;\n"}
    change = "ALTER TABLE users DROP COLUMN note;\n"
    folder = plant({**files, "m/002_b.up.sql": change})
    without_git = rollback("write", "m", "--preserve-data")
    assert without_git.status == 1
    assert "whether it has run is not known without git" in without_git.out
    _git(folder, "init", "-q", "-b", "main")
    _git(folder, "add", ".")
    _git(folder, "commit", "-q", "-m", "x")
    plant({"m/003_c.up.sql": "ALTER TABLE users DROP COLUMN kind;\n"})
    done = rollback("write", "m", "--preserve-data")
    assert done.status == 1
    assert "002 b: not written: its forward would have to set data aside, but main has it" in done.out
    assert (folder / "m/002_b.up.sql").read_text() == change
    assert "miglint_set_aside" in (folder / "m/003_c.up.sql").read_text()
    assert (folder / "m/miglint_clean_up/003.sql").exists()
    assert rollback("write", "m", "--preserve-data", "--edit-applied").status == 0
    assert "miglint_set_aside" in (folder / "m/002_b.up.sql").read_text()
    assert rollback("write", "m", "--edit-applied").status == 2


def test_the_check_accepts_what_is_written(plant: Plant, rollback: Command) -> None:
    _write(plant, rollback, "ALTER TABLE users DROP COLUMN note;\n")
    entry = rollback("list", "m", "--format", "json").json["migrations"][1]
    assert entry["verdict"]["symmetric"] is True, entry["unknown"]
    assert entry["set_aside"] == [
        {
            "table": "miglint_set_aside.v002_users",
            "how_much": "SELECT count(*), min(miglint_at) FROM miglint_set_aside.v002_users;",
        }
    ]
    assert "sets data aside; how much: SELECT count(*)" in rollback("list", "m").out
    assert entry["verdict"]["forward_idempotent"] is False  # its own statement is not guarded
    verified = rollback("verify", "m", "--to", "1")
    assert verified.status == 0, verified.out


def test_after_a_part_of_a_forward_everything_is_as_before(
    plant: Plant, rollback: Command, database: psycopg.Connection
) -> None:
    """One of two columns is there, and what the narrowed values became is not noted yet."""
    forward = "ALTER TABLE users ADD a text;\nALTER TABLE users ALTER kind TYPE varchar(3) USING left(kind, 3);\n"
    folder = _write(plant, rollback, forward + "ALTER TABLE users ADD b text;\n")
    up, down = ((folder / f"002_change.{way}.sql").read_text() for way in ("up", "down"))
    database.execute(TABLES.encode())
    database.execute(ROWS.encode())
    database.execute(up[: up.index("ALTER TABLE users ADD b")].encode())
    database.execute(down.encode())
    rows = database.execute("SELECT * FROM users ORDER BY id").fetchall()
    assert rows == [(1, "one", "ordinary"), (2, "two", "special"), (3, None, "x")]
    assert _set_aside(database) == []


def test_sqlite_sets_aside_what_a_part_of_a_forward_has_added(plant: Plant, rollback: Command) -> None:
    folder = plant(
        {
            "sqlite/001_t.up.sql": "CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT);\n",
            "sqlite/001_t.down.sql": "DROP TABLE t;\n",
            "sqlite/002_c.up.sql": "ALTER TABLE t ADD COLUMN a TEXT;\nALTER TABLE t ADD COLUMN b TEXT;\n",
        }
    )
    assert rollback("write", "sqlite", "--preserve-data", "--replace", "--at", "2").status == 0
    up, down = ((folder / f"sqlite/002_c.{way}.sql").read_text() for way in ("up", "down"))
    start = "CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT); INSERT INTO t VALUES (1, 'x'), (2, 'y');"
    for half in (up[: up.index("ALTER TABLE t ADD COLUMN b")], up):
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.executescript(start + half)
        connection.execute("UPDATE t SET a = 'a' || id")
        connection.executescript(down)
        assert connection.execute("SELECT * FROM t").fetchall() == [(1, "x"), (2, "y")]
        connection.executescript(up)
        assert connection.execute("SELECT * FROM t").fetchall() == [(1, "x", "a1", None), (2, "y", "a2", None)]
        connection.close()


def test_values_of_a_type_that_goes_with_its_table_come_back(
    plant: Plant, rollback: Command, database: psycopg.Connection
) -> None:
    """The copy must not hold on to the type, nor to the collation."""
    forward = (
        "CREATE TYPE mood AS ENUM ('sad', 'ok');\nCREATE COLLATION plain FROM \"C\";\n"
        "CREATE TABLE moods (id int PRIMARY KEY, m mood, note text COLLATE plain);\n"
        "ALTER TABLE users ADD feeling mood DEFAULT 'ok';\n"
    )
    folder = _write(plant, rollback, forward)
    up, down = ((folder / f"002_change.{way}.sql").read_text() for way in ("up", "down"))
    for text in (TABLES, ROWS, up, "INSERT INTO moods VALUES (1, 'sad', 'x'); UPDATE users SET feeling = 'sad'", down):
        database.execute(text.encode())
    assert database.execute("SELECT to_regtype('mood')").fetchone() == (None,)
    database.execute(up.encode())
    assert database.execute("SELECT * FROM moods").fetchall() == [(1, "sad", "x")]
    assert database.execute("SELECT DISTINCT feeling FROM users").fetchall() == [("sad",)]
    assert _set_aside(database) == []
