"""What a migration tool guarantees about a script: whether it can ever be run a second time.

A second run has two causes. A run that failed halfway left something behind: impossible where the script is atomic. A
run that finished was not recorded: impossible where the version is recorded in the script's own transaction, or where
a half-recorded version stops the tool until a person looks. Such a script stops other tools too, if its second run
fails as a whole: it changes nothing, and the tool goes no further until a person records the version.
"""

from __future__ import annotations

from enum import StrEnum

from miglint.base.model import Dialect, Direction, Script
from miglint.base.structs import Struct
from miglint.discovery.tools import READERS
from miglint.replay.runners import RUNNERS, Record, Runner, TransactionOwner
from miglint.replay.steps import Step
from miglint.replay.transaction_owner import ENDS, begins, placed_operations
from miglint.sql import operations as ops
from miglint.sql.operations import Statement

# Layouts whose rollbacks a tool that reads them never runs.
_WITHOUT_ROLLBACKS = frozenset({("sqlx", "plain")})


class Guarantee(Struct, frozen=True):
    """Which of the tools that may run a script run it only once, and which may run it again.

    A second run by `stopped` tools fails as a whole, and stops the tool. That by `rare` tools needs an interruption
    between the end of the script and its record. No list has any where no known tool runs the script.
    """

    once: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()
    rare: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether no tool that may run the script can change anything by a second run."""
        return bool(self.once or self.stopped) and not self.again and not self.rare

    @property
    def is_rare(self) -> bool:
        """Whether only an interruption at one moment makes a tool run the script again."""
        return bool(self.rare) and not self.again


def runners_of(layout: str, tools: tuple[str, ...], configured: str | None) -> tuple[Runner, ...]:
    """Return the tools that may run the files of a layout.

    That is the `configured` one, or those that the project's files name (`History.tools`), or all that read the layout.
    """
    names = (configured,) if configured is not None else tools or READERS.get(layout, (layout,))
    return tuple(RUNNERS[name] for name in names if name in RUNNERS)


def guarantee(step: Step, script: Script, runners: tuple[Runner, ...]) -> Guarantee:
    """Return which of the tools that may run a script of a step run it only once."""
    migration = step.migration
    if migration.repeatable:
        return Guarantee()
    forward = script is migration.forward
    statements = step.forward_statements if forward else step.rollback_statements
    second = step.forward_again if forward else step.rollback_again
    fails = second is not None and second.failed is not None
    found: dict[_Rerun, list[str]] = {kind: [] for kind in _Rerun}
    for runner in runners:
        found[_rerun(runner, step.layout, script, statements, fails=fails)].append(runner.name)
    return Guarantee(*(tuple(found[kind]) for kind in (_Rerun.NEVER, _Rerun.ANY, _Rerun.STOPPED, _Rerun.RARE)))


class _Rerun(StrEnum):
    """Whether a tool may run a script again: never, without effect since it fails as a whole, rarely, or any time."""

    NEVER = "never"
    STOPPED = "stopped"
    RARE = "rare"
    ANY = "any"


def _rerun(runner: Runner, layout: str, script: Script, statements: tuple[Statement, ...], *, fails: bool) -> _Rerun:
    around = runner.postgres if script.dialect is Dialect.POSTGRES else runner.sqlite
    record = runner.forward if script.direction is Direction.FORWARD else runner.rollback
    if around is None or record is Record.NEVER:
        return _Rerun.ANY
    if script.direction is Direction.ROLLBACK and (runner.name, layout) in _WITHOUT_ROLLBACKS:
        return _Rerun.ANY
    if not script.transaction:
        around = TransactionOwner.NOTHING
    if fails and runner.one_query and around is not TransactionOwner.TOOL and _is_build_alone(statements):
        return _Rerun.NEVER if record is Record.STOPS else _Rerun.STOPPED
    atomicity = _atomicity(around, statements)
    if atomicity is _Atomicity.NONE:
        return _Rerun.ANY
    if record is Record.STOPS or (record is Record.SAME and atomicity is _Atomicity.RUNNER):
        return _Rerun.NEVER
    # A script's own COMMIT ends the tool's transaction, before anything can be recorded.
    if record is not Record.APART or atomicity is not _Atomicity.RUNNER:
        return _Rerun.ANY
    return _Rerun.STOPPED if fails else _Rerun.RARE


class _Atomicity(StrEnum):
    RUNNER = "runner"
    SCRIPT = "script"
    NONE = "none"


def _atomicity(around: TransactionOwner, statements: tuple[Statement, ...]) -> _Atomicity:
    """Return what makes a script atomic: the tool's transaction, one of the script around all, or nothing."""
    if any(_outside_transactions(statement) for statement in statements):
        return _Atomicity.NONE
    ends = any(
        isinstance(item.operation, ops.Transaction) and item.operation.action in ENDS
        for item in placed_operations(statements)
    )
    if not begins(statements) and not ends:
        if around in (TransactionOwner.TOOL, TransactionOwner.QUERY):
            return _Atomicity.RUNNER
        return _Atomicity.SCRIPT if _effective(statements) <= 1 else _Atomicity.NONE
    return _Atomicity.SCRIPT if _is_wrapped(statements) else _Atomicity.NONE


def _is_build_alone(statements: tuple[Statement, ...]) -> bool:
    """Return whether a script is one concurrent build of an index.

    An interrupted build leaves its index, as invalid. A query that holds the build can hold nothing that drops it
    first, and `IF NOT EXISTS` would keep it: it is right that a second run fails, until somebody drops the index.
    """
    match statements:
        case (Statement(operations=(ops.CreateIndex(concurrently=True, if_not_exists=False),)),):
            return True
        case _:
            return False


def _is_wrapped(statements: tuple[Statement, ...]) -> bool:
    """Return whether one transaction of the script holds all of it that changes anything."""
    begun = ended = False
    for statement in statements:
        actions = [item.action for item in statement.operations if isinstance(item, ops.Transaction)]
        if "begin" in actions:
            if begun:
                return False
            begun = True
        elif any(action in ENDS for action in actions):
            if not begun or ended:
                return False
            ended = True
        elif (not begun or ended) and _changes(statement):
            return False
    return begun and ended


def _effective(statements: tuple[Statement, ...]) -> int:
    return sum(_changes(statement) for statement in statements)


def _changes(statement: Statement) -> bool:
    """Return whether a statement may change the schema or rows: all but settings of the session and queries."""
    return any(
        not isinstance(operation, (ops.SetVariable, ops.Select, ops.Transaction)) for operation in statement.operations
    )


def _outside_transactions(statement: Statement) -> bool:
    return any(getattr(operation, "concurrently", False) for operation in statement.operations)
