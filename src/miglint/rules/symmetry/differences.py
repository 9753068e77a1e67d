"""SYM: what is different after forward and rollback. Here: differences that count, which rule tells each, and how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from miglint.base.findings import Severity
from miglint.base.model import Direction, Script
from miglint.replay.steps import Step
from miglint.rules.registry import Context, Hit, rule
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
from miglint.schema.diff import Change
from miglint.schema.objects import Comment, Key, Privileges
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

Told = dict[str, list[Change]]
_NOTHING: Told = {}


@lru_cache(maxsize=8)
def told(step: Step) -> Told:
    """Return the differences by code of the rule that tells them. Cached by identity of the step.

    Where there is no rollback, or none that does anything, the pairing rules have said so, and nothing is told here.
    """
    if not step.changes or step.rollback is None or not does_anything(step.rollback_statements):
        return _NOTHING
    if not was_read(step):
        return _NOTHING
    mistaken = {
        (name.lower(), part.lower() if part else None)
        for name, part in (_subject(event) for event in step.rollback.events if _fails(event))
    }
    found: Told = {}
    for change in step.changes:
        if step.rollback.lost and change.kind in ("extra", "missing"):
            # It may be what the rollback does unseen.
            continue
        # What a failing statement was to remove is left behind because it fails: that is told once, at the statement.
        if change.certain and (change.key.name.lower(), change.part.lower() if change.part else None) not in mistaken:
            found.setdefault(code_of(step, change), []).append(change)
    return found


def code_of(step: Step, change: Change) -> str:
    """Return the rule that tells a difference."""
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
    """Return whether the rollback itself made the object from a query: rows put aside before something is dropped."""
    found = places(step, _ROLLBACK).get((change.key.name.lower(), None), ())
    return change.part is None and any(isinstance(op, ops.CreateTable) and op.query is not None for _, op in found)


def _end(step: Step) -> Schema:
    return step.after if step.rollback is None else step.rollback.schema


def _fails(event: Event) -> bool:
    return event.failure is not None and event.failure.certain and event.statement.problem is None


def _subject(event: Event) -> tuple[str, str | None]:
    failure = event.failure
    return subject(event.operation if failure is None else acting(event.operation, failure.key, failure.part))


# --- where it is told ------------------------------------------------------------------------------------------------


def place(step: Step, change: Change) -> tuple[Script, Clause] | None:
    """Return the clause that a person should look at: the rollback's that does it wrong, or the forward's to undo."""
    migration = step.migration
    sides = [(_FORWARD, migration.forward), (_ROLLBACK, migration.rollback)]
    undoes_wrongly = change.kind == "changed" or code_of(step, change) == "SYM012"
    if undoes_wrongly or (change.kind == "extra" and not _exists(step.after, change)):
        sides.reverse()
    owner = _table_of(step, change.key)
    # First a clause on the very thing, on either side; only then one on the object around it.
    for exact in (True, False):
        for direction, script in sides:
            if script is None:
                continue
            clause = find_clause(step, direction, change.key, change.part, exact=exact)
            if clause is None and not exact and owner is not None:
                clause = find_clause(step, direction, owner, None)
            if clause is not None:
                return script, clause
    # What calls a function names nothing of what that does.
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
        value = schema.find(key)
        if isinstance(value, (Comment, Privileges)):
            return value.about
        table = getattr(value, "table", None)
        if isinstance(table, ops.Name):
            return Key("relation", table.schema or "", table.name)
    return None


def hits(step: Step, code: str) -> Iterable[Hit]:
    """Return the hits of one rule."""
    found = told(step).get(code)
    return () if found is None else [_hit(step, change) for change in found]


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
    """Say what is different, with both definitions."""
    thing = f"{change.what} {'on ' if change.what in _REMARKS else ''}{change.name}"
    if change.kind == "extra":
        return f"the rollback leaves {thing} behind" + (f": {change.after}" if change.after else "")
    if change.kind == "renamed":
        return f"after the rollback {change.what} {change.before} is called {change.after}"
    if change.kind == "missing":
        if presumed(step, change):
            return f"the rollback removes {thing}, which no migration has made"
        was = f"; it was {change.before}" if change.before else ""
        if _exists(step.after, change):
            return f"the rollback removes {thing}, which was there before the forward{was}"
        return f"the rollback does not restore {thing}{was}"
    if change.aspect == "validated":
        now = "NOT VALID, and was validated" if "NOT VALID" in (change.after or "") else "validated, and was not"
        return f"after the rollback {thing} is {now}"
    if _is_respelled(step, change):
        return f"after the rollback {thing} differs in white space or comments only: the server keeps its text as it is"
    aspect = change.aspect or "definition"
    before, after = change.before or "not set", change.after or "not set"
    if before.lower() == after.lower():
        before, after = first_difference(step.before.find(change.key), _end(step).find(change.key))
    another = f"other {aspect}" if aspect in ("columns", "labels") else f"another {aspect}"
    return f"after the rollback {thing} has {another}: it was {before}, and is {after}"


# --- the rules -------------------------------------------------------------------------------------------------------


@rule("SYM001", "left-behind", Severity.ERROR, "The rollback leaves something behind that the forward made", on=told)
def left_behind(step: Step, context: Context) -> Iterable[Hit]:
    """Tell of tables, columns, constraints, indexes and other objects that outlive the rollback."""
    return hits(step, "SYM001")


@rule("SYM002", "not-restored", Severity.ERROR, "The rollback does not bring back what the forward removed", on=told)
def not_restored(step: Step, context: Context) -> Iterable[Hit]:
    """Tell of objects that the forward dropped and the rollback does not make again."""
    return hits(step, "SYM002")


@rule("SYM003", "type-not-restored", Severity.ERROR, "A column comes back with another type", on=told)
def type_not_restored(step: Step, context: Context) -> Iterable[Hit]:
    """Tell of columns of another type."""
    return hits(step, "SYM003")


@rule("SYM004", "default-not-restored", Severity.ERROR, "A column comes back with another default", on=told)
def default_not_restored(step: Step, context: Context) -> Iterable[Hit]:
    """Tell of columns with another default, identity or generation expression."""
    return hits(step, "SYM004")


@rule("SYM005", "nullability-not-restored", Severity.ERROR, "A column comes back with or without NOT NULL", on=told)
def nullability_not_restored(step: Step, context: Context) -> Iterable[Hit]:
    """Tell of columns that take NULL now and did not, or the other way round."""
    return hits(step, "SYM005")


@rule("SYM006", "collation-not-restored", Severity.ERROR, "A column comes back with another collation", on=told)
def collation_not_restored(step: Step, context: Context) -> Iterable[Hit]:
    """Tell of columns that compare and sort in another way."""
    return hits(step, "SYM006")


@rule("SYM007", "constraint-changed", Severity.ERROR, "A constraint comes back with another definition", on=told)
def constraint_changed(step: Step, context: Context) -> Iterable[Hit]:
    """Tell of keys and checks that say something else under the same name."""
    return hits(step, "SYM007")


@rule(
    "SYM008",
    "foreign-key-action-changed",
    Severity.ERROR,
    "A foreign key comes back with another ON DELETE or ON UPDATE",
    on=told,
)
def foreign_key_action_changed(step: Step, context: Context) -> Iterable[Hit]:
    """Tell of foreign keys that do something else when the row that they point at goes."""
    return hits(step, "SYM008")


@rule("SYM009", "index-changed", Severity.ERROR, "An index comes back with another definition", on=told)
def index_changed(step: Step, context: Context) -> Iterable[Hit]:
    """Tell of indexes on other columns, without their condition, no longer unique, and so on."""
    return hits(step, "SYM009")


@rule(
    "SYM010",
    "enum-labels-changed",
    Severity.ERROR,
    "An enum comes back with other labels",
    on=told,
    dialects=("postgres",),
)
def enum_labels_changed(step: Step, context: Context) -> Iterable[Hit]:
    """Tell of enums with a label more, a label less, or another order."""
    return hits(step, "SYM010")


@rule("SYM011", "rename-not-reversed", Severity.ERROR, "The rollback does not take back a rename", on=told)
def rename_not_reversed(step: Step, context: Context) -> Iterable[Hit]:
    """Tell of objects that keep the name that the forward gave them."""
    return hits(step, "SYM011")


@rule(
    "SYM012",
    "removes-what-was-there",
    Severity.ERROR,
    "The rollback removes what was there before the forward",
    on=told,
)
def removes_what_was_there(step: Step, context: Context) -> Iterable[Hit]:
    """Tell of rollbacks that drop more than the forward made."""
    return hits(step, "SYM012")


@rule("SYM013", "rollback-fails", Severity.ERROR, "The rollback fails when it is run after the forward")
def rollback_fails(step: Step, context: Context) -> Iterable[Hit]:
    """Tell of statements of the rollback that drop what is not there, or in an order that dependants forbid."""
    if step.rollback is None or step.rollback.failed is None or not was_read(step):
        return ()
    return _failures(step)


def _failures(step: Step) -> Iterator[Hit]:
    script, run = step.migration.rollback, step.rollback
    if script is None or run is None:
        return
    # A forward that fails leaves nothing to roll back: its own statement is told elsewhere.
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
    "SYM014", "definition-changed", Severity.ERROR, "A view, function, trigger or policy comes back different", on=told
)
def definition_changed(step: Step, context: Context) -> Iterable[Hit]:
    """Tell of views, functions, triggers, policies, domains and types with another definition."""
    return hits(step, "SYM014")


@rule(
    "SYM015",
    "extension-left-behind",
    Severity.WARNING,
    "The rollback leaves an extension behind",
    on=told,
    dialects=("postgres",),
)
def extension_left_behind(step: Step, context: Context) -> Iterable[Hit]:
    """Tell of extensions that the forward created and the rollback keeps; others may use them by now."""
    return hits(step, "SYM015")


@rule(
    "SYM016",
    "setting-not-restored",
    Severity.ERROR,
    "A table, sequence or other object comes back with other settings",
    on=told,
)
def setting_not_restored(step: Step, context: Context) -> Iterable[Hit]:
    """Tell of row security, storage parameters, sequence options, partition bounds and the like."""
    return hits(step, "SYM016")
