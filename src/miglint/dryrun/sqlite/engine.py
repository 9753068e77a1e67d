"""The SQLite engine: databases in memory, with a guard that keeps scripts inside them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping

from miglint.base.model import Dialect
from miglint.dryrun.interfaces import Digests, Filled, Rehearsal, TableDigest
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.results import EngineError, EngineInfo, Execution, StatementRun
from miglint.dryrun.sqlite.catalog import Known, read_schema, tables
from miglint.dryrun.sqlite.library import Connection, Opener, SqliteError
from miglint.dryrun.sqlite.rows import fill
from miglint.dryrun.statements import Piece, Prepared
from miglint.schema.value import Schema
from miglint.sql.operations import Name


class SqliteEngine:
    """Databases of one SQLite library. `foreign_keys` is the setting that the application's connections use."""

    dialect = Dialect.SQLITE

    def __init__(
        self, opener: Opener, info: EngineInfo, limits: Limits, deadline: Deadline, *, foreign_keys: bool = False
    ) -> None:
        self.info = info
        self._opener = opener
        self._limits = limits
        self._deadline = deadline
        self._foreign_keys = foreign_keys
        self._known: Known = {}

    def create(self) -> SqliteDatabase:
        """Return a new empty database in memory."""
        return SqliteDatabase(self._opener(), self._limits, self._deadline, self._foreign_keys, self._known)

    def check(self) -> None:
        """It is part of this process, and as alive."""

    def close(self) -> None:
        """Nothing is shared, so nothing is left to stop."""


class SqliteDatabase:
    """One database in memory."""

    def __init__(self, db: Connection, limits: Limits, deadline: Deadline, foreign_keys: bool, known: Known) -> None:
        self._db = db
        self._known = known
        self._limits = limits
        self._deadline = deadline
        self._foreign_keys = foreign_keys
        self._stop_at = float("inf")
        pages = max(1, limits.disk // int(db.rows("PRAGMA page_size")[0][0]))
        db.rows(f"PRAGMA max_page_count = {pages}")
        db.rows(f"PRAGMA foreign_keys = {int(foreign_keys)}")
        db.watch(lambda: time.monotonic() > self._stop_at)

    def run(self, script: Prepared, *, observe: bool = False, count: bool = False) -> Execution:
        """Run a script; SQLite locks the whole database and counts no rows: `observe` and `count` add nothing."""
        started = time.perf_counter()
        statements: list[StatementRun] = []
        error: EngineError | None = None
        if script.wrapped:
            self._db.rows("BEGIN")
        for index, piece in enumerate(script.pieces):
            begun = time.perf_counter()
            error = self._statement(index, piece)
            statements.append(StatementRun(index, piece.span, time.perf_counter() - begun))
            if error is not None:
                break
        if self._db.in_transaction:
            if error is None:
                error = self._commit(script)
            if self._db.in_transaction:
                self._db.rows("ROLLBACK")
        # A script may have changed the connection's settings for itself; the next one has a new connection.
        self._db.rows(f"PRAGMA foreign_keys = {int(self._foreign_keys)}")
        return Execution(tuple(statements), error, time.perf_counter() - started)

    def _commit(self, script: Prepared) -> EngineError | None:
        try:
            self._db.rows("COMMIT")
        except SqliteError as failed:
            span = script.pieces[-1].span if script.pieces else None
            return EngineError(failed.message, failed.name, index=-1, span=span)
        return None

    def _statement(self, index: int, piece: Piece) -> EngineError | None:
        left = min(self._limits.statement, self._deadline.left)
        total = left < self._limits.statement
        self._stop_at = time.monotonic() + left
        try:
            self._db.run(piece.text)
        except SqliteError as failed:
            limit, message = None, failed.message
            if failed.name == "SQLITE_INTERRUPT":
                limit = "total time-out" if total else "statement time-out"
                message = f"stopped after {left:g} seconds"
            elif failed.name.startswith("SQLITE_FULL"):
                limit = "disk"
            elif self._db.refusal.why is not None:
                limit, message = "refused", self._db.refusal.why
            place = None
            if failed.place >= 0:
                before = piece.text.encode()[: failed.place].decode("utf-8", "ignore")
                place = piece.span.start + len(before)
            return EngineError(message, failed.name, index=index, span=piece.span, place=place, limit=limit)
        except MemoryError:
            return EngineError("out of memory", "SQLITE_NOMEM", index=index, span=piece.span, limit="disk")
        finally:
            self._stop_at = float("inf")
        return None

    def rehearse(self, script: Prepared) -> Rehearsal:
        """Run a script on a copy, which costs next to nothing in memory."""
        twin = self.copy()
        try:
            execution = twin.run(script)
            if not execution.ok:
                return Rehearsal(execution)
            return Rehearsal(execution, twin.schema(), twin.digests() != self.digests())
        finally:
            twin.drop()

    def schema(self) -> Schema:
        """Read the schema."""
        return read_schema(self._db, self._known)

    def copy(self) -> SqliteDatabase:
        """Return a copy made with SQLite's backup."""
        return SqliteDatabase(self._db.copy(), self._limits, self._deadline, self._foreign_keys, self._known)

    def twin(self) -> SqliteDatabase:
        """Return a copy."""
        return self.copy()

    def branch(self, scripts: Iterable[Prepared]) -> SqliteDatabase:
        """Return a copy: nothing is quicker."""
        return self.copy()

    def touched(self) -> None:
        """SQLite does not say."""

    def fill(self, schema: Schema, rows: int, seed: int) -> Filled:
        """Put rows into the empty tables."""
        return fill(self._db, schema, rows, seed)

    def digests(self, only: Iterable[Name] | None = None) -> Digests:
        """Describe the rows of all tables, or of those named that are there."""
        found: dict[Name, TableDigest] = {}
        wanted = None if only is None else frozenset(only)
        for table, columns in tables(self._db):
            if wanted is not None and Name(None, table) not in wanted:
                continue
            listed = ", ".join(_quoted(name) for name in columns)
            try:
                rows = self._db.rows(f"SELECT {listed} FROM main.{_quoted(table)}")
            except SqliteError:  # a generated column with a function that this library does not have
                continue
            totals = [0] * len(columns)
            for row in rows:
                for at, cell in enumerate(row):
                    totals[at] += hash((type(cell), cell))
            hashes = {name.lower(): str(total) for name, total in zip(columns, totals, strict=True)}
            found[Name(None, table)] = TableDigest(len(rows), hashes)
        return found

    def values(self, table: Name, column: str) -> Mapping[str | None, int]:
        """Return the values of a column as SQL literals with their frequency."""
        return Counter(
            row[0] for row in self._db.rows(f"SELECT quote({_quoted(column)}) FROM main.{_quoted(table.name)}")
        )

    def drop(self) -> None:
        """Close it, which frees its memory."""
        self._db.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
