"""Each layout, from real files."""

from __future__ import annotations

import pytest

from miglint.base.errors import UsageError
from miglint.base.model import Dialect

from .conftest import Look, Plant, kinds, of, only, pairs

PG, LITE = Dialect.POSTGRES, Dialect.SQLITE


@pytest.mark.parametrize(
    "rollback",
    [
        "rollback/005_rollback_name.sql",
        "rollbacks/005_name.sql",
        "down/005.sql",
        "undo/5_name.sql",
        "revert/rollback_005_name.sql",
        "005_name.rollback.sql",
        "005_name.down.sql",
        "005_name_down.sql",
        "005_name_rollback.sql",
        "005_rollback_name.sql",
        "005_down.sql",
        "rollback_005_name.sql",
        "005.undo.sql",
    ],
)
def test_plain_rollback(plant: Plant, look: Look, rollback: str) -> None:
    plant({"migrations/005_name.sql": "SELECT 1;", f"migrations/{rollback}": "SELECT 2;"})
    found = look("migrations")
    history = only(found)
    assert (history.layout, history.root, history.dialect) == ("plain", "migrations", PG)
    assert pairs(history) == [("005", "migrations/005_name.sql", f"migrations/{rollback}")]
    assert history.migrations[0].name == "name"
    assert not found.problems
    assert found.requested is None


def test_plain_up_and_down_folders(plant: Plant, look: Look) -> None:
    plant({"db/up/1_a.sql": "", "db/down/1_a.sql": "", "db/up/2_b.sql": "", "db/down/2_b.sql": ""})
    history = only(look())
    assert history.root == "db/up"
    assert pairs(history) == [("1", "db/up/1_a.sql", "db/down/1_a.sql"), ("2", "db/up/2_b.sql", "db/down/2_b.sql")]


def test_plain_rollback_folder_mirrors_dialects(plant: Plant, look: Look) -> None:
    plant({f"m/{d}/1_a.sql": "" for d in ("postgres", "rollback/postgres", "sqlite", "rollback/sqlite")})
    found = look()
    assert pairs(of(found, PG)) == [("1", "m/postgres/1_a.sql", "m/rollback/postgres/1_a.sql")]
    assert pairs(of(found, LITE)) == [("1", "m/sqlite/1_a.sql", "m/rollback/sqlite/1_a.sql")]


def test_a_name_about_rollbacks_is_not_a_rollback(plant: Plant, look: Look) -> None:
    plant({"1_rollback_requests.sql": "", "2_scale_down.sql": ""})
    found = look()
    assert pairs(only(found)) == [("1", "1_rollback_requests.sql", None), ("2", "2_scale_down.sql", None)]
    assert [m.name for m in only(found).migrations] == ["rollback_requests", "scale_down"]


def test_a_habit_makes_an_orphan(plant: Plant, look: Look) -> None:
    plant({"1_a.sql": "", "1_a_down.sql": "", "2_b_down.sql": ""})
    found = look()
    assert pairs(only(found)) == [("1", "1_a.sql", "1_a_down.sql"), ("2", None, "2_b_down.sql")]
    assert kinds(found) == ["orphan-rollback"]


@pytest.mark.parametrize("ending", [".UP.SQL", ".up.sql"])
def test_golang_migrate(plant: Plant, look: Look, ending: str) -> None:
    plant({f"m/9_b{ending}": "x", "m/9_b.down.sql": "y", "m/10_c.up.sql": "", "m/10_c.down.sql": ""})
    history = only(look("m"))
    assert history.layout == "golang-migrate"
    assert pairs(history) == [("9", f"m/9_b{ending}", "m/9_b.down.sql"), ("10", "m/10_c.up.sql", "m/10_c.down.sql")]


def test_golang_migrate_with_any_character_for_the_dot(plant: Plant, look: Look) -> None:
    plant({"1_a.up.sql": "", "1_a.down.sql": "", "2_b_up.sql": "", "2_b_down.sql": "", "3_power_up.sql": ""})
    assert pairs(only(look())) == [
        ("1", "1_a.up.sql", "1_a.down.sql"),
        ("2", "2_b_up.sql", "2_b_down.sql"),
        ("3", "3_power_up.sql", None),
    ]


def test_sqlx_without_transaction_and_without_rollback(plant: Plant, look: Look) -> None:
    plant({"1_a.up.sql": "-- no-transaction\nSELECT 1;", "1_a.down.sql": "", "2_b.sql": ""})
    found = look()
    history = only(found)
    assert pairs(history) == [("1", "1_a.up.sql", "1_a.down.sql"), ("2", "2_b.sql", None)]
    forward, rollback = history.migrations[0].forward, history.migrations[0].rollback
    assert forward and rollback and (forward.transaction, rollback.transaction) == (False, True)
    assert kinds(found) == ["missing-rollback"]


@pytest.mark.parametrize("mark", ["-- {}", "/* {} */"])
def test_a_comment_of_squawk_says_that_there_is_no_transaction(plant: Plant, look: Look, mark: str) -> None:
    words = "squawk-disable-assume-in-transaction"
    plant(
        {
            "1_a.up.sql": f"{mark.format(words)}\r\nSELECT 1;",
            "1_a.down.sql": f"SELECT '{mark.format(words)}';",
            "2_b.up.sql": mark.format(f"{words}s"),
        }
    )
    scripts = [script for m in only(look()).migrations for script in (m.forward, m.rollback) if script]
    assert [script.transaction for script in scripts] == [False, True, True]


def test_diesel(plant: Plant, look: Look) -> None:
    plant(
        {
            "m/2019-09-12-100000_create_tables/up.sql": "a",
            "m/2019-09-12-100000_create_tables/down.sql": "b",
            "m/2019-09-12-100000_create_tables/metadata.toml": "run_in_transaction = false\n",
            "m/2020-01-01-000000-0000_add_sqlite_note/up.sql": "",
            "m/00000000000000_initial/up.sql": "",
            "m/00000000000000_initial/down.sql": "",
        }
    )
    found = look()
    history = only(found)
    assert (history.layout, history.dialect, history.root) == ("diesel", PG, "m")
    assert [(m.version, m.name) for m in history.migrations] == [
        ("00000000000000", "initial"),
        ("20190912100000", "create_tables"),
        ("202001010000000000", "add_sqlite_note"),
    ]
    assert [m.forward.transaction for m in history.migrations if m.forward] == [True, False, True]
    assert history.migrations[1].rollback and not history.migrations[1].rollback.transaction
    assert kinds(found) == ["missing-rollback"]


def test_rusqlite_migration(plant: Plant, look: Look) -> None:
    plant(
        {
            "m/01-friend_car/up.sql": "",
            "m/01-friend_car/down.sql": "",
            "m/2-add-birthday_column/up.sql": "",
            "m/10-c/up.sql": "",
            "m/10-c/notes.sql": "",
        }
    )
    found = look()
    history = only(found)
    assert (history.layout, history.dialect, history.root) == ("rusqlite_migration", LITE, "m")
    assert pairs(history) == [
        ("01", "m/01-friend_car/up.sql", "m/01-friend_car/down.sql"),
        ("2", "m/2-add-birthday_column/up.sql", None),
        ("10", "m/10-c/up.sql", None),
    ]
    assert [m.name for m in history.migrations] == ["friend_car", "add-birthday_column", "c"]
    assert found.unmatched == ("m/10-c/notes.sql",)
    assert pairs(only(look("m/01-friend_car/down.sql"))) == pairs(history)
    assert pairs(only(look("m/2-add-birthday_column"))) == pairs(history)
    assert only(look(dialect=PG)).dialect is PG


def test_diesel_without_an_underscore(plant: Plant, look: Look) -> None:
    folders = ("2024-01-01-000000_a", "2024-01-02-000000-b", "2024-01-03-000000-c_d", "2024-01-04-000000_e")
    plant({f"m/{folder}/up.sql": "" for folder in folders})
    history = only(look())
    assert (history.layout, history.dialect) == ("diesel", PG)
    assert [(m.version, m.name) for m in history.migrations] == [
        ("20240101000000", "a"),
        ("20240102000000b", ""),
        ("20240103000000c", "d"),
        ("20240104000000", "e"),
    ]


def test_diesel_with_releases_for_versions(plant: Plant, look: Look) -> None:
    folders = ("6.0.2-01-core", "6.0.10-01-core", "6.1.0-users", "6.1.1_roles", "6.2", "2026-03-15-mail")
    plant({f"m/{folder}/{name}.sql": "" for folder in folders for name in ("up", "down")})
    history = only(look())
    assert (history.layout, history.dialect, history.root) == ("diesel", PG, "m")
    # By their texts, as diesel runs them.
    assert [(m.version, m.name) for m in history.migrations] == [
        ("20260315mail", ""),
        ("6.0.1001core", ""),
        ("6.0.201core", ""),
        ("6.1.0users", ""),
        ("6.1.1", "roles"),
        ("6.2", ""),
    ]
    assert all(migration.rollback is not None for migration in history.migrations)
    assert pairs(only(look("m/6.1.0-users/down.sql"))) == pairs(history)
    assert pairs(only(look("m/6.0.2-01-core"))) == pairs(history)


def test_diesel_with_dates_alone(plant: Plant, look: Look) -> None:
    plant({"m/2026-03-15-mail/up.sql": "", "m/2026-03-16-calls/up.sql": ""})
    assert (only(look()).layout, only(look()).dialect) == ("diesel", PG)


def test_folders_with_dashes_for_a_named_engine(plant: Plant, look: Look) -> None:
    plant({"m/postgres/1-a/up.sql": "", "m/postgres/1-a/down.sql": ""})
    assert (only(look()).layout, only(look()).dialect) == ("rusqlite_migration", PG)


def test_metadata_that_is_not_toml(plant: Plant, look: Look) -> None:
    plant({"m/1_a/up.sql": "", "m/1_a/down.sql": "", "m/1_a/metadata.toml": b"run_in_transaction = \xff"})
    found = look()
    assert [(p.kind, p.path) for p in found.problems] == [("unreadable", "m/1_a/metadata.toml")]
    assert len(only(found).migrations) == 1


def test_hasura(plant: Plant, look: Look) -> None:
    plant({f"m/default/{v}_a/{d}.sql": "" for v in ("1600000000000", "1600000000001") for d in ("up", "down")})
    history = only(look())
    assert (history.layout, history.root, len(history.migrations)) == ("hasura", "m/default", 2)


def test_dbmate(plant: Plant, look: Look) -> None:
    text = "-- head\n-- migrate:up transaction:false\nCREATE TABLE a ();\r\n-- migrate:down\nDROP TABLE a;\n"
    plant({"db/20240101000000_a.sql": text, "db/20240102000000_b.sql": "-- migrate:up\nSELECT 1;"})
    found = look("db")
    history = only(found)
    assert history.layout == "dbmate"
    first, second = history.migrations
    assert first.forward and first.rollback
    assert first.forward.text == "CREATE TABLE a ();\r\n"
    assert first.rollback.text == "DROP TABLE a;\n"
    assert text[first.rollback.span.start :] == "DROP TABLE a;\n"
    assert (first.forward.transaction, first.rollback.transaction) == (False, True)
    assert second.rollback is None
    assert kinds(found) == ["missing-rollback"]


def test_goose(plant: Plant, look: Look) -> None:
    text = (
        "-- +goose NO TRANSACTION\n-- +goose Up\n-- +goose StatementBegin\nSELECT 1; SELECT 2;\n"
        "-- +goose StatementEnd\n-- +goose Down\n-- nothing\n"
    )
    plant({"m/001_a.sql": text, "m/002_b.sql": "-- +goose Up\nSELECT 1;\n-- +goose Down", "m/003_c.go": "package m"})
    found = look()
    history = only(found)
    assert history.layout == "goose"
    first, second = history.migrations
    assert first.forward and first.rollback and not first.forward.transaction and not first.rollback.transaction
    assert first.forward.text.startswith("-- +goose StatementBegin\n")
    assert first.rollback.text == "-- nothing\n"
    assert second.rollback and second.rollback.text == ""
    assert not found.problems


def test_sql_migrate_repeats_sections(plant: Plant, look: Look) -> None:
    text = "-- +migrate Up notransaction\nA;\n-- +migrate Down\nB;\n-- +migrate Up\nC;\n"
    plant({"m/1-a.sql": text})
    migration = only(look()).migrations[0]
    assert migration.forward and migration.rollback
    assert not migration.forward.transaction
    assert migration.forward.text.split() == ["A;", "C;"]
    assert len(migration.forward.text) == migration.forward.span.end - migration.forward.span.start
    assert text[migration.forward.span.start + migration.forward.text.index("C;") :] == "C;\n"
    assert migration.rollback.text == "B;\n"


def test_sql_migrate_takes_any_name(plant: Plant, look: Look) -> None:
    text = "-- +migrate Up\nSELECT 1;\n-- +migrate Down\nSELECT 2;\n"
    plant({f"m/{name}.sql": text for name in ("sync0002", "sync0001", "base", "10_late", "9_early")})
    history = only(look())
    assert history.layout == "sql-migrate"
    assert [(item.version, item.name) for item in history.migrations] == [
        ("9", "early"),
        ("10", "late"),
        ("base", ""),
        ("sync0001", ""),
        ("sync0002", ""),
    ]


def test_sql_migrate_knows_migrations_by_their_names(plant: Plant, look: Look) -> None:
    text = "-- +migrate Up\nSELECT 1;\n-- +migrate Down\nSELECT 2;\n"
    names = ["1-b.sql", "2-a.sql", "2-b.sql", "10-a.sql", "2024-01-02.1-a.sql", "2024-01-02.2-a.sql"]
    plant(dict.fromkeys((f"m/{name}" for name in names), text))
    found = look()
    assert [item.forward and item.forward.path for item in only(found).migrations] == [f"m/{name}" for name in names]
    assert all(item.rollback is not None for item in only(found).migrations)
    assert not found.problems


def test_marker_files_with_faults(plant: Plant, look: Look) -> None:
    plant(
        {
            "m/1_a.sql": "SELECT 0;\n-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;\n-- +goose Up\nSELECT 3;\n",
            "n/1_a.sql": "-- migrate:down\nSELECT 1;",
        }
    )
    found = look()
    assert kinds(found) == ["bad-section", "bad-section", "bad-section", "orphan-rollback"]


def test_flyway(plant: Plant, look: Look) -> None:
    plant(
        {
            "db/migration/V1.10__ten.sql": "CREATE TABLE ${schema}.t (a ${type});",
            "db/migration/V1_9__nine.sql": "",
            "db/migration/more/V2__two.sql": "",
            "db/migration/more/V2__two.sql.conf": "executeInTransaction=false\n",
            "db/migration/undo/U1.10__ten.sql": "",
            "db/migration/U1.9.0__nine.sql": "",
            "db/migration/R__views.sql": "",
            "db/migration/beforeMigrate.sql": "",
        }
    )
    found = look(placeholders={"schema": "app"})
    history = only(found)
    assert (history.layout, history.root) == ("flyway", "db/migration")
    assert [(m.version, m.name, m.rollback is not None, m.repeatable) for m in history.migrations] == [
        ("1.9", "nine", True, False),
        ("1.10", "ten", True, False),
        ("2", "two", False, False),
        ("views", "views", False, True),
    ]
    ten, two = history.migrations[1].forward, history.migrations[2].forward
    assert ten and two and not two.transaction
    assert ten.file.text == "CREATE TABLE ${schema}.t (a ${type});"
    assert ten.text == "CREATE TABLE app      .t (a __type_);"
    assert kinds(found) == ["missing-rollback", "unmatched"]
    assert found.unmatched == ("db/migration/beforeMigrate.sql",)


def test_flyway_without_undo_goes_forward_only(plant: Plant, look: Look) -> None:
    plant({"V1__a.sql": "", "V2__b.sql": ""})
    found = look()
    assert kinds(found) == ["forward-only"]
    assert only(found).rollbacks == "none"


LIQUIBASE = """--liquibase formatted sql

--changeset ann:1 runInTransaction:false
CREATE TABLE a (id int);
--rollback DROP TABLE
--rollback   a;

--changeset bob:2 splitStatements:false endDelimiter:/
INSERT INTO a VALUES (1)
/
--rollback empty

--changeset bob:3 dbms:mysql
ALTER TABLE a ENGINE=InnoDB;

--changeset bob:4 dbms:sqlite,postgresql
DROP TABLE a;
/* liquibase rollback
CREATE TABLE a (id int);
*/

--changeset bob:5
SELECT 1;
"""


def test_liquibase(plant: Plant, look: Look) -> None:
    plant({"changes.sql": LIQUIBASE})
    found = look()
    postgres, sqlite = of(found, PG), of(found, LITE)
    assert postgres.layout == "liquibase"
    # A changeset that names no engine runs on all of them.
    for history in (postgres, sqlite):
        assert [m.version for m in history.migrations] == ["ann:1", "bob:2", "bob:4", "bob:5"]
    first, second, fourth, fifth = postgres.migrations
    assert first.forward and first.rollback and not first.forward.transaction
    assert first.rollback.text.split() == ["DROP", "TABLE", "a;"]
    at = first.rollback.span.start + first.rollback.text.index("a;")
    assert LIQUIBASE[at : at + 2] == "a;"
    assert second.forward and second.rollback is None
    assert second.irreversible == "Liquibase: rollback empty"
    assert "\n;\n" in second.forward.text
    assert fourth.rollback and fourth.rollback.text.strip() == "CREATE TABLE a (id int);"
    assert fifth.rollback is None
    assert kinds(found) == ["missing-rollback", "missing-rollback", "other-dialect"]


def test_liquibase_rolls_back_to_another_changeset(plant: Plant, look: Look) -> None:
    plant(
        {
            "c.sql": "--liquibase formatted sql\n--changeset a:1\nCREATE VIEW v AS SELECT 1;\n--rollback not required\n"
            "--changeset a:2\nCREATE OR REPLACE VIEW v AS SELECT 2;\n--rollback changeSetId:1 changeSetAuthor:a\n"
        }
    )
    found = look()
    assert not found.problems
    rollback = only(found).migrations[1].rollback
    assert rollback and rollback.text.startswith("CREATE VIEW v AS SELECT 1;")


def test_liquibase_faults(plant: Plant, look: Look) -> None:
    plant(
        {
            "a.sql": "--liquibase formatted sql\nSELECT 0;\n--changeset a:1\nSELECT 1;\n--changeset a:1\nSELECT 2;\n",
            "b.sql": "--liquibase formatted sql\n",
        }
    )
    found = look(rollbacks="none")
    assert [(p.kind, p.path) for p in found.problems] == [
        ("bad-section", "a.sql"),
        ("duplicate-version", "a.sql"),
        ("bad-section", "b.sql"),
    ]


def test_pop(plant: Plant, look: Look) -> None:
    names = [
        "01_a.up.sql",
        "01_a.down.sql",
        "02_b.postgres.up.sql",
        "02_b.sqlite3.up.sql",
        "02_b.mysql.up.sql",
        "02_b.down.sql",
        "03_c.postgres.autocommit.up.sql",
        "03_c.autocommit.up.sql",
        "03_c.sqlite.down.sql",
        "03_c.down.sql",
        "04_d.cockroach.up.sql",
        "04_d.down.sql",
    ]
    plant({f"m/{name}": "" for name in names})
    found = look()
    assert {history.layout for history in found.histories} == {"pop"}
    assert pairs(of(found, PG)) == [
        ("01", "m/01_a.up.sql", "m/01_a.down.sql"),
        ("02", "m/02_b.postgres.up.sql", "m/02_b.down.sql"),
        ("03", "m/03_c.postgres.autocommit.up.sql", "m/03_c.down.sql"),
    ]
    assert pairs(of(found, LITE)) == [
        ("01", "m/01_a.up.sql", "m/01_a.down.sql"),
        ("02", "m/02_b.sqlite3.up.sql", "m/02_b.down.sql"),
        ("03", "m/03_c.autocommit.up.sql", "m/03_c.sqlite.down.sql"),
    ]
    third = of(found, PG).migrations[2]
    assert third.forward and third.rollback and (third.forward.transaction, third.rollback.transaction) == (False, True)
    assert kinds(found) == ["other-dialect", "other-dialect"]


def test_a_file_of_its_own_name_keeps_the_default_dialect_alive(plant: Plant, look: Look) -> None:
    plant({"1_a.sql": "", "2_b.sql": "", "2_b.sqlite.sql": ""})
    found = look(rollbacks="optional")
    assert pairs(of(found, PG)) == [("1", "1_a.sql", None), ("2", "2_b.sql", None)]
    assert pairs(of(found, LITE)) == [("1", "1_a.sql", None), ("2", "2_b.sqlite.sql", None)]
    assert not found.problems


def test_dialect_suffixes_of_plain_files(plant: Plant, look: Look) -> None:
    plant({"1_init_postgres.sql": "", "1_init_sqlite.sql": "", "2_add_sqlite.sql": ""})
    found = look(rollbacks="optional")
    assert [version for version, *_ in pairs(of(found, PG))] == ["1", "2"]
    assert [version for version, *_ in pairs(of(found, LITE))] == ["1", "2"]


@pytest.mark.parametrize(
    ("files", "layout", "dialect"),
    [
        (
            {
                "p/20240101_a/migration.sql": "",
                "p/20240102_b/migration.sql": "",
                "p/migration_lock.toml": 'provider = "sqlite"',
            },
            "prisma",
            LITE,
        ),
        (
            {
                "d/0000_a.sql": "",
                "d/0001_b.sql": "",
                "d/meta/_journal.json": '{"dialect": "sqlite", "entries": [{"tag": "0000_a"}, {"tag": "0001_b"}]}',
            },
            "drizzle",
            LITE,
        ),
        ({"supabase/migrations/20240101_a.sql": "", "supabase/migrations/20240102_b.sql": ""}, "supabase", PG),
        ({"m/20240101_a.sql": "-- atlas:txmode none\n", "m/20240102_b.sql": "", "m/atlas.sum": "h1:"}, "atlas", PG),
    ],
)
def test_forward_only(plant: Plant, look: Look, files: dict[str, str | bytes], layout: str, dialect: Dialect) -> None:
    plant(files)
    found = look()
    history = only(found)
    assert (history.layout, history.dialect, history.rollbacks) == (layout, dialect, "none")
    assert len(history.migrations) == 2
    assert kinds(found) == ["forward-only"]
    required = look(rollbacks="required")
    assert kinds(required) == ["missing-rollback"] * 2
    assert kinds(look(rollbacks="none")) == []


def test_drizzle_runs_what_the_journal_lists(plant: Plant, look: Look) -> None:
    journal = '{"entries": [{"idx": 0, "tag": "0002_c"}, {"idx": 1, "tag": "0001_b"}]}'
    plant({"d/0001_b.sql": "", "d/0002_c.sql": "", "d/0003_d.sql": "", "d/meta/_journal.json": journal})
    found = look()
    assert [m.version for m in only(found).migrations] == ["0002", "0001"]
    assert found.unmatched == ("d/0003_d.sql",)


def test_prisma_may_keep_a_rollback(plant: Plant, look: Look) -> None:
    plant({"p/20240101_a/migration.sql": "", "p/20240101_a/down.sql": ""})
    assert pairs(only(look())) == [("20240101", "p/20240101_a/migration.sql", "p/20240101_a/down.sql")]


def test_several_layouts_and_services_in_one_tree(plant: Plant, look: Look) -> None:
    plant(
        {
            "a/migrations/1_a.up.sql": "",
            "a/migrations/1_a.down.sql": "",
            "b/migrations/1_a.sql": "-- migrate:up\n-- migrate:down\n",
            "c/1_plain.sql": "",
            "c/1_plain.down.sql": "",
            "c/2_goose.sql": "-- +goose Up\n-- +goose Down\n",
            "schema.sql": "CREATE TABLE t ();",
        }
    )
    found = look()
    assert [(h.root, h.layout) for h in found.histories] == [
        ("a/migrations", "golang-migrate"),
        ("b/migrations", "dbmate"),
        ("c", "goose"),
        ("c", "plain"),
    ]
    assert found.unmatched == ("schema.sql",)
    assert kinds(found) == ["unmatched"]


def test_layout_can_be_forced(plant: Plant, look: Look) -> None:
    plant({"1_a.sql": "-- +goose Up\n", "2_b.sql": ""})
    assert only(look(layout="plain")).layout == "plain"
    assert len(only(look(layout="plain")).migrations) == 2
    forced = look(layout="goose")
    assert len(only(forced).migrations) == 1
    assert forced.unmatched == ("2_b.sql",)
    with pytest.raises(UsageError, match="did you mean `goose`"):
        look(layout="gose")
    with pytest.raises(UsageError, match="required, optional, none"):
        look(rollbacks="never")
