"""Fixes in two migrations: what would hold a lock for long is begun in the one, and done in the next.

A constraint is added `NOT VALID` and validated by the next migration; a column becomes NOT NULL there, by a check that
is valid by then; an index is built there, `CONCURRENTLY`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from miglint.base.findings import Edit, Fix
from miglint.base.lazy_regex import pattern
from miglint.base.model import Direction, History, Script, Span
from miglint.base.structs import replace
from miglint.discovery.next_migration import NextScripts
from miglint.linter.dispatch import PlacedHit
from miglint.linter.proposed_fix import ProposedFix
from miglint.locks.look import relation_key
from miglint.replay.runners import TransactionOwner
from miglint.replay.steps import Step
from miglint.replay.transaction_owner import transaction_owner
from miglint.rules.locks.constraints import named
from miglint.rules.locks.nulls import not_null_check
from miglint.rules.support.script_ends import insertion_before, place_at_end, without_statement
from miglint.rules.support.sql_text import ident, qualified
from miglint.rules.support.step_cache import cached_by_step
from miglint.rules.symmetry.invalid_indexes import drop_invalid, must_be_alone
from miglint.schema.objects import Index
from miglint.sql import operations as ops
from miglint.sql.operations import Operation, Statement
from miglint.writer.tables import constraint as print_constraint
from miglint.writer.words import UnprintableError

_INDEX = pattern(r"(?:CREATE\s+(?:UNIQUE\s+)?|DROP\s+)INDEX\b", 2)
_NAMELESS = pattern(r"ADD\s+", 2)
_SUFFIXES = {"foreign": "fkey", "check": "check"}

Builder = Callable[[Step, Statement, Operation], ProposedFix | None]


def with_proposed_fixes(placed: list[PlacedHit], step: Step) -> list[PlacedHit]:
    """Return the hits of a step, those about long locks with the fix that is proposed for another migration."""
    return [_with_proposal(item, step) if item.rule.code in _BUILDERS else item for item in placed]


def with_two_step_fixes(placed: Iterable[PlacedHit], history: History) -> list[PlacedHit]:
    """Return the hits of a history's steps; proposed fixes are replaced by those that are possible in the history."""
    # The hits of a rule in one script become one finding, whose fix creates a migration for each of them.
    created: Counter[tuple[str, str]] = Counter()
    found: list[PlacedHit] = []
    for item in placed:
        if item.proposed is None:
            found.append(item)
            continue
        place = item.rule.code, item.hit.file.path
        settled = _settled(item, item.proposed, history, created[place])
        if settled.hit.fix is not None and item.proposed.scripts is not None:
            created[place] += 1
        found.append(settled)
    return found


def _settled(item: PlacedHit, proposed: ProposedFix, history: History, ahead: int) -> PlacedHit:
    fix = None if item.migration is None else proposed.settled(history, item.migration, ahead)
    return replace(item, hit=item.hit if fix is None else replace(item.hit, fix=fix), proposed=None)


def _with_proposal(item: PlacedHit, step: Step) -> PlacedHit:
    script = item.hit.script
    if item.hit.fix is not None or script is None or script.direction is not Direction.FORWARD:
        return item
    if script.substituted is not None or script is not step.migration.forward:
        return item
    found = _operations(step).get(item.hit.span)
    proposed = None if found is None else _BUILDERS[item.rule.code](step, *found)
    return item if proposed is None else replace(item, proposed=proposed)


@cached_by_step
def _operations(step: Step) -> dict[Span, tuple[Statement, Operation]]:
    """Return the operations of a forward by their places, with their statements; the first one of each place."""
    found: dict[Span, tuple[Statement, Operation]] = {}
    for statement in step.forward_statements:
        for operation in statement.operations:
            found.setdefault(operation.span, (statement, operation))
    return found


def _validated_later(step: Step, statement: Statement, operation: Operation) -> ProposedFix | None:
    """Return the fix of a constraint that checks all rows: NOT VALID here, validated by the next migration."""
    if not isinstance(operation, ops.AddConstraint) or step.migration.forward is None:
        return None
    constraint, text = operation.constraint, step.migration.forward.file.text
    if constraint.kind not in _SUFFIXES or not constraint.validated:
        return None
    name = named(operation.table, constraint, _SUFFIXES[constraint.kind])
    edits = [Edit(operation.span.end, operation.span.end, " NOT VALID")]
    if constraint.name is None:
        word = _NAMELESS.match(text, operation.span.start)
        if word is None:
            return None
        edits.append(Edit(word.end(), word.end(), f"CONSTRAINT {ident(name)} "))
    own = qualified(operation.table)
    try:
        added = print_constraint(replace(constraint, name=name, validated=False))
    except UnprintableError:
        return None
    validate = f"ALTER TABLE {own} VALIDATE CONSTRAINT {ident(name)};"
    back = f"ALTER TABLE {own} DROP CONSTRAINT IF EXISTS {ident(name)}, ADD {added};"
    reason = "the constraint is not valid until the next migration has run"
    fix = Fix("add it NOT VALID, and validate it in the next migration", tuple(edits), reason)
    return ProposedFix(fix, name, NextScripts(f"validate_{name}", (validate,), (back,)))


def _not_null_later(step: Step, statement: Statement, operation: Operation) -> ProposedFix | None:
    """Return the fix of SET NOT NULL: a valid check makes the scan of the next migration unnecessary."""
    rollback = step.migration.rollback
    if not isinstance(operation, ops.SetNullable) or operation.nullable or step.migration.forward is None:
        return None
    name = not_null_check(operation.table, operation.column)
    if len(name.encode()) > 63:
        return None
    own, column, check = qualified(operation.table), ident(operation.column), ident(name)
    start, end = operation.span
    added = f"ADD CONSTRAINT {check} CHECK ({column} IS NOT NULL) NOT VALID"
    edits = [Edit(start, end, added)]
    if rollback is not None:
        place = place_at_end(step, rollback)
        if place is None:
            return None
        edits.append(place.insertion([f"ALTER TABLE {own} DROP CONSTRAINT IF EXISTS {check};"], 0))
    forward = (
        f"ALTER TABLE {own} VALIDATE CONSTRAINT {check};",
        f"ALTER TABLE {own} ALTER COLUMN {column} SET NOT NULL;",
        f"ALTER TABLE {own} DROP CONSTRAINT IF EXISTS {check};",
    )
    back = (f"ALTER TABLE {own} ALTER COLUMN {column} DROP NOT NULL;", f"ALTER TABLE {own} {added};")
    reason = "the column accepts NULL until the next migration has run"
    fix = Fix("check it first, and set NOT NULL in the next migration", tuple(edits), reason)
    scripts = NextScripts(f"require_{operation.table.name}_{operation.column}", forward, back)
    return ProposedFix(fix, operation.column, scripts)


@cached_by_step
def _controls_transactions(step: Step) -> bool:
    return any(isinstance(one, ops.Transaction) for item in step.forward_statements for one in item.operations)


def _concurrently(step: Step, statement: Statement, operation: Operation) -> ProposedFix | None:
    """Return the fix of an index that is built or dropped under a lock: CONCURRENTLY, and in no transaction.

    A script of this statement alone gets the mark that its tool needs; from others an index is moved to the next
    migration.
    """
    forward = step.migration.forward
    if forward is None or statement.operations != (operation,) or _must_block(step, operation):
        return None
    text = forward.file.text[statement.span.start : statement.span.end]
    words = _INDEX.match(text)
    if words is None:
        return None
    verb = "build" if isinstance(operation, ops.CreateIndex) else "drop"
    title = f"{verb} it CONCURRENTLY"
    at = statement.span.start + words.end()
    if _controls_transactions(step) or (isinstance(operation, ops.Drop) and operation.cascade):
        # DROP INDEX CONCURRENTLY has no CASCADE.
        return None
    free = transaction_owner(step, forward) is TransactionOwner.NOTHING
    if not free and len(step.forward_statements) != 1:
        return _moved(step, statement, operation, f"{text[: words.end()]} CONCURRENTLY{text[words.end() :]}")
    written = " CONCURRENTLY IF EXISTS" if _lacks_guard(step, operation) else " CONCURRENTLY"
    edits = (*_dropped_first(step, forward, statement, operation), Edit(at, at, written))
    reason = _left_invalid(step, forward, operation) if isinstance(operation, ops.CreateIndex) else None
    return ProposedFix(Fix(title, edits, reason), marked=not free)


def _lacks_guard(step: Step, operation: Operation) -> bool:
    """Return whether a known index is dropped without IF EXISTS: without a transaction, a retry may not find it."""
    if not isinstance(operation, ops.Drop) or operation.if_exists:
        return False
    return isinstance(step.before.find(relation_key(step.before, operation.name)), Index)


def _left_invalid(step: Step, forward: Script, operation: ops.CreateIndex) -> str:
    """Return why a concurrent build is not safe: what happens when it is interrupted, and when it runs again."""
    if operation.name is None:
        return "an interrupted build leaves an invalid index"
    if not must_be_alone(step, forward):
        return "an interrupted build leaves an invalid index until the script is run again"
    keeps = " (IF NOT EXISTS keeps it)" if operation.if_not_exists else ""
    return f"an interrupted build leaves an invalid index: drop it before a retry{keeps}"


def _dropped_first(step: Step, forward: Script, statement: Statement, operation: Operation) -> tuple[Edit, ...]:
    """Return the drop of the index before its build, where the script can hold both and does not have it."""
    if not isinstance(operation, ops.CreateIndex) or operation.name is None or must_be_alone(step, forward):
        return ()
    before = (
        one for item in step.forward_statements for one in item.operations if one.span.start < operation.span.start
    )
    if any(isinstance(one, ops.Drop) and one.name.name == operation.name for one in before):
        return ()
    edit = insertion_before(step, forward, statement, drop_invalid(operation))
    return () if edit is None else (edit,)


def _moved(step: Step, statement: Statement, operation: Operation, build: str) -> ProposedFix | None:
    """Return the fix that moves the build of an index to the next migration."""
    forward = step.migration.forward
    if forward is None or not isinstance(operation, ops.CreateIndex) or operation.name is None:
        return None
    removals = _removals(step, forward, statement, operation.name)
    if removals is None:
        return None
    drop, alone = drop_invalid(operation), must_be_alone(step, forward)
    statements = (f"{build.rstrip()};",) if alone else (drop, f"{build.rstrip()};")
    reason = f"the next migration makes the index; {_left_invalid(step, forward, operation)}"
    fix = Fix("build it CONCURRENTLY in the next migration", removals, reason)
    return ProposedFix(
        fix, operation.name, NextScripts(f"build_{operation.name}", statements, (drop,), transaction=False)
    )


def _must_block(step: Step, operation: Operation) -> bool:
    """Return whether an index cannot be built or dropped concurrently, or is not known to be one that can.

    One of a partitioned table cannot, and CASCADE cannot either.
    """
    schema = step.forward.schema
    if isinstance(operation, ops.CreateIndex):
        table = schema.table(relation_key(schema, operation.table))
        return table is None or table.partition_by is not None
    if not isinstance(operation, ops.Drop) or operation.kind != "index" or operation.cascade:
        return True
    index = step.before.find(relation_key(step.before, operation.name))
    if not isinstance(index, Index) or index.table is None:
        return False
    table = step.before.table(relation_key(step.before, index.table))
    return table is not None and table.partition_by is not None


@cached_by_step
def _drops(step: Step) -> dict[str, list[Statement]]:
    """Return the statements of a rollback that drop something, by its name."""
    found: dict[str, list[Statement]] = {}
    for statement in step.rollback_statements:
        for name in dict.fromkeys(one.name.name for one in statement.operations if isinstance(one, ops.Drop)):
            found.setdefault(name, []).append(statement)
    return found


def _removals(step: Step, forward: Script, statement: Statement, name: str) -> tuple[Edit, ...] | None:
    """Return the removals of the statements that create an index and drop it in the rollback."""
    found = [without_statement(forward, statement)]
    rollback = step.migration.rollback
    if rollback is not None:
        for other in _drops(step).get(name, ()):
            found.append(without_statement(rollback, other) if len(other.operations) == 1 else None)
    edits = tuple(edit for edit in found if edit is not None)
    return edits if len(edits) == len(found) else None


_BUILDERS: dict[str, Builder] = {
    "LCK001": _concurrently,
    "LCK002": _concurrently,
    "LCK010": _validated_later,
    "LCK011": _validated_later,
    "LCK016": _not_null_later,
}
