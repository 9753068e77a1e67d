"""A thread that measures a server's resource usage and selects statements to be canceled.

It runs no script code and does not wait for any: a script that sends endless messages is measured like any other. On
some systems each server process also has an operating system limit; this thread measures all processes together.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from miglint.base.structs import Struct
from miglint.dryrun.interfaces import EngineLostError
from miglint.dryrun.limits import Limits
from miglint.dryrun.postgres.connection import QueryError, literal
from miglint.dryrun.postgres.usage import Usage, folder_usage, memory_of

if TYPE_CHECKING:
    from miglint.dryrun.postgres.engine import PostgresServer

_INTERVAL = 0.1
_SHORT_INTERVAL = 0.02
# Maximum share of one processor for measuring.
_SHARE = 0.05
# Minimum frequency of measuring all files; in between, only free space is checked.
_MEASURE_SECONDS = 1.0
# A statement that has not polled for this long has ended.
_RUNNING_SECONDS = 1.0
# A canceled statement that still runs after this time is terminated.
_GRACE = 2.0
# Among many short statements, the measured one may have ended: then the next one is canceled.
_LATE = 0.5
_SIZES = (
    "SELECT oid::pg_catalog.text, datname::pg_catalog.text, pg_catalog.pg_database_size(oid)::pg_catalog.text"
    " FROM pg_catalog.pg_database WHERE pg_catalog.starts_with(datname::pg_catalog.text, {prefix})"
)


class Meter(Protocol):
    """Measures a server."""

    def disk(self) -> Usage | None:
        """Return the disk usage; None if it cannot have changed much since the last measurement."""

    def memory(self) -> Mapping[int, int]:
        """Return the memory of each process in bytes; empty if unknown."""


class ServerMeter:
    """Measures a server started by miglint, from outside."""

    def __init__(self, folder: Path, pid: int, bound: int) -> None:
        self._folder = folder
        self._pid = pid
        self._bound = bound
        self._free = 0
        self._left = 0
        self._at = 0.0

    def disk(self) -> Usage | None:
        """Measure all files if the file system lost half of its remaining space, or after some time."""
        with contextlib.suppress(OSError):
            free = shutil.disk_usage(self._folder).free
            if time.monotonic() - self._at < _MEASURE_SECONDS and self._free - free < self._left // 2:
                return None
            self._free = free
        usage = folder_usage(self._folder)
        self._left = max(0, self._bound - usage.disk)
        self._at = time.monotonic()
        return usage

    def memory(self) -> Mapping[int, int]:
        """Read memory usage from the operating system."""
        return memory_of(self._pid)


class QueryMeter:
    """Measures miglint's databases on another server, whose memory usage is unknown."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server

    def disk(self) -> Usage | None:
        """Query the server."""
        sizes = sizes_of(self._server)
        return Usage(sum(size for _, size in sizes.values()), dict(sizes.values()))

    def memory(self) -> Mapping[int, int]:
        """Memory usage is unknown."""
        return {}


def sizes_of(server: PostgresServer) -> dict[str, tuple[str, int]]:
    """Return the oid and size of each of miglint's databases."""
    with server.admin() as admin:
        rows = admin.query(_SIZES.format(prefix=literal(server.prefix)))[0]
    return {name or "": (oid or "", int(size or 0)) for oid, name, size in rows}


class _Flag(Struct, frozen=True):
    """A process to be stopped: since when, when that was last confirmed, and the exceeded resource."""

    first: float
    last: float
    what: str


class ResourceWatch:
    """Monitors disk space and memory of one server, from the first statement to `stop`."""

    def __init__(self, server: PostgresServer, limits: Limits) -> None:
        self.meter: Meter = QueryMeter(server)
        self._server = server
        self._limits = limits
        self._running: dict[int, tuple[float, str]] = {}
        self._flags: dict[int, _Flag] = {}
        self._sizes: list[tuple[float, Usage]] = []
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def statement(self, database: str, pid: int) -> Callable[[], str | None]:
        """Return a function that a running statement polls for an exceeded limit."""
        since = time.monotonic()
        with self._lock:
            if self._thread is None and not self._over.is_set():
                self._thread = threading.Thread(target=self._watch, name="miglint-watch", daemon=True)
                self._thread.start()

        def reached() -> str | None:
            self._running[pid] = (time.monotonic(), database)
            flag = self._flags.get(pid)
            if flag is None or flag.last < since - _LATE:
                return None
            self._flags.pop(pid, None)
            return flag.what

        return reached

    def stop(self) -> None:
        """Stop monitoring."""
        self._over.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(_GRACE)

    def _watch(self) -> None:
        interval = _INTERVAL
        while not self._over.wait(interval):
            begun = time.monotonic()
            near = False
            # The server may be gone, or its last session closing.
            with contextlib.suppress(EngineLostError, QueryError, OSError, ValueError):
                near = self._look(begun)
            took = time.monotonic() - begun
            interval = max(_SHORT_INTERVAL if near else _INTERVAL, took / _SHARE if not near else took)

    def _look(self, now: float) -> bool:
        """Measure, and mark processes over a limit; return whether a limit is near."""
        running = {pid: at for pid, (last, at) in list(self._running.items()) if now - last < _RUNNING_SECONDS}
        self._running = {pid: kept for pid, kept in list(self._running.items()) if pid in running}
        if not running:
            return False
        memory = self.meter.memory()
        used = sum(memory.values())
        if used > self._limits.memory:
            self._flag(max(running, key=lambda pid: memory.get(pid, 0)), "memory", now)
        usage = self.meter.disk()
        if usage is not None:
            self._sizes = [*(kept for kept in self._sizes if now - kept[0] < _MEASURE_SECONDS * 3), (now, usage)]
            if usage.disk > self._limits.disk:
                self._flag(self._grown(running, usage), "disk", now)
        latest = self._sizes[-1][1].disk if self._sizes else 0
        return used > self._limits.memory // 2 or latest > self._limits.disk // 2

    def _grown(self, running: Mapping[int, str], usage: Usage) -> int:
        """Return the process of the running statement whose database and temporary files grew most."""
        if len(running) == 1:
            return next(iter(running))
        numbers = {name: oid for name, (oid, _) in sizes_of(self._server).items()}
        before = self._sizes[0][1]

        def growth(pid: int) -> tuple[int, int]:
            oid = numbers.get(running[pid], "")
            size = usage.databases.get(oid, 0) + usage.temporary.get(pid, 0)
            return size - before.databases.get(oid, 0) - before.temporary.get(pid, 0), size

        return max(running, key=growth)

    def _flag(self, pid: int, what: str, now: float) -> None:
        flag = self._flags.get(pid)
        first = now if flag is None or flag.what != what or now - flag.last > _GRACE else flag.first
        self._flags[pid] = _Flag(first, now, what)
        if now - first > _GRACE:
            self._server.kill(pid)
