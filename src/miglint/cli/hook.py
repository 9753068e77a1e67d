"""`miglint check --hook`: what a commit changes, as pre-commit and git tell it.

pre-commit names the files that a commit adds or changes, and none that it takes away: a rollback that is deleted would
go by unseen. Git knows of it.
"""

from __future__ import annotations

from pathlib import Path

from miglint.config.settings import DEFAULT_PATHS, Settings
from miglint.discovery.git import deleted_files


def changed_files(given: tuple[str, ...]) -> frozenset[str]:
    """Return the SQL files that are given, and those that the commit takes away, as they are shown."""
    changed = {Path(path).as_posix() for path in given} | deleted_files()
    return frozenset(path for path in changed if path.lower().endswith(".sql"))


def paths_around(settings: Settings, changed: frozenset[str]) -> tuple[str, ...]:
    """Return the paths to check for changes in some files: those of the settings, or the folders of the files."""
    if settings.paths or Path(settings.at(DEFAULT_PATHS[0])).is_dir():
        return ()
    folders = {_existing(Path(path).parent) for path in changed}
    return tuple(sorted(folder.as_posix() for folder in folders))


def _existing(folder: Path) -> Path:
    while not folder.is_dir():
        folder = folder.parent
    return folder
