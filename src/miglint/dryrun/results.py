"""Results of a dry run, as plain values."""

from __future__ import annotations

from miglint.base.model import Direction, History, Migration, Script, Span
from miglint.base.structs import Struct, field
from miglint.replay.verdict import Verdict
from miglint.schema.change import Change
from miglint.schema.value import Schema


class EngineInfo(Struct, frozen=True):
    """The engine: `kind` (`sqlite`, `embedded`, `local`, `docker`, `url`), product name and version.

    `why` is the reason for choosing it; `notes` are remarks for the report.
    """

    kind: str
    product: str
    version: str
    why: str = ""
    notes: tuple[str, ...] = ()


class EngineError(Struct, frozen=True):
    """An error raised by the engine.

    `sqlstate` is, for SQLite, its error name (`SQLITE_CONSTRAINT`). `span` is the statement's range in the file;
    `place` the error position in the file, if the engine reports one. `index` counts statements from 0 (-1: the commit
    at the end). `limit` is the exceeded limit (`statement time-out`, `total time-out`, `disk`, `memory`, `notices`,
    `refused`, `roles`, `server`); None for an ordinary error.
    """

    message: str
    sqlstate: str | None = None
    detail: str | None = None
    hint: str | None = None
    index: int = -1
    span: Span | None = None
    place: int | None = None
    limit: str | None = None

    def __str__(self) -> str:
        return f"{self.sqlstate}: {self.message}" if self.sqlstate else self.message


class ObservedLock(Struct, frozen=True, order=True):
    """The strongest lock that a statement took on a preexisting table (`mode` as in PostgreSQL)."""

    table: str
    mode: str


class StatementRun(Struct, frozen=True):
    """A statement that was run. `seconds` is its time, measured by the client.

    `rewritten` are tables whose storage was replaced, `invalid` indexes left invalid, `touched` the number of rows read
    from tables and written, if counted. `locks` are those stronger than the ones already held by the transaction; empty
    if the engine reports none (SQLite; statements that cannot run in a transaction). `held` means that the transaction
    stayed open, so that all locks were visible.
    """

    index: int
    span: Span
    seconds: float
    locks: tuple[ObservedLock, ...] = ()
    rewritten: tuple[str, ...] = ()
    invalid: tuple[str, ...] = ()
    touched: int | None = None
    held: bool = False


class Execution(Struct, frozen=True):
    """A script that was run; `error` is None if it succeeded. `seconds` includes the commit.

    `beyond` describes changes outside of its database: roles, other databases. They are already reverted.
    """

    statements: tuple[StatementRun, ...] = ()
    error: EngineError | None = None
    seconds: float = 0.0
    beyond: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every statement succeeded."""
        return self.error is None


STEPS = (
    "read the schema, insert rows",
    "forward",
    "forward again",
    "rollback",
    "rollback again",
    "forward once more",
    "continue",
)


class StepResult(Struct, frozen=True):
    """One of the seven steps. `ok` is None if it was not run, for the reason in `reason`.

    `changes` are the differences from the schema that the step should leave. A step is ok if nothing failed and there
    is no significant difference.
    """

    number: int
    ok: bool | None
    error: EngineError | None = None
    changes: tuple[Change, ...] = ()
    reason: str | None = None
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """The name of the step."""
        return STEPS[self.number - 1]


class Loss(Struct, frozen=True):
    """Rows or values that existed before the forward and are missing after the rollback.

    `kind` is `rows` (`column` is then None) or `values`; `count` is their number, out of `total` rows.
    """

    table: str
    column: str | None
    kind: str
    count: int
    total: int


class RowRun(Struct, frozen=True):
    """The migration on tables with rows.

    `inserted` is the number of generated rows by table, `unfilled` the tables without rows and the reasons. `forward`
    and `rollback` are the executions; `losses` the rows and values that were not restored, `unread` the tables whose
    values are not compared, with the reason.
    """

    inserted: dict[str, int] = field(default_factory=dict)
    unfilled: dict[str, str] = field(default_factory=dict)
    forward: Execution | None = None
    rollback: Execution | None = None
    losses: tuple[Loss, ...] = ()
    unread: dict[str, str] = field(default_factory=dict)
    rows_stable: bool | None = None
    error: EngineError | None = None


class StatementCost(Struct, frozen=True):
    """Cost of a statement by table size: seconds (None: not reached), and rows read and written.

    `grows` is whether the cost grows with the number of rows, None if unknown.
    """

    span: Span
    seconds: tuple[float | None, ...]
    touched: tuple[int | None, ...]
    grows: bool | None


class Costs(Struct, frozen=True):
    """A migration on tables of several sizes: `rows` are the sizes in ascending order."""

    rows: tuple[int, ...]
    forward: tuple[StatementCost, ...] = ()
    rollback: tuple[StatementCost, ...] = ()


class MigrationRun(Struct, frozen=True, eq=False):
    """Results of a migration: the seven steps, the verdict, and the schemas before, after and after the rollback.

    `unknown` are the reasons for each None of the verdict. `changes` are the differences left by the rollback, `apart`
    those between the schemas of replay and engine after the forward; `model` is what a later comparison needs to begin
    after this migration, in the form of the one that compares. The schemas of a cached result are None.
    """

    migration: Migration
    steps: tuple[StepResult, ...]
    verdict: Verdict
    unknown: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    before: Schema | None = None
    after: Schema | None = None
    restored: Schema | None = None
    forward: Execution | None = None
    rollback: Execution | None = None
    rows: RowRun | None = None
    seconds: float = 0.0
    apart: tuple[Change, ...] = ()
    costs: Costs | None = None
    model: bytes | None = None

    @property
    def ran(self) -> bool:
        """Whether it was run at all."""
        return any(step.ok is not None for step in self.steps)

    def step(self, number: int) -> StepResult:
        """Return step `number` (from 1)."""
        return self.steps[number - 1]

    def script(self, direction: Direction) -> Script | None:
        """Return the script of a direction."""
        return self.migration.forward if direction is Direction.FORWARD else self.migration.rollback


class HistoryRun(Struct, frozen=True, eq=False):
    """A history run on one engine. `stopped` is the reason if it ended before the last migration.

    `kept` is the number of first migrations taken from the cache; `name` is the cache key for this run.
    """

    history: History
    engine: EngineInfo
    migrations: tuple[MigrationRun, ...]
    seconds: float = 0.0
    stopped: str | None = None
    kept: int = 0
    name: str | None = None


class DryRunReport(Struct, frozen=True, eq=False):
    """Results of all histories; a history appears once per engine version."""

    histories: tuple[HistoryRun, ...]
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
