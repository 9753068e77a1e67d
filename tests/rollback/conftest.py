"""A project of a few files, and `miglint rollback` in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.small_project import Command, Done, Plant, command, plant

__all__ = ["Command", "Done", "Plant", "plant"]


@pytest.fixture
def rollback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `miglint rollback ...` in the project."""
    monkeypatch.chdir(tmp_path)
    return command("rollback", capsys)
