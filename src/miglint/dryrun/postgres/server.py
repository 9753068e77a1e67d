"""A PostgreSQL server as its administrating role uses it: sessions, names, and the state that histories share."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from miglint.base.structs import Struct
from miglint.dryrun.interfaces import EngineBusyError, EngineLostError
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.postgres.catalog_reader import Reader
from miglint.dryrun.postgres.connection import SHARED_MEMORY, QueryError, Session, literal, quoted
from miglint.dryrun.postgres.history_templates import Template
from miglint.dryrun.postgres.resource_watch import ResourceWatch

_GONE_SECONDS = 5.0
# The time for a process to end after a signal, and for the server to accept connections after one was killed.
_END_SECONDS = 3.0
_AGAIN_SECONDS = 15.0
_SETTLE_SECONDS = 0.05
BACKENDS = "pg_catalog.pg_stat_activity"
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


class ServerTenant(Protocol):
    """The roles and databases of one history, which are dropped when the server is closed."""

    def close(self) -> None:
        """Drop them; never raises."""


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
        # Whether miglint started the server, and ends it.
        self.throwaway = False
        self.stand_in_roles: set[str] = set()
        # In memory, copying files is three times faster than copying through the WAL; on disk it is slower.
        self.copies_files = False
        self.shares_role = shares_role
        # Marks this run as alive for other runs.
        self.claim: Session | None = None
        self.check: Callable[[], None] = lambda: None
        # Kills a process of a server of our own, which ends all sessions of the server.
        self.end_process: Callable[[int], None] | None = None
        # How often something happened that may have been another history's doing.
        self.troubles = 0
        # What the server's files were kept with, if an earlier run kept them.
        self.template: Template | None = None
        # Processes that went on with a script's statement after they were signalled to terminate.
        self.stuck: set[int] = set()
        # Whether a script reached a limit, or changed something outside of its database.
        self.tested_limits = False
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
        self._tenants: list[ServerTenant] = []
        self._owners: set[str] = set()
        with self.admin() as admin:
            self.version = admin.version
            rows = admin.query(
                "SELECT name FROM pg_catalog.pg_available_extensions;"
                "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user;"
                "SELECT current_setting('max_prepared_transactions')"
            )
        # Whether a script can leave a prepared transaction.
        self.prepares = rows[2][0][0] != "0"
        self.available = frozenset(row[0] or "" for row in rows[0])
        self.superuser = bool(rows[1]) and rows[1][0][0] == "t"

    def take_up(self, template: Template) -> None:
        """Note what the server's files were kept with."""
        self.template = template
        self.stand_in_roles |= set(template.stand_in_roles)
        self.used_stand_ins |= set(template.stand_ins)
        self.reader.started = min(self.reader.started, template.started)

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
        """Yield a session of the administrating role, in a database in which no script runs."""
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
        """Return a new session of the administrating role in a database, without the database's settings."""
        access = self.access
        settings = {"search_path": "public,pg_temp", "local_preload_libraries": "", "role": "none"}
        return self.open(access.conninfo(access.user, access.password, database, settings))

    def kill(self, pid: int) -> None:
        """Terminate the server's process of a session that does not stop by itself; called until it has ended.

        A process in one long step of the server's own code (the search for a text in a text) ignores signals. A server
        that miglint started is then restarted.
        """
        with contextlib.suppress(EngineLostError, QueryError):
            now = time.monotonic()
            with self._lock:
                self._ending = {one: at for one, at in self._ending.items() if now - at < _AGAIN_SECONDS}
                since = self._ending.setdefault(pid, now)
            with self.admin() as admin:
                rows = admin.query(f"SELECT pg_catalog.pg_terminate_backend(pid) FROM {BACKENDS} WHERE pid = {pid}")
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

    def reserve_names(self) -> tuple[str, str]:
        """Return the prefix of the names for one more history, and the name of the role that its scripts run as."""
        with self._lock:
            self._number += 1
            prefix = f"{self.prefix}_{self._number}"
            owner = f"{prefix}_owner"
            if self.shares_role:
                owner = self.access.user
            elif self._runner is not None and self._runner not in self._owners:
                owner = self._runner
            self._owners.add(owner)
        return prefix, owner

    def need_sessions_to_end(self) -> None:
        """Raise `EngineBusyError` if one does not: what it holds would disturb all that follows."""
        if self.stuck:
            raise EngineBusyError(f"{self._stuck_processes}, before which PostgreSQL creates and drops no database")

    @property
    def _stuck_processes(self) -> str:
        numbers = " and ".join(map(str, sorted(self.stuck)))
        which = f"processes {numbers} have" if len(self.stuck) > 1 else f"process {numbers} has"
        return f"server {which} not ended yet, with a statement that was stopped at its limit"

    def note_left(self, databases: Iterable[str]) -> None:
        """Note for the report what cannot be dropped before processes of the server end."""
        names = ", ".join(sorted(databases))
        self.notes += (f"{self._stuck_processes}; after that, the next dry run drops {names} and their roles",)

    def add(self, tenant: ServerTenant) -> None:
        """Register the roles and databases of a history, to be dropped when the server is closed."""
        with self._lock:
            self._tenants.append(tenant)

    def forget(self, tenant: ServerTenant, owner: str) -> None:
        """Remove what is stored about the roles and databases of a history, when these are removed."""
        with self._lock:
            if tenant in self._tenants:
                self._tenants.remove(tenant)
                self._owners.discard(owner)

    def wait_gone(self, database: str) -> None:
        """Wait until no session is connected to a database: the server itself polls only ten times a second."""
        self.wait_until_none(f"datname = {literal(database)}")

    def wait_ended(self, pid: int) -> None:
        """Wait until a session has ended, and its temporary objects are dropped."""
        self.wait_until_none(f"pid = {pid}")

    def wait_until_none(self, condition: str) -> None:
        """Wait until no session fulfills a condition, or for some seconds."""
        until = time.monotonic() + _GONE_SECONDS
        with self.admin() as admin:
            while time.monotonic() < until:
                rows = admin.query(f"SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE {condition}")
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


def drop_database(server: PostgresServer, name: str) -> bool:
    """Drop a database with its content, including prepared transactions; return whether it is gone."""
    drop = f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)"
    with server.admin() as admin:
        with contextlib.suppress(QueryError):
            admin.query(drop)
            return True
        with contextlib.suppress(QueryError):
            # Dropping takes locks, all of which a session that is still there may hold.
            admin.query(f"SELECT pg_catalog.pg_terminate_backend(pid) FROM {BACKENDS} WHERE datname = {literal(name)}")
            server.wait_gone(name)
            end_prepared(server, name)
            # A script may have made its database a template, which cannot be dropped.
            admin.query(f"ALTER DATABASE {quoted(name)} IS_TEMPLATE false")
            admin.query(drop)
            return True
    return False


def end_prepared(server: PostgresServer, name: str) -> tuple[str, ...]:
    """Roll back the transactions that scripts prepared in a database; return their identifiers."""
    with server.admin() as admin:
        held = admin.query(f"SELECT gid, owner FROM pg_catalog.pg_prepared_xacts WHERE database = {literal(name)}")[0]
    if held:
        with contextlib.closing(server.admin_in(name)) as session:
            for gid, owner in held:
                # Only a superuser may end those of another role.
                session.query(f"SET ROLE {quoted(owner or '')}")
                session.query(f"ROLLBACK PREPARED {literal(gid or '')}")
    return tuple(gid or "" for gid, _ in held)
