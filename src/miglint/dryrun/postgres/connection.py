"""A libpq connection with limits on time, messages and rows.

Scripts are untrusted: each message contains one statement, rows are discarded as they arrive, `COPY FROM STDIN` is
aborted at once, and a statement that does not react to cancellation loses its connection. Internal queries in the same
session have limits as well, since they may call functions of a script.
"""

from __future__ import annotations

import contextlib
import selectors
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from miglint.base.structs import Struct
from miglint.dryrun.interfaces import EngineLostError
from miglint.dryrun.postgres.arriving import WritableMemory, waiting
from miglint.sql.postgres.messages import brief

if TYPE_CHECKING:
    from psycopg import pq
    from psycopg.pq.abc import PGconn, PGresult

Row = tuple[str | None, ...]

_LOOK = 0.25
_GRACE = 2.0
# After that the server's process is left alone: nothing that we may do ends it.
_ABANDON = 12.0
_OWN_SECONDS = 60.0
_ALL_NOTICES = 1_000_000
# In bytes: libpq takes in a row or a message whole, and up to ten times as much memory for it. To internal statements,
# the server answers with many rows.
_MOST_SENT, _MOST_ANSWERED = 16 << 20, 128 << 20
_MESSAGE_SIZE = "message size"
_PLANNED_AFTER = frozenset((0, *(16 << 2 * power for power in range(12))))
# In bytes: a message that lists a hundred dependent objects is shorter.
_MAX_MESSAGE = 20_000
_CANCELED = "57014"
_OUT_OF_MEMORY = "53200"
# Of that a server has a fixed part for all of its sessions: locks that one of them holds, another one lacks.
SHARED_MEMORY = "out of shared memory"


class ServerError(Struct, frozen=True):
    """An error reported by the server. `position` counts characters of the statement from 0, -1 if unknown."""

    message: str
    sqlstate: str | None = None
    detail: str | None = None
    hint: str | None = None
    position: int = -1
    limit: str | None = None


class StatementBounds(Struct, frozen=True):
    """Limits of a statement: time (seconds), number of messages, and further conditions.

    `over` is called frequently and must be fast; it returns the name of the exceeded limit, or None. `name` is the name
    of the time limit.
    """

    seconds: float
    notices: int
    over: Callable[[], str | None] = lambda: None
    name: str = "statement time-out"


class Sent(Struct):
    """How much that may run a script's code was sent in a session, or in several that share this."""

    number: int = 0


class Session:
    """A connection. `kill` terminates its server process from another session, and is called until it has ended.

    `seconds` limits internal queries; `short` is called when the server runs out of what all sessions share. `give_up`
    is called with the number of a process that nothing ends, before an error is raised.
    """

    def __init__(
        self,
        conninfo: str,
        kill: Callable[[int], None],
        seconds: Callable[[], float] = lambda: _OWN_SECONDS,
        short: Callable[[], None] = lambda: None,
    ) -> None:
        from psycopg import pq

        self._pq: Any = pq
        self._kill = kill
        self._seconds = seconds
        self._short = short
        self.give_up: Callable[[int], None] = lambda _: None
        self._notices = 0
        # What has arrived of a row or message that is not whole yet, in bytes, and the limit.
        self._arrived = 0
        self._most = _MOST_ANSWERED
        self._memory = WritableMemory()
        self._size = 0
        self._stopping = 0.0
        # How often prepared queries have run.
        self._prepared: dict[str, int] = {}
        self._killed = False
        self.sent = Sent()
        self._db: PGconn = pq.PGconn.connect(conninfo.encode())
        if self._db.status != pq.ConnStatus.OK:
            message = self._db.error_message.decode("utf-8", "replace").strip()
            self._memory.close()
            self._db.finish()
            raise EngineLostError(message)
        self._db.notice_handler = self._notice
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._db.socket, selectors.EVENT_READ)

    def _notice(self, _: pq.abc.PGresult) -> None:
        self._notices += 1
        self._arrived = 0

    @property
    def pid(self) -> int:
        """The server process of this connection."""
        return self._db.backend_pid

    @property
    def version(self) -> int:
        """The server's version number (180006)."""
        return self._db.server_version

    @property
    def alive(self) -> bool:
        """Whether the connection is open."""
        return not self._killed and bool(self._db.status == self._pq.ConnStatus.OK)

    @property
    def quiet(self) -> bool:
        """Whether nothing has arrived that nobody asked for, as when the server ends the process behind it."""
        return not self._selector.select(0)

    def lose(self) -> None:
        """The server has ended the process behind it, whatever the connection itself has seen of that."""
        self._killed = True

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, failed or not."""
        return bool(self._db.transaction_status != self._pq.TransactionStatus.IDLE)

    @property
    def failed(self) -> bool:
        """Whether the open transaction has failed."""
        return bool(self._db.transaction_status == self._pq.TransactionStatus.INERROR)

    def script(self, sql: str, bounds: StatementBounds) -> ServerError | None:
        """Run one statement of a script within limits, and discard its rows."""
        self.sent.number += 1
        self._notices = 0
        self._most = _MOST_SENT
        started = time.monotonic()
        stopped: list[str] = []
        error: ServerError | None = None
        try:
            # Unlike the simple protocol, the extended one accepts exactly one statement.
            self._db.send_query_params(sql.encode("utf-8", "replace"), None)
            self._db.set_single_row_mode()
            while (result := self._next(started, bounds, stopped)) is not None:
                error = error or self._error(result)
                result.clear()
        except self._pq_error() as lost:
            if stopped:
                return ServerError(f"stopped: {stopped[0]}", "57014", limit=stopped[0])
            raise EngineLostError(f"connection to the server lost: {str(lost).strip()}") from None
        if stopped and error is None and stopped[0] != bounds.name:
            # The statement ended before it was canceled, but it exceeded the limit.
            return ServerError(f"stopped: {stopped[0]}", "57014", limit=stopped[0])
        if stopped and error is not None:
            return ServerError(error.message, error.sqlstate, error.detail, error.hint, error.position, stopped[0])
        return error

    def _next(self, started: float, bounds: StatementBounds, stopped: list[str]) -> PGresult | None:
        self._wait(started, bounds, stopped)
        result = self._db.get_result()
        if result is None:
            return None
        status = self._pq.ExecStatus
        if result.status == status.COPY_IN:
            self._db.put_copy_end(b"no data for COPY FROM STDIN in a dry run")
        elif result.status == status.COPY_OUT:
            while True:
                size, _ = self._db.get_copy_data(1)
                if size == 0:
                    self._read(started, bounds, stopped)
                elif size < 0:
                    break
                else:
                    self._arrived = 0
        return result

    def _wait(self, started: float, bounds: StatementBounds, stopped: list[str]) -> None:
        self._arrived = 0
        self._size = self._memory.size()
        while self._db.is_busy():
            self._read(started, bounds, stopped)

    def _read(self, started: float, bounds: StatementBounds, stopped: list[str]) -> None:
        """Wait for the server briefly, and check the limits."""
        # libpq has read how long the row or message is, and has made room for all of it, at most twice as much.
        room = self._memory.size() - self._size
        if self._selector.select(_LOOK):
            self._arrived += waiting(self._db.socket)
            if self._arrived > self._most or room > 2 * self._most:
                # Nothing more of it is read: the server's process ends with its connection.
                stopped[:] = [_MESSAGE_SIZE]
                self._killed = True
                self._kill(self.pid)
                raise self._pq_error()("a row or message that is too large")
            self._db.consume_input()
            self._size = self._memory.size()
            self._drain()
        now = time.monotonic()
        elapsed = now - started
        if stopped:
            if elapsed > bounds.seconds + _GRACE or len(stopped) > 1:
                self._killed = True
                self._kill(self.pid)
            if now - self._stopping > _ABANDON:
                self.give_up(self.pid)
                raise self._pq_error()("the server's process does not end")
            return
        why = None
        if elapsed > bounds.seconds:
            why = bounds.name
        elif self._notices > bounds.notices:
            why = "notices"
        else:
            why = bounds.over()
        if why is not None:
            stopped.append(why)
            self._stopping = now
            if why != bounds.name:
                stopped.append("now")
            with contextlib.suppress(Exception):
                self._db.get_cancel().cancel()

    def _drain(self) -> None:
        """Discard notifications, which count as messages: libpq keeps them until they are read."""
        while self._db.notifies() is not None:
            self._notices += 1

    def query(self, sql: str, *, inert: bool = False) -> list[list[Row]]:
        """Run internal statements and return the rows of each that has any.

        `inert` ones run no code of scripts and leave the session as it was. Raises `QueryError` on errors and on
        timeout.
        """
        self.sent.number += not inert
        results: list[list[Row]] = []
        failed: ServerError | None = None
        started = time.monotonic()
        bounds = StatementBounds(self._seconds(), _ALL_NOTICES)
        if bounds.seconds <= 0:
            # They may run a script's code: without time they are not sent.
            raise QueryError(ServerError("total time of the dry run exceeded", _CANCELED, limit="total time-out"))
        stopped: list[str] = []
        self._notices = 0
        self._most = _MOST_ANSWERED
        try:
            self._db.send_query(sql.encode())
            while True:
                self._wait(started, bounds, stopped)
                result = self._db.get_result()
                if result is None:
                    break
                failed = failed or self._error(result)
                if result.nfields:
                    results.append(_rows(result))
                result.clear()
        except self._pq_error() as lost:
            if stopped:
                raise QueryError(ServerError(f"stopped: {stopped[0]}", "57014", limit=stopped[0])) from None
            raise EngineLostError(f"connection to the server lost: {str(lost).strip()}") from None
        if failed is not None:
            limit = stopped[0] if stopped else "statement time-out" if failed.sqlstate == _CANCELED else None
            raise QueryError(ServerError(failed.message, failed.sqlstate, failed.detail, failed.hint, -1, limit))
        return results

    def _plans(self, names: str, queries: tuple[str, ...], types: str = "") -> list[str]:
        """Return the statements to run before queries that are prepared under `names`."""
        ran = self._prepared.get(names, 0)
        self._prepared[names] = ran + 1
        if ran not in _PLANNED_AFTER:
            return []
        drop = [f"DEALLOCATE {names}_{number}" for number in range(len(queries)) if ran]
        return drop + [f"PREPARE {names}_{number}{types} AS {query}" for number, query in enumerate(queries)]

    def prepared_each(self, queries: Mapping[str, str]) -> list[list[Row]]:
        """Run queries as `prepared` does, each prepared under its own name."""
        plans = [plan for names, query in queries.items() for plan in self._plans(names, (query,))]
        return self.query(";".join((*plans, *(f"EXECUTE {names}_0" for names in queries))))

    def prepared(
        self, names: str, *queries: str, oids: Iterable[str] | None = None, begin: str | None = None
    ) -> list[list[Row]]:
        """Run queries prepared under `names`; only for sessions in which no script ran.

        `oids` are the value of their parameter `$1`, if they have one. `begin` are statements to run before, in the
        same message. Tables may have grown since the queries were planned, so that they are planned again after 16
        runs, after 64, and so on.
        """
        first = () if begin is None else (begin,)
        plans = self._plans(names, queries, "" if oids is None else "(pg_catalog.oid[])")
        values = "" if oids is None else f"('{{{','.join(oids)}}}')"
        runs = (f"EXECUTE {names}_{number}{values}" for number in range(len(queries)))
        return self.query(";".join((*first, *plans, *runs)))

    def _pq_error(self) -> type[Exception]:
        from psycopg import OperationalError

        return OperationalError

    def _error(self, result: PGresult) -> ServerError | None:
        if result.status not in (self._pq.ExecStatus.FATAL_ERROR, self._pq.ExecStatus.BAD_RESPONSE):
            return None
        field = self._pq.DiagnosticField

        def part(which: Any) -> str | None:
            value = result.error_field(which)
            return None if value is None else _shortened(value)

        message = brief(part(field.MESSAGE_PRIMARY) or _shortened(result.error_message).strip())
        place = part(field.STATEMENT_POSITION)
        sqlstate = part(field.SQLSTATE)
        if sqlstate == _OUT_OF_MEMORY and message.startswith(SHARED_MEMORY):
            self._short()
        if sqlstate is None and self._db.status != self._pq.ConnStatus.OK:
            from psycopg import OperationalError

            raise OperationalError(message)
        return ServerError(
            message,
            sqlstate,
            part(field.MESSAGE_DETAIL),
            part(field.MESSAGE_HINT),
            int(place) - 1 if place else -1,
        )

    def close(self) -> None:
        """Close the connection; never raises."""
        with contextlib.suppress(Exception):
            self._memory.close()
            self._selector.close()
            self._db.finish()


class QueryError(Exception):
    """An internal statement failed."""

    def __init__(self, error: ServerError) -> None:
        super().__init__(error.message)
        self.error = error


def _shortened(text: bytes) -> str:
    """Decode a text of the server, or its beginning: scripts can make messages of any length."""
    start = text[:_MAX_MESSAGE].decode("utf-8", "replace")
    return start if len(text) <= _MAX_MESSAGE else f"{start}..."


def _rows(result: PGresult) -> list[Row]:
    get, columns = result.get_value, range(result.nfields)
    return [
        tuple([None if (value := get(row, column)) is None else value.decode("utf-8", "replace") for column in columns])
        for row in range(result.ntuples)
    ]


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    escaped = text.replace("'", "''")
    return f"E'{escaped.replace(chr(92), chr(92) * 2)}'" if "\\" in text else f"'{escaped}'"


def quoted(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
