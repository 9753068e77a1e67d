"""The PostgreSQL engine: one server for several histories, each with its own roles and databases."""

from __future__ import annotations

from collections.abc import Callable

from miglint.base.model import Dialect
from miglint.dryrun.postgres.database import PostgresDatabase
from miglint.dryrun.postgres.server import PostgresServer
from miglint.dryrun.postgres.tenant import Tenant
from miglint.dryrun.results import EngineInfo

_STAND_IN = "with the most common functions only, since the embedded server does not include it"


class PostgresEngine:
    """Databases of one server. `stop` ends a server started by miglint; None for the user's own."""

    dialect = Dialect.POSTGRES

    def __init__(self, server: PostgresServer, info: EngineInfo, stop: Callable[[], None] | None) -> None:
        self.info = info
        self.server = server
        self._stop = stop
        server.throwaway = stop is not None

    def create(self) -> PostgresDatabase:
        """Return a new empty database."""
        tenant = Tenant(self.server)
        return PostgresDatabase(tenant, tenant.create(), first=True)

    def check(self) -> None:
        """Raise `EngineLostError` with the reason if the server is not running."""
        self.server.check()

    def troubles(self) -> int:
        """Return how often something happened that may have been another history's doing."""
        return self.server.troubles

    def notes(self) -> list[str]:
        """Return notes about the server for the report."""
        return [
            *self.server.notes,
            *(f"extension {name} is a stand-in {_STAND_IN}" for name in sorted(self.server.used_stand_ins)),
        ]

    def close(self) -> None:
        """Drop everything created, and stop the server if miglint started it."""
        self.server.close(throw_away=self._stop is not None)
        if self._stop is not None:
            self._stop()
