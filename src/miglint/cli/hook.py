"""`miglint check --hook`: the changes of a commit, from pre-commit and git.

pre-commit passes added and changed files, but no deleted ones. Deleted rollbacks are therefore read from git.
"""

from __future__ import annotations

from pathlib import Path

from miglint.config.settings import DEFAULT_PATHS, Settings
from miglint.discovery.git import deleted_files


def changed_files(given: tuple[str, ...]) -> frozenset[str]:
    """Return the given SQL files and those that the commit deletes, as display paths."""
    changed = {Path(path).as_posix() for path in given} | deleted_files()
    return frozenset(path for path in changed if path.lower().endswith(".sql"))


def paths_for_changes(settings: Settings, changed: frozenset[str]) -> tuple[str, ...]:
    """Return the paths to check for the changed files: the configured ones, or the files' folders."""
    if settings.paths or Path(settings.at(DEFAULT_PATHS[0])).is_dir():
        return ()
    folders = {_existing(Path(path).parent) for path in changed}
    return tuple(sorted(folder.as_posix() for folder in folders))


def _existing(folder: Path) -> Path:
    while not folder.is_dir():
        folder = folder.parent
    return folder
