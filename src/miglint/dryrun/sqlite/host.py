"""Process management for the databases of one history: a process, and its successors if it was terminated."""

from __future__ import annotations

import secrets
import threading
import weakref

from miglint.base.structs import Struct
from miglint.dryrun.interfaces import EngineLostError
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.sqlite import wire
from miglint.dryrun.sqlite.confinement import LIMITS
from miglint.dryrun.sqlite.process import Setup, Worker

_CLOSED = "the dry run was stopped"
_SECONDS_OF_NO_LIMIT = 1 << 20
_LEAST_MEMORY = 128 << 20
# Six at a time, and as much as two for statements and values.
_DATABASES = 8


class MemoryBounds(Struct, frozen=True):
    """SQLite's limits in bytes: `memory` for all databases of a history together, `disk` for each of them."""

    memory: int
    disk: int

    @classmethod
    def of(cls, limits: Limits) -> MemoryBounds:
        """Return the limits, derived from those of a dry run.

        The databases of a history are in memory: two (one with rows), copies of both and of these, and one that gets
        a new connection. A database that passes its own limit ends at its statement; copying it never passes `memory`.
        """
        memory = max(_LEAST_MEMORY, limits.memory)
        return cls(memory, min(limits.disk, memory // _DATABASES))


class SqliteHost:
    """The process of a history. Except for `close`, its methods are called with `lock` held.

    `databases` is their number; `clean` means that no process was terminated and no limit reached.
    """

    def __init__(self, setup: Setup) -> None:
        self.lock = threading.RLock()
        self._setup = setup
        self._worker = self._start()
        self._closed = False
        self._numbers = 0
        self.databases = 0
        self.clean = True

    @property
    def worker(self) -> Worker:
        """The process, a new one if the last has ended; raises `EngineLostError` after closing."""
        if self._closed:
            raise EngineLostError(_CLOSED)
        if self._worker.ended:
            self.clean = False
            self._worker.end()
            self._worker = self._start()
        return self._worker

    def _start(self) -> Worker:
        worker = Worker(self._setup)
        # An unclosed host is closed with its last database or with the interpreter.
        weakref.finalize(self, worker.end)
        return worker

    def number(self) -> int:
        """Return an unused database number."""
        self._numbers += 1
        return self._numbers

    def dropped(self) -> None:
        """Decrement the number of databases; a process that is not clean is not reused for another history."""
        self.databases -= 1
        if not self.databases and not self.clean:
            self.close()

    def missing(self) -> tuple[str, ...]:
        """Return the limits that the system lacks, as reported by a process."""
        return self._worker.missing_limits

    def close(self) -> None:
        """Terminate the process, whatever it is doing."""
        self._closed = True
        self._worker.end()


class SqliteHosts:
    """The hosts of a run: one per concurrent history. Clean hosts are reused."""

    def __init__(
        self,
        library: str,
        bounds: MemoryBounds,
        deadline: Deadline,
        *,
        foreign_keys: bool,
        functions: tuple[str, ...] = (),
    ) -> None:
        seconds = int(min(deadline.left, _SECONDS_OF_NO_LIMIT)) + 60
        start = wire.Start(library, bounds.memory, bounds.disk, seconds, foreign_keys, functions)
        self._setup = Setup(start, 1 + secrets.randbelow((1 << 32) - 1))
        self._lock = threading.Lock()
        self._closed = False
        # The first process starts while scripts are still being read.
        self._hosts = [SqliteHost(self._setup)]

    def take(self) -> SqliteHost:
        """Return a host without databases."""
        with self._lock:
            if self._closed:
                raise EngineLostError(_CLOSED)
            for host in self._hosts:
                if not host.databases and host.clean:
                    host.databases = 1
                    return host
            host = SqliteHost(self._setup)
            host.databases = 1
            self._hosts.append(host)
            return host

    def check(self) -> None:
        """Raise `EngineLostError` if the run was stopped."""
        if self._closed:
            raise EngineLostError(_CLOSED)

    def notes(self) -> tuple[str, ...]:
        """Return notes about the limits for the report."""
        with self._lock:
            hosts = list(self._hosts)
        for missing in (host.missing() for host in hosts):
            if missing:
                listed = ", ".join(LIMITS.get(name, "limit") for name in missing)
                return (f"this system has no {listed} for SQLite's process; miglint monitors its time and memory",)
        return ()

    def close(self) -> None:
        """Terminate all processes; may be called twice."""
        with self._lock:
            self._closed = True
            hosts, self._hosts = self._hosts, []
        for host in hosts:
            host.close()
