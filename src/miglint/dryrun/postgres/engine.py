"""The PostgreSQL engine: databases on one server, an ordinary role that scripts run as, and copies by template."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator

from miglint.base.model import Dialect
from miglint.base.structs import Struct
from miglint.dryrun.interfaces import EngineLostError
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.postgres.catalog_reader import Reader
from miglint.dryrun.postgres.connection import QueryError, Session, literal, quoted
from miglint.dryrun.postgres.database import PostgresDatabase
from miglint.dryrun.postgres.resource_watch import ResourceWatch
from miglint.dryrun.postgres.superuser_calls import INSTALL
from miglint.dryrun.results import EngineInfo

_GONE_SECONDS = 5.0
_STAND_IN = "with the most used functions only: the embedded server lacks it"


class Access(Struct, frozen=True):
    """How to reach a server as the role that may create databases. `runner` None: scripts run as this role itself."""

    host: str
    port: int
    user: str
    password: str
    database: str = "postgres"
    extra: str = ""

    def conninfo(self, user: str, password: str, database: str) -> str:
        """Return libpq's connection string for a role and a database."""
        from psycopg.conninfo import make_conninfo

        return make_conninfo(
            self.extra, host=self.host, port=self.port, user=user, password=password, dbname=database,
            connect_timeout=10, client_encoding="UTF8", application_name="miglint",
        )  # fmt: skip


class PostgresServer:
    """What databases of one server share: sessions of the administrating role, the runner's role, names and counts."""

    def __init__(self, access: Access, limits: Limits, deadline: Deadline, *, runner: str | None) -> None:
        self.access = access
        self.limits = limits
        self.deadline = deadline
        self.prefix = f"miglint_{secrets.token_hex(5)}"
        self.reader = Reader()
        self.stand_ins: frozenset[str] = frozenset()
        self.used_stand_ins: set[str] = set()
        self.marks_trusted = False
        # In memory a copy of the files is three times as quick as a copy through the log; elsewhere it is slower.
        self.copies_files = False
        self.check: Callable[[], None] = lambda: None
        self.watch = ResourceWatch(self, limits)
        self.notes: tuple[str, ...] = ()
        self._idle: list[Session] = []
        self._lock = threading.Lock()
        self._number = 0
        self._databases: set[str] = set()
        self._role = runner
        self._role_made = False
        self._password = secrets.token_urlsafe(24)
        with self.admin() as admin:
            self.version = admin.version
            rows = admin.query(
                "SELECT name FROM pg_available_extensions; SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
            )
        self.available = frozenset(row[0] or "" for row in rows[0])
        self.superuser = bool(rows[1]) and rows[1][0][0] == "t"
        if runner is not None:
            self._make_role(runner)

    def _make_role(self, name: str) -> None:
        times = (
            f"ALTER ROLE {quoted(name)} SET statement_timeout = {int(self.limits.statement * 1000)};"
            f"ALTER ROLE {quoted(name)} SET lock_timeout = {int(self.limits.lock * 1000)};"
        )
        with self.admin() as admin:
            admin.query(
                f"CREATE ROLE {quoted(name)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
                f" CONNECTION LIMIT 20 PASSWORD {literal(self._password)}; {times}"
            )
            if self.superuser and self.version >= 150000:
                # For the rows that we generate as this role; what it switches off stays within its own database.
                admin.query(f"GRANT SET ON PARAMETER session_replication_role TO {quoted(name)}")
        self._role_made = True

    @property
    def role(self) -> str:
        """The role that scripts run as."""
        return self._role or self.access.user

    @contextlib.contextmanager
    def admin(self) -> Iterator[Session]:
        """Lend a session of the administrating role."""
        with self._lock:
            session = self._idle.pop() if self._idle else None
        if session is None:
            access = self.access
            session = Session(access.conninfo(access.user, access.password, access.database), self.kill)
        try:
            yield session
        except EngineLostError:
            session.close()
            raise
        except BaseException:
            with self._lock:
                self._idle.append(session)
            raise
        else:
            with self._lock:
                self._idle.append(session)

    def admin_in(self, database: str) -> Session:
        """Return a new session of the administrating role in a database."""
        access = self.access
        return Session(access.conninfo(access.user, access.password, database), self.kill)

    def session(self, database: str) -> Session:
        """Return a new session of the scripts' role."""
        password = self._password if self._role is not None else self.access.password
        return Session(self.access.conninfo(self.role, password, database), self.kill)

    def kill(self, pid: int) -> None:
        """End the server's process behind a session that does not stop by itself."""
        with contextlib.suppress(Exception), self.admin() as admin:
            admin.query(f"SELECT pg_terminate_backend({pid})")

    def create(self, template: str = "template0") -> str:
        """Create a database that the scripts' role owns, and return its name."""
        with self._lock:
            self._number += 1
            name = f"{self.prefix}_{self._number}"
            self._databases.add(name)
        encoding = " ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'" if template == "template0" else ""
        strategy = " STRATEGY FILE_COPY" if self.copies_files and self.version >= 150000 else ""
        with self.admin() as admin:
            owner = f"OWNER {quoted(self.role)} TEMPLATE {quoted(template)}"
            admin.query(f"CREATE DATABASE {quoted(name)} {owner}{encoding}{strategy}")
        if template == "template0" and self.superuser:
            session = self.admin_in(name)
            if self.version < 150000:
                session.query(f"ALTER SCHEMA public OWNER TO {quoted(self.role)}")
            session.query(INSTALL)
            session.close()
        return name

    def wait_gone(self, database: str) -> None:
        """Wait until nobody is connected to a database: the server itself looks only ten times a second."""
        until = time.monotonic() + _GONE_SECONDS
        with self.admin() as admin:
            while time.monotonic() < until:
                rows = admin.query(f"SELECT count(*) FROM pg_stat_activity WHERE datname = {literal(database)}")
                if rows[0][0][0] == "0":
                    return
                time.sleep(0.001)

    def remove(self, database: str) -> None:
        """Drop a database of ours; never raises."""
        with contextlib.suppress(EngineLostError, QueryError):
            with self.admin() as admin:
                admin.query(f"DROP DATABASE IF EXISTS {quoted(database)} WITH (FORCE)")
            with self._lock:
                self._databases.discard(database)

    def close(self, *, throw_away: bool) -> None:
        """Close all sessions; on a server that stays, drop our databases and our role before."""
        self.watch.stop()
        if not throw_away:
            for name in sorted(self._databases):
                self.remove(name)
            if self._role_made:
                with contextlib.suppress(EngineLostError, QueryError), self.admin() as admin:
                    admin.query(f"DROP OWNED BY {quoted(self.role)}; DROP ROLE IF EXISTS {quoted(self.role)}")
        with self._lock:
            idle, self._idle = self._idle, []
        for session in idle:
            session.close()


class PostgresEngine:
    """Databases of one server. `stop` ends what was started for it; None when the server is the user's own."""

    dialect = Dialect.POSTGRES

    def __init__(self, server: PostgresServer, info: EngineInfo, stop: Callable[[], None] | None) -> None:
        self.info = info
        self.server = server
        self._stop = stop

    def create(self) -> PostgresDatabase:
        """Return a new empty database."""
        return PostgresDatabase(self.server, self.server.create())

    def check(self) -> None:
        """Raise `EngineLostError` with the reason when the server is no longer there."""
        self.server.check()

    def notes(self) -> list[str]:
        """Return what a reader of the results should know about the server."""
        return [
            *self.server.notes,
            *(f"the extension {name} is a stand-in here {_STAND_IN}" for name in sorted(self.server.used_stand_ins)),
        ]

    def close(self) -> None:
        """Drop what was made, and stop the server if it is ours."""
        self.server.close(throw_away=self._stop is not None)
        if self._stop is not None:
            self._stop()
