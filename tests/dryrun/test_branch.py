"""A branch, which is a transaction that is undone, says what a copy of the database would say."""

from __future__ import annotations

import pytest

from miglint.base.model import Migration
from miglint.dryrun.postgres.branch import PostgresBranch
from miglint.dryrun.postgres.database import PostgresDatabase, Twin
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.results import MigrationRun, RowRun

from .histories import dry_run_on, migration, with_rows

USERS = "CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL, nick text, at timestamptz DEFAULT '2020-01-01');"
CASES = {
    "symmetric": migration("ALTER TABLE users ADD a int;", "ALTER TABLE users DROP a;"),
    "guarded": migration("CREATE TABLE IF NOT EXISTS a (x int);", "DROP TABLE IF EXISTS a;"),
    "asymmetric": migration("ALTER TABLE users ADD a int; ALTER TABLE users DROP nick;", "ALTER TABLE users DROP a;"),
    "failing rollback": migration("ALTER TABLE users ADD a int;", "ALTER TABLE users DROP b;"),
    # In one transaction the label could not be used, or the type not be changed while a trigger waits.
    "a label that is used": migration(
        "CREATE TYPE mood AS ENUM ('a'); ALTER TABLE users ADD m mood;",
        "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'z'; ALTER TABLE users ALTER m SET DEFAULT 'z';",
    ),
    "a trigger that waits": migration(
        "CREATE TABLE child (id int REFERENCES users DEFERRABLE INITIALLY DEFERRED);"
        " INSERT INTO child SELECT id FROM users;",
        "DROP TABLE child;",
    ),
    "rows that a commit would refuse": migration(
        "CREATE TABLE child (id int REFERENCES users DEFERRABLE INITIALLY DEFERRED);",
        "INSERT INTO child VALUES (99); DROP TABLE child;",
    ),
    "settings of a script": migration(
        "SET search_path = nowhere; CREATE TABLE public.a (x int);", "DROP TABLE a; DROP TABLE IF EXISTS b;"
    ),
    "a temporary table": migration(
        "CREATE TEMP TABLE t AS SELECT 1 AS x; CREATE TABLE a (x int);", "DROP TABLE a; CREATE TEMP TABLE t (x int);"
    ),
    "rows that are lost": migration("ALTER TABLE users DROP nick;", "ALTER TABLE users ADD nick text;"),
    "a table made again": migration("DROP TABLE users;", USERS),
    "the moment": migration("UPDATE users SET at = now();", "UPDATE users SET nick = at::text;"),
    "truncated": migration("TRUNCATE users;", "SELECT 1; SELECT 2;"),
    "fails on rows": migration(
        "ALTER TABLE users ALTER nick SET NOT NULL;", "ALTER TABLE users ALTER nick DROP NOT NULL;"
    ),
    "privileges that the rows are read with": migration(
        "REVOKE ALL ON users FROM CURRENT_USER;", "GRANT ALL ON users TO CURRENT_USER;"
    ),
    "privileges that are not given back": migration(
        "UPDATE users SET nick = 'x'; REVOKE SELECT ON users FROM CURRENT_USER;", "SELECT 1;"
    ),
    "its own transaction": migration(
        "BEGIN; ALTER TABLE users ADD a int; COMMIT;", "BEGIN; ALTER TABLE users DROP a; COMMIT;"
    ),
}


def said(run: MigrationRun) -> tuple[object, ...]:
    errors = [step.error.sqlstate if step.error is not None else None for step in run.steps]
    changes = [(change.kind, change.what, change.name) for change in run.changes if change.counts]
    return [step.ok for step in run.steps], errors, run.verdict, changes


def said_of_rows(run: RowRun) -> tuple[object, ...]:
    error = run.error.sqlstate if run.error is not None else None
    return run.inserted, error, run.losses, run.rows_stable, run.rollback.ok if run.rollback is not None else None


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_branch_and_a_copy_say_the_same(
    embedded: PostgresEngine, case: Migration, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch = said_of_rows(with_rows(embedded, case, USERS))
    monkeypatch.setattr(Twin, "branch", lambda self, scripts: self.copy())
    assert branch == said_of_rows(with_rows(embedded, case, USERS))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_copy_that_is_used_again_says_what_a_new_one_does(
    embedded: PostgresEngine, case: Migration, monkeypatch: pytest.MonkeyPatch
) -> None:
    after = migration("ALTER TABLE users ADD z int;", "ALTER TABLE users DROP z;")

    def both() -> list[tuple[object, ...]]:
        report = dry_run_on(embedded, migration(USERS, "DROP TABLE users;"), case, after)
        return [said(run) for run in report]

    again = both()
    monkeypatch.setattr(PostgresDatabase, "takes_back", lambda self, copy: False)
    assert again == both()


def test_scripts_with_transactions_of_their_own_get_a_copy(
    embedded: PostgresEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[PostgresBranch] = []
    real = PostgresBranch.__init__
    monkeypatch.setattr(PostgresBranch, "__init__", lambda self, db: (made.append(self), real(self, db))[1])
    concurrent = migration("CREATE INDEX CONCURRENTLY i ON users (nick);", "DROP INDEX CONCURRENTLY i;")
    assert with_rows(embedded, concurrent, USERS).error is None
    assert made == []
    assert with_rows(embedded, CASES["its own transaction"], USERS).error is None
    assert made != []
