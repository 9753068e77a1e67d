"""PostgreSQL in a container: any version, with bounds on what it may use, and gone at the end."""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import os
import secrets
import socket
from collections.abc import Callable
from typing import Any

from miglint.dryrun.embedded import need_driver
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.postgres import PostgresEngine
from miglint.dryrun.protocol import EngineLostError, EngineMissingError
from miglint.dryrun.results import EngineInfo
from miglint.dryrun.url import connect_url

_INSTALL = "pip install 'miglint[docker]'"
_DEFAULT_VERSION = "16"
_MEMORY = "1g"
_CPU_NANOS = 2_000_000_000
_PROCESSES = 128
_LOOPBACK = "127.0.0.1"
_LABEL = "miglint.dry-run"
_SETTINGS = (
    "fsync=off", "full_page_writes=off", "synchronous_commit=off", "wal_level=minimal", "max_wal_senders=0",
    "autovacuum=off", "jit=off", "shared_buffers=64MB", "max_connections=24", "timezone=UTC",
)  # fmt: skip


def docker_answers() -> bool:
    """Tell whether a container engine can be reached."""
    if importlib.util.find_spec("testcontainers") is None:
        return False
    import docker  # type: ignore[import-untyped]  # optional

    try:
        client = docker.from_env(timeout=3)
        try:
            return bool(client.ping())
        finally:
            client.close()
    except Exception:  # the client raises errors of several libraries, and all of them mean no
        return False


def start_container(image: str | None, version: str | None, limits: Limits, deadline: Deadline) -> PostgresEngine:
    """Start a container and connect to it; raises `EngineMissingError` when that cannot be."""
    need_driver()
    if importlib.util.find_spec("testcontainers") is None:
        raise EngineMissingError(
            f"testcontainers, which starts containers, is not installed; install it with: {_INSTALL}"
        )
    if not docker_answers():
        raise EngineMissingError(
            "no Docker or Podman engine answers here; start one, on Debian and Ubuntu with: apt install docker.io"
        )
    sweep_containers()
    chosen = image or f"postgres:{version or _DEFAULT_VERSION}"
    if image is not None and version is not None and "{version}" in image:
        chosen = image.replace("{version}", version)
    password = secrets.token_urlsafe(24)
    container = _container(chosen, password, limits)
    stop = _stopper(container)
    try:
        try:
            container.start()
        except Exception as error:  # errors of the engine's client, of the image's registry, and of waiting
            raise EngineMissingError(f"the container {chosen} did not start: {_first_line(error)}") from None
        host = _LOOPBACK if _engine_is_here() else container.get_container_host_ip()
        port = container.get_exposed_port(5432)
        engine = connect_url(
            f"postgresql://miglint:{password}@{host}:{port}/postgres",
            limits,
            deadline,
            kind="docker",
            why="as asked for",
        )
    except BaseException:
        stop()
        raise
    server = engine.server
    info = EngineInfo("docker", "PostgreSQL", engine.info.version, f"image {chosen}")

    def check() -> None:
        with contextlib.suppress(Exception):
            wrapped = container.get_wrapped_container()
            wrapped.reload()
            if wrapped.status == "running":
                return
        raise EngineLostError("the PostgreSQL container went away: it was stopped or removed")

    server.check = check
    return PostgresEngine(server, info, stop)


def _container(image: str, password: str, limits: Limits) -> Any:
    from testcontainers.community.postgres import PostgresContainer

    command = " ".join(f"-c {setting}" for setting in (*_SETTINGS, f"temp_file_limit={limits.disk // 1024}kB"))
    container = PostgresContainer(image, username="miglint", password=password, dbname="postgres", driver=None)
    # The data is in memory, whatever folder the image has declared as a volume.
    container.with_env("PGDATA", "/var/lib/postgresql/miglint").with_tmpfs_mount("/var/lib/postgresql")
    if _engine_is_here():
        ports: Any = {"5432/tcp": (_LOOPBACK, None)}
        container.ports = ports
    return container.with_command(f"postgres {command}").with_kwargs(
        mem_limit=_MEMORY,
        nano_cpus=_CPU_NANOS,
        pids_limit=_PROCESSES,
        security_opt=["no-new-privileges"],
        cap_drop=["ALL"],
        cap_add=["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"],
        # Scripts have no way to the network, and the server has no name to look up there.
        dns=["127.0.0.1"],
        labels={_LABEL: f"{socket.gethostname()} {os.getpid()}"},
    )


def _engine_is_here() -> bool:
    """Tell whether the engine is on this machine, so that the port need not be open to others."""
    return os.environ.get("DOCKER_HOST", "unix://").startswith(("unix://", "npipe://"))


def sweep_containers() -> None:
    """Remove the containers of processes of this machine that ended without removing them; never raises."""
    import docker  # optional

    with contextlib.suppress(Exception):
        client = docker.from_env(timeout=10)
        for container in client.containers.list(all=True, filters={"label": _LABEL}):
            host, _, pid = container.labels[_LABEL].partition(" ")
            if host == socket.gethostname() and not _alive(int(pid)):
                container.remove(force=True, v=True)
        client.close()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _stopper(container: Any) -> Callable[[], None]:
    def stop() -> None:
        atexit.unregister(stop)
        with contextlib.suppress(Exception):
            container.stop(force=True, delete_volume=True)

    atexit.register(stop)
    return stop


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
