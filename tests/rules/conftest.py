"""One PostgreSQL server for all tests about rules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.postgres.embedded import start_embedded
from miglint.dryrun.postgres.engine import PostgresEngine


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresEngine]:
    engine = start_embedded(Limits(), Deadline.after(3600), "for the rule book")
    yield engine
    engine.close()
