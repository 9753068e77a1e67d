"""Options of discovery."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from re import Pattern

from miglint.base.model import Dialect
from miglint.base.structs import Struct, field

DEFAULT_MAX_FILE_BYTES = 64 * 1024 * 1024


class DiscoveryOptions(Struct, frozen=True):
    """Options of discovery.

    `layout` is the layout to use instead of auto-detection, and `layout_place` the prefix of messages about it, as
    `miglint.toml:3: `; `dialect` is the dialect of files that specify none, and
    `folder_dialects` those of the folders that match a pattern, relative to `root`; the last match counts.
    `rollbacks` (`required`, `optional`, `none`) overrides the layout's value. `exclude` has shell patterns for paths,
    folders or base names. `placeholders` are the values of `${name}` in Flyway and Liquibase scripts. `cwd` is the
    folder that displayed paths are relative to; None is the process's own. `on_base` are the displayed paths of files
    that the base branch has and this one lacks. `checkouts` are folders without links that no path in them may lead out
    of; `configured` are the paths, from a configuration, that must be in one of these.
    """

    layout: str | None = None
    layout_place: str = ""
    folder_dialects: tuple[tuple[Pattern[str], Dialect], ...] = ()
    root: str | None = None
    dialect: Dialect | None = None
    rollbacks: str | None = None
    exclude: tuple[str, ...] = ()
    placeholders: Mapping[str, str] = field(default_factory=dict)
    max_file_bytes: int = DEFAULT_MAX_FILE_BYTES
    cwd: str | None = None
    on_base: frozenset[str] = frozenset()
    checkouts: tuple[str, ...] = ()
    configured: frozenset[str] = frozenset()

    def dialect_of(self, folder: str) -> Dialect | None:
        """Return the dialect of the files in a folder (its absolute path) that specify none."""
        found = self.dialect
        if self.folder_dialects:
            root = Path(self.root or self.cwd or ".").absolute()
            place = Path(folder)
            inside = place.relative_to(root).as_posix() if place.is_relative_to(root) else place.as_posix()
            for pattern, dialect in self.folder_dialects:
                if pattern.match(inside):
                    found = dialect
        return found
