"""What people try who come from elsewhere: the message says what to write instead."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from miglint.cli.main import main

UP = "CREATE TABLE IF NOT EXISTS accounts (id bigint PRIMARY KEY);\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "000003_name.up.sql").write_text(UP)
    (tmp_path / "migrations" / "000003_name.down.sql").write_text("DROP TABLE IF EXISTS accounts;\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('[severity]\nIDM003 = "off"\n', 'miglint.toml:2: `IDM003` has no severity `off`: `ignore = ["IDM003"]`'),
        ('[[per-path]]\npaths = ["m"]\nseverity = { IDM = "none" }\n', '`ignore = ["IDM"]` turns rules off'),
        (
            '[per-file-ignores]\n"m/*" = ["IDM"]\n',
            "miglint.toml:1: unknown key `per-file-ignores`: write `[[per-path]]`",
        ),
        ('[tool.miglint]\npaths = ["m"]\n', "in this file the keys of `[tool.miglint]` stand at the top"),
        ('severity = "off"\n', 'not a string: `severity = {IDM001 = "info"}`; `ignore = ["IDM001"]` turns rules off'),
        ('ignore = ["IDM01"]\n', "unknown rule `IDM01` (did you mean `IDM001`?)"),
        ('ignore = ["lck-16"]\n', "unknown rule `lck-16` (did you mean `LCK016`?)"),
        ('targets = ["postgres>=99"]\n', "the newest version that miglint knows is 19: `postgres>=19`"),
        ('targets = ["sqlite>=4"]\n', "the newest version that miglint knows is 3."),
        ('runner = "golang_migrate"\n', "(did you mean `golang-migrate`?)"),
        ('idempotency = "require"\n', "(did you mean `required`?)"),
        (
            'layout = "golang_migrate"\n',
            "toml:1: unknown layout `golang_migrate` (did you mean `golang-migrate`?)",
        ),
        ('\nlayout = "rails"\n', "miglint.toml:2: unknown layout `rails`: known layouts are liquibase, "),
        ('ignore = "IDM001"\n', 'a list of strings, not a string: `ignore = ["IDM001"]`'),
        ('severity = { IDM = "ERROR" }\n', "(did you mean `error`?)"),
        ('rules = ["IDM"]\n', '`rules` names files with own rules: `select = ["IDM"]` enables rules'),
        ('rules.IDM001 = "off"\n', '`ignore = ["IDM001"]` turns it off'),
    ],
)
def test_the_configuration(project: Path, capsys: pytest.CaptureFixture[str], settings: str, said: str) -> None:
    (project / "miglint.toml").write_text(settings)
    assert main(["check"]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "--dry-run", "embedded"], "the engine is named with `--dry-run=embedded`"),
        (["check", "--dry-run=sqlite"], "all here are for PostgreSQL"),
        (["check", "--ignore", "IDM01"], "miglint: --ignore: unknown rule `IDM01` (did you mean `IDM001`?)"),
        (["check", "--select", "IDM,IDX"], "miglint: --select: unknown rule `IDX`"),
        (["check", "--target", "pg>=99"], "the newest version that miglint knows is 19"),
        (["schema", "--at", "000004_name"], "no migration has version 000004_name (did you mean `000003_name`?)"),
        (["schema", "--at", "30"], "no migration has version 30\n"),
        (["check", "--layout", "rails"], "miglint: --layout: unknown layout `rails`: known layouts"),
        (["check", "--at", "000003_name"], "No such option '--at': name the migration's file: `miglint check FILE`"),
        (["check", "--disable", "IDM"], "No such option '--disable': `--ignore RULES`"),
        (["check", "--exclude", "a"], "`exclude = [...]` in the configuration"),
        (["check", "--formt", "json"], "--format"),
        (["lint"], "unknown command `lint` (did you mean `check`?)"),
        (["chek"], "(did you mean `check`?)"),
        (["migrations"], "unknown command `migrations`: to check it, `miglint check migrations`"),
    ],
)
def test_the_command_line(project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", ["postgresql", "pg", "PostgreSQL", "sqlite3"])
def test_other_names_of_the_dialects(project: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main(["check", "--dialect", name, "-q"]) == 0
    (project / "miglint.toml").write_text(f'dialect = "{name}"\n')
    assert main(["check", "-q"]) == 0


def test_a_folder_that_is_called_like_an_engine(project: Path) -> None:
    (project / "migrations").rename(project / "sqlite")
    assert main(["check", "--dry-run", "sqlite", "--dialect", "sqlite", "-q"]) == 0


@pytest.mark.parametrize("at", ["3", "000003", "000003_name", "000003_name.up.sql", "migrations/000003_name.up.sql"])
def test_a_migration_by_any_of_its_names(project: Path, capsys: pytest.CaptureFixture[str], at: str) -> None:
    assert main(["schema", "--at", at]) == 0
    assert "CREATE TABLE accounts" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("word", "meant"), [("disable", "ignore"), ("noqa", "ignore"), ("disable-file", "ignore-file")]
)
def test_words_of_other_linters(project: Path, capsys: pytest.CaptureFixture[str], word: str, meant: str) -> None:
    (project / "migrations" / "000003_name.up.sql").write_text(f"-- miglint: {word} IDM001\n{UP}")
    main(["check"])
    assert f"unknown directive `miglint: {word}` (did you mean `{meant}`?)" in capsys.readouterr().out


def test_the_help_fits_a_screen(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["check", "--help"]) == 0
    text = capsys.readouterr().out
    assert len(text.splitlines()) <= 40
    assert "Examples:" in text
    assert "\n  [PATH]...\n" not in text
    assert "--total-timeout" not in text
    assert main(["check", "--all-options"]) == 0
    every = capsys.readouterr().out
    assert all(name in every for name in ("--total-timeout", "--config-from", "--hook", "--dry-run[=ENGINE]"))
    assert "\n  [PATH]...\n" not in every


def test_the_extra_that_a_container_needs(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hide = "import importlib.util as u; real = u.find_spec; "
    hide += "u.find_spec = lambda n, *a: n != 'psycopg' and real(n, *a) or None"
    run = "from miglint.cli.main import main; raise SystemExit(main(['check', '--dry-run=docker', '--no-cache']))"
    done = subprocess.run([sys.executable, "-c", f"{hide}; {run}"], capture_output=True, text=True, check=False)
    assert (done.returncode, "pip install 'miglint[docker]'" in done.stderr) == (2, True)
