"""The recipes in the help of the lock rules run as they stand, and give what the statement would have given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from miglint.base.findings import Finding
from miglint.config.settings import Settings
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.linter.run import Job, check

from .servers import session, start

BASE = """
CREATE TABLE users (id bigint PRIMARY KEY, email text, age integer);
CREATE TABLE orders (id bigint, user_id bigint, amount integer, note varchar(10));
INSERT INTO users SELECT n, 'a' || n, n FROM generate_series(1, 50) n;
INSERT INTO orders SELECT n, n, n, 'x' FROM generate_series(1, 50) n;
"""
CASES = {
    "LCK001": "CREATE INDEX users_email_idx ON users (email);",
    "LCK010": "ALTER TABLE orders ADD CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id);",
    "LCK011": "ALTER TABLE users ADD CONSTRAINT users_age_check CHECK (age > 0);",
    "LCK013": "ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email);",
    "LCK014": "ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY (id);",
    "LCK016": "ALTER TABLE users ALTER COLUMN email SET NOT NULL;",
    "LCK020": "ALTER TABLE users ADD COLUMN token uuid DEFAULT gen_random_uuid();",
    "LCK022": "ALTER TABLE users ADD COLUMN number bigserial;",
    "LCK002": "DROP INDEX orders_amount_idx;",
    "BWC020": "ALTER TABLE users RENAME TO people;",
}
NEEDS = {
    "LCK002": "CREATE INDEX orders_amount_idx ON orders (amount);",
    # The recipe of a rename goes beside the rename itself.
    "BWC020": "",
}


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresEngine]:
    engine = start(18)
    assert engine is not None
    yield engine
    engine.close()


def finding(code: str, folder: Path) -> Finding:
    (folder / "base.sql").write_text(BASE + NEEDS.get(code, ""))
    (folder / "001_x.up.sql").write_text(CASES[code])
    settings = Settings(root=str(folder), baseline_schema={"": str(folder / "base.sql")}, exclude=("base.sql",))
    found = check(Job(settings, (str(folder),), cached=False)).report.findings
    return next(item for item in found if item.code == code)


def recipe(found: Finding) -> list[str]:
    spans = re.findall(r"`([^`]+)`", " ".join(found.help.split()))
    return [span for span in spans if re.match(r"(CREATE|ALTER|DROP) ", span)]


@pytest.mark.parametrize("code", CASES)
def test_a_recipe_runs_and_ends_where_the_statement_would(code: str, tmp_path: Path, server: PostgresEngine) -> None:
    statements = recipe(finding(code, tmp_path))
    assert statements
    with session(server) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        connection.execute(BASE + NEEDS.get(code, ""))
        if code == "BWC020":
            connection.execute(CASES[code])
        for statement in statements:
            connection.execute(statement)
        # What the finding was about is there now: adding it once more is refused, dropping it finds nothing.
        if code in ("LCK016", "BWC020"):
            sql = "INSERT INTO users (id) VALUES (99)" if code == "LCK016" else "CREATE TABLE users ()"
            with pytest.raises(psycopg.Error):
                connection.execute(sql)
        else:
            with pytest.raises(psycopg.Error):
                connection.execute(CASES[code])


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE users ALTER COLUMN email SET NOT NULL;",
        "ALTER TABLE users ALTER COLUMN email DROP NOT NULL;",
        "ALTER TABLE users ENABLE ROW LEVEL SECURITY;",
        "ALTER TABLE users DISABLE ROW LEVEL SECURITY;",
        "ALTER TABLE users FORCE ROW LEVEL SECURITY;",
    ],
)
def test_a_look_first_does_what_the_statement_does_and_locks_once(
    statement: str, tmp_path: Path, server: PostgresEngine
) -> None:
    (tmp_path / "001_x.up.sql").write_text(statement)
    settings = Settings(root=str(tmp_path), select=("LCK048",))
    (found,) = check(Job(settings, (str(tmp_path),), cached=False)).report.findings
    (block,) = re.findall(r"`(DO [^`]+)`", found.help)
    state = (
        "SELECT relrowsecurity, relforcerowsecurity, (SELECT attnotnull FROM pg_attribute WHERE attrelid = c.oid AND "
        "attname = 'email') FROM pg_class c WHERE oid = 'users'::regclass"
    )
    locks = "SELECT mode FROM pg_locks WHERE relation = 'users'::regclass AND mode = 'AccessExclusiveLock'"
    # What the statement takes back is there before it.
    other = statement.replace("DISABLE", "ENABLE").replace("DROP", "SET")
    before = "" if other == statement else other
    with session(server) as connection:
        ends = []
        for what in (statement, block):
            connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
            connection.execute(BASE + before)
            connection.execute(what)
            ends.append(connection.execute(state).fetchone())
        assert ends[0] == ends[1]
        with connection.transaction():
            connection.execute(block)
            assert connection.execute(locks).fetchall() == []
            connection.execute(statement)
            assert connection.execute(locks).fetchall() == [("AccessExclusiveLock",)]
