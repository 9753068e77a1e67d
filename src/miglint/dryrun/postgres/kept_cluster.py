"""Cached cluster: an initialized data directory in the user's cache, which each run's server copies."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
from pathlib import Path

from miglint.base.hashes import sha256
from miglint.base.input_files import read_bytes
from miglint.dryrun.postgres.os_user import Account
from miglint.dryrun.postgres.programs import Programs
from miglint.dryrun.postgres.server_files import read_files
from miglint.dryrun.supervisor import claim
from miglint.dryrun.workspace import cache_folder

_FORMAT = "2"
_PREFIX = "cluster-"
_PARTIAL = ".partial-"
_LOCK = "cluster.lock"
_SETTINGS_FILES = ("postgresql.conf", "pg_ident.conf")
_SETTINGS_BYTES = 1 << 20
# What `initdb` writes has some 40 MB.
_MOST_BYTES = 128 << 20


class KeptCluster:
    """The data directory created by `initdb` of these programs, and its superuser's password.

    Without `keeps`, there is none, and none is stored.
    """

    def __init__(self, programs: Programs, *, keeps: bool = True) -> None:
        key = sha256(f"{_FORMAT} {programs.folder} {programs.version}".encode()).hexdigest()[:16]
        self._root = cache_folder()
        self._path = self._root / f"{_PREFIX}{programs.major}-{key}"
        self._keeps = keeps

    def restore(self, data: Path) -> str | None:
        """Copy the data directory to `data` and return the password; None if there is no usable one."""
        if not self._keeps:
            return None
        self._sweep()
        try:
            if not _private(self._path):
                return None
            password = (self._path / "password").read_text()
            shutil.copytree(self._path / "data", data, copy_function=shutil.copyfile)
        except OSError:
            shutil.rmtree(data, ignore_errors=True)
            return None
        data.chmod(0o700)
        return password

    def settings(self) -> dict[str, bytes] | None:
        """Return the settings files of `initdb`; None if there is no usable cluster."""
        try:
            if not self._keeps or not _private(self._path):
                return None
            return {name: read_bytes(self._path / "data" / name, _SETTINGS_BYTES) for name in _SETTINGS_FILES}
        except OSError:
            return None

    def keep(self, data: Path, password: str, account: Account) -> None:
        """Store a copy of an account's data directory; skipped if there is no room or another run is storing one."""
        if not self._keeps:
            return
        with contextlib.suppress(OSError):
            self._root.mkdir(parents=True, exist_ok=True)
            lock = self._claim()
            if lock is None:
                return
            partial = self._path.with_name(f"{self._path.name}{_PARTIAL}{secrets.token_hex(4)}")
            try:
                partial.mkdir(mode=0o700)
                _copy(data, partial / "data", account)
                (partial / "password").write_text(password)
                if not self._path.exists():
                    partial.rename(self._path)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
                os.close(lock)

    def discard(self) -> None:
        """Remove the cached cluster."""
        with contextlib.suppress(OSError):
            lock = self._claim()
            if lock is not None:
                remove_cluster(self._path)
                os.close(lock)

    def _sweep(self) -> None:
        """Remove incomplete copies; only the holder of the lock creates any."""
        # Earlier versions used another name.
        left = [path for path in self._root.glob(f"{_PREFIX}*") if _PARTIAL in path.name or "." in path.name]
        if left:
            with contextlib.suppress(OSError):
                lock = self._claim()
                if lock is not None:
                    for path in left:
                        shutil.rmtree(path, ignore_errors=True)
                    os.close(lock)

    def _claim(self) -> int | None:
        with contextlib.suppress(FileExistsError):
            return claim(str(self._root / _LOCK), create=True)
        return claim(str(self._root / _LOCK))


def remove_cluster(path: Path) -> None:
    """Remove a cached cluster, of which another run finds everything or nothing. Raises `OSError`."""
    gone = path.with_name(f"{path.name}{_PARTIAL}{secrets.token_hex(4)}")
    path.rename(gone)
    shutil.rmtree(gone)


def _copy(data: Path, target: Path, account: Account) -> None:
    if sys.platform == "win32":
        shutil.copytree(data, target)
        return
    target.mkdir(mode=0o700)
    for place, content in read_files(data, account, _MOST_BYTES, lambda place: True):
        if content is None:
            (target / place).mkdir(mode=0o700)
        else:
            (target / place).write_bytes(content)


def _private(path: Path) -> bool:
    """Return whether a folder exists and belongs to this user: its settings name programs that the server runs."""
    if sys.platform == "win32":
        return path.is_dir()
    try:
        state = path.lstat()
    except OSError:
        return False
    return path.is_dir() and not path.is_symlink() and state.st_uid == os.geteuid() and not state.st_mode & 0o022
