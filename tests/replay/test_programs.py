"""Migrations that are programs: what they do is not known, so that errors about earlier objects are warnings."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.rules.checking import Checker

FIRST = "-- +goose Up\nCREATE TABLE p (id int PRIMARY KEY);\nCREATE TABLE c (p int REFERENCES p);\n"
LAST = "-- +goose Up\nDROP TABLE p;\n"


@pytest.mark.parametrize(("program", "severity"), [("", "error"), ("2_drop.go", "warning")])
def test_a_program_may_have_dropped_what_depends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, severity: str
) -> None:
    files = {"1_first.sql": FIRST, "3_last.sql": LAST, "miglint.toml": 'rollbacks = "none"\n'}
    if program:
        files[program] = "package migrations\n"
    found = Checker(tmp_path, monkeypatch).told(files, "REF")
    assert [(code, level) for code, level, _ in found] == [("REF004", severity)]
