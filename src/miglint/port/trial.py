"""SQLite's library reads what was written: expressions, and statements over the schema that they meet.

Statements that create are run in an empty database in memory; those that read or change rows are only prepared. An
authorizer denies all else, so that no file is opened.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from functools import lru_cache

from miglint.schema.value import Schema
from miglint.sql.sqlite.features import MISSING, REFUSED, SYNTAX, uses
from miglint.writer.schema_sql import statements
from miglint.writer.words import identifier
from miglint.writer.written import Version

_DENIED = frozenset({sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH})
_DENIED_FUNCTIONS = frozenset({"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"})
_MISSING = ("no such table", "no such column", "error in view", "error in trigger", "error in index")
_LACKING = frozenset({SYNTAX, REFUSED, MISSING})
_MAX_STEPS = 2_000
_STEP = 10_000


def _authorize(action: int, first: str | None, second: str | None, *_: object) -> int:
    if action in _DENIED or (action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _DENIED_FUNCTIONS):
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_PRAGMA and (first or "").lower() not in ("defer_foreign_keys", "foreign_keys"):
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def _connection() -> sqlite3.Connection:
    # EXPLAIN does not compile a statement anew that is prepared already.
    connection = sqlite3.connect(":memory:", isolation_level=None, cached_statements=0)
    connection.set_authorizer(_authorize)
    return connection


def _execute(connection: sqlite3.Connection, text: str) -> str | None:
    """Run a statement for a limited number of steps; return the error, if there is one."""
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return int(steps > _MAX_STEPS)

    connection.set_progress_handler(step, _STEP)
    try:
        connection.execute(text).close()
    except (sqlite3.Error, sqlite3.Warning, UnicodeEncodeError) as error:
        return str(error)
    return None


def objection_to(text: str, columns: Iterable[str]) -> str | None:
    """Return what SQLite has against an expression over some columns; None if it has nothing."""
    return _objection(text, tuple(columns))


def too_new(text: str, target: Version | None) -> str | None:
    """Return what a version of SQLite lacks for a statement or an expression; None if it lacks nothing."""
    if target is None:
        return None
    for use in uses(text):
        feature = use.feature
        if feature.since is not None and feature.effect in _LACKING and target < feature.since:
            return f"SQLite has {feature.title} from {'.'.join(map(str, feature.since))} on"
    return None


@lru_cache(maxsize=512)
def _objection(text: str, columns: tuple[str, ...]) -> str | None:
    listed = ", ".join(f"NULL AS {identifier(one)}" for one in columns) or "NULL AS _"
    connection = _connection()
    try:
        return _execute(connection, f"EXPLAIN SELECT ({text}) FROM (SELECT {listed})")
    finally:
        connection.close()


class Trial:
    """A database in memory with a schema and no rows.

    Where the library is too old for a part of the schema, what is missing then is no objection to a statement.
    """

    def __init__(self, schema: Schema) -> None:
        self._connection = _connection()
        self._complete = schema.rooted or schema.closed
        for text in statements(schema):
            if text.startswith("--") or self._execute(text) is not None:
                self._complete = False

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def create(self, text: str) -> str | None:
        """Run a statement that changes the schema; return the error, if there is one."""
        return self._execute(text)

    def prepare(self, text: str) -> str | None:
        """Prepare a statement; return the error, if there is one."""
        return self._execute(f"EXPLAIN {text}")

    def fails(self, texts: Iterable[str]) -> bool:
        """Return whether one of several statements fails; what they change is undone."""
        self._execute("SAVEPOINT trial")
        failing = any(self._execute(text) is not None for text in texts)
        for text in ("ROLLBACK TO trial", "RELEASE trial"):
            self._execute(text)
        return failing

    def follow(self, texts: Iterable[str]) -> bool:
        """Run statements that are known to work; return whether they did, and the database is of use further on."""
        return all(_execute(self._connection, text) is None for text in texts)

    def _execute(self, text: str) -> str | None:
        message = _execute(self._connection, text)
        if message is None or self._complete or not message.startswith(_MISSING):
            return message
        return None


def runs_twice(schema: Schema, texts: Sequence[str]) -> bool:
    """Return whether SQLite runs statements over a schema without rows, and then once more."""
    trial = Trial(schema)
    try:
        return all(trial.create(text) is None for text in (*texts, *texts))
    finally:
        trial.close()


class Trials:
    """The database of the last schema, which is often that of the next script: to create it takes long."""

    def __init__(self) -> None:
        self._kept: tuple[Schema, Trial] | None = None

    def take(self, schema: Schema) -> Trial:
        """Return a database with a schema; whoever takes it has to keep or close it."""
        kept, self._kept = self._kept, None
        if kept is None or kept[0] is not schema:
            if kept is not None:
                kept[1].close()
            return Trial(schema)
        return kept[1]

    def keep(self, schema: Schema, trial: Trial) -> None:
        """Keep a database that has a schema."""
        self.close()
        self._kept = schema, trial

    def close(self) -> None:
        """Close the database that is kept."""
        if self._kept is not None:
            self._kept[1].close()
            self._kept = None
