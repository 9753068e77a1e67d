"""A project on disk, and the command run as people run it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

FORWARD = "CREATE TABLE accounts (\n    id bigint PRIMARY KEY,\n    name text NOT NULL\n);\n"
ROLLBACK = "DROP TABLE accounts;\n"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "migrations").mkdir(parents=True)
    (folder / "migrations" / "001_accounts.up.sql").write_text(FORWARD)
    (folder / "migrations" / "001_accounts.down.sql").write_text(ROLLBACK)
    return folder


@pytest.fixture
def miglint(project: Path, tmp_path: Path) -> Run:
    """Run `python -m miglint` in the project, with a cache key of its own."""
    left_out = ("NO_COLOR", "FORCE_COLOR", "GITHUB_WORKSPACE", "GITHUB_STEP_SUMMARY", "MIGLINT_CACHE_DIR")

    def run(*arguments: str, cwd: Path | None = None, stdin: str | None = None, **env: str):
        clean = {name: value for name, value in os.environ.items() if name not in left_out}
        return subprocess.run(
            [sys.executable, "-m", "miglint", *arguments],
            cwd=cwd or project,
            env={**clean, "XDG_CACHE_HOME": str(tmp_path / "home"), **env},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
