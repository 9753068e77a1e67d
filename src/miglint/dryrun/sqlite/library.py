"""Access to SQLite libraries: the standard library's `sqlite3`, and `apsw`, which includes a newer one."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from miglint.dryrun.sqlite.guard import Guard

_STEPS_BETWEEN_LOOKS = 5_000
# Maximum length of a value; SQLite's own limit of 1 GB would let one expression exhaust memory.
_MAX_VALUE = 64 * 1024 * 1024
_NO_MEMORY = "SQLITE_NOMEM"


class SqliteError(Exception):
    """An SQLite error: `name` is the error code's name (`SQLITE_ERROR`), `place` the token's offset or -1."""

    def __init__(self, name: str, message: str, place: int = -1) -> None:
        super().__init__(message)
        self.name = name
        self.message = message
        self.place = place


class UndecodableError(SqliteError):
    """A row contains text that is not UTF-8."""


class Connection(Protocol):
    """An in-memory database."""

    guard: Guard

    def protect(self) -> None:
        """Enable the guard for everything that follows: internal statements also run code from the schema."""

    def run(self, sql: str) -> None:
        """Run one statement of a script, with the guard enabled, and discard its rows."""

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run one internal statement and return its rows."""

    def each(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Run one internal statement and yield its rows; may raise `UndecodableError`."""

    def many(self, sql: str, values: tuple[tuple[Any, ...], ...]) -> None:
        """Run one internal statement for each tuple of values."""

    def stand_in(self, function: str) -> None:
        """Define a function of the application: it takes any arguments, and returns the first one."""

    def watch(self, stop: Callable[[], bool]) -> None:
        """Call `stop` regularly while a statement runs, and interrupt the statement if it returns true."""

    def copy(self) -> Connection:
        """Return a new database with the same content."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""

    def close(self) -> None:
        """Release unused memory."""


class StandardConnection:
    """A database of the standard library's `sqlite3`."""

    library = "sqlite3"

    def __init__(self) -> None:
        self.guard = Guard()
        self._protected = False
        # No statement is kept compiled: the guard is to see each execution.
        self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False, cached_statements=0)
        self._db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE)
        self._db.setlimit(sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0)
        self._db.execute("PRAGMA temp_store = 2")

    def protect(self) -> None:
        """Enable the guard."""
        if not self._protected:
            self._db.set_authorizer(self.guard.authorize)
            self._protected = True

    def run(self, sql: str) -> None:
        """Run one statement of a script."""
        self.protect()
        self.guard.refused = None
        # Text that is not UTF-8 is not an error of SQLite.
        self._db.text_factory = bytes
        try:
            for _ in self._db.execute(sql):
                pass
        except (sqlite3.Error, sqlite3.Warning, UnicodeEncodeError, MemoryError) as error:
            raise _standard(error) from None
        finally:
            self._db.text_factory = str

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run one internal statement."""
        try:
            return self._db.execute(sql, values).fetchall()
        except (sqlite3.Error, sqlite3.Warning, MemoryError) as error:
            raise _standard(error) from None

    def each(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Run one internal statement and yield its rows."""
        try:
            yield from self._db.execute(sql)
        except (sqlite3.Error, sqlite3.Warning, MemoryError) as error:
            raise _standard(error) from None

    def many(self, sql: str, values: tuple[tuple[Any, ...], ...]) -> None:
        """Run one internal statement for each tuple of values."""
        try:
            self._db.executemany(sql, values)
        except (sqlite3.Error, sqlite3.Warning, MemoryError) as error:
            raise _standard(error) from None

    def stand_in(self, function: str) -> None:
        """Define a function."""
        self._db.create_function(function, -1, _first, deterministic=True)

    def watch(self, stop: Callable[[], bool]) -> None:
        """Set the progress handler."""
        self._db.set_progress_handler(lambda: int(stop()), _STEPS_BETWEEN_LOOKS)

    def copy(self) -> StandardConnection:
        """Return a copy."""
        twin = StandardConnection()
        try:
            self._db.backup(twin._db)
        except (sqlite3.Error, MemoryError) as error:
            twin.close()
            raise _standard(error) from None
        return twin

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._db.in_transaction

    def close(self) -> None:
        """Close it."""
        self._db.close()


def _first(*arguments: Any) -> Any:
    return arguments[0] if arguments else None


def _standard(error: Exception) -> SqliteError:
    if isinstance(error, MemoryError):
        return SqliteError(_NO_MEMORY, "out of memory")
    if str(error).startswith("Could not decode to UTF-8"):
        return UndecodableError("SQLITE_ERROR", str(error))
    return SqliteError(getattr(error, "sqlite_errorname", "SQLITE_ERROR"), str(error))


class ApswConnection:
    """A database of `apsw`."""

    library = "apsw"

    def __init__(self) -> None:
        import apsw

        self._apsw = apsw
        self.guard = Guard()
        self._protected = False
        # No statement is kept compiled: the guard is to see each execution.
        self._db = apsw.Connection(":memory:", statementcachesize=0)
        self._db.limit(apsw.SQLITE_LIMIT_LENGTH, _MAX_VALUE)
        self._db.limit(apsw.SQLITE_LIMIT_WORKER_THREADS, 0)
        self._db.execute("PRAGMA temp_store = 2")

    def protect(self) -> None:
        """Enable the guard."""
        if not self._protected:
            self._db.authorizer = self.guard.authorize
            self._protected = True

    def run(self, sql: str) -> None:
        """Run one statement of a script."""
        self.protect()
        self.guard.refused = None
        try:
            rows = iter(self._db.execute(sql))
            while True:
                try:
                    next(rows)
                except StopIteration:
                    break
                except UnicodeDecodeError:  # text that is not UTF-8 is not an error of SQLite
                    continue
        except (self._apsw.Error, ValueError, MemoryError) as error:
            raise self._failed(error) from None

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run one internal statement."""
        try:
            return self._db.execute(sql, values).fetchall()
        except (self._apsw.Error, ValueError, MemoryError) as error:
            raise self._failed(error) from None

    def each(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Run one internal statement and yield its rows."""
        try:
            yield from self._db.execute(sql)
        except (self._apsw.Error, ValueError, MemoryError) as error:
            raise self._failed(error) from None

    def many(self, sql: str, values: tuple[tuple[Any, ...], ...]) -> None:
        """Run one internal statement for each tuple of values."""
        try:
            self._db.executemany(sql, values)
        except (self._apsw.Error, ValueError, MemoryError) as error:
            raise self._failed(error) from None

    def stand_in(self, function: str) -> None:
        """Define a function."""
        self._db.create_scalar_function(function, _first, -1, deterministic=True)

    def watch(self, stop: Callable[[], bool]) -> None:
        """Set the progress handler."""
        self._db.set_progress_handler(stop, _STEPS_BETWEEN_LOOKS)

    def copy(self) -> ApswConnection:
        """Return a copy."""
        twin = ApswConnection()
        try:
            with twin._db.backup("main", self._db, "main") as backup:
                while not backup.done:
                    backup.step(-1)
        except (self._apsw.Error, MemoryError) as error:
            twin.close()
            raise self._failed(error) from None
        return twin

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return bool(self._db.in_transaction)

    def close(self) -> None:
        """Close it."""
        self._db.close()

    def _failed(self, error: Exception) -> SqliteError:
        if isinstance(error, (MemoryError, self._apsw.NoMemError)):
            return SqliteError(_NO_MEMORY, "out of memory")
        if isinstance(error, UnicodeDecodeError):
            return UndecodableError("SQLITE_ERROR", str(error))
        code = getattr(error, "extendedresult", 1)
        known = self._apsw.mapping_extended_result_codes.get(code) or self._apsw.mapping_result_codes.get(code & 0xFF)
        message = re.sub(r"^\w+Error: ", "", str(error))
        return SqliteError(str(known or "SQLITE_ERROR"), message, getattr(error, "error_offset", -1))


Opener = type[StandardConnection] | type[ApswConnection]


def opener(library: str) -> Opener:
    """Return the class with this `library` name."""
    return ApswConnection if library == ApswConnection.library else StandardConnection


def standard_version() -> tuple[int, ...]:
    """Return the version of the standard library's SQLite."""
    return sqlite3.sqlite_version_info


def apsw_version() -> tuple[int, ...] | None:
    """Return the version of `apsw`'s SQLite, or None when `apsw` is not installed."""
    try:
        import apsw
    except ImportError:
        return None
    return tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
