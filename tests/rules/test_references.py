"""Foreign keys and extensions: the tables of the rules against the server, and what a rule is not sure of."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.schema.extension_parts import BUILT_IN, CLASSES, FUNCTIONS, METHODS, TYPES
from miglint.schema.key_types import can_reference
from miglint.sql.operations import Type

from .checking import Checker
from .engines import Postgres, database

KINDS = tuple(
    """
    bool int2 int4 int8 numeric float4 float8 money oid text varchar bpchar name bytea uuid date timestamp timestamptz
    time timetz interval inet cidr macaddr json jsonb xml bit varbit
    """.split()  # noqa: SIM905 - readable as a text
)


@pytest.fixture
def checker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checker:
    return Checker(tmp_path, monkeypatch)


def test_the_server_takes_the_foreign_keys_that_fit(postgres: PostgresEngine) -> None:
    with database("PostgreSQL", postgres) as lent:
        keys = [kind for kind in KINDS if lent.run(f"CREATE TABLE of_{kind} (id {kind} PRIMARY KEY)") is None]
        taken = {
            (one, two)
            for two in keys
            for one in KINDS
            if lent.run(f"CREATE TABLE a (b {one} REFERENCES of_{two} (id)); DROP TABLE a") is None
        }
    assert sorted(set(KINDS) - set(keys)) == ["json", "xml"]
    assert {(one, two) for two in keys for one in KINDS if can_reference(Type(one), Type(two))} == taken
    assert all(can_reference(Type(one), Type(two)) is not None for one in KINDS for two in KINDS)


def test_nothing_is_said_of_types_that_were_not_asked() -> None:
    assert can_reference(Type("citext"), Type("text")) is None
    assert can_reference(Type("int4", dimensions=1), Type("int4")) is None
    assert can_reference(Type("text", schema="app"), Type("text")) is None


@pytest.mark.parametrize(
    ("extra", "sure"),
    [
        ("UNIQUE (email)", True),
        ("UNIQUE (email, name)", False),
        ("UNIQUE (id, email)", False),
    ],
)
def test_columns_must_be_unique_just_as_they_are(
    checker: Checker, postgres: PostgresEngine, extra: str, sure: bool
) -> None:
    parent = f"CREATE TABLE users (id bigint PRIMARY KEY, email text, name text, {extra});\n"
    child = "CREATE TABLE letters (id bigint PRIMARY KEY, email text REFERENCES users (email));\n"
    found = checker.told({"001_a.up.sql": parent, "002_b.up.sql": child}, "REF")
    assert [code for code, *_ in found] == ["REF007"] * (not sure)
    with database("PostgreSQL", postgres) as lent:
        said = lent.run(parent + child)
    assert (said is None) == sure


@pytest.mark.parametrize(
    ("index", "enough"),
    [
        ("CREATE UNIQUE INDEX users_email_idx ON users (email);", True),
        ("CREATE INDEX users_email_idx ON users (email);", False),
        ("CREATE UNIQUE INDEX users_email_idx ON users (email) WHERE id > 0;", False),
        ("CREATE UNIQUE INDEX users_email_idx ON users (lower(email));", False),
    ],
)
def test_an_index_is_enough_when_it_is_plain_and_unique(
    checker: Checker, postgres: PostgresEngine, index: str, enough: bool
) -> None:
    parent = f"CREATE TABLE users (id bigint PRIMARY KEY, email text);\n{index}\n"
    child = "CREATE TABLE letters (id bigint PRIMARY KEY, email text REFERENCES users (email));\n"
    found = checker.told({"001_a.up.sql": parent, "002_b.up.sql": child}, "REF")
    assert [code for code, *_ in found] == ["REF007"] * (not enough)
    with database("PostgreSQL", postgres) as lent:
        said = lent.run(parent + child)
    assert (said is None) == enough


def test_nothing_is_said_of_a_table_that_no_file_makes(checker: Checker) -> None:
    child = "CREATE TABLE letters (id bigint PRIMARY KEY, email text REFERENCES users (email));"
    assert checker.told({"001_a.up.sql": child}, "REF") == []


def test_a_row_under_set_null_on_not_null_cannot_be_deleted(postgres: PostgresEngine) -> None:
    script = """
CREATE TABLE users (id integer PRIMARY KEY);
CREATE TABLE orders (id integer PRIMARY KEY, user_id integer NOT NULL REFERENCES users (id) ON DELETE SET NULL);
INSERT INTO users VALUES (1);
INSERT INTO orders VALUES (1, 1);
"""
    with database("PostgreSQL", postgres) as lent:
        assert lent.run(script) is None
        said = lent.run("DELETE FROM users;")
        assert said is not None
        assert said.state == "23502"
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.executescript(script)
    with pytest.raises(sqlite3.IntegrityError, match="NOT NULL"):
        connection.execute("DELETE FROM users")


@pytest.mark.parametrize(
    ("forward", "told"),
    [
        ("ALTER TABLE orders ALTER COLUMN user_id SET NOT NULL;", True),
        ("ALTER TABLE orders ALTER COLUMN id SET NOT NULL;", False),
        ("ALTER TABLE orders ALTER COLUMN user_id DROP NOT NULL;", False),
        (
            "ALTER TABLE orders ADD CONSTRAINT two FOREIGN KEY (user_id, id) REFERENCES pairs (a, b) "
            "ON DELETE SET NULL;",
            True,
        ),
        (
            "ALTER TABLE orders ADD CONSTRAINT two FOREIGN KEY (user_id, id) REFERENCES pairs (a, b) "
            "ON DELETE SET NULL (user_id);",
            False,
        ),
    ],
)
def test_set_null_and_not_null_meet(checker: Checker, forward: str, told: bool) -> None:
    start = """
CREATE TABLE users (id integer PRIMARY KEY);
CREATE TABLE pairs (a integer, b integer, PRIMARY KEY (a, b));
CREATE TABLE orders (id integer PRIMARY KEY, user_id integer REFERENCES users (id) ON DELETE SET NULL);
"""
    found = checker.told({"001_a.up.sql": start, "002_b.up.sql": forward}, "REF010")
    assert bool(found) == told


def test_sqlite_finds_the_mismatch_when_rows_change() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.executescript("CREATE TABLE a (b TEXT); CREATE TABLE c (d TEXT REFERENCES a (b));")
    with pytest.raises(sqlite3.OperationalError, match="foreign key mismatch"):
        connection.execute("INSERT INTO c VALUES ('x')")


# --- extensions ------------------------------------------------------------------------------------------------------

_HAS = {
    "function": "SELECT 1 FROM pg_proc WHERE proname = '{}'",
    "type": "SELECT 1 FROM pg_type WHERE typname = '{}'",
    "operator class": "SELECT 1 FROM pg_opclass WHERE opcname = '{}'",
    "index method": "SELECT 1 FROM pg_am WHERE amname = '{}'",
}
_PARTS = {"function": FUNCTIONS, "type": TYPES, "operator class": CLASSES, "index method": METHODS}
# The stand-ins for these, which the embedded server lacks, do not have all of their functions.
_STOOD_IN = frozenset({"uuid-ossp", "pgcrypto"})


def test_extensions_have_what_the_table_says_and_the_server_alone_does_not(postgres: PostgresEngine) -> None:
    wanted = {extension for table in _PARTS.values() for extension in table.values()}
    asked = set()
    with database("PostgreSQL", postgres) as lent:
        assert isinstance(lent, Postgres)
        for kind, table in _PARTS.items():
            there = [name for name in table if lent.query(_HAS[kind].format(name.rpartition(".")[2]))]
            assert there == [], f"a {kind} of the server itself"
        name = lent.query("SELECT current_database()")[0][0]
        with closing(postgres.server.admin_in(str(name))) as admin:
            available = {str(row[0]) for row in admin.query("SELECT name FROM pg_available_extensions")[0]}
            for extension in sorted(wanted & available - _STOOD_IN):
                admin.query(f'CREATE EXTENSION IF NOT EXISTS "{extension}" CASCADE')
                asked.add(extension)
        missing = [
            (kind, name, extension)
            for kind, table in _PARTS.items()
            for name, extension in table.items()
            if extension in asked and not lent.query(_HAS[kind].format(name))
        ]
        assert missing == []
        for function in BUILT_IN:
            assert lent.query(_HAS["function"].format(function))
    assert {"pg_trgm", "citext", "hstore", "ltree", "unaccent", "fuzzystrmatch", "tablefunc"} <= asked


@pytest.mark.parametrize(
    ("files", "severities"),
    [
        ({"001_a.up.sql": "CREATE TABLE a (id uuid DEFAULT uuid_generate_v4());"}, ["warning"]),
        ({"001_a.up.sql": "CREATE TABLE a (id uuid DEFAULT gen_random_uuid());"}, []),
        (
            {
                "miglint.toml": 'targets = ["postgres>=12"]',
                "001_a.up.sql": "CREATE TABLE a (id uuid DEFAULT gen_random_uuid());",
            },
            ["warning"],
        ),
        (
            {
                "001_a.up.sql": 'CREATE EXTENSION "uuid-ossp";',
                "002_b.up.sql": "CREATE TABLE a (id uuid DEFAULT uuid_generate_v4());",
            },
            [],
        ),
        # Once for each extension.
        (
            {
                "001_a.up.sql": "CREATE TABLE a (id uuid DEFAULT uuid_generate_v4());",
                "002_b.up.sql": "CREATE TABLE b (id uuid DEFAULT uuid_generate_v4(), mail citext);",
            },
            ["warning", "warning"],
        ),
        # The team's own function of that name.
        (
            {
                "001_a.up.sql": "CREATE FUNCTION unaccent(text) RETURNS text LANGUAGE sql AS 'SELECT $1';",
                "002_b.up.sql": "CREATE TABLE a (b text);\nCREATE INDEX a_b_idx ON a (unaccent(b));",
            },
            [],
        ),
        # A baseline schema says all that there is.
        (
            {
                "miglint.toml": 'baseline-schema = "start.sql"\nexclude = ["start.sql"]',
                "start.sql": "CREATE TABLE a (b text);",
                "001_a.up.sql": "CREATE INDEX a_b_idx ON a USING gin (b gin_trgm_ops);",
            },
            ["error"],
        ),
        # Where a template says in which schema, nobody knows which extension it is.
        (
            {
                "001_a.up.sql": "CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA {{ .Schema }};\n"
                "CREATE TABLE a (b text);\nCREATE INDEX a_b_idx ON a USING gin (b gin_trgm_ops);",
            },
            [],
        ),
        (
            {
                "miglint.toml": 'baseline-schema = "start.sql"\nexclude = ["start.sql"]',
                "start.sql": "CREATE EXTENSION pg_trgm;\nCREATE TABLE a (b text);",
                "001_a.up.sql": "CREATE INDEX a_b_idx ON a USING gin (b gin_trgm_ops);",
            },
            [],
        ),
    ],
)
def test_an_extension_that_nobody_creates(checker: Checker, files: dict[str, str], severities: list[str]) -> None:
    assert [severity for _, severity, _ in checker.told(files, "REF006")] == severities


def test_dynamic_sql_makes_a_missing_table_a_doubt(checker: Checker) -> None:
    files = {
        "001_a.up.sql": "CREATE TABLE a (id bigint PRIMARY KEY);\nDROP TABLE a;",
        "002_b.up.sql": "CREATE INDEX a_idx ON a (id);",
    }
    assert checker.told(files, "REF") == [("REF001", "error", 'relation "a" does not exist')]
    files["001_a.up.sql"] += (
        "\nDO $$ DECLARE name text; BEGIN EXECUTE format('CREATE TABLE %I (id bigint)', name); END $$;"
    )
    assert checker.told(files, "REF") == [("REF001", "warning", 'relation "a" does not exist')]


@pytest.mark.parametrize(
    ("script", "missing"),
    [
        ("CREATE TABLE b (id bigint PRIMARY KEY, a_id bigint REFERENCES a (no));", True),
        ("CREATE TABLE b (id bigint PRIMARY KEY, FOREIGN KEY (a_id) REFERENCES a (id));", True),
        ("CREATE TABLE b (id bigint PRIMARY KEY, b_id bigint REFERENCES b (no));", True),
        ("CREATE TABLE b (id bigint PRIMARY KEY, b_id bigint REFERENCES b (id));", False),
        (
            "CREATE TABLE b (id bigint PRIMARY KEY, a_id bigint REFERENCES a (id));\n"
            "ALTER TABLE a RENAME COLUMN id TO no;",
            False,
        ),
    ],
)
def test_a_foreign_key_over_columns_that_are_not_there(
    checker: Checker, postgres: PostgresEngine, script: str, missing: bool
) -> None:
    start = "CREATE TABLE a (id bigint PRIMARY KEY);\n"
    found = checker.told({"001_a.up.sql": start, "002_b.up.sql": script}, "REF")
    assert [code for code, *_ in found] == ["REF002"] * missing
    with database("PostgreSQL", postgres) as lent:
        said = lent.run(start + script)
    assert (said is not None and said.state == "42703") == missing


@pytest.mark.parametrize(
    ("statement", "also"),
    [
        ("DROP TABLE users CASCADE;", 'constraint "orders_user_id_fkey" of "orders"'),
        ("DROP INDEX users_id_idx CASCADE;", 'constraint "orders_user_id_fkey" of "orders"'),
        ("DROP TYPE mood CASCADE;", 'column "mood" of "orders"'),
        ("DROP TABLE orders CASCADE;", '"pending"'),
    ],
)
def test_what_a_cascade_drops_is_named_with_its_table(checker: Checker, statement: str, also: str) -> None:
    start = """
CREATE TYPE mood AS ENUM ('ok');
CREATE TABLE users (id bigint NOT NULL);
CREATE UNIQUE INDEX users_id_idx ON users (id);
CREATE TABLE orders (id bigint PRIMARY KEY, mood mood, user_id bigint REFERENCES users (id));
CREATE VIEW pending AS SELECT id FROM orders;
"""
    ((_, _, message),) = checker.told({"001_a.up.sql": start, "002_b.up.sql": statement}, "DAT027")
    assert message.endswith(f" also drops {also}")
