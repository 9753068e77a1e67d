"""Throwaway PostgreSQL databases: copies, queries, and reuse of copies."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from miglint.base.structs import Struct, field
from miglint.dryrun.compare import compare
from miglint.dryrun.interfaces import BranchError, Database, Digests, EngineLostError, Filled, TrialRun, rows_differ
from miglint.dryrun.postgres.branch import PostgresBranch, can_branch
from miglint.dryrun.postgres.catalog_reader import Reading
from miglint.dryrun.postgres.connection import QueryError, Row, Session
from miglint.dryrun.postgres.fill import fill
from miglint.dryrun.postgres.roles import Login
from miglint.dryrun.postgres.rows import SEQUENCES, digests, digests_of, values
from miglint.dryrun.postgres.script_session import ScriptSession
from miglint.dryrun.postgres.tenant import Tenant
from miglint.dryrun.results import EngineError, Execution, StatementRun
from miglint.dryrun.statements import Prepared
from miglint.schema.value import Schema
from miglint.sql.operations import Name

# Dead rows remain in the catalog's files and slow down reads. Database owners may vacuum.
_TIDY = "VACUUM " + ", ".join(
    f"pg_catalog.{catalog}"
    for catalog in (
        "pg_attribute", "pg_class", "pg_type", "pg_depend", "pg_constraint", "pg_index", "pg_proc", "pg_trigger",
        "pg_attrdef", "pg_rewrite", "pg_description", "pg_sequence", "pg_statistic", "pg_enum",
    )
)  # fmt: skip
_TIDY_EVERY = 8


class State(Struct, frozen=True):
    """State of a database beyond its schema: row counts of catalogs, rows of tables, and sequences."""

    counts: tuple[int, ...]
    rows: Digests = field(default_factory=dict)
    sequences: tuple[Row, ...] = ()


class PostgresDatabase(ScriptSession):
    """A throwaway database with one connection of the scripts' role, opened on demand.

    The catalog is read by another role in another session, which sees committed data only. That session would prevent
    copying, so a database that is copied from is read in a copy, which then serves as the next branch. `origin` is the
    source of a copy that is read directly; `first` means that the roles are removed with this database.
    """

    def __init__(
        self,
        tenant: Tenant,
        name: str,
        *,
        login: Login | None = None,
        origin: PostgresDatabase | None = None,
        first: bool = False,
    ) -> None:
        super().__init__(tenant, name, login or tenant.roles.main)
        self._origin = origin
        self._first = first
        self._reading: Session | None = None
        self._read: Reading | None = None
        self._spare: PostgresDatabase | None = None
        self._observed = False
        self._ran: list[Prepared] = []
        self._base: tuple[Schema, State] | None = None
        self._ended_well = False
        self._returned = 0

    @property
    def _catalog(self) -> Session:
        """The connection that reads the catalog."""
        if self._reading is None or not self._reading.alive:
            self._reading = self.tenant.reading_session(self.name)
        return self._reading

    def _leave(self) -> None:
        """Close all connections to the database."""
        self._disconnect()
        if self._reading is not None:
            self._reading.close()
            self._reading = None

    def run(self, script: Prepared, *, observe: bool = False, count: bool = False) -> Execution:
        """Run a script and commit it as its tool would."""
        unread = script.unread()
        if unread is not None:
            return Execution(error=unread)
        started = time.perf_counter()
        self._read = None
        self._observed |= observe
        if self._origin is not None:
            self._ran.append(script)
        statements: list[StatementRun] = []
        self.tenant.roles.enter(self.name)
        session = self.clean()
        if script.wrapped:
            session.query("BEGIN")
        error = self.execute(script, statements, observe=observe, count=count)
        error = self.finish(session, script, error)
        left = self.tenant.end_prepared(self.name)
        self.release()
        if error is None:
            self.switch_triggers()
        beyond = left + self.tenant.audit(self.name)
        seconds = time.perf_counter() - started
        self._ended_well = error is None
        self._follow(script, error)
        return Execution(tuple(statements), error, seconds, beyond)

    def _follow(self, script: Prepared, error: EngineError | None) -> None:
        """Repeat the script in the spare copy; if the result differs, drop the copy."""
        if self._spare is None:
            return
        if (error is None or script.wrapped) and not self.server.stuck:
            there = self._spare.run(script).error
            if (there and there.sqlstate) == (error and error.sqlstate):
                self._spare.begin_here()
                return
        self._drop_spare()

    def try_out(self, script: Prepared) -> TrialRun:
        """Run a script on a copy and read its state. The copy is reused if it is unchanged."""
        if self._origin is not None:
            found, unchanged = self._run_again(script)
            if not unchanged:
                self._restore()
            return found
        spare = self._take_spare()
        found, unchanged = spare._run_again(script)
        if unchanged:
            self._spare = spare
        else:
            spare._base = None
            spare.drop()
        return found

    def begin_here(self) -> None:
        """Mark this copy as equal to its origin."""
        self._base = None
        self._ran.clear()

    def _start(self) -> tuple[Schema, State]:
        """Return the state of this copy when it was equal to its origin."""
        if self._base is None:
            self._base = self.schema(), self._state()
        return self._base

    def _state(self) -> State:
        """Count the rows of the catalogs, and digest those of non-empty tables."""
        read = self._reading_now()
        if not read.filled and not read.has_sequences:
            return State(read.counts)
        session = self.clean()
        found = digests_of(session, read.filled)
        sequences = tuple(session.query(SEQUENCES, inert=True)[0]) if read.has_sequences else ()
        return State(read.counts, found, sequences)

    def _run_again(self, script: Prepared) -> tuple[TrialRun, bool]:
        """Run a script here, and return whether the state is unchanged afterwards."""
        before = self.schema(), self._state()
        self._base = self._base or before
        execution = self.run(script)
        self._ran.pop()
        if not execution.ok:
            return TrialRun(execution), script.wrapped
        after, state = self.schema(), self._state()
        changed = rows_differ(before[1].rows, state.rows)
        unchanged = changed is False and state == before[1] and not compare(before[0], after)
        return TrialRun(execution, after, changed), unchanged

    def _restore(self) -> None:
        """Recreate this copy, with the scripts that are to be kept."""
        assert self._origin is not None
        ran, self._ran = self._ran, []
        self._leave()
        self.tenant.remove(self.name)
        self.name = self._origin.copied()
        self._read = self._base = None
        for script in ran:
            self.run(script)

    def schema(self) -> Schema:
        """Read the whole schema."""
        return self._reading_now().schema

    def _reading_now(self) -> Reading:
        """Return what was read since the last script, or read it."""
        if self._read is None:
            if self._origin is not None:
                self._read = self.server.reader.read(self._catalog)
            elif self._observed:
                self._spare = self._take_spare()
                self._read = self._spare._reading_now()
            else:
                self._read = self.server.reader.read(self._catalog)
                self._leave()
        return self._read

    def stand_in_roles(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Create missing roles on a server of miglint's own; the scripts' role may give objects to them."""
        return self.tenant.roles.stand_in(names) if self.server.throwaway and self.server.superuser else ()

    def copied(self) -> str:
        """Copy as a template, which requires that no session is connected, and return the copy's name."""
        self._leave()
        self.server.wait_gone(self.name)
        return self.tenant.create(self.name)

    def set_aside(self) -> None:
        """Keep the present state in another database, for later runs."""
        self._leave()
        self.server.wait_gone(self.name)
        self.tenant.set_aside(self.name)

    def copy(self) -> PostgresDatabase:
        """Return a copy."""
        return PostgresDatabase(self.tenant, self.copied(), login=self.login)

    def twin(self) -> Twin:
        """Return a copy for rows, whose sessions are inaccessible to the scripts that run here."""
        return Twin(self.tenant, self.copied(), login=self.tenant.roles.rows)

    def _take_spare(self) -> PostgresDatabase:
        spare, self._spare = self._spare, None
        return spare or PostgresDatabase(self.tenant, self.copied(), login=self.login, origin=self)

    def _drop_spare(self) -> None:
        if self._spare is not None:
            spare, self._spare = self._spare, None
            spare._base = None
            spare.drop()

    def branch(self, scripts: Iterable[Prepared]) -> Database:
        """Return a copy that is read directly."""
        spare = self._take_spare()
        spare._start()
        return spare

    def touched(self) -> frozenset[Name] | None:
        """Unknown for a whole database."""
        return None

    def fill(self, schema: Schema, rows: int, seed: int, documents: frozenset[str] = frozenset()) -> Filled:
        """Insert rows into the empty tables."""
        self._drop_spare()
        session = self.clean()
        try:
            return fill(session, schema, rows, seed, documents, replica=self.tenant.may_replicate)
        finally:
            self.clean()

    def digests(self, only: Iterable[Name] | None = None) -> Digests:
        """Return the row digests of all tables, or of the existing ones in `only`."""
        return digests(self.clean(), only)

    def values(self, table: Name, columns: tuple[str, ...]) -> Mapping[str | None, int]:
        """Return hashes of what the rows have in some columns, with their frequencies."""
        return values(self.clean(), table, columns)

    def drop(self) -> None:
        """Disconnect and drop it; a copy that is unchanged is returned to its origin."""
        if self._origin is not None and self._origin.takes_back(self):
            return
        self._drop_spare()
        self._leave()
        self.tenant.remove(self.name)
        if self._first:
            self.tenant.close()

    def takes_back(self, copy: PostgresDatabase) -> bool:
        """Keep an unchanged copy as the next branch: creating a new one takes longer."""
        if self._spare is not None or copy._base is None or not copy._ran or not copy._ended_well:
            return False
        try:
            schema, state = copy._base
            now = copy._state()
            if compare(schema, copy.schema()) or now != state or self.tenant.has_settings(copy.name):
                return False
            if rows_differ(now.rows, state.rows) is not False:
                return False
            copy._returned += 1
            if copy._returned % _TIDY_EVERY == 0:
                copy.clean().query(_TIDY)
        except (EngineLostError, QueryError):
            return False
        copy.begin_here()
        self._spare = copy
        return True


class Twin(PostgresDatabase):
    """A database with rows. Its branches are transactions, in which the writing role reads the rows."""

    def branch(self, scripts: Iterable[Prepared]) -> Database:
        """Return a branch: a transaction of this database if the scripts allow it."""
        return PostgresBranch(self) if can_branch(self, scripts) else self.copy()

    def try_out(self, script: Prepared) -> TrialRun:
        """Run a script beside this database, and return whether it changed rows; the schema is not read."""
        try:
            return self._beside(script, self.branch((script,)))
        except BranchError:
            # The script ends its session, or fails where a copy may not.
            return self._beside(script, self.copy())

    def _beside(self, script: Prepared, beside: Database) -> TrialRun:
        try:
            execution = beside.run(script)
            if not execution.ok:
                return TrialRun(execution)
            touched = beside.touched()
            after = beside.digests(touched)
        finally:
            beside.drop()
        return TrialRun(execution, None, rows_differ(self.digests(touched), after))
