"""What a dry run saw: values only, no connection and no engine."""

from __future__ import annotations

from miglint.base.model import Direction, History, Migration, Script, Span
from miglint.base.structs import Struct, field
from miglint.replay.verdict import Verdict
from miglint.schema.change import Change
from miglint.schema.value import Schema


class EngineInfo(Struct, frozen=True):
    """The engine that ran: `kind` (`sqlite`, `embedded`, `local`, `docker`, `url`), the server's name and version.

    `why` says in words why this one was taken; `notes` are remarks on it that a reader of the results should know.
    """

    kind: str
    product: str
    version: str
    why: str = ""
    notes: tuple[str, ...] = ()


class EngineError(Struct, frozen=True):
    """An error that the engine raised, in its own words.

    `sqlstate` is SQLite's error name there (`SQLITE_CONSTRAINT`). `span` are the characters of the file that hold the
    statement; `place` the offset in the file that the engine points at, when it does. `index` counts statements from 0
    (-1: the commit at the end). `limit` names the bound that was hit (`statement time-out`, `total time-out`,
    `disk`, `memory`, `notices`, `refused`, `roles`, `server`); None for an ordinary error.
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
    """The strongest lock that a statement took on a table that existed before it (`mode` as PostgreSQL names it)."""

    table: str
    mode: str


class StatementRun(Struct, frozen=True):
    """One statement as it ran. `seconds` is its time on the server, seen from here.

    `rewritten` are tables whose storage was replaced, `invalid` indexes that it left invalid, `touched` how many rows
    it read from tables and wrote, where that was counted. `locks` are those that its transaction did not hold before as
    strong, and empty where the engine has none to show (SQLite; statements that cannot run in a transaction). `held`
    says that its transaction went on, so that all of them were there to be seen.
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
    """A script as it ran; `error` is None when all of it did. `seconds` includes the commit.

    `beyond` says in words what it changed outside of its database: roles, other databases. That is undone already.
    """

    statements: tuple[StatementRun, ...] = ()
    error: EngineError | None = None
    seconds: float = 0.0
    beyond: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every statement ran."""
        return self.error is None


STEPS = (
    "read the schema, put rows into it",
    "forward",
    "forward again",
    "rollback",
    "rollback again",
    "forward once more",
    "go on",
)


class StepResult(Struct, frozen=True):
    """One of the seven steps. `ok` is None when it was not run, and `reason` says why.

    `changes` are the differences from the schema that the step should have left. A step is ok when nothing failed
    and nothing that counts differs.
    """

    number: int
    ok: bool | None
    error: EngineError | None = None
    changes: tuple[Change, ...] = ()
    reason: str | None = None
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """What the step does, in words."""
        return STEPS[self.number - 1]


class Loss(Struct, frozen=True):
    """Rows or values that were there before the forward and are not after the rollback.

    `kind` is `rows` (`column` is None then) or `values`; `count` how many, of `total` rows.
    """

    table: str
    column: str | None
    kind: str
    count: int
    total: int


class RowRun(Struct, frozen=True):
    """The same migration on tables with rows in them.

    `inserted` is the number of generated rows by table, `unfilled` the tables that could not be given rows and why.
    `forward` and `rollback` are the executions; `losses` what did not come back.
    """

    inserted: dict[str, int] = field(default_factory=dict)
    unfilled: dict[str, str] = field(default_factory=dict)
    forward: Execution | None = None
    rollback: Execution | None = None
    losses: tuple[Loss, ...] = ()
    rows_stable: bool | None = None
    error: EngineError | None = None


class StatementCost(Struct, frozen=True):
    """What a statement cost on tables of each size: seconds (None: it did not get there), and rows read and written.

    `grows` says whether it costs more the more rows there are, None when that cannot be told.
    """

    span: Span
    seconds: tuple[float | None, ...]
    touched: tuple[int | None, ...]
    grows: bool | None


class Costs(Struct, frozen=True):
    """A migration on tables of several sizes: `rows` are the sizes, the smallest first."""

    rows: tuple[int, ...]
    forward: tuple[StatementCost, ...] = ()
    rollback: tuple[StatementCost, ...] = ()


class MigrationRun(Struct, frozen=True, eq=False):
    """One migration as executed: the seven steps, the verdict, and the schemas before, after and after rolling back.

    `unknown` are the reasons for each None of the verdict. `changes` are the differences that the rollback left,
    `apart` those of the replay's schema after the forward from the engine's. The schemas of a run that was kept from an
    earlier one are None.
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

    @property
    def ran(self) -> bool:
        """Whether it was executed at all."""
        return any(step.ok is not None for step in self.steps)

    def step(self, number: int) -> StepResult:
        """Return step `number` (from 1)."""
        return self.steps[number - 1]

    def script(self, direction: Direction) -> Script | None:
        """Return the script of a direction."""
        return self.migration.forward if direction is Direction.FORWARD else self.migration.rollback


class HistoryRun(Struct, frozen=True, eq=False):
    """A history as executed on one engine. `stopped` says why it ended before its last migration, if it did.

    `kept` is how many of its first migrations were executed by an earlier run; `name` is what this run can be kept as.
    """

    history: History
    engine: EngineInfo
    migrations: tuple[MigrationRun, ...]
    seconds: float = 0.0
    stopped: str | None = None
    kept: int = 0
    name: str | None = None


class DryRunReport(Struct, frozen=True, eq=False):
    """All histories of a run; a history appears once per engine version that it ran on."""

    histories: tuple[HistoryRun, ...]
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
