"""PostgreSQL in containers, on a real engine: `containers/make_image.sh NAME` makes an image where no registry is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from miglint.dryrun.container import docker_answers, start_container, sweep_containers
from miglint.dryrun.limits import Deadline
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.protocol import EngineMissingError
from miglint.dryrun.runner import dry_run

from .histories import LIMITS, executed, history, migration

IMAGE = os.environ.get("MIGLINT_TEST_IMAGE", "")
pytestmark = pytest.mark.skipif(
    not IMAGE or not docker_answers(), reason="needs a container engine, and MIGLINT_TEST_IMAGE to name an image"
)
PAIR = migration("CREATE TABLE IF NOT EXISTS a (x int);", "DROP TABLE IF EXISTS a;")


def containers() -> list[str]:
    command = ["docker", "ps", "-aq", "--filter", "label=miglint.dry-run"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    assert containers() == []


def test_the_seven_steps_run_in_a_container() -> None:
    engine = start_container(IMAGE, None, LIMITS, Deadline.after(120))
    try:
        assert engine.info.kind == "docker"
        assert [step.ok for step in executed(engine, PAIR).steps] == [True] * 7
        refused = executed(engine, migration("COPY (SELECT 1) TO PROGRAM 'true';")).forward
        assert refused is not None and refused.error is not None and refused.error.limit == "refused"
    finally:
        engine.close()


def test_a_container_that_is_removed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = migration("SELECT pg_sleep(1);", "SELECT 1;")

    def remove(done: int, total: int, name: str) -> None:
        for container in containers() if done == 1 else ():
            subprocess.run(["docker", "rm", "-f", container], check=True, capture_output=True)

    options = DryRunOptions(engine="docker", image=IMAGE, rows=0, limits=LIMITS)
    report = dry_run([history(PAIR, slow, PAIR)], options, progress=remove)
    assert report.histories[0].stopped is not None and "went away" in report.histories[0].stopped


def test_the_container_of_a_killed_process_is_swept() -> None:
    code = (
        "import os; from miglint.dryrun.container import *; from miglint.dryrun.limits import *;"
        f"start_container({IMAGE!r}, None, Limits(), Deadline.after(60)); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert len(containers()) == 1
    sweep_containers()


def test_an_image_that_is_not_there_is_told() -> None:
    with pytest.raises(EngineMissingError, match="did not start"):
        start_container("miglint.invalid/no-such-image:1", None, LIMITS, Deadline.after(60))
