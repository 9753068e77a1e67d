"""A throwaway PostgreSQL server of our own: initialised once, copied for each run, gone with the process."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from miglint.base.structs import Struct
from miglint.dryrun.interfaces import EngineLostError, EngineMissingError
from miglint.dryrun.limits import Limits
from miglint.dryrun.postgres.os_user import ordinary_account, reachable
from miglint.dryrun.workspace import Workspace, cache_folder

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
    "max_wal_size": "256MB",
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
}
_SINCE = {"scram_iterations": 16}
_START_SECONDS = 30.0
_FORMAT = "1"

# The supervisor outlives nothing: when this process ends, however it ends, its end of the pipe closes, and the server
# and its folder go. SIGQUIT is PostgreSQL's immediate shutdown.
_SUPERVISOR = """
folder=$1; shift
trap '' INT TERM HUP
"$@" </dev/null >>"$folder/server.log" 2>&1 &
server=$!
cat >/dev/null
kill -QUIT "$server" 2>/dev/null
wait "$server" 2>/dev/null
rm -rf "$folder"
"""


class Programs(Struct, frozen=True):
    """Where the server's programs are, and their version as (major, minor)."""

    folder: Path
    version: tuple[int, ...]

    @property
    def major(self) -> int:
        """The major version."""
        return self.version[0]

    @property
    def share(self) -> Path | None:
        """The folder of the extensions' control files, None when it is not where it usually is."""
        for place in ("share/extension", "share/postgresql/extension"):
            folder = self.folder.parent / place
            if (folder / "plpgsql.control").is_file():
                return folder
        debian = Path("/usr/share/postgresql") / str(self.major) / "extension"
        return debian if (debian / "plpgsql.control").is_file() else None


def programs_in(folder: Path) -> Programs | None:
    """Return the programs in a `bin` folder, or None when it has none that run."""
    server = folder / _exe("postgres")
    if not server.is_file() or not (folder / _exe("initdb")).is_file():
        return None
    try:
        said = subprocess.run([server, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    digits = next((word for word in said.split() if word[:1].isdigit()), "0")
    return Programs(folder, tuple(int(part) for part in digits.split(".") if part.isdigit()) or (0,))


def _exe(name: str) -> str:
    return f"{name}.exe" if sys.platform == "win32" else name


class Cluster:
    """A running server, with the superuser `miglint`; `close` stops it and removes its folder.

    `prepare` may put files into the server's folder, and returns settings for them.
    """

    def __init__(self, programs: Programs, limits: Limits, prepare: Callable[[Path], dict[str, str]]) -> None:
        self.version = programs.version
        self.password = secrets.token_urlsafe(24)
        self._account = ordinary_account()
        self._workspace = Workspace()
        self.folder = self._workspace.path
        self.in_memory = self._workspace.in_memory
        self.disk = min(limits.disk, self._workspace.room)
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._start(programs, prepare)
        except BaseException:
            self.close()
            raise

    def _start(self, programs: Programs, prepare: Callable[[Path], dict[str, str]]) -> None:
        if self._account.name is not None:
            self.folder.chmod(0o700)
            os.chown(self.folder, self._account.uid, self._account.gid)
        root = reachable(
            self._account, programs.folder.parent, f"{programs.folder.name}/{_exe('postgres')}", self.folder
        )
        binaries = root / programs.folder.name
        data = self.folder / "data"
        self._data(programs, binaries, data)
        self.port = 5432 if hasattr(socket, "AF_UNIX") and sys.platform != "win32" else _free_port()
        (data / "pg_hba.conf").write_text("local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n")
        merged = {**_SETTINGS, "temp_file_limit": f"{self.disk // 1024}kB", "port": str(self.port)}
        if sys.platform == "win32":
            merged |= {"listen_addresses": "127.0.0.1"}
        else:
            merged |= {"listen_addresses": "", "unix_socket_directories": str(self.folder)}
            merged |= {"unix_socket_permissions": "0700"}
        if programs.major >= 18:
            merged["io_method"] = "sync"
        merged |= prepare(self.folder)
        kept = {name: value for name, value in merged.items() if programs.major >= _SINCE.get(name, 0)}
        lines = "".join(f"{name} = '{value}'\n" for name, value in kept.items())
        (data / "postgresql.auto.conf").write_text(lines)
        self._account.own(self.folder)
        server = [str(binaries / _exe("postgres")), "-D", str(data)]
        command = server if sys.platform == "win32" else ["sh", "-c", _SUPERVISOR, "sh", str(self.folder), *server]
        self._process = subprocess.Popen(  # type: ignore[call-overload]
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=str(self.folder),
            env=_environment(), start_new_session=sys.platform != "win32", **self._account.popen(),
        )  # fmt: skip
        self._wait(data)

    def _data(self, programs: Programs, binaries: Path, data: Path) -> None:
        """Put an initialised data folder into place: a copy of the kept one, which is made when it is not there."""
        key = hashlib.sha256(f"{_FORMAT} {programs.folder} {programs.version}".encode()).hexdigest()[:16]
        kept = cache_folder() / f"cluster-{programs.major}-{key}"
        if (kept / "password").is_file():
            self.password = (kept / "password").read_text()
            shutil.copytree(kept / "data", data, copy_function=shutil.copyfile)
            data.chmod(0o700)
            return
        self._initialise(binaries, data, programs.major)
        with contextlib.suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            partial = kept.with_name(f"{kept.name}.{os.getpid()}-{secrets.token_hex(4)}")
            partial.mkdir(mode=0o700)
            shutil.copytree(data, partial / "data")
            (partial / "password").write_text(self.password)
            try:
                partial.rename(kept)
            except OSError:  # another run was quicker
                shutil.rmtree(partial, ignore_errors=True)

    def _initialise(self, binaries: Path, data: Path, major: int) -> None:
        word = self.folder / "password"
        word.write_text(self.password)
        if self._account.name is not None:
            os.chown(word, self._account.uid, self._account.gid)
        command = [
            str(binaries / _exe("initdb")), "-D", str(data), "-U", "miglint", "--encoding=UTF8", "--locale=C",
            "--auth=scram-sha-256", f"--pwfile={word}", "--no-sync", "--no-instructions",
            "-c" if major >= 16 else "--wal-segsize=1", *(["fsync=off", "--wal-segsize=1"] if major >= 16 else []),
            *(["--no-data-checksums"] if major >= 18 else []),
        ]  # fmt: skip
        done = subprocess.run(  # type: ignore[call-overload]
            command, capture_output=True, text=True, cwd=str(self.folder), env=_environment(), check=False,
            **self._account.popen(),
        )  # fmt: skip
        word.unlink()
        if done.returncode != 0:
            raise EngineMissingError(f"initdb failed: {(done.stderr or done.stdout).strip()[-500:]}")

    def _wait(self, data: Path) -> None:
        assert self._process is not None
        until = time.monotonic() + _START_SECONDS
        state = data / "postmaster.pid"
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                lines = state.read_text().splitlines()
                if len(lines) >= 8 and lines[7].strip() == "ready":
                    return
            if self._process.poll() is not None or self._log_says_fatal():
                break
            time.sleep(0.005)
        raise EngineMissingError(f"the PostgreSQL server did not start: {self.log() or 'no reason given'}")

    def _log_says_fatal(self) -> bool:
        return "FATAL" in self.log()

    def log(self) -> str:
        """Return the end of what the server wrote."""
        try:
            return (self.folder / "server.log").read_text(errors="replace")[-1000:].strip()
        except OSError:
            return ""

    @property
    def host(self) -> str:
        """The folder of the socket, or the loopback address."""
        return "127.0.0.1" if sys.platform == "win32" else str(self.folder)

    def check(self) -> None:
        """Raise `EngineLostError` when the server is no longer there."""
        try:
            pid = int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
            os.kill(pid, 0)
        except (OSError, ValueError, IndexError):
            raise EngineLostError(f"the PostgreSQL server went away: {self.log() or 'it was killed'}") from None

    def close(self) -> None:
        """Stop the server and remove its folder."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
            if sys.platform == "win32":
                process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
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
