"""Files written to a folder and checked: what the tests of single rules look at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from miglint.base.findings import Finding
from miglint.config.settings import load
from miglint.linter.run import Job, check


class Checker:
    """Checks files in a folder of its own, with the configuration that is among them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        monkeypatch.chdir(folder)

    def __call__(self, files: Mapping[str, str]) -> tuple[Finding, ...]:
        for name, text in files.items():
            path = self._folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return check(Job(load(cwd=str(self._folder)), (".",), cached=False)).report.findings

    def told(self, files: Mapping[str, str], *families: str) -> list[tuple[str, str, str]]:
        """Return code, severity and message of the findings of some families, in order of place."""
        return [(f.code, str(f.severity), f.message) for f in self(files) if f.code.startswith(families)]
