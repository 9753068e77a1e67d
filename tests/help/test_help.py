"""Every statement that a help text offers runs where it is offered: at the examples of the rule pages and the cases.

Their verdicts and findings agree.

A seeded part of them, or with `MIGLINT_HELP=all` (`make help-check`) all.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from miglint.base.model import Dialect
from miglint.config.settings import Settings
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.postgres.embedded import start_embedded

from .engines import Postgres
from .offers import Offer, Place, read
from .sources import cases_to_try, pages_to_try, try_folder
from .trials import Tally

SOURCES = dict(chain(pages_to_try(), cases_to_try()))
_PART = 7
_ALL = os.environ.get("MIGLINT_HELP") == "all"
_USUAL = [name for name in SOURCES if "_fresh/" not in name]
NAMES = list(SOURCES) if _ALL else random.Random(14).sample(_USUAL, len(_USUAL) // _PART)
_CHUNKS = 8


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    engine = start_embedded(Limits(), Deadline.after(3600), "to try help")
    made = Postgres(engine)
    yield made
    made.close()
    engine.close()


@pytest.mark.parametrize("chunk", range(_CHUNKS))
def test_what_help_offers_runs(chunk: int, postgres: Postgres, tmp_path: Path) -> None:
    wrong: list[str] = []
    tally = Tally()
    for number, name in enumerate(NAMES[chunk::_CHUNKS]):
        folder = tmp_path / str(number)
        folder.mkdir()
        tried = Tally()
        try_folder(folder, SOURCES[name](folder), postgres, tried, name)
        wrong += [f"{name}: {one}" for one in tried.problems]
        wrong += [f"{name}: {one}" for one in tried.contradictions]
        tally.counts += tried.counts
    assert not wrong, "\n".join(wrong)
    assert tally.counts["ran"] > tally.counts["help texts"] / 4


@pytest.mark.parametrize(
    ("setup", "forward", "rollback", "code", "words"),
    [
        (
            "CREATE TABLE p (a int, b text) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
            "CREATE INDEX ON p (a, lower(b));",
            "SELECT 1;",
            "LCK001",
            "ATTACH PARTITION",
        ),
        (
            "CREATE TABLE t (a int);",
            "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0); ALTER TABLE t RENAME TO u;",
            "ALTER TABLE u RENAME TO t; ALTER TABLE t DROP CONSTRAINT c;",
            "LCK011",
            "ALTER TABLE u VALIDATE",
        ),
        (
            "CREATE TYPE e AS ENUM ('x'); CREATE TABLE t (a e DEFAULT 'x', b e[]);",
            "ALTER TYPE e ADD VALUE 'y';",
            "COMMENT ON TABLE t IS NULL;",
            "SYM010",
            "SET DEFAULT",
        ),
        (
            "CREATE TABLE t (a text);",
            "ALTER TABLE t ADD CONSTRAINT c CHECK (a <> '$$');",
            "ALTER TABLE t DROP CONSTRAINT c;",
            "IDM003",
            "$do1$",
        ),
        (
            "CREATE SCHEMA app; CREATE TABLE app.t (a int); CREATE TYPE app.e AS ENUM ('x');",
            'ALTER TYPE app.e RENAME TO "F"; ALTER TABLE app.t ALTER COLUMN a TYPE bigint;',
            'ALTER TYPE app."F" RENAME TO e;',
            "SYM003",
            "app.t",
        ),
        # What is left behind depends on something else that is.
        (
            "CREATE TABLE t (a int);",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
            "CREATE TRIGGER x AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();",
            "COMMENT ON TABLE t IS NULL;",
            "SYM001",
            "DROP TRIGGER",
        ),
        (
            "CREATE TABLE t (a int);",
            "CREATE FUNCTION f(int, int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1'; CREATE SEQUENCE s;"
            "CREATE AGGREGATE g (int) (SFUNC = f, STYPE = int); CREATE TYPE e AS ENUM ('a');"
            "CREATE OPERATOR ### (LEFTARG = int, RIGHTARG = int, FUNCTION = f);"
            "ALTER TABLE t ADD b e, ADD c int DEFAULT nextval('s'), ADD d int GENERATED ALWAYS AS (f(a, 1)) STORED;"
            "CREATE VIEW v AS SELECT b FROM t;",
            "COMMENT ON TABLE t IS NULL;",
            "SYM001",
            "DROP VIEW",
        ),
        (
            "CREATE TABLE r (a int PRIMARY KEY); CREATE TABLE t (a int REFERENCES r, b int REFERENCES r);",
            "ALTER TABLE t DISABLE TRIGGER ALL;",
            "COMMENT ON TABLE t IS NULL;",
            "SYM016",
            "ENABLE TRIGGER ALL",
        ),
        # Each object is renamed, and made again under its old name.
        (
            "CREATE TABLE t (a int, CONSTRAINT k CHECK (a > 0)); CREATE INDEX i ON t (a); CREATE POLICY p ON t;"
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TABLE u (a int);"
            "CREATE TRIGGER x AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f(); CREATE TYPE e AS ENUM ('a');",
            "ALTER TABLE t RENAME COLUMN a TO b; ALTER TABLE t ADD COLUMN IF NOT EXISTS a int;"
            "ALTER TABLE t RENAME CONSTRAINT k TO l; ALTER TABLE t DROP CONSTRAINT IF EXISTS k;"
            "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0); ALTER TRIGGER x ON t RENAME TO y;"
            "CREATE OR REPLACE TRIGGER x AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();"
            "ALTER TYPE e RENAME VALUE 'a' TO 'b'; ALTER TYPE e ADD VALUE IF NOT EXISTS 'a';"
            "ALTER POLICY p ON t RENAME TO q; DROP POLICY IF EXISTS p ON t; CREATE POLICY p ON t;"
            "ALTER INDEX i RENAME TO j; CREATE INDEX IF NOT EXISTS i ON t (b);"
            "ALTER TABLE u RENAME TO v; CREATE TABLE IF NOT EXISTS u (id int);",
            "SELECT 1;",
            "IDM046",
            "polname = 'q'",
        ),
    ],
)
def test_what_single_rules_offer_runs(
    setup: str, forward: str, rollback: str, code: str, words: str, postgres: Postgres, tmp_path: Path
) -> None:
    (tmp_path / "base.sql").write_text(setup)
    (tmp_path / "001_x.up.sql").write_text(forward)
    (tmp_path / "001_x.down.sql").write_text(rollback)
    base = {"": str(tmp_path / "base.sql")}
    settings = Settings(
        root=str(tmp_path), baseline_schema=base, exclude=("base.sql",), dialect="postgres", idempotency="required"
    )
    tally = Tally()
    try_folder(tmp_path, settings, postgres, tally)
    assert not tally.problems, "\n".join(map(str, tally.problems))
    assert tally.by_code[code, "ran"]
    assert any(words in text for text in tally.helps[code])


def offered(text: str, dialect: Dialect = Dialect.POSTGRES) -> list[list[Offer]]:
    return [list(one) for one in read(text, dialect).alternatives]


def test_the_place_of_a_statement_is_in_the_words_before_it() -> None:
    assert offered("Write `DROP TABLE a;`") == [[Offer(Place.INSTEAD, "DROP TABLE a")]]
    assert offered("Put before it: `DROP TABLE a;` Or check first: `DO $$ BEGIN NULL; END $$;`") == [
        [Offer(Place.BEFORE, "DROP TABLE a")],
        [Offer(Place.INSTEAD, "DO $$ BEGIN NULL; END $$")],
    ]
    assert offered("`ALTER TABLE a ADD b int;` and in the next migration `ALTER TABLE a DROP c;`") == [
        [Offer(Place.INSTEAD, "ALTER TABLE a ADD b int"), Offer(Place.LATER, "ALTER TABLE a DROP c")]
    ]
    assert offered("Add to the rollback: `DROP TABLE a; DROP TABLE b;`") == [
        [Offer(Place.ROLLBACK, "DROP TABLE a"), Offer(Place.ROLLBACK, "DROP TABLE b")]
    ]


def test_a_statement_with_a_gap_is_none_to_paste() -> None:
    said = read("`CREATE INDEX ON t (...);`, then `REFRESH MATERIALIZED VIEW CONCURRENTLY t;`", Dialect.POSTGRES)
    assert not said.alternatives
    assert said.gaps == ("CREATE INDEX ON t (...);",)


def test_a_statement_without_a_place_is_noticed() -> None:
    assert read("Anywhere you like it, `DROP TABLE a;`", Dialect.POSTGRES).unclear
