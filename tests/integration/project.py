"""The project as others get it: a copy in a git repository of its own, and what it takes to install it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What an installer says when there is no way to a package registry.
_NO_REGISTRY = re.compile(
    r"No matching distribution found|Could not find a version that satisfies|Max retries exceeded"
    r"|Temporary failure in name resolution|NewConnectionError|Network is unreachable|ConnectTimeout|Read timed out"
)
_PARTS = ("src", "rules", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml", "action.yml")


def copy_to(folder: Path) -> Path:
    """Copy what the package is built from, as it is now."""
    folder.mkdir(parents=True)
    for name in _PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def git(folder: Path, *arguments: str) -> str:
    # Nobody's own settings, hooks or keys shall matter.
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], capture_output=True, text=True, env=env, check=True
    )
    return done.stdout.strip()


def skip_without_registry(said: str) -> None:
    """Skip a test when the package registry that pip is configured for does not answer."""
    found = _NO_REGISTRY.search(said)
    if found is not None:
        pytest.skip(f"the package cannot be installed here, since pip finds no registry: {found[0]}")
