"""Fixes of `ALTER TABLE` in SQLite, which has no guard for columns: the rebuild of the table, which can run again.

All changes of a script to the columns of one table become one rebuild: a second run of several would take away what the
later ones add.
"""

from __future__ import annotations

from collections.abc import Sequence
from re import IGNORECASE, escape, search

from miglint.base.findings import Edit, Fix
from miglint.base.model import Script
from miglint.locks.look import relation_key
from miglint.replay.apply import run
from miglint.replay.steps import Step
from miglint.rules.idempotency.later_changes import schema_before
from miglint.rules.idempotency.second_run_failure import SecondRunFailure
from miglint.rules.support.script_ends import without_statement
from miglint.rules.support.scripts import statements_of
from miglint.rules.support.step_cache import cached_by_step
from miglint.rules.support.uncut import end_of, line_break
from miglint.schema.objects import Key, Table
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Operation, Statement

# Each of the statements has the whole rebuild for its fix.
_MOST_STATEMENTS = 20
_COLUMN_CHANGES = (ops.AddColumn, ops.DropColumn, ops.RenameColumn)


def rebuild_fix(failure: SecondRunFailure) -> Fix | None:
    """Return the rebuild that does what `ALTER TABLE` does to columns, or None."""
    operation = failure.operation
    if not isinstance(operation, _COLUMN_CHANGES) or failure.event.statement.operations != (operation,):
        return None
    return _rebuilds(failure.step, failure.script).get(operation.table.name.lower())


@cached_by_step
def _rebuilds(step: Step, script: Script) -> dict[str, Fix]:
    """Return the rebuilds of a script's tables, by name."""
    changes: dict[str, list[Statement]] = {}
    for statement in statements_of(step, script.direction):
        match statement.operations:
            case (ops.AddColumn() | ops.DropColumn() | ops.RenameColumn() as operation,):
                changes.setdefault(operation.table.name.lower(), []).append(statement)
    few = {name: listed for name, listed in changes.items() if len(listed) <= _MOST_STATEMENTS}
    found = {name: _rebuild(step, script, name, listed) for name, listed in few.items()}
    return {name: fix for name, fix in found.items() if fix is not None}


def _rebuild(step: Step, script: Script, name: str, changes: list[Statement]) -> Fix | None:
    first = schema_before(step, script, changes[0])
    if first is None or not _can_be_one(step, script, name, changes):
        return None
    # Few runs need what writes SQL.
    from miglint.writer.renames import Renames
    from miglint.writer.transition import write_transition

    done = run(first, changes)
    written = write_transition(first, done.schema, renames=Renames(done.moments).reversed())
    operation = changes[0].operations[0]
    assert isinstance(operation, ops.TableOperation)
    key = relation_key(first, operation.table)
    if done.failed is not None or not written.complete or written.with_rows or not written.statements:
        return None
    if any(_is_another_table(first, key, statement.key) for statement in written.statements):
        return None
    edits = _edits(script, changes, [statement.text for statement in written.statements])
    if edits is None:
        return None
    # What rows a new column does not accept, ADD COLUMN does not accept either.
    added = all(isinstance(statement.operations[0], ops.AddColumn) for statement in changes)
    reason = written.may_fail[0] if written.may_fail and not added else None
    return Fix("rebuild the table, which can run again", edits, reason)


def _can_be_one(step: Step, script: Script, name: str, changes: list[Statement]) -> bool:
    """Return whether nothing between the changes needs the table as it is there: columns may be added earlier."""
    if all(isinstance(statement.operations[0], ops.AddColumn) for statement in changes):
        return not any(
            _takes_the_name(operation, name)
            for statement in statements_of(step, script.direction)
            for operation in statement.operations
        )
    start, end = changes[0].span.start, changes[-1].span.end
    between = [
        statement
        for statement in statements_of(step, script.direction)
        if start <= statement.span.start < end and statement not in changes
    ]
    text = script.file.text
    return not any(search(rf"\b{escape(name)}\b", text[one.span.start : one.span.end], IGNORECASE) for one in between)


def _takes_the_name(operation: Operation, name: str) -> bool:
    """Return whether an operation drops or renames the table."""
    return isinstance(operation, (ops.Drop, ops.Rename)) and name in (
        operation.name.name.lower(),
        getattr(operation, "new", "").lower(),
    )


def _is_another_table(schema: Schema, own: Key, key: Key | None) -> bool:
    return key is not None and key != own and isinstance(schema.find(key), Table)


def _edits(script: Script, changes: Sequence[Statement], statements: Sequence[str]) -> tuple[Edit, ...] | None:
    line = line_break(script)
    end = end_of(script.file.text, script.span, changes[0])
    removed = [without_statement(script, statement) for statement in changes[1:]]
    if end is None or any(edit is None for edit in removed):
        return None
    text = line.join("\n".join(statements).splitlines())
    return (Edit(changes[0].span.start, end, text, script.path), *(edit for edit in removed if edit is not None))
