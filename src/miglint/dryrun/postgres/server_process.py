"""A throwaway PostgreSQL server of our own: initialised once, copied for each run, gone with the process."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from miglint.dryrun.interfaces import EngineLostError, EngineMissingError
from miglint.dryrun.limits import LEAST_DISK, Limits, size_text
from miglint.dryrun.postgres.kept_cluster import KeptCluster
from miglint.dryrun.postgres.os_user import ordinary_account
from miglint.dryrun.postgres.programs import Programs, executable
from miglint.dryrun.postgres.reachable_programs import reachable_programs
from miglint.dryrun.supervisor import read_start
from miglint.dryrun.workspace import SupervisorLostError, Workspace

# No crash has to be survived, and nobody else is served.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "max_connections": "24",
    "shared_buffers": "32MB",
    # In the server's own folder, so that it goes with that one when somebody kills the server.
    "dynamic_shared_memory_type": "mmap",
    "max_worker_processes": "0",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "jit": "off",
    "checkpoint_timeout": "1d",
    "min_wal_size": "32MB",
    "max_wal_size": "128MB",
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
    "logging_collector": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "track_activities": "on",
    "password_encryption": "scram-sha-256",
    "scram_iterations": "1024",
    "max_prepared_transactions": "0",
    "io_method": "sync",
    # What a client that was killed has asked for ends with it.
    "client_connection_check_interval": "1s",
    # 64 MB, not 8 GB.
    "max_notify_queue_pages": "8192",
}
_SINCE = {
    "scram_iterations": 16, "io_method": 18, "client_connection_check_interval": 14, "max_notify_queue_pages": 17,
}  # fmt: skip
# Linux keeps the bound on a process's own memory; where there is none, the report says so.
_NOTES = {
    "darwin": ("this system has no bound on the memory of a process: the server's processes are only measured",),
    "win32": ("memory is not bounded: this system has no bound for the server's processes that miglint could set",),
}
# What initialises uses the same kind of shared memory: a file in the data folder.
_INITIALISED_WITH = ["fsync=off", "-c", "dynamic_shared_memory_type=mmap", "--wal-segsize=1"]
_START_SECONDS = 30.0
_LOG_BYTES = 1 << 20
# Programs, libraries, and the memory that all processes of the server share.
_SHARED_BYTES = 1 << 30


class Cluster:
    """A running server, with the superuser `miglint`; `close` stops it and removes its folder.

    `prepare` may put files into the server's folder, and returns settings for them. `notes` say which of the bounds
    this system cannot keep.
    """

    def __init__(self, programs: Programs, limits: Limits, prepare: Callable[[Path], dict[str, str]]) -> None:
        self.version = programs.version
        self.password = secrets.token_urlsafe(24)
        self.notes: tuple[str, ...] = _NOTES.get(sys.platform, ())
        self._account = ordinary_account()
        self._workspace = Workspace(shared=self._account.name is not None)
        self.folder = self._workspace.path / "server"
        self.in_memory = self._workspace.in_memory
        self.disk = min(limits.disk, self._workspace.room)
        if self.disk < limits.disk:
            self.notes += (
                f"{self._workspace.path.parent} has room for {size_text(self.disk)} of databases, less than --max-disk",
            )
        self._memory = limits.memory
        self.pid = 0
        try:
            self._start(programs, prepare)
        except SupervisorLostError:
            self.close()
            raise
        except OSError as error:
            self.close()
            raise EngineMissingError(f"the PostgreSQL server did not start: {error.strerror or error}") from None
        except BaseException:
            self.close()
            raise

    def _start(self, programs: Programs, prepare: Callable[[Path], dict[str, str]]) -> None:
        binaries = reachable_programs(programs.folder, self._account, self._workspace)
        self.folder.mkdir(mode=0o700)
        self._account.own(self.folder)
        self.port = 5432 if sys.platform != "win32" else _free_port()
        data = self.folder / "data"
        kept = KeptCluster(programs)
        restored = kept.restore(data)
        self.password = restored or self._initialise(binaries, data, programs.major, kept)
        try:
            self._serve(programs, binaries, data, prepare)
        except EngineMissingError:
            if restored is None or self._runs():
                raise
            # A machine that loses power may leave a copy with holes.
            kept.discard()
            shutil.rmtree(data)
            (self.folder / "server.log").unlink(missing_ok=True)
            self.password = self._initialise(binaries, data, programs.major, kept)
            self._serve(programs, binaries, data, prepare)

    def _serve(self, programs: Programs, binaries: Path, data: Path, prepare: Callable[[Path], dict[str, str]]) -> None:
        """Start the server on its data folder, and wait until it can be used."""
        (data / "pg_hba.conf").write_text("local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n")
        settings = self._settings(programs.major) | prepare(self.folder)
        lines = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
        (data / "postgresql.auto.conf").write_text(lines)
        self._account.own(self.folder)
        self.pid = self._run([str(binaries / executable("postgres")), "-D", str(data)], "server.log")
        self._wait(data)

    def _settings(self, major: int) -> dict[str, str]:
        merged = {**_SETTINGS, "temp_file_limit": f"{(self.disk - LEAST_DISK // 2) // 1024}kB", "port": str(self.port)}
        # The title of all its processes, by which the next run knows those that lost their supervisor.
        merged["cluster_name"] = self._workspace.path.name
        if sys.platform == "win32":
            merged |= {"listen_addresses": "127.0.0.1"}
        else:
            merged |= {"listen_addresses": "", "unix_socket_directories": str(self.folder)}
            merged |= {"unix_socket_permissions": "0700"}
        return {name: value for name, value in merged.items() if major >= _SINCE.get(name, 0)}

    def _run(self, command: list[str], log: str, *, short: bool = False) -> int:
        account = self._account
        # What a script's process may have for itself; what the server's processes share comes on top of it.
        bounds = {"RLIMIT_CORE": 0, "RLIMIT_DATA": self._memory, "RLIMIT_AS": self._memory + _SHARED_BYTES}
        place = {
            "cwd": str(self.folder), "env": _environment(), "log": str(self.folder / log), "limits": bounds,
            "short": short, "uid": None if account.name is None else account.uid, "gid": account.gid,
        }  # fmt: skip
        return self._workspace.start(command, place)

    def _initialise(self, binaries: Path, data: Path, major: int, kept: KeptCluster) -> str:
        """Make a data folder, keep a copy of it, and return the superuser's password."""
        word = self.folder / "password"
        word.write_text(self.password)
        self._account.own(self.folder)
        command = [
            str(binaries / executable("initdb")), "-D", str(data), "-U", "miglint", "--encoding=UTF8", "--locale=C",
            "--auth=scram-sha-256", f"--pwfile={word}", "--no-sync", "--no-instructions",
            # What it started needs the folder to end well, also when it was killed itself.
            "--no-clean",
            "-c" if major >= 16 else "--wal-segsize=1", *(_INITIALISED_WITH if major >= 16 else []),
            *(["--no-data-checksums"] if major >= 18 else []),
        ]  # fmt: skip
        status = self._workspace.wait(self._run(command, "initdb.log", short=True))
        word.unlink()
        if status != 0:
            raise EngineMissingError(f"initdb failed: {self._text('initdb.log')[-500:] or f'status {status}'}")
        kept.keep(data, self.password)
        return self.password

    def _wait(self, data: Path) -> None:
        until = time.monotonic() + _START_SECONDS
        state = str(data / "postmaster.pid")
        while time.monotonic() < until:
            lines = read_start(state, _LOG_BYTES).splitlines()
            if len(lines) >= 8 and lines[7].strip() == b"ready":
                return
            if not self._runs() or "FATAL" in self.log():
                break
            time.sleep(0.005)
        raise EngineMissingError(f"the PostgreSQL server did not start: {self.log() or 'no reason given'}")

    def _runs(self) -> bool:
        if sys.platform == "win32":
            return self._workspace.supervised  # asking for the process would end it
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except OSError:
            return True
        return True

    def end_process(self, pid: int) -> None:
        """Kill one of the server's processes; the server ends all others, and goes on from what was committed."""
        with contextlib.suppress(OSError):
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    def log(self) -> str:
        """Return the end of what the server wrote."""
        return self._text("server.log")[-1000:]

    def _text(self, name: str) -> str:
        return read_start(str(self.folder / name), _LOG_BYTES).decode("utf-8", "replace").strip()

    @property
    def host(self) -> str:
        """The folder of the socket, or the loopback address."""
        return "127.0.0.1" if sys.platform == "win32" else str(self.folder)

    def check(self) -> None:
        """Raise `EngineLostError` when the server is no longer there."""
        if not self.pid or not self._runs():
            raise EngineLostError(f"the PostgreSQL server went away: {self.log() or 'it was killed'}")

    def close(self) -> None:
        """Stop the server and remove its folder."""
        self._workspace.close()


def _environment() -> dict[str, str]:
    """Return an environment without PostgreSQL's own variables, secrets or the user's locale."""
    kept = {
        name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ
    }
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
