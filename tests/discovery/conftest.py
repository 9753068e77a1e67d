"""Trees of real files, written for one test each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from miglint.base.model import Dialect, Discovered, History
from miglint.discovery import DiscoveryOptions, discover

Plant = Callable[[dict[str, str | bytes]], Path]
Look = Callable[..., Discovered]


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Write files below the test's folder."""

    def write(files: dict[str, str | bytes]) -> Path:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return write


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Discover paths (default: everything) from the test's folder."""

    def run(*paths: str, **options: object) -> Discovered:
        return discover(paths or (".",), options=DiscoveryOptions(cwd=str(tmp_path), **options))  # type: ignore[arg-type]  # any

    return run


def pairs(history: History) -> list[tuple[str, str | None, str | None]]:
    """Return version, forward and rollback of each migration."""
    return [
        (m.version, m.forward.path if m.forward else None, m.rollback.path if m.rollback else None)
        for m in history.migrations
    ]


def kinds(found: Discovered) -> list[str]:
    """Return what kinds of problems there are."""
    return sorted(problem.kind for problem in found.problems)


def only(found: Discovered) -> History:
    """Return the one history there is."""
    assert len(found.histories) == 1, found.histories
    return found.histories[0]


def of(found: Discovered, dialect: Dialect) -> History:
    """Return the one history of a dialect."""
    (history,) = [history for history in found.histories if history.dialect is dialect]
    return history
