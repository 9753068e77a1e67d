"""Which dialect a file is, and files for engines that are not read."""

from __future__ import annotations

from pathlib import Path

import pytest

from miglint.base.model import Dialect
from miglint.discovery import DiscoveryOptions, discover
from miglint.discovery.dialects import _NAMES, UNMARKED, may_be_supported, of_segment, of_working_directory

from .conftest import Look, Plant, kinds, of, only, pairs

PG, LITE = Dialect.POSTGRES, Dialect.SQLITE

BOTH = """-- Migration 005
-- PostgreSQL Version
SELECT 'pg';

-- === SQLite Version ===
SELECT 'lite';
"""


def test_sections(plant: Plant, look: Look) -> None:
    plant({"5_a.sql": BOTH, "rollback/5_a.sql": BOTH})
    found = look()
    for dialect, word in ((PG, "pg"), (LITE, "lite")):
        (migration,) = of(found, dialect).migrations
        assert migration.forward and migration.rollback
        for script in (migration.forward, migration.rollback):
            assert f"'{word}'" in script.text and script.text.count("SELECT") == 1
            assert script.text == script.file.text[script.span.start : script.span.end]
    assert not found.problems


def test_a_rollback_without_sections_serves_both(plant: Plant, look: Look) -> None:
    plant({"5_a.sql": BOTH, "rollback/5_a.sql": "SELECT 1;", "6_b.sql": "", "rollback/6_b.sql": ""})
    found = look()
    assert pairs(of(found, LITE)) == [("5", "5_a.sql", "rollback/5_a.sql")]
    assert [version for version, *_ in pairs(of(found, PG))] == ["5", "6"]


def test_section_directives_inside_directions(plant: Plant, look: Look) -> None:
    part = "-- miglint: section=postgres\nA{0};\n-- miglint: section=sqlite\nB{0};\n-- miglint: section=mysql\nC{0};\n"
    plant({"1_a.sql": "-- +goose Up\n" + part.format(1) + "-- +goose Down\n" + part.format(2)})
    found = look()
    for dialect, letter in ((PG, "A"), (LITE, "B")):
        (migration,) = of(found, dialect).migrations
        assert migration.forward and f"{letter}1;" in migration.forward.text
        assert migration.rollback and f"{letter}2;" in migration.rollback.text
    assert kinds(found) == ["other-dialect"]


def test_faulty_sections_are_told(plant: Plant, look: Look) -> None:
    text = "SELECT 0;\n-- SQLite Version\nA;\n-- SQLite Version\nB;\n-- miglint: section=mongo\nC;\n"
    plant({"1_a.sql": text})
    found = look(rollbacks="none")
    assert [(p.kind, p.offset) for p in found.problems] == [
        ("bad-section", 0),
        ("bad-section", text.index("-- SQLite Version\nB")),
        ("bad-section", text.index("-- miglint")),
    ]
    script = only(found).migrations[0].forward
    assert script and script.text == "-- SQLite Version\nA;\n"


@pytest.mark.parametrize("head", ["-- Version: 1.0.0", "-- PostgreSQL version 14.2", "-- needs SQLite version 3"])
def test_what_is_no_section(plant: Plant, look: Look, head: str) -> None:
    plant({"1_a.sql": f"SELECT 1;\n{head}\nSELECT 2;\n"})
    found = look(rollbacks="none", dialect=LITE)
    assert only(found).dialect is LITE
    assert not found.problems


def test_order_of_authority(plant: Plant, look: Look) -> None:
    plant(
        {
            "sqlite/1_directive.postgres.sql": "-- miglint: dialect=sqlite3\n-- PostgreSQL Version\n",
            "sqlite/2_section.sqlite.sql": "-- PostgreSQL Version\n",
            "sqlite/3_name.postgres.sql": "",
            "sqlite/4_folder.sql": "",
            "none/5_default.sql": "",
        }
    )
    found = look(rollbacks="none", dialect=LITE)
    by_name = {m.name: m.dialect for h in found.histories for m in h.migrations if m.name != "folder"}
    assert by_name == {"directive": LITE, "section": PG, "name": PG, "default": LITE}


def test_unknown_dialect_directive(plant: Plant, look: Look) -> None:
    plant({"1_a.sql": "-- x\n-- miglint: dialect=mongo\n"})
    (problem,) = look(rollbacks="none").problems
    assert (problem.kind, problem.offset) == ("bad-section", 5)


@pytest.mark.parametrize(
    ("folder", "dialect"),
    [
        ("postgres", PG),
        ("migrations_sqlite", LITE),
        ("sqlite3/rollback", LITE),
        ("crates/db-sqlite/src", LITE),
        ("sqlite/postgresql", PG),
        ("sqlite-or-postgres", PG),
    ],
)
def test_folder(plant: Plant, look: Look, folder: str, dialect: Dialect) -> None:
    plant({f"{folder}/1_a.sql": ""})
    assert only(look(rollbacks="none")).dialect is dialect


@pytest.mark.parametrize("folder", ["mysql", "migrations_mysql", "db/cockroach"])
def test_other_engines_are_left_out_in_one_line(plant: Plant, look: Look, folder: str) -> None:
    plant({f"{folder}/{n}_a.sql": b"\xe9" for n in (1, 2, 4)} | {f"{folder}/schema.sql": ""})
    found = look()
    assert kinds(found) == ["other-dialect"]
    assert found.problems[0].path == folder
    assert not found.histories and not found.unmatched and not found.files


def test_names_that_only_mention_an_engine(plant: Plant, look: Look) -> None:
    plant({"price-oracle/1_a.sql": "", "mysql-exporter/1_a.sql": ""})
    assert len(look(rollbacks="none").histories) == 2


def test_engines_that_are_called_as_other_things_are(plant: Plant, look: Look) -> None:
    plant({"oracle/migrations/1_a.sql": "", "internal/db2/schema/migrations/1_a.sql": ""})
    assert len(look(rollbacks="none").histories) == 2


def test_they_are_meant_where_other_engines_stand_beside_them(plant: Plant, look: Look) -> None:
    plant({f"{engine}/migrations/1_a.sql": "" for engine in ("oracle", "postgres", "db2")} | {"db/h2/1_a.sql": ""})
    found = look(rollbacks="none")
    assert only(found).root == "postgres/migrations"
    assert kinds(found) == ["other-dialect"] * 3


def test_working_directory_speaks_only_by_its_own_name() -> None:
    assert of_working_directory("/x/mysql/migrations/sqlite").dialects == (LITE,)
    assert of_working_directory("/x/mysql/service") is UNMARKED
    assert of_working_directory("/x/mysql-tools") is UNMARKED
    assert of_segment("schema_mysql").foreign == "MySQL"


def test_irreversible(plant: Plant, look: Look) -> None:
    plant(
        {
            "1_a.sql": "-- miglint: irreversible (drops (old) data)\nDROP TABLE a;",
            "2_b.sql": "",
            "rollback/2_b.sql": "-- miglint: irreversible (no way)\n",
            "3_c.sql": "-- miglint: irreversible",
        }
    )
    found = look()
    assert [m.irreversible for m in only(found).migrations] == ["drops (old) data", "no way", ""]
    assert not found.problems


def test_a_folder_of_a_driver_ends_with_its_engine() -> None:
    assert of_segment("riversqlite") == of_segment("sqlite")
    assert of_segment("gopostgres") == of_segment("postgres")
    assert of_segment("sqliteness") is UNMARKED
    assert of_segment("rivermysql") is UNMARKED


def test_a_second_package_for_a_database_is_not_db2(plant: Plant, look: Look) -> None:
    plant({f"internal/{folder}/1_a.up.sql": "SELECT 1;" for folder in ("db2/migrations", "sql/db2")})
    found = look(rollbacks="optional")
    assert only(found).root == "internal/db2/migrations"
    assert [problem.message for problem in found.problems] == ["1 file for Db2 left out"]


def test_working_directory_does_not_speak_for_what_lies_outside_of_it(plant: Plant) -> None:
    root = plant({"a/1_x.sql": "", "mysql/1_x.sql": ""})
    options = DiscoveryOptions(cwd=str(root / "mysql"), rollbacks="none")
    assert [history.root for history in discover(["../a"], options=options).histories] == [str(root / "a")]
    assert kinds(discover(["."], options=options)) == ["other-dialect"]


@pytest.mark.parametrize(("other", "left"), [({}, ["1_a.up.sql"]), ({"2_b.mysql.up.sql": "SELECT 1;"}, [])])
def test_a_script_beside_variants_for_all_engines_is_for_the_other_engines_of_the_folder(
    plant: Plant, look: Look, other: dict[str, str], left: list[str]
) -> None:
    plant({f"1_a.{engine}up.sql": "SELECT 1;" for engine in ("", "postgres.", "sqlite.")} | other)
    assert list(look(rollbacks="none").unmatched) == left


def test_texts_of_new_files_do_not_make_a_folder_a_part_of_one(plant: Plant, tmp_path: Path) -> None:
    plant({"m/1_a.up.sql": "SELECT 1;"})
    options = DiscoveryOptions(cwd=str(tmp_path), rollbacks="none")
    assert discover(["m"], options=options, texts={"m/2_b.up.sql": "SELECT 2;"}).requested is None
    assert discover(["m"], options=options, texts={"n/2_b.up.sql": "SELECT 2;"}).requested is not None


def test_the_quick_look_at_a_name_misses_no_engine() -> None:
    words = (*_NAMES, "river_sqlite", "mydbpostgres")
    for name in (form.format(word) for word in words for form in ("{}", "my{}", "db-{}", "{}_x", "X.{}")):
        for written in (name, name.upper()):
            assert may_be_supported(written) or not of_segment(written).dialects, written
