"""A project of a few files, and `miglint port` in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.small_project import Command, Done, Plant, command, plant

__all__ = ["Command", "Done", "Plant", "plant"]


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `miglint port ...` in the project."""
    monkeypatch.chdir(tmp_path)
    return command("port", capsys)
