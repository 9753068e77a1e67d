from __future__ import annotations

import os
from pathlib import Path

import pytest

from miglint.base.program_path import program_on_path


def test_programs_of_the_working_directory_are_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("checkout/bin", "installed"):
        (tmp_path / folder).mkdir(parents=True)
    for place in ("checkout", "checkout/bin", "installed"):
        (tmp_path / place / "git").write_text("#!/bin/sh\n")
        (tmp_path / place / "git").chmod(0o755)
    (tmp_path / "installed" / "initdb").write_text("no program")
    monkeypatch.chdir(tmp_path / "checkout")
    monkeypatch.setenv("PATH", os.pathsep.join(("", ".", "bin", "../checkout", str(tmp_path / "installed"))))
    assert program_on_path("git") == str(tmp_path / "installed" / "git")
    assert program_on_path("initdb") is None
    monkeypatch.setenv("PATH", "")
    assert program_on_path("git") is None
