"""The databases of the SQLite process, and the operations on them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from miglint.dryrun.sqlite import wire
from miglint.dryrun.sqlite.catalog_queries import schema_details, stored_objects
from miglint.dryrun.sqlite.library import Connection, SqliteError, opener
from miglint.dryrun.sqlite.row_digests import RowDigests, frequencies

# The exit status of a process that is out of memory.
OUT_OF_MEMORY = 71
_MAX_MESSAGE = 2000
# The library, and who reads its schema, keep a definition in some hundred times the size of its text; after so much of
# it, the schema is measured.
_IN_MEMORY, _UNCHECKED = 100, 32_000
_BOUNDS = {"SQLITE_FULL": "disk", "SQLITE_NOMEM": "memory", "SQLITE_TOOBIG": "memory"}

Tell = Callable[[wire.Began], object]


class Databases:
    """The databases by number. `tell` is called before each statement of a script."""

    def __init__(self, start: wire.Start, tell: Tell) -> None:
        self._start = start
        self._tell = tell
        self._open = opener(start.library)
        self._found: dict[int, Connection] = {}
        self._digests: dict[int, RowDigests] = {}
        self._stop_at = float("inf")

    def warm_up(self) -> None:
        """Load the library and what it needs, and limit its memory."""
        db = self._open()
        db.rows(f"PRAGMA hard_heap_limit = {self._start.memory}")
        db.rows("SELECT random(), strftime('%s', 'now', 'localtime')")
        db.close()

    def answer(self, request: wire.Request) -> wire.Reply:
        """Execute a request; raises `SqliteError`."""
        match request:
            case wire.Open():
                self._install(request.database, self._open())
            case wire.Copy():
                copy = self._found[request.source].copy()
                self._install(request.database, copy, self._digests[request.source].of_copy(copy))
            case wire.Forget():
                del self._digests[request.database]
                self._found.pop(request.database).close()
            case wire.RunScript():
                return self._run(request)
            case wire.Fetch():
                with self._within(request.seconds):
                    return wire.Fetched(tuple(self._found[request.database].rows(request.sql, request.values)))
            case wire.Many():
                with self._within(request.seconds):
                    self._found[request.database].many(request.sql, request.values)
            case wire.Stored():
                return wire.StoredObjects(stored_objects(self._found[request.database]))
            case wire.Details():
                names = (request.tables, request.indexes, request.views)
                return schema_details(self._found[request.database], *names)
            case wire.Digest():
                return wire.Digested(self._digests[request.database].tables(request.only))
            case wire.SameRows():
                touched = self._digests[request.copy].touched()
                one, two = (self._digests[of].tables(touched) for of in (request.database, request.copy))
                return wire.RowsCompared(one == two)
            case wire.Touched():
                return wire.TouchedTables(self._digests[request.database].touched())
            case wire.Frequencies():
                return wire.Counted(frequencies(self._found[request.database], request.table, request.columns))
        return wire.Done()

    def _install(self, number: int, db: Connection, digests: RowDigests | None = None) -> None:
        page = int(db.rows("PRAGMA page_size")[0][0])
        db.rows(f"PRAGMA max_page_count = {max(1, self._start.disk // page)}")
        db.rows(f"PRAGMA foreign_keys = {int(self._start.foreign_keys)}")
        for name in self._start.functions:
            db.stand_in(name)
        db.protect()
        db.watch(lambda: time.monotonic() > self._stop_at)
        self._found[number] = db
        self._digests[number] = digests or RowDigests(db)

    @contextmanager
    def _within(self, seconds: float) -> Iterator[None]:
        self._stop_at = time.monotonic() + seconds
        try:
            yield
        finally:
            self._stop_at = float("inf")

    def _run(self, request: wire.RunScript) -> wire.Ran:
        db = self._found[request.database]
        until = time.monotonic() + request.left
        seconds: list[float] = []
        failure: wire.SqliteFailure | None = None
        index, settled, count, unchecked = -1, 0, len(request.statements), 0
        if request.wrapped:
            db.rows("BEGIN")
        for at, sql in enumerate(request.statements):
            free = not db.in_transaction
            settled = at if free else settled
            self._tell(wire.Began(at, free))
            begun = time.perf_counter()
            failure = self._statement(db, sql, request.statement, until)
            seconds.append(time.perf_counter() - begun)
            unchecked += len(sql)
            if failure is None and unchecked > _UNCHECKED:
                failure, unchecked = self._too_large(db), 0
            if failure is not None:
                index = at
                break
        if db.in_transaction:
            if failure is None and request.wrapped:
                self._tell(wire.Began(count, settled=False))
                failure = self._statement(db, "COMMIT", request.statement, until)
            if db.in_transaction:
                db.rows("ROLLBACK")
        self._renew(request.database)
        return wire.Ran(tuple(seconds), failure, index, count if failure is None else settled)

    def _too_large(self, db: Connection) -> wire.SqliteFailure | None:
        """Return the failure of a schema that each connection would hold in memory: pages do not count it."""
        length = int(db.rows("SELECT total(length(sql)) FROM sqlite_master")[0][0])
        if length * _IN_MEMORY <= self._start.disk:
            return None
        return wire.SqliteFailure("SQLITE_NOMEM", "the definitions of the schema take too much memory", 0, "memory")

    def _statement(self, db: Connection, sql: str, seconds: float, until: float) -> wire.SqliteFailure | None:
        """Run a statement; return the failure, if any."""
        left = max(0.0, until - time.monotonic())
        try:
            with self._within(min(seconds, left)):
                db.run(sql)
        except SqliteError as failed:
            message, limit = failed.message, _BOUNDS.get(failed.name)
            if failed.name == "SQLITE_INTERRUPT":
                limit = "total time-out" if left < seconds else "statement time-out"
                message = f"stopped after {min(seconds, left):g} seconds"
            elif limit is None and db.guard.refused is not None:
                limit, message = "refused", db.guard.refused
            return wire.SqliteFailure(failed.name, _shortened(message), failed.place, limit)
        return None

    def _renew(self, number: int) -> None:
        """Replace a database's connection if a script changed connection-level state."""
        db = self._found[number]
        if not db.guard.session_changed:
            return
        try:
            copy = db.copy()
            self._install(number, copy, self._digests[number].of_other(copy))
        except SqliteError:
            # The old connection is unusable, and a new one cannot be opened.
            os._exit(OUT_OF_MEMORY)
        db.close()


def failure_of(error: SqliteError) -> wire.SqliteFailure:
    """Return the error of an internal statement."""
    return wire.SqliteFailure(error.name, _shortened(error.message), error.place, _BOUNDS.get(error.name))


def _shortened(message: str) -> str:
    """Return a sanitized message, since scripts can make messages of any length and with any characters."""
    short = message if len(message) <= _MAX_MESSAGE else f"{message[:_MAX_MESSAGE]}..."
    return short.encode("utf-8", "replace").decode()
