"""Folders for throwaway servers: made with the process, removed with it, and swept when a process could not."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

_PREFIX = "miglint-"
_LOCK = ".miglint-lock"
_SHARED_MEMORY = Path("/dev/shm")
_ENOUGH = 1 << 30

if sys.platform == "win32":

    def _claim(path: Path) -> int | None:
        """Windows does not remove files that are open, which is claim enough."""
        return os.open(path, os.O_RDWR | os.O_CREAT)

else:
    import fcntl

    def _claim(path: Path) -> int | None:
        """Lock a file for as long as this process lives; None when another one holds it."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        return descriptor


class Workspace:
    """A folder of this process, in memory where there is room (a database copy takes 10 ms there, not 300 ms).

    Its lock says that it is in use. `in_memory` says where it is, `room` how many bytes may be used at most.
    """

    def __init__(self) -> None:
        sweep()
        memory = _memory_folder()
        self.in_memory = memory is not None
        self.path = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=memory))
        self.room = shutil.disk_usage(self.path).free // 2
        self._lock = _claim(self.path / _LOCK)
        atexit.register(self.close)

    def close(self) -> None:
        """Remove the folder and all in it. May be called twice."""
        atexit.unregister(self.close)
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def sweep() -> None:
    """Remove the folders of processes that ended without removing them."""
    for path in (found for root in _roots() for found in root.glob(f"{_PREFIX}*-*")):
        lock = path / _LOCK
        with contextlib.suppress(OSError):
            # Only our own: a folder that somebody else put there under this name is not ours to remove.
            if path.is_symlink() or not lock.is_file() or lock.stat().st_uid != _user():
                continue
            held = _claim(lock)
            if held is None:
                continue
            shutil.rmtree(path, ignore_errors=True)
            os.close(held)


def _roots() -> tuple[Path, ...]:
    return (Path(tempfile.gettempdir()), _SHARED_MEMORY) if _SHARED_MEMORY.is_dir() else (Path(tempfile.gettempdir()),)


def _memory_folder() -> str | None:
    """Return a file system in memory with room for some databases; containers often give it 64 MB only."""
    if os.environ.get("TMPDIR") or not os.access(_SHARED_MEMORY, os.W_OK | os.X_OK):
        return None
    with contextlib.suppress(OSError):
        if shutil.disk_usage(_SHARED_MEMORY).free >= _ENOUGH:
            return str(_SHARED_MEMORY)
    return None


def _user() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0


def cache_folder() -> Path:
    """Return the folder where this user's programs keep what can be made again."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "miglint"
