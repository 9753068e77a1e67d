"""The engine that runs containers: finding it, what it holds of ours, and removing what runs have left on it."""

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

# Whose a container is, for the runs that come after one that could not remove it, and which run's, for that run.
_OWNER = "miglint.dry-run"
_RUN = "miglint.dry-run.run"
_INSTALL = "pip install 'miglint[docker]'"
_PODMAN_SOCKETS = ("{runtime}/podman/podman.sock", "/run/podman/podman.sock")
_LOCAL = ("unix://", "npipe://", "http+unix://")


class Host(Struct, frozen=True):
    """What has to be known of an engine.

    `same_system`: it runs on this system, so that a socket made in a container can be used here. `near`: its ports can
    be those of this machine's loopback, as with an engine in a virtual machine of its own. `processors` it has.
    """

    same_system: bool
    near: bool
    processors: int


def docker_answers() -> bool:
    """Tell whether a container engine can be reached."""
    if importlib.util.find_spec("testcontainers") is None:
        return False
    with contextlib.suppress(EngineMissingError), client_of_engine(3):
        return True
    return False


@contextlib.contextmanager
def client_of_engine(seconds: int = 60) -> Iterator[Any]:
    """Lend a client that waits `seconds` for an answer; raises `EngineMissingError` when no engine gives one."""
    if importlib.util.find_spec("testcontainers") is None:
        raise EngineMissingError(
            f"testcontainers, which starts containers, is not installed; install it with: {_INSTALL}"
        )
    from docker.errors import DockerException  # type: ignore[import-untyped]  # optional
    from testcontainers.core.docker_client import DockerClient

    _find_podman()
    try:
        client = DockerClient(timeout=seconds).client
        client.ping()
    except (DockerException, OSError):
        raise EngineMissingError(
            "no Docker or Podman engine answers here; start one, on Debian and Ubuntu with: apt install docker.io"
        ) from None
    try:
        yield client
    finally:
        client.close()


def _find_podman() -> None:
    """Let the client find Podman where there is no Docker: it looks for Docker's socket only."""
    if sys.platform == "win32" or "DOCKER_HOST" in os.environ or Path("/var/run/docker.sock").exists():
        return
    for place in _PODMAN_SOCKETS:
        path = Path(place.format(runtime=os.environ.get("XDG_RUNTIME_DIR", "/run")))
        if path.is_socket():
            os.environ["DOCKER_HOST"] = f"unix://{path}"
            return


def host_of(client: Any) -> Host:
    """Find out about an engine."""
    from testcontainers.core.docker_client import get_docker_host
    from testcontainers.core.utils import inside_container

    about = client.info()
    local = (get_docker_host() or _LOCAL[0]).startswith(_LOCAL)
    same = local and sys.platform == "linux" and about.get("Name") == socket.gethostname()
    same = same and about.get("KernelVersion") == os.uname().release
    return Host(same, same or (local and not inside_container()), int(about.get("NCPU") or 1))


def need_image(client: Any, image: str) -> None:
    """Fetch an image that is not there; raises `EngineMissingError` when that cannot be."""
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
            f"the image {image} is not here and cannot be fetched ({why}); fetch it with: docker pull {image}"
        ) from None


def labels_of(run: str) -> dict[str, str]:
    """Return the labels of what a run of this process makes."""
    return {_OWNER: _owner(), _RUN: run}


def remove_run(client: Any, run: str) -> None:
    """Remove the containers and the networks of a run."""
    from docker.errors import NotFound

    label = {"label": f"{_RUN}={run}"}
    for container in client.containers.list(all=True, filters=label, ignore_removed=True):
        with contextlib.suppress(NotFound):
            container.remove(force=True, v=True)
    for network in client.networks.list(filters=label):
        with contextlib.suppress(NotFound):
            network.remove()


def remove_left(run: str) -> None:
    """Remove what a run that is over has left on the engine."""
    # The engine may be about to make a container that it was asked for before the run ended.
    for pause in (0.0, 2.0):
        time.sleep(pause)
        # An engine that has ended has taken its containers along.
        with contextlib.suppress(EngineMissingError), client_of_engine() as client:
            remove_run(client, run)


def sweep_containers(client: Any) -> None:
    """Remove what processes of this machine left that ended without removing it."""
    filters = {"label": _OWNER}
    left = client.containers.list(all=True, filters=filters, ignore_removed=True)
    labels = [found.labels for found in left] + [
        found.attrs.get("Labels") or {} for found in client.networks.list(filters=filters)
    ]
    for found in labels:
        place, _, pid = found[_OWNER].rpartition(" ")
        if place == _owner().rpartition(" ")[0] and pid.isdigit() and not _alive(int(pid)):
            remove_run(client, found.get(_RUN, ""))


def _owner() -> str:
    """Return which process of which machine this is: a number means a process only where it was given out."""
    try:
        space = str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        space = "0"
    return f"{socket.gethostname()} {space} {os.getpid()}"


def _alive(pid: int) -> bool:
    if sys.platform == "win32":
        return True  # asking would end it
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def first_line(error: object) -> str:
    """Return what an error says, in one line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
