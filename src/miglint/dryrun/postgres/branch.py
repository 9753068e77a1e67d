"""Several scripts in one transaction that is undone: what a copy of the rows would show, without the copy.

Scripts that ran one after the other in one transaction can fail where each in its own would not (a new label of an enum
that is used, a trigger that has not fired yet). Such errors are not believed: the caller then asks a copy. The other
way round, nothing passes here that would fail there: constraints that wait for the commit are asked before.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from miglint.dryrun.interfaces import BranchError, Digests, EngineLostError, Filled, Rehearsal
from miglint.dryrun.postgres.connection import QueryError, Session
from miglint.dryrun.postgres.extensions import created_extension
from miglint.dryrun.postgres.rows import changed_tables, digests, storage, values
from miglint.dryrun.postgres.script_session import START
from miglint.dryrun.results import EngineError, Execution, StatementRun
from miglint.dryrun.statements import Prepared
from miglint.schema.value import Schema
from miglint.sql.operations import Name

if TYPE_CHECKING:
    from miglint.dryrun.postgres.database import PostgresDatabase

# What `DISCARD ALL` does, which is not allowed here.
_CLEAN = (
    "RESET SESSION AUTHORIZATION; RESET ALL; DEALLOCATE ALL; CLOSE ALL; UNLISTEN *;"
    f"SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES; {START}"
)
# "There is no such thing", "there is one already", "not allowed": true in any transaction.
_BELIEVED = "42"


def can_branch(database: PostgresDatabase, scripts: Iterable[Prepared]) -> bool:
    """Tell whether scripts can run in one transaction: each brings one at most, and nothing is made from outside."""
    return all(
        script.wrapped
        and not any(
            extension is not None and database.made_for(extension)
            for extension in (created_extension(piece.text) for piece in script.pieces)
        )
        for script in scripts
    )


@contextlib.contextmanager
def _lost_is_doubtful(database: PostgresDatabase) -> Iterator[None]:
    """Turn a connection that a script's settings have ended into a doubt: a copy shows whose fault it is."""
    try:
        yield
    except EngineLostError:
        database.server.check()
        raise BranchError from None


class PostgresBranch:
    """A transaction of a database, which until `drop` must not be used otherwise."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database
        self._session = database.clean()
        self._ran = 0
        self._settled = False
        # A script cannot go back to what it cannot name.
        self._savepoint = ""
        self._session.query("BEGIN")
        self._storage = storage(self._session)

    def run(self, script: Prepared, *, observe: bool = False, count: bool = False) -> Execution:
        """Run a script; when it fails, it is undone. Raises `BranchError` when that may be due to the branch."""
        started = time.perf_counter()
        statements: list[StatementRun] = []
        with _lost_is_doubtful(self._database):
            error = self._run(script, statements, observe=observe, count=count)
            if error is not None:
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
        if not session.alive or database.session is not session or not session.in_transaction:
            raise BranchError
        if error is None:
            deferred = session.script("SET CONSTRAINTS ALL IMMEDIATE", database.bounds())
            error = database.said(deferred, -1, script.pieces[-1:], 0.0)
        believed = first or error is None or (error.limit is None and (error.sqlstate or "").startswith(_BELIEVED))
        if not believed:
            raise BranchError
        return error

    def _undo(self) -> None:
        self._session.query(f"ROLLBACK TO SAVEPOINT {self._savepoint}")

    def _settle(self) -> Session:
        """Return the session without the settings of the scripts that ran in it."""
        if not self._settled:
            self._session.query(_CLEAN)
            self._settled = True
        return self._session

    def rehearse(self, script: Prepared) -> Rehearsal:
        """Nothing is undone within a branch."""
        raise BranchError

    def schema(self) -> Schema:
        """Nobody but its own session sees the schema of a branch."""
        raise BranchError

    def touched(self) -> frozenset[Name]:
        """Return the tables that were written to, made again, or are gone."""
        with _lost_is_doubtful(self._database):
            session = self._settle()
            now = storage(session)
            apart = {name for name, where in self._storage.items() if now.get(name) != where}
            return changed_tables(session) | apart

    def digests(self, only: Iterable[Name] | None = None) -> Digests:
        """Describe the rows of all tables, or of those named that are there."""
        with _lost_is_doubtful(self._database):
            session = self._settle()
            found = digests(session, only)
            if session.failed:
                raise BranchError
            return found

    def values(self, table: Name, column: str) -> Mapping[str | None, int]:
        """Return hashes of the values of a column."""
        with _lost_is_doubtful(self._database):
            return values(self._settle(), table, column)

    def copy(self) -> PostgresDatabase:
        """A transaction cannot be copied."""
        raise BranchError

    def twin(self) -> PostgresDatabase:
        """A transaction cannot be copied."""
        raise BranchError

    def branch(self, scripts: Iterable[Prepared]) -> PostgresDatabase:
        """A transaction has no branches."""
        raise BranchError

    def fill(self, schema: Schema, rows: int, seed: int) -> Filled:
        """Rows are put in before."""
        raise BranchError

    def drop(self) -> None:
        """Undo all."""
        try:
            if self._session.alive and self._session.in_transaction:
                self._session.query("ROLLBACK")
            self._database.release()
        except (QueryError, EngineLostError):
            # Whoever uses the database next will see what became of it.
            return
