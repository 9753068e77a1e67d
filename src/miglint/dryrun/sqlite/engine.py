"""The SQLite engine: in-memory databases in a separate, confined process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import TypeVar, cast

from miglint.base.model import Dialect
from miglint.base.structs import Struct
from miglint.dryrun.interfaces import Digests, EngineLostError, Filled, TableDigest, TrialRun, UnreadableError
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.results import EngineInfo, Execution
from miglint.dryrun.row_order import in_order
from miglint.dryrun.sqlite import wire
from miglint.dryrun.sqlite.catalog import CatalogReader
from miglint.dryrun.sqlite.host import MemoryBounds, SqliteHost, SqliteHosts
from miglint.dryrun.sqlite.library import Opener, SqliteError
from miglint.dryrun.sqlite.process import RefusedError, Worker, WorkerEndedError
from miglint.dryrun.sqlite.rows import UnfinishedError, fill
from miglint.dryrun.sqlite.script_run import ScriptDone, ScriptRun
from miglint.dryrun.statements import Prepared
from miglint.schema.value import Schema
from miglint.sql.operations import Name

_Reply = TypeVar("_Reply", bound=wire.Reply)
_NO_TIME = "total time of the dry run exceeded"


class TablesFilled(Struct, frozen=True, eq=False):
    """Rows inserted into a database's tables; `skipped` could not be filled, columns in `documents` hold JSON."""

    schema: Schema
    rows: int
    seed: int
    skipped: Mapping[Name, str]
    inserted: Mapping[Name, int]
    documents: frozenset[str]


# History of a database, the last step first: a new process replays it to recreate the database.
Journal = tuple["Journal", ScriptDone | TablesFilled] | None


class SqliteEngine:
    """Databases of one SQLite library. `foreign_keys` is the setting of the application's connections.

    `functions` are those of the application, which get stand-ins. `bounds` overrides the limits on memory and database
    size in `limits`.
    """

    dialect = Dialect.SQLITE

    def __init__(
        self,
        opener: Opener,
        info: EngineInfo,
        limits: Limits,
        deadline: Deadline,
        *,
        foreign_keys: bool = False,
        functions: tuple[str, ...] = (),
        bounds: MemoryBounds | None = None,
    ) -> None:
        self.info = info
        self._limits = limits
        self._deadline = deadline
        self._hosts = SqliteHosts(
            opener.library, bounds or MemoryBounds.of(limits), deadline, foreign_keys=foreign_keys, functions=functions
        )
        self._catalog = CatalogReader()

    def create(self) -> SqliteDatabase:
        """Return a new empty database in memory."""
        return SqliteDatabase(self._hosts.take(), self._limits, self._deadline, self._catalog, None)

    def check(self) -> None:
        """Raise if the engine was closed; a process that ended is replaced."""
        self._hosts.check()

    def troubles(self) -> int:
        """A history has a process of its own: nothing happens to it that another one did."""
        return 0

    def notes(self) -> tuple[str, ...]:
        """Return the limits that the system lacks."""
        return self._hosts.notes()

    def close(self) -> None:
        """Terminate the processes."""
        self._hosts.close()


class SqliteDatabase:
    """An in-memory database. It is recreated from its journal if its process was terminated."""

    def __init__(
        self, host: SqliteHost, limits: Limits, deadline: Deadline, catalog: CatalogReader, journal: Journal
    ) -> None:
        self._host = host
        self._limits = limits
        self._deadline = deadline
        self._catalog = catalog
        self._journal = journal
        self._worker: Worker | None = None
        self._number = 0

    def run(self, script: Prepared, *, observe: bool = False, count: bool = False) -> Execution:
        """Run a script; `observe` and `count` have no effect: SQLite locks the whole database and counts no rows."""
        with self._host.lock:
            worker = self._here()
            run = ScriptRun(script, self._limits, self._deadline)
            unreadable = run.unreadable()
            if unreadable is not None:
                return unreadable
            try:
                reply = worker.ask(run.request(self._number), wire.Ran, run.seconds, began=run.began)
            except WorkerEndedError as ended:
                if ended.limit == "server":
                    raise EngineLostError(ended.message) from None
                execution, done = run.ended(ended)
            except RefusedError as refused:
                # Its progress is unknown: the next call recreates the database.
                self._forget()
                return run.refused(refused.failure)
            else:
                execution, done = run.ran(reply)
            if done is not None:
                self._journal = (self._journal, done)
            if execution.error is not None and execution.error.limit not in (None, "refused"):
                self._host.clean = False
            return execution

    def mark(self) -> object:
        """Return the present state."""
        return self._journal

    def restore(self, mark: object) -> None:
        """Restore a state; the next call recreates the database."""
        with self._host.lock:
            self._forget()
            self._journal = cast(Journal, mark)

    def try_out(self, script: Prepared) -> TrialRun:
        """Run a script on a copy, which is cheap in memory."""
        twin = self.copy()
        try:
            execution = twin.run(script)
            if not execution.ok:
                return TrialRun(execution)
            return TrialRun(execution, twin.schema(), not self._has_the_rows_of(twin))
        finally:
            twin.drop()

    def _has_the_rows_of(self, copy: SqliteDatabase) -> bool:
        with self._host.lock:
            copy._here()
            self._here()
            return self._ask(wire.SameRows(self._number, copy._number), wire.RowsCompared).same

    def schema(self) -> Schema:
        """Read the schema."""
        with self._host.lock:
            return self._catalog.schema(self._stored(), self._details)

    def _stored(self) -> tuple[wire.StoredObject, ...]:
        self._here()
        return self._ask(wire.Stored(self._number), wire.StoredObjects).objects

    def _details(self, tables: list[str], indexes: list[str], views: list[str]) -> wire.SchemaDetails:
        self._here()
        request = wire.Details(self._number, tuple(tables), tuple(indexes), tuple(views))
        return self._ask(request, wire.SchemaDetails)

    def copy(self) -> SqliteDatabase:
        """Return a copy made by SQLite's backup API."""
        with self._host.lock:
            worker = self._here()
            twin = SqliteDatabase(self._host, self._limits, self._deadline, self._catalog, self._journal)
            number = self._host.number()
            self._ask(wire.Copy(number, self._number), wire.Done)
            twin._worker, twin._number = worker, number
            self._host.databases += 1
            return twin

    def twin(self) -> SqliteDatabase:
        """Return a copy."""
        return self.copy()

    def branch(self, scripts: Iterable[Prepared]) -> SqliteDatabase:
        """Return a copy: there is no faster way."""
        return self.copy()

    def touched(self) -> frozenset[Name] | None:
        """Return the tables whose rows may have changed since the copy was made; None: any."""
        with self._host.lock:
            self._here()
            tables = self._ask(wire.Touched(self._number), wire.TouchedTables).tables
        return None if tables is None else frozenset(Name(None, table) for table in tables)

    def fill(self, schema: Schema, rows: int, seed: int, documents: frozenset[str] = frozenset()) -> Filled:
        """Insert rows into the empty tables.

        This runs code of the scripts: triggers, checks, defaults. A table for which that does not finish gets no rows.
        """
        with self._host.lock:
            skipped: dict[Name, str] = {}
            while True:
                self._here()
                try:
                    filled = fill(self, schema, rows, seed, skipped, documents)
                except UnfinishedError as unfinished:
                    if unfinished.table in skipped:
                        raise EngineLostError(unfinished.reason) from None
                    skipped[unfinished.table] = unfinished.reason
                    if not self._deadline.left:
                        # Each table would end another process.
                        skipped |= {table.name: _NO_TIME for table in in_order(schema) if table.name not in skipped}
                    continue
                self._journal = (self._journal, TablesFilled(schema, rows, seed, skipped, filled.inserted, documents))
                return filled

    def rows(self, sql: str, values: wire.Row = ()) -> list[wire.Row]:
        """Run one internal statement and return its rows; raises `SqliteError` and `WorkerEndedError`."""
        seconds = min(self._limits.statement, self._deadline.left)
        return list(self._try(wire.Fetch(self._number, sql, values, seconds), wire.Fetched, seconds).rows)

    def many(self, sql: str, values: list[wire.Row]) -> None:
        """Run one internal statement for each tuple of values; raises as `rows` does."""
        for at in range(0, len(values), _ROWS_AT_ONCE):
            seconds = min(self._limits.statement, self._deadline.left)
            part = tuple(values[at : at + _ROWS_AT_ONCE])
            self._try(wire.Many(self._number, sql, part, seconds), wire.Done, seconds)

    def _try(self, request: wire.Request, kind: type[_Reply], seconds: float) -> _Reply:
        assert self._worker is not None
        try:
            return self._worker.ask(request, kind, seconds, limit="statement time-out")
        except RefusedError as refused:
            failure = refused.failure
            message = failure.message
            if failure.name == "SQLITE_INTERRUPT":
                message = f"stopped after {seconds:g} seconds"
            raise SqliteError(failure.name, message) from None

    def digests(self, only: Iterable[Name] | None = None) -> Digests:
        """Return the row digests of all tables, or of the existing ones in `only`."""
        wanted = None if only is None else frozenset(name.name.lower() for name in only)
        with self._host.lock:
            self._here()
            found = self._ask(wire.Digest(self._number, wanted), wire.Digested).tables
        return {Name(None, table): TableDigest(rows.count, rows.columns, rows.rows) for table, rows in found.items()}

    def values(self, table: Name, columns: tuple[str, ...]) -> Mapping[str | None, int]:
        """Return hashes of what the rows have in some columns, with their frequencies."""
        with self._host.lock:
            self._here()
            counted = self._ask(wire.Frequencies(self._number, table.name, columns), wire.Counted)
        return dict(counted.values.items())

    def drop(self) -> None:
        """Close it, which frees its memory."""
        with self._host.lock:
            self._forget()
            self._host.dropped()

    def _forget(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None and not worker.ended:
            with contextlib.suppress(WorkerEndedError):
                worker.tell(wire.Forget(self._number), self._deadline.left)

    def _ask(self, request: wire.Request, kind: type[_Reply]) -> _Reply:
        """Send a request that runs no script code; even so, what a script left may take too much time or memory."""
        assert self._worker is not None
        seconds = min(max(self._limits.statement, _READ_SECONDS), self._deadline.left)
        limit = "statement time-out" if seconds < self._deadline.left else "total time-out"
        try:
            return self._worker.ask(request, kind, seconds, limit=limit)
        except (WorkerEndedError, RefusedError) as error:
            raise _lost("SQLite cannot read its databases", error) from None

    def _here(self) -> Worker:
        """Return the process with this database, recreated in a new process if necessary."""
        worker = self._host.worker
        if self._worker is not worker:
            self._worker, self._number = worker, self._host.number()
            self._ask(wire.Open(self._number), wire.Done)
            for step in _in_order(self._journal):
                self._repeat(worker, step)
        return worker

    def _repeat(self, worker: Worker, step: ScriptDone | TablesFilled) -> None:
        """Repeat earlier steps; raises `EngineLostError` if the result differs."""
        try:
            if isinstance(step, TablesFilled):
                filled = fill(self, step.schema, step.rows, step.seed, step.skipped, step.documents)
                same = filled.inserted == step.inserted
            else:
                limits = (self._limits.statement, self._deadline.left)
                request = wire.RunScript(self._number, step.statements, step.wrapped, *limits)
                reply = worker.ask(request, wire.Ran, limits[0], began=lambda _: min(limits))
                same = (reply.failure is None) == (step.failed is None) and reply.index == (
                    -1 if step.failed is None else step.failed
                )
        except (WorkerEndedError, RefusedError) as error:
            raise _lost(_NOT_AGAIN, error) from None
        except UnfinishedError as error:
            raise EngineLostError(f"{_NOT_AGAIN}: {error}") from None
        if not same:
            raise EngineLostError(f"{_NOT_AGAIN}: a script is not deterministic")


_ROWS_AT_ONCE = 5000
# Reading and copying are quick, whatever the limit for statements is.
_READ_SECONDS = 5.0
_READ_LIMITS = frozenset(("memory", "disk", "statement time-out"))
_NOT_AGAIN = "SQLite's process was terminated, and the history could not be restored to its previous state"


def _lost(what: str, error: WorkerEndedError | RefusedError) -> EngineLostError:
    limit = error.limit if isinstance(error, WorkerEndedError) else error.failure.limit
    message = f"{what}: {error}"
    return UnreadableError(message, limit) if limit in _READ_LIMITS else EngineLostError(message)


def _in_order(journal: Journal) -> list[ScriptDone | TablesFilled]:
    steps = []
    while journal is not None:
        journal, step = journal
        steps.append(step)
    return steps[::-1]
