"""Migrations without a rollback: each by itself, or once where a project writes none, or none any more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.integration.project import git

from miglint.base.findings import Finding
from miglint.cli.main import main
from miglint.config.settings import load
from miglint.linter.run import Job, check


def write(folder: Path, kept: str, settings: str = "") -> None:
    """Write a history: `+` is a migration with a rollback, `-` one without, `i` one that is declared irreversible."""
    (folder / "miglint.toml").write_text(f'paths = ["m"]\nselect = ["PAI"]\n{settings}', encoding="utf-8")
    (folder / "m").mkdir(exist_ok=True)
    for number, kind in enumerate(kept, 1):
        said = "-- miglint: irreversible (rows are gone)\n" if kind == "i" else ""
        (folder / "m" / f"{number:03}_a.up.sql").write_text(f"{said}CREATE TABLE t{number} (a integer);\n")
        if kind == "+":
            (folder / "m" / f"{number:03}_a.down.sql").write_text(f"DROP TABLE t{number};\n")


def found(folder: Path, *paths: str) -> list[tuple[str, str]]:
    """Return the version, or the message, and the severity of what is said of rollbacks."""
    return [(item.version or item.message, str(item.severity)) for item in findings(folder, *paths)]


def findings(folder: Path, *paths: str, cached: bool = False, code: str = "PAI001") -> list[Finding]:
    report = check(Job(load(str(folder / "miglint.toml")), paths, cached=cached)).report
    return [item for item in report.findings if item.code == code]


def test_few_are_reported_each(tmp_path: Path) -> None:
    write(tmp_path, "++-+-")
    assert found(tmp_path) == [("003", "error"), ("005", "error")]


def test_a_history_that_has_hardly_any_is_reported_once(tmp_path: Path) -> None:
    write(tmp_path, "--+---i")
    assert found(tmp_path) == [("5 of 6 migrations have no rollback", "warning")]


def test_where_they_stopped_is_reported_once(tmp_path: Path) -> None:
    write(tmp_path, "++-++----")
    (forgotten, stopped) = findings(tmp_path)
    assert (forgotten.version, str(forgotten.severity)) == ("003", "error")
    assert (stopped.version, str(stopped.severity)) == ("006", "warning")
    assert stopped.message == "this migration and all 3 after it have no rollback; most before it have one"
    assert 'rollbacks = "required"' in stopped.help


def test_what_is_required_is_reported_each(tmp_path: Path) -> None:
    write(tmp_path, "-----", 'rollbacks = "required"')
    assert found(tmp_path) == [(f"00{number}", "error") for number in range(1, 6)]


def test_a_new_one_without_is_a_warning_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "------")
    path = str(tmp_path / "m" / "006_a.up.sql")
    assert found(tmp_path, path) == [("006", "warning")]
    write(tmp_path, "+++---")
    assert found(tmp_path, path) == [("006", "warning")]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("", [("4 of 5 rollbacks are empty", "warning")]),
        ('rollbacks = "required"', [(f"00{number}", "error") for number in range(1, 5)]),
        ('rollbacks = "optional"', []),
    ],
)
def test_empty_rollbacks_are_none(tmp_path: Path, settings: str, expected: list[tuple[str, str]]) -> None:
    write(tmp_path, "+++++", settings)
    for number in range(1, 5):
        (tmp_path / "m" / f"{number:03}_a.down.sql").write_text("-- nothing to do; /* it */\n/* is; */\n")
    every = findings(tmp_path, code="PAI003")
    assert [(item.version or item.message, str(item.severity)) for item in every] == expected
    (new,) = findings(tmp_path, str(tmp_path / "m" / "004_a.up.sql"), code="PAI003")
    assert (new.version, str(new.severity)) == ("004", "error" if "required" in settings else "warning")


def test_a_rollback_below_a_ruler_is_none_of_the_empty_ones(tmp_path: Path) -> None:
    write(tmp_path, "+++++")
    for number in range(1, 5):
        (tmp_path / "m" / f"{number:03}_a.down.sql").write_text(f"-- {'-' * 70}\n/* * */\n")
    (tmp_path / "m" / "005_a.down.sql").write_text(f"-- {'-' * 70}\nDROP TABLE IF EXISTS t;\n")
    assert [item.message for item in findings(tmp_path, code="PAI003")] == ["4 of 5 rollbacks are empty"]


def test_the_cache_of_all_answers_for_one(tmp_path: Path) -> None:
    write(tmp_path, "------")
    path = str(tmp_path / "m" / "006_a.up.sql")
    for _ in range(2):
        assert len(findings(tmp_path, cached=True)) == 1
        assert [item.version for item in findings(tmp_path, path, cached=True)] == ["006"]


def test_since_and_hook_report_the_new_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "-----")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "all")
    write(tmp_path, "------")
    monkeypatch.chdir(tmp_path)
    for arguments in (("--since", "HEAD"), ("--hook", "m/006_a.up.sql")):
        output = tmp_path / "report.json"
        assert main(["check", "--format", "json", "--output", str(output), *arguments]) == 0
        (finding,) = json.loads(output.read_text(encoding="utf-8"))["findings"]
        assert (finding["version"], finding["severity"]) == ("006", "warning")


def test_a_comment_is_not_advised_in_a_script_whose_checksum_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "miglint.toml").write_text('paths = ["migrations"]\n')
    (tmp_path / "migrations").mkdir()
    for number in (1, 2, 3):
        (tmp_path / "migrations" / f"{number}_t.up.sql").write_text(f"CREATE TABLE t{number} (id int PRIMARY KEY);\n")
        (tmp_path / "migrations" / f"{number}_t.down.sql").write_text(f"DROP TABLE t{number};\n")
    rollback = tmp_path / "migrations" / "3_t.down.sql"
    rollback.unlink()
    (missing,) = findings(tmp_path, "migrations")
    assert "state in the forward script" in missing.help
    (tmp_path / "Cargo.toml").write_text('[dependencies]\nsqlx = "0.8"\n')
    (missing,) = findings(tmp_path, "migrations")
    assert "or one that only states why there is none" in missing.help and "(sqlx refuses" in missing.help
    rollback.write_text("-- miglint: irreversible (the rows are gone)\n")
    assert findings(tmp_path, "migrations") == []
