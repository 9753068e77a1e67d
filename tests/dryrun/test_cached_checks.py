"""A dry run with what earlier runs have kept says what one without cache says, whatever has changed in between."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.linter.increments import Project, edits

from miglint.base.model import Dialect, History
from miglint.base.structs import replace
from miglint.cli.main import main as cli_main
from miglint.dryrun.model import Model
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.runner import dry_run
from miglint.linter.dry_run import compared

from .histories import history, migration

# What is inserted depends on where a run begins.
OPTIONS = DryRunOptions(engine="sqlite", rows=0)
LITE = (
    "CREATE TABLE extra{0} (id INTEGER PRIMARY KEY, c{1} TEXT);",
    "ALTER TABLE extra{1} ADD COLUMN c{0} INT NOT NULL DEFAULT 1;",
    "CREATE INDEX i{0} ON extra{1} (id);",
    "ALTER TABLE extra{1} RENAME TO extra{0};",
    "DROP TABLE IF EXISTS extra{1};",
    "INSERT INTO extra{1} (id) VALUES ({0}), ({1});",
    "CREATE VIEW v{0} AS SELECT * FROM extra{1};",
    "ALTER TABLE extra{1} DROP COLUMN c{0};",
    'CREATE TABLE IF NOT EXISTS "both{1}" (id INT REFERENCES extra{0});',
    "ALTER TABLE extra{1} ADD ;",
    "PRAGMA foreign_keys = ON;",
)
SQL = (
    "CREATE TABLE extra{0} (id int PRIMARY KEY, c{1} text);",
    "ALTER TABLE extra{1} ADD COLUMN c{0} int NOT NULL DEFAULT 1;",
    "CREATE INDEX i{0} ON extra{1} (id);",
    "DROP TABLE IF EXISTS extra{1} CASCADE;",
    "CREATE VIEW v{0} AS SELECT * FROM extra{1};",
    "CREATE INDEX CONCURRENTLY i{0} ON extra{1} (id);",
    "COMMENT ON TABLE extra{1} IS 'x{0}';",
)


def project_of(folder: Path, monkeypatch: pytest.MonkeyPatch, options: DryRunOptions) -> Project:
    (folder / "p").mkdir()
    monkeypatch.chdir(folder / "p")
    monkeypatch.setenv("MIGLINT_CACHE_DIR", str(folder / "cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "home"))
    project = Project(folder / "p", folder / "cache", options)
    project.statements = LITE if options.engine == "sqlite" else SQL
    return project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return project_of(tmp_path, monkeypatch, OPTIONS)


def write(project: Project, chance: random.Random, count: int, folder: str = "sqlite") -> None:
    """Write a history: most migrations make a table, the others do something with one."""
    for number in range(count):
        forward, back = f"CREATE TABLE t{number} (id INT, a TEXT);\n", f"DROP TABLE t{number};\n"
        if chance.random() < 0.4:
            forward = chance.choice(project.statements).format(chance.randrange(6), chance.randrange(6)) + "\n"
            back = "DROP TABLE IF EXISTS extra1;\n"
        project.write(f"{folder}/{number:06d}_x.up.sql", forward)
        project.write(f"{folder}/{number:06d}_x.down.sql", back)


def last(project: Project) -> Path:
    return [path for path in project.files() if path.name.endswith(".up.sql")][-1]


@pytest.mark.parametrize("seed", range(4))
def test_every_edit_gives_what_a_fresh_dry_run_gives(project: Project, seed: int) -> None:
    chance = random.Random(seed)
    write(project, chance, 12)
    if seed % 2:
        # Without its dry run: the replay alone finds the same in it.
        write(project, chance, 4, "postgres")
    assert project.compare() == ""
    for name in edits(chance, 10):
        project.edit(name, chance)
        assert project.compare() == "", name


def test_every_edit_gives_what_a_fresh_dry_run_on_postgres_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = project_of(tmp_path, monkeypatch, DryRunOptions(engine="embedded", rows=0))
    write(project, random.Random(1), 5, "postgres")
    chance = random.Random(2)
    assert project.compare() == ""
    for name in ("statement", "comment", "statement", "settings"):
        project.edit(name, chance)
        assert project.compare() == "", name


def test_a_changed_migration_is_replayed_alone(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project, random.Random(3), 12)
    project.check()
    assert project.replayed() == 0
    numbers: list[int] = []
    compare = Model.compare

    def counted(model: Model, number: int, *given: Any) -> Any:
        numbers.append(number)
        return compare(model, number, *given)

    monkeypatch.setattr(Model, "compare", counted)
    last(project).write_text(f"-- changed\n{last(project).read_text()}")
    assert project.replayed() == 1
    assert numbers == [11]
    assert project.replayed() == 0


def test_a_run_without_dry_run_and_one_with_it_leave_each_other_their_steps(project: Project) -> None:
    write(project, random.Random(4), 8)
    static = replace_options(project, None)
    assert static.compare() == project.compare() == ""
    assert static.replayed() == project.replayed() == 0
    project.settings('idempotency = "required"\n')
    assert static.compare() == project.compare() == ""


def replace_options(project: Project, options: DryRunOptions | None) -> Project:
    other = Project(project.root, project.cache, options)
    other.statements = project.statements
    return other


def test_no_cache_keeps_nothing_and_reads_nothing(project: Project) -> None:
    write(project, random.Random(5), 4)
    project.check(cached=False)
    assert not project.cache.exists()
    project.check()
    before = {path.name: path.stat().st_mtime_ns for path in project.cache.iterdir()}
    project.check(cached=False)
    assert {path.name: path.stat().st_mtime_ns for path in project.cache.iterdir()} == before


@pytest.mark.parametrize("options", [(), ("--verbose",), ("--format", "sarif")])
def test_the_text_is_what_it_is_without_cache(
    project: Project, capfd: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    def text(*more: str) -> str:
        cli_main(["check", "migrations", "--exit-zero", "--dry-run=sqlite", "--rows", "0", *options, *more])
        return re.sub(r"[0-9.]+ m?s\b", "time", capfd.readouterr().out)

    write(project, random.Random(6), 8)
    text()
    chance = random.Random(7)
    for name in ("comment", "statement", "suppress", "statement"):
        project.edit(name, chance)
        # Times are as wide as they are long.
        assert text().split() == text("--no-cache").split(), name


OWN = """
from miglint.api import Hit, Severity, rule


@rule("OWN003", "executed-rule", Severity.WARNING, "e", scope="executed")
def of_run(executed):
    later = executed.history.migrations[-1]
    script = executed.run.migration.forward
    if script is not None:
        yield Hit(script.file, script.span, f"the last one has {len(later.changes)} differences, {later.verdict}")
"""


def test_own_rules_about_all_results_are_asked_again(project: Project) -> None:
    write(project, random.Random(8), 6)
    project.settings('own-rules = ["own.py"]\n')
    (project.root / "own.py").write_text(OWN)
    assert project.compare() == ""
    assert "OWN003" in project.check()
    last(project).write_text("CREATE TABLE another (id INT);\n")
    assert project.compare() == ""


def test_what_only_the_engine_knows_of_earlier_migrations_changes_what_later_ones_say(project: Project) -> None:
    made = "CREATE TABLE a (id INT); INSERT INTO a (id) SELECT 1 UNION ALL SELECT 2;"
    rows = "UPDATE a SET id = id + 1;", "UPDATE a SET id = id / 10;"
    for number, text in enumerate((made, rows[0], "CREATE UNIQUE INDEX i ON a (id);")):
        project.write(f"sqlite/{number}_x.up.sql", f"{text}\n")
        project.write(f"sqlite/{number}_x.down.sql", "SELECT 1;\n")
    for text in (*rows, *rows):
        (project.folder / "sqlite" / "1_x.up.sql").write_text(f"{text}\n")
        assert project.compare() == ""
        assert ("UNIQUE constraint failed" in project.check()) == (text == rows[1])


def lite(*texts: str) -> History:
    return history(*(migration(text, dialect=Dialect.SQLITE, name=str(at)) for at, text in enumerate(texts)))


REAL = (
    "CREATE TABLE a (x int, y int);",
    "CREATE TABLE b (x int);",
    "ALTER TABLE a ADD COLUMN z int;",
    "CREATE TABLE c (x int DEFAULT 1);",
    "ALTER TABLE b ADD COLUMN z int;",
    "ALTER TABLE c RENAME COLUMN x TO w;",
    "CREATE INDEX i ON b (z);",
)
# What the replay is told: of other tables, and of one that is altered again.
TOLD = {1: "CREATE TABLE b (x text);", 3: "CREATE TABLE c (x int);", 4: "ALTER TABLE b ADD COLUMN z text;"}


@pytest.mark.parametrize("known", range(len(REAL)))
@pytest.mark.parametrize("told", [{}, TOLD, {2: "SELECT unknown();", **TOLD}], ids=["same", "others", "failing"])
def test_a_comparison_that_goes_on_says_what_a_whole_one_says(known: int, told: dict[int, str]) -> None:
    """Compare the results of one history with the replay of another, from the first migration and from a later one."""
    (ran,) = dry_run([lite(*REAL)], OPTIONS).histories
    ran = replace(ran, history=lite(*(told.get(at, text) for at, text in enumerate(REAL))))
    whole = compared(ran, {})
    assert any(run.apart for run in whole.migrations) == bool(told)
    cached = [replace(run, before=None, after=None, restored=None) for run in whole.migrations[:known]]
    rest = compared(replace(ran, migrations=(*cached, *ran.migrations[known:]), kept=known), {})
    assert [(run.apart, run.model) for run in rest.migrations] == [(run.apart, run.model) for run in whole.migrations]


PROCESSES = """
import json, os, sys
from pathlib import Path
from tests.linter.increments import Project
from miglint.dryrun.options import DryRunOptions
from miglint.linter import parallel

forks, fork = [], os.fork

def counted():
    forks.append(1)
    return fork()

os.fork = counted
parallel._MOST, parallel._SMALLEST = int(sys.argv[1]), 0
os.sched_getaffinity = lambda pid: range(100)
project = Project(Path.cwd(), Path.cwd().parent / "cache", DryRunOptions(engine="sqlite", rows=0))
print(json.dumps([project.check(cached=False), len(forks)]))
"""


@pytest.mark.parametrize(("settings", "forks"), [("", 2), ('transaction = "none"\n', 0)])
def test_several_processes_say_what_one_says(project: Project, settings: str, forks: int) -> None:
    """In a new interpreter of one thread; with settings that change migrations, hits cannot be sent between them."""
    write(project, random.Random(12), 12)
    project.settings(settings)
    found = []
    for number in ("1", "3"):
        done = subprocess.run(
            [sys.executable, "-c", PROCESSES, number], capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found.append(json.loads(done.stdout))
    assert found[0] == [found[1][0], 0]
    assert '"executed"' in found[0][0]
    assert found[1][1] == forks
