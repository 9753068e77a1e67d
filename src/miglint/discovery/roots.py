"""Grouping of folders to homes: the files that belong to one history, wherever they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext

from miglint.base.input_files import OpenFolder
from miglint.base.lazy_regex import pattern
from miglint.base.model import Direction, SourceFile
from miglint.discovery.dialects import of_segment
from miglint.discovery.file_parts import FoundFile, Home
from miglint.discovery.layouts.flyway import NAME as FLYWAY_NAME
from miglint.discovery.layouts.folders import is_part
from miglint.discovery.releases import without_release
from miglint.discovery.walk import Folder, FolderTree

ROLLBACK_FOLDERS = ("rollback", "rollbacks", "down", "undo", "revert")
FORWARD_FOLDERS = ("up", "forward", "forwards", "migrations", "migration", "migrate", "upgrade", "deploy", "do")
_FLYWAY_LOCATIONS = frozenset(("migration", "migrations"))
# To open a folder takes as long as its files are read more quickly, if it has so many.
_MANY = 3
_NUMBER = pattern(r"[^0-9]*0*([0-9]+)")


def gather(tree: FolderTree, read: Callable[[str, str, OpenFolder | None], SourceFile]) -> list[Home]:
    """Read the files of a tree and assign each to the home of its history.

    `read` is called with the path of a file, the one to display, and its folder where that is open.
    """
    homes: dict[str, Home] = {}

    def home_at(path: str, like: Folder) -> Home:
        home = homes.get(path)
        if home is None:
            folder = tree.folders.get(path) or Folder(path, like.real[: len(like.real) - len(like.shown) + len(path)])
            home = homes[path] = Home(folder)
        return home

    for folder in tree.folders.values():
        if not folder.scripts:
            continue
        place = without_release(folder.shown)
        home_path, role, prefix = place, None, ""
        parent, _, base = place.rpartition("/")
        grandparent, _, above = parent.rpartition("/")
        if base and base.lower() in ROLLBACK_FOLDERS:
            home_path, role, prefix = parent, Direction.ROLLBACK, base + "/"
        elif above.lower() in ROLLBACK_FOLDERS and of_segment(base):
            home_path = f"{grandparent}/{base}" if grandparent else base
            role, prefix = Direction.ROLLBACK, f"{above}/{base}/"
        home_path = without_release(home_path)
        above_own, _, own = folder.shown.rpartition("/")
        for name, file in _files(folder, read):
            if is_part(own, name):
                home_at(without_release(above_own), folder).files.append(FoundFile(file, f"{own}/{name}", folder))
            elif (
                name[0] in "VUR"
                and FLYWAY_NAME.fullmatch(name)
                and (top := _flyway_top(tree, folder.shown)) is not None
            ):
                home_at(top, folder).files.append(FoundFile(file, name, folder, role))
            else:
                home_at(home_path, folder).files.append(FoundFile(file, prefix + name, folder, role))
    _adopt(homes)
    return [home for home in homes.values() if home.files]


def _files(
    folder: Folder, read: Callable[[str, str, OpenFolder | None], SourceFile]
) -> Iterator[tuple[str, SourceFile]]:
    """Read the scripts of a folder."""
    opened = folder.reopened() if len(folder.scripts) >= _MANY else None
    with opened or nullcontext():
        for name in folder.scripts:
            yield name, read(f"{folder.real}/{name}", folder.path(name), opened)


def _flyway_top(tree: FolderTree, path: str) -> str | None:
    """Return the root folder of Flyway's locations, which are searched recursively."""
    top, found = path, None
    while top:
        if top.rpartition("/")[2] in _FLYWAY_LOCATIONS and top in tree.folders:
            found = top
        top = top.rpartition("/")[0]
    return found


def _adopt(homes: dict[str, Home]) -> None:
    """Assign rollback folders beside their forward folder (`up/` and `down/`) to it."""
    for path, home in list(homes.items()):
        if not home.files or any(found.role is None for found in home.files):
            continue
        chosen = _forward_home(path, home, homes)
        if chosen is not None:
            chosen.files += home.files
            home.files = []


def _forward_home(path: str, rollbacks: Home, homes: dict[str, Home]) -> Home | None:
    """Return the folder below `path` that is named as one of forwards, or else the one that shares most versions."""
    versions = {_version(found) for found in rollbacks.files}
    best: tuple[bool, int] | None = None
    chosen: Home | None = None
    for other_path, other in homes.items():
        parent, _, base = other_path.rpartition("/")
        if parent != path or other is rollbacks or base == "":
            continue
        shared = len(versions & {_version(found) for found in other.files if found.role is None})
        rank = (base.lower() in FORWARD_FOLDERS, shared)
        if any(rank) and (best is None or rank > best):
            best, chosen = rank, other
    return chosen


def _version(found: FoundFile) -> str:
    match = _NUMBER.match(found.name.rsplit("/", 1)[-1])
    return match[1] if match else found.name
