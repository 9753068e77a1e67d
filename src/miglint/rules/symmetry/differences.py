"""SYM: what differs after forward and rollback: which differences count, which rule reports each, and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from miglint.base.findings import Severity
from miglint.base.model import Direction, Script
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.rules.support.clauses import (
    Clause,
    acting,
    does_anything,
    find_clause,
    first_text,
    places,
    subject,
    was_read,
)
from miglint.rules.symmetry.suggestions import first_difference, how_to_restore, how_to_survive, presumed
from miglint.schema.change import Change
from miglint.schema.objects import Key
from miglint.schema.outcome import Event
from miglint.schema.sameness import respelled
from miglint.schema.value import Schema
from miglint.sql import operations as ops

_FORWARD, _ROLLBACK = Direction.FORWARD, Direction.ROLLBACK

_ASPECTS = {
    "type": "SYM003",
    "default": "SYM004",
    "identity": "SYM004",
    "generated": "SYM004",
    "nullability": "SYM005",
    "autoincrement": "SYM004",
    "collation": "SYM006",
    "referential action": "SYM008",
    "labels": "SYM010",
    "validated": "SYM020",
    "column order": "SYM023",
    "owner": "SYM022",
}
_CONSTRAINTS = frozenset({"constraint", "key", "check", "unique", "exclusion"})
_REMARKS = {"comment": "SYM021", "privileges": "SYM022"}
_DEFINED = frozenset(
    {
        "view",
        "materialized view",
        "function",
        "procedure",
        "aggregate",
        "routine",
        "trigger",
        "policy",
        "rule",
        "domain",
        "type",
        "composite type",
        "range type",
    }
)

_ALL_OF_IT = frozenset({None, "definition", "columns", "kind"})

Differences = Sequence[Change]
_NOTHING: dict[str, list[Change]] = {}


@lru_cache(maxsize=8)
def differences(step: Step) -> dict[str, list[Change]]:
    """Return the differences by code of the rule that reports them. Cached by identity of the step.

    There are none without a rollback, or with one that does nothing: the pairing rules report that.
    """
    if not step.changes or step.rollback is None or not does_anything(step.rollback_statements):
        return _NOTHING
    if not was_read(step):
        return _NOTHING
    mistaken = {
        (name.lower(), part.lower() if part else None)
        for name, part in (_subject(event) for event in step.rollback.events if _fails(event))
    }
    found: dict[str, list[Change]] = {}
    for change in step.changes:
        if step.rollback.lost and change.kind in ("extra", "missing"):
            # The rollback may remove or create it in a statement that cannot be read.
            continue
        # What a failing statement was to remove is left behind because it fails: only the failure is reported.
        if change.certain and (change.key.name.lower(), change.part.lower() if change.part else None) not in mistaken:
            found.setdefault(code_of(step, change), []).append(change)
    return found


def code_of(step: Step, change: Change) -> str:
    """Return the code of the rule that reports a difference."""
    if change.what in _REMARKS:
        return _REMARKS[change.what]
    if change.kind == "renamed":
        return "SYM011" if change.counts else "SYM024"
    if change.kind == "extra":
        if change.what == "extension":
            return "SYM015"
        return "SYM017" if _is_copy(step, change) else "SYM001"
    if change.kind == "missing":
        return "SYM012" if _exists(step.after, change) or presumed(step, change) else "SYM002"
    if change.aspect in _ASPECTS:
        return _ASPECTS[change.aspect]
    if change.what == "index":
        return "SYM009"
    if not _CONSTRAINTS.isdisjoint(change.what.split()):
        return "SYM007"
    return "SYM014" if change.what in _DEFINED and change.aspect in _ALL_OF_IT else "SYM016"


def _exists(schema: Schema, change: Change) -> bool:
    value = schema.find(change.key)
    if change.part is None or value is None:
        return value is not None
    return change.part in (getattr(value, "columns", None) or ()) or change.part in (
        getattr(value, "constraints", None) or ()
    )


def _is_copy(step: Step, change: Change) -> bool:
    """Return whether the rollback created the object from a query: rows saved before something is dropped."""
    found = places(step, _ROLLBACK).get((change.key.name.lower(), None), ())
    return change.part is None and any(isinstance(op, ops.CreateTable) and op.query is not None for _, op in found)


def _end(step: Step) -> Schema:
    return step.after if step.rollback is None else step.rollback.schema


def _fails(event: Event) -> bool:
    return event.failure is not None and event.failure.certain and event.statement.problem is None


def _subject(event: Event) -> tuple[str, str | None]:
    failure = event.failure
    return subject(event.operation if failure is None else acting(event.operation, failure.key, failure.part))


# --- where it is reported --------------------------------------------------------------------------------------------


def place(step: Step, change: Change) -> tuple[Script, Clause] | None:
    """Return the clause to look at: the one of the rollback that is wrong, or the one of the forward to undo."""
    migration = step.migration
    sides = [(_FORWARD, migration.forward), (_ROLLBACK, migration.rollback)]
    undoes_wrongly = change.kind == "changed" or code_of(step, change) == "SYM012"
    if undoes_wrongly or (change.kind == "extra" and not _exists(step.after, change)):
        sides.reverse()
    owner = _table_of(step, change.key)
    # First a clause on the very object, on either side; only then one on the object around it.
    for exact in (True, False):
        for direction, script in sides:
            if script is None:
                continue
            clause = find_clause(step, direction, change.key, change.part, exact=exact)
            if clause is None and not exact and owner is not None:
                clause = find_clause(step, direction, owner, None)
            if clause is not None:
                return script, clause
    # A call of a function does not name what the function changes.
    runs = {_FORWARD: step.forward, _ROLLBACK: step.rollback}
    for direction, script in sides:
        run = runs[direction]
        if script is None or run is None:
            continue
        for moment in run.moments:
            calls = isinstance(moment.operation, (ops.Select, ops.OtherData))
            if calls and moment.before.objects.get(change.key) is not moment.after.objects.get(change.key):
                return script, (moment.statement, moment.operation)
    return None


def _table_of(step: Step, key: Key) -> Key | None:
    for schema in (step.before, step.after, _end(step)):
        table = getattr(schema.find(key), "table", None)
        if isinstance(table, ops.Name):
            return Key("relation", table.schema or "", table.name)
    return None


def hits(step: Step, cases: Differences) -> Iterable[Hit]:
    """Return a hit for each difference."""
    return [_hit(step, change) for change in cases]


def _hit(step: Step, change: Change) -> Hit:
    found = place(step, change)
    if found is not None:
        script, (_, operation) = found
        span = operation.span
    else:
        rollback = step.migration.rollback
        assert rollback is not None
        script, span = rollback, first_text(rollback)
    severity = None if change.counts and not _is_respelled(step, change) else Severity.INFO
    return Hit(script.file, span, message(step, change), how_to_restore(step, change), script, severity)


def _is_respelled(step: Step, change: Change) -> bool:
    return change.kind == "changed" and respelled(step.before.find(change.key), _end(step).find(change.key))


def message(step: Step, change: Change) -> str:
    """Return what differs, with both definitions."""
    thing = f"{change.what} {'on ' if change.what in _REMARKS else ''}{change.name}"
    if change.kind == "extra":
        return f"the rollback leaves {thing} behind" + (f": {change.after}" if change.after else "")
    if change.kind == "renamed":
        return f"after the rollback {change.what} {change.before} is still named {change.after}"
    if change.kind == "missing":
        if presumed(step, change):
            return f"the rollback removes {thing}, which no migration created"
        was = f"; it was {change.before}" if change.before else ""
        if _exists(step.after, change):
            return f"the rollback removes {thing}, which existed before the forward{was}"
        return f"the rollback does not restore {thing}{was}"
    if change.aspect == "validated":
        now = "NOT VALID, but was validated" if "NOT VALID" in (change.after or "") else "validated, but was not"
        return f"after the rollback {thing} is {now}"
    if _is_respelled(step, change):
        return f"after the rollback {thing} differs only in white space or comments, which the server stores"
    aspect = change.aspect or "definition"
    before, after = change.before or "not set", change.after or "not set"
    if before.lower() == after.lower():
        before, after = first_difference(step.before.find(change.key), _end(step).find(change.key))
    verb = "differ" if aspect in ("columns", "labels") else "differs"
    return f"after the rollback the {aspect} of {thing} {verb}: {before} before, {after} now"


# --- the rules -------------------------------------------------------------------------------------------------------


@rule(
    "SYM001",
    "left-behind",
    Severity.ERROR,
    "The rollback leaves an object behind that the forward created",
    on=differences,
)
def left_behind(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report tables, columns, constraints, indexes and other objects that the rollback leaves behind."""
    return hits(step, cases)


@rule(
    "SYM002",
    "not-restored",
    Severity.ERROR,
    "The rollback does not restore an object that the forward dropped",
    on=differences,
)
def not_restored(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report objects that the forward dropped and the rollback does not create again."""
    return hits(step, cases)


@rule("SYM003", "type-not-restored", Severity.ERROR, "The rollback does not restore a column's type", on=differences)
def type_not_restored(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report columns whose type differs after the rollback."""
    return hits(step, cases)


@rule(
    "SYM004", "default-not-restored", Severity.ERROR, "The rollback does not restore a column's default", on=differences
)
def default_not_restored(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report columns whose default, identity or generation expression differs after the rollback."""
    return hits(step, cases)


@rule(
    "SYM005",
    "nullability-not-restored",
    Severity.ERROR,
    "The rollback does not restore a column's NOT NULL",
    on=differences,
)
def nullability_not_restored(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report columns that accept NULL after the rollback and did not before, or the reverse."""
    return hits(step, cases)


@rule(
    "SYM006",
    "collation-not-restored",
    Severity.ERROR,
    "The rollback does not restore a column's collation",
    on=differences,
)
def collation_not_restored(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report columns whose collation differs after the rollback."""
    return hits(step, cases)


@rule(
    "SYM007",
    "constraint-changed",
    Severity.ERROR,
    "The rollback leaves a constraint with a different definition",
    on=differences,
)
def constraint_changed(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report keys and checks whose definition differs after the rollback."""
    return hits(step, cases)


@rule(
    "SYM008",
    "foreign-key-action-changed",
    Severity.ERROR,
    "The rollback leaves a foreign key with a different ON DELETE or ON UPDATE",
    on=differences,
)
def foreign_key_action_changed(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report foreign keys whose referential action differs after the rollback."""
    return hits(step, cases)


@rule(
    "SYM009",
    "index-changed",
    Severity.ERROR,
    "The rollback leaves an index with a different definition",
    on=differences,
)
def index_changed(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report indexes whose columns, condition, uniqueness or method differ after the rollback."""
    return hits(step, cases)


@rule(
    "SYM010",
    "enum-labels-changed",
    Severity.ERROR,
    "The rollback leaves an enum with different labels",
    on=differences,
    dialects=("postgres",),
)
def enum_labels_changed(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report enums whose labels or their order differ after the rollback."""
    return hits(step, cases)


@rule("SYM011", "rename-not-reversed", Severity.ERROR, "The rollback does not reverse a rename", on=differences)
def rename_not_reversed(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report objects that keep the name that the forward gave them."""
    return hits(step, cases)


@rule(
    "SYM012",
    "removes-what-was-there",
    Severity.ERROR,
    "The rollback removes an object that existed before the forward",
    on=differences,
)
def removes_what_was_there(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report rollbacks that drop more than the forward created."""
    return hits(step, cases)


@rule("SYM013", "rollback-fails", Severity.ERROR, "The rollback fails when it runs after the forward")
def rollback_fails(step: Step) -> Iterable[Hit]:
    """Report rollback statements that fail: they drop what does not exist, or what others depend on."""
    if step.rollback is None or step.rollback.failed is None or not was_read(step):
        return ()
    return _failures(step)


def _failures(step: Step) -> Iterator[Hit]:
    script, run = step.migration.rollback, step.rollback
    if script is None or run is None:
        return
    # A forward that fails leaves nothing to roll back: its own statement is reported elsewhere.
    unmade = {_subject(event) for event in step.forward.events if _fails(event)}
    for event in run.events:
        if event.failure is not None and _fails(event) and _subject(event) not in unmade:
            yield Hit(
                script.file,
                acting(event.operation, event.failure.key, event.failure.part).span,
                f"the rollback fails here: {event.failure.message}",
                how_to_survive(step, event, event.failure),
                script,
            )


@rule(
    "SYM014",
    "definition-changed",
    Severity.ERROR,
    "The rollback leaves a view, function, trigger or policy with a different definition",
    on=differences,
)
def definition_changed(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report views, functions, triggers, policies, domains and types whose definition differs after the rollback."""
    return hits(step, cases)


@rule(
    "SYM015",
    "extension-left-behind",
    Severity.WARNING,
    "The rollback leaves an extension behind",
    on=differences,
    dialects=("postgres",),
)
def extension_left_behind(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report extensions that the forward created and the rollback keeps; others may use them by now."""
    return hits(step, cases)


@rule(
    "SYM016",
    "setting-not-restored",
    Severity.ERROR,
    "The rollback does not restore the settings of a table, sequence or other object",
    on=differences,
)
def setting_not_restored(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report row security, storage parameters, sequence options, partition bounds and the like that differ."""
    return hits(step, cases)
