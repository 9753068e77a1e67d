"""The PostgreSQL engine: histories on one server, each with roles and databases of its own, and copies by template."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping

from miglint.base.model import Dialect
from miglint.base.structs import Struct
from miglint.dryrun.interfaces import EngineLostError
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.postgres.catalog_reader import Reader
from miglint.dryrun.postgres.connection import SHARED_MEMORY, QueryError, Session, literal, quoted
from miglint.dryrun.postgres.database import PostgresDatabase
from miglint.dryrun.postgres.resource_watch import ResourceWatch
from miglint.dryrun.postgres.roles import Login, Roles, reading_session_of, session_of
from miglint.dryrun.results import EngineInfo

_GONE_SECONDS = 5.0
# How long a process may take to end when the server asks it to, and the server to be there again after one was killed.
_END_SECONDS = 3.0
_AGAIN_SECONDS = 15.0
_SETTLE_SECONDS = 0.05
_BACKENDS = "pg_catalog.pg_stat_activity"
_STAND_IN = "with the most used functions only: the embedded server lacks it"
# What databases and roles of ours are called, before a random part.
PREFIX = "miglint_"


class Access(Struct, frozen=True):
    """How to reach a server as the role that may create databases."""

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
    """What all histories on a server share: sessions of the administrating role, names and counts.

    `runner` is what the role that scripts run as is called while that is free (None: a random name). With
    `shares_role` scripts run as the role that the server is reached with.
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
        # In memory a copy of the files is three times as quick as a copy through the log; elsewhere it is slower.
        self.copies_files = False
        self.shares_role = shares_role
        # Says to other runs that this one lives.
        self.claim: Session | None = None
        self.check: Callable[[], None] = lambda: None
        # Kills a process of a server of our own, which ends all sessions of the server.
        self.end_process: Callable[[int], None] | None = None
        # How often something happened that may have been another history's doing.
        self.troubles = 0
        self._up = threading.Event()
        self._up.set()
        self._ending: dict[int, float] = {}
        self._sessions: weakref.WeakSet[Session] = weakref.WeakSet()
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

    def open(self, conninfo: str, seconds: Callable[[], float] | None = None) -> Session:
        """Return a new session, as soon as the server takes any."""
        self._up.wait(_AGAIN_SECONDS)
        given = {} if seconds is None else {"seconds": seconds}
        try:
            session = Session(conninfo, self.kill, short=self._trouble, **given)
        except EngineLostError as lost:
            if SHARED_MEMORY in str(lost):
                self._trouble()
            raise
        with self._lock:
            self._sessions.add(session)
        return session

    def _trouble(self) -> None:
        with self._lock:
            self.troubles += 1

    @contextlib.contextmanager
    def admin(self) -> Iterator[Session]:
        """Lend a session of the administrating role, in a database that no script ever ran in."""
        with self._lock:
            session = self._idle.pop() if self._idle else None
        if session is None:
            access = self.access
            session = self.open(access.conninfo(access.user, access.password, access.database))
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
        """Return a new session of the administrating role in a database, with no setting that the database gives."""
        access = self.access
        settings = {"search_path": "public,pg_temp", "local_preload_libraries": "", "role": "none"}
        return self.open(access.conninfo(access.user, access.password, database, settings))

    def kill(self, pid: int) -> None:
        """End the server's process behind a session that does not stop by itself; called until it has ended.

        A process that is within one long step of the server's own code (the search for a text in a text) listens to
        nobody. A server of our own is then made to begin anew.
        """
        with contextlib.suppress(EngineLostError, QueryError):
            now = time.monotonic()
            with self._lock:
                self._ending = {one: at for one, at in self._ending.items() if now - at < _AGAIN_SECONDS}
                since = self._ending.setdefault(pid, now)
            with self.admin() as admin:
                rows = admin.query(f"SELECT pg_catalog.pg_terminate_backend(pid) FROM {_BACKENDS} WHERE pid = {pid}")
            if rows[0] and now - since > _END_SECONDS and self.end_process is not None:
                self._begin_anew(pid, self.end_process)

    def _begin_anew(self, pid: int, end_process: Callable[[int], None]) -> None:
        """Kill a process, for which the server ends all others, and wait until it takes sessions again."""
        with self._lock:
            if self._ending.pop(pid, None) is None:
                return  # another thread does
            self._up.clear()
            self.troubles += 1
            lost, self._idle = list(self._sessions), []
            self._sessions.clear()
        access = self.access
        conninfo = access.conninfo(access.user, access.password, access.database)
        until = time.monotonic() + _AGAIN_SECONDS
        try:
            witness = Session(conninfo, self.kill)
            end_process(pid)
            for session in lost:
                session.lose()
            with contextlib.suppress(EngineLostError), contextlib.closing(witness):
                while time.monotonic() < until:
                    witness.query("SELECT 1")
                    time.sleep(_SETTLE_SECONDS)
            while time.monotonic() < until:
                with contextlib.suppress(EngineLostError):
                    Session(conninfo, self.kill).close()
                    return
                time.sleep(_SETTLE_SECONDS)
        finally:
            self._up.set()

    def tenant(self) -> Tenant:
        """Return the roles and databases of one more history."""
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
        """A history is done: its roles and databases are gone."""
        with self._lock:
            if tenant in self._tenants:
                self._tenants.remove(tenant)
                self._owners.discard(tenant.roles.owner)

    def wait_gone(self, database: str) -> None:
        """Wait until nobody is connected to a database: the server itself looks only ten times a second."""
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
        """Close all sessions; on a server that stays, drop our databases and our roles before."""
        self.watch.stop()
        if not throw_away:
            for tenant in list(self._tenants):
                tenant.close()
        with self._lock:
            idle, self._idle = self._idle, []
        for session in (*idle, *([self.claim] if self.claim is not None else [])):
            session.close()


class Tenant:
    """The roles and the databases of one history on a server."""

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
        """Whether sessions of the scripts' role may leave triggers and foreign keys out, as a replica does."""
        return self.server.superuser and (self.server.shares_role or self.server.version >= 150000)

    def create(self, template: str = "template0") -> str:
        """Create a database that the scripts' role owns, and return its name."""
        server = self.server
        with self._lock:
            self._number += 1
            name = f"{self._prefix}_{self._number}"
            self._databases.add(name)
        encoding = " ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'" if template == "template0" else ""
        strategy = " STRATEGY FILE_COPY" if server.copies_files and server.version >= 150000 else ""
        owner = f"OWNER {quoted(self.roles.owner)} TEMPLATE {quoted(template)}"
        made = f"CREATE DATABASE {quoted(name)} {owner}{encoding}{strategy}"
        try:
            with server.admin() as admin:
                admin.query(made)
        except QueryError:
            if not end_prepared(server, template):
                raise
            with server.admin() as admin:
                admin.query(made)
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
            # Something that a script of the other lane did, and that nobody has looked at yet.
            self.roles.refresh(login)
            self._found += self._audited("")
            return opened()

    def audit(self, database: str) -> tuple[str, ...]:
        """Put back what the scripts that ran in a database changed outside of it, and say in words what that was."""
        found, self._found = self._found, ()
        return found + self._audited(database)

    def _audited(self, database: str) -> tuple[str, ...]:
        with self._lock:
            databases = tuple(self._databases)
        return self.roles.audit(databases, database)

    def has_settings(self, database: str) -> bool:
        """Tell whether sessions in a database start with settings of its own."""
        with self.server.admin() as admin:
            rows = admin.query(
                "SELECT EXISTS (SELECT FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d"
                f" ON d.oid = s.setdatabase WHERE d.datname = {literal(database)})"
            )
        return rows[0][0][0] == "t"

    def remove(self, database: str) -> None:
        """Drop a database of ours; never raises."""
        with contextlib.suppress(EngineLostError):
            gone = drop_database(self.server, database)
            with self._lock:
                if gone:
                    self._databases.discard(database)

    def close(self) -> None:
        """Drop the databases and the roles; never raises. What cannot go now is dropped with the server's sessions."""
        for name in sorted(self._databases):
            self.remove(name)
        with contextlib.suppress(EngineLostError):
            if self.roles.drop() and not self._databases:
                self.server.forget(self)


def drop_database(server: PostgresServer, name: str) -> bool:
    """Drop a database with all that is in it, prepared transactions too; tell whether it is gone."""
    drop = f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)"
    with server.admin() as admin:
        with contextlib.suppress(QueryError):
            admin.query(drop)
            return True
        with contextlib.suppress(QueryError):
            # Dropping takes locks, all of which a session that is still there may hold.
            admin.query(f"SELECT pg_catalog.pg_terminate_backend(pid) FROM {_BACKENDS} WHERE datname = {literal(name)}")
            server.wait_gone(name)
            end_prepared(server, name)
            # A script may have made its database a template, which nobody drops.
            admin.query(f"ALTER DATABASE {quoted(name)} IS_TEMPLATE false")
            admin.query(drop)
            return True
    return False


def end_prepared(server: PostgresServer, name: str) -> bool:
    """Undo the transactions that scripts prepared in a database and left; tell whether there were any."""
    with server.admin() as admin:
        held = admin.query(f"SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = {literal(name)}")[0]
    if held:
        with contextlib.closing(server.admin_in(name)) as session:
            for (gid,) in held:
                session.query(f"ROLLBACK PREPARED {literal(gid or '')}")
    return bool(held)


class PostgresEngine:
    """Databases of one server. `stop` ends what was started for it; None when the server is the user's own."""

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
        """Raise `EngineLostError` with the reason when the server is no longer there."""
        self.server.check()

    def troubles(self) -> int:
        """Return how often something happened that may have been another history's doing."""
        return self.server.troubles

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
