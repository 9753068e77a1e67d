"""Folders for throwaway servers: created and removed by a supervisor, swept by later runs if it was killed."""

from __future__ import annotations

import atexit
import contextlib
import marshal
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from miglint.base.lazy_regex import pattern
from miglint.dryrun import supervisor
from miglint.dryrun.interfaces import EngineMissingError
from miglint.dryrun.supervisor import LOCK, claim

_PREFIX = "miglint-"
# The process number, and the suffix by supervisors; earlier versions used other letters.
_NAME = pattern(r"miglint-\d+-(?:[0-9a-f]{12}|[0-9a-z_]{8})")
_SHARED_MEMORY = Path("/dev/shm")
_PLACES = (Path("/tmp"), Path("/var/tmp"))
_ENOUGH = 1 << 30
# A socket address has at most 103 bytes, of which the names below a root take some 50.
_LONGEST_ROOT = 52
_END_SECONDS = 20.0


class SupervisorLostError(EngineMissingError):
    """The supervisor was killed."""


class Workspace:
    """A folder of this process, in memory if there is room (copying a database takes 10 ms there instead of 300 ms).

    Its supervisor creates it, starts programs in it, and removes it when this process ends in any way. `in_memory` is
    where it is, `room` the maximum number of bytes to use. With `shared`, other accounts may traverse the folder to
    subfolders that they own. Raises `EngineMissingError` if there is no place for a folder.
    """

    def __init__(self, *, shared: bool = False) -> None:
        self._mode = 0o711 if shared else 0o700
        self._folders: list[Path] = []
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", supervisor.__file__, f"{_PREFIX}{os.getpid()}-"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/",
            start_new_session=sys.platform != "win32",
        )  # fmt: skip
        atexit.register(self.close)
        try:
            sweep()
            memory = _memory_folder()
            self.in_memory = memory is not None
            self.path = self.folder(*([memory] if memory is not None else roots(shared=shared)))
            self.room = shutil.disk_usage(self.path).free // 2
        except BaseException:
            self.close()
            raise

    def folder(self, *places: Path) -> Path:
        """Create a folder of this workspace in the first place that works; return its path."""
        why = "no usable folder for temporary files"
        for place in places:
            try:
                path = Path(self._ask("folder", str(place), self._mode))
            except OSError as error:
                why = f"cannot create a folder in {place}: {error}"
                continue
            self._folders.append(path)
            return path
        raise EngineMissingError(f"{why}; set TMPDIR to one with enough space for a database server")

    def start(self, command: list[str], place: dict[str, Any]) -> int:
        """Start a program and return its process number; raises `OSError`.

        `place` says where: `cwd`, `env`, `log` (the file for its output), `uid` and `gid` (None for this account) and
        `limits`, bounds by their names in the module `resource`; `short` programs end by themselves, and may.
        """
        return int(self._ask("start", command, place))

    def wait(self, pid: int) -> int:
        """Wait until a started process ends; return its status."""
        return int(self._ask("wait", pid))

    @property
    def supervised(self) -> bool:
        """Whether the supervisor is running."""
        return self._process.poll() is None

    def _ask(self, *request: Any) -> Any:
        pipe, answers = self._process.stdin, self._process.stdout
        assert pipe is not None and answers is not None
        try:
            pipe.write(marshal.dumps(list(request)))
            pipe.flush()
            word, value = marshal.load(answers)
        except (OSError, EOFError, ValueError):
            raise SupervisorLostError("the supervisor of the server was killed") from None
        if word == "error":
            raise OSError(value)
        return value

    def close(self) -> None:
        """Terminate everything started, and remove the folder with its content. May be called twice."""
        atexit.unregister(self.close)
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        for path in self._folders:
            _remove_left(path)


def sweep() -> None:
    """Remove the folders of runs that ended without cleaning up, and their processes."""
    for root in dict.fromkeys((_SHARED_MEMORY, *_temporary())):
        with contextlib.suppress(OSError):
            for path in root.glob(f"{_PREFIX}*-*"):
                if _NAME.fullmatch(path.name):
                    _remove_left(path)


def _remove_left(path: Path) -> None:
    """Remove a folder left by a run of this user: created by a supervisor, and locked by none."""
    with contextlib.suppress(OSError):
        # Names in shared folders can be used by anyone: other users' files are not removed.
        if not _of_this_user(path, stat.S_ISDIR):
            return
        if not (path / LOCK).exists():
            # Created by a supervisor that was killed before locking it; a live one about to lock it creates another.
            path.rmdir()
            return
        if not _of_this_user(path / LOCK, stat.S_ISREG):
            return
        held = claim(str(path / LOCK))
        if held is not None:
            supervisor.clean(str(path))
            os.close(held)


def _of_this_user(path: Path, kind: Callable[[int], bool]) -> bool:
    """Return whether a file is of a kind and is this user's; earlier versions gave root's to the server's account."""
    state = path.lstat()
    return kind(state.st_mode) and state.st_uid in _users()


def _users() -> Iterator[int]:
    if sys.platform == "win32":
        yield 0
        return
    yield os.geteuid()
    if os.geteuid() == 0:
        from miglint.dryrun.postgres.os_user import accounts

        yield from (account.uid for account in accounts())


def _temporary() -> tuple[Path, ...]:
    return (Path(tempfile.gettempdir()), *(place for place in _PLACES if place.is_dir()))


def roots(*, shared: bool) -> tuple[Path, ...]:
    """Return the places for a workspace on disk, best first; with `shared`, those accessible to other accounts."""
    usable = [
        place
        for place in dict.fromkeys(_temporary())
        if len(os.fsencode(place)) <= _LONGEST_ROOT and (not shared or open_to_all(place))
    ]
    return tuple(usable)


def open_to_all(path: Path) -> bool:
    """Return whether every account may traverse a folder and its parents."""
    path = path.resolve()
    return all(part.stat().st_mode & stat.S_IXOTH for part in (path, *path.parents))


def _memory_folder() -> Path | None:
    """Return an in-memory file system with room for some databases; in containers it often has only 64 MB."""
    if os.environ.get("TMPDIR") or not os.access(_SHARED_MEMORY, os.W_OK | os.X_OK):
        return None
    with contextlib.suppress(OSError):
        if shutil.disk_usage(_SHARED_MEMORY).free >= _ENOUGH:
            return _SHARED_MEMORY
    return None


def cache_folder() -> Path:
    """Return the user's cache folder."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "miglint"
