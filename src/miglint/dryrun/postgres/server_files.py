"""Files in the folder of a server that runs as another account, which may exchange them at any time.

No link is followed, no pipe is waited for, and nothing is read that does not belong to that account. The folder's own
parent belongs to this account, so that its name leads to the same folder in every call.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from miglint.dryrun.postgres.os_user import Account

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_FILE = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
# Deeper than the data directory of any server.
_DEEPEST = 16


def write_file(folder: Path, name: str, content: bytes, account: Account) -> None:
    """Write a file for an account, in place of any of that name. Raises `OSError`."""
    if sys.platform == "win32":
        (folder / name).write_bytes(content)
        return
    here = os.open(folder, _FOLDER)
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=here)
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=here)
        with os.fdopen(descriptor, "wb") as stream:
            if account.name is not None:
                os.fchown(descriptor, account.uid, account.gid)
            stream.write(content)
    finally:
        os.close(here)


def read_files(
    folder: Path, account: Account, limit: int, wanted: Callable[[str], bool], leaves: frozenset[str] = frozenset()
) -> Iterator[tuple[str, bytes | None]]:
    """Yield the paths below a folder, folders (with None) before what is in them, and files with their content.

    Left out are files that are not `wanted`, and what is in the folders `leaves`. Raises `OSError` for anything else
    than files and folders, for a file of another account, and for more than `limit` bytes in total.
    """
    read = _FolderReader(os.geteuid() if account.name is None else account.uid, limit, wanted, leaves)
    here = os.open(folder, _FOLDER)
    try:
        yield from read.below(here, "")
    finally:
        os.close(here)


class _FolderReader:
    """One reading of a folder."""

    def __init__(self, owner: int, limit: int, wanted: Callable[[str], bool], leaves: frozenset[str]) -> None:
        self._owner = owner
        self._left = limit
        self._wanted = wanted
        self._leaves = leaves

    def below(self, here: int, prefix: str) -> Iterator[tuple[str, bytes | None]]:
        """Yield what is in an open folder."""
        if prefix.count("/") > _DEEPEST:
            raise OSError(0, "too deep", prefix)
        for name in sorted(os.listdir(here)):
            place = f"{prefix}{name}"
            if not stat.S_ISDIR(os.stat(name, dir_fd=here, follow_symlinks=False).st_mode):
                if self._wanted(place):
                    yield place, self._content(here, name)
                continue
            yield place, None
            if place not in self._leaves:
                folder = os.open(name, _FOLDER, dir_fd=here)
                try:
                    yield from self.below(folder, f"{place}/")
                finally:
                    os.close(folder)

    def _content(self, here: int, name: str) -> bytes:
        """Return the content of a file of the account, which may have exchanged it for another one."""
        descriptor = os.open(name, _FILE, dir_fd=here)
        with os.fdopen(descriptor, "rb") as stream:
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode) or state.st_uid != self._owner or state.st_nlink != 1:
                raise OSError(0, "not a file of the server", name)
            content = stream.read(self._left + 1)
        self._left -= len(content)
        if self._left < 0:
            raise OSError(0, "too much data", name)
        return content
