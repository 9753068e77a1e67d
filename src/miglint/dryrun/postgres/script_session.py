"""Execution of scripts in a throwaway database: limits, errors, extensions, substituted statements."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Mapping

from miglint.base.lazy_regex import pattern
from miglint.base.structs import replace
from miglint.dryrun.interfaces import EngineLostError
from miglint.dryrun.postgres.connection import (
    SHARED_MEMORY,
    QueryError,
    ServerError,
    Session,
    StatementBounds,
    literal,
    quoted,
)
from miglint.dryrun.postgres.extensions import ALLOWED, STAND_INS, created_extension, is_guarded
from miglint.dryrun.postgres.lock_observer import Watch
from miglint.dryrun.postgres.ownership import given_away
from miglint.dryrun.postgres.roles import Login
from miglint.dryrun.postgres.superuser_calls import opens_transaction, replacements, sets_isolation, switch_statement
from miglint.dryrun.postgres.tenant import Tenant
from miglint.dryrun.results import EngineError, StatementRun
from miglint.dryrun.statements import Prepared, StatementText

# The server enforces the statement timeout; the client cancels a little later, in case the script disabled it.
_MARGIN = 0.5
_REFUSED = "42501"
_ENDED = ServerError("the statement ended the transaction of the script", _REFUSED)
_UNDEFINED_OBJECT = "42704"
_NO_ROLE = pattern(
    r'role ".+" does not exist|must be able to SET ROLE ".+"|must be member of role ".+"'
    r'|permission denied to set role ".+"',
    re.DOTALL,
)
_OUT_OF_SPACE = pattern(r"53100|53400")
_OUT_OF_MEMORY = "53200"
_STOPPED = pattern(r"57014|25P04")
# The session's initial role, which resetting the session's settings removes.
START = "RESET ROLE"
# What the end of a session does: objects that depend on temporary ones are dropped with them.
RELEASE = "SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD TEMP"


def _without_isolation(piece: StatementText) -> StatementText:
    """Replace a statement that sets the isolation level, which the server accepts only as the first query."""
    return replace(piece, text="SELECT") if sets_isolation(piece.text) else piece


def _tables_of(session: Session, disabled: Mapping[str, bool]) -> dict[int, bool]:
    """Return the oids of tables whose triggers a script has switched; none off if it has rolled that back."""
    found: dict[int, bool] = {}
    try:
        is_replica = session.query("SHOW session_replication_role")[0][0][0] == "replica"
        for name, off in disabled.items():
            oid = session.query(f"SELECT pg_catalog.to_regclass({literal(name)})::pg_catalog.oid")[0][0][0]
            if oid is not None and oid.isdecimal() and (is_replica or not off):
                found[int(oid)] = off
    except (EngineLostError, QueryError):
        return {}
    return found


class ScriptSession:
    """The scripts' role's connection to a database, opened on demand."""

    def __init__(self, tenant: Tenant, name: str, login: Login) -> None:
        self.name = name
        self.tenant = tenant
        self.server = tenant.server
        self.login = login
        self._open: Session | None = None
        # How much was sent in the login's sessions when this one was in its initial state.
        self._clean_at = -1
        # The tables whose triggers the last script left switched, by oid, and whether off.
        self._switched: dict[int, bool] = {}

    @property
    def session(self) -> Session:
        """The connection of the scripts' role."""
        if self._open is None or not self._open.alive:
            self._disconnect()
            self._open = self.tenant.session(self.name, self.login)
        return self._open

    def _disconnect(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def clean(self) -> Session:
        """Return the connection in its initial state; a new one if a script's settings broke it."""
        if self._open is not None and self._is_clean(self._open):
            return self._open
        try:
            return self._reset(self.session)
        except (EngineLostError, QueryError):
            self._disconnect()
            self.server.check()
            return self._reset(self.session)

    def _is_clean(self, session: Session) -> bool:
        """Return whether a session is in its initial state, since no script can have changed or ended it.

        Only scripts of its login may end it, which run one after the other, unless all logins are one.
        """
        unused = session.sent.number == self._clean_at and not self.tenant.roles.shared
        return unused and session.alive and session.quiet

    def release(self) -> None:
        """Release the locks that a script left, of which the server has a fixed number, and its temporary objects."""
        if self._open is None:
            return
        pid = self._open.pid
        if self._open.alive:
            try:
                self._open.query(RELEASE)
                return
            except (EngineLostError, QueryError):
                pass
        self._disconnect()
        if not self.server.stuck:
            self.server.wait_ended(pid)

    def _reset(self, session: Session) -> Session:
        session.query("DISCARD ALL")
        session.query(START)
        self._clean_at = session.sent.number
        return session

    def finish(self, session: Session, script: Prepared, error: EngineError | None) -> EngineError | None:
        """End the transaction of a script, and return its error, or that of the commit."""
        try:
            if session.alive and session.in_transaction:
                if error is None and (script.wrapped or script.in_tools):
                    error = self.error_at(session.script("COMMIT", self.bounds()), -1, script.pieces[-1:], 0.0)
                if session.alive and session.in_transaction:
                    session.query("ROLLBACK")
                return error
            lost = "connection to the server lost before the commit"
        except EngineLostError as failed:
            lost = str(failed)
        if session is self._open and (error is not None or not script.wrapped) and session.alive:
            return error
        self._disconnect()
        self.server.check()
        if error is None and script.wrapped:
            error = self.error_at(ServerError(lost, limit="connection"), -1, script.pieces[-1:], 0.0)
        return error

    def _keeps_effects(self, session: Session) -> bool:
        """Return whether a failed statement keeps its partial effects: outside of a transaction."""
        return session is self._open and not session.in_transaction

    def execute(
        self, script: Prepared, statements: list[StatementRun], *, observe: bool = False, count: bool = False
    ) -> EngineError | None:
        """Run the statements of a script in the current session, and add their results to `statements`."""
        session = self.session
        watch = Watch(session, count=count) if observe else None
        disabled: dict[str, bool] = {}
        self._switched = {}
        begins = True
        for index, piece in enumerate(script.pieces):
            if not session.in_transaction and script.begins_before(index):
                error = self._statement(session, index, replace(piece, text="BEGIN"), disabled)
                if error is not None:
                    return error
            begun = time.perf_counter()
            sent = _without_isolation(piece) if begins and session.in_transaction else piece
            begins = begins and opens_transaction(sent.text)
            error = self._statement(session, index, sent, disabled)
            if error is None and script.wrapped and not session.in_transaction:
                error = self.error_at(_ENDED, index, (piece,), 0.0)
            ran = StatementRun(index, piece.span, time.perf_counter() - begun)
            error = self._looked_at(session, ran, piece, watch, statements, error)
            if error is not None:
                return error
        if disabled and session.alive:
            self._switched = _tables_of(session, disabled)
        if script.ends_in_servers() and session.alive and session.in_transaction:
            last = len(script.pieces) - 1
            return self._statement(session, last, replace(script.pieces[last], text="COMMIT"), disabled)
        return None

    def _looked_at(
        self,
        session: Session,
        ran: StatementRun,
        piece: StatementText,
        watch: Watch | None,
        statements: list[StatementRun],
        error: EngineError | None,
    ) -> EngineError | None:
        """Add a statement that ran, with what `watch` sees of it, and return its error."""
        if watch is None or (error is not None and not self._keeps_effects(session)):
            statements.append(ran)
            return error
        try:
            statements.append(watch.look(ran.index, ran.span, ran.seconds))
        except QueryError as failed:
            # The script holds all locks that the server has.
            statements.append(ran)
            self._disconnect()
            return error or self.error_at(failed.error, ran.index, (piece,), ran.seconds)
        return error

    def switch_triggers(self) -> None:
        """Switch the triggers that the last script did, those of foreign keys too; a table that is gone is left out."""
        if not self._switched:
            return
        admin = self.server.admin_in(self.name)
        try:
            for oid, off in self._switched.items():
                with contextlib.suppress(QueryError):
                    admin.query(switch_statement(oid, off=off))
        finally:
            admin.close()

    def bounds(self) -> StatementBounds:
        """Return the limits of the next statement."""
        server = self.server
        left = server.deadline.left
        own = server.limits.statement + _MARGIN
        name = "statement time-out" if own <= left else "total time-out"
        reached = server.watch.statement(self.name, self.session.pid)

        def over() -> str | None:
            return "total time-out" if server.deadline.left <= 0 else reached()

        return StatementBounds(min(own, left), server.limits.notices, over, name)

    def _statement(
        self, session: Session, index: int, piece: StatementText, disabled: dict[str, bool]
    ) -> EngineError | None:
        if self.server.deadline.left <= 0:
            stopped = ServerError("total time of the dry run exceeded", _STOPPED.pattern[:5], limit="total time-out")
            return self.error_at(stopped, index, (piece,), 0.0)
        begun = time.monotonic()
        extension = created_extension(piece.text)
        if extension is not None:
            error, done = self._extension(extension, piece)
            if error is not None or done:
                return self.error_at(error, index, (piece,), 0.0)
        bounds = self.bounds()
        try:
            instead = given_away(session, piece.text, self.server.stand_in_roles)
            if instead is None and self.tenant.may_replicate:
                instead = replacements(piece.text, disabled)
            said_by_server = None
            for text in instead or (piece.text,):
                said_by_server = said_by_server or session.script(text, bounds)
        except EngineLostError as lost:
            self._disconnect()
            self.server.check()
            return self.error_at(ServerError(str(lost), limit=bounds.over() or "connection"), index, (piece,), 0.0)
        if not session.alive:
            self._disconnect()
            self.server.check()
        return self.error_at(said_by_server, index, (piece,), time.monotonic() - begun)

    def _extension(self, name: str, piece: StatementText) -> tuple[ServerError | None, bool]:
        """Enable an allowed extension for the scripts' role; True if the statement is thereby complete."""
        server = self.server
        if name not in server.available:
            if name not in ALLOWED and name not in STAND_INS:
                return None, False
            hint = "use a server that has it: `--dry-run=local`, `--dry-run=docker` or `--database-url`"
            return ServerError(f'extension "{name}" is not available on this server', "0A000", None, hint), False
        if name in server.stand_ins:
            server.used_stand_ins.add(name)
        if not self.made_for(name):
            return None, False
        # Their scripts use only their own objects and system objects.
        session = server.admin_in(self.name)
        try:
            session.query(f"CREATE EXTENSION IF NOT EXISTS {quoted(name)}")
        except QueryError as failed:
            return failed.error, False
        finally:
            session.close()
        return None, not is_guarded(piece.text)

    def made_for(self, extension: str) -> bool:
        """Return whether an extension is created on behalf of the scripts' role, in another session."""
        return extension in ALLOWED and not self.server.marks_trusted and self.server.superuser

    def error_at(
        self, error: ServerError | None, index: int, pieces: tuple[StatementText, ...], seconds: float
    ) -> EngineError | None:
        """Convert the server's error to the error of a script's statement."""
        if error is None:
            return None
        span = pieces[0].span if pieces else None
        place = None
        if span is not None and error.position >= 0 and index >= 0:
            place = min(span.start + error.position, span.end)
        limit = error.limit or self._limit(error, seconds)
        self.server.tested_limits = self.server.tested_limits or limit is not None
        return EngineError(error.message, error.sqlstate, error.detail, error.hint, index, span, place, limit)

    def _limit(self, error: ServerError, seconds: float) -> str | None:
        """Return the limit of the dry run that an error of the server says was reached, or None."""
        state = error.sqlstate or ""
        if state in (_REFUSED, _UNDEFINED_OBJECT) and _NO_ROLE.fullmatch(error.message):
            return "roles"
        if state == _REFUSED:
            return "refused"
        if _OUT_OF_SPACE.match(state):
            return "disk"
        if state == _OUT_OF_MEMORY and not error.message.startswith(SHARED_MEMORY):
            return "memory"
        if _STOPPED.match(state) and seconds >= self.server.limits.statement * 0.9:
            return "statement time-out"
        return None
