"""What statements cost on tables of three sizes."""

from __future__ import annotations

from miglint.base.model import Dialect, Migration
from miglint.dryrun.costs import costs_of
from miglint.dryrun.engine_choice import sqlite
from miglint.dryrun.interfaces import Engine
from miglint.dryrun.limits import Deadline
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.results import Costs
from miglint.dryrun.runner import dry_run
from miglint.dryrun.steps import Scripts

from .histories import history, migration

BEFORE = (
    "CREATE TABLE users (id int PRIMARY KEY, nick text);"
    "CREATE TABLE posts (id int PRIMARY KEY, author int NOT NULL REFERENCES users (id));"
    "CREATE TABLE others (id int PRIMARY KEY);"
)


def cost(engine: Engine, pair: Migration, rows: int = 2000) -> Costs:
    database = engine.create()
    try:
        before = Scripts.of(migration(BEFORE, dialect=engine.dialect)).forward
        assert before is not None and database.run(before).ok
        found = costs_of(Scripts.of(pair), database, database.schema(), DryRunOptions(rows=rows))
        assert found is not None
        assert all(digest.count == 0 for digest in database.digests().values())
        return found
    finally:
        database.drop()


def test_what_works_through_the_rows_grows_and_what_does_not_stays(embedded: PostgresEngine) -> None:
    pair = migration(
        "ALTER TABLE users ADD age int; CREATE INDEX i ON users (nick); UPDATE users SET nick = 'x';"
        "ALTER TABLE posts ADD CHECK (id > 0); COMMENT ON TABLE users IS 'x';",
        "DROP INDEX i; ALTER TABLE users ALTER id TYPE bigint;",
    )
    found = cost(embedded, pair)
    assert found.rows == (20, 200, 2000)
    assert [statement.grows for statement in found.forward] == [False, True, True, True, False]
    assert [statement.grows for statement in found.rollback] == [False, True]
    index = found.forward[1]
    assert index.touched[0] is not None and index.touched[0] >= 20
    assert index.touched[2] is not None and index.touched[2] >= 2000
    assert all(seconds is not None and seconds > 0 for seconds in index.seconds)


def test_a_statement_that_is_not_reached_is_not_known(embedded: PostgresEngine) -> None:
    # With 20 rows all are there; with more there are two alike.
    pair = migration("CREATE UNIQUE INDEX i ON users ((id % 100)); ALTER TABLE users ADD age int;", None)
    found = cost(embedded, pair)
    assert [statement.grows for statement in found.forward][1] is None
    assert found.forward[1].seconds[0] is not None and found.forward[1].seconds[2] is None


def test_sqlite_tells_by_time_alone() -> None:
    engine = sqlite(DryRunOptions(), Deadline.after(60))
    found = cost(engine, migration("ALTER TABLE users ADD age int;", None, dialect=Dialect.SQLITE))
    assert [(statement.touched, statement.grows) for statement in found.forward] == [((None, None, None), False)]


def test_a_dry_run_with_many_rows_has_costs_and_one_with_few_has_none(embedded: PostgresEngine) -> None:
    pair = migration("CREATE TABLE a (x int);", "DROP TABLE a;")
    many = dry_run([history(pair)], DryRunOptions(engine="embedded", rows=1001)).histories[0].migrations[0]
    few = dry_run([history(pair)], DryRunOptions(engine="embedded", rows=1000)).histories[0].migrations[0]
    assert many.costs is not None and many.costs.rows == (10, 100, 1001)
    assert few.costs is None
