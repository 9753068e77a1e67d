"""PostgreSQL in a container: any version, with resource limits and without network access, removed at the end."""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from miglint.base.lazy_regex import pattern
from miglint.dryrun.container.host import (
    ContainerHost,
    client_of_engine,
    docker_answers,
    first_line,
    host_of,
    labels_of,
    need_image,
    remove_run,
    sweep_containers,
)
from miglint.dryrun.interfaces import EngineLostError, EngineMissingError
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.postgres.embedded import RUNNER, need_driver
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.postgres.server import Access, PostgresServer
from miglint.dryrun.results import EngineInfo
from miglint.dryrun.workspace import Workspace

__all__ = ["docker_answers", "image_of", "start_container"]

_IMAGE = "postgres:{version}"
_VERSION = "16"
_PROCESSORS = 2
_PROCESSES = 128
_START_SECONDS = 60.0
_LOOK_SECONDS = 0.1
_LOOPBACK = "127.0.0.1"
_PORT = 5432
_USER = "miglint"
_NAME = pattern(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,500}")
_DATA = "/var/lib/postgresql"
_SOCKETS = "/miglint"
_SOCKET = f".s.PGSQL.{_PORT}"
_LONGEST_SOCKET = 107
_ERROR = pattern(r".*\b(FATAL|PANIC|ERROR|error):")
_GONE = "the PostgreSQL container was lost"
_SETTINGS = (
    "fsync=off", "full_page_writes=off", "synchronous_commit=off", "wal_level=minimal", "max_wal_senders=0",
    "autovacuum=off", "jit=off", "shared_buffers=64MB", "max_connections=24", "timezone=UTC", "checkpoint_timeout=1d",
    "min_wal_size=32MB", "max_wal_size=256MB", "max_parallel_workers_per_gather=0",
    "max_parallel_maintenance_workers=0", "log_min_messages=fatal", "log_min_error_statement=panic",
    "log_line_prefix=",
)  # fmt: skip

# The guard process outlives this one: it notices the end of this process by the closed pipe.
_GUARD = """
import sys
if not sys.stdin.buffer.read():
    from miglint.dryrun.container.host import remove_left
    remove_left(sys.argv[1])
"""


def start_container(image: str | None, version: str | None, limits: Limits, deadline: Deadline) -> PostgresEngine:
    """Start a container and connect to its server.

    `image` is the image name, in which `{version}` is replaced by `version` (`"16"`). Raises `EngineMissingError` if
    there is no container engine, no such image, or if it has another version.
    """
    need_driver()
    chosen = image_of(image, version)
    with client_of_engine() as client:
        sweep_containers(client)
        need_image(client, chosen)
        host = host_of(client)
    engine = _engine(_Container(chosen, limits, host, Workspace()), limits, deadline) if host.same_system else None
    # A shared socket may still be unusable: a sandboxed engine sees other folders under the same paths.
    engine = engine or _engine(_Container(chosen, limits, host, None), limits, deadline)
    assert engine is not None
    major = str(engine.server.version // 10_000)
    wanted = (version or "").split(".")[0].split("-")[0]
    if wanted.isdecimal() and wanted != major:
        engine.close()
        raise EngineMissingError(f"image {chosen} contains PostgreSQL {major}, but version {version} was requested")
    return engine


def image_of(image: str | None, version: str | None) -> str:
    """Return the image name for a version; the default is `postgres:16`.

    Raises `EngineMissingError` for what is no name: the configuration may be a stranger's, and messages have commands
    with it that people run.
    """
    name = (image or _IMAGE).replace("{version}", version or _VERSION)
    if not _NAME.fullmatch(name):
        raise EngineMissingError(f"`{name}` is not the name of a container image")
    return name


class _Container:
    """A container and its resources. With a workspace, its server is reached through a socket in it."""

    def __init__(self, image: str, limits: Limits, host: ContainerHost, workspace: Workspace | None) -> None:
        self.image = image
        self.password = secrets.token_urlsafe(24)
        self._run = secrets.token_hex(8)
        self._limits = limits
        self._host = host
        self._workspace = workspace
        self._sockets: Path | None = None
        # Memory for a few copies of a database, each of which has its own limit.
        self._data_bytes = limits.disk * 2
        self._memory = self._data_bytes + limits.memory
        self._container: Any = None
        self._guard = subprocess.Popen(
            [sys.executable, "-P", "-c", _GUARD, self._run],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        atexit.register(self.close)

    def start(self) -> None:
        """Start the container and wait for its server; raises `EngineMissingError` with the server's message."""
        from docker.errors import DockerException  # type: ignore[import-untyped]  # docker has no types  # optional
        from testcontainers.core.config import testcontainers_config as config

        # Our guard process cleans up; testcontainers' own cleanup container would get full access to the engine.
        watched, config.ryuk_disabled = config.ryuk_disabled, True
        try:
            self._container = self._made()
            self._container.start()
        except (DockerException, OSError) as error:
            raise EngineMissingError(f"container {self.image} did not start: {first_line(error)}") from None
        finally:
            config.ryuk_disabled = watched
        try:
            self._wait()
        except EngineLostError as lost:
            raise EngineMissingError(
                f"container {self.image} did not start: {str(lost).removeprefix(_GONE)[2:]}"
            ) from None

    def _wait(self) -> None:
        """Wait for the server; raises `EngineLostError` with the reason if it does not respond."""
        from docker.errors import DockerException

        until = time.monotonic() + _START_SECONDS
        # While they initialize, images run a temporary server on sockets only; the final one listens on ports.
        ready = ["pg_isready", "-q", "-h", _LOOPBACK, "-p", str(_PORT), "-U", _USER, "-d", "postgres"]
        while time.monotonic() < until:
            self._need_running()
            # The container may exit between the two calls; the next round reports that.
            with contextlib.suppress(DockerException, OSError):
                if self._container.exec(ready).exit_code == 0:
                    return
            time.sleep(_LOOK_SECONDS)
        raise EngineLostError(f"{_GONE}: its server does not respond: {self._last_line()}")

    def _made(self) -> Any:
        from docker.types import LogConfig, Mount, Ulimit  # type: ignore[import-untyped]  # docker has no types
        from testcontainers.core.container import DockerContainer

        labels = labels_of(self._run)
        settings = [*_SETTINGS, f"temp_file_limit={self._limits.disk // 1024}kB"]
        kwargs: dict[str, Any] = {
            "mem_limit": self._memory,
            "memswap_limit": self._memory,
            "nano_cpus": min(_PROCESSORS, self._host.processors) * 1_000_000_000,
            "pids_limit": _PROCESSES,
            # Exceeding a per-process limit is an error; exceeding the container's limit would stop the whole server.
            "ulimits": [Ulimit(name="data", soft=self._limits.memory, hard=self._limits.memory)],
            "security_opt": ["no-new-privileges"],
            "cap_drop": ["ALL"],
            "cap_add": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"],
            # The data is kept in memory, whatever volumes the image declares.
            "mounts": [Mount(_DATA, None, type="tmpfs", tmpfs_size=self._data_bytes, tmpfs_mode=0o1777)],
            "log_config": LogConfig(type="json-file", config={"max-size": "1m"}),
            "labels": labels,
        }
        container = DockerContainer(self.image)
        # testcontainers may be configured to prefix a registry; this image name is complete and already present.
        container.image = self.image
        container.with_envs(POSTGRES_USER=_USER, POSTGRES_PASSWORD=self.password, POSTGRES_DB="postgres")
        container.with_env("PGDATA", f"{_DATA}/miglint")
        if self._workspace is not None:
            self._sockets = self._workspace.path / "s"
            self._sockets.mkdir()
            # The server's account has an unknown number; the folder above is not accessible to other accounts.
            self._sockets.chmod(0o777)
            settings.append(f"unix_socket_directories=/var/run/postgresql,{_SOCKETS}")
            container.with_volume_mapping(self._sockets, _SOCKETS, "rw,z")
            kwargs["network"] = "none"
        else:
            kwargs |= self._network(labels)
            loopback: Any = {f"{_PORT}/tcp": (_LOOPBACK, None)}
            if self._host.near:
                container.ports = loopback
            else:
                container.with_exposed_ports(_PORT)
        command = ["postgres", *(word for setting in settings for word in ("-c", setting))]
        return container.with_command(command).with_kwargs(**kwargs)

    def _network(self, labels: dict[str, str]) -> dict[str, Any]:
        """Create an isolated network without access to the outside, except for one published port."""
        options = {
            "com.docker.network.bridge.enable_ip_masquerade": "false",
            "com.docker.network.bridge.enable_icc": "false",
        }
        name = f"miglint-{self._run}"
        with client_of_engine() as client:
            client.networks.create(name, driver="bridge", options=options, labels=labels)
        # A TTL of one hop is enough for replies from the published port and blocks everything else.
        hops = {"sysctls": {"net.ipv4.ip_default_ttl": "1"}} if self._host.near else {}
        return {"network": name, "dns": [_LOOPBACK], **hops}

    def access(self) -> Access | None:
        """Return the connection address; None if the socket is not usable from this side."""
        if self._sockets is not None:
            path = self._sockets / _SOCKET
            usable = path.is_socket() and len(os.fsencode(path)) <= _LONGEST_SOCKET
            return Access(str(self._sockets), _PORT, _USER, self.password) if usable else None
        host = _LOOPBACK if self._host.near else self._container.get_container_host_ip()
        return Access(host, int(self._container.get_exposed_port(_PORT)), _USER, self.password)

    def check(self) -> None:
        """Raise `EngineLostError` with the reason if the container is not running.

        After a process is killed, for example at the memory limit, the server restarts; wait for that.
        """
        self._wait()

    def _need_running(self) -> None:
        from docker.errors import DockerException, NotFound

        try:
            wrapped = self._container.get_wrapped_container()
            wrapped.reload()
        except NotFound:
            raise EngineLostError(f"{_GONE}: it was removed") from None
        except (DockerException, OSError):
            raise EngineLostError(f"{_GONE}: the container engine does not respond") from None
        state = wrapped.attrs["State"]
        if state["Status"] in ("created", "running", "restarting"):
            return
        last = self._last_line()
        raise EngineLostError(f"{_GONE}: it exited with status {state.get('ExitCode')}{last and ': '}{last}")

    def _last_line(self) -> str:
        """Return the last line of the container's output that is an error, or else the last line."""
        from docker.errors import DockerException

        with contextlib.suppress(DockerException, OSError):
            lines = self._container.get_wrapped_container().logs(tail=20).decode("utf-8", "replace").splitlines()
            last = [line.strip() for line in reversed(lines) if line.strip()]
            return next((line for line in last if _ERROR.match(line)), last[0] if last else "")[:300]
        return ""

    def close(self) -> None:
        """Remove the container and its resources; never raises, and may be called twice."""
        from docker.errors import DockerException

        atexit.unregister(self.close)
        pipe = self._guard.stdin
        if pipe is not None and not pipe.closed:
            # If the engine fails to remove it now, the guard process and then the next run try again.
            with contextlib.suppress(EngineMissingError, DockerException, OSError):
                with client_of_engine() as client:
                    remove_run(client, self._run)
                pipe.write(b"removed")
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                pipe.close()
                self._guard.wait(10)
        if self._container is not None:
            self._container.get_docker_client().client.close()
        if self._workspace is not None:
            self._workspace.close()


def _engine(container: _Container, limits: Limits, deadline: Deadline) -> PostgresEngine | None:
    """Start a container and connect to it; None if its socket is not usable."""
    try:
        container.start()
        access = container.access()
        if access is None:
            container.close()
            return None
        try:
            server = PostgresServer(access, limits, deadline, runner=RUNNER)
        except EngineLostError as lost:
            raise EngineMissingError(f"cannot connect to the server in container {container.image}: {lost}") from None
        with server.admin() as admin:
            version = (admin.query("SHOW server_version")[0][0][0] or "").split(" ")[0]
    except BaseException:
        container.close()
        raise
    server.check = container.check
    info = EngineInfo("docker", "PostgreSQL", version, f"image {container.image}")
    return PostgresEngine(server, info, container.close)
