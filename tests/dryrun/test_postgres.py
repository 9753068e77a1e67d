"""The PostgreSQL engine: the seven steps, transactions, locks, rows, and reading the catalog."""

from __future__ import annotations

import contextlib

import pytest

from miglint.dryrun.postgres.connection import QueryError, Session
from miglint.dryrun.postgres.database import PostgresDatabase
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.postgres.rows import SEQUENCES
from miglint.schema.objects import (
    Comment,
    Domain,
    Enum,
    Index,
    Key,
    Part,
    Policy,
    Routine,
    Sequence,
    Table,
    Trigger,
    View,
)
from miglint.schema.remarks import comment_key
from miglint.sql.operations import Name

from .histories import executed, forward_of, migration, with_rows

USERS = "CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, nick varchar(20));"


def test_a_guarded_pair_passes_all_seven_steps(embedded: PostgresEngine) -> None:
    pair = migration(
        "ALTER TABLE users ADD COLUMN IF NOT EXISTS age integer;", "ALTER TABLE users DROP COLUMN IF EXISTS age;"
    )
    run = executed(embedded, pair, USERS)
    assert [step.ok for step in run.steps] == [True] * 7
    assert (run.verdict.symmetric, run.verdict.forward_idempotent, run.verdict.rollback_idempotent) == (
        True,
        True,
        True,
    )
    assert run.verdict.rows_stable is True


def test_an_error_has_its_place_code_detail_and_hint(embedded: PostgresEngine) -> None:
    text = "SELECT 1;\n\n-- the age\nALTER TABLE users ALTER COLUMN agee DROP DEFAULT;\nSELECT x FROM users;"
    run = executed(embedded, migration(text), USERS)
    error = run.forward.error if run.forward is not None else None
    assert error is not None
    assert (error.sqlstate, error.index) == ("42703", 1)
    assert error.span is not None and text[slice(*error.span)] == "ALTER TABLE users ALTER COLUMN agee DROP DEFAULT"
    placed = executed(embedded, migration("SELECT id, emial FROM users;"), USERS).forward
    assert placed is not None and placed.error is not None
    assert placed.error.place == len("SELECT id, ") and placed.error.hint is not None


def test_an_asymmetric_rollback_names_what_differs(embedded: PostgresEngine) -> None:
    pair = migration("ALTER TABLE users ALTER COLUMN email DROP NOT NULL;", "")
    run = executed(embedded, pair, USERS)
    assert run.verdict.symmetric is False
    assert [(change.what, change.part, change.aspect) for change in run.changes] == [("column", "email", "nullability")]


def test_order_of_columns_and_names_of_the_engine_do_not_count(embedded: PostgresEngine) -> None:
    pair = migration("ALTER TABLE users DROP COLUMN email;", "ALTER TABLE users ADD COLUMN email text NOT NULL;")
    run = executed(embedded, pair, USERS)
    assert run.verdict.symmetric is True
    assert [change.aspect for change in run.changes] == ["column order"]


def test_a_view_with_the_time_of_its_making_is_the_same_view(embedded: PostgresEngine) -> None:
    text = "DROP VIEW IF EXISTS recent; CREATE VIEW recent AS SELECT id, 'now'::timestamp AS at FROM users;"
    run = executed(embedded, migration(text, "DROP VIEW IF EXISTS recent;"), USERS)
    assert run.verdict.forward_idempotent is True


def test_concurrently_runs_outside_of_a_transaction_only(embedded: PostgresEngine) -> None:
    text, back = "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON users (email);", "DROP INDEX CONCURRENTLY IF EXISTS i;"
    inside = executed(embedded, migration(text, back), USERS, layout="diesel")
    assert inside.forward is not None and inside.forward.error is not None
    assert inside.forward.error.sqlstate == "25001"
    outside = executed(embedded, migration(text, back, transaction=False), USERS)
    assert [step.ok for step in outside.steps] == [True] * 7


def test_an_index_left_invalid_is_seen(embedded: PostgresEngine) -> None:
    before = USERS + "INSERT INTO users VALUES (1, 'a'), (2, 'a');"
    text = "CREATE UNIQUE INDEX CONCURRENTLY i ON users (email);"
    run = executed(embedded, migration(text, transaction=False), before)
    assert run.forward is not None and run.forward.statements[0].invalid == ("i",)


def test_locks_and_rewrites_are_seen_per_statement(embedded: PostgresEngine) -> None:
    text = "CREATE INDEX i ON users (email); ALTER TABLE users ALTER COLUMN id TYPE numeric;"
    run = executed(embedded, migration(text), USERS)
    assert run.forward is not None
    first, second = run.forward.statements
    assert [(lock.table, lock.mode) for lock in first.locks] == [("users", "ShareLock")]
    assert [(lock.table, lock.mode) for lock in second.locks] == [("users", "AccessExclusiveLock")]
    assert (first.rewritten, second.rewritten) == ((), ("users",))


@pytest.mark.parametrize(
    ("text", "stable"),
    [
        ("UPDATE users SET nick = coalesce(nick, 'x');", True),
        ("UPDATE users SET nick = coalesce(nick, '') || 'x';", False),
        ("INSERT INTO users VALUES (7, 'a') ON CONFLICT DO NOTHING;", True),
        ("TRUNCATE users; INSERT INTO users VALUES (1, 'b');", True),
    ],
)
def test_a_second_run_that_changes_rows_is_told(embedded: PostgresEngine, text: str, stable: bool) -> None:
    run = executed(embedded, migration(text), USERS + "INSERT INTO users VALUES (1, 'a', 'n');")
    assert run.verdict.rows_stable is stable


def test_rows_that_a_second_run_would_insert_twice_are_not_stable(embedded: PostgresEngine) -> None:
    copied = "CREATE TABLE IF NOT EXISTS n (id bigint PRIMARY KEY); INSERT INTO n SELECT id FROM users{};"
    assert executed(embedded, migration(copied.format("")), USERS).verdict.rows_stable
    assert with_rows(embedded, migration(copied.format("")), USERS).rows_stable is False
    assert with_rows(embedded, migration(copied.format(" ON CONFLICT DO NOTHING")), USERS).rows_stable


RICH = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN short AS text CHECK (length(VALUE) < 10);
CREATE TABLE teams (id serial PRIMARY KEY, name varchar(8) NOT NULL UNIQUE);
CREATE TABLE people (
  id uuid PRIMARY KEY, team int NOT NULL REFERENCES teams (id), boss uuid REFERENCES people (id),
  mood mood NOT NULL, kind text CHECK (kind IN ('a', 'b')), age smallint CHECK (age BETWEEN 18 AND 99),
  code char(3) NOT NULL, nick short, at timestamptz NOT NULL DEFAULT now(), tags text[], data jsonb NOT NULL,
  price numeric(5, 2), days daterange, net inet, total int GENERATED ALWAYS AS (age * 2) STORED,
  number bigint GENERATED ALWAYS AS IDENTITY, UNIQUE (team, code)
);
CREATE TABLE log (person uuid NOT NULL REFERENCES people, body bytea);
"""


def test_rows_are_valid_and_the_same_for_the_same_seed(embedded: PostgresEngine) -> None:
    found = []
    for seed in (1, 1, 2):
        database = embedded.create()
        assert database.run(forward_of(migration(RICH))).ok
        filled = database.fill(database.schema(), 40, seed)
        assert not filled.unfilled
        assert {name.name: count for name, count in filled.inserted.items()} == {"teams": 40, "people": 40, "log": 40}
        found.append({name: digest for name, digest in database.digests().items() if name.name != "people"})
        database.drop()
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(
    "text",
    [
        "ALTER TABLE users ALTER COLUMN nick SET NOT NULL;",
        "ALTER TABLE users ADD UNIQUE (email);",
        "ALTER TABLE users ALTER COLUMN nick TYPE varchar(5);",
        "ALTER TABLE users ADD COLUMN age int NOT NULL;",
    ],
)
def test_what_fails_on_rows_alone_is_told(embedded: PostgresEngine, text: str) -> None:
    forward = executed(embedded, migration(text), USERS).forward
    assert forward is not None and forward.ok
    assert with_rows(embedded, migration(text), USERS).error is not None


def test_lost_and_changed_values_are_counted(embedded: PostgresEngine) -> None:
    pair = migration(
        "ALTER TABLE users ALTER COLUMN nick TYPE varchar(5) USING left(nick, 5);",
        "ALTER TABLE users ALTER COLUMN nick TYPE varchar(20);",
    )
    rows = with_rows(embedded, pair, USERS, rows=70)
    assert [(loss.table, loss.column, loss.count, loss.total) for loss in rows.losses] == [("users", "nick", 60, 70)]
    gone = migration("DROP TABLE users;", USERS)
    assert [(loss.column, loss.count) for loss in with_rows(embedded, gone, USERS).losses] == [(None, 50)]


def test_values_in_other_rows_are_a_change_of_rows(embedded: PostgresEngine) -> None:
    rotate = (
        "UPDATE users SET email = found.next FROM (SELECT id, lead(email, 1, (SELECT email FROM users ORDER BY id"
        " LIMIT 1)) OVER (ORDER BY id) AS next FROM users) found WHERE found.id = users.id;"
    )
    key = "ALTER TABLE users DROP CONSTRAINT IF EXISTS users_email_key;"
    losses = with_rows(embedded, migration(key + rotate, "SELECT 1;"), USERS).losses
    assert [(loss.table, loss.column, loss.kind, loss.count) for loss in losses] == [("users", None, "rows", 50)]
    more = "INSERT INTO users SELECT max(id) + 1, 'x@y' FROM users;"
    losses = with_rows(embedded, migration(key + rotate, more), USERS).losses
    assert [(loss.table, loss.column, loss.kind, loss.count) for loss in losses] == [("users", None, "rows", 50)]
    moved = "ALTER TABLE users ADD moved text; UPDATE users SET moved = email; ALTER TABLE users DROP email;"
    back = "ALTER TABLE users ADD email text; UPDATE users SET email = moved; ALTER TABLE users DROP moved;"
    assert not with_rows(embedded, migration(moved, back), USERS).losses


def test_the_catalog_is_read_in_full(embedded: PostgresEngine) -> None:
    text = (
        RICH
        + """
    CREATE VIEW names AS SELECT name FROM teams;
    CREATE FUNCTION f(a int, b text DEFAULT 'x') RETURNS int LANGUAGE sql AS 'SELECT a';
    CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER t BEFORE UPDATE OF name ON teams FOR EACH ROW EXECUTE FUNCTION g();
    CREATE INDEX i ON people (lower(kind) DESC, code) INCLUDE (age) WHERE age > 20;
    CREATE POLICY p ON teams FOR SELECT USING (id > 1);
    COMMENT ON COLUMN teams.name IS 'its name';
    CREATE SEQUENCE s AS int START 5 CYCLE;
    CREATE TABLE parts (a int, b int) PARTITION BY RANGE (a);
    ALTER TABLE people ADD CONSTRAINT c FOREIGN KEY (team) REFERENCES teams (id) ON DELETE CASCADE
      DEFERRABLE INITIALLY DEFERRED NOT VALID;
    """
    )
    database = embedded.create()
    done = database.run(forward_of(migration(text)))
    assert done.ok, done.error
    schema = database.schema()
    database.drop()

    def find(space: str, name: str, owner: str = "") -> object:
        return schema.find(Key(space, "public", name, owner))

    people = find("relation", "people")
    assert isinstance(people, Table)
    assert people.columns["number"].identity == "always" and people.columns["total"].generated == "stored"
    assert str(people.columns["price"].type) == "numeric(5,2)" and str(people.columns["tags"].type) == "text[]"
    foreign = people.constraints["c"]
    assert (foreign.referenced, foreign.on_delete, foreign.validated) == (("id",), "cascade", False)
    assert foreign.deferrable and foreign.deferred
    index = find("relation", "i")
    assert isinstance(index, Index) and index.include == ("age",) and index.where is not None
    assert [(part.column, part.descending) for part in index.elements] == [(None, True), ("code", False)]
    assert find("type", "mood") == Enum(Name(index.name.schema, "mood"), ("sad", "ok"))
    assert isinstance(find("type", "short"), Domain) and isinstance(find("relation", "names"), View)
    assert isinstance(find("routine", "f(int4,text)"), Routine) and isinstance(find("policy", "p", "teams"), Policy)
    trigger = find("trigger", "t", "teams")
    assert isinstance(trigger, Trigger) and trigger.columns == ("name",)
    sequence, parts = find("relation", "s"), find("relation", "parts")
    assert isinstance(sequence, Sequence) and sequence.options == ("as=int4", "cycle=true", "start=5")
    assert isinstance(parts, Table) and parts.partition_by == "RANGE (a)"
    about = Key("relation", "public", "teams")
    assert schema.find(comment_key(about, Part("column", "name"))) == Comment("its name")


@pytest.mark.parametrize(
    "text", ["SET application_name = 'x'", "RESET SESSION AUTHORIZATION", "CREATE TEMP TABLE t (a int)"]
)
def test_a_session_is_put_back_after_whatever_was_sent_in_it(embedded: PostgresEngine, text: str) -> None:
    database = embedded.create()
    state = (
        "SELECT current_setting('application_name'), current_user;"
        "SELECT relname FROM pg_class WHERE pg_my_temp_schema() <> 0 AND relnamespace = pg_my_temp_schema()"
    )
    try:
        first = database.clean().query(state, inert=True)
        for send in (database.session.query, lambda sql: database.session.script(sql, database.bounds())):
            with contextlib.suppress(QueryError):
                send(text)
            assert database.clean().query(state, inert=True) == first
    finally:
        database.drop()


def test_a_session_that_another_one_has_ended_is_replaced(embedded: PostgresEngine) -> None:
    database = embedded.create()
    try:
        beside = database.copy()
        ended = database.clean()
        # A script in another database of the history, and miglint itself.
        assert isinstance(beside, PostgresDatabase)
        for text in ("SET ROLE NONE", f"SELECT pg_terminate_backend({ended.pid})"):
            assert beside.session.script(text, beside.bounds()) is None
        assert database.clean().query("SELECT 1") == [[("1",)]]
        assert database.session is not ended
        ended = database.clean()
        with embedded.server.admin() as admin:
            admin.query(f"SELECT pg_terminate_backend({ended.pid}, 5000)")
        assert database.clean().query("SELECT 1") == [[("1",)]]
        beside.drop()
    finally:
        database.drop()


def test_a_session_is_not_put_back_twice(embedded: PostgresEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    database = embedded.create()
    sent: list[str] = []
    query = Session.query

    def counted(session: Session, sql: str, **named: bool) -> object:
        sent.append(sql)
        return query(session, sql, **named)

    try:
        database.clean()
        monkeypatch.setattr(Session, "query", counted)
        database.clean().query(SEQUENCES, inert=True)
        database.clean()
        assert sent == [SEQUENCES]
        database.clean().query("SELECT 1")
        database.clean()
        assert "DISCARD ALL" in sent
    finally:
        database.drop()
