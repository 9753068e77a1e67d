"""Displayed paths converted to paths that patterns of the settings refer to."""

from __future__ import annotations

from pathlib import Path


class RelativePaths:
    """Converts displayed paths to paths relative to the folder of the settings, each folder once."""

    def __init__(self, root: str) -> None:
        self._root = Path(root)
        self._folders: dict[str, str] = {}

    def path(self, shown: str) -> str:
        """Return a path relative to the folder of the settings."""
        folder, _, name = shown.rpartition("/")
        if folder not in self._folders:
            place = Path(folder or ("/" if shown.startswith("/") else ".")).absolute()
            try:
                self._folders[folder] = place.relative_to(self._root).as_posix()
            except ValueError:
                self._folders[folder] = folder
        inside = self._folders[folder]
        return name if inside in ("", ".") else f"{inside}/{name}"
