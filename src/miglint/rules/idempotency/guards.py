"""IDM054 to IDM058: scripts that run a second time without an error, but do not do what they say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from miglint.base.findings import Severity
from miglint.base.model import Direction, Script
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.rules.support.applied_operations import effective
from miglint.rules.support.clauses import Clause, find_clause, places, remarks, subject
from miglint.rules.support.given_names import naming_fix
from miglint.rules.support.near_names import NearNames, parts_of
from miglint.rules.support.reporting import hit_in
from miglint.rules.support.scripts import script_of, statements_of
from miglint.rules.support.short_lived import dropped_later
from miglint.rules.support.step_cache import cached_by_step
from miglint.rules.symmetry.invalid_indexes import clear_invalid, must_be_alone
from miglint.schema.change import Change
from miglint.schema.diff import diff
from miglint.schema.objects import Absent, Index, Table
from miglint.schema.outcome import Run
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Constraint, Operation, flat

_FORWARD, _ROLLBACK = Direction.FORWARD, Direction.ROLLBACK


def _runs(step: Step) -> Iterator[tuple[Direction, Run, Run, bool | None]]:
    yield _FORWARD, step.forward, step.forward_again, step.verdict.forward_idempotent
    if step.rollback is not None and step.rollback_again is not None:
        yield _ROLLBACK, step.rollback, step.rollback_again, step.verdict.rollback_idempotent


@rule(
    "IDM054",
    "second-run-changes-schema",
    Severity.ERROR,
    "A second run changes the schema again",
    fixable=True,
    aliases=("pg-migration-lint:PGM402", "diesel-guard:IdempotencyIndexCheck"),
    about_reruns=True,
)
def second_run_changes(step: Step) -> Iterable[Hit]:
    """Report scripts that succeed twice and leave a different schema each time."""
    if step.verdict.forward_idempotent is not False and step.verdict.rollback_idempotent is not False:
        return ()
    return chain(_changes_again(step), _one_more_index(step))


def _one_more_index(step: Step) -> Iterator[Hit]:
    """Report unnamed indexes on tables that no file created: whatever the table is, each run adds an index."""
    if step.verdict.forward_idempotent is not False or step.forward_again.failed is not None:
        return
    for applied, operation in effective(step, ops.CreateIndex, forward_only=True):
        table = applied.table(operation.table)
        if operation.name is None and (table is None or table.assumed) and not applied.fresh(operation.table):
            yield hit_in(
                applied.script,
                operation.span,
                f'a second run creates another index on "{operation.table.name}"',
                "Name the index and create it with IF NOT EXISTS.",
                fix=naming_fix(step, applied.script, operation),
            )


_AGAIN = {"extra": "creates", "missing": "removes"}


def _changes_again(step: Step) -> Iterator[Hit]:
    for direction, first, second, idempotent in _runs(step):
        script = script_of(step, direction)
        if idempotent is not False or script is None or second.failed is not None:
            continue
        for change in diff(first.schema, second.schema):
            found = _unnamed(step, direction, second, change) if change.kind == "extra" else None
            # That there is one more is certain, only its name is not, where the engine chooses it.
            if not change.counts or (not change.certain and found is None):
                continue
            yield _changed_again(step, script, change, found or find_clause(step, direction, change.key, change.part))


def _changed_again(step: Step, script: Script, change: Change, found: Clause | None) -> Hit:
    again = _AGAIN.get(change.kind, "changes")
    return hit_in(
        script,
        found[1].span if found else script.span,
        f"a second run {again} {change.what} {change.name} {'as well' if again == 'creates' else 'again'}",
        "Name the object and create it with IF NOT EXISTS."
        if again == "creates"
        else "Check before the statement whether it is needed.",
        fix=naming_fix(step, script, found[1]) if found and change.kind == "extra" else None,
    )


def _unnamed(step: Step, direction: Direction, second: Run, change: Change) -> Clause | None:
    """Return the clause that leaves the name of the new index or constraint to the engine."""
    made = second.schema.find(change.key)
    added = made.constraints.get(change.part or "") if isinstance(made, Table) else None
    table = made.table.name if isinstance(made, Index) and made.table is not None else change.key.name
    for statement in statements_of(step, direction):
        for operation in flat(statement.operations):
            if isinstance(operation, ops.CreateIndex):
                if operation.name is None and operation.table.name == table:
                    return statement, operation
            elif (
                isinstance(operation, ops.AddConstraint)
                and operation.constraint.name is None
                and operation.table.name == table
                and (added is None or _is_like(added, operation.constraint))
            ):
                return statement, operation
    return None


def _is_like(made: Constraint, written: Constraint) -> bool:
    return made.kind == written.kind and (made.columns == written.columns or not written.columns)


@rule(
    "IDM055",
    "guard-hides-difference",
    Severity.ERROR,
    "IF NOT EXISTS finds a different object of that name and does nothing",
    aliases=("pg-migration-lint:PGM403",),
)
def guard_hides(step: Step) -> Iterator[Hit]:
    """Report guarded statements that keep another object, or another shape, than they describe."""
    for direction, _, operation, note in remarks(step).get("hidden", ()):
        script = script_of(step, direction)
        if script is not None and not _is_short_lived(step, direction, operation):
            yield hit_in(
                script,
                operation.span,
                note.message,
                "Give the new object a name of its own, or alter the existing one to the shape that you want.",
            )


def _is_short_lived(step: Step, direction: Direction, operation: Operation) -> bool:
    """Return whether a statement sees to it that there is a table to drop."""
    return isinstance(operation, ops.CreateTable) and dropped_later(step, direction, operation, operation.name)


@rule(
    "IDM056",
    "guard-keeps-invalid-index",
    Severity.WARNING,
    "IF NOT EXISTS keeps the invalid index of an interrupted CREATE INDEX CONCURRENTLY",
    on=(ops.CreateIndex,),
    dialects=("postgres",),
)
def guard_keeps_invalid_index(step: Step) -> Iterator[Hit]:
    """Report CREATE INDEX CONCURRENTLY IF NOT EXISTS without a DROP INDEX IF EXISTS before it."""
    for direction in (_FORWARD, _ROLLBACK):
        script = script_of(step, direction)
        if script is None:
            continue
        dropped: set[str] = set()
        for statement in statements_of(step, direction):
            # Neither statement can be in a block.
            for operation in statement.operations:
                if isinstance(operation, ops.Drop):
                    dropped.add(operation.name.name)
                elif not isinstance(operation, ops.CreateIndex) or not operation.concurrently:
                    pass
                elif operation.if_not_exists and operation.name is not None and operation.name not in dropped:
                    yield hit_in(
                        script,
                        operation.span,
                        f'a retry after an interrupted build keeps the invalid index "{operation.name}"',
                        clear_invalid(step, script, operation),
                        # A file that takes no second statement cannot be improved.
                        severity=Severity.INFO if must_be_alone(step, script) else None,
                    )


@rule(
    "IDM057",
    "guard-does-nothing",
    Severity.WARNING,
    "A guarded statement does nothing even on its first run",
)
def guard_does_nothing(step: Step) -> Iterator[Hit]:
    """Report guarded statements whose object an earlier migration created."""
    for direction, _, operation, note in remarks(step).get("skipped", ()):
        script = script_of(step, direction)
        if script is None or _is_short_lived(step, direction, operation):
            continue
        # Creating an extension or schema wherever it is needed is common and harmless.
        shared = isinstance(operation, (ops.CreateExtension, ops.CreateSchema))
        yield hit_in(
            script,
            operation.span,
            f"{note.message}: the statement does nothing",
            "Delete the statement, or give the new object another name.",
            severity=Severity.INFO if shared else None,
        )


@rule(
    "IDM058",
    "drop-finds-nothing",
    Severity.INFO,
    "A guarded DROP finds nothing even on its first run",
    on=(ops.Drop, ops.DropColumn, ops.DropConstraint),
)
def drop_finds_nothing(step: Step) -> Iterator[Hit]:
    """Report guarded drops of objects that no migration created; as a warning when a name is nearly the same."""
    names = NearNames()
    for direction, event, operation, note in remarks(step).get("missing", ()):
        script = script_of(step, direction)
        if script is None or not isinstance(operation, (ops.Drop, ops.DropColumn, ops.DropConstraint)):
            continue
        if note.key is None or not operation.if_exists:
            continue
        if not isinstance(event.before.get(note.key), Absent if note.part is None else Table):
            continue
        name, part = subject(operation)
        start = step.before if direction is _FORWARD else step.after
        # DROP before CREATE is the idiom where there is no IF NOT EXISTS; and what existed when the script began was
        # merely dropped twice.
        if _made_here(step, direction, name, part) or _is_known(start, name, part):
            continue
        near = _misspelled(names, start, name, part)
        yield hit_in(
            script,
            operation.span,
            f"{note.message}: the statement does nothing",
            f'No migration created it. Did you mean "{near}"?'
            if near
            else "No migration created it: delete this, or correct the name.",
            severity=Severity.WARNING if near else None,
        )


def _misspelled(names: NearNames, schema: Schema, name: str, part: str | None) -> str | None:
    """Return the name that a dropped name is nearly the same as; names that differ only in a number are not."""
    near = names.find(schema, name, part, 0.9)
    digits = "0123456789"
    return None if near is None or near.rstrip(digits) == (part or name).rstrip(digits) else near


def _made_here(step: Step, direction: Direction, name: str, part: str | None) -> bool:
    return (name.lower(), None if part is None else part.lower()) in _made_places(step, direction)


@cached_by_step
def _made_places(step: Step, direction: Direction) -> frozenset[tuple[str, str | None]]:
    """Return the places that a script touches with more than drops."""
    drops = (ops.Drop, ops.DropColumn, ops.DropConstraint)
    return frozenset(
        place
        for place, clauses in places(step, direction).items()
        if any(not isinstance(operation, drops) for _, operation in clauses)
    )


def _is_known(schema: Schema, name: str, part: str | None) -> bool:
    """Return whether there is an object of that name in any letters, or such a part of a table `name`."""
    if part is None:
        return any(True for _ in schema.named(name))
    return any(item.lower() == part.lower() for item in parts_of(schema, name))
