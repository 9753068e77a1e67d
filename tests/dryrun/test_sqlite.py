"""The SQLite engine: the seven steps, and what a script cannot reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from miglint.base.model import Dialect, Migration
from miglint.dryrun.limits import Limits
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.result_cache import _digests
from miglint.dryrun.sqlite.library import ApswConnection, Opener, StandardConnection
from miglint.replay.steps import replay
from miglint.sql import parse

from .histories import executed, history, migration, sqlite_engine, with_rows

OPENERS = [StandardConnection, ApswConnection]
USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, nick TEXT);"


def lite(forward: str, rollback: str | None = "") -> Migration:
    return migration(forward, rollback, dialect=Dialect.SQLITE)


@pytest.mark.parametrize("opener", OPENERS)
def test_a_guarded_pair_passes_all_seven_steps(opener: Opener) -> None:
    run = executed(
        sqlite_engine(opener),
        lite("CREATE TABLE IF NOT EXISTS a (x TEXT CHECK (x <> ''));", "DROP TABLE IF EXISTS a;"),
        USERS,
    )
    assert [step.ok for step in run.steps] == [True] * 7
    assert (run.verdict.symmetric, run.verdict.forward_idempotent, run.verdict.rollback_idempotent) == (
        True,
        True,
        True,
    )


@pytest.mark.parametrize("opener", OPENERS)
def test_second_runs_that_fail_are_told_at_their_statement(opener: Opener) -> None:
    text = "CREATE TABLE IF NOT EXISTS a (x);\nALTER TABLE users ADD COLUMN age INTEGER;"
    run = executed(sqlite_engine(opener), lite(text, "DROP TABLE a;"), USERS)
    again = run.step(3)
    assert again.error is not None and "duplicate column name: age" in again.error.message
    assert again.error.index == 1
    assert again.error.span is not None and text[slice(*again.error.span)] == "ALTER TABLE users ADD COLUMN age INTEGER"
    assert run.verdict.symmetric is False
    assert [(change.kind, change.what, change.part) for change in run.changes if change.counts] == [
        ("extra", "column", "age")
    ]


def test_a_failed_forward_leaves_the_state_before() -> None:
    run = executed(sqlite_engine(ApswConnection), lite("CREATE TABLE a (x); CREATE TABLE users (x);", ""), USERS)
    assert run.forward is not None and run.forward.error is not None and run.forward.error.index == 1
    assert run.after is run.before
    assert run.verdict.symmetric is None and run.unknown


@pytest.mark.parametrize("opener", OPENERS)
def test_rows_that_do_not_come_back_are_counted(opener: Opener) -> None:
    pair = lite("ALTER TABLE users DROP COLUMN nick;", "ALTER TABLE users ADD COLUMN nick TEXT;")
    rows = with_rows(sqlite_engine(opener), pair, USERS)
    assert rows.inserted == {"users": 50}
    assert [(loss.table, loss.column, loss.kind) for loss in rows.losses] == [("users", "nick", "values")]
    assert 0 < rows.losses[0].count <= 50


@pytest.mark.parametrize("opener", OPENERS)
def test_values_in_other_rows_are_a_change_of_rows(opener: Opener) -> None:
    before = "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);"
    swap = (
        "UPDATE users SET nick = found.nick FROM (SELECT (SELECT max(id) + min(id) FROM users) - id AS id, nick"
        " FROM users) AS found WHERE found.id = users.id;"
    )
    losses = with_rows(sqlite_engine(opener), lite(swap, "SELECT 1;"), before).losses
    assert [(loss.table, loss.column, loss.kind) for loss in losses] == [("users", None, "rows")]
    moved = "ALTER TABLE users ADD moved TEXT; UPDATE users SET moved = nick; ALTER TABLE users DROP nick;"
    back = "ALTER TABLE users ADD nick TEXT; UPDATE users SET nick = moved; ALTER TABLE users DROP moved;"
    assert not with_rows(sqlite_engine(opener), lite(moved, back), before).losses


def test_a_unique_index_fails_on_rows_alone() -> None:
    pair = lite("CREATE UNIQUE INDEX users_nick ON users (nick);", "DROP INDEX users_nick;")
    engine = sqlite_engine(ApswConnection)
    assert executed(engine, pair, USERS).verdict.symmetric is True
    rows = with_rows(engine, pair, USERS)
    assert rows.error is not None and "UNIQUE" in rows.error.message


REFUSED = [
    "ATTACH DATABASE '{file}' AS other; CREATE TABLE other.t (x);",
    "VACUUM INTO '{file}';",
    "SELECT load_extension('{file}');",
    "SELECT writefile('{file}', 'x');",
    "PRAGMA temp_store_directory = '{folder}';",
    "PRAGMA writable_schema = ON;",
    "PRAGMA max_page_count = 2000000000;",
]


@pytest.mark.parametrize("opener", OPENERS)
@pytest.mark.parametrize("text", REFUSED)
def test_what_is_out_of_reach_fails_and_leaves_no_trace(opener: Opener, text: str, tmp_path: Path) -> None:
    sql = text.format(file=tmp_path / "trace", folder=tmp_path)
    pair = migration(sql, dialect=Dialect.SQLITE, transaction=False)
    run = executed(sqlite_engine(opener), pair, USERS)
    assert run.forward is not None and run.forward.error is not None
    assert run.forward.error.limit == "refused" or "no such function" in run.forward.error.message
    assert list(tmp_path.iterdir()) == []


ENDLESS = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n;"


@pytest.mark.parametrize("opener", OPENERS)
def test_an_endless_query_is_stopped(opener: Opener) -> None:
    run = executed(sqlite_engine(opener, Limits(statement=0.3)), lite(ENDLESS))
    assert run.forward is not None and run.forward.error is not None
    assert run.forward.error.limit == "statement time-out"
    assert run.forward.seconds < 5


@pytest.mark.parametrize("opener", OPENERS)
def test_a_database_that_grows_without_end_is_stopped(opener: Opener) -> None:
    text = "CREATE TABLE big (x); WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
    text += "INSERT INTO big SELECT zeroblob(100000) FROM n;"
    run = executed(sqlite_engine(opener, Limits(statement=20, disk=8 << 20)), lite(text))
    assert run.forward is not None and run.forward.error is not None
    assert run.forward.error.limit == "disk"


def test_vacuum_and_the_pragmas_of_ordinary_migrations_run() -> None:
    text = (
        "PRAGMA foreign_keys = 0; PRAGMA legacy_alter_table = 1; PRAGMA user_version = 3; VACUUM; PRAGMA threads = 1;"
    )
    run = executed(sqlite_engine(ApswConnection), migration(text, dialect=Dialect.SQLITE, transaction=False), USERS)
    assert run.forward is not None and run.forward.ok, run.forward and run.forward.error


SEARCH = "CREATE VIRTUAL TABLE ft USING fts5(x); CREATE VIRTUAL TABLE box USING rtree(id, a, b);"


@pytest.mark.parametrize("opener", OPENERS)
@pytest.mark.parametrize(
    "forward",
    [
        "CREATE TABLE IF NOT EXISTS ft_users (id INTEGER PRIMARY KEY);",
        "CREATE TABLE IF NOT EXISTS Box_data (id INTEGER PRIMARY KEY);",
        "CREATE INDEX IF NOT EXISTS f ON ft_docsize (sz);",
        "CREATE TRIGGER IF NOT EXISTS g AFTER INSERT ON ft_docsize BEGIN SELECT 1; END;",
        "ALTER TABLE ft_docsize ADD COLUMN more;",
        "DROP TABLE IF EXISTS ft_docsize;",
        "DROP TABLE IF EXISTS box_parent;",
    ],
)
def test_what_is_called_like_a_virtual_table_is_compared(opener: Opener, forward: str) -> None:
    run = executed(sqlite_engine(opener), lite(forward, "SELECT 1;"), SEARCH)
    assert run.step(2).ok
    assert run.step(4).ok is False and run.verdict.symmetric is False


@pytest.mark.parametrize("opener", OPENERS)
def test_shadow_tables_come_and_go_with_their_virtual_table(opener: Opener) -> None:
    forward = (
        "CREATE VIRTUAL TABLE IF NOT EXISTS fu USING fts4(x);CREATE VIRTUAL TABLE IF NOT EXISTS r USING rtree(i, a, b);"
    )
    run = executed(sqlite_engine(opener), lite(forward, "DROP TABLE IF EXISTS fu; DROP TABLE IF EXISTS r;"), SEARCH)
    assert [step.ok for step in run.steps] == [True] * 7
    left = executed(sqlite_engine(opener), lite(forward, "DROP TABLE IF EXISTS r;"), SEARCH)
    assert [(change.kind, change.name) for change in left.changes if change.counts] == [("extra", "fu")]


def test_a_script_that_was_not_read_proves_nothing(embedded: PostgresEngine) -> None:
    engines = {Dialect.SQLITE: sqlite_engine(ApswConnection), Dialect.POSTGRES: embedded}
    for dialect, engine in engines.items():
        forward = migration("", "DROP TABLE IF EXISTS a;", dialect=dialect)
        rollback = migration("CREATE TABLE IF NOT EXISTS a (x int);", "", dialect=dialect)
        digests = _digests(history(forward)), _digests(history(rollback))
        assert forward.forward is not None and rollback.rollback is not None
        forward.forward.file.error = rollback.rollback.file.error = "larger than 9 bytes"
        assert (_digests(history(forward)), _digests(history(rollback))) != digests
        ran, back = executed(engine, forward), executed(engine, rollback)
        assert [step.ok for step in ran.steps] == [True, False, None, None, None, None, True]
        assert str(ran.step(2).error) == str(back.step(4).error) == "the script was not read: larger than 9 bytes"
        assert ran.verdict.symmetric is None and back.verdict.symmetric is False
        assert with_rows(engine, forward, "CREATE TABLE b (x int);").error is not None
        first, second = (next(replay(history(one), parse)).verdict for one in (forward, rollback))
        assert (first.symmetric, first.sqlite_compatible, second.symmetric) == (None, None, None)
