"""The PostgreSQL engine: one server for several histories, each with its own roles and databases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from miglint.base.model import Dialect
from miglint.dryrun.interfaces import EngineLostError
from miglint.dryrun.postgres.connection import QueryError
from miglint.dryrun.postgres.database import PostgresDatabase
from miglint.dryrun.postgres.history_templates import HistoryTemplates, Template
from miglint.dryrun.postgres.os_user import Account
from miglint.dryrun.postgres.server import PostgresServer
from miglint.dryrun.postgres.set_aside import tidied
from miglint.dryrun.postgres.tenant import SET_ASIDE, Tenant
from miglint.dryrun.results import EngineInfo

_STAND_IN = "with the most common functions only, since the embedded server does not include it"


class PostgresEngine:
    """Databases of one server. `stop` ends a server started by miglint; None for the user's own.

    `halt` stops one whose files can be kept, and returns their folder, or None if that failed.
    They belong to `account`.
    """

    dialect = Dialect.POSTGRES

    def __init__(
        self,
        server: PostgresServer,
        info: EngineInfo,
        stop: Callable[[], None] | None,
        halt: Callable[[], Path | None] | None = None,
        account: Account | None = None,
    ) -> None:
        self.info = info
        self.server = server
        self._stop = stop
        self._halt = halt
        self._account = account or Account()
        server.throwaway = stop is not None

    def create(self) -> PostgresDatabase:
        """Return a new empty database."""
        tenant = Tenant(self.server)
        return PostgresDatabase(tenant, tenant.create(), first=True)

    @property
    def notes_of_template(self) -> tuple[str, ...] | None:
        """What was noted about the history that the server started from; None if it started from none."""
        return None if self.server.template is None else self.server.template.notes

    def create_from_template(self) -> PostgresDatabase:
        """Return a new database with the history that the server started from."""
        tenant = Tenant(self.server)
        return PostgresDatabase(tenant, tenant.create(SET_ASIDE), first=True)

    def keep(self, templates: HistoryTemplates, name: str, notes: tuple[str, ...]) -> None:
        """Stop the server, and store its files with the database that was set aside; no database may be in use.

        Nothing is stored if a script reached a limit or changed something outside of its database.
        """
        server = self.server
        if self._halt is None or server.tested_limits or server.troubles:
            return
        try:
            with server.admin() as admin:
                kept = tidied(admin, server.stand_in_roles)
        except (EngineLostError, QueryError):
            return
        if kept is None:
            return
        owner, log = kept
        server.watch.stop()
        data = self._halt()
        if data is not None:
            stand_ins = (tuple(sorted(server.stand_in_roles)), tuple(sorted(server.used_stand_ins)))
            template = Template(server.access.password, owner, *stand_ins, notes, server.reader.started)
            templates.keep(name, template, data, log, self._account)

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
