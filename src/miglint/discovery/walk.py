"""Traversal of folders: the files under the given paths, without reading them."""

from __future__ import annotations

import errno
import fnmatch
import os
import re
from collections.abc import Callable, Iterable, Mapping

from miglint.base.input_files import MEBIBYTE, OpenFolder, is_below, read_in_checkout
from miglint.base.model import Problem
from miglint.base.structs import Struct, field

# Scripts that drop what migrations set aside are here, until people make migrations of them.
CLEAN_UP_FOLDER = "miglint_clean_up"
# Folders with third-party code or a tool's state, never with migrations of this project.
_SKIPPED = frozenset(("node_modules", "__pycache__", "site-packages", CLEAN_UP_FOLDER))


class Folder(Struct, eq=False):
    """One folder: `shown` is its displayed path ("" is the working directory), `real` the one to open.

    `place` is the path without links that it was listed at. `unread` are the tool's own files in it that could not be
    read, `given` the content of those that are not stored.
    """

    shown: str
    real: str
    scripts: list[str] = field(default_factory=list)
    others: set[str] = field(default_factory=set)
    subfolders: set[str] = field(default_factory=set)
    unread: dict[str, Problem] = field(default_factory=dict)
    given: dict[str, bytes] = field(default_factory=dict)
    place: str | None = None

    def path(self, name: str) -> str:
        """Return the displayed path of a file in this folder."""
        return printable(f"{self.shown}/{name}" if self.shown else name)

    def reopened(self) -> OpenFolder | None:
        """Return the folder that was listed, open; None if it cannot be opened, or is another one now."""
        try:
            opened = OpenFolder(self.real)
        except OSError:
            return None
        if opened.place == self.place:
            return opened
        opened.__exit__()
        return None

    @property
    def name(self) -> str:
        """The folder's own name."""
        return os.path.basename(self.real)

    def content(self, name: str, limit: int = MEBIBYTE) -> bytes | None:
        """Return the content of one of the tool's own files in this folder; None if it cannot be read."""
        if name in self.given:
            return self.given[name]
        try:
            return read_in_checkout(f"{self.real}/{name}", limit, self.place)
        except FileNotFoundError:
            return None
        except OSError as error:
            path = self.path(name)
            self.unread[path] = Problem("unreadable", path, f"cannot be read: {error.strerror or error}")
            return None


def printable(name: str) -> str:
    """Return a path that can be encoded as UTF-8, whatever its bytes on disk."""
    if name.isascii():
        return name
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def is_script(name: str) -> bool:
    """Return whether a file name is one of SQL text."""
    return name.endswith(".sql") or name[-4:].lower() == ".sql"


class FolderTree:
    """All folders visited, by displayed path, and the problems found."""

    def __init__(self, cwd: str, asked: Mapping[str, str], exclude: tuple[str, ...]) -> None:
        """Begin with the folders of the request: their places without links, by absolute path."""
        self.cwd = cwd
        self.folders: dict[str, Folder] = {}
        self.problems: list[Problem] = []
        # Files and folders excluded by the settings, in the visited folders.
        self.excluded_files: list[str] = []
        self.excluded_folders: list[str] = []
        self._asked = asked
        self._allowed = tuple({os.path.realpath(cwd), *asked.values()})
        self._excluded = _matcher(exclude)
        self._seen: set[str] = set()
        # The folders that were listed, without links.
        self._listed: set[str] = set()

    def shown(self, real: str) -> str:
        """Return the displayed path: relative to the working directory if possible."""
        if real == self.cwd:
            return ""
        prefix = self.cwd if self.cwd.endswith(os.sep) else self.cwd + os.sep
        path = real[len(prefix) :] if real.startswith(prefix) else real
        return path if os.sep == "/" else path.replace(os.sep, "/")

    def displayed(self, path: str) -> str:
        """Return the displayed path of a file, given any path that leads to it."""
        real = os.path.normpath(os.path.join(self.cwd, path))
        folder, _, name = real.rpartition(os.sep)
        shown = self.shown(folder or os.sep)
        return printable(f"{shown}/{name}" if shown else name)

    def scan(self, real: str) -> Folder | None:
        """List one folder without its subfolders; None if it does not exist."""
        shown = self.shown(real)
        known = self.folders.get(shown)
        if known is not None:
            return known
        if not os.path.isdir(real):
            return None
        target = self._asked.get(real) or os.path.realpath(real)
        if not self._is_related(real, target):
            self._leads_out(shown)
            return None
        folder = Folder(shown, real)
        self._list(folder, target, [], [])
        return folder

    def walk(self, real: str) -> None:
        """List a folder with all its subfolders.

        Symbolic links to folders are processed last: a folder is read once, under its real path if that is part of the
        tree, and a link back to a parent folder is reported.
        """
        links: list[str] = []
        pending = [(real, self._asked.get(real) or os.path.realpath(real))]
        if not self._is_related(*pending[0]):
            self._leads_out(self.shown(real))
            return
        while pending or links:
            if pending:
                path, target = pending.pop()
            else:
                path = links.pop(0)
                target = os.path.realpath(path)
                if not self._may_follow(path, target):
                    continue
            if target in self._seen:
                continue
            self._seen.add(target)
            folder = Folder(self.shown(path), path)
            below: list[str] = []
            self._list(folder, target, below, links)
            below.sort(reverse=True)
            pending += [(f"{path}{os.sep}{name}", f"{target}{os.sep}{name}") for name in below]

    def add(self, folder: Folder, name: str) -> None:
        """Add an explicitly requested file to its folder's list, whatever its name."""
        if name not in folder.scripts:
            folder.scripts.append(name)
            folder.scripts.sort()

    def _may_follow(self, path: str, target: str) -> bool:
        shown = self.shown(path)
        if os.path.realpath(os.path.dirname(path)).startswith(target.rstrip(os.sep)):
            self._problem("symlink-loop", shown, "this symbolic link points to a parent folder")
            return False
        if self._is_allowed(target):
            return True
        self._leads_out(shown)
        return False

    def _leads_out(self, shown: str) -> None:
        # A pull request may contain any link; its target must not appear in a report.
        self._problem(
            "unreadable", shown, "this symbolic link points outside the working directory and is not followed"
        )

    def _is_related(self, real: str, target: str) -> bool:
        """Return whether a folder beside or above a requested one may be listed: not if a link leads out to it."""
        return self._is_allowed(target) or any(_is_same_way(real, target, *one) for one in self._asked.items())

    def _is_allowed(self, target: str) -> bool:
        return any(is_below(target, top) for top in self._allowed)

    def may_read(self, place: str) -> bool:
        """Return whether a file may be read, by its place without links: links may have changed since it was listed."""
        return os.path.dirname(place) in self._listed or self._is_allowed(place)

    def _list(self, folder: Folder, target: str, below: list[str], links: list[str]) -> None:
        self.folders[folder.shown] = folder
        try:
            with OpenFolder(folder.real) as opened:
                if opened.place != target and not self._is_allowed(opened.place):
                    self._problem("unreadable", folder.shown or ".", "was replaced while it was being opened")
                    return
                folder.place = opened.place
                self._listed.add(opened.place)
                entries = folder.real if opened.descriptor is None else opened.descriptor
                self._sort_entries(folder, entries, below, links)
        except OSError as error:
            self._failed(printable(folder.shown) or ".", error)
        folder.scripts.sort()

    def _sort_entries(self, folder: Folder, opened: str | int, below: list[str], links: list[str]) -> None:
        with os.scandir(opened) as entries:
            for entry in entries:
                name = entry.name
                try:
                    self._sort(folder, entry, name, below, links)
                except OSError as error:
                    self._failed(folder.path(name), error)

    def _sort(self, folder: Folder, entry: os.DirEntry[str], name: str, below: list[str], links: list[str]) -> None:
        if is_script(name) and not entry.is_dir():
            if self._excluded is not None and self._excluded(folder.path(name)):
                self.excluded_files.append(f"{folder.real}/{name}")
                return
            if entry.is_symlink() and not self._is_sound(folder, entry, name):
                return
            if entry.is_file():
                folder.scripts.append(name)
            else:
                self._problem("unreadable", folder.path(name), "not a regular file")
        elif entry.is_dir():
            folder.subfolders.add(name)
            if name in _SKIPPED or name.startswith("."):
                return
            if self._excluded is not None and self._excluded(folder.path(name)):
                if not entry.is_symlink():
                    self.excluded_folders.append(f"{folder.real}/{name}")
                return
            if entry.is_symlink():
                links.append(f"{folder.real}/{name}")
            else:
                below.append(name)
        else:
            folder.others.add(name)

    def _is_sound(self, folder: Folder, entry: os.DirEntry[str], name: str) -> bool:
        entry.stat()  # raises for dangling and circular links, where `is_file` may only return False
        if self._is_allowed(os.path.realpath(f"{folder.real}/{name}")):
            return True
        message = "this symbolic link points outside the working directory and is not read"
        self._problem("unreadable", folder.path(name), message)
        return False

    def _failed(self, path: str, error: OSError) -> None:
        if error.errno == errno.ELOOP:
            self._problem("symlink-loop", path, "this symbolic link points to itself")
        else:
            self._problem("unreadable", path, f"cannot be read: {error.strerror or error}")

    def _problem(self, kind: str, path: str, message: str) -> None:
        problem = Problem(kind, printable(path), message)
        if problem not in self.problems:
            self.problems.append(problem)


def _is_same_way(real: str, target: str, asked: str, place: str) -> bool:
    """Return whether no link leads to a folder from those above a requested one, whose place without links is known."""
    above, above_place = asked, place
    while not is_below(real, above):
        parent, name = os.path.split(above)
        real_parent, real_name = os.path.split(above_place)
        if name != real_name or parent == above:
            # A link; or the root.
            return False
        above, above_place = parent, real_parent
    return target == os.path.normpath(f"{above_place}{os.sep}{real[len(above) :]}")


def scripts_below(folders: Iterable[str]) -> tuple[int, list[str]]:
    """Return the number of SQL files in folders that are left out, and all folders there. Links are not followed."""
    count, seen = 0, []
    pending = list(folders)
    while pending:
        folder = pending.pop()
        seen.append(folder)
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name not in _SKIPPED and not entry.name.startswith("."):
                            pending.append(entry.path)
                    elif is_script(entry.name):
                        count += 1
        except OSError:
            continue
    return count, seen


def _matcher(patterns: tuple[str, ...]) -> Callable[[str], bool] | None:
    """Return a path filter: a pattern excludes matching paths, folders in a path, or names."""
    if not patterns:
        return None
    anywhere = re.compile("|".join(fnmatch.translate(p.rstrip("/").removeprefix("./")) for p in patterns))

    def excluded(path: str) -> bool:
        name = path.rsplit("/", 1)[-1]
        return anywhere.match(path) is not None or anywhere.match(name) is not None

    return excluded
