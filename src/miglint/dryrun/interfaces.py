"""Protocols that all engines implement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, runtime_checkable

from miglint.base.errors import MiglintError
from miglint.base.model import Dialect
from miglint.base.structs import Struct, field
from miglint.dryrun.results import EngineInfo, Execution
from miglint.dryrun.statements import Prepared
from miglint.schema.value import Schema
from miglint.sql.operations import Name


class EngineMissingError(MiglintError):
    """The requested engine is not available. The message contains the command that installs it."""


class EngineLostError(MiglintError):
    """The engine was lost during the run: its server was killed, the disk is full, or the container was removed."""


class EngineBusyError(EngineLostError):
    """A server goes on with a script's statement that was stopped at a limit: nothing else can run on it."""


class UnreadableError(EngineLostError):
    """What a script left cannot be copied or read within the limits; `limit` is the one that was reached.

    The engine is still there, and databases that are `Restorable` can go back to the state before the script.
    """

    def __init__(self, message: str, limit: str) -> None:
        super().__init__(message)
        self.limit = limit


class BranchError(Exception):
    """The result of a branch may be an artifact of branching: use a copy instead."""


class TableDigest(Struct, frozen=True):
    """Summary of a table's rows: their number, one hash per column over all values, and one over all rows.

    `unread` is the error with which reading the values failed, empty if it did not. There are no hashes then, and
    `count` is 0 if not even the rows could be counted.
    """

    count: int
    columns: Mapping[str, str]
    rows: str
    unread: str = ""


Digests = Mapping[Name, TableDigest]


def rows_differ(before: Digests, after: Digests) -> bool | None:
    """Return whether any row differs; None if that is unknown, since rows could not be read."""
    known = [{name: one for name, one in digests.items() if not one.unread} for digests in (before, after)]
    unread = {name: one.count for digests in (before, after) for name, one in digests.items() if one.unread}
    for name in unread:
        for digests in known:
            digests.pop(name, None)
    if known[0] != known[1]:
        return True
    return None if unread else False


class TrialRun(Struct, frozen=True):
    """A script that was run and rolled back. `schema` is the state it left before that, None if it failed.

    `rows_changed` is whether any row of the database changed; None if it failed, or if rows could not be read.
    """

    execution: Execution
    schema: Schema | None = None
    rows_changed: bool | None = None


class Filled(Struct, frozen=True):
    """Result of filling tables: rows inserted by table, and skipped tables with the reason."""

    inserted: Mapping[Name, int] = field(default_factory=dict)
    unfilled: Mapping[Name, str] = field(default_factory=dict)


class Database(Protocol):
    """A throwaway database. Every method may raise `EngineLostError`."""

    def run(self, script: Prepared, *, observe: bool = False, count: bool = False) -> Execution:
        """Run a script with its tool's transaction handling and keep its effects.

        `observe` also records locks, `count` also the rows read and written.
        """

    def try_out(self, script: Prepared) -> TrialRun:
        """Run a script as `run` does, read the resulting state, and restore the database."""

    def schema(self) -> Schema:
        """Read the whole schema from the engine's catalog."""

    def copy(self) -> Database:
        """Return another database with the same content."""

    def twin(self) -> Database:
        """Return a copy to fill with rows and run scripts on, independently of this database."""

    def branch(self, scripts: Iterable[Prepared]) -> Database:
        """Return a temporary equivalent of a copy for these scripts, faster where possible.

        While it exists, this database must not be used otherwise. Its methods may raise `BranchError`.
        """

    def touched(self) -> frozenset[Name] | None:
        """Return the tables whose rows may have changed since the branch was created; None: any."""

    def fill(self, schema: Schema, rows: int, seed: int, documents: frozenset[str] = frozenset()) -> Filled:
        """Insert `rows` generated rows into each empty table; columns named in `documents` get JSON."""

    def digests(self, only: Iterable[Name] | None = None) -> Digests:
        """Return the row digests of all tables, or of the existing ones in `only`."""

    def values(self, table: Name, columns: tuple[str, ...]) -> Mapping[str | None, int]:
        """Return hashes of what the rows have in some columns, with their frequencies."""

    def drop(self) -> None:
        """Remove the database; never raises."""


@runtime_checkable
class Restorable(Protocol):
    """A database that can go back to an earlier state. Only these raise `UnreadableError`."""

    def mark(self) -> object:
        """Return the present state."""

    def restore(self, mark: object) -> None:
        """Restore a state returned by `mark`; never raises."""


@runtime_checkable
class WithRoles(Protocol):
    """A database of a server with roles."""

    def stand_in_roles(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Create the roles that the server lacks, without privileges, and return their names.

        Nothing is created on a server of the user.
        """


class Engine(Protocol):
    """A source of throwaway databases for one dialect."""

    info: EngineInfo
    dialect: Dialect

    def create(self) -> Database:
        """Return a new empty database."""

    def troubles(self) -> int:
        """Return how often something happened to the engine that may have been the doing of another database of it."""

    def check(self) -> None:
        """Raise `EngineLostError` with the reason if the engine is no longer running."""

    def close(self) -> None:
        """Stop everything started and remove everything created; never raises, and may be called twice."""
