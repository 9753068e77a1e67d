"""The databases of the SQLite process, and the operations on them."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from miglint.dryrun.sqlite import wire
from miglint.dryrun.sqlite.catalog_queries import quoted, schema_details, stored_columns, stored_objects
from miglint.dryrun.sqlite.library import Connection, SqliteError, UndecodableError, opener

# The exit status of a process that is out of memory.
OUT_OF_MEMORY = 71
_MAX_MESSAGE = 2000
_BOUNDS = {"SQLITE_FULL": "disk", "SQLITE_NOMEM": "memory", "SQLITE_TOOBIG": "memory"}

# Hash functions by value type. Hashes of text use a secret key, so that scripts cannot create collisions.
_KINDS = {kind: kind.__name__ for kind in (int, float, str, bytes, type(None))}

Tell = Callable[[wire.Began], object]


class Databases:
    """The databases by number. `tell` is called before each statement of a script."""

    def __init__(self, start: wire.Start, tell: Tell) -> None:
        self._start = start
        self._tell = tell
        self._open = opener(start.library)
        self._found: dict[int, Connection] = {}
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
                self._install(request.database, self._found[request.source].copy())
            case wire.Forget():
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
                return wire.Digested(dict(_digests(self._found[request.database], request.only)))
            case wire.SameRows():
                one, two = (dict(_digests(self._found[of], None)) for of in (request.database, request.other))
                return wire.RowsCompared(one == two)
            case wire.Frequencies():
                return wire.Counted(_frequencies(self._found[request.database], request.table, request.column))
        return wire.Done()

    def _install(self, number: int, db: Connection) -> None:
        page = int(db.rows("PRAGMA page_size")[0][0])
        db.rows(f"PRAGMA max_page_count = {max(1, self._start.disk // page)}")
        db.rows(f"PRAGMA foreign_keys = {int(self._start.foreign_keys)}")
        for name in self._start.functions:
            db.stand_in(name)
        db.protect()
        db.watch(lambda: time.monotonic() > self._stop_at)
        self._found[number] = db

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
        index, settled, count = -1, 0, len(request.statements)
        if request.wrapped:
            db.rows("BEGIN")
        for at, sql in enumerate(request.statements):
            free = not db.in_transaction
            settled = at if free else settled
            self._tell(wire.Began(at, free))
            begun = time.perf_counter()
            failure = self._statement(db, sql, request.statement, until)
            seconds.append(time.perf_counter() - begun)
            if failure is not None:
                index = at
                break
        if db.in_transaction:
            if failure is None:
                self._tell(wire.Began(count, settled=False))
                failure = self._statement(db, "COMMIT", request.statement, until)
            if db.in_transaction:
                db.rows("ROLLBACK")
        self._renew(request.database)
        return wire.Ran(tuple(seconds), failure, index, count if failure is None else settled)

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
            self._install(number, db.copy())
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


def _digests(db: Connection, only: Collection[str] | None) -> Iterator[tuple[str, wire.TableRows]]:
    for table, columns in stored_columns(db):
        if only is None or table.lower() in only:
            count, totals = _summed(db, table, columns)
            hashes = {name.lower(): str(total) for name, total in zip(columns, totals, strict=True)}
            yield table, wire.TableRows(count, hashes)


def _summed(db: Connection, table: str, columns: tuple[str, ...]) -> tuple[int, list[int]]:
    """Return the number of rows, and for each column the sum of the hashes of its values."""
    for rows in (db.each(_select(table, columns)), _recoded(db, table, columns)):
        totals, count, kinds = [0] * len(columns), 0, _KINDS
        try:
            for row in rows:
                count += 1
                for at, cell in enumerate(row):
                    totals[at] += hash((kinds[type(cell)], cell))
        except UndecodableError:
            continue
        return count, totals
    return 0, []


def _frequencies(db: Connection, table: str, column: str) -> dict[str, int]:
    try:
        return Counter(_hash(cell) for (cell,) in db.each(_select(table, (column,))))
    except UndecodableError:
        return Counter(_hash(cell) for (cell,) in _recoded(db, table, (column,)))


def _hash(cell: Any) -> str:
    return str(hash((_KINDS[type(cell)], cell)))


def _select(table: str, columns: tuple[str, ...]) -> str:
    return f"SELECT {', '.join(map(quoted, columns))} FROM main.{quoted(table)}"


def _recoded(db: Connection, table: str, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table that contains text that is not UTF-8."""
    parts = [
        f"typeof({name}), iif(typeof({name}) = 'text', CAST({name} AS BLOB), {name})" for name in map(quoted, columns)
    ]
    for row in db.each(f"SELECT {', '.join(parts)} FROM main.{quoted(table)}"):
        yield tuple(
            cell.decode("utf-8", "surrogateescape") if kind == "text" else cell
            for kind, cell in zip(row[::2], row[1::2], strict=True)
        )
