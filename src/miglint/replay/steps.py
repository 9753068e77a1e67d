"""From migrations to a history: each step holds the schemas and the runs that the rules and verdicts are made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from miglint.base.model import Dialect, History, Migration, Script
from miglint.base.structs import Struct, replace
from miglint.replay.apply import run
from miglint.replay.apply.known_analyses import trim
from miglint.replay.verdict import Verdict, judge
from miglint.replay.verdict_doubts import as_run
from miglint.schema.change import Change
from miglint.schema.diff import diff
from miglint.schema.objects import Key
from miglint.schema.outcome import Run
from miglint.schema.value import Schema
from miglint.sql.operations import AddColumn, Statement

Parse = Callable[[Script], tuple[Statement, ...]]


class Step(Struct, frozen=True, eq=False):
    """One migration as replayed.

    `forward` ran on `before`; `forward_again` on `forward.schema`; `rollback` on `forward.schema`; `rollback_again` on
    `rollback.schema`. The runs of a rollback are None where there is no script; `forward` of an orphan rollback is an
    empty run. `changes` is the difference from `before` to `rollback.schema`; empty when symmetric. `unknown` are the
    reasons for each None of the verdict. `layout` is that of the history, `runner` what the settings say of the
    transactions of the team's runner (None: nothing). `doubted` marks steps after a forward whose effect on the schema
    is not known in full: what then seems to be missing may be there. `served` means that the project has another script
    for the other engine in the place of this one; `sqlite` is the version of SQLite that the settings target (None:
    they do not name SQLite).
    """

    migration: Migration
    forward_statements: tuple[Statement, ...]
    rollback_statements: tuple[Statement, ...]
    before: Schema
    forward: Run
    forward_again: Run
    rollback: Run | None
    rollback_again: Run | None
    changes: tuple[Change, ...]
    verdict: Verdict
    unknown: tuple[str, ...] = ()
    layout: str = ""
    runner: str | None = None
    doubted: bool = False
    served: bool = False
    sqlite: tuple[int, int] | None = None

    @property
    def after(self) -> Schema:
        """The schema after the forward."""
        return self.forward.schema

    @property
    def passage(self) -> ForwardPass:
        """The part of it that rules about a whole history see."""
        return _passage(self.migration, self.forward_statements, self.forward)


class Passage(Protocol):
    """The way of a history through one migration, as rules about whole histories see it."""

    @property
    def migration(self) -> Migration:
        """The migration."""

    @property
    def forward_statements(self) -> tuple[Statement, ...]:
        """The statements of its forward."""

    @property
    def before(self) -> Schema:
        """The schema that the forward meets, with what it assumes of it."""

    @property
    def after(self) -> Schema:
        """The schema after the forward."""

    @property
    def touched(self) -> frozenset[Key]:
        """The keys that the forward set or dropped."""

    @property
    def doubted(self) -> bool:
        """Whether its effect is not known in full."""


class ForwardPass(Struct, frozen=True, gc=False, eq=False):
    """The way of a history through one migration: its forward as it was run once, from `before` to `after`.

    `touched` are the keys that it set or dropped. `doubted` marks one whose effect is not known in full.
    """

    migration: Migration
    forward_statements: tuple[Statement, ...]
    before: Schema
    after: Schema
    touched: frozenset[Key]
    doubted: bool = False


def _passage(migration: Migration, statements: tuple[Statement, ...], forward: Run) -> ForwardPass:
    doubted = bool(forward.unknown) or migration.after_program
    return ForwardPass(migration, statements, forward.before, forward.schema, forward.touched, doubted)


class ForwardRun(NamedTuple):
    """The statements of a forward, and their first run."""

    statements: tuple[Statement, ...]
    run: Run

    def passage(self, migration: Migration) -> ForwardPass:
        """Return the way of the history through the migration."""
        return _passage(migration, self.statements, self.run)


def run_forward(migration: Migration, parse: Parse, schema: Schema, *, kept: bool = True) -> ForwardRun:
    """Run the forward of a migration over the schema that its history has reached.

    Its moments are `kept` if it is for `replay_one`.
    """
    trim()
    statements = () if migration.forward is None else parse(migration.forward)
    return ForwardRun(statements, run(_met(migration, schema), statements, kept=kept))


def apply_forward(migration: Migration, parse: Parse, schema: Schema) -> ForwardPass:
    """Run just the forward of a migration: the schema after it is the one that `replay_one` comes to."""
    return run_forward(migration, parse, schema, kept=False).passage(migration)


def _met(migration: Migration, schema: Schema) -> Schema:
    """Return the schema that a migration meets: one that is a program may have changed anything before it.

    Its journal begins here, so that the one after the forward holds what the migration has changed.
    """
    schema = schema.marked()
    return schema.opened() if migration.after_program else schema


def empty_schema(dialect: Dialect, *, closed: bool = False) -> Schema:
    """Return the schema of which nothing is known, where a history without a baseline begins; or which is empty."""
    return Schema(dialect, closed, ("public",) if dialect is Dialect.POSTGRES else ("main",))


def replay(history: History, parse: Parse, start: Schema | None = None, *, runner: str | None = None) -> Iterator[Step]:
    """Replay a history over `start` (default: nothing is known), and yield its steps in order.

    `runner` is what the settings say of the transactions of the team's runner.
    """
    schema = empty_schema(history.dialect) if start is None else start
    doubted = False
    for migration in history.migrations:
        step = replay_one(migration, parse, schema, layout=history.layout, runner=runner, doubted=doubted)
        yield step
        schema, doubted = step.after, step.doubted or bool(step.forward.unknown)


def sqlite_accepts(
    script: Script, statements: tuple[Statement, ...], target: tuple[int, int] | None = None
) -> tuple[bool | None, str | None]:
    """Whether the target SQLite (None: the newest) takes a script; None with the reason when that is not known."""
    for statement in statements:
        if statement.problem is not None and (statement.problem.template or script.file.error is not None):
            return None, statement.problem.message
    if script.dialect is Dialect.SQLITE:
        if any(statement.problem is not None for statement in statements):
            return False, None
        if target is None and not any(_adds_a_key(statement) for statement in statements):
            return True, None
    from miglint.sql.sqlite.features import NEWEST
    from miglint.sql.sqlite.judge import accepts

    judgment = accepts(script.text, script.span.start, target or NEWEST)
    return judgment.accepted, judgment.reason


def _adds_a_key(statement: Statement) -> bool:
    """Whether it may be what SQLite's grammar takes and SQLite refuses: `ADD COLUMN ... UNIQUE`."""
    return any(isinstance(operation, AddColumn) and operation.constraints for operation in statement.operations)


def replay_one(
    migration: Migration,
    parse: Parse,
    schema: Schema,
    *,
    layout: str = "",
    runner: str | None = None,
    doubted: bool = False,
    served: bool = False,
    sqlite: tuple[int, int] | None = None,
    first_run: ForwardRun | None = None,
    on_sqlite: bool = True,
) -> Step:
    """Replay one migration over the schema that its history has reached.

    Unless `on_sqlite`, the verdict does not say what SQLite makes of the script. What `layout`, `runner`, `doubted`,
    `served` and `sqlite` say is as in `Step`. `first_run` is the result of `run_forward`, if that was called before.
    """
    trim()
    # A program may have dropped what scripts have made.
    doubted = doubted or migration.after_program
    forward_statements, forward = run_forward(migration, parse, schema) if first_run is None else first_run
    rollback_statements = () if migration.rollback is None else parse(migration.rollback)
    forward_again = run(forward.schema, forward_statements, kept=False)
    rollback = rollback_again = None
    before = forward.before
    changes: tuple[Change, ...] = ()
    if migration.rollback is not None:
        sure = forward.touched if forward.lost else None
        rollback = run(forward.schema, rollback_statements, rollback=True, sure=sure)
        for assumption in rollback.assumptions:
            # What it takes for granted may be the work of a forward that is not known in full.
            before = before if forward.lost else assumption.apply(before)
        rollback_again = run(rollback.schema, rollback_statements, rollback=True, kept=False)
        changes = diff(before, rollback.schema, forward.touched | rollback.touched)
    verdict, unknown = judge(migration, forward, forward_again, rollback, rollback_again, changes, doubted=doubted)
    scripts = ((migration.forward, forward_statements), (migration.rollback, rollback_statements))
    verdict, unknown = as_run(scripts, layout, runner, forward.schema, verdict, unknown)
    if migration.forward is not None and on_sqlite:
        accepted, why = sqlite_accepts(migration.forward, forward_statements, sqlite)
        verdict = replace(verdict, sqlite_compatible=accepted)
        if why is not None:
            unknown = (*unknown, f"sqlite_compatible: {why}")
    return Step(
        migration,
        forward_statements,
        rollback_statements,
        before,
        forward,
        forward_again,
        rollback,
        rollback_again,
        changes,
        verdict,
        unknown,
        layout,
        runner,
        doubted,
        served,
        sqlite,
    )
