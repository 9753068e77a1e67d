"""The requested paths, and the surrounding files needed to know their history."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from miglint.base.errors import UsageError
from miglint.base.input_files import is_below, is_inside, leads_out
from miglint.base.model import Dialect
from miglint.base.structs import Struct
from miglint.discovery.dialects import ENGINE_WORDS, Mark, may_be_supported, of_segment, without_engine
from miglint.discovery.layouts.folders import INNER, is_part, may_be_migration
from miglint.discovery.options import DiscoveryOptions
from miglint.discovery.releases import release_of
from miglint.discovery.roots import FORWARD_FOLDERS, ROLLBACK_FOLDERS
from miglint.discovery.walk import Folder, FolderTree, printable

# Maximum number of levels between a script and a folder named after its engine: `sqlite/migrations/rollback/`.
_VARIANT_LEVELS = 3


class DiscoveryScope(Struct, frozen=True):
    """The folders to search. `files` are the requested paths, which count only if the request is `partial`.

    `excluded` are the files and folders among the requested ones that the settings exclude.
    """

    tree: FolderTree
    files: set[str]
    partial: bool
    excluded: tuple[list[str], list[str]]


def _folders_and_files(paths: Sequence[str], cwd: str, *, may_be_missing: bool) -> tuple[list[str], list[str]]:
    folders: list[str] = []
    files: list[str] = []
    for path in paths:
        real = _absolute(path, cwd)
        mode = _mode(real, path, may_be_missing)
        if stat.S_ISDIR(mode):
            if may_be_missing:
                raise UsageError(f"{path}: is a folder")
            folders.append(real)
        else:
            files.append(real)
    return folders, files


def discovery_scope(
    paths: Sequence[str], options: DiscoveryOptions, *, given: Iterable[str] = (), may_be_missing: bool = False
) -> DiscoveryScope:
    """Walk the requested folders, and list those around files and rollback folders.

    `given` are files that need not exist.
    """
    cwd = os.path.abspath(options.cwd or os.getcwd())
    folders, files = _folders_and_files(paths, cwd, may_be_missing=may_be_missing)
    asked = len(files)
    files += [_absolute(path, cwd) for path in given]
    tree = FolderTree(cwd, _places(folders, files, options), options.exclude)
    for folder in folders:
        tree.walk(folder)
    requested = [printable(folder.path(name)) for folder in list(tree.folders.values()) for name in folder.scripts]
    whole = len(tree.folders)
    excluded = (list(tree.excluded_files), list(tree.excluded_folders))
    for folder in folders:
        _list_related_folders(tree, folder)
    # What is given in a folder is a part of it.
    new = (file for file in files[asked:] if not any(is_below(file, folder) for folder in folders))
    partial = asked > 0 or any(new) or len(tree.folders) > whole
    for real in files:
        folder_path, name = os.path.split(real)
        home = tree.scan(folder_path)
        if home is None:
            home = tree.folders[tree.shown(folder_path)] = Folder(tree.shown(folder_path), folder_path)
        tree.add(home, name)
        requested.append(home.path(name))
        _list_counterparts(tree, folder_path, name)
    for folder in dict.fromkeys(map(os.path.dirname, files)):
        _variants(tree, folder)
    return DiscoveryScope(tree, set(requested), partial, excluded)


def _absolute(path: str, cwd: str) -> str:
    if not path:
        raise UsageError("empty path")
    if "\0" in path:
        raise UsageError(f"{path!r}: a path cannot contain a NUL character")
    return os.path.normpath(os.path.join(cwd, path))


def _mode(real: str, path: str, may_be_missing: bool) -> int:
    try:
        mode = os.stat(real).st_mode
    except FileNotFoundError:
        if may_be_missing:
            return stat.S_IFREG
        raise UsageError(f"{printable(path)}: no such file or folder") from None
    except OSError as error:
        if may_be_missing:
            return stat.S_IFREG
        raise UsageError(f"{printable(path)}: {error.strerror or error}") from None
    if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode) and not may_be_missing:
        raise UsageError(f"{printable(path)}: neither a file nor a folder")
    return mode


def _places(folders: list[str], files: list[str], options: DiscoveryOptions) -> dict[str, str]:
    """Return the folders of the request with their places without links, which alone are opened from here on.

    Raises `UsageError` for a path that a link leads out of the checkout.
    """
    places = {folder: os.path.realpath(folder) for folder in folders}
    for file in files:
        target = os.path.realpath(file)
        _require_inside(file, target, options)
        places.setdefault(os.path.dirname(file), os.path.realpath(os.path.dirname(file)))
        # What a link in the request points to was named by the user.
        places.setdefault(os.path.dirname(target), os.path.dirname(target))
    for path, place in places.items():
        _require_inside(path, place, options)
    return places


def _require_inside(path: str, place: str, options: DiscoveryOptions) -> None:
    """Refuse a path that leads out of the checkout: a link may have been made since the command looked."""
    if any(is_below(place, top) for top in options.checkouts):
        return
    watched = [top for top in options.checkouts if path in options.configured or os.path.lexists(f"{top}/.git")]
    if watched and (path in options.configured or leads_out(path, place, watched)):
        raise UsageError(
            f"{printable(os.path.relpath(path))}: a symbolic link in the checkout points outside it, and is not read"
        )


def _list_related_folders(tree: FolderTree, real: str) -> None:
    """List folders that belong to the history of a folder but are outside of it."""
    base = os.path.basename(real)
    _other_releases(tree, real)
    if base.lower() in ROLLBACK_FOLDERS or _is_migration(real):
        _list_counterparts(tree, real, "up.sql" if _is_migration(real) else "")
    else:
        _beside(tree, real)


def _other_releases(tree: FolderTree, real: str) -> None:
    """List the folders of other releases beside a folder of one."""
    parent, base = os.path.split(real)
    if release_of(base) is None:
        return
    home = tree.scan(parent)
    for folder in sorted(home.subfolders) if home is not None else ():
        if folder != base and release_of(folder) is not None:
            tree.walk(os.path.join(parent, folder))


def _is_migration(real: str) -> bool:
    base = os.path.basename(real)
    if not may_be_migration(base):
        return False
    return any(is_part(base, name) and os.path.isfile(os.path.join(real, name)) for name in INNER)


def _list_counterparts(tree: FolderTree, real: str, name: str) -> None:
    """List the folders that may contain the rest of the history of the file `name` in the folder `real`."""
    parent, base = os.path.split(real)
    above = os.path.basename(parent)
    if is_part(base, name):
        home = tree.scan(parent)
        for folder in sorted(home.subfolders) if home is not None else ():
            if may_be_migration(folder):
                tree.scan(os.path.join(parent, folder))
        return
    if base.lower() in ROLLBACK_FOLDERS:
        home = tree.scan(parent)
        for folder in sorted(home.subfolders) if home is not None else ():
            if folder.lower() in FORWARD_FOLDERS:
                tree.scan(os.path.join(parent, folder))
        return
    if above.lower() in ROLLBACK_FOLDERS and of_segment(base):
        tree.scan(os.path.join(os.path.dirname(parent), base))
        return
    _other_releases(tree, real)
    home = tree.scan(real)
    for folder in sorted(home.subfolders) if home is not None else ():
        if folder.lower() in ROLLBACK_FOLDERS:
            tree.scan(os.path.join(real, folder))
    _beside(tree, real)


def _beside(tree: FolderTree, real: str) -> None:
    """List rollback folders beside a forward folder: `up/` and `down/`, `pg/` and `rollback/pg/`."""
    parent, base = os.path.split(real)
    if parent == real:
        return
    for name in ROLLBACK_FOLDERS:
        beside = os.path.join(parent, name)
        if not os.path.isdir(beside):
            continue
        if of_segment(base) and os.path.isdir(os.path.join(beside, base)):
            tree.scan(os.path.join(beside, base))
        elif base.lower() in FORWARD_FOLDERS:
            tree.scan(beside)


def _variants(tree: FolderTree, real: str) -> None:
    """List the folders with the same history for another engine: `sqlite/` beside `postgres/`."""
    top = real
    if may_be_migration(os.path.basename(top)) or os.path.basename(top).lower() in ROLLBACK_FOLDERS:
        top = os.path.dirname(top)
    for beside, _ in _beside_for_others(top):
        tree.walk(beside)


def has_variant(root: str, dialect: Dialect) -> bool:
    """Return whether a folder with scripts for another engine is at the place of a history's variant."""
    top = os.path.realpath(root)
    return any(
        dialect in mark.dialects
        and (os.path.realpath(beside) == beside or is_inside(beside, top))
        and any(Path(beside).rglob("*.sql"))
        for beside, mark in _beside_for_others(top)
    )


def _beside_for_others(top: str) -> Iterator[tuple[str, Mark]]:
    """Yield the folders with the same path as `top`, except for an engine's name in one of its parts."""
    rest = ""
    for _ in range(_VARIANT_LEVELS):
        parent, base = os.path.split(top)
        if parent == top:
            return
        mark = of_segment(base)
        for name in _other_engines(parent, base) if mark.foreign is None else ():
            beside, other = os.path.normpath(os.path.join(parent, name, rest)), of_segment(name)
            if other is not mark and os.path.isdir(beside):
                yield beside, other
        top, rest = parent, os.path.join(base, rest)


def _other_engines(parent: str, base: str) -> list[str]:
    """Return the folders in `parent` with the same name as `base`, except for the name of a supported engine."""
    words = without_engine(base)
    try:
        names = sorted(os.listdir(parent))
    except OSError:
        return []
    return [
        name
        for name in names
        if may_be_supported(name) and name != base and of_segment(name).dialects and without_engine(name) == words
    ]


def variant_places(requested: Iterable[str]) -> set[str]:
    """Return the possible locations of a folder with the history of one of these files for another engine."""
    places: set[str] = set()
    for folder in {os.path.dirname(path) for path in requested if path.endswith(".sql")}:
        top, rest = folder, ""
        for _ in range(_VARIANT_LEVELS):
            parent, base = os.path.split(top)
            words = without_engine(base)
            for engine in ENGINE_WORDS:
                for name in (f"{words}_{engine}", f"{engine}_{words}", f"{words}-{engine}") if words else (engine,):
                    places.add(os.path.join(parent, name, rest) if rest else os.path.join(parent, name))
            top, rest = parent, os.path.join(base, rest) if rest else base
    return places
