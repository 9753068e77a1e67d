"""Paths as people see them, turned into those that patterns of the settings are about."""

from __future__ import annotations

from pathlib import Path


class RelativePaths:
    """Turns shown paths into paths relative to the folder of the settings, each folder once."""

    def __init__(self, root: str) -> None:
        self._root = Path(root)
        self._folders: dict[str, str] = {}

    def path(self, shown: str) -> str:
        """Return a path as patterns of the settings are about it."""
        folder, _, name = shown.rpartition("/")
        if folder not in self._folders:
            place = Path(folder or ("/" if shown.startswith("/") else ".")).absolute()
            try:
                self._folders[folder] = place.relative_to(self._root).as_posix()
            except ValueError:
                self._folders[folder] = folder
        inside = self._folders[folder]
        return name if inside in ("", ".") else f"{inside}/{name}"
