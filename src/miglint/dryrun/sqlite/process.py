"""Parent side of the SQLite process: starting, requests, monitoring, termination."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec

import miglint
from miglint.base.structs import Struct
from miglint.dryrun.interfaces import EngineMissingError
from miglint.dryrun.sqlite import wire
from miglint.dryrun.sqlite.databases import OUT_OF_MEMORY
from miglint.dryrun.sqlite.resident import resident_memory

# Monitoring interval, and grace period after a timeout (seconds).
_LOOK = 0.05
_GRACE = 0.5
_END = 5.0
_START = 60.0
# Memory of the interpreter besides SQLite.
_INTERPRETER = 256 << 20
# Environment variables for the dynamic linker, the interpreter and Windows; no others are passed on.
_KEPT_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "SYSTEMROOT")
_CODE = "import sys; sys.path += sys.argv[1:]; from miglint.dryrun.sqlite.worker import main; main()"
_Reply = TypeVar("_Reply", bound=wire.Reply)


class WorkerEndedError(Exception):
    """The process has ended. `limit` is the limit for which it was terminated, `connection` if it ended by itself."""

    def __init__(self, limit: str, message: str) -> None:
        super().__init__(message)
        self.limit = limit
        self.message = message


class RefusedError(Exception):
    """SQLite failed to execute a request."""

    def __init__(self, failure: wire.Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Setup(Struct, frozen=True):
    """Start parameters of a process. `seed` keys its hashes, `start` is its first request."""

    start: wire.Start
    seed: int


class Worker:
    """A process. It is used by one thread at a time; `end` may be called from any thread."""

    def __init__(self, setup: Setup) -> None:
        self._memory = setup.start.memory + _INTERPRETER
        self._process = _start(setup)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._channel = wire.Channel(self._process.stdout.fileno(), self._process.stdin.fileno())
        self._asking = threading.RLock()
        self._state = threading.Lock()
        self._due: float | None = None
        self._limit = ""
        self._reason: tuple[str, str] | None = None
        self._ended: WorkerEndedError | None = None
        self._over = threading.Event()
        self.missing_limits: tuple[str, ...] = ()
        self._ready = False
        # The process reads this once it is ready; the parent does not wait for it.
        with contextlib.suppress(OSError):
            self._channel.send(setup.start)
        threading.Thread(target=self._watch, name="miglint-sqlite-watch", daemon=True).start()

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self._over.is_set() or self._process.poll() is not None

    def _wait_until_ready(self) -> None:
        if not self._ready:
            with self._busy(_START, "server"):
                reply = self._channel.receive(_decoder())
                if not isinstance(reply, wire.Ready):
                    raise wire.FrameError("a reply before startup was complete")
            self.missing_limits = reply.missing
            self._ready = True

    def ask(
        self,
        request: wire.Request,
        kind: type[_Reply],
        seconds: float,
        *,
        limit: str = "total time-out",
        began: Callable[[wire.Began], float] | None = None,
    ) -> _Reply:
        """Send a request and return the reply.

        The process is terminated if it takes longer than `seconds`; `limit` is then the reported limit. `began` is
        called for each statement of a script and returns its time in seconds. Raises `WorkerEndedError`, and
        `RefusedError` if SQLite failed to execute the request.
        """
        self._wait_until_ready()
        with self._busy(seconds, limit):
            if not self._channel.send(request):
                raise RefusedError(wire.Failure("SQLITE_TOOBIG", "the script is too large", limit="memory"))
            while True:
                reply = self._channel.receive(_decoder())
                if isinstance(reply, kind):
                    return reply
                if isinstance(reply, wire.Failed):
                    raise RefusedError(reply.failure)
                if not isinstance(reply, wire.Began) or began is None:
                    raise wire.FrameError(f"a reply that is not {kind.__name__}")
                self._set_due(began(reply), limit)

    def tell(self, request: wire.Drop, seconds: float) -> None:
        """Send a request without a reply; raises `WorkerEndedError`."""
        self._wait_until_ready()
        with self._busy(seconds, "total time-out"):
            self._channel.send(request)

    def end(self) -> None:
        """Terminate the process; never raises."""
        self._over.set()
        self._kill("server", "SQLite's process was terminated")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END)
        # This unblocks a reading thread; only then can the pipes be closed.
        if self._asking.acquire(timeout=_END):
            self._close()
            self._asking.release()

    def _close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()

    @contextlib.contextmanager
    def _busy(self, seconds: float, limit: str) -> Iterator[None]:
        """Monitor the process while it is busy, and convert its end to `WorkerEndedError`."""
        with self._asking:
            if self._ended is not None:
                raise self._ended
            self._set_due(seconds, limit)
            try:
                yield
            except RefusedError:
                raise
            except (EOFError, OSError) as error:
                raise self._end_of(str(error)) from None
            except wire.FrameError as error:
                self._kill("connection", f"SQLite's process sent an invalid reply: {error}")
                raise self._end_of(str(error)) from None
            except BaseException:
                self._kill("server", "SQLite's process was terminated")
                raise
            finally:
                with self._state:
                    self._due = None

    def _set_due(self, seconds: float, limit: str) -> None:
        with self._state:
            self._due = time.monotonic() + seconds + _GRACE
            self._limit = limit

    def _watch(self) -> None:
        """Terminate the process on timeout or if its memory exceeds the limit."""
        while not self._over.wait(_LOOK):
            if self._process.poll() is not None:
                return
            with self._state:
                if self._due is None:
                    continue
                if time.monotonic() > self._due:
                    self._kill(self._limit, "it did not stop at its time limit")
                elif resident_memory(self._process.pid) > self._memory:
                    self._kill("memory", "out of memory")

    def _kill(self, limit: str, message: str) -> None:
        if self._reason is None:
            self._reason = (limit, message)
        with contextlib.suppress(OSError):
            self._process.kill()

    def _end_of(self, noticed: str) -> WorkerEndedError:
        """Return the reason why the process has ended."""
        try:
            status = self._process.wait(_END)
        except subprocess.TimeoutExpired:
            self._kill("connection", f"SQLite's process does not respond: {noticed}")
            status = self._process.wait()
        self._over.set()
        self._close()
        self._ended = _ended(self._reason, status)
        return self._ended


def _ended(reason: tuple[str, str] | None, status: int) -> WorkerEndedError:
    if reason is not None:
        return WorkerEndedError(*reason)
    if status == OUT_OF_MEMORY:
        return WorkerEndedError("memory", "out of memory")
    if status == -getattr(signal, "SIGXCPU", 0) and status:
        return WorkerEndedError("total time-out", "the processor time limit is exceeded")
    if status < 0:
        with contextlib.suppress(ValueError):
            return WorkerEndedError("connection", f"SQLite's process was terminated by {signal.Signals(-status).name}")
    return WorkerEndedError("connection", f"SQLite's process exited with status {status}")


@cache
def _decoder() -> msgspec.msgpack.Decoder[wire.Reply]:
    return msgspec.msgpack.Decoder(wire.Reply)


def _start(setup: Setup) -> subprocess.Popen[bytes]:
    """Start an interpreter that can import only its own library, msgspec, miglint and, if used, apsw."""
    if not sys.executable:
        raise EngineMissingError("SQLite's scripts run in a separate process, but no Python was found to start it")
    modules = [miglint, msgspec]
    if setup.start.library == "apsw":
        import apsw

        modules.append(apsw)
    folders = dict.fromkeys(str(Path(str(module.__file__)).parents[1]) for module in modules)
    environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    try:
        return subprocess.Popen(
            [sys.executable, "-s", "-S", "-P", "-c", _CODE, *folders],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=Path(sys.executable).anchor or None,
            env={**environment, "PYTHONHASHSEED": str(setup.seed)},
            # Ctrl-C is handled by the parent, which terminates the process.
            start_new_session=True,
        )
    except OSError as error:
        raise EngineMissingError(f"cannot start the process for SQLite's scripts: {error}") from None
