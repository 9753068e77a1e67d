"""RUN: what a dry run found by executing a migration on a throwaway database.

A rule here is called once per executed migration, with the replay's result beside it. Where the replay has found the
same, its own finding says where and what to do; the rules here add what only an engine can know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from miglint.base.findings import Severity
from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect, Script, Span
from miglint.base.structs import Struct, replace
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.schema.change import Change

if TYPE_CHECKING:
    # Engines are imported on demand; this module is imported in every run.
    from miglint.dryrun.results import EngineError, Execution, HistoryRun, MigrationRun, StepResult

MOST_SHOWN = 5
"""How many differences the help of a finding lists."""
_PLAIN_LIMITS = (None, "connection")


class Executed(Struct, frozen=True):
    """A migration as replayed and as executed, and the history that it ran in."""

    step: Step
    run: MigrationRun
    history: HistoryRun

    @property
    def engine(self) -> str:
        """The engine's name and version."""
        return f"{self.history.engine.product} {self.history.engine.version}"


def _script_span(script: Script) -> Span:
    """Return the first statement of a script, as far as it is known without a parser: its first line of text."""
    text = script.text
    start = len(text) - len(text.lstrip())
    end = text.find("\n", start)
    return Span(script.span.start + start, script.span.start + (end if end >= 0 else len(text)))


def hit_of(script: Script, span: Span | None, message: str, help_text: str) -> Hit:
    """Return a finding of a dry run at a place in a script, by default at its first statement."""
    return Hit(script.file, span or _script_span(script), message, help_text, script, evidence="executed")


# SQLite's words; PostgreSQL's are others.
_NO_FUNCTION = pattern(r"no such function: (\w+)")


def _words(error: EngineError) -> str:
    """Return an error with its code, and with the detail and hint that the engine gave."""
    parts = [str(error)]
    if error.detail:
        parts.append(f"Detail: {error.detail}")
    if error.hint:
        parts.append(f"Hint: {error.hint}")
    function = _NO_FUNCTION.match(error.message)
    if function is not None:
        parts.append(
            "If the application defines this function, name it in the configuration:"
            f' `dry-run.sqlite-functions = ["{function[1]}"]`'
        )
    return "\n".join(parts)


def _span(error: EngineError) -> Span | None:
    if error.place is not None and error.span is not None and error.place < error.span.end:
        return Span(error.place, error.span.end)
    return error.span


def _failure(executed: Executed, execution: Execution | None, script: Script | None, what: str) -> Iterator[Hit]:
    error = execution.error if execution is not None else None
    if error is None or script is None or error.limit not in _PLAIN_LIMITS:
        return
    help_text = _words(error).partition("\n")[2]
    yield hit_of(script, _span(error), f"{what} fails on {executed.engine}: {error}", help_text)


@rule("RUN001", "forward-failed", Severity.ERROR, "The forward fails when it is executed", scope="executed")
def forward_failed(executed: Executed) -> Iterator[Hit]:
    """Report the engine's error at the statement that caused it."""
    yield from _failure(executed, executed.run.forward, executed.run.migration.forward, "the forward")


@rule("RUN002", "rollback-failed", Severity.ERROR, "The rollback fails when it is executed", scope="executed")
def rollback_failed(executed: Executed) -> Iterator[Hit]:
    """Report the engine's error at the statement that caused it."""
    yield from _failure(executed, executed.run.rollback, executed.run.migration.rollback, "the rollback")


@rule(
    "RUN003",
    "rollback-left-differences",
    Severity.ERROR,
    "The schema after the rollback differs from the schema before",
    scope="executed",
)
def rollback_left_differences(executed: Executed) -> Iterator[Hit]:
    """Report differences that the replay did not predict."""
    run, script = executed.run, executed.run.migration.rollback
    changes = [change for change in run.changes if change.counts]
    foreseen = executed.step.verdict.symmetric is False
    if script is None or run.rollback is None or not run.rollback.ok or not changes or foreseen:
        return
    message = f"the rollback does not restore the schema on {executed.engine}: {shown(changes[0])}"
    if len(changes) > 1:
        message += f", and {len(changes) - 1} more"
    listed = "\n".join(shown(change) for change in changes[1 : MOST_SHOWN + 1])
    yield hit_of(script, None, message, listed)


def shown(change: Change) -> str:
    """Return a difference in one line."""
    if change.kind == "changed":
        values = f": {change.before or 'none'} became {change.after or 'none'}" if change.before != change.after else ""
        return f"{change.aspect} of {change.what} {change.name} differs{values}"
    if change.kind == "renamed":
        return f"{change.what} {change.before} is named {change.after}"
    return f"{change.what} {change.name} is {'missing' if change.kind == 'missing' else 'left over'}"


def _again(executed: Executed, step: StepResult, script: Script | None, what: str) -> Iterator[Hit]:
    if script is None or step.ok is not False:
        return
    if step.error is not None:
        if step.error.limit in _PLAIN_LIMITS:
            message = f"{what} fails when it runs a second time on {executed.engine}: {step.error}"
            yield hit_of(script, _span(step.error), message, _words(step.error).partition("\n")[2])
        return
    changes = [change for change in step.changes if change.counts]
    message = f"{what} changes the schema when it runs a second time on {executed.engine}: {shown(changes[0])}"
    yield hit_of(script, None, message, "\n".join(shown(change) for change in changes[1 : MOST_SHOWN + 1]))


@rule(
    "RUN004",
    "second-run-failed",
    Severity.ERROR,
    "A script fails or changes the schema on a second run",
    scope="executed",
    about_reruns=True,
)
def second_run_failed(executed: Executed) -> Iterator[Hit]:
    """Report second runs that fail though the replay did not predict it."""
    verdict, run = executed.step.verdict, executed.run
    if verdict.forward_idempotent is not False:
        yield from _again(executed, run.step(3), run.migration.forward, "the forward")
    if verdict.rollback_idempotent is not False:
        yield from _again(executed, run.step(5), run.migration.rollback, "the rollback")


@rule(
    "RUN005",
    "cannot-go-forward-again",
    Severity.ERROR,
    "The forward fails after a rollback that restored the schema",
    scope="executed",
)
def cannot_go_forward_again(executed: Executed) -> Iterator[Hit]:
    """Report what a rollback leaves outside of the schema: rows, sequences, roles."""
    run = executed.run
    if run.step(4).ok is True:
        yield from _again(executed, run.step(6), run.migration.forward, "after the rollback the forward")


@rule(
    "RUN006",
    "fails-on-rows",
    Severity.WARNING,
    "A script fails on tables with rows though it succeeds on empty ones",
    scope="executed",
)
def fails_on_rows(executed: Executed) -> Iterator[Hit]:
    """Report errors that only rows cause."""
    rows, run = executed.run.rows, executed.run
    if rows is None:
        return
    help_text = "The rows are generated: they satisfy the schema before, and include edge cases."
    for execution, empty, script, what in (
        (rows.forward, run.forward, run.migration.forward, "the forward"),
        (rows.rollback, run.rollback, run.migration.rollback, "the rollback"),
    ):
        passes_empty = empty is not None and empty.ok
        if execution is not None and execution.error is not None and script is not None and passes_empty:
            message = f"{what} succeeds on empty tables and fails on tables with rows: {execution.error}"
            extra = _words(execution.error).partition("\n")[2]
            yield hit_of(script, _span(execution.error), message, f"{extra}\n{help_text}".strip())


@rule("RUN007", "rows-lost", Severity.WARNING, "The rollback does not restore all rows or values", scope="executed")
def rows_lost(executed: Executed) -> Iterator[Hit]:
    """Report which table lost rows, or which column values, and how many; and tables of which that is unknown."""
    rows, script = executed.run.rows, executed.run.migration.rollback
    if rows is None or script is None:
        return
    for table, reason in rows.unread.items():
        unknown = hit_of(script, None, f"the values of {table} cannot be read, and are not compared: {reason}", "")
        yield replace(unknown, severity=Severity.INFO)
    if not rows.losses:
        return
    parts = []
    for loss in rows.losses:
        where = loss.table if loss.column is None else f"{loss.table}.{loss.column}"
        parts.append(f"{loss.count} of {loss.total} {'rows' if loss.column is None else 'values'} of {where}")
    more = f", and {len(parts) - 1} more" if len(parts) > 1 else ""
    message = f"after forward and rollback {parts[0]} are lost or changed{more}"
    yield hit_of(script, None, message, "\n".join(parts[1 : MOST_SHOWN + 1]))


_LIMITS = {
    "statement time-out": "Give statements more time with `--statement-timeout` if they need it.",
    "total time-out": "Give the dry run more time with `--total-timeout` if it needs it.",
    "disk": "Give the databases more space with `--max-disk` if the migration needs it.",
    "memory": "Give the processes that run scripts more memory with `--max-memory` if the migration needs it.",
    "notices": "A script is limited to a hundred thousand messages.",
    "message size": "A row or message of the server is limited to 16 MB.",
}


def _executions(run: MigrationRun) -> Iterator[tuple[Execution, Script]]:
    pairs = [(run.forward, run.migration.forward), (run.rollback, run.migration.rollback)]
    if run.rows is not None:
        pairs += [(run.rows.forward, run.migration.forward), (run.rows.rollback, run.migration.rollback)]
    for execution, script in pairs:
        if execution is not None and script is not None:
            yield execution, script


def _errors(run: MigrationRun) -> Iterator[tuple[EngineError, Script]]:
    seen: set[tuple[str | None, int, str]] = set()
    for execution, script in _executions(run):
        if execution.error is not None:
            key = (execution.error.limit, execution.error.index, script.direction)
            if key not in seen:
                seen.add(key)
                yield execution.error, script


@rule(
    "RUN008",
    "limit-reached",
    Severity.ERROR,
    "A script exceeds a limit of the dry run",
    scope="executed",
)
def limit_reached(executed: Executed) -> Iterator[Hit]:
    """Report which limit a script exceeded."""
    for error, script in _errors(executed.run):
        if error.limit in _LIMITS:
            message = f"the dry run was stopped at its limit ({error.limit}): {error}"
            yield hit_of(script, error.span, message, _LIMITS[error.limit])


_REACH = {
    Dialect.POSTGRES: "Scripts run as an ordinary role that owns its database, never as superuser.",
    Dialect.SQLITE: "Scripts have databases in memory, and no files, extensions or settings that reach beyond these.",
}


@rule("RUN009", "refused", Severity.ERROR, "A script uses a feature that the dry run forbids", scope="executed")
def refused(executed: Executed) -> Iterator[Hit]:
    """Report what needs more than an ordinary role that owns its database, and what SQLite was not allowed to do."""
    for error, script in _errors(executed.run):
        if error.limit == "refused":
            help_text = _REACH[script.dialect]
            yield hit_of(script, _span(error), f"the dry run does not allow this: {error}", help_text)
        elif error.limit == "roles":
            message = f"the script needs a role that {executed.engine} does not let it use: {error}"
            yield hit_of(script, _span(error), message, _ROLES)
    reported: set[tuple[str, str]] = set()
    for execution, script in _executions(executed.run):
        for change in execution.beyond:
            if (script.direction, change) not in reported:
                reported.add((script.direction, change))
                message = f"the script {change}, which is outside of its database"
                yield hit_of(script, _statement_about_roles(execution, script), message, _UNDONE)


_ROLES = (
    "A throwaway server has stand-ins for roles that scripts name in GRANT or OWNER TO; `--role NAME` adds one, and"
    " `--database-url` names a server that has yours."
    " Symmetry and second runs are not checked because of a missing role."
)
_UNDONE = "The dry run undid it. In production it stays, for all databases of the server."
_ABOUT_ROLES = pattern(r"\b(?:role|user|group|database|owned|grant|revoke|parameter)\b", re.IGNORECASE)


def _statement_about_roles(execution: Execution, script: Script) -> Span | None:
    """Return the first statement about roles or databases."""
    start = script.span.start
    for statement in execution.statements:
        text = script.text[statement.span.start - start : statement.span.end - start]
        if _ABOUT_ROLES.search(text):
            return statement.span
    return None


@rule(
    "RUN011",
    "invalid-index",
    Severity.ERROR,
    "A statement leaves an invalid index",
    dialects=("postgres",),
    scope="executed",
)
def invalid_index(executed: Executed) -> Iterator[Hit]:
    """Report indexes that exist and are maintained, but not used."""
    run = executed.run
    # An index that generated rows make invalid is as severe as the failure that they cause (RUN006).
    executions: list[tuple[Execution | None, Script | None, Severity | None]] = [
        (run.forward, run.migration.forward, None),
        (run.rollback, run.migration.rollback, None),
    ]
    if run.rows is not None:
        executions += [(run.rows.forward, run.migration.forward, Severity.WARNING)]
    reported: set[tuple[Span, str]] = set()
    for execution, script, severity in executions:
        for statement in execution.statements if execution is not None and script is not None else ():
            for index in statement.invalid:
                if (statement.span, index) not in reported and script is not None:
                    reported.add((statement.span, index))
                    where = "" if severity is None else "on tables with rows "
                    message = f"{where}index {index} is left invalid"
                    found = hit_of(script, statement.span, message, "Drop it and create it again.")
                    yield replace(found, severity=severity)


@rule(
    "RUN012",
    "dry-run-stopped",
    Severity.ERROR,
    "The dry run ended before the history did",
    scope="executed",
    always=True,
)
def dry_run_stopped(executed: Executed) -> Iterator[Hit]:
    """Report once, at the first migration that was not run, why nothing is known from there on."""
    script = executed.run.migration.forward or executed.run.migration.rollback
    runs = executed.history.migrations
    first = next((run for run in runs if not run.ran), None) if executed.history.stopped is not None else None
    if first is executed.run and script is not None:
        yield hit_of(
            script, None, f"the dry run stopped here: {executed.history.stopped}", "Nothing is known from here on."
        )
