"""Branches: scripts in one transaction that is rolled back, instead of a copy of the rows.

Scripts that run in one transaction may fail where they would not in separate ones (a new enum label that is used,
pending trigger events). Such errors raise `BranchError`, and the caller uses a copy. The converse cannot happen:
deferred constraints are checked before the end.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping

from miglint.dryrun.interfaces import BranchError, Database, Digests, EngineLostError, Filled, TrialRun
from miglint.dryrun.postgres.connection import QueryError, Session
from miglint.dryrun.postgres.extensions import created_extension
from miglint.dryrun.postgres.rows import changed_tables, digests, storage, values
from miglint.dryrun.postgres.script_session import START, ScriptSession
from miglint.dryrun.results import EngineError, Execution, StatementRun
from miglint.dryrun.statements import Prepared
from miglint.schema.value import Schema
from miglint.sql.operations import Name

# The effects of `DISCARD ALL`, which is not allowed in a transaction.
_CLEAN = (
    "RESET SESSION AUTHORIZATION; RESET ALL; DEALLOCATE ALL; CLOSE ALL; UNLISTEN *;"
    f"SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES; {START}"
)
# "Does not exist", "already exists", "permission denied": valid in any transaction.
_BELIEVED = "42"


def can_branch(database: ScriptSession, scripts: Iterable[Prepared]) -> bool:
    """Return whether scripts can run in one transaction: each has at most one, and none has effects outside of it."""
    return all(
        script.wrapped
        and not any(
            extension is not None and database.made_for(extension)
            for extension in (created_extension(piece.text) for piece in script.pieces)
        )
        for script in scripts
    )


@contextlib.contextmanager
def _lost_is_doubtful(database: ScriptSession) -> Iterator[None]:
    """Raise `BranchError` if a script's settings broke the connection: a copy determines the cause."""
    try:
        yield
    except EngineLostError:
        database.server.check()
        raise BranchError from None


class PostgresBranch:
    """A transaction of a database, which must not be used otherwise until `drop`."""

    def __init__(self, database: ScriptSession) -> None:
        self._database = database
        self._session = database.clean()
        self._ran = 0
        self._settled = False
        # The savepoint's name is random, so that scripts cannot roll back to it.
        self._savepoint = ""
        self._session.query("BEGIN")
        self._storage = storage(self._session)

    def run(self, script: Prepared, *, observe: bool = False, count: bool = False) -> Execution:
        """Run a script; if it fails, roll it back. Raises `BranchError` if branching may be the cause."""
        unread = script.unread()
        if unread is not None:
            return Execution(error=unread)
        started = time.perf_counter()
        statements: list[StatementRun] = []
        with _lost_is_doubtful(self._database):
            error = self._run(script, statements, observe=observe, count=count)
            if error is not None and self._session.alive:
                self._undo()
        return Execution(tuple(statements), error, time.perf_counter() - started)

    def _run(
        self, script: Prepared, statements: list[StatementRun], *, observe: bool = False, count: bool = False
    ) -> EngineError | None:
        database, session = self._database, self._session
        first = self._ran == 0
        self._ran += 1
        if not first:
            session.query(_CLEAN)
        self._savepoint = f"s{secrets.token_hex(8)}"
        self._settled = False
        session.query(f"SAVEPOINT {self._savepoint}")
        error = database.execute(script, statements, observe=observe, count=count)
        if error is not None and database.server.stuck:
            return error
        if not session.alive or database.session is not session or not session.in_transaction:
            raise BranchError
        if error is None:
            deferred = session.script("SET CONSTRAINTS ALL IMMEDIATE", database.bounds())
            error = database.error_at(deferred, -1, script.pieces[-1:], 0.0)
        believed = first or error is None or (error.limit is None and (error.sqlstate or "").startswith(_BELIEVED))
        if not believed:
            raise BranchError
        return error

    def _undo(self) -> None:
        self._session.query(f"ROLLBACK TO SAVEPOINT {self._savepoint}")

    def _settle(self) -> Session:
        """Return the session with the scripts' settings reset."""
        if not self._settled:
            self._session.query(_CLEAN)
            self._settled = True
        return self._session

    def try_out(self, script: Prepared) -> TrialRun:
        """Not supported within a branch."""
        raise BranchError

    def schema(self) -> Schema:
        """Not supported: the schema of a branch is visible only in its own session."""
        raise BranchError

    def touched(self) -> frozenset[Name]:
        """Return the tables that were written to, recreated or dropped."""
        with _lost_is_doubtful(self._database):
            session = self._settle()
            now = storage(session)
            apart = {name for name, where in self._storage.items() if now.get(name) != where}
            return changed_tables(session) | apart

    def digests(self, only: Iterable[Name] | None = None) -> Digests:
        """Return the row digests of all tables, or of the existing ones in `only`."""
        with _lost_is_doubtful(self._database):
            session = self._settle()
            found = digests(session, only)
            if session.failed:
                raise BranchError
            return found

    def values(self, table: Name, columns: tuple[str, ...]) -> Mapping[str | None, int]:
        """Return hashes of what the rows have in some columns, with their frequencies."""
        with _lost_is_doubtful(self._database):
            return values(self._settle(), table, columns)

    def copy(self) -> Database:
        """Not supported: a transaction cannot be copied."""
        raise BranchError

    def twin(self) -> Database:
        """Not supported: a transaction cannot be copied."""
        raise BranchError

    def branch(self, scripts: Iterable[Prepared]) -> Database:
        """Not supported: branches do not nest."""
        raise BranchError

    def fill(self, schema: Schema, rows: int, seed: int, documents: frozenset[str] = frozenset()) -> Filled:
        """Not supported: rows are inserted before branching."""
        raise BranchError

    def drop(self) -> None:
        """Roll back everything."""
        try:
            if self._session.alive and self._session.in_transaction:
                self._session.query("ROLLBACK")
            self._database.release()
        except (QueryError, EngineLostError):
            # A lost connection is reported by the next user of the database.
            return
