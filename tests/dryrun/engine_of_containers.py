"""The container engine of the tests: one that answers, or one that `containers/engine.sh` makes and ends with them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker.errors import DockerException  # type: ignore[import-untyped]  # docker has no types

from miglint.dryrun.container.host import client_of_engine, docker_answers

SCRIPT = Path(__file__).parent / "containers" / "engine.sh"
PUBLIC = ("postgres:{version}-alpine", ("14", "17"))
MAKE_SECONDS = 300.0


class Images:
    """What tests can start: `image` with `{version}` in it, and the versions there are."""

    def __init__(self, image: str) -> None:
        self.image = image
        self._versions: list[str] = []
        self._why = ""
        self._over = False
        self._changed = threading.Condition(threading.RLock())

    def said(self, line: str) -> None:
        """Take in a line of the script."""
        word, _, rest = line.strip().partition(" ")
        with self._changed:
            if word == "image":
                self._versions.append(rest.split()[0])
            elif word in ("failed", "no"):
                self._why += f"; {rest}"
            self._over = self._over or word in ("done", "no", "")
            self._changed.notify_all()

    def versions(self, count: int) -> tuple[str, ...]:
        """Return so many versions, as soon as they are there; skips the test when they will not be."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or len(self._versions) >= count, MAKE_SECONDS)
            if len(self._versions) < count:
                pytest.skip(f"there are {len(self._versions)} images to start, not {count}{self._why}")
            return tuple(sorted(self._versions[:count], key=int))

    @property
    def version(self) -> str:
        """Return the lowest version, whichever was there first: what a test sees depends on nothing else."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or len(self._versions) > 1, MAKE_SECONDS)
            return min(self._versions, key=int) if self._versions else self.versions(1)[0]

    @property
    def one(self) -> str:
        """Return the name of an image."""
        return self.image.replace("{version}", self.version)


def images_that_answer() -> Images | None:
    """Return the public registry's images on the machine's own engine; None without an engine or without them."""
    if not docker_answers():
        return None
    name, versions = PUBLIC
    images = Images(name)
    with client_of_engine(120) as client:
        for version in versions:
            wanted = name.replace("{version}", version)
            try:
                if not client.images.list(wanted):
                    client.images.pull(wanted)
            except (DockerException, OSError):
                return None
            images.said(f"image {version}")
    images.said("done")
    return images


@contextlib.contextmanager
def engine_of_our_own(cache: Path) -> Iterator[Images]:
    """Start an engine with the script; it ends when its standard input does."""
    process = subprocess.Popen(
        ["sh", str(SCRIPT), str(cache)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    outside = os.environ.get("DOCKER_HOST")
    try:
        word, _, rest = process.stdout.readline().strip().partition(" ")
        if word != "socket":
            pytest.skip(f"no container engine answers, and none can be made here: {rest or 'the script failed'}")
        os.environ["DOCKER_HOST"] = rest
        images = Images("miglint-tests/postgres:{version}")
        threading.Thread(target=_listen, args=(process, images), daemon=True).start()
        yield images
    finally:
        if outside is None:
            os.environ.pop("DOCKER_HOST", None)
        else:
            os.environ["DOCKER_HOST"] = outside
        process.stdin.close()
        process.wait(60)


def _listen(process: subprocess.Popen[str], images: Images) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        images.said(line)
    images.said("")


@contextlib.contextmanager
def container_engine(cache: Path) -> Iterator[Images]:
    """Return an engine with images. Where there can be none, skip the tests and say why.

    With `MIGLINT_TEST_CONTAINERS=0` no engine is used, and with `1` one has to be there.
    """
    wish = os.environ.get("MIGLINT_TEST_CONTAINERS", "")
    if wish == "0":
        pytest.skip("MIGLINT_TEST_CONTAINERS=0 asks for no containers")
    images = images_that_answer()
    if images is not None:
        yield images
        return
    try:
        with engine_of_our_own(cache) as made:
            yield made
    except pytest.skip.Exception as skipped:
        if wish != "1":
            raise
        pytest.fail(f"{skipped.msg}, and MIGLINT_TEST_CONTAINERS=1 asks for one")
