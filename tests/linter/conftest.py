"""A project whose steps are kept between runs."""

from __future__ import annotations

import pytest
from tests.linter.increments import Project


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "p").mkdir()
    monkeypatch.chdir(tmp_path / "p")
    monkeypatch.setenv("MIGLINT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    return Project(tmp_path / "p", tmp_path / "cache")
