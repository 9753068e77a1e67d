"""A throwaway PostgreSQL server: initialized once, copied for each run, removed at the end."""

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
from miglint.dryrun.postgres.history_templates import KeptHistory, Template
from miglint.dryrun.postgres.kept_cluster import KeptCluster
from miglint.dryrun.postgres.os_user import ordinary_account
from miglint.dryrun.postgres.programs import Programs, executable
from miglint.dryrun.postgres.reachable_programs import reachable_programs
from miglint.dryrun.postgres.server_files import write_file
from miglint.dryrun.processes import is_running
from miglint.dryrun.supervisor import read_start
from miglint.dryrun.workspace import SupervisorLostError, Workspace

# Crash safety and other clients are not needed.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "max_connections": "24",
    "shared_buffers": "32MB",
    # In the server's folder, so that it is removed with it if the server is killed.
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
    # Cancels queries of clients that were killed.
    "client_connection_check_interval": "1s",
    # 64 MB instead of 8 GB.
    "max_notify_queue_pages": "8192",
}
_SINCE = {
    "scram_iterations": 16, "io_method": 18, "client_connection_check_interval": 14, "max_notify_queue_pages": 17,
}  # fmt: skip
# Linux enforces a memory limit per process; on other systems the report has a note.
_NOTES = {
    "darwin": ("this system cannot limit the memory of a process: the server's processes are only measured",),
    "win32": ("memory is not limited: this system has no limit that miglint can set for the server's processes",),
}
# initdb uses the same kind of shared memory: a file in the data directory.
_INITIALISED_WITH = ["fsync=off", "-c", "dynamic_shared_memory_type=mmap", "--wal-segsize=1"]
_ACCESS = b"local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n"
_START_SECONDS = 30.0
_HALT_SECONDS = 5.0
_LOG_BYTES = 1 << 20
# Programs, libraries, and memory shared by the server's processes.
_SHARED_BYTES = 1 << 30


class Cluster:
    """A running server with the superuser `miglint`; `close` stops it and removes its folder.

    `prepare` may create files in the server's folder and returns settings for them. `notes` lists limits that this
    system cannot enforce. `template` is what is known of the files that the server started from, if they are those of
    `source`. With `keeps`, files of `initdb` are kept for later runs.
    """

    def __init__(
        self,
        programs: Programs,
        limits: Limits,
        prepare: Callable[[Path], dict[str, str]],
        source: KeptHistory | None = None,
        *,
        keeps: bool = True,
    ) -> None:
        self.version = programs.version
        self.password = secrets.token_urlsafe(24)
        self.notes: tuple[str, ...] = _NOTES.get(sys.platform, ())
        self.account = ordinary_account()
        self._workspace = Workspace(shared=self.account.name is not None)
        self.folder = self._workspace.path / "server"
        self.in_memory = self._workspace.in_memory
        self.disk = min(limits.disk, self._workspace.room)
        if self.disk < limits.disk:
            self.notes += (
                f"{self._workspace.path.parent} has room for {size_text(self.disk)} of databases, less than --max-disk",
            )
        self._memory = limits.memory
        self.pid = 0
        self.template: Template | None = None
        self._source = source
        self._kept = KeptCluster(programs, keeps=keeps)
        self._prepare = prepare
        try:
            self._start(programs)
        except SupervisorLostError:
            self.close()
            raise
        except OSError as error:
            self.close()
            raise EngineMissingError(f"the PostgreSQL server did not start: {error.strerror or error}") from None
        except BaseException:
            self.close()
            raise

    def _start(self, programs: Programs) -> None:
        binaries = reachable_programs(programs.folder, self.account, self._workspace)
        self.port = 5432 if sys.platform != "win32" else _free_port()
        data = self.folder / "data"
        settings = self._new_folder()
        if self._started_from_template(programs, binaries, data, settings):
            return
        restored = self._kept.restore(data)
        self.password = restored or self._initialize(binaries, data, programs.major)
        try:
            self._serve(programs, binaries, data, settings)
        except EngineMissingError:
            if restored is None or self._runs():
                raise
            # After a power loss, a copy may be incomplete.
            self._kept.discard()
            settings = self._new_folder()
            self.password = self._initialize(binaries, data, programs.major)
            self._serve(programs, binaries, data, settings)

    def _new_folder(self) -> dict[str, str]:
        """Create the server's folder, in place of that of a failed start, and return settings for what is in it.

        The account cannot open the folder before `_hand_over`: until then, no name in it leads elsewhere.
        """
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.folder.mkdir(mode=0o700)
        self._handed_over = False
        return self._prepare(self.folder)

    def _hand_over(self) -> None:
        if not self._handed_over:
            self.account.own(self.folder)
            self._handed_over = True

    def _started_from_template(self, programs: Programs, binaries: Path, data: Path, settings: dict[str, str]) -> bool:
        """Start the server with the history that is kept, if there is one that is genuine and works."""
        files = self._kept.settings() if self._source is not None else None
        if self._source is None or files is None:
            return False
        try:
            self.template = self._source.restore(data)
            if self.template is None:
                return False
            for name, content in files.items():
                (data / name).write_bytes(content)
            self._serve(programs, binaries, data, settings)
        except (OSError, ValueError, EngineMissingError) as error:
            if isinstance(error, SupervisorLostError) or (self.pid and self._runs()):
                raise
            self.template = None
            self._source.discard()
            self._new_folder()
            return False
        self.password = self.template.password
        return True

    def _serve(self, programs: Programs, binaries: Path, data: Path, settings: dict[str, str]) -> None:
        """Start the server on its data directory and wait until it accepts connections."""
        write_file(data, "pg_hba.conf", _ACCESS, self.account)
        lines = [f"{name} = '{value}'\n" for name, value in (self._settings(programs.major) | settings).items()]
        write_file(data, "postgresql.auto.conf", "".join(lines).encode(), self.account)
        self._hand_over()
        self.pid = self._run([str(binaries / executable("postgres")), "-D", str(data)], "server.log")
        self._wait(data)

    def _settings(self, major: int) -> dict[str, str]:
        merged = {**_SETTINGS, "temp_file_limit": f"{(self.disk - LEAST_DISK // 2) // 1024}kB", "port": str(self.port)}
        # The title of all its processes, by which the next run finds orphaned ones.
        merged["cluster_name"] = self._workspace.path.name
        if sys.platform == "win32":
            merged |= {"listen_addresses": "127.0.0.1"}
        else:
            merged |= {"listen_addresses": "", "unix_socket_directories": str(self.folder)}
            merged |= {"unix_socket_permissions": "0700"}
        return {name: value for name, value in merged.items() if major >= _SINCE.get(name, 0)}

    def _run(self, command: list[str], log: str, *, short: bool = False) -> int:
        account = self.account
        # Private memory of a script's process, in addition to the server's shared memory.
        bounds = {"RLIMIT_CORE": 0, "RLIMIT_DATA": self._memory, "RLIMIT_AS": self._memory + _SHARED_BYTES}
        place = {
            "cwd": str(self.folder), "env": _environment(), "log": str(self.folder / log), "limits": bounds,
            "short": short, "uid": None if account.name is None else account.uid, "gid": account.gid,
        }  # fmt: skip
        return self._workspace.start(command, place)

    def _initialize(self, binaries: Path, data: Path, major: int) -> str:
        """Initialize a data directory, cache a copy, and return the superuser's password."""
        word = self.folder / "password"
        write_file(self.folder, word.name, self.password.encode(), self.account)
        self._hand_over()
        command = [
            str(binaries / executable("initdb")), "-D", str(data), "-U", "miglint", "--encoding=UTF8", "--locale=C",
            "--auth=scram-sha-256", f"--pwfile={word}", "--no-sync", "--no-instructions",
            # Its child processes need the folder to exit cleanly, even if it was killed.
            "--no-clean",
            "-c" if major >= 16 else "--wal-segsize=1", *(_INITIALISED_WITH if major >= 16 else []),
            *(["--no-data-checksums"] if major >= 18 else []),
        ]  # fmt: skip
        status = self._workspace.wait(self._run(command, "initdb.log", short=True))
        word.unlink()
        if status != 0:
            raise EngineMissingError(f"initdb failed: {self._text('initdb.log')[-500:] or f'status {status}'}")
        self._kept.keep(data, self.password, self.account)
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
        raise EngineMissingError(f"the PostgreSQL server did not start: {self.log() or 'unknown reason'}")

    def _runs(self) -> bool:
        if sys.platform == "win32":
            return self._workspace.supervised
        return is_running(self.pid)

    def end_process(self, pid: int) -> None:
        """Kill one of the server's processes; the server ends all others, and goes on from what was committed."""
        with contextlib.suppress(OSError):
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    def halt(self) -> Path | None:
        """Stop the server so that its files are complete; return their folder, or None if it does not stop in time."""
        if sys.platform == "win32":
            return None
        data = self.folder / "data"
        until = time.monotonic() + _HALT_SECONDS
        with contextlib.suppress(OSError):
            os.kill(self.pid, signal.SIGINT)
        # The server removes it when everything is written.
        while (data / "postmaster.pid").exists():
            if time.monotonic() > until:
                return None
            time.sleep(0.002)
        return data

    def log(self) -> str:
        """Return the end of the server's output."""
        return self._text("server.log")[-1000:]

    def _text(self, name: str) -> str:
        return read_start(str(self.folder / name), _LOG_BYTES).decode("utf-8", "replace").strip()

    @property
    def host(self) -> str:
        """The folder of the socket, or the loopback address."""
        return "127.0.0.1" if sys.platform == "win32" else str(self.folder)

    def check(self) -> None:
        """Raise `EngineLostError` if the server is not running."""
        if not self.pid or not self._runs():
            raise EngineLostError(f"the PostgreSQL server stopped: {self.log() or 'it was killed'}")

    def close(self) -> None:
        """Stop the server and remove its folder."""
        self._workspace.close()


def _environment() -> dict[str, str]:
    """Return an environment without PostgreSQL's variables, secrets and the user's locale."""
    kept = {
        name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ
    }
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
