"""Three scripts as people write them, word for word, and the same two migrations done right."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from miglint.check import Job, check
from miglint.config import Settings, load
from miglint.dryrun.embedded import start_embedded
from miglint.dryrun.limits import Deadline, Limits
from miglint.report.value import Report

ROOT = Path(__file__).parents[1]
SEED = ROOT / "tests" / "data" / "seed"
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
    assert "conrelid = 'projects'::regclass AND conname = 'chk_interface_status'" in first.help


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


@pytest.fixture(scope="module")
def example() -> Report:
    return check(Job(load(str(ROOT / "miglint.toml")), cached=False)).report


def test_the_example_passes_every_check(example: Report) -> None:
    assert not [f"{item.path}:{item.line}: {item.code} {item.message}" for item in example.findings]
    assert [item.version for item in example.migrations] == ["005", "006"]
    for migration in example.migrations:
        answers = {name: answer for name, answer in migration.verdict.items() if name != "sqlite_compatible"}
        assert set(answers.values()) == {True}, (migration.version, answers)


def test_the_example_keeps_its_promise_on_a_server() -> None:
    folder = ROOT / "migrations"
    scripts = {
        path.relative_to(folder).as_posix().removesuffix(".sql"): path.read_text() for path in folder.rglob("*.sql")
    }
    columns = "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns"
    there = columns + " WHERE table_schema = 'public' ORDER BY 1, 2"
    engine = start_embedded(Limits(), Deadline.after(120), "for the example")
    try:
        access = engine.server.access
        with psycopg.connect(access.conninfo(access.user, access.password, "postgres"), autocommit=True) as server:

            def run(name: str) -> None:
                server.execute(sql.SQL(scripts[name].replace("{", "{{").replace("}", "}}")))

            def rows(query: str) -> list[tuple[object, ...]]:
                return server.execute(sql.SQL(query)).fetchall()

            run("schema/baseline")
            before = rows(there)
            for _ in range(2):
                run("005_add_interface_management")
            between = rows(there)
            for _ in range(2):
                run("006_create_project_interfaces_table")
            after = rows(there)
            server.execute("INSERT INTO users VALUES ('u', 'Ada'); INSERT INTO projects VALUES ('p', 'u', 'Engine')")
            server.execute("UPDATE projects SET interface_status = 'single', interface_count = 1")
            server.execute(
                "INSERT INTO project_interfaces (id, project_id, interface_name, interface_type, created_by) "
                "VALUES ('i', 'p', 'Shell', 'terminal', 'u')"
            )
            data = rows("SELECT * FROM projects, project_interfaces")
            for _ in range(2):
                run("rollback/006_rollback_project_interfaces")
            assert rows(there) == between
            for _ in range(2):
                run("rollback/005_rollback_interface_management")
            assert rows(there) == before
            for _ in range(2):
                run("005_add_interface_management")
                run("006_create_project_interfaces_table")
            assert rows(there) == after
            assert rows("SELECT * FROM projects, project_interfaces") == data
            assert rows("SELECT count(*) FROM set_aside") == [(0,)]
    finally:
        engine.close()
