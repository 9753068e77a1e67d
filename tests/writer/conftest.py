"""The server that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.postgres.embedded import start_embedded
from miglint.dryrun.postgres.engine import PostgresEngine


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresEngine]:
    engine = start_embedded(Limits(), Deadline.after(3600), "for the tests")
    yield engine
    engine.close()
