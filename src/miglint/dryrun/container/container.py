"""PostgreSQL in a container: any version, with bounds on what it may use, no network, and gone at the end."""

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
    Host,
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
from miglint.dryrun.postgres.engine import Access, PostgresEngine, PostgresServer
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
_DATA = "/var/lib/postgresql"
_SOCKETS = "/miglint"
_SOCKET = f".s.PGSQL.{_PORT}"
_LONGEST_SOCKET = 107
_ERROR = pattern(r".*\b(FATAL|PANIC|ERROR|error):")
_GONE = "the PostgreSQL container went away"
_SETTINGS = (
    "fsync=off", "full_page_writes=off", "synchronous_commit=off", "wal_level=minimal", "max_wal_senders=0",
    "autovacuum=off", "jit=off", "shared_buffers=64MB", "max_connections=24", "timezone=UTC", "checkpoint_timeout=1d",
    "min_wal_size=32MB", "max_wal_size=256MB", "max_parallel_workers_per_gather=0",
    "max_parallel_maintenance_workers=0", "log_min_messages=fatal", "log_min_error_statement=panic",
    "log_line_prefix=",
)  # fmt: skip

# Outlives this process by a moment: when that ends, however it ends, its end of the pipe closes.
_GUARD = """
import sys
if not sys.stdin.buffer.read():
    from miglint.dryrun.container.host import remove_left
    remove_left(sys.argv[1])
"""


def start_container(image: str | None, version: str | None, limits: Limits, deadline: Deadline) -> PostgresEngine:
    """Start a container and connect to its server.

    `image` names the image, in which `{version}` stands for `version` (`"16"`). Raises `EngineMissingError` when there
    is no engine, no such image, or another version in it.
    """
    need_driver()
    chosen = image_of(image, version)
    with client_of_engine() as client:
        sweep_containers(client)
        need_image(client, chosen)
        host = host_of(client)
    engine = _engine(_Container(chosen, limits, host, Workspace()), limits, deadline) if host.same_system else None
    # A socket may not come through all the same: an engine that is confined sees other folders under the same names.
    engine = engine or _engine(_Container(chosen, limits, host, None), limits, deadline)
    assert engine is not None
    major = str(engine.server.version // 10_000)
    wanted = (version or "").split(".")[0].split("-")[0]
    if wanted.isdigit() and wanted != major:
        engine.close()
        raise EngineMissingError(f"the image {chosen} holds PostgreSQL {major}, not the {version} that was asked for")
    return engine


def image_of(image: str | None, version: str | None) -> str:
    """Return the name of the image that holds a version: `postgres:16`, when nothing else is said."""
    return (image or _IMAGE).replace("{version}", version or _VERSION)


class _Container:
    """A container, and all that goes with it. With a workspace its server is reached by a socket there."""

    def __init__(self, image: str, limits: Limits, host: Host, workspace: Workspace | None) -> None:
        self.image = image
        self.password = secrets.token_urlsafe(24)
        self._run = secrets.token_hex(8)
        self._limits = limits
        self._host = host
        self._workspace = workspace
        self._sockets: Path | None = None
        # A few copies of a database, each of which is bounded.
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
        """Start it and wait for its server; raises `EngineMissingError` with what the server said."""
        from docker.errors import DockerException  # type: ignore[import-untyped]  # optional
        from testcontainers.core.config import testcontainers_config as config

        # What watches our containers is our guard: no second container, with all rights over the engine, for that.
        watched, config.ryuk_disabled = config.ryuk_disabled, True
        try:
            self._container = self._made()
            self._container.start()
        except (DockerException, OSError) as error:
            raise EngineMissingError(f"the container {self.image} did not start: {first_line(error)}") from None
        finally:
            config.ryuk_disabled = watched
        try:
            self._wait()
        except EngineLostError as lost:
            raise EngineMissingError(
                f"the container {self.image} did not start: {str(lost).removeprefix(_GONE)[2:]}"
            ) from None

    def _wait(self) -> None:
        """Wait for the server; raises `EngineLostError` with the reason when it will not answer."""
        from docker.errors import DockerException

        until = time.monotonic() + _START_SECONDS
        # Images that initialise do so with a server that listens on sockets alone; the one to wait for has ports.
        ready = ["pg_isready", "-q", "-h", _LOOPBACK, "-p", str(_PORT), "-U", _USER, "-d", "postgres"]
        while time.monotonic() < until:
            self._need_running()
            # It may end between the two questions, which the next round will say better.
            with contextlib.suppress(DockerException, OSError):
                if self._container.exec(ready).exit_code == 0:
                    return
            time.sleep(_LOOK_SECONDS)
        raise EngineLostError(f"{_GONE}: its server does not answer: {self._last_line()}")

    def _made(self) -> Any:
        from docker.types import LogConfig, Mount, Ulimit  # type: ignore[import-untyped]
        from testcontainers.core.container import DockerContainer

        labels = labels_of(self._run)
        settings = [*_SETTINGS, f"temp_file_limit={self._limits.disk // 1024}kB"]
        kwargs: dict[str, Any] = {
            "mem_limit": self._memory,
            "memswap_limit": self._memory,
            "nano_cpus": min(_PROCESSORS, self._host.processors) * 1_000_000_000,
            "pids_limit": _PROCESSES,
            # What a process cannot have is an error; at the bound of all together the whole server would end.
            "ulimits": [Ulimit(name="data", soft=self._limits.memory, hard=self._limits.memory)],
            "security_opt": ["no-new-privileges"],
            "cap_drop": ["ALL"],
            "cap_add": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"],
            # The data is in memory, whatever folder the image has declared as a volume.
            "mounts": [Mount(_DATA, None, type="tmpfs", tmpfs_size=self._data_bytes, tmpfs_mode=0o1777)],
            "log_config": LogConfig(type="json-file", config={"max-size": "1m"}),
            "labels": labels,
        }
        container = DockerContainer(self.image)
        # Settings of testcontainers may put a registry before names; this one was named in full, and is there.
        container.image = self.image
        container.with_envs(POSTGRES_USER=_USER, POSTGRES_PASSWORD=self.password, POSTGRES_DB="postgres")
        container.with_env("PGDATA", f"{_DATA}/miglint")
        if self._workspace is not None:
            self._sockets = self._workspace.path / "s"
            self._sockets.mkdir()
            # Whatever number the server's account has in there. Nobody else gets through the folder above.
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
        """Make a network with nobody else in it and no way out of it, but with a port into it."""
        options = {
            "com.docker.network.bridge.enable_ip_masquerade": "false",
            "com.docker.network.bridge.enable_icc": "false",
        }
        name = f"miglint-{self._run}"
        with client_of_engine() as client:
            client.networks.create(name, driver="bridge", options=options, labels=labels)
        # Packets end at the first machine they come to: the port's answers need go no further, and nothing else may.
        hops = {"sysctls": {"net.ipv4.ip_default_ttl": "1"}} if self._host.near else {}
        return {"network": name, "dns": [_LOOPBACK], **hops}

    def access(self) -> Access | None:
        """Return how to reach the server; None when its socket does not come through to this side."""
        if self._sockets is not None:
            path = self._sockets / _SOCKET
            usable = path.is_socket() and len(os.fsencode(path)) <= _LONGEST_SOCKET
            return Access(str(self._sockets), _PORT, _USER, self.password) if usable else None
        host = _LOOPBACK if self._host.near else self._container.get_container_host_ip()
        return Access(host, int(self._container.get_exposed_port(_PORT)), _USER, self.password)

    def check(self) -> None:
        """Raise `EngineLostError` with the reason when it does not run any more.

        A server that lost one of its processes, as to the bound on memory, is waited for: it starts anew.
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
            raise EngineLostError(f"{_GONE}: the container engine does not answer any more") from None
        state = wrapped.attrs["State"]
        if state["Status"] in ("created", "running", "restarting"):
            return
        said = self._last_line()
        raise EngineLostError(f"{_GONE}: it ended with status {state.get('ExitCode')}{said and ': '}{said}")

    def _last_line(self) -> str:
        """Return the last line of what the container wrote that tells of an error, else the last; empty without any."""
        from docker.errors import DockerException

        with contextlib.suppress(DockerException, OSError):
            lines = self._container.get_wrapped_container().logs(tail=20).decode("utf-8", "replace").splitlines()
            said = [line.strip() for line in reversed(lines) if line.strip()]
            return next((line for line in said if _ERROR.match(line)), said[0] if said else "")[:300]
        return ""

    def close(self) -> None:
        """Remove it and what was made for it; never raises, and may be called twice."""
        from docker.errors import DockerException

        atexit.unregister(self.close)
        pipe = self._guard.stdin
        if pipe is not None and not pipe.closed:
            # When the engine does not do it now, the guard tries again, and then the next run.
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
    """Start a container and connect to it; None when its socket does not come through."""
    try:
        container.start()
        access = container.access()
        if access is None:
            container.close()
            return None
        try:
            server = PostgresServer(access, limits, deadline, runner=RUNNER)
        except EngineLostError as lost:
            raise EngineMissingError(
                f"the server in the container {container.image} cannot be reached: {lost}"
            ) from None
        with server.admin() as admin:
            version = (admin.query("SHOW server_version")[0][0][0] or "").split(" ")[0]
    except BaseException:
        container.close()
        raise
    server.check = container.check
    info = EngineInfo("docker", "PostgreSQL", version, f"image {container.image}")
    return PostgresEngine(server, info, container.close)
