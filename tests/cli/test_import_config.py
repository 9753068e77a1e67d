"""`miglint init --from squawk`: the settings mean the same afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from miglint.base.errors import UsageError
from miglint.cli.init import command
from miglint.config.settings import load
from miglint.rules.selection import load_rules, select

SQUAWK = """\
pg_version = "14.2"
excluded_rules = ["ban-drop-column", "prefer-text-field", "no-such-rule"]
included_rules = ["prefer-identity", "require-lock-timeout"]
excluded_paths = ["migrations/legacy/*.sql"]
assume_in_transaction = true
[upload_to_github]
"""


def test_what_squawk_was_told_miglint_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".squawk.toml").write_text(SQUAWK, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(command, ["--from", "squawk"])
    assert result.exit_code == 0, result.output
    settings = load(cwd=str(tmp_path))
    assert settings.targets == {"postgres": (14, 2)}
    assert settings.exclude == ("migrations/legacy/*.sql",)
    assert settings.transaction == "per-file"
    known = load_rules()
    before, after = select(load(cwd="/"), known).enabled, select(settings, known).enabled
    assert {"BWC002", "DAT002"} == before - after
    assert {"TYP004", "LCK033"} == after - before
    text = (tmp_path / "miglint.toml").read_text(encoding="utf-8")
    assert "# `squawk:no-such-rule` in `excluded_rules` has no equivalent." in text
    assert "# `upload_to_github` has no equivalent: see `--format github`" in text


def test_without_its_file_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(command, ["--from", "squawk"])
    assert isinstance(result.exception, UsageError)
    assert not (tmp_path / "miglint.toml").exists()


def test_what_is_not_toml_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".squawk.toml").write_text("= 1", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(command, ["--from", "squawk"])
    assert isinstance(result.exception, UsageError)
    assert ".squawk.toml:1: invalid TOML" in str(result.exception)
