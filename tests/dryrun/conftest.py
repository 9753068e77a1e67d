"""Histories made of texts, and engines that the tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from miglint.dryrun.embedded import start_embedded
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.postgres import PostgresEngine

from .histories import LIMITS


@pytest.fixture(scope="session")
def embedded() -> Iterator[PostgresEngine]:
    engine = start_embedded(LIMITS, Deadline.after(600), "for the tests")
    yield engine
    engine.close()


@pytest.fixture
def limits() -> Limits:
    return LIMITS
