"""The servers that the table of locks is measured on: the embedded one, and PostgreSQL 15 where it is installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.postgres.embedded import start_cluster, start_embedded
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.postgres.programs import programs_in

OLDER = Path("/usr/lib/postgresql/15/bin")
MAJORS = (15, 18)


def start(major: int) -> PostgresEngine | None:
    """Start a server of that version, or return None when its programs are not on this machine."""
    if major == 18:
        return start_embedded(Limits(), Deadline.after(900), "to measure locks")
    programs = programs_in(OLDER)
    if programs is None:
        return None
    return start_cluster(programs, "local", Limits(), Deadline.after(900), "to measure locks")


@contextmanager
def session(engine: PostgresEngine) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Lend a connection as superuser to the server's own database."""
    access = engine.server.access
    connection = psycopg.connect(
        access.conninfo(access.user, access.password, "postgres"), autocommit=True, prepare_threshold=None
    )
    try:
        yield connection
    finally:
        connection.close()
