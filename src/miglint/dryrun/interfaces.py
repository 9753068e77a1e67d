"""What an engine must be able to do, said once for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from miglint.base.errors import MiglintError
from miglint.base.model import Dialect
from miglint.base.structs import Struct, field
from miglint.dryrun.results import EngineInfo, Execution
from miglint.dryrun.statements import Prepared
from miglint.schema.value import Schema
from miglint.sql.operations import Name


class EngineMissingError(MiglintError):
    """The engine that was asked for is not there. The message names the command that installs it."""


class EngineLostError(MiglintError):
    """The engine went away in the middle: its server was killed, its disk is full, its container was removed."""


class BranchError(Exception):
    """What a branch saw may come of its being one: ask a copy."""


class TableDigest(Struct, frozen=True):
    """The rows of a table, told apart without keeping them: their number, and one hash per column over all values."""

    count: int
    columns: Mapping[str, str]


Digests = Mapping[Name, TableDigest]


class Rehearsal(Struct, frozen=True):
    """A script that was run and undone. `schema` is what it left before, None when it failed.

    `rows_changed` says whether any row of the database was other than before; None when it failed.
    """

    execution: Execution
    schema: Schema | None = None
    rows_changed: bool | None = None


class Filled(Struct, frozen=True):
    """What putting rows into the tables gave: rows inserted by table, and tables left out with the reason."""

    inserted: Mapping[Name, int] = field(default_factory=dict)
    unfilled: Mapping[Name, str] = field(default_factory=dict)


class Database(Protocol):
    """One throwaway database. Every method may raise `EngineLostError`."""

    def run(self, script: Prepared, *, observe: bool = False, count: bool = False) -> Execution:
        """Run a script with its tool's transaction habits and keep what it did.

        `observe` looks at locks too, `count` then also at the rows read and written.
        """

    def rehearse(self, script: Prepared) -> Rehearsal:
        """Run a script as `run` does, look at what it left, and leave the database as it was."""

    def schema(self) -> Schema:
        """Read the whole schema from the engine's own catalog."""

    def copy(self) -> Database:
        """Return another database with the same content."""

    def twin(self) -> Database:
        """Return another database with the same content, to put rows into and run scripts on beside this one."""

    def branch(self, scripts: Iterable[Prepared]) -> Database:
        """Return what behaves as a copy does while these scripts run, and is quicker where that can be.

        While it is there nothing else may be done with this database. Its methods may raise `BranchError`.
        """

    def touched(self) -> frozenset[Name] | None:
        """Return the tables of which rows may be other than where this branch began; None: any."""

    def fill(self, schema: Schema, rows: int, seed: int) -> Filled:
        """Put `rows` generated rows into each empty table."""

    def digests(self, only: Iterable[Name] | None = None) -> Digests:
        """Describe the rows of every table, or of those of `only` that are there."""

    def values(self, table: Name, column: str) -> Mapping[str | None, int]:
        """Return the values of a column, as text or as a hash of it, and how often each is there."""

    def drop(self) -> None:
        """Remove it; never raises."""


class Engine(Protocol):
    """A way to have throwaway databases of one dialect."""

    info: EngineInfo
    dialect: Dialect

    def create(self) -> Database:
        """Return a new empty database."""

    def troubles(self) -> int:
        """Return how often something happened to the engine that may have been the doing of another database of it."""

    def check(self) -> None:
        """Raise `EngineLostError` with the reason when the engine is no longer there."""

    def close(self) -> None:
        """Stop whatever was started and remove whatever was made; never raises, and may be called twice."""
