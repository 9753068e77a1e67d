"""The two ways to reach an SQLite library: the standard library's module, and `apsw`, which brings a newer one."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from typing import Any, Protocol

_CREATED_BY_VACUUM = frozenset(("", ":memory:"))
_STEPS_BETWEEN_LOOKS = 5_000
# A value longer than this is no migration's; SQLite's own bound of 1 GB would let one expression take the machine.
_MAX_VALUE = 64 * 1024 * 1024

_ALLOWED_PRAGMAS = frozenset(
    """application_id auto_vacuum automatic_index busy_timeout case_sensitive_like cell_size_check checkpoint_fullfsync
    collation_list compile_options data_version database_list defer_foreign_keys encoding foreign_key_check
    foreign_key_list foreign_keys freelist_count fullfsync function_list ignore_check_constraints incremental_vacuum
    index_info index_list index_xinfo integrity_check journal_mode journal_size_limit legacy_alter_table
    legacy_file_format locking_mode module_list optimize page_count page_size pragma_list query_only quick_check
    read_uncommitted recursive_triggers reverse_unordered_selects schema_version secure_delete synchronous table_info
    table_list table_xinfo user_version wal_autocheckpoint wal_checkpoint""".split()  # noqa: SIM905
)
# These change how fast SQLite is and where it puts its files; on a database in memory they have nothing to say.
_IGNORED_PRAGMAS = frozenset(
    ["cache_size", "cache_spill", "mmap_size", "temp_store", "threads", "analysis_limit", "shrink_memory"]
)
_FORBIDDEN_FUNCTIONS = frozenset(("load_extension", "writefile", "readfile", "edit", "fts3_tokenizer", "sqlite_dbpage"))


class Refusal:
    """What the guard refused last, in words; None while nothing was."""

    __slots__ = ("why",)

    def __init__(self) -> None:
        self.why: str | None = None


def guard(refusal: Refusal) -> Callable[..., int]:
    """Return an authorizer that keeps a script inside its own database."""

    def authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        if action == sqlite3.SQLITE_ATTACH:
            if (first or "") in _CREATED_BY_VACUUM:
                return sqlite3.SQLITE_OK
            refusal.why = "ATTACH of a file is refused in a dry run"
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_PRAGMA:
            name = (first or "").lower()
            if name in _ALLOWED_PRAGMAS or (name == "schema_version" and second is None):
                return sqlite3.SQLITE_OK
            if name in _IGNORED_PRAGMAS:
                return sqlite3.SQLITE_IGNORE
            refusal.why = f"PRAGMA {name} is refused in a dry run"
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _FORBIDDEN_FUNCTIONS:
            refusal.why = f"the function {second} is refused in a dry run"
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    return authorize


class SqliteError(Exception):
    """An SQLite error: `name` is the code's (`SQLITE_ERROR`), `place` the offset of the token in question or -1."""

    def __init__(self, name: str, message: str, place: int = -1) -> None:
        super().__init__(message)
        self.name = name
        self.message = message
        self.place = place


class Connection(Protocol):
    """One database in memory."""

    refusal: Refusal

    def run(self, sql: str) -> None:
        """Run one statement, with the guard on, and throw its rows away."""

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run one statement of our own, with the guard off, and return its rows."""

    def many(self, sql: str, values: list[tuple[Any, ...]]) -> None:
        """Run one statement of our own for each tuple of values."""

    def watch(self, stop: Callable[[], bool]) -> None:
        """Ask `stop` every now and then while a statement runs, and interrupt the statement when it says so."""

    def copy(self) -> Connection:
        """Return a new database with the same content."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""

    @property
    def changes(self) -> int:
        """How many rows were written since the connection was opened."""

    def close(self) -> None:
        """Give the memory back."""


class StandardConnection:
    """A database of the standard library's `sqlite3`."""

    def __init__(self) -> None:
        self.refusal = Refusal()
        self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE)
        self._guard = guard(self.refusal)
        self._stop: Callable[[], bool] | None = None
        self._db.execute("PRAGMA temp_store = 2")

    def run(self, sql: str) -> None:
        """Run one statement of a script."""
        self.refusal.why = None
        self._db.set_authorizer(self._guard)
        try:
            cursor = self._db.execute(sql)
            while cursor.fetchmany(1000):
                pass
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise _standard(error) from None
        finally:
            self._db.set_authorizer(None)

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run one statement of our own."""
        try:
            return self._db.execute(sql, values).fetchall()
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise _standard(error) from None

    def many(self, sql: str, values: list[tuple[Any, ...]]) -> None:
        """Run one statement of our own for each tuple of values."""
        try:
            self._db.executemany(sql, values)
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise _standard(error) from None

    def watch(self, stop: Callable[[], bool]) -> None:
        """Ask `stop` now and then."""
        self._db.set_progress_handler(lambda: int(stop()), _STEPS_BETWEEN_LOOKS)

    def copy(self) -> StandardConnection:
        """Return a copy."""
        twin = StandardConnection()
        self._db.backup(twin._db)
        return twin

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._db.in_transaction

    @property
    def changes(self) -> int:
        """How many rows were written."""
        return self._db.total_changes

    def close(self) -> None:
        """Close it."""
        self._db.close()


def _standard(error: sqlite3.Error | sqlite3.Warning) -> SqliteError:
    return SqliteError(getattr(error, "sqlite_errorname", "SQLITE_ERROR"), str(error))


class ApswConnection:
    """A database of `apsw`."""

    def __init__(self) -> None:
        import apsw

        self._apsw = apsw
        self.refusal = Refusal()
        self._db = apsw.Connection(":memory:")
        self._db.limit(apsw.SQLITE_LIMIT_LENGTH, _MAX_VALUE)
        self._guard = guard(self.refusal)
        self._db.execute("PRAGMA temp_store = 2")

    def run(self, sql: str) -> None:
        """Run one statement of a script."""
        self.refusal.why = None
        self._db.authorizer = self._guard
        try:
            for _ in self._db.execute(sql):
                pass
        except (self._apsw.Error, ValueError) as error:
            raise self._failed(error) from None
        finally:
            self._db.authorizer = None

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run one statement of our own."""
        try:
            return self._db.execute(sql, values).fetchall()
        except self._apsw.Error as error:
            raise self._failed(error) from None

    def many(self, sql: str, values: list[tuple[Any, ...]]) -> None:
        """Run one statement of our own for each tuple of values."""
        try:
            self._db.executemany(sql, values)
        except self._apsw.Error as error:
            raise self._failed(error) from None

    def watch(self, stop: Callable[[], bool]) -> None:
        """Ask `stop` now and then."""
        self._db.set_progress_handler(stop, _STEPS_BETWEEN_LOOKS)

    def copy(self) -> ApswConnection:
        """Return a copy."""
        twin = ApswConnection()
        with twin._db.backup("main", self._db, "main") as backup:
            while not backup.done:
                backup.step(-1)
        return twin

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return bool(self._db.in_transaction)

    @property
    def changes(self) -> int:
        """How many rows were written."""
        return int(self._db.total_changes())

    def close(self) -> None:
        """Close it."""
        self._db.close()

    def _failed(self, error: Exception) -> SqliteError:
        code = getattr(error, "extendedresult", 1)
        known = self._apsw.mapping_extended_result_codes.get(code) or self._apsw.mapping_result_codes.get(code & 0xFF)
        message = re.sub(r"^\w+Error: ", "", str(error))
        return SqliteError(str(known or "SQLITE_ERROR"), message, getattr(error, "error_offset", -1))


Opener = Callable[[], Connection]


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
