"""Search of a project for the folders that hold its migrations, if they are not configured.

Folders are selected by name first, so that the SQL of a large project (queries, dumps, test data) is not read.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from miglint.base.lazy_regex import pattern
from miglint.base.model import History
from miglint.discovery.find import discover
from miglint.discovery.layouts.folders import INNER
from miglint.discovery.options import DiscoveryOptions
from miglint.discovery.roots import ROLLBACK_FOLDERS
from miglint.discovery.walk import is_script, printable

# Third-party code, build results and tools' states.
_SKIPPED = frozenset(
    ("node_modules", "site-packages", "__pycache__", "vendor", "third_party", "target", "dist", "build", "venv")
)
# Names of folders with migrations, and of scripts that only migration tools have.
_FOLDER = pattern(r"migrat|^(?:changelogs?|liquibase|flyway|drizzle|goose|dbmate|atlas|deltas?)$")
_SCRIPT = pattern(r".*\.(?:up|down)\.sql|[VU][0-9]+(?:[._][0-9]+)*__.+\.sql|R__.+\.sql")
# Scripts that look like migrations and serve another purpose.
_APART = pattern(
    r"(?:^|[_.-])(?:tests?|testdata|fixtures?|examples?|demos?|mocks?|seeds?|samples?|bench(?:marks?)?|specs?|docs?)(?:$|[_.-])"
)
# Limit for a run in a folder that is no project, such as a home directory.
_MOST_FOLDERS = 20_000


class MigrationFolders(NamedTuple):
    """Folders with migrations, relative to the searched one (POSIX; `.` is that folder), and their histories.

    The paths are those on disk, whose bytes need not be UTF-8.
    """

    paths: tuple[str, ...] = ()
    histories: tuple[History, ...] = ()


def migration_folders(root: str, options: DiscoveryOptions | None = None) -> MigrationFolders:
    """Return the folders below `root` that hold migrations for a supported engine.

    Folders of tests and examples count only if there are no others. Raises `UsageError` for invalid options.
    """
    scripts, real = _folders_with_scripts(root)
    candidates = [path for path, names in scripts.items() if _holds_migrations(path, names)]
    usual = [path for path in candidates if not any(map(_APART.search, path.lower().split("/")))]
    found = _histories(root, usual, real, options)
    if not found:
        found = _histories(root, candidates, real, options)
    roots = {_relative(history.root, root) for history in found}
    return MigrationFolders(tuple(real.get(path, path) for path in _joined(roots, scripts)), tuple(found))


def nearest_folder(wrong: str, folders: Sequence[str]) -> str | None:
    """Return the folder whose path is most like a wrong one: with the same beginning, then with similar names."""
    parts = [part for part in wrong.replace(os.sep, "/").split("/") if part not in ("", ".")]

    def likeness(folder: str) -> tuple[int, float]:
        names = folder.split("/")
        common = next((at for at, pair in enumerate(zip(parts, names, strict=False)) if pair[0] != pair[1]), None)
        same = min(len(parts), len(names)) if common is None else common
        return same, SequenceMatcher(None, "/".join(parts), folder).ratio()

    return max(folders, key=likeness, default=None)


def _folders_with_scripts(root: str) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Return the names of the SQL files of each folder that has any, by displayed path relative to `root`.

    Beside them are the paths of those whose displayed path is another one, since their names are not UTF-8.
    """
    found: dict[str, list[str]] = {}
    paths: dict[str, str] = {}
    pending = deque([(root, "")])
    seen = 0
    while pending and seen < _MOST_FOLDERS:
        real, shown = pending.popleft()
        seen += 1
        below, scripts, is_checkout = _listing(real)
        if (displayed := printable(shown)) != shown:
            paths[displayed] = shown
        if is_checkout and shown:
            # The checkout of another repository.
            continue
        if scripts:
            found[displayed] = sorted(scripts)
        names = sorted(name for name in below if not name.startswith(".") and name not in _SKIPPED)
        pending += [(os.path.join(real, name), f"{shown}/{name}" if shown else name) for name in names]
    return found, paths


def _listing(folder: str) -> tuple[list[str], list[str], bool]:
    """Return the names of the folders and of the scripts in a folder, and whether it is the root of a checkout."""
    folders: list[str] = []
    scripts: list[str] = []
    is_checkout = False
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                is_checkout = is_checkout or entry.name == ".git"
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif is_script(entry.name):
                    scripts.append(entry.name)
    except OSError:
        return [], [], False
    return folders, scripts, is_checkout


def _holds_migrations(path: str, names: Iterable[str]) -> bool:
    if any(map(_FOLDER.search, path.lower().split("/"))):
        return True
    return any(_SCRIPT.fullmatch(name) or name in INNER for name in names)


def _histories(
    root: str, candidates: Sequence[str], real: Mapping[str, str], options: DiscoveryOptions | None
) -> list[History]:
    if not candidates:
        return []
    paths = [os.path.join(root, real.get(path, path)) for path in _outermost(candidates)]
    found = discover(paths, options=options)
    requested = {printable(os.path.join(root, path) if path else root) for path in candidates}
    return [history for history in found.histories if history.migrations and _is_requested(history, requested)]


def _is_requested(history: History, requested: set[str]) -> bool:
    """Return whether a history has a script in a candidate folder: folders between these are walked too."""
    scripts = (script for item in history.migrations for script in (item.forward, item.rollback) if script is not None)
    paths = (printable(os.path.abspath(script.path)) for script in scripts)
    return any(path.rpartition("/")[0] in requested for path in paths)


def _outermost(paths: Iterable[str]) -> list[str]:
    """Return the paths that are not below another one."""
    chosen: list[str] = []
    for path in sorted(paths):
        if not any(other in (path, "") or path.startswith(f"{other}/") for other in chosen):
            chosen.append(path)
    return chosen


def _relative(path: str, root: str) -> str:
    inside = os.path.relpath(printable(os.path.abspath(path)), printable(root)).replace(os.sep, "/")
    return "" if inside == "." else inside


def _joined(roots: set[str], scripts: dict[str, list[str]]) -> tuple[str, ...]:
    """Return the folders to check: one for several histories if its name says that it holds migrations only."""
    chosen = set(_outermost(roots))
    for path in sorted(chosen):
        parent = path
        while "/" in parent:
            parent = parent.rpartition("/")[0]
            below = [other for other in chosen if other.startswith(f"{parent}/")]
            own = _FOLDER.search(parent.rpartition("/")[2].lower()) is not None
            if len(below) > 1 and own and not any(_is_apart(other, parent, below) for other in scripts):
                chosen = chosen.difference(below) | {parent}
    return tuple(path or "." for path in sorted(chosen))


def _is_apart(path: str, parent: str, below: Iterable[str]) -> bool:
    """Return whether a folder with scripts is below `parent` and a place of neither migrations nor rollbacks."""
    if not path.startswith(f"{parent}/") or path.rpartition("/")[2].lower() in ROLLBACK_FOLDERS:
        return False
    inside = path[len(parent) + 1 :].lower().split("/")
    return not any(path == other or path.startswith(f"{other}/") for other in below) and any(map(_APART.search, inside))
