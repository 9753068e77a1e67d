"""Three scripts as people write them, word for word, and the same two migrations done right."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Protocol

import psycopg
import pytest

from miglint.base.findings import Severity
from miglint.base.structs import replace
from miglint.config.settings import Settings, load
from miglint.dryrun.options import DryRunOptions
from miglint.linter.run import Job, check
from miglint.report.value import Report
from miglint.rules.selection import load_rules, select

ROOT = Path(__file__).parents[1]
SEED = ROOT / "examples" / "original" / "migrations"
BASELINE = """
CREATE TABLE users (id text PRIMARY KEY);
CREATE TABLE projects (id text PRIMARY KEY, name text NOT NULL);
"""


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Report:
    baseline = tmp_path_factory.mktemp("seed") / "baseline.sql"
    baseline.write_text(BASELINE)
    settings = Settings(root=str(SEED), baseline_schema={"postgres": str(baseline)})
    return check(Job(settings, (str(SEED),), cached=False)).report


def test_the_three_constraints_cannot_be_added_twice(seed: Report) -> None:
    told = [(Path(item.path).name[:3], item.line, item.message) for item in seed.findings if item.code == "IDM003"]
    already = 'the second run fails: constraint "{}" for relation "{}" already exists'
    assert told == [
        ("005", 24, already.format("chk_interface_status", "projects")),
        ("006", 42, already.format("chk_interface_status", "project_interfaces")),
        ("006", 44, already.format("chk_interface_type", "project_interfaces")),
    ]


def test_the_way_out_names_what_it_is_about(seed: Report) -> None:
    first = next(item for item in seed.findings if item.code == "IDM003")
    assert "ALTER TABLE projects DROP CONSTRAINT IF EXISTS chk_interface_status;" in first.help
    assert "conrelid = to_regclass('projects') AND conname = 'chk_interface_status'" in first.help


def test_the_missing_rollback_is_told(seed: Report) -> None:
    assert [Path(item.path).name[:3] for item in seed.findings if item.code == "PAI001"] == ["006"]


def test_the_rollback_that_is_there_is_symmetric(seed: Report) -> None:
    first, second = seed.migrations
    assert (first.version, first.verdict["symmetric"]) == ("005", True)
    assert (second.version, second.verdict["symmetric"]) == ("006", None)
    assert not [item for item in seed.findings if item.code.startswith("SYM")]


def test_the_verdicts_say_what_cannot_be_repeated(seed: Report) -> None:
    verdicts = {item.version: item.verdict for item in seed.migrations}
    assert verdicts["005"]["forward_idempotent"] is False
    assert verdicts["005"]["rollback_idempotent"] is True
    assert verdicts["006"]["forward_idempotent"] is False


def test_one_name_stands_for_two_constraints(seed: Report) -> None:
    told = [item for item in seed.findings if item.code.startswith("NAM") and "chk_interface_status" in item.message]
    assert [Path(item.path).name[:3] for item in told] == ["006"]


def test_the_function_lacks_its_extension(seed: Report) -> None:
    (told,) = [item for item in seed.findings if item.code.startswith("REF") and "uuid_generate_v4" in item.message]
    assert (Path(told.path).name[:3], told.line) == ("006", 10)
    assert "uuid-ossp" in told.help
    assert "gen_random_uuid()" in told.help


def with_sqlite(version: tuple[int, ...]) -> Report:
    settings = Settings(root=str(SEED), targets={"postgres": (14,), "sqlite": version}, select=("LIT",))
    return check(Job(settings, (str(SEED),), cached=False)).report


def test_with_sqlite_as_a_target_each_construct_that_it_refuses_is_told() -> None:
    report = with_sqlite((3, 40))
    told = [
        (item.direction, Path(item.path).name[:3], item.line, item.code, re.split(": | from ", item.message)[0])
        for item in report.findings
    ]
    guard, check_ = "SQLite refuses ADD COLUMN IF NOT EXISTS", "SQLite has ALTER TABLE ... ADD CHECK"
    drop = "SQLite refuses DROP COLUMN IF EXISTS"
    assert sorted(told) == sorted(
        [
            *(("forward", "005", line, "LIT001", guard) for line in range(10, 15)),
            ("forward", "005", 24, "LIT002", check_),
            ("forward", "006", 11, "LIT001", "SQLite refuses a function as a default without parentheses"),
            ("forward", "006", 11, "LIT001", "SQLite refuses casts with ::"),
            ("forward", "006", 11, "LIT005", "SQLite does not know `uuid_generate_v4`"),
            ("forward", "006", 42, "LIT002", check_),
            ("forward", "006", 44, "LIT002", check_),
            ("rollback", "005", 13, "LIT001", "SQLite refuses DROP CONSTRAINT IF EXISTS"),
            *(("rollback", "005", line, "LIT001", drop) for line in range(16, 21)),
        ]
    )
    assert {item.verdict["sqlite_compatible"] for item in report.migrations} == {False}


def test_the_version_that_takes_a_construct_is_named_if_there_is_one() -> None:
    added = [item for item in with_sqlite((3, 40)).findings if item.code == "LIT002"]
    assert {item.message for item in added} == {
        "SQLite has ALTER TABLE ... ADD CHECK from 3.53 on, and the target is 3.40"
    }
    assert not [item for item in with_sqlite((3, 53)).findings if item.code == "LIT002"]
    dropped = [item.help for item in with_sqlite((3, 40)).findings if "DROP COLUMN" in item.message]
    assert all("3.35" in text for text in dropped)


@pytest.fixture(scope="module")
def example() -> Report:
    return check(Job(load(str(ROOT / "miglint.toml")), cached=False)).report


def test_the_example_passes_every_check(example: Report) -> None:
    assert not [f"{item.path}:{item.line}: {item.code} {item.message}" for item in example.findings]
    assert [(item.version, item.dialect) for item in example.migrations] == [
        ("005", "postgres"),
        ("006", "postgres"),
        ("005", "sqlite"),
        ("006", "sqlite"),
    ]
    for migration in example.migrations:
        # The script for PostgreSQL need not run on SQLite, which has its own.
        left_out = "sqlite_compatible" if migration.dialect == "postgres" else ""
        answers = {name: answer for name, answer in migration.verdict.items() if name != left_out}
        assert set(answers.values()) == {True}, (migration.version, answers)


def test_the_example_is_asked_by_every_family() -> None:
    chosen = select(load(str(ROOT / "miglint.toml")), load_rules())
    families = {code[:3] for code in chosen.registry.rules}
    # Style needs a library that not everybody has.
    assert families - {code[:3] for code in chosen.enabled} == {"STY"}
    assert "HDR004" in chosen.enabled


def test_of_style_there_are_remarks_on_the_example_at_most() -> None:
    settings = load(str(ROOT / "miglint.toml"))
    outcome = check(Job(replace(settings, extend_select=(*settings.extend_select, "STY")), cached=False))
    assert {finding.severity for finding in outcome.report.findings} <= {Severity.INFO}


class Engine(Protocol):
    """A database that scripts run on."""

    def run(self, script: str) -> None: ...

    def rows(self, query: str) -> list[tuple[object, ...]]: ...


class OnSqlite:
    """The library that Python was built with, as a program uses it: foreign keys count."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.execute("PRAGMA foreign_keys = ON")

    def run(self, script: str) -> None:
        self.connection.executescript(script)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return self.connection.execute(query).fetchall()


class OnPostgres:
    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def run(self, script: str) -> None:
        self.connection.execute(script.encode())

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return self.connection.execute(query.encode()).fetchall()


COLUMNS = {
    "postgres": "SELECT table_name, column_name, data_type, is_nullable, column_default "
    "FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2",
    "sqlite": 'SELECT m.name, c.name, c.type, c."notnull", c.dflt_value FROM sqlite_master m, '
    "pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY 1, 2",
}


@pytest.mark.parametrize("dialect", ["postgres", "sqlite"])
def test_the_example_keeps_its_promise_on_an_engine(dialect: str, request: pytest.FixtureRequest) -> None:
    if dialect == "sqlite":
        keeps_its_promise(OnSqlite(), dialect)
        return
    with psycopg.connect(request.getfixturevalue("server"), autocommit=True) as admin:
        admin.execute("CREATE DATABASE example")
        try:
            with psycopg.connect(request.getfixturevalue("server"), dbname="example", autocommit=True) as connection:
                keeps_its_promise(OnPostgres(connection), dialect)
        finally:
            admin.execute("DROP DATABASE example WITH (FORCE)")


def keeps_its_promise(engine: Engine, dialect: str) -> None:
    folder = ROOT / "migrations"

    def run(name: str, times: int = 2) -> None:
        for _ in range(times):
            engine.run((folder / dialect / f"{name}.sql").read_text())

    def versions() -> list[object]:
        return [version for (version,) in engine.rows("SELECT version FROM schema_migrations ORDER BY 1")]

    engine.run((folder / "schema" / f"{dialect}.sql").read_text())
    engine.run("INSERT INTO users (id, name) VALUES ('u', 'Ada')")
    engine.run("INSERT INTO projects (id, owner_id, name) VALUES ('p', 'u', 'Engine'), ('q', 'u', 'Notes')")
    before = engine.rows(COLUMNS[dialect])
    run("005_add_interface_management")
    between = engine.rows(COLUMNS[dialect])
    run("006_create_project_interfaces_table")
    after = engine.rows(COLUMNS[dialect])
    assert versions() == ["005", "006"]
    engine.run("UPDATE projects SET interface_status = 'single', interface_count = 1 WHERE id = 'p'")
    engine.run(
        "INSERT INTO project_interfaces (project_id, interface_name, interface_type, created_by) "
        "VALUES ('p', 'Shell', 'terminal', 'u'), ('p', 'Editor', 'editor', 'u')"
    )
    # Keys make themselves, without an extension.
    assert engine.rows("SELECT min(length(id)), count(DISTINCT id) FROM project_interfaces") == [(36, 2)]
    queries = ("SELECT * FROM project_interfaces ORDER BY id", "SELECT * FROM projects ORDER BY id")
    data = [engine.rows(query) for query in queries]
    # Running a migration once more loses nothing either.
    run("005_add_interface_management", 1)
    run("006_create_project_interfaces_table", 1)
    assert [engine.rows(query) for query in queries] == data

    run("rollback/006_rollback_project_interfaces")
    assert engine.rows(COLUMNS[dialect]) == between
    run("rollback/005_rollback_interface_management")
    assert engine.rows(COLUMNS[dialect]) == before
    assert versions() == []
    assert engine.rows("SELECT count(*) FROM set_aside") == [(3,)]

    run("005_add_interface_management")
    run("006_create_project_interfaces_table")
    assert engine.rows(COLUMNS[dialect]) == after
    assert [engine.rows(query) for query in queries] == data
    assert engine.rows("SELECT count(*) FROM set_aside") == [(0,)]
    assert versions() == ["005", "006"]


def test_the_example_passes_the_dry_run() -> None:
    settings = load(str(ROOT / "miglint.toml"))
    report = check(Job(settings, cached=False, dry_run=DryRunOptions())).report
    assert not [f"{item.path}:{item.line}: {item.code} {item.message}" for item in report.findings]
    assert {(item.dialect, bool(item.executions)) for item in report.migrations} == {
        ("postgres", True),
        ("sqlite", True),
    }
