"""`miglint port`: what it writes, where, and what it leaves alone; SQLite runs what is written for it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable

import pytest
from tests.small_project import command

from .conftest import Command, Plant

_USERS = "CREATE TABLE users (id bigserial PRIMARY KEY, name varchar(100) NOT NULL UNIQUE);\n"


def _script(text: str) -> str:
    """Return a script without its comments and empty lines."""
    return "\n".join(line for line in text.splitlines() if line.strip() and not line.startswith("--"))


Ported = Callable[..., str]


@pytest.fixture
def ported(plant: Plant, port: Command) -> Ported:
    """Port the last of some scripts to SQLite, run them all there, and return the last one."""

    def write(*scripts: str, at: str | None = None) -> str:
        root = plant({f"migrations/{number:03}_x.up.sql": text for number, text in enumerate(scripts, 1)})
        done = port("migrations", "--to", "sqlite")
        assert done.status in (0, 1), done.err
        database = sqlite3.connect(":memory:")
        database.execute("PRAGMA foreign_keys = ON")
        files = sorted((root / "migrations").glob("*.sqlite.up.sql"))
        assert len(files) == len(scripts), done.out
        for file in files:
            database.executescript(file.read_text())
        return files[-1].read_text()

    return write


@pytest.mark.parametrize(
    ("postgres", "sqlite"),
    [
        (
            "CREATE TABLE t (id serial PRIMARY KEY, a text NOT NULL DEFAULT 'x');",
            "CREATE TABLE IF NOT EXISTS t (\n    id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
            "    a TEXT DEFAULT 'x' NOT NULL\n);",
        ),
        (
            "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz DEFAULT now());",
            "CREATE TABLE IF NOT EXISTS t (\n    id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
            "    at TEXT DEFAULT CURRENT_TIMESTAMP\n);",
        ),
        (
            "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE t (a mood NOT NULL DEFAULT 'ok');",
            "CREATE TABLE IF NOT EXISTS t (\n    a TEXT DEFAULT 'ok' NOT NULL CHECK (a IN ('sad', 'ok'))\n);",
        ),
        (
            "CREATE DOMAIN price AS numeric CHECK (VALUE >= 0); CREATE TABLE t (a price);",
            "CREATE TABLE IF NOT EXISTS t (\n    a NUMERIC CHECK (a >= 0)\n);",
        ),
        (
            "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) STORED, UNIQUE (a, b), CHECK (a > b));",
            "CREATE TABLE IF NOT EXISTS t (\n    a INTEGER,\n"
            "    b INTEGER GENERATED ALWAYS AS (a * 2) STORED,\n    CHECK (a > b),\n    UNIQUE (a, b)\n);",
        ),
        (
            "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (p int REFERENCES p (id) ON DELETE CASCADE);",
            "CREATE TABLE IF NOT EXISTS p (\n    id INTEGER NOT NULL PRIMARY KEY\n);\n"
            "CREATE TABLE IF NOT EXISTS t (\n    p INTEGER REFERENCES p (id) ON DELETE CASCADE\n);",
        ),
        (
            # A string with the words of another constraint in it.
            "CREATE TABLE t (a text CHECK (a <> 'UNIQUE (a)'), b text CHECK (b <> 'FOREIGN KEY (x'));",
            "CREATE TABLE IF NOT EXISTS t (\n    a TEXT CHECK (a <> 'UNIQUE (a)'),\n"
            "    b TEXT CHECK (b <> 'FOREIGN KEY (x')\n);",
        ),
        (
            "CREATE TABLE t (a text); CREATE UNIQUE INDEX i ON t (lower(a) DESC) WHERE a <> '';",
            "CREATE TABLE IF NOT EXISTS t (\n    a TEXT\n);\n"
            "CREATE UNIQUE INDEX IF NOT EXISTS i ON t (lower(a) DESC) WHERE a <> '';",
        ),
        (
            "CREATE TABLE t (a text); CREATE VIEW v AS SELECT a::text AS b FROM t WHERE a IS NOT DISTINCT FROM 'x';",
            "CREATE TABLE IF NOT EXISTS t (\n    a TEXT\n);\n"
            "CREATE VIEW IF NOT EXISTS v AS\nSELECT CAST(a AS TEXT) AS b FROM t WHERE a IS 'x';",
        ),
    ],
)
def test_what_is_created(ported: Ported, postgres: str, sqlite: str) -> None:
    assert _script(ported(postgres)) == sqlite


@pytest.mark.parametrize(
    ("postgres", "sqlite"),
    [
        ("ALTER TABLE users ADD COLUMN a text;", "ALTER TABLE users ADD COLUMN a TEXT;"),
        (
            "ALTER TABLE users ADD COLUMN boss bigint REFERENCES users (id);",
            "ALTER TABLE users ADD COLUMN boss INTEGER REFERENCES users (id);",
        ),
        ("ALTER TABLE users RENAME COLUMN name TO title;", "ALTER TABLE users RENAME COLUMN name TO title;"),
        ("ALTER TABLE users RENAME TO people;", "ALTER TABLE users RENAME TO people;"),
        ("DROP TABLE users;", "DROP TABLE IF EXISTS users;"),
        (
            "ALTER TABLE users ADD COLUMN a int NOT NULL DEFAULT 1;\nALTER TABLE users ALTER COLUMN a DROP DEFAULT;",
            "ALTER TABLE users ADD COLUMN a INTEGER DEFAULT 1 NOT NULL;",
        ),
        (
            "ALTER TABLE users ADD COLUMN a int; ALTER TABLE users ADD CONSTRAINT k UNIQUE (a);",
            "ALTER TABLE users ADD COLUMN a INTEGER;\nCREATE UNIQUE INDEX IF NOT EXISTS k ON users (a);",
        ),
        ("ALTER TABLE users ALTER COLUMN name TYPE text;", ""),
        ("UPDATE users SET name = 'x' WHERE id = 1;", "UPDATE users SET name = 'x' WHERE id = 1;"),
    ],
)
def test_what_is_altered(ported: Ported, postgres: str, sqlite: str) -> None:
    assert _script(ported(_USERS, postgres)) == sqlite


@pytest.mark.parametrize(
    ("postgres", "kept"),
    [
        ("ALTER TABLE users ALTER COLUMN name DROP NOT NULL;", "    name TEXT UNIQUE\n"),
        ("ALTER TABLE users ALTER COLUMN name SET DEFAULT 'x';", "    name TEXT DEFAULT 'x' NOT NULL UNIQUE\n"),
        ("ALTER TABLE users DROP CONSTRAINT users_name_key;", "    name TEXT NOT NULL\n"),
        ("ALTER TABLE users ADD CHECK (name <> '');", "    CHECK (name <> '')\n"),
    ],
)
def test_a_table_that_sqlite_cannot_alter_is_rebuilt_with_its_rows(
    plant: Plant, port: Command, postgres: str, kept: str
) -> None:
    root = plant({"migrations/001_x.up.sql": _USERS, "migrations/002_x.up.sql": postgres})
    assert port("migrations", "--to", "sqlite").status == 0
    database = sqlite3.connect(":memory:")
    database.executescript((root / "migrations/001_x.sqlite.up.sql").read_text())
    database.execute("INSERT INTO users (name) VALUES ('a'), ('b')")
    text = (root / "migrations/002_x.sqlite.up.sql").read_text()
    database.commit()
    database.executescript(text)
    assert kept in text
    assert database.execute("SELECT name FROM users ORDER BY id").fetchall() == [("a",), ("b",)]


def test_a_trigger_with_a_simple_function_becomes_one_with_a_body(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "migrations/001_x.up.sql": """
                CREATE TABLE t (id serial PRIMARY KEY, a text, changed text DEFAULT 'never');
                CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF NEW.a <> OLD.a THEN
                        NEW.changed := 'yes';
                    END IF;
                    RETURN NEW;
                END $$;
                CREATE TRIGGER touch_t BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
                """
        }
    )
    assert port("migrations", "--to", "sqlite").status == 0
    database = sqlite3.connect(":memory:")
    database.executescript((root / "migrations/001_x.sqlite.up.sql").read_text())
    database.execute("INSERT INTO t (a) VALUES ('x'), ('y')")
    database.execute("UPDATE t SET a = 'z' WHERE a = 'y'")
    assert database.execute("SELECT a, changed FROM t ORDER BY id").fetchall() == [("x", "never"), ("z", "yes")]


def test_a_trigger_keeps_strings_that_look_like_comments_and_ends_of_statements(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "migrations/001_x.up.sql": """
                CREATE TABLE t (a text); CREATE TABLE log (a text);
                CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    INSERT INTO log VALUES ('a -- b; /* c */'); -- noted; once
                    RETURN NEW;
                END $$;
                CREATE TRIGGER note_t AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION note();
                """
        }
    )
    assert port("migrations", "--to", "sqlite").status == 0
    database = sqlite3.connect(":memory:")
    database.executescript((root / "migrations/001_x.sqlite.up.sql").read_text())
    database.execute("INSERT INTO t VALUES ('x')")
    assert database.execute("SELECT a FROM log").fetchall() == [("a -- b; /* c */",)]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("CREATE INDEX i ON users USING gin (name gin_trgm_ops);", "index i uses gin, which SQLite does not have"),
        ("CREATE POLICY p ON users USING (true);", "policy p has no equivalent"),
        (
            f"CREATE DOMAIN d AS int CHECK ({'abs(' * 150}VALUE{')' * 150} > 0);\nCREATE TABLE t (a d);",
            "check d_check of domain d: the statement is too long or too deep",
        ),
        ("CREATE SEQUENCE s;", "sequence s has no equivalent"),
        ("INSERT INTO users (name) SELECT 'x' || g FROM generate_series(1, 3) AS g;", "no such table: generate_series"),
        ("ALTER TABLE users ADD CONSTRAINT c CHECK (name ~ '^a');", "SQLite has no regular expressions"),
        ("CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT a';", "function f has no equivalent"),
        ("CREATE TABL x (a int);", "the statement is not read: syntax error"),
        (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM 1; RETURN NEW; END';\n"
            "CREATE TRIGGER g BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION f();",
            "trigger g: PERFORM in its function has no equivalent",
        ),
    ],
)
def test_what_is_not_carried_over_is_said_with_its_statement(
    plant: Plant, port: Command, statement: str, reason: str
) -> None:
    root = plant({"migrations/001_x.up.sql": _USERS, "migrations/002_x.up.sql": statement})
    done = port("migrations", "--to", "sqlite")
    assert done.status == 1
    assert f"not carried over: {reason}" in done.out or reason in done.out
    text = (root / "migrations/002_x.sqlite.up.sql").read_text()
    assert "-- Not carried over: " in text
    assert reason in text
    assert f"--   {statement.splitlines()[-1].rstrip(';')}" in text


@pytest.mark.parametrize(
    "statement", ["COMMENT ON TABLE users IS 'x';", "SET lock_timeout = '5s';", "GRANT SELECT ON users TO PUBLIC;"]
)
def test_what_sqlite_does_not_need_is_a_comment_only(plant: Plant, port: Command, statement: str) -> None:
    root = plant({"migrations/001_x.up.sql": _USERS, "migrations/002_x.up.sql": statement})
    assert port("migrations", "--to", "sqlite").status == 0
    text = (root / "migrations/002_x.sqlite.up.sql").read_text()
    assert text.startswith("-- Not needed: ")
    assert f"--   {statement.rstrip(';')}\n" in text


def test_types_are_those_that_the_project_has_chosen(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "postgres/001_x.up.sql": "CREATE TABLE t (id text PRIMARY KEY, at timestamptz, name varchar(30));\n",
            "sqlite/001_x.up.sql": "CREATE TABLE t (id TEXT PRIMARY KEY, at DATETIME, name VARCHAR(30));\n",
            "postgres/002_y.up.sql": "ALTER TABLE t ADD COLUMN until timestamptz, ADD COLUMN nick varchar(10);\n",
        }
    )
    assert port("--to", "sqlite", "postgres", "sqlite").status == 0
    assert (root / "sqlite/002_y.up.sql").read_text() == (
        "ALTER TABLE t ADD COLUMN until DATETIME;\nALTER TABLE t ADD COLUMN nick VARCHAR(10);\n"
    )


def test_the_configuration_chooses_types(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "miglint.toml": '[port.sqlite]\ntimestamptz = "INTEGER"\n',
            "migrations/001_x.up.sql": "CREATE TABLE t (at timestamptz);\n",
        }
    )
    assert port("migrations", "--to", "sqlite").status == 0
    assert "at INTEGER" in (root / "migrations/001_x.sqlite.up.sql").read_text()


def test_a_script_that_has_to_run_twice_rebuilds_instead_of_adding(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "miglint.toml": 'idempotency = "required"\n',
            "migrations/001_x.up.sql": _USERS,
            "migrations/002_x.up.sql": "ALTER TABLE users ADD COLUMN IF NOT EXISTS a int NOT NULL DEFAULT 7;\n",
        }
    )
    assert port("migrations", "--to", "sqlite").status == 0
    database = sqlite3.connect(":memory:")
    database.executescript((root / "migrations/001_x.sqlite.up.sql").read_text())
    database.execute("INSERT INTO users (name) VALUES ('a')")
    database.commit()
    for value in (7, 8):
        database.executescript((root / "migrations/002_x.sqlite.up.sql").read_text())
        assert database.execute("SELECT name, a FROM users").fetchall() == [("a", value)]
        database.execute("UPDATE users SET a = 8")
        database.commit()


def test_the_rollback_is_written_too(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "postgres/001_x.up.sql": _USERS,
            "postgres/001_x.down.sql": "DROP TABLE users;\n",
            "sqlite/001_x.up.sql": "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);\n",
            "sqlite/001_x.down.sql": "DROP TABLE users;\n",
            "postgres/002_y.up.sql": "ALTER TABLE users ADD COLUMN a int;\n",
            "postgres/002_y.down.sql": "ALTER TABLE users DROP COLUMN a;\n",
        }
    )
    done = port("postgres", "sqlite", "--to", "sqlite", "--verify=sqlite")
    assert (done.status, done.err) == (0, "")
    assert (root / "sqlite/002_y.up.sql").read_text() == "ALTER TABLE users ADD COLUMN a INTEGER;\n"
    assert (root / "sqlite/002_y.down.sql").read_text().startswith("-- Restores: exact.\n")


def test_what_fails_on_the_engine_is_not_written(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "migrations/001_x.up.sql": "CREATE TABLE t (a int PRIMARY KEY);\nINSERT INTO t VALUES (1);\n",
            "migrations/002_y.up.sql": "INSERT INTO t VALUES (1);\n",
        }
    )
    done = port("migrations", "--to", "sqlite", "--verify=sqlite")
    assert done.status == 1
    assert "002 y: not written: on SQLite" in done.out
    assert not (root / "migrations/002_y.sqlite.up.sql").exists()


def test_diff_and_stdout_write_nothing(plant: Plant, port: Command) -> None:
    root = plant({"migrations/001_x.up.sql": _USERS})
    done = port("migrations", "--to", "sqlite", "--diff")
    assert done.status == 1
    assert "+++ b/migrations/001_x.sqlite.up.sql\n" in done.out
    done = port("migrations", "--to", "sqlite", "--stdout")
    assert done.out.startswith("CREATE TABLE IF NOT EXISTS users (")
    assert [file.name for file in (root / "migrations").iterdir()] == ["001_x.up.sql"]


def test_a_variant_that_is_there_is_left_alone_and_replaced_when_asked(plant: Plant, port: Command) -> None:
    mine = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n"
    root = plant({"migrations/001_x.up.sql": _USERS, "migrations/001_x.sqlite.up.sql": mine})
    assert port("migrations", "--to", "sqlite").out == "no variant is missing\n"
    done = port("migrations", "--to", "sqlite", "--at", "001")
    assert (done.status, done.out.count("it has a variant")) == (1, 1)
    assert (root / "migrations/001_x.sqlite.up.sql").read_text() == mine
    assert port("migrations", "--to", "sqlite", "--at", "001", "--replace").status == 0
    assert "AUTOINCREMENT" in (root / "migrations/001_x.sqlite.up.sql").read_text()


def test_json(plant: Plant, port: Command) -> None:
    plant({"migrations/001_x.up.sql": _USERS + "CREATE INDEX i ON users USING brin (name);\n"})
    done = port("migrations", "--to", "sqlite", "--stdout", "--format", "json")
    (variant,) = json.loads(done.out)["variants"]
    assert variant["version"] == "001"
    assert variant["path"] == "migrations/001_x.sqlite.up.sql"
    assert [loss["reason"] for loss in variant["not_carried_over"]] == ["index i uses brin, which SQLite does not have"]


def test_to_postgres(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "sqlite/001_x.up.sql": """\
                CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
                    active BOOLEAN NOT NULL DEFAULT 1, made DATETIME DEFAULT (datetime('now')));
                CREATE INDEX users_name ON users (name) WHERE active = 1;
                INSERT INTO users (name, active) VALUES ('a', 0);
                """,
            "sqlite/002_y.up.sql": """\
                CREATE TABLE new_users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, active BOOLEAN, made DATETIME);
                INSERT INTO new_users SELECT id, name, active, made FROM users;
                DROP TABLE users;
                ALTER TABLE new_users RENAME TO users;
                INSERT OR IGNORE INTO users (id, name) VALUES (1, 'x');
                """,
        }
    )
    assert port("sqlite", "--to", "postgres").status == 0
    assert _script((root / "postgres/001_x.up.sql").read_text()) == (
        "CREATE TABLE IF NOT EXISTS users (\n"
        "    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,\n"
        "    name text NOT NULL UNIQUE,\n"
        "    active boolean DEFAULT true NOT NULL,\n"
        "    made timestamp DEFAULT CURRENT_TIMESTAMP\n"
        ");\n"
        "CREATE INDEX IF NOT EXISTS users_name ON users (name) WHERE active = TRUE;\n"
        "INSERT INTO users (name, active) VALUES ('a', FALSE);"
    )
    text = (root / "postgres/002_y.up.sql").read_text()
    assert "ALTER TABLE users DROP CONSTRAINT IF EXISTS users_name_key;" in text
    assert "ALTER TABLE users ALTER COLUMN name DROP NOT NULL;" in text
    assert "new_users" not in text
    assert "INSERT INTO users (id, name) VALUES (1, 'x') ON CONFLICT DO NOTHING;" in text


_SQLITE_TABLES = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, old TEXT);
CREATE TABLE admins (id INTEGER PRIMARY KEY, name TEXT);
"""
_REBUILT = """
CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT, old TEXT, made INTEGER DEFAULT 3);
INSERT INTO users_new (id, name, old, made) SELECT {} FROM users{};
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
"""


@pytest.fixture
def ported_to_postgres(plant: Plant, port: Command) -> Callable[[str], tuple[str, list[str]]]:
    """Port a script for SQLite to PostgreSQL; return what is written, and what is said not to be carried over."""

    def write(script: str) -> tuple[str, list[str]]:
        root = plant({"sqlite/001_x.up.sql": _SQLITE_TABLES, "sqlite/002_y.up.sql": script})
        done = port("sqlite", "--to", "postgres", "--format", "json")
        losses = json.loads(done.out)["variants"][1]["not_carried_over"]
        text = (root / "postgres/002_y.up.sql").read_text()
        assert all(f"--   {line}" in text for loss in losses for line in loss["statement"].splitlines())
        return _script(text), [loss["reason"] for loss in losses]

    return write


Lost = Callable[[str], tuple[str, list[str]]]


@pytest.mark.parametrize(
    ("values", "condition", "changes"),
    [
        ("id, name, old, 3", "", []),
        ("id, name, old, 4", "", ["UPDATE users SET made = 4;"]),
        ("id, upper(name), old, 3", "", ["UPDATE users SET name = UPPER(name);"]),
        ("id, old, name, 3", "", ["UPDATE users SET name = old, old = name;"]),
        (
            "id, name, old, 3",
            " WHERE id > 3",
            [
                "CREATE TEMPORARY TABLE IF NOT EXISTS miglint_users AS "
                "SELECT id, name, old, 3 AS made FROM users WHERE id > 3;",
                "DELETE FROM users;",
                "INSERT INTO users (id, name, old, made) SELECT * FROM miglint_users;",
                "DROP TABLE miglint_users;",
                "SELECT setval(pg_get_serial_sequence('users', 'id'), (SELECT max(id) FROM users));",
            ],
        ),
    ],
)
def test_a_copy_that_changes_rows_changes_them_in_place(
    ported_to_postgres: Lost, values: str, condition: str, changes: list[str]
) -> None:
    text, lost = ported_to_postgres(_REBUILT.format(values, condition))
    assert text.splitlines() == ["ALTER TABLE users ADD COLUMN IF NOT EXISTS made bigint DEFAULT 3;", *changes]
    assert lost == []


def test_rows_that_others_refer_to_are_not_replaced(ported_to_postgres: Lost) -> None:
    child = "CREATE TABLE child (id INTEGER PRIMARY KEY, u INTEGER REFERENCES users (id));"
    _, lost = ported_to_postgres(child + _REBUILT.format("id, name, old, 3", " WHERE id > 3"))
    assert lost == ["PostgreSQL has no users_new at this point"]


def test_a_column_that_is_not_copied_gets_its_default(ported_to_postgres: Lost) -> None:
    text, _ = ported_to_postgres(
        "CREATE TABLE u (id INTEGER PRIMARY KEY, name TEXT, old TEXT DEFAULT 'x'); INSERT INTO u (id, name) SELECT id, "
        "name FROM users; DROP TABLE users; ALTER TABLE u RENAME TO users;"
    )
    assert text.splitlines() == [
        "ALTER TABLE users ALTER COLUMN old SET DEFAULT 'x';",
        "UPDATE users SET old = 'x';",
    ]


def test_tables_that_change_places(ported_to_postgres: Lost) -> None:
    text, lost = ported_to_postgres(
        "ALTER TABLE users RENAME TO t; ALTER TABLE admins RENAME TO users; ALTER TABLE t RENAME TO admins;"
    )
    assert lost == []
    assert text.splitlines()[0].endswith('RENAME TO "miglint_admins";') or "miglint_" in text.splitlines()[0]
    assert len(text.splitlines()) == 3


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("UPDATE users SET name = json_object('a', old);", "SET name = json_build_object('a', old);"),
        ("INSERT INTO users VALUES (7, 'a', 'b');", "SELECT setval(pg_get_serial_sequence('users', 'id'), "),
        (
            "INSERT OR REPLACE INTO users (id, name) VALUES (1, 'x');",
            "ON CONFLICT(id) DO UPDATE SET name = EXCLUDED.name, old = DEFAULT;",
        ),
        (
            "INSERT INTO users (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = name || excluded.name;",
            "ON CONFLICT(id) DO UPDATE SET name = users.name || excluded.name;",
        ),
        ('UPDATE users SET name = "x" WHERE name LIKE "a%";', "UPDATE users SET name = 'x' WHERE name ILIKE 'a%';"),
        ("DELETE FROM users WHERE name NOT LIKE 'a%';", "DELETE FROM users WHERE NOT name ILIKE 'a%';"),
        ("UPDATE users SET name = substr(old, -2);", "UPDATE users SET name = right(old, 2);"),
        (
            "ALTER TABLE users ADD COLUMN ok BOOLEAN; UPDATE users SET ok = CASE WHEN id THEN 1 ELSE 0 END;",
            "UPDATE users SET ok = CASE WHEN id <> 0 THEN TRUE ELSE FALSE END;",
        ),
        (
            # A condition that PostgreSQL does not accept is left out of the table.
            "CREATE TABLE n (id INTEGER PRIMARY KEY, a TEXT CHECK (a + 1 > 2));",
            "CREATE TABLE IF NOT EXISTS n (",
        ),
    ],
)
def test_statements_of_sqlite(ported_to_postgres: Lost, script: str, wanted: str) -> None:
    text, _ = ported_to_postgres(script)
    assert wanted in text


def test_a_column_with_another_name_in_the_copy_is_renamed(ported_to_postgres: Lost) -> None:
    text, lost = ported_to_postgres(
        "CREATE TABLE u (id INTEGER PRIMARY KEY, name TEXT, other TEXT); INSERT INTO u SELECT id, name, old FROM users;"
        "DROP TABLE users; ALTER TABLE u RENAME TO users;"
    )
    assert text == "ALTER TABLE users RENAME COLUMN old TO other;"
    assert lost == []


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (
            "UPDATE users SET name = old; ALTER TABLE users DROP COLUMN old;",
            "UPDATE users SET name = old;\nALTER TABLE users DROP COLUMN IF EXISTS old;",
        ),
        (
            "INSERT INTO users (name) SELECT name FROM admins; DROP TABLE admins;",
            "INSERT INTO users (name) SELECT name FROM admins;\nDROP TABLE IF EXISTS admins;",
        ),
        (
            "UPDATE admins SET name = '' WHERE name IS NULL; "
            "CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT NOT NULL); INSERT INTO a SELECT * FROM admins;"
            "DROP TABLE admins; ALTER TABLE a RENAME TO admins;",
            "UPDATE admins SET name = '' WHERE name IS NULL;\nALTER TABLE admins ALTER COLUMN name SET NOT NULL;",
        ),
        ("CREATE TABLE n AS SELECT name FROM users;", None),
        ("BEGIN; DROP TABLE admins; COMMIT;", "BEGIN;\nDROP TABLE IF EXISTS admins;\nCOMMIT;"),
        (
            "WITH w AS (SELECT 1 AS z) INSERT INTO users (id) SELECT z FROM w;",
            "WITH w AS (SELECT 1 AS z) INSERT INTO users (id) SELECT z FROM w;",
        ),
    ],
)
def test_rows_are_read_before_they_are_gone(ported_to_postgres: Lost, script: str, expected: str | None) -> None:
    text, lost = ported_to_postgres(script)
    assert lost == []
    if expected is None:
        assert text.endswith("INSERT INTO n SELECT name FROM users;")
    else:
        # Numbers that were inserted are behind the last one of the identity column afterwards.
        assert text.splitlines()[: len(expected.splitlines())] == expected.splitlines()
        assert all("setval" in line for line in text.splitlines()[len(expected.splitlines()) :])


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("PRAGMA user_version = 3", "PostgreSQL has nothing like PRAGMA user_version"),
        ("PRAGMA foreign_keys = OFF", "PostgreSQL has nothing like PRAGMA foreign_keys"),
        ("ATTACH 'x' AS y", "PostgreSQL has nothing like ATTACH 'x'"),
        ("foo bar", 'the statement is not read: near "foo": syntax error'),
        ("SAVEPOINT s", "SAVEPOINT has no place, as the statements are in another order"),
        ("CREATE VIRTUAL TABLE f USING fts5(x)", "virtual table f has no equivalent"),
        ("INSERT INTO users (name) SELECT hex(name) FROM users", "hex() has no equivalent"),
        ("DELETE FROM sqlite_sequence WHERE name = 'users'", "PostgreSQL has no sqlite_sequence at this point"),
    ],
)
def test_what_postgres_does_not_have_is_said_with_its_statement(
    ported_to_postgres: Lost, statement: str, reason: str
) -> None:
    text, lost = ported_to_postgres(f"{statement};")
    assert text == ""
    assert lost == [reason]


def test_comments_stay_with_what_they_are_about(plant: Plant, port: Command) -> None:
    script = """\
-- The first one.
CREATE TABLE b (id INTEGER PRIMARY KEY);
-- The second one.
CREATE TABLE a (id INTEGER PRIMARY KEY);
/* For names. */
CREATE INDEX i ON b (id);
-- Rows.
INSERT INTO a VALUES (1);
"""
    root = plant({"sqlite/001_x.up.sql": script})
    assert port("sqlite", "--to", "postgres").status == 0
    lines = (root / "postgres/001_x.up.sql").read_text().splitlines()
    assert lines[0] == "-- The first one."
    assert lines[lines.index("-- The second one.") + 1] == "CREATE TABLE IF NOT EXISTS a ("
    assert lines[lines.index("/* For names. */") + 1] == "CREATE INDEX IF NOT EXISTS i ON b (id);"
    assert lines[lines.index("-- Rows.") + 1] == "INSERT INTO a VALUES (1);"


def test_a_table_that_is_older_than_the_scripts_is_altered(plant: Plant, port: Command) -> None:
    script = "ALTER TABLE old ADD COLUMN a TEXT; UPDATE old SET a = 'x'; DELETE FROM older;"
    root = plant({"sqlite/001_x.up.sql": script})
    assert port("sqlite", "--to", "postgres").status == 0
    assert _script((root / "postgres/001_x.up.sql").read_text()) == (
        "ALTER TABLE old ADD COLUMN IF NOT EXISTS a text;\nUPDATE old SET a = 'x';\nDELETE FROM older;"
    )


def test_a_chain_of_thousands_of_references_is_put_in_order(plant: Plant, port: Command) -> None:
    tables = [f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, up INT REFERENCES t{n + 1});" for n in range(1_500)]
    root = plant({"sqlite/001_x.up.sql": "\n".join([*tables, "CREATE TABLE t1500 (id INTEGER PRIMARY KEY);"])})
    assert port("sqlite", "--to", "postgres").status == 0
    text = (root / "postgres/001_x.up.sql").read_text()
    assert text.index("EXISTS t1500 (") < text.index("EXISTS t750 (") < text.index("EXISTS t0 (")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--to", "sqlite", "--diff", "--stdout"), "--diff cannot be combined with --stdout"),
        (("--to", "mysql"), "mysql"),
        ((), "--to"),
        (("--to", "sqlite", "--at", "009"), "no migration has version 009"),
        (("--to", "postgres"), "all migrations are for postgres already"),
    ],
)
def test_wrong_requests_end_with_2(plant: Plant, port: Command, arguments: tuple[str, ...], message: str) -> None:
    plant({"migrations/001_x.up.sql": _USERS})
    done = port("migrations", *arguments)
    assert done.status == 2
    assert message in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(("target", "carried"), [("3.35", False), ("3.44", True)])
def test_what_the_target_lacks_is_not_carried_over(plant: Plant, port: Command, target: str, carried: bool) -> None:
    root = plant(
        {
            "miglint.toml": f'paths = ["migrations"]\ntargets = ["postgres>=15", "sqlite>={target}"]\n',
            "migrations/001_x.up.sql": "CREATE TABLE t (doc jsonb, at timestamptz);\n"
            "CREATE VIEW a AS SELECT doc ->> 'x' AS x, extract(epoch FROM at) AS s FROM t;\n"
            "CREATE VIEW b AS SELECT concat_ws(',', doc, 'x') AS x FROM t;\n",
        }
    )
    done = port("migrations", "--to", "sqlite")
    text = (root / "migrations/001_x.sqlite.up.sql").read_text()
    assert "CAST(json_extract(doc, '$.x') AS TEXT) END AS x, CAST(strftime('%s', at) AS INTEGER) AS s FROM t;" in text
    assert "->" not in text
    assert ("CREATE VIEW IF NOT EXISTS b" in text) is carried
    assert ("not carried over: SQLite has concat_ws() from 3.44 on" in done.out) is not carried


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("001_a.sql", "-- +goose Up\nCREATE TABLE t (id serial PRIMARY KEY);\n\n-- +goose Down\nDROP TABLE t;\n"),
        (
            "20240101000000_a.sql",
            "-- migrate:up\nCREATE TABLE t (id serial PRIMARY KEY);\n\n-- migrate:down\nDROP TABLE t;\n",
        ),
        ("V1__a.sql", "CREATE TABLE t (id serial PRIMARY KEY);\n"),
    ],
    ids=["goose", "dbmate", "flyway"],
)
def test_tools_that_read_one_file_of_a_version_get_a_folder_beside(
    plant: Plant, port: Command, name: str, text: str
) -> None:
    root = plant({f"migrations/{name}": text})
    done = port("migrations", "--to", "sqlite")
    assert done.status == 0, done.out
    assert "AUTOINCREMENT" in (root / f"migrations_sqlite/{name}").read_text()
    assert port("migrations", "--to", "sqlite").out == "no variant is missing\n"


def test_the_command_that_a_finding_offers_writes_the_variant(
    plant: Plant, port: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    root = plant(
        {
            "postgres/001_a.up.sql": "CREATE TABLE t (id int PRIMARY KEY);\n",
            "sqlite/001_a.up.sql": "CREATE TABLE t (id INTEGER PRIMARY KEY);\n",
            "postgres/002_b.up.sql": "ALTER TABLE t ADD COLUMN n text;\n",
        }
    )
    check = command("check", capsys)
    arguments = ("postgres", "sqlite", "--select", "PAR", "--no-cache")
    offered = next(part for part in check(*arguments).out.split("`") if part.startswith("miglint port "))
    assert offered == "miglint port --to sqlite --at 002 postgres/002_b.up.sql"
    assert port(*offered.split()[2:]).status == 0
    assert (root / "sqlite/002_b.up.sql").read_text() == "ALTER TABLE t ADD COLUMN n TEXT;\n"
    assert "PAR010" not in check(*arguments).out


def test_scripts_without_a_variant_have_chosen_no_types_for_the_other_engine(plant: Plant, port: Command) -> None:
    tables = "".join(f"CREATE TABLE part_{number} (id INTEGER PRIMARY KEY, body BLOB);\n" for number in range(3))
    root = plant(
        {
            "miglint.toml": 'dialect = "sqlite"\n',
            "migrations/001_a.up.sql": "CREATE TABLE shop (id INTEGER PRIMARY KEY, body BLOB);\n",
            "migrations/002_b.up.sql": tables,
            "migrations/003_c.up.sql": "CREATE TABLE door (id INTEGER PRIMARY KEY, body BLOB);\n",
        }
    )
    assert port("migrations", "--to", "postgres", "--at", "001").status == 0
    assert port("migrations", "--to", "postgres").status == 0
    for name in ("001_a", "002_b", "003_c"):
        text = (root / f"migrations/{name}.postgres.up.sql").read_text()
        assert "blob" not in text.lower()
        assert text.count("body bytea") == (3 if name == "002_b" else 1)
