"""Supervisor of throwaway servers: creates their folders, starts their processes, and removes both at the end.

miglint starts this file as a program, `python -I -S supervisor.py PREFIX`, and sends requests to its standard input;
requests and replies are marshalled lists. When the input ends, because miglint closed it or ended in any way, all
started processes are terminated and all folders removed. A folder is created by the process that removes it and is
locked by that process from the start: the holder of the lock is the only one to remove it.

The functions also remove the leftovers of runs whose supervisor was killed. Imports are few, since every run with a
server waits for this program to start.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import select
import signal
import stat
import sys
import time
from typing import Any

LOCK = ".miglint-lock"
# The processes started in a folder, one number per line.
PIDS = "pids"
_PROGRAMS = (b"postgres", b"initdb")
_INITIALISING = (b"\0--boot\0", b"\0--single\0")
_INITIALISE_SECONDS = 15.0
_END_SECONDS = 5.0
_DETACH_SECONDS = 1.0
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
_TRIES = 100
_IPC_RMID = 0
# PostgreSQL's System V shared memory is a few bytes that mark a running server.
_SEGMENT_BYTES = 4096

if sys.platform == "win32":

    def claim(path: str, *, create: bool = False) -> int | None:
        """Open the lock file; Windows does not remove open files, so that opening is enough there."""
        return os.open(path, os.O_RDWR | (os.O_CREAT if create else 0))

else:
    import fcntl

    def claim(path: str, *, create: bool = False) -> int | None:
        """Lock a file for the lifetime of this process; None if another process holds the lock."""
        flags = os.O_RDWR | os.O_NOFOLLOW | (os.O_CREAT | os.O_EXCL if create else 0)
        descriptor = os.open(path, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        return descriptor


def make_folder(root: str, prefix: str, mode: int) -> tuple[str, int]:
    """Create and lock a new folder below `root`; return its path and the lock. Raises `OSError`."""
    for _ in range(_TRIES):
        path = os.path.join(root, f"{prefix}{os.urandom(6).hex()}")
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            continue
        try:
            lock = claim(f"{path}/{LOCK}", create=True)
        except FileNotFoundError:
            continue  # another run took the empty folder for a leftover
        except OSError:
            os.rmdir(path)
            raise
        if lock is not None:
            os.chmod(path, mode)
            return path, lock
    raise OSError(f"cannot create a folder in {root}")


def remove_folder(path: str) -> bool:
    """Remove a folder with its content, the lock file last; return whether it is gone. Links are not followed."""
    until = time.monotonic() + _END_SECONDS
    while True:
        with contextlib.suppress(OSError):
            _remove_content(path)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{path}/{LOCK}")
            os.rmdir(path)
        if not os.path.lexists(path):
            return True
        if time.monotonic() > until:
            return False
        time.sleep(0.02)


def _remove_content(path: str) -> None:
    if sys.platform == "win32":
        import shutil

        for entry in os.scandir(path):
            if entry.name != LOCK:
                (shutil.rmtree if entry.is_dir() else os.unlink)(entry.path)
        return
    for at, folders, files, here in os.fwalk(path, topdown=False):
        for name in files:
            if name != LOCK or at != path:
                os.unlink(name, dir_fd=here)
        for name in folders:
            if stat.S_ISLNK(os.lstat(name, dir_fd=here).st_mode):
                os.unlink(name, dir_fd=here)
            else:
                os.rmdir(name, dir_fd=here)


def processes_of(folder: str) -> dict[int, bool]:
    """Return the server processes of a folder: those with it as working directory, argument or in their title.

    The value is whether a process is running initdb.
    """
    path, title = os.fsencode(folder) + b"/", b"postgres: " + os.fsencode(os.path.basename(folder)) + b":"
    found = {}
    for pid, words, cwd in _processes():
        # A process title replaces the arguments, the first of which may have been a path.
        program = words.split(b"\0", 1)[0].split(b": ", 1)[0].rsplit(b"/", 1)[-1]
        ours = words.startswith(title) or path in words or cwd.startswith(path)
        if program in _PROGRAMS and ours and pid != os.getpid():
            found[pid] = program == b"initdb" or any(word in words for word in _INITIALISING)
    return found


def _processes() -> list[tuple[int, bytes, bytes]]:
    """Return the number, the arguments (each terminated by a zero byte) and, if known, the folder of each process."""
    if sys.platform == "win32":
        return []
    found = []
    if os.path.exists("/proc/self/cmdline"):
        for name in os.listdir("/proc"):
            if name.isdecimal():
                with contextlib.suppress(OSError), open(f"/proc/{name}/cmdline", "rb") as file:
                    words = file.read()
                    cwd = b""
                    with contextlib.suppress(OSError):
                        cwd = os.readlink(os.fsencode(f"/proc/{name}/cwd")) + b"/"
                    found.append((int(name), words, cwd))
        return found
    import subprocess

    listed = subprocess.run(["/bin/ps", "-axww", "-o", "pid=,command="], capture_output=True, check=False)
    for line in listed.stdout.splitlines():
        number, _, command = line.strip().partition(b" ")
        # The ends of arguments are unknown here: the program is the text before the first space after its path.
        words = command if command.startswith(b"postgres: ") else command.replace(b" -D ", b"\0-D ", 1)
        found.append((int(number), words, b""))
    return found


def end_processes(folder: str) -> None:
    """Terminate all server processes of a folder, and wait until they are gone.

    initdb ends by itself; killing it would leave its shared memory behind.
    """
    begun = time.monotonic()
    while time.monotonic() < begun + _INITIALISE_SECONDS + _END_SECONDS:
        left = processes_of(folder)
        if not left:
            return
        late = time.monotonic() > begun + _INITIALISE_SECONDS
        for pid, initializes in left.items():
            if not initializes or late:
                with contextlib.suppress(OSError):
                    os.kill(pid, _KILL)
        time.sleep(0.01)


def read_start(path: str, size: int) -> bytes:
    """Return the first bytes of a regular file that the server may write; empty if it is none."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags)
    except OSError:
        return b""
    try:
        return os.read(descriptor, size) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    finally:
        os.close(descriptor)


def remove_segments(folder: str) -> None:
    """Remove the System V shared memory segment that a killed server of a folder left.

    A killed process may use it a moment longer than it is visible; segments still in use are kept.
    """
    if sys.platform == "win32":
        return
    until = time.monotonic() + _DETACH_SECONDS
    found = _segments(folder)
    while any(attached for _, attached in found) and time.monotonic() < until:
        time.sleep(0.005)
        found = _segments(folder)
    wanted = [number for number, attached in found if not attached]
    if wanted:
        with contextlib.suppress(ImportError, OSError, AttributeError):
            import ctypes

            system = ctypes.CDLL(None)
            for number in wanted:
                system.shmctl(number, _IPC_RMID, None)


def _segment_of_server(folder: str) -> list[tuple[int, int]]:
    """Return the segment that the server of a folder has written down, with no attached process."""
    lines = read_start(f"{folder}/server/data/postmaster.pid", 4096).splitlines()
    words = lines[6].split() if len(lines) > 6 else []
    return [(int(word), 0) for word in words[1:2] if word.isdigit()]


def _segments(folder: str) -> list[tuple[int, int]]:
    """Return the segments created by processes of a folder, each with its number of attached processes."""
    try:
        lock = os.lstat(f"{folder}/{LOCK}")
        with open("/proc/sysvipc/shm", "rb") as file:
            listed = [[int(word) for word in line.split()] for line in file.read().splitlines()[1:]]
    except (OSError, ValueError):
        return _segment_of_server(folder)
    pids = {int(line) for line in read_start(f"{folder}/{PIDS}", 4096).split() if line.isdigit()}
    # PostgreSQL derives the key from the inode number of its data directory.
    data = -1
    with contextlib.suppress(OSError):
        data = os.lstat(f"{folder}/server/data").st_ino & 0xFFFFFFFF
    ours = lock.st_uid == os.geteuid()
    return [
        (number, attached)
        for key, number, _, size, creator, _, attached, owner, _, _, _, _, _, changed, *_ in listed
        # Process numbers are reused: the segment is not older than the folder.
        if (creator in pids or key & 0xFFFFFFFF == data) and size <= _SEGMENT_BYTES and changed >= int(lock.st_mtime)
        and (ours or owner == lock.st_uid)
    ]  # fmt: skip


def clean(folder: str) -> bool:
    """Terminate the processes of a folder and remove it with its content; return whether it is gone."""
    end_processes(folder)
    remove_segments(folder)
    return remove_folder(folder)


class _Supervisor:
    """The folders and processes of one run."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._folders: list[tuple[str, int]] = []
        self._running: list[int] = []
        self._short: set[int] = set()
        self._ended: dict[int, int] = {}

    def serve(self) -> None:
        """Serve requests until the end of input; then terminate and remove everything."""
        requests, replies = sys.stdin.buffer, sys.stdout.buffer
        try:
            while True:
                request = marshal.load(requests)
                try:
                    reply = ["ok", getattr(self, request[0])(*request[1:])]
                except OSError as error:
                    reply = ["error", f"{error.strerror or error}"]
                replies.write(marshal.dumps(reply))
                replies.flush()
        except (EOFError, OSError, ValueError):
            self.finish()

    def reap(self, *_: object) -> None:
        """Reap ended processes."""
        if sys.platform == "win32":
            return
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    break
                self._ended[pid] = os.waitstatus_to_exitcode(status)

    def folder(self, root: str, mode: int) -> str:
        """Create a folder below `root` and return its path."""
        path, lock = make_folder(root, self._prefix, mode)
        self._folders.append((path, lock))
        return path

    def start(self, command: list[str], place: dict[str, Any]) -> int:
        """Start a program and return its process number."""
        if sys.platform == "win32":
            import subprocess

            with open(place["log"], "ab") as log:
                process = subprocess.Popen(
                    command, cwd=place["cwd"], env=place["env"], stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
            self._running.append(process.pid)
            self._windows = {**getattr(self, "_windows", {}), process.pid: process}
            return process.pid
        reading_end, writing_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                self._become(command, place)
            except BaseException as error:
                os.write(writing_end, str(error).encode("utf-8", "replace")[:1000])
            os._exit(127)
        os.close(writing_end)
        why = os.read(reading_end, 1000)
        os.close(reading_end)
        if why:
            raise OSError(why.decode("utf-8", "replace"))
        self._running.append(pid)
        if place["short"]:
            self._short.add(pid)
        return pid

    def _become(self, command: list[str], place: dict[str, Any]) -> None:
        """Replace this new process by the program: in its own session, as its account, with its limits."""
        import resource

        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        if self._folders:
            noted = os.open(f"{self._folders[0][0]}/{PIDS}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.write(noted, f"{os.getpid()}\n".encode())
        for name, bound in place["limits"].items():
            with contextlib.suppress(OSError, ValueError, AttributeError):
                resource.setrlimit(getattr(resource, name), (bound, bound))
        if place["uid"] is not None:
            os.setgroups([])
            os.setgid(place["gid"])
            os.setuid(place["uid"])
        os.umask(0o077)
        os.chdir(place["cwd"])
        log = os.open(place["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.execve(command[0], command, place["env"])

    def wait(self, pid: int) -> int:
        """Wait for the end of a process and return its status, negative for a signal."""
        if sys.platform == "win32":
            return int(self._windows[pid].wait())
        # No request arrives meanwhile: readable input is its end, and thereby the end of miglint.
        while pid not in self._ended and not select.select([0], [], [], 0.005)[0]:
            self.reap()
        if pid not in self._ended:
            raise EOFError
        self._running.remove(pid)
        return self._ended[pid]

    def _still_running(self) -> list[int]:
        """Return the processes still running: the number of an ended one may be reused."""
        return [pid for pid in self._running if pid not in self._ended]

    def finish(self) -> None:
        """Terminate running processes and remove the folders."""
        self.reap()
        for pid in self._still_running():
            with contextlib.suppress(OSError):
                if sys.platform == "win32":
                    self._windows[pid].terminate()
                    self._windows[pid].wait()
                elif pid not in self._short:
                    # To PostgreSQL this means immediate shutdown, including its child processes.
                    os.kill(pid, signal.SIGQUIT)
        until = time.monotonic() + _END_SECONDS
        while sys.platform != "win32" and time.monotonic() < until and set(self._still_running()) - self._short:
            self.reap()
            time.sleep(0.002)
        for path, lock in reversed(self._folders):
            clean(path)
            os.close(lock)


def main() -> None:
    """Run as the supervisor."""
    supervisor = _Supervisor(sys.argv[1])
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if sys.platform != "win32":
        os.chdir("/")
        os.umask(0o077)
        signal.signal(signal.SIGCHLD, supervisor.reap)
    supervisor.serve()


if __name__ == "__main__":
    main()
