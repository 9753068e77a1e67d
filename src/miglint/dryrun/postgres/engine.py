"""The PostgreSQL engine: one server for several histories, each with its own roles and databases."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping

from miglint.base.model import Dialect
from miglint.base.structs import Struct
from miglint.dryrun.interfaces import EngineLostError
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.postgres.catalog_reader import Reader
from miglint.dryrun.postgres.connection import QueryError, Session, literal, quoted
from miglint.dryrun.postgres.database import PostgresDatabase
from miglint.dryrun.postgres.resource_watch import ResourceWatch
from miglint.dryrun.postgres.roles import Login, Roles, reading_session_of, session_of
from miglint.dryrun.results import EngineInfo

_GONE_SECONDS = 5.0
_STAND_IN = "with the most common functions only, since the embedded server does not include it"
# Prefix of the names of databases and roles, followed by a random part.
PREFIX = "miglint_"


class Access(Struct, frozen=True):
    """Connection parameters of a server, as a role that may create databases."""

    host: str
    port: int
    user: str
    password: str
    database: str = "postgres"
    extra: str = ""

    def conninfo(self, user: str, password: str, database: str, settings: Mapping[str, str] | None = None) -> str:
        """Return libpq's connection string for a role and a database; the session starts with `settings`."""
        from psycopg.conninfo import conninfo_to_dict, make_conninfo

        given: dict[str, str] = {}
        if settings:
            own = str(conninfo_to_dict(self.extra).get("options") or "") if self.extra else ""
            given["options"] = " ".join((own, *(f"-c {name}={_escaped(value)}" for name, value in settings.items())))
        return make_conninfo(
            self.extra, host=self.host, port=self.port, user=user, password=password, dbname=database,
            connect_timeout=10, client_encoding="UTF8", application_name="miglint", **given,
        )  # fmt: skip


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(" ", "\\ ")


class PostgresServer:
    """Shared state of all histories on a server: administrative sessions, names and counters.

    `runner` is the preferred name of the role that runs scripts (None: a random name). With `shares_role`, scripts run
    as the role of the connection.
    """

    def __init__(
        self, access: Access, limits: Limits, deadline: Deadline, *, runner: str | None, shares_role: bool = False
    ) -> None:
        self.access = access
        self.limits = limits
        self.deadline = deadline
        self.token = secrets.token_hex(5)
        self.prefix = f"{PREFIX}{self.token}"
        self.reader = Reader()
        self.stand_ins: frozenset[str] = frozenset()
        self.used_stand_ins: set[str] = set()
        self.marks_trusted = False
        # In memory, copying files is three times faster than copying through the WAL; on disk it is slower.
        self.copies_files = False
        self.shares_role = shares_role
        # Marks this run as alive for other runs.
        self.claim: Session | None = None
        self.check: Callable[[], None] = lambda: None
        self.watch = ResourceWatch(self, limits)
        self.notes: tuple[str, ...] = ()
        self._idle: list[Session] = []
        self._lock = threading.Lock()
        self._number = 0
        self._runner = runner
        self._tenants: list[Tenant] = []
        self._owners: set[str] = set()
        with self.admin() as admin:
            self.version = admin.version
            rows = admin.query(
                "SELECT name FROM pg_catalog.pg_available_extensions;"
                "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"
            )
        self.available = frozenset(row[0] or "" for row in rows[0])
        self.superuser = bool(rows[1]) and rows[1][0][0] == "t"

    @contextlib.contextmanager
    def admin(self) -> Iterator[Session]:
        """Yield a session of the administrating role, in a database in which no script runs."""
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
        """Return a new session of the administrating role in a database, without the database's settings."""
        access = self.access
        settings = {"search_path": "public,pg_temp", "local_preload_libraries": "", "role": "none"}
        return Session(access.conninfo(access.user, access.password, database, settings), self.kill)

    def kill(self, pid: int) -> None:
        """Terminate the server process of a session that does not stop by itself."""
        with contextlib.suppress(EngineLostError, QueryError), self.admin() as admin:
            admin.query(f"SELECT pg_catalog.pg_terminate_backend({pid})")

    def tenant(self) -> Tenant:
        """Return the roles and databases for one more history."""
        with self._lock:
            self._number += 1
            prefix = f"{self.prefix}_{self._number}"
            owner = f"{prefix}_owner"
            if self.shares_role:
                owner = self.access.user
            elif self._runner is not None and self._runner not in self._owners:
                owner = self._runner
            self._owners.add(owner)
        tenant = Tenant(self, prefix, owner)
        with self._lock:
            self._tenants.append(tenant)
        return tenant

    def forget(self, tenant: Tenant) -> None:
        """Called when the roles and databases of a history are removed."""
        with self._lock:
            if tenant in self._tenants:
                self._tenants.remove(tenant)
                self._owners.discard(tenant.roles.owner)

    def wait_gone(self, database: str) -> None:
        """Wait until no session is connected to a database: the server itself polls only ten times a second."""
        until = time.monotonic() + _GONE_SECONDS
        with self.admin() as admin:
            while time.monotonic() < until:
                rows = admin.query(
                    f"SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = {literal(database)}"
                )
                if rows[0][0][0] == "0":
                    return
                time.sleep(0.001)

    def close(self, *, throw_away: bool) -> None:
        """Close all sessions; on a server that persists, first drop miglint's databases and roles."""
        self.watch.stop()
        if not throw_away:
            for tenant in list(self._tenants):
                tenant.close()
        with self._lock:
            idle, self._idle = self._idle, []
        for session in (*idle, *([self.claim] if self.claim is not None else [])):
            session.close()


class Tenant:
    """The roles and databases of one history on a server."""

    def __init__(self, server: PostgresServer, prefix: str, owner: str) -> None:
        self.server = server
        self.roles = Roles(server, prefix, owner, shared=server.shares_role)
        self._prefix = prefix
        self._lock = threading.Lock()
        self._number = 0
        self._databases: set[str] = set()
        self._found: tuple[str, ...] = ()

    @property
    def may_replicate(self) -> bool:
        """Whether sessions of the scripts' role may disable triggers and foreign keys, as a replica does."""
        return self.server.superuser and (self.server.shares_role or self.server.version >= 150000)

    def create(self, template: str = "template0") -> str:
        """Create a database owned by the scripts' role and return its name."""
        server = self.server
        with self._lock:
            self._number += 1
            name = f"{self._prefix}_{self._number}"
            self._databases.add(name)
        encoding = " ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'" if template == "template0" else ""
        strategy = " STRATEGY FILE_COPY" if server.copies_files and server.version >= 150000 else ""
        owner = f"OWNER {quoted(self.roles.owner)} TEMPLATE {quoted(template)}"
        with server.admin() as admin:
            admin.query(f"CREATE DATABASE {quoted(name)} {owner}{encoding}{strategy}")
        if template == "template0" and server.superuser and server.version < 150000:
            with contextlib.closing(server.admin_in(name)) as session:
                session.query(f"ALTER SCHEMA public OWNER TO {quoted(self.roles.owner)}")
        return name

    def session(self, database: str, login: Login) -> Session:
        """Return a new session for scripts."""
        return self._opened(login, lambda: session_of(self.server, self.roles, login, database))

    def reading_session(self, database: str) -> Session:
        """Return a new session that reads the catalog."""
        return self._opened(self.roles.reader, lambda: reading_session_of(self.server, self.roles, database))

    def _opened(self, login: Login, opened: Callable[[], Session]) -> Session:
        try:
            return opened()
        except EngineLostError:
            self.server.check()
            # A change by a script of the other lane that has not been audited yet.
            self.roles.refresh(login)
            self._found += self._audited("")
            return opened()

    def audit(self, database: str) -> tuple[str, ...]:
        """Revert changes that scripts in a database made outside of it, and return descriptions of them."""
        found, self._found = self._found, ()
        return found + self._audited(database)

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
        with contextlib.suppress(EngineLostError):
            drop_database(self.server, database)
            with self._lock:
                self._databases.discard(database)

    def close(self) -> None:
        """Drop the databases and the roles; never raises."""
        for name in sorted(self._databases):
            self.remove(name)
        with contextlib.suppress(EngineLostError):
            self.roles.drop()
        self.server.forget(self)


def drop_database(server: PostgresServer, name: str) -> None:
    """Drop a database with its content, including prepared transactions."""
    drop = f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)"
    with server.admin() as admin:
        with contextlib.suppress(QueryError):
            admin.query(drop)
            return
        with contextlib.suppress(QueryError):
            held = admin.query(f"SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = {literal(name)}")[0]
            with contextlib.closing(server.admin_in(name)) as session:
                for (gid,) in held:
                    session.query(f"ROLLBACK PREPARED {literal(gid or '')}")
            admin.query(drop)


class PostgresEngine:
    """Databases of one server. `stop` ends a server started by miglint; None for the user's own."""

    dialect = Dialect.POSTGRES

    def __init__(self, server: PostgresServer, info: EngineInfo, stop: Callable[[], None] | None) -> None:
        self.info = info
        self.server = server
        self._stop = stop

    def create(self) -> PostgresDatabase:
        """Return a new empty database."""
        tenant = self.server.tenant()
        return PostgresDatabase(tenant, tenant.create(), first=True)

    def check(self) -> None:
        """Raise `EngineLostError` with the reason if the server is not running."""
        self.server.check()

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
