"""A check finds its folders, and says which; wrong ones are named with the nearest right one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from miglint.cli.main import main


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("services/a/migrations", "services/b/db/migrations"):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "1_a.up.sql").write_text("CREATE TABLE IF NOT EXISTS a (n bigint);\n")
        (folder / "1_a.down.sql").write_text("DROP TABLE IF EXISTS a;\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_folders_are_found_and_said(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    captured = capsys.readouterr()
    assert "2 migrations, 4 files" in captured.out
    assert "checking services/a/migrations, services/b/db/migrations; `miglint init`" in captured.err
    # A folder that appears later is found too: the output is not repeated from the cache.
    (project / "c" / "migrations").mkdir(parents=True)
    (project / "c" / "migrations" / "1_c.up.sql").write_text("SELECT 1;\n")
    main(["check"])
    assert "c/migrations" in capsys.readouterr().err


def test_wrong_paths_of_the_configuration(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "miglint.toml").write_text(
        '# ours\npaths = [\n    "services/a/migrations",\n    "services/b/migration",\n]\n'
    )
    assert main(["check"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("miglint: miglint.toml:4: paths: `services/b/migration`: no such file or folder; ")
    assert "the nearest folder with migrations is `services/b/db/migrations`" in said


def test_wrong_paths_of_the_command_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "services/a/migratons"]) == 2
    assert "the nearest folder with migrations is `services/a/migrations`" in capsys.readouterr().err
    (project / "docs").mkdir()
    assert main(["check", "docs"]) == 2
    assert "no migrations found in docs; the nearest folder with migrations is `services/" in capsys.readouterr().err


def test_a_dialect_for_one_folder(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = '[[per-path]]\npaths = ["services/b"]\ndialect = "sqlite"\n'
    (project / "miglint.toml").write_text(settings)
    assert main(["check", "--verbose"]) == 0
    out = capsys.readouterr().out
    assert sorted(line.split()[2] for line in out.splitlines() if line.startswith("1 a")) == ["postgres", "sqlite"]
    assert main(["check", "--dialect", "postgres", "-v"]) == 0
    assert "1 a        sqlite" not in capsys.readouterr().out


def test_each_history_is_named_by_its_folder(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "services" / "b" / "db" / "migrations" / "1_a.up.sql").write_text(
        "CREATE TABLE IF NOT EXISTS b (n int);\n"
    )
    main(["check", "--verbose", "services"])
    out = capsys.readouterr().out
    assert "services/a/migrations:\n1 a " in out and "services/b/db/migrations:\n1 a " in out
    main(["check", "services", "--format", "json"])
    report = json.loads(capsys.readouterr().out)
    assert [item["history"] for item in report["migrations"]] == ["services/a/migrations", "services/b/db/migrations"]
    assert main(["schema", "--at", "1", "services"]) == 2
    assert "--at FOLDER:VERSION\n  services/a/migrations (postgres)" in capsys.readouterr().err
    for at in ("services/b/db/migrations:1", "services/b/db/migrations/1_a.up.sql", "services/b/db/migrations/:1"):
        assert main(["schema", "--at", at]) == 0
        assert "CREATE TABLE b (" in capsys.readouterr().out
    # A part of the folder's path, and a version that one of them alone has.
    (project / "services" / "b" / "db" / "migrations" / "7_b.up.sql").write_text("DROP TABLE IF EXISTS b;\n")
    assert main(["schema", "--at", "services/b:1"]) == 0
    assert "CREATE TABLE b (" in capsys.readouterr().out
    assert main(["schema", "--at", "7", "services"]) == 0
    assert main(["schema", "--at", "9", "services"]) == 2
    assert "no migration has version 9" in capsys.readouterr().err
    assert main(["schema", "--at", "services/c/migrations:1"]) == 2
    assert "no history in services/c/migrations (did you mean `services/a/migrations`?)" in capsys.readouterr().err


def test_a_folder_without_any_names_those_of_the_repository(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / ".git").mkdir()
    (project / "docs").mkdir()
    monkeypatch.chdir(project / "docs")
    for command in (["check"], ["init"], ["rollback", "list"]):
        assert main(command) == 2
        said = capsys.readouterr().err
        assert "found in .; this repository has some in ../services/a/migrations, ../services/b/db/migrations; " in said


def test_migrations_that_are_programs_are_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "alembic.ini").write_text("[alembic]\n")
    (tmp_path / "migrations" / "versions").mkdir(parents=True)
    (tmp_path / "migrations" / "versions" / "1_a.py").write_text("def upgrade(): ...\n")
    monkeypatch.chdir(tmp_path)
    for command in (["init"], ["check"]):
        assert main(command) == 2
        assert "(alembic.ini: Alembic's migrations are Python; `alembic upgrade head --sql`" in capsys.readouterr().err
