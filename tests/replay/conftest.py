"""The errors that the replay expects of a script."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.rules.checking import Checker

Failures = Callable[[str, str], list[str]]


@pytest.fixture
def failures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Failures:
    """Return the messages about statements of a script, with a configuration, that refer to what is not there."""

    def run(script: str, configuration: str) -> list[str]:
        files = {"001_a.up.sql": script, "miglint.toml": f'rollbacks = "none"\n{configuration}'}
        return [message for _, _, message in Checker(tmp_path, monkeypatch).told(files, "REF")]

    return run
