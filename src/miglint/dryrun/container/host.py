"""Container engines: discovery, miglint's resources on them, and removal of leftovers."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from miglint.base.structs import Struct
from miglint.dryrun.interfaces import EngineMissingError
from miglint.dryrun.processes import is_running

# Labels that identify miglint's containers across runs, and those of one run.
_OWNER = "miglint.dry-run"
_RUN = "miglint.dry-run.run"
_INSTALL = "pip install 'miglint[docker]'"
_PODMAN_SOCKETS = ("{runtime}/podman/podman.sock", "/run/podman/podman.sock")
_LOCAL = ("unix://", "npipe://", "http+unix://")


class ContainerHost(Struct, frozen=True):
    """Properties of a container engine.

    `same_system`: it runs on this system, so that sockets in containers are usable here. `near`: its ports can be bound
    to this machine's loopback address, as with an engine in a local virtual machine. `processors`: number of
    processors.
    """

    same_system: bool
    near: bool
    processors: int


def docker_answers() -> bool:
    """Return whether a container engine is available."""
    if importlib.util.find_spec("testcontainers") is None:
        return False
    with contextlib.suppress(EngineMissingError), client_of_engine(3):
        return True
    return False


@contextlib.contextmanager
def client_of_engine(seconds: int = 60) -> Iterator[Any]:
    """Yield a client with a timeout of `seconds`; raises `EngineMissingError` if no engine responds."""
    if importlib.util.find_spec("testcontainers") is None:
        raise EngineMissingError(f"testcontainers is not installed; install it with: {_INSTALL}")
    from docker.errors import DockerException  # type: ignore[import-untyped]  # optional
    from testcontainers.core.docker_client import DockerClient

    _find_podman()
    try:
        client = DockerClient(timeout=seconds).client
        client.ping()
    except (DockerException, OSError):
        raise EngineMissingError(
            "no Docker or Podman engine is running; start one, on Debian and Ubuntu with: apt install docker.io"
        ) from None
    try:
        yield client
    finally:
        client.close()


def _find_podman() -> None:
    """Set the client to Podman's socket if there is no Docker socket."""
    if sys.platform == "win32" or "DOCKER_HOST" in os.environ or Path("/var/run/docker.sock").exists():
        return
    for place in _PODMAN_SOCKETS:
        path = Path(place.format(runtime=os.environ.get("XDG_RUNTIME_DIR", "/run")))
        if path.is_socket():
            os.environ["DOCKER_HOST"] = f"unix://{path}"
            return


def host_of(client: Any) -> ContainerHost:
    """Detect the properties of an engine."""
    from testcontainers.core.docker_client import get_docker_host
    from testcontainers.core.utils import inside_container

    about = client.info()
    local = (get_docker_host() or _LOCAL[0]).startswith(_LOCAL)
    same = local and sys.platform == "linux" and about.get("Name") == socket.gethostname()
    same = same and about.get("KernelVersion") == os.uname().release
    return ContainerHost(same, same or (local and not inside_container()), int(about.get("NCPU") or 1))


def need_image(client: Any, image: str) -> None:
    """Pull a missing image; raises `EngineMissingError` if that fails."""
    from docker.errors import DockerException, ImageNotFound

    try:
        client.images.get(image)
        return
    except ImageNotFound:
        pass
    try:
        client.images.pull(image)
    except (DockerException, OSError) as error:
        why = first_line(getattr(error, "explanation", None) or error)
        raise EngineMissingError(
            f"image {image} is missing and cannot be pulled ({why}); pull it with: docker pull {image}"
        ) from None


def labels_of(run: str) -> dict[str, str]:
    """Return the labels for resources of this process's run."""
    return {_OWNER: _owner(), _RUN: run}


def remove_run(client: Any, run: str) -> None:
    """Remove the containers and networks of a run."""
    from docker.errors import NotFound

    label = {"label": f"{_RUN}={run}"}
    for container in client.containers.list(all=True, filters=label, ignore_removed=True):
        with contextlib.suppress(NotFound):
            container.remove(force=True, v=True)
    for network in client.networks.list(filters=label):
        with contextlib.suppress(NotFound):
            network.remove()


def remove_left(run: str) -> None:
    """Remove the leftovers of a finished run."""
    # The engine may still be creating a container that was requested before the run ended.
    for pause in (0.0, 2.0):
        time.sleep(pause)
        # The containers of a stopped engine are stopped too.
        with contextlib.suppress(EngineMissingError), client_of_engine() as client:
            remove_run(client, run)


def sweep_containers(client: Any) -> None:
    """Remove leftovers of processes of this machine that ended without cleaning up."""
    filters = {"label": _OWNER}
    left = client.containers.list(all=True, filters=filters, ignore_removed=True)
    labels = [found.labels for found in left] + [
        found.attrs.get("Labels") or {} for found in client.networks.list(filters=filters)
    ]
    for found in labels:
        place, _, pid = found[_OWNER].rpartition(" ")
        if place == _owner().rpartition(" ")[0] and pid.isdecimal() and not is_running(int(pid)):
            remove_run(client, found.get(_RUN, ""))


def _owner() -> str:
    """Return an identifier of this process: its number is unique only within its machine and PID namespace."""
    try:
        space = str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        space = "0"
    return f"{socket.gethostname()} {space} {os.getpid()}"


def first_line(error: object) -> str:
    """Return an error message on one line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
