"""What a dry run says of second runs where the tool that runs the scripts rules them out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from miglint.cli.main import main

UP = "CREATE TABLE t (a integer PRIMARY KEY);\nCREATE INDEX i ON t (a);\n"
DOWN = "DROP TABLE t;\n"


@pytest.mark.parametrize(
    ("settings", "status", "matters"),
    [
        ("", 0, {False}),
        ('idempotency = "required"', 1, {True}),
        ('idempotency = "off"', 0, {False}),
        ('[[per-path]]\npaths = ["m"]\nidempotency = "required"', 1, {True}),
        ('transaction = "none"', 1, {True}),
    ],
)
def test_second_runs_of_a_dry_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: str, status: int, matters: set[bool]
) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "1_a.up.sql").write_text(UP)
    (tmp_path / "m" / "1_a.down.sql").write_text(DOWN)
    config = tmp_path / "miglint.toml"
    config.write_text(f'paths = ["m"]\ndialect = "sqlite"\nignore = ["DAT"]\n{settings}\n')
    arguments = ["check", "--config", str(config)]
    assert main([*arguments, "--dry-run=sqlite", "--format", "json"]) == status
    (migration,) = json.loads(capsys.readouterr().out)["migrations"]
    steps = {step["number"]: step for step in migration["execution"]["steps"]}
    assert [steps[number]["ok"] for number in (2, 3, 4, 5, 6)] == [True, False, True, False, True]
    assert {steps[number]["matters"] for number in (3, 5)} == matters
    assert all(steps[number]["matters"] for number in (1, 2, 4, 6, 7))
    assert migration["verdict"]["forward_idempotent"] is False
    main([*arguments, "--dry-run=sqlite"])
    text = capsys.readouterr().out
    assert ("i 3 " in text) is (False in matters)
    assert ("✗ 3 " in text) is (True in matters)
