"""Who runs the databases of one history: a process, and the next one when that had to be ended."""

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

_CLOSED = "the dry run was ended"
_SECONDS_OF_NO_LIMIT = 1 << 20
_LEAST_MEMORY = 128 << 20


class Bounds(Struct, frozen=True):
    """What SQLite may take, in bytes: `memory` all databases of a history together, `disk` each of them."""

    memory: int
    disk: int

    @classmethod
    def of(cls, limits: Limits) -> Bounds:
        """Return the bounds under the limits of a dry run: databases are in memory, with a copy for each second run."""
        memory = max(_LEAST_MEMORY, limits.memory)
        return cls(memory, min(limits.disk, memory))


class Host:
    """The process of a history. Its methods are called with `lock` held, but for `close`.

    `databases` counts those that are there; `clean` says that no process was ended and no bound met.
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
        """The process, a new one when the last has ended; raises `EngineLostError` when there will be none."""
        if self._closed:
            raise EngineLostError(_CLOSED)
        if self._worker.ended:
            self.clean = False
            self._worker.end()
            self._worker = self._start()
        return self._worker

    def _start(self) -> Worker:
        worker = Worker(self._setup)
        # Whoever forgets to close it ends it with the last of its databases, or with the interpreter.
        weakref.finalize(self, worker.end)
        return worker

    def number(self) -> int:
        """Return a number that no database has had."""
        self._numbers += 1
        return self._numbers

    def dropped(self) -> None:
        """Count a database less; a process in which something happened is not used for another history."""
        self.databases -= 1
        if not self.databases and not self.clean:
            self.close()

    def missing(self) -> tuple[str, ...]:
        """Return the limits that the system does not have, as far as a process has said so."""
        return self._worker.missing_limits

    def close(self) -> None:
        """End the process, whatever it does."""
        self._closed = True
        self._worker.end()


class Hosts:
    """The hosts of a run: as many as histories run at a time. A host is used again when nothing happened in it."""

    def __init__(self, library: str, bounds: Bounds, deadline: Deadline, *, foreign_keys: bool) -> None:
        seconds = int(min(deadline.left, _SECONDS_OF_NO_LIMIT)) + 60
        start = wire.Start(library, bounds.memory, bounds.disk, seconds, foreign_keys)
        self._setup = Setup(start, 1 + secrets.randbelow((1 << 32) - 1))
        self._lock = threading.Lock()
        self._closed = False
        # The first one starts while its scripts are still being read.
        self._hosts = [Host(self._setup)]

    def take(self) -> Host:
        """Return a host without databases."""
        with self._lock:
            if self._closed:
                raise EngineLostError(_CLOSED)
            for host in self._hosts:
                if not host.databases and host.clean:
                    host.databases = 1
                    return host
            host = Host(self._setup)
            host.databases = 1
            self._hosts.append(host)
            return host

    def check(self) -> None:
        """Raise `EngineLostError` when the run was ended."""
        if self._closed:
            raise EngineLostError(_CLOSED)

    def notes(self) -> tuple[str, ...]:
        """Return what a reader of the results should know of the limits."""
        with self._lock:
            hosts = list(self._hosts)
        for missing in (host.missing() for host in hosts):
            if missing:
                listed = ", ".join(LIMITS.get(name, "limit") for name in missing)
                return (
                    f"this system has no {listed} for SQLite's process; miglint itself watches its time and memory",
                )
        return ()

    def close(self) -> None:
        """End all processes; may be called twice."""
        with self._lock:
            self._closed = True
            hosts, self._hosts = self._hosts, []
        for host in hosts:
            host.close()
