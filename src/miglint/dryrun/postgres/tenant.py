"""The roles and databases of one history on a PostgreSQL server."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from miglint.dryrun.interfaces import EngineLostError
from miglint.dryrun.postgres.connection import QueryError, Sent, Session, literal, quoted
from miglint.dryrun.postgres.roles import Login, Roles, reading_session_of, session_of
from miglint.dryrun.postgres.server import PostgresServer, drop_database, end_prepared

# The database of a history's earlier state, which a later run starts from.
SET_ASIDE = "miglint_set_aside"


class Tenant:
    """The roles and databases of one history on a server."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._prefix, owner = server.reserve_names()
        self.roles = Roles(server, self._prefix, owner, shared=server.shares_role)
        self._lock = threading.Lock()
        self._number = 0
        self._databases: set[str] = set()
        self._found: tuple[str, ...] = ()
        self._sent: dict[str, Sent] = {}
        server.add(self)

    @property
    def may_replicate(self) -> bool:
        """Whether sessions of the scripts' role may disable triggers and foreign keys, as a replica does."""
        return self.server.superuser and (self.server.shares_role or self.server.version >= 150000)

    def create(self, template: str = "template0") -> str:
        """Create a database owned by the scripts' role and return its name."""
        self.server.need_sessions_to_end()
        server = self.server
        with self._lock:
            self._number += 1
            name = f"{self._prefix}_{self._number}"
            self._databases.add(name)
        encoding = " ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'" if template == "template0" else ""
        owner = f"OWNER {quoted(self.roles.owner)} TEMPLATE {quoted(template)}"
        statement = f"CREATE DATABASE {quoted(name)} {owner}{encoding}{self._strategy}"
        try:
            with server.admin() as admin:
                admin.query(statement)
        except QueryError:
            if not end_prepared(server, template):
                raise
            with server.admin() as admin:
                admin.query(statement)
        if template == "template0" and server.superuser and server.version < 150000:
            with contextlib.closing(server.admin_in(name)) as session:
                session.query(f"ALTER SCHEMA public OWNER TO {quoted(self.roles.owner)}")
        return name

    def set_aside(self, database: str) -> None:
        """Copy a database to one that no script can connect to, change or drop."""
        with self.server.admin() as admin:
            admin.query(f"DROP DATABASE IF EXISTS {SET_ASIDE}")
            admin.query(
                f"CREATE DATABASE {SET_ASIDE} TEMPLATE {quoted(database)} ALLOW_CONNECTIONS false{self._strategy}"
            )

    @property
    def _strategy(self) -> str:
        return " STRATEGY FILE_COPY" if self.server.copies_files and self.server.version >= 150000 else ""

    def session(self, database: str, login: Login) -> Session:
        """Return a new session for scripts."""
        return self._opened(login, lambda: session_of(self.server, self.roles, login, database))

    def reading_session(self, database: str) -> Session:
        """Return a new session that reads the catalog."""
        return self._opened(self.roles.reader, lambda: reading_session_of(self.server, self.roles, database))

    def _opened(self, login: Login, opened: Callable[[], Session]) -> Session:
        self.server.need_sessions_to_end()
        try:
            session = opened()
        except EngineLostError:
            self.server.check()
            # A change by a script of the other lane that has not been audited yet.
            self.roles.refresh(login)
            self._found += self._audited("")
            session = opened()
        session.give_up = self.server.stuck.add
        session.sent = self._sent.setdefault(login.name, session.sent)
        return session

    def end_prepared(self, database: str) -> tuple[str, ...]:
        """Roll back the transactions that a script left prepared, whose locks nothing ends; return what it has done."""
        if not self.server.prepares:
            return ()
        try:
            left = end_prepared(self.server, database)
        except (EngineLostError, QueryError):
            self.server.check()
            # What a script has set for its database keeps sessions out of it, or ends their statements.
            self._found += self._audited(database)
            try:
                left = end_prepared(self.server, database)
            except QueryError:
                return ()
        self.server.tested_limits = self.server.tested_limits or bool(left)
        return tuple(f"leaves the prepared transaction {gid}" for gid in left)

    def audit(self, database: str) -> tuple[str, ...]:
        """Revert changes that scripts in a database made outside of it, and return descriptions of them."""
        found, self._found = self._found, ()
        found += self._audited(database)
        self.server.tested_limits = self.server.tested_limits or bool(found)
        return found

    def _audited(self, database: str) -> tuple[str, ...]:
        with self._lock:
            databases = tuple(self._databases)
        return self.roles.audit(databases, database)

    def has_settings(self, database: str) -> bool:
        """Return whether a database has its own session settings."""
        with self.server.admin() as admin:
            rows = admin.query(
                "SELECT EXISTS (SELECT FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d"
                f" ON d.oid = s.setdatabase WHERE d.datname = {literal(database)})"
            )
        return rows[0][0][0] == "t"

    def remove(self, database: str) -> None:
        """Drop one of miglint's databases; never raises."""
        if self.server.stuck:
            return
        with contextlib.suppress(EngineLostError):
            gone = drop_database(self.server, database)
            with self._lock:
                if gone:
                    self._databases.discard(database)

    def close(self) -> None:
        """Drop the databases and the roles; never raises. What cannot go now is dropped with the server's sessions."""
        with contextlib.suppress(EngineLostError):
            if self.server.stuck:
                self.server.note_left(self._databases)
                return
            for name in sorted(self._databases):
                self.remove(name)
            if self.roles.drop() and not self._databases:
                self.server.forget(self, self.roles.owner)
