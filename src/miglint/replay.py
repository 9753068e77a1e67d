"""From migrations to a history: each step holds the schemas and the runs that the rules and verdicts are made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from miglint.schema.apply import run
from miglint.schema.diff import Change, diff
from miglint.schema.outcome import Run
from miglint.schema.value import Schema
from miglint.source import Dialect, History, Migration, Script
from miglint.sql.operations import Statement
from miglint.verdict import Verdict, judge

Parse = Callable[[Script], tuple[Statement, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One migration as replayed.

    `forward` ran on `before`; `forward_again` on `forward.schema`; `rollback` on `forward.schema`; `rollback_again` on
    `rollback.schema`. The runs of a rollback are None where there is no script; `forward` of an orphan rollback is an
    empty run. `changes` is the difference from `before` to `rollback.schema`; empty when symmetric. `unknown` are the
    reasons for each None of the verdict. `layout` is that of the history, `runner` what the settings say of the
    transactions of the team's runner (None: nothing).
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

    @property
    def after(self) -> Schema:
        """The schema after the forward."""
        return self.forward.schema


def empty_schema(dialect: Dialect, *, closed: bool = False) -> Schema:
    """Return the schema of which nothing is known, where a history without a baseline begins; or which is empty."""
    return Schema(dialect, closed, ("public",) if dialect is Dialect.POSTGRES else ("main",))


def replay(history: History, parse: Parse, start: Schema | None = None, *, runner: str | None = None) -> Iterator[Step]:
    """Replay a history over `start` (default: nothing is known), and yield its steps in order.

    `runner` is what the settings say of the transactions of the team's runner.
    """
    schema = empty_schema(history.dialect) if start is None else start
    for migration in history.migrations:
        step = replay_one(migration, parse, schema, layout=history.layout, runner=runner)
        yield step
        schema = step.after


def sqlite_accepts(script: Script, statements: tuple[Statement, ...]) -> tuple[bool | None, str | None]:
    """Whether the target SQLite takes a script; None with the reason when that is not known."""
    if script.dialect is Dialect.SQLITE:
        return not any(statement.problem is not None for statement in statements), None
    from miglint.sql.sqlite.judge import accepts

    answer = accepts(script.text, script.span.start)
    return answer.accepted, answer.reason


def replay_one(
    migration: Migration, parse: Parse, schema: Schema, *, layout: str = "", runner: str | None = None
) -> Step:
    """Replay one migration over the schema that its history has reached."""
    forward_statements = () if migration.forward is None else parse(migration.forward)
    rollback_statements = () if migration.rollback is None else parse(migration.rollback)
    forward = run(schema, forward_statements)
    forward_again = run(forward.schema, forward_statements)
    rollback = rollback_again = None
    before = forward.before
    changes: tuple[Change, ...] = ()
    if migration.rollback is not None:
        rollback = run(forward.schema, rollback_statements, rollback=True)
        for assumption in rollback.assumptions:
            before = assumption.apply(before)
        rollback_again = run(rollback.schema, rollback_statements, rollback=True)
        changes = diff(before, rollback.schema, forward.touched | rollback.touched)
    verdict, unknown = judge(migration, forward, forward_again, rollback, rollback_again, changes)
    if migration.forward is not None:
        accepted, why = sqlite_accepts(migration.forward, forward_statements)
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
    )
