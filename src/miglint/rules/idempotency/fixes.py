"""Fixes of statements that fail on a second run: a guard in their words, a drop before them, or a block around them."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Edit, Fix
from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect, Script, Span
from miglint.replay.runners import TransactionOwner
from miglint.replay.steps import Step
from miglint.replay.transaction_owner import placed_operations, transaction_owner
from miglint.rules.idempotency.blocks import ConditionalPlace, statement_in_block
from miglint.rules.idempotency.catalog_queries import negated, object_exists
from miglint.rules.idempotency.catalog_tests import first_run_condition, room_condition
from miglint.rules.idempotency.guard_words import guard_of
from miglint.rules.idempotency.later_changes import later_conditions, schema_before
from miglint.rules.idempotency.second_run_failure import SecondRunFailure
from miglint.rules.idempotency.sqlite_rebuild import rebuild_fix
from miglint.rules.support.script_ends import insertion_before
from miglint.rules.support.sql_text import ident, qualified
from miglint.rules.support.step_cache import cached_by_step
from miglint.rules.support.uncut import end_of, indentation, line_break
from miglint.rules.symmetry.invalid_indexes import drop_invalid, must_be_alone
from miglint.schema.objects import Absent, Key, Table
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Statement

# The block around a statement is made once for each of its clauses that fails.
_MOST_CLAUSES = 50
_RETURNING = pattern(r"\b(?:RETURNING|CONFLICT)\b", 2)


def fix_for(failure: SecondRunFailure) -> Fix | None:
    """Return the fix of a statement that fails on a second run, or None."""
    if failure.script.substituted is not None:
        return None
    if isinstance(failure.operation, ops.CreateIndex) and failure.operation.concurrently:
        return _rebuild_index(failure, failure.operation)
    guard = guard_of(failure)
    if guard is not None:
        return Fix(f"insert {guard.words}", (guard.edit,), _drift(failure))
    if isinstance(failure.operation, ops.Insert) and failure.error.condition == "unique_violation":
        return _skip_known_rows(failure)
    if failure.script.dialect is Dialect.SQLITE:
        return rebuild_fix(failure)
    return _drop_first(failure) or _rename_once(failure) or _in_block(failure)


# --- rows ------------------------------------------------------------------------------------------------------------


def _skip_known_rows(failure: SecondRunFailure) -> Fix | None:
    """Return the addition of `ON CONFLICT DO NOTHING`: a first run without a conflict does not change by it."""
    if failure.event.statement.kind != "insert":
        return None
    span, text = failure.event.statement.span, failure.script.file.text
    body = text[span.start : span.end].rstrip()
    # Behind a query, SQLite reads ON as that of a join.
    rows = _VALUES.search(body) is not None and "select" not in body.lower()
    if _RETURNING.search(body) or (failure.script.dialect is Dialect.SQLITE and not rows):
        return None
    last = body.rsplit("\n", 1)[-1]
    at = span.start + len(body)
    words = "\nON CONFLICT DO NOTHING" if "--" in last else " ON CONFLICT DO NOTHING"
    return Fix("add ON CONFLICT DO NOTHING", (Edit(at, at, words),))


_VALUES = pattern(r"\bVALUES\s*\(", 2)


# --- concurrent builds ------------------------------------------------------------------------------------------------


def _rebuild_index(failure: SecondRunFailure, operation: ops.CreateIndex) -> Fix | None:
    """Return the drop of an index before its concurrent build: a guard would keep what an interrupted build leaves.

    Where nothing can be before the build, that is what its guard does.
    """
    step, script, statement = failure.step, failure.script, failure.event.statement
    guard = guard_of(failure)
    if guard is None or statement.operations != (operation,):
        return None
    if must_be_alone(step, script):
        return Fix(f"insert {guard.words}", (guard.edit,), "a retry keeps the invalid index of an interrupted build")
    # A script of one statement may be sent as one query by a tool that is not known: a second one would stop it.
    known = transaction_owner(step, script) is TransactionOwner.NOTHING
    if not known and len(_statements_of(step, script)) == 1:
        return None
    edit = insertion_before(step, script, statement, drop_invalid(operation))
    return None if edit is None else Fix("drop the index first", (edit,), _drift(failure))


# --- drop first ------------------------------------------------------------------------------------------------------


def _drop_first(failure: SecondRunFailure) -> Fix | None:
    """Return the drop of a trigger or policy before its creation, where no other session sees the moment between."""
    operation = failure.operation
    if not isinstance(operation, (ops.CreateTrigger, ops.CreatePolicy)) or not _in_transaction(failure):
        return None
    if failure.event.statement.operations != (operation,) or not _is_whole(failure):
        return None
    kind = "TRIGGER" if isinstance(operation, ops.CreateTrigger) else "POLICY"
    drop = f"DROP {kind} IF EXISTS {ident(operation.name)} ON {qualified(operation.table)};"
    start = failure.event.statement.span.start
    edit = Edit(start, start, drop + line_break(failure.script) + indentation(failure.script.file.text, start))
    return Fix(f"drop the {kind.lower()} first", (edit,), _drift(failure))


def _in_transaction(failure: SecondRunFailure) -> bool:
    if transaction_owner(failure.step, failure.script) in (TransactionOwner.TOOL, TransactionOwner.QUERY):
        return True
    return failure.event.statement.span in _begun(failure.step, failure.script)


@cached_by_step
def _begun(step: Step, script: Script) -> frozenset[Span]:
    """Return the statements of a script that are in a transaction which it has begun itself."""
    placed = placed_operations(_statements_of(step, script))
    return frozenset(item.statement.span for item in placed if item.begun is not None)


def _statements_of(step: Step, script: Script) -> tuple[Statement, ...]:
    return step.forward_statements if script is step.migration.forward else step.rollback_statements


# --- blocks ----------------------------------------------------------------------------------------------------------


def _in_block(failure: SecondRunFailure) -> Fix | None:
    """Return the block around a statement that runs it only before it has run once."""
    condition = first_run_condition(failure) if _is_whole(failure) else None
    if condition is None:
        return None
    # What makes room for the new name is dropped as long as the old name is there.
    room = room_condition(failure.operation) or condition
    others = [ConditionalPlace(place, room) for place in _drops_of_new_name(failure)]
    others += _creations_of_old_name(failure)
    reason = _drift(failure)
    return statement_in_block(failure.step, failure.script, failure.event.statement, condition, reason, *others)


def _drops_of_new_name(failure: SecondRunFailure) -> Iterator[Span]:
    """Yield the drops that make room for a new name: a second run would drop what the first one has renamed."""
    operation, text = failure.operation, failure.script.file.text
    match operation:
        case ops.RenameColumn():
            named: tuple[str, str | None] = (operation.table.name, operation.new)
        case ops.Rename():
            named = operation.new, None
        case _:
            return
    for statement in _lone_drops(failure.step, failure.script).get(named, ()):
        end = end_of(text, failure.script.span, statement)
        if end is not None and statement.span.start < failure.event.statement.span.start:
            yield Span(statement.span.start, end)


def _rename_once(failure: SecondRunFailure) -> Fix | None:
    """Return the block around a rename that makes room for another object, where the drop at the end fails.

    A second run would rename what has taken the place: what it does later shows whether the script has run.
    """
    drop, step, script = failure.operation, failure.step, failure.script
    if not isinstance(drop, ops.Drop) or failure.error.condition != "dependent_objects_still_exist":
        return None
    for statement in _statements_of(step, script):
        match statement.operations:
            case (ops.Rename() as rename,) if rename.new == drop.name.name:
                conditions = later_conditions(step, script, statement)
                # The first of them is that of the rename itself, which holds again when the place is taken.
                own = object_exists(rename.kind, rename.name, rename.table, None)
                done = next((one for one in conditions if own is None or one != own), None)
                return None if done is None else statement_in_block(step, script, statement, done, None)
    return None


def _creations_of_old_name(failure: SecondRunFailure) -> Iterator[ConditionalPlace]:
    """Yield the statements that create what a rename renames: a second run would create it again."""
    operation, text = failure.operation, failure.script.file.text
    if not isinstance(operation, ops.Rename) or not failure.error.condition.startswith("duplicate_"):
        return
    renamed = object_exists(operation.kind, operation.name._replace(name=operation.new), operation.table, None)
    for statement in _statements_of(failure.step, failure.script):
        match statement.operations:
            case (ops.CreateTable() | ops.CreateView() | ops.CreateSequence() | ops.CreateType() as created,):
                end = end_of(text, failure.script.span, statement)
                if created.name == operation.name and renamed is not None and end is not None:
                    yield ConditionalPlace(Span(statement.span.start, end), negated(renamed))


@cached_by_step
def _lone_drops(step: Step, script: Script) -> dict[tuple[str, str | None], list[Statement]]:
    """Return the statements that only drop one object, by its name and column."""
    found: dict[tuple[str, str | None], list[Statement]] = {}
    for statement in _statements_of(step, script):
        match statement.operations:
            case (ops.DropColumn() as drop,):
                found.setdefault((drop.table.name, drop.column), []).append(statement)
            case (ops.Drop() as drop,):
                found.setdefault((drop.name.name, None), []).append(statement)
    return found


def _is_whole(failure: SecondRunFailure) -> bool:
    """Return whether the failing operation is in no block, which has its own conditions, nor one of very many."""
    return (
        not isinstance(failure.event.operation, (ops.If, ops.Try))
        and len(failure.event.statement.operations) <= _MOST_CLAUSES
    )


# --- drift -----------------------------------------------------------------------------------------------------------


def _drift(failure: SecondRunFailure) -> str | None:
    """Return why a fix may hide that a database differs from what the migrations made, or None if it cannot.

    Without the fix, the first run of the statement fails and reveals such a difference.
    """
    step, script = failure.step, failure.script
    before = step.before if script is step.migration.forward else step.forward.schema
    key, part = failure.error.key, failure.error.part
    if key is None:
        return None
    if failure.error.condition.startswith("undefined_"):
        return None if _is_made(before, key) else f"the migrations do not create {key.name}: it could be missing"
    if failure.error.condition == "invalid_table_definition":
        # It is about a second primary key.
        table = before.find(key)
        known = isinstance(table, Table) and not table.assumed
        return None if known else f"{key.name} may have a primary key already: the migrations do not rule it out"
    if failure.error.condition == "dependent_objects_still_exist":
        if before.rooted or before.closed:
            return None
        return f"what needs {part or key.name} may exist already: the migrations do not rule it out"
    if _is_absent(before, key, part) or _lacks(schema_before(step, script, failure.event.statement), key, part):
        return None
    return f"{part or key.name} may exist already: the migrations do not rule it out"


def _is_made(schema: Schema, key: Key) -> bool:
    found = schema.find(key)
    # What the script itself creates and drops again is not there before it.
    return found is None or not getattr(found, "assumed", False)


def _lacks(schema: Schema | None, key: Key, part: str | None) -> bool:
    """Return whether the script itself has removed something, or has created the table that lacks a part."""
    if schema is None:
        return False
    if part is None:
        return isinstance(schema.get(key), Absent)
    table = schema.table(key)
    return table is not None and not table.assumed


def _is_absent(schema: Schema, key: Key, part: str | None) -> bool:
    if part is None:
        return schema.find(key) is None and (schema.get(key) is not None or schema.rooted or schema.closed)
    table = schema.find(key)
    if isinstance(table, Table):
        return not table.assumed
    return table is not None or schema.rooted or schema.closed
