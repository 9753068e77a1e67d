"""Databases to try help on: run a statement, keep or take back what was run, read the schema."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Protocol

from miglint.base.model import Dialect
from miglint.dryrun.postgres.catalog_queries import BEGIN
from miglint.dryrun.postgres.catalog_reader import Reader
from miglint.dryrun.postgres.connection import QueryError, Row, Session, StatementBounds
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.prerequisites import script_of
from miglint.dryrun.statements import prepare
from miglint.replay.apply import run
from miglint.replay.steps import empty_schema
from miglint.schema.value import Schema
from miglint.sql import parse

_NUMBERS = itertools.count()
_BOUNDS = StatementBounds(20.0, 10_000)
# A transaction cannot run the statement, or not use what it made; the statement itself may be right.
NEEDS_NO_TRANSACTION = frozenset({"25001", "55P04", "2D000", "25P01"})


class Refusal(str):
    """What an engine said against a statement; `state` is its SQLSTATE, if it has any."""

    state: str | None = None

    @classmethod
    def of(cls, message: str, state: str | None) -> Refusal:
        made = cls(f"{state}: {message}" if state else message)
        made.state = state
        return made


class Scratch(Protocol):
    """A database with a script's prerequisites in it."""

    def run(self, sql: str) -> Refusal | None:
        """Run a statement; one that fails leaves nothing behind."""

    def next_script(self) -> None:
        """Forget the settings of a script: the next one has a session of its own."""

    def schema(self) -> Schema:
        """Return the schema."""


class PostgresScratch:
    """A session in which everything is one transaction, or with `plain` each statement is one."""

    def __init__(self, session: Session, reader: Reader, *, plain: bool = False) -> None:
        self._session, self._reader, self._plain = session, reader, plain
        if not plain:
            session.query("BEGIN")

    def run(self, sql: str) -> Refusal | None:
        if not self._plain:
            self._session.query("SAVEPOINT statement")
        error = self._session.script(sql, _BOUNDS)
        if not self._plain:
            if not self._session.in_transaction:
                # A COMMIT in a block: what was before it stays, and the next statement needs a transaction.
                self._session.query("BEGIN")
            else:
                self._session.query(f"{'ROLLBACK TO' if self._session.failed else 'RELEASE'} SAVEPOINT statement")
        return None if error is None else Refusal.of(error.message, error.sqlstate)

    def next_script(self) -> None:
        self._session.query("RESET ALL; RESET ROLE; RESET SESSION AUTHORIZATION")

    def schema(self) -> Schema:
        if self._plain:
            return self._reader.read(self._session).schema
        self._session.query("SAVEPOINT look")
        try:
            return self._reader.read(_InTransaction(self._session)).schema
        finally:
            self._session.query("ROLLBACK TO SAVEPOINT look")

    def close(self) -> None:
        if self._session.in_transaction:
            self._session.query("ROLLBACK")
        with contextlib.suppress(QueryError):
            self._session.query("DISCARD TEMP; RESET ALL; RESET SESSION AUTHORIZATION")


class _InTransaction:
    """A session as the reader of catalogs uses it, without a transaction of its own."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.prepared_each = session.prepared_each

    def prepared(
        self, names: str, *queries: str, oids: Iterable[str] | None = None, begin: str | None = None
    ) -> list[list[Row]]:
        if begin is not None:
            self.query(begin)
        return self._session.prepared(names, *queries, oids=oids)

    def query(self, sql: str) -> list[list[Row]]:
        if sql == BEGIN:
            return self._session.query(BEGIN.partition("; ")[2])
        return [] if sql == "COMMIT" else self._session.query(sql)


class Postgres:
    """One server: scratch databases on it, in one session as far as it goes."""

    def __init__(self, engine: PostgresEngine) -> None:
        self._engine = engine
        self._reader = Reader()
        self._name = ""
        self._session: Session | None = None
        self._uses = 0

    @contextlib.contextmanager
    def scratch(self) -> Iterator[PostgresScratch]:
        """Lend an empty database whose transaction is taken back at the end."""
        if self._session is None or self._uses > 60:
            self._renew()
        assert self._session is not None
        self._uses += 1
        lent = PostgresScratch(self._session, self._reader)
        try:
            yield lent
        finally:
            lent.close()

    @contextlib.contextmanager
    def plain(self) -> Iterator[PostgresScratch]:
        """Lend an empty database of its own, in which each statement is a transaction."""
        name, session = self._create()
        try:
            yield PostgresScratch(session, Reader(), plain=True)
        finally:
            self._drop(name, session)

    def _renew(self) -> None:
        if self._session is not None:
            self._drop(self._name, self._session)
        self._name, self._session = self._create()
        self._uses = 0

    def _create(self) -> tuple[str, Session]:
        name = f"help_{next(_NUMBERS)}"
        access = self._engine.server.access
        with self._engine.server.admin() as admin:
            admin.query(f"CREATE DATABASE {name} TEMPLATE template0")
        return name, self._engine.server.open(access.conninfo(access.user, access.password, name))

    def _drop(self, name: str, session: Session) -> None:
        session.close()
        with self._engine.server.admin() as admin:
            # Roles belong to the server, so that a role of one example would meet the next.
            roles = admin.query("SELECT rolname FROM pg_roles WHERE rolname !~ '^(pg_|miglint$|postgres$)'")[0]
            admin.query(f"DROP DATABASE {name} WITH (FORCE)")
            for (role,) in roles:
                with contextlib.suppress(QueryError):
                    admin.query(f'DROP ROLE "{role}"')

    def close(self) -> None:
        if self._session is not None:
            self._drop(self._name, self._session)
            self._session = None


class SqliteScratch:
    """A database in memory, without a transaction of its own."""

    def __init__(self, origin: SqliteScratch | None = None) -> None:
        self._connection = _opened()
        if origin is not None:
            origin._connection.backup(self._connection)

    def close(self) -> None:
        self._connection.close()

    def run(self, sql: str) -> Refusal | None:
        try:
            self._connection.execute(sql)
        except sqlite3.Error as error:
            return Refusal.of(str(error), None)
        return None

    def next_script(self) -> None:
        pass

    def schema(self) -> Schema:
        # The statements that the library stored, read by miglint: SQLite has no other catalog.
        texts = [
            f"{text};"
            for (text,) in self._connection.execute(
                "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' ORDER BY rowid"
            )
        ]
        return run(empty_schema(Dialect.SQLITE), parse(script_of("\n".join(texts), Dialect.SQLITE))).schema


def _opened() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    # The scripts of a project are tried as well: they reach nothing but this database.
    connection.set_authorizer(
        lambda action, *_: sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_ATTACH else sqlite3.SQLITE_OK
    )
    return connection


def texts_of(sql: str, dialect: Dialect) -> list[str]:
    """Return the statements of a text."""
    return [piece.text for piece in prepare(script_of(sql, dialect)).pieces]
