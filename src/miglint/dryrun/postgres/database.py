"""One throwaway PostgreSQL database, and how scripts run in it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from miglint.base.lazy_regex import pattern
from miglint.dryrun.interfaces import Database, Digests, EngineLostError, Filled, Rehearsal
from miglint.dryrun.postgres.branch import PostgresBranch, can_branch
from miglint.dryrun.postgres.connection import Bounds, QueryError, ServerError, Session, quoted
from miglint.dryrun.postgres.extensions import ALLOWED, STAND_INS, created_extension, is_guarded
from miglint.dryrun.postgres.fill import fill
from miglint.dryrun.postgres.lock_observer import Watch
from miglint.dryrun.postgres.rows import changed_tables, digests, values
from miglint.dryrun.postgres.superuser_calls import rewritten
from miglint.dryrun.results import EngineError, Execution, StatementRun
from miglint.dryrun.statements import Piece, Prepared
from miglint.schema.value import Schema
from miglint.sql.operations import Name

if TYPE_CHECKING:
    from miglint.dryrun.postgres.engine import PostgresServer

# The server stops a statement itself at its time-out; we ask a little later, in case the script switched that off.
_MARGIN = 0.5
_REFUSED = "42501"
# What was undone is still in the catalog's files, and slows all that reads them. Owners of databases may tidy up.
_TIDY = "VACUUM " + ", ".join(
    f"pg_catalog.{catalog}"
    for catalog in (
        "pg_attribute", "pg_class", "pg_type", "pg_depend", "pg_constraint", "pg_index", "pg_proc", "pg_trigger",
        "pg_attrdef", "pg_rewrite", "pg_description", "pg_sequence", "pg_statistic", "pg_enum",
    )
)  # fmt: skip
_TIDY_EVERY = 8
_OUT_OF_SPACE = pattern(r"53100|53400")
_OUT_OF_MEMORY = "53200"
# Of that a server has a fixed part: too many locks, not too many bytes.
_SHARED_MEMORY = "out of shared memory"
_STOPPED = pattern(r"57014|25P04")


class PostgresDatabase:
    """A database of ours. It holds one connection of the scripts' role, made when it is first needed."""

    def __init__(self, server: PostgresServer, name: str) -> None:
        self.name = name
        self.server = server
        self._open: Session | None = None
        self._branches = 0

    @property
    def session(self) -> Session:
        """The connection of the scripts' role."""
        if self._open is None:
            self._open = self.server.session(self.name)
        return self._open

    def _disconnect(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def run(self, script: Prepared, *, observe: bool = False, count: bool = False) -> Execution:
        """Run a script and commit it as its tool would."""
        started = time.perf_counter()
        statements: list[StatementRun] = []
        error = self._begin_and_run(script, statements, observe=observe, count=count)
        session = self.session
        if session.in_transaction:
            if error is None and (script.wrapped or script.ended):
                error = self.said(session.script("COMMIT", self.bounds()), -1, script.pieces[-1:], 0.0)
            if session.in_transaction:
                session.query("ROLLBACK")
        return Execution(tuple(statements), error, time.perf_counter() - started)

    def _begin_and_run(
        self, script: Prepared, statements: list[StatementRun], *, observe: bool = False, count: bool = False
    ) -> EngineError | None:
        """Run the statements; a wrapped script's transaction stays open."""
        session = self.session
        session.query("DISCARD ALL")
        if script.wrapped:
            session.query("BEGIN")
        return self.execute(script, statements, observe=observe, count=count)

    def execute(
        self, script: Prepared, statements: list[StatementRun], *, observe: bool = False, count: bool = False
    ) -> EngineError | None:
        """Run the statements of a script where the session stands, and put what they did into `statements`."""
        session = self.session
        watch = Watch(session, count=count) if observe else None
        for index, piece in enumerate(script.pieces):
            begun = time.perf_counter()
            error = self._statement(session, index, piece)
            seconds = time.perf_counter() - begun
            # What fails outside of a transaction leaves what it did so far.
            if watch is None or (error is not None and (session is not self._open or session.in_transaction)):
                statements.append(StatementRun(index, piece.span, seconds))
            else:
                statements.append(watch.look(index, piece.span, seconds))
            if error is not None:
                return error
        return None

    def bounds(self) -> Bounds:
        """Return what the next statement may use."""
        server = self.server
        left = server.deadline.left
        own = server.limits.statement + _MARGIN
        name = "statement time-out" if own <= left else "total time-out"
        reached = server.watch.statement(self.name, self.session.pid)

        def over() -> str | None:
            return "total time-out" if server.deadline.left <= 0 else reached()

        return Bounds(min(own, left), server.limits.notices, over, name)

    def _statement(self, session: Session, index: int, piece: Piece) -> EngineError | None:
        if self.server.deadline.left <= 0:
            said = ServerError("the time for the whole dry run is over", _STOPPED.pattern[:5], limit="total time-out")
            return self.said(said, index, (piece,), 0.0)
        begun = time.monotonic()
        extension = created_extension(piece.text)
        if extension is not None:
            error, done = self._extension(extension, piece)
            if error is not None or done:
                return self.said(error, index, (piece,), 0.0)
        try:
            text = (rewritten(piece.text) if self.server.superuser else None) or piece.text
            bounds = self.bounds()
            said_by_server = session.script(text, bounds)
        except EngineLostError as lost:
            self._disconnect()
            self.server.check()
            return self.said(ServerError(str(lost), limit=bounds.over() or "connection"), index, (piece,), 0.0)
        if not session.alive:
            self._disconnect()
            self.server.check()
        return self.said(said_by_server, index, (piece,), time.monotonic() - begun)

    def _extension(self, name: str, piece: Piece) -> tuple[ServerError | None, bool]:
        """Make an allowed extension possible for the scripts' role; True when nothing is left to run."""
        server = self.server
        if name not in server.available:
            if name not in ALLOWED and name not in STAND_INS:
                return None, False
            hint = "run the dry run on a server that has it: `--dry-run=local`, `--dry-run=docker` or `--database-url`"
            return ServerError(f'extension "{name}" is not available on this server', "0A000", None, hint), False
        if name in server.stand_ins:
            server.used_stand_ins.add(name)
        if not self.made_for(name):
            return None, False
        session = server.admin_in(self.name)
        try:
            session.query(f"CREATE EXTENSION IF NOT EXISTS {quoted(name)}")
        except QueryError as failed:
            return failed.error, False
        finally:
            session.close()
        return None, not is_guarded(piece.text)

    def made_for(self, extension: str) -> bool:
        """Tell whether an extension is made for the scripts' role, by another one and in another session."""
        return extension in ALLOWED and not self.server.marks_trusted and self.server.superuser

    def said(
        self, error: ServerError | None, index: int, pieces: tuple[Piece, ...], seconds: float
    ) -> EngineError | None:
        """Return the server's error as one of the script's statement."""
        if error is None:
            return None
        span = pieces[0].span if pieces else None
        place = None
        if span is not None and error.position >= 0 and index >= 0:
            place = min(span.start + error.position, span.end)
        limit = error.limit
        if limit is None and error.sqlstate == _REFUSED:
            limit = "refused"
        elif limit is None and error.sqlstate and _OUT_OF_SPACE.match(error.sqlstate):
            limit = "disk"
        elif limit is None and error.sqlstate == _OUT_OF_MEMORY and not error.message.startswith(_SHARED_MEMORY):
            limit = "memory"
        elif limit is None and error.sqlstate and _STOPPED.match(error.sqlstate):
            limit = "statement time-out" if seconds >= self.server.limits.statement * 0.9 else None
        return EngineError(error.message, error.sqlstate, error.detail, error.hint, index, span, place, limit)

    def rehearse(self, script: Prepared) -> Rehearsal:
        """Run a script in a transaction that is undone; on a copy when it makes transactions of its own."""
        if not script.wrapped:
            return self._rehearse_on_copy(script)
        started = time.perf_counter()
        statements: list[StatementRun] = []
        session = self.session
        error = self._begin_and_run(script, statements)
        session = self.session
        try:
            if error is None:
                # What a commit would still check.
                deferred = session.script("SET CONSTRAINTS ALL IMMEDIATE", self.bounds())
                error = self.said(deferred, -1, script.pieces[-1:], 0.0)
            execution = Execution(tuple(statements), error, time.perf_counter() - started)
            if error is not None:
                return Rehearsal(execution)
            session.query("RESET ROLE")
            schema = self.server.reader.read(session.query, inside=True)
            touched = changed_tables(session)
            after = digests(session, touched) if touched else {}
        finally:
            if session.in_transaction:
                session.query("ROLLBACK")
        changed = bool(touched) and digests(session, touched) != after
        return Rehearsal(execution, schema, changed)

    def _rehearse_on_copy(self, script: Prepared) -> Rehearsal:
        twin = self.copy()
        try:
            execution = twin.run(script)
            if not execution.ok:
                return Rehearsal(execution)
            return Rehearsal(execution, twin.schema(), twin.digests() != self.digests())
        finally:
            twin.drop()

    def schema(self) -> Schema:
        """Read the whole schema."""
        return self.server.reader.read(self.session.query)

    def copy(self) -> PostgresDatabase:
        """Return a copy by template, for which nobody may be connected here."""
        self._disconnect()
        self.server.wait_gone(self.name)
        return PostgresDatabase(self.server, self.server.create(self.name))

    def branch(self, scripts: Iterable[Prepared]) -> Database:
        """Return what behaves as a copy: a transaction of this database where the scripts allow it."""
        if not can_branch(self, scripts):
            return self.copy()
        self._branches += 1
        if self._branches % _TIDY_EVERY == 0:
            self.session.query(_TIDY)
        return PostgresBranch(self)

    def touched(self) -> None:
        """A whole database does not say."""

    def fill(self, schema: Schema, rows: int, seed: int) -> Filled:
        """Put rows into the empty tables."""
        return fill(self.session, schema, rows, seed)

    def digests(self, only: Iterable[Name] | None = None) -> Digests:
        """Describe the rows of all tables, or of those named that are there."""
        return digests(self.session, only)

    def values(self, table: Name, column: str) -> Mapping[str | None, int]:
        """Return hashes of the values of a column."""
        return values(self.session, table, column)

    def drop(self) -> None:
        """Disconnect and drop it."""
        self._disconnect()
        self.server.remove(self.name)
