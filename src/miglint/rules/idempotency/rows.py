"""IDM060 to IDM062: scripts that change rows again on a second run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from miglint.base.findings import Severity
from miglint.base.model import Dialect, Script
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.rules.idempotency.row_fixes import once_fix, skip_rows_fix
from miglint.rules.idempotency.second_run import failures, hits
from miglint.rules.idempotency.second_run_failure import SecondRunFailure
from miglint.rules.support.clauses import remarks
from miglint.rules.support.reporting import hit_in
from miglint.rules.support.scripts import script_of
from miglint.rules.support.short_lived import dropped_unread
from miglint.rules.support.sql_text import ident, qualified
from miglint.schema.outcome import Note
from miglint.sql import operations as ops
from miglint.sql.operations import Operation


def _rows(step: Step) -> Iterator[tuple[Script, Operation, Note]]:
    for direction, _, operation, note in remarks(step).get("rows", ()):
        script = script_of(step, direction)
        if script is not None:
            yield script, operation, note


@rule(
    "IDM060",
    "insert-unguarded",
    Severity.ERROR,
    "INSERT fails on a second run or inserts the same rows again",
    on=(ops.Insert,),
    fixable=True,
    about_reruns=True,
)
def insert(step: Step) -> Iterable[Hit]:
    """Report INSERT without ON CONFLICT or a condition that skips existing rows."""
    yield from hits(filter(_is_duplicate_row, chain(*failures(step).values())), _insert_again_help)
    for script, operation, note in _rows(step):
        if isinstance(operation, ops.Insert):
            yield hit_in(
                script,
                operation.span,
                f"on a second run, {note.message}",
                _insert_help(operation),
                fix=skip_rows_fix(step, script, operation),
            )


def _is_duplicate_row(failure: SecondRunFailure) -> bool:
    return isinstance(failure.operation, ops.Insert) and failure.error.condition == "unique_violation"


def _insert_again_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    assert isinstance(operation, ops.Insert)
    if failure.script.dialect is Dialect.SQLITE:
        return "Write `INSERT OR IGNORE INTO ...`, or end the statement with `ON CONFLICT DO NOTHING`."
    return "End the statement with `ON CONFLICT DO NOTHING`."


def _insert_help(operation: ops.Insert) -> str:
    table = qualified(operation.table)
    column = ident(operation.columns[0]) if operation.columns else "..."
    return (
        f"Skip existing rows: `INSERT INTO {table} ... SELECT ... WHERE NOT EXISTS "
        f"(SELECT 1 FROM {table} WHERE {column} = ...)`, or give {table} a unique key and write "
        "`ON CONFLICT DO NOTHING`."
    )


@rule(
    "IDM061",
    "update-relative",
    Severity.ERROR,
    "UPDATE computes a column from itself, so each run changes it again",
    fixable=True,
    about_reruns=True,
)
def update_relative(step: Step) -> Iterator[Hit]:
    """Report UPDATE that computes a column from itself, such as `SET x = x + 1`."""
    for script, operation, note in _rows(step):
        # With FROM, a column of the same name may be another table's.
        if isinstance(operation, ops.Update) and not operation.relations and not _marks(operation):
            if dropped_unread(step, script.direction, operation, operation.table):
                continue
            own = next(
                (
                    column
                    for column, value in operation.assignments
                    if value is not None and any(used.lower() == column.lower() for used in value.columns)
                ),
                operation.assignments[0][0] if operation.assignments else "...",
            )
            yield hit_in(
                script,
                operation.span,
                f"on a second run, {note.message}",
                f"Add a condition that holds only before the first run, such as on a marker column, or compute "
                f"{ident(own)} from other columns.",
                fix=once_fix(step, script, operation),
            )


def _marks(operation: ops.Update) -> bool:
    """Return whether it sets a column to a constant that its condition excludes: then a second run skips the row."""
    where = operation.where
    return where is not None and any(
        value is not None and value.literal is not None and column in where.columns
        for column, value in operation.assignments
    )


@rule(
    "IDM062",
    "rows-change-again",
    Severity.WARNING,
    "A statement changes rows again on each run",
    fixable=True,
    about_reruns=True,
)
def rows_change(step: Step) -> Iterator[Hit]:
    """Report COPY, MERGE, CALL, DELETE and the like that change rows on each run."""
    for script, operation, note in _rows(step):
        if not isinstance(operation, (ops.Insert, ops.Update)):
            yield hit_in(
                script,
                operation.span,
                f"on a second run, {note.message}",
                "Add a condition that excludes the rows that the first run changed.",
                fix=once_fix(step, script, operation),
            )
