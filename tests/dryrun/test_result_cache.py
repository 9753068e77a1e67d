"""What was executed is not executed again, and what changed is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from miglint.base.model import Dialect, History
from miglint.base.structs import replace
from miglint.cache.store import Store
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.result_cache import StoredMemory
from miglint.dryrun.runner import dry_run
from miglint.dryrun.sqlite.engine import SqliteDatabase

from .histories import history, migration, record_runs


def lite(number: int, forward: str = "", rollback: str = "") -> Any:
    return migration(
        forward or f"CREATE TABLE t{number} (x);", rollback or f"DROP TABLE t{number};", dialect=Dialect.SQLITE,
        name=str(number),
    )  # fmt: skip


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts of all scripts that were run."""
    return record_runs(monkeypatch, SqliteDatabase, lambda script: script.text)


def go(folder: Path, given: History, options: DryRunOptions | None = None) -> Any:
    chosen = options or DryRunOptions()
    memory = StoredMemory(Store(str(folder), b"key", own=False), chosen, {})
    only = dry_run([given], chosen, memory=memory).histories[0]
    memory.keep(only)
    return only


def test_a_history_that_did_not_change_is_not_run(tmp_path: Path, ran: list[str]) -> None:
    given = history(lite(1), lite(2, rollback="SELECT 1;"))
    first = go(tmp_path, given)
    assert ran
    ran.clear()
    second = go(tmp_path, given)
    assert ran == []
    assert second.kept == 2
    for one, two in zip(first.migrations, second.migrations, strict=True):
        assert (one.steps, one.verdict, one.unknown, one.changes) == (two.steps, two.verdict, two.unknown, two.changes)
        assert (one.forward, one.rollback, one.rows) == (two.forward, two.rollback, two.rows)
    assert [run.verdict.symmetric for run in second.migrations] == [True, False]


def test_only_what_is_new_is_checked(tmp_path: Path, ran: list[str]) -> None:
    go(tmp_path, history(lite(1), lite(2)))
    ran.clear()
    longer = go(tmp_path, history(lite(1), lite(2), lite(3, "CREATE TABLE t3 (x REFERENCES t2);")))
    assert ran[:2] == ["CREATE TABLE t1 (x);", "CREATE TABLE t2 (x);"]
    assert "DROP TABLE t2;" not in ran and "DROP TABLE t3;" in ran
    assert (longer.kept, [run.verdict.symmetric for run in longer.migrations]) == (2, [True] * 3)


def test_behind_a_change_all_is_run_again(tmp_path: Path, ran: list[str]) -> None:
    go(tmp_path, history(lite(1), lite(2), lite(3)))
    ran.clear()
    changed = go(tmp_path, history(lite(1), lite(2, rollback="SELECT 1;"), lite(3)))
    assert "DROP TABLE t1;" not in ran and "DROP TABLE t3;" in ran
    assert [run.verdict.symmetric for run in changed.migrations] == [True, False, True]


@pytest.mark.parametrize("options", [DryRunOptions(rows=7), DryRunOptions(seed=1), DryRunOptions(foreign_keys=True)])
def test_other_options_are_another_run(tmp_path: Path, ran: list[str], options: DryRunOptions) -> None:
    go(tmp_path, history(lite(1)))
    ran.clear()
    go(tmp_path, history(lite(1)), options)
    assert "DROP TABLE t1;" in ran


@pytest.mark.parametrize("last", ["CREATE VIEW v AS SELECT json_extract(x, '$.a') FROM t1;", "SELECT 1;"])
def test_what_later_scripts_need_of_earlier_migrations_is_part_of_their_results(tmp_path: Path, last: str) -> None:
    """The rows of the first migration are JSON where a later script reads them as JSON."""
    go(tmp_path, history(lite(1)))
    assert go(tmp_path, history(lite(1), lite(2, last, "SELECT 1;"))).kept == int(last == "SELECT 1;")


def test_another_tool_is_another_run(tmp_path: Path) -> None:
    go(tmp_path, history(lite(1)))
    assert go(tmp_path, replace(history(lite(1)), tools=("goose",))).kept == 0


def test_results_are_those_of_the_scripts_as_they_were_run(tmp_path: Path) -> None:
    """The report has the history of the files, without the transactions of the settings."""
    bare = replace(lite(1), forward=replace(lite(1).forward, transaction=False))
    memory = StoredMemory(Store(str(tmp_path), b"key", own=False), DryRunOptions(), {})
    ran = dry_run([history(bare)], DryRunOptions(), memory=memory).histories[0]
    memory.keep(replace(ran, history=history(lite(1))))
    assert go(tmp_path, history(bare)).kept == 1
    assert go(tmp_path, history(lite(1))).kept == 0


def test_what_does_not_read_back_is_run(tmp_path: Path, ran: list[str]) -> None:
    go(tmp_path, history(lite(1)))
    for entry in tmp_path.glob("run-*"):
        entry.write_bytes(b'{"engine": 1}')
    ran.clear()
    assert go(tmp_path, history(lite(1))).kept == 0
    assert ran


def test_the_command_says_the_same_from_what_was_kept(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "1_a.up.sql").write_text("CREATE TABLE a (x int);\nCREATE TABLE b (x int);")
    (folder / "1_a.down.sql").write_text("DROP TABLE a;")
    (folder / "miglint.toml").write_text("")
    command = [sys.executable, "-m", "miglint", "check", "--dry-run=embedded", "--format", "json", "."]
    environment = {**os.environ, "MIGLINT_CACHE_DIR": str(tmp_path / "cache")}
    said = []
    for _ in range(2):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)
        said.append(json.loads(done.stdout))
        said[-1]["summary"]["elapsed_ms"] = 0
    assert said[0] == said[1]
    assert {item["code"] for item in said[1]["findings"]} & {"SYM001", "RUN003", "RUN004"} or said[1]["findings"]
    shutil.rmtree(tmp_path / "cache")


def test_nothing_is_run_from_a_script_on_that_a_template_fills_in(tmp_path: Path, ran: list[str]) -> None:
    filled = lite(2, "CREATE TABLE t2 ({{if .sqlite}}x TEXT{{else}}x VARCHAR(9){{end}});")
    later = lite(3, "CREATE TABLE t3 (x REFERENCES t2);")
    first = go(tmp_path, history(lite(1), filled))
    assert [run.verdict.symmetric for run in first.migrations] == [True, None]
    assert first.migrations[1].forward is None
    ran.clear()
    longer = go(tmp_path, history(lite(1), filled, later))
    assert [run.verdict.symmetric for run in longer.migrations] == [True, None, None]
    assert ran == []
    assert all("template" in run.unknown[0] for run in longer.migrations[1:])
    # Braces that are no tags to the grammar are those of a constant.
    assert go(tmp_path, history(lite(1, "CREATE TABLE t1 (x DEFAULT '{{a}}');"))).migrations[0].verdict.symmetric
