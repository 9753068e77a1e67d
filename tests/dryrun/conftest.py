"""Histories made of texts, and engines that the tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.postgres.embedded import start_embedded
from miglint.dryrun.postgres.engine import PostgresEngine

from .engine_of_containers import Images, container_engine
from .histories import LIMITS


@pytest.fixture(scope="session")
def embedded() -> Iterator[PostgresEngine]:
    engine = start_embedded(LIMITS, Deadline.after(3600), "for the tests")
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def images(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    """Images of PostgreSQL on an engine for containers, for the tests of one worker."""
    # There is none with `-p no:cacheprovider`.
    cache: pytest.Cache | None = getattr(pytestconfig, "cache", None)
    with container_engine(cache.mkdir("containers") if cache else tmp_path_factory.mktemp("containers")) as found:
        yield found


@pytest.fixture
def limits() -> Limits:
    return LIMITS
