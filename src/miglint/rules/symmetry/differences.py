"""SYM: what differs after forward and rollback: which differences count, which rule reports each, and where.

The rules themselves are in `restored` and `info`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from miglint.base.model import Direction, Script, Span
from miglint.replay.steps import Step
from miglint.rules.definition import Alike, Hit, PairDifference
from miglint.rules.support.clauses import Clause, acting, find_clause, places, subject
from miglint.rules.support.reporting import first_text
from miglint.rules.support.scripts import does_anything, was_read
from miglint.rules.support.step_cache import cached_by_step
from miglint.rules.symmetry.difference_words import heading, is_there, message
from miglint.rules.symmetry.evidence import is_dropped_instead, is_similar, presumed
from miglint.rules.symmetry.severity import end_of, severity_of
from miglint.schema.change import Change
from miglint.schema.objects import Comment, Key, Privileges
from miglint.schema.outcome import OperationOutcome, Run
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
    "triggers": "SYM016",
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


@cached_by_step
def differences(step: Step) -> dict[str, list[Change]]:
    """Return the differences by code of the rule that reports them. Cached by identity of the step.

    There are none without a rollback, or with one that does nothing: the pairing rules report that.
    """
    if not step.changes or step.rollback is None or not does_anything(step.rollback_statements):
        return _NOTHING
    if not was_read(step):
        return _NOTHING
    mistaken, wrong = _mistaken(step.rollback), _dropped_in_vain(step.rollback)
    found: dict[str, list[Change]] = {}
    for change in step.changes:
        if step.rollback.lost and change.kind in ("extra", "missing"):
            # The rollback may remove or create it in a statement that cannot be read.
            continue
        if is_dropped_instead(step, change) or (wrong and change.kind == "extra" and is_similar(change, wrong)):
            continue
        # What a failing statement was to remove is left behind because it fails: only the failure is reported.
        if change.certain and (change.key.name.lower(), change.part.lower() if change.part else None) not in mistaken:
            found.setdefault(code_of(step, change), []).append(change)
    return found


def _mistaken(rollback: Run) -> set[tuple[str, str | None]]:
    """Return what the failing statements of a rollback are about: objects, and parts of them."""
    return {
        (name.lower(), part.lower() if part else None)
        for event in rollback.events
        if fails(event)
        for name, part in _meant(event, rollback)
    }


def _dropped_in_vain(rollback: Run) -> list[str]:
    """Return the names that a rollback drops, and that nothing has."""
    return [
        f"{name.rpartition('.')[2]}.{part}" if part else name.rpartition(".")[2]
        for name, part in (subject_of(event) for event in rollback.events if _drops_nothing(event))
    ]


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
        return "SYM012" if is_there(step.after, change) or presumed(step, change) else "SYM002"
    if change.aspect in _ASPECTS:
        return _ASPECTS[change.aspect]
    if change.what == "index":
        return "SYM009"
    if not _CONSTRAINTS.isdisjoint(change.what.split()):
        return "SYM007"
    return "SYM014" if change.what in _DEFINED and change.aspect in _ALL_OF_IT else "SYM016"


def _is_copy(step: Step, change: Change) -> bool:
    """Return whether the rollback created the object from a query: rows saved before something is dropped."""
    found = places(step, _ROLLBACK).get((change.key.name.lower(), None), ())
    return change.part is None and any(isinstance(op, ops.CreateTable) and op.query is not None for _, op in found)


def fails(event: OperationOutcome) -> bool:
    """Return whether a statement that could be read certainly fails."""
    return event.failure is not None and event.failure.certain and event.statement.problem is None


def _drops_nothing(event: OperationOutcome) -> bool:
    """Return whether a statement fails because what it drops is not there."""
    drops = isinstance(event.operation, (ops.Drop, ops.DropColumn, ops.DropConstraint))
    return drops and fails(event) and event.failure is not None and event.failure.condition.startswith("undefined_")


def subject_of(event: OperationOutcome) -> tuple[str, str | None]:
    """Return the object and part that an event is about: of a block, those of the operation that failed."""
    failure = event.failure
    return subject(event.operation if failure is None else acting(event.operation, failure.key, failure.part))


def _meant(event: OperationOutcome, rollback: Run) -> Iterator[tuple[str, str | None]]:
    """Yield the objects that a failing statement would have changed: under a new name too, if it uses the old one."""
    name, part = subject_of(event)
    names = [name]
    if event.failure is not None and event.failure.condition == "undefined_table":
        for moment in rollback.moments:
            renamed = moment.operation
            if isinstance(renamed, ops.Rename) and not moment.failed and renamed.name.name.lower() == name.lower():
                names.append(renamed.new)
    parts = [part]
    if isinstance(event.operation, (ops.RenameColumn, ops.RenameConstraint)):
        parts.append(event.operation.new)
    yield from product(names, parts)


# --- where it is reported --------------------------------------------------------------------------------------------


def place(step: Step, change: Change) -> tuple[Script, Clause] | None:
    """Return the clause to look at: the one of the rollback that is wrong, or the one of the forward to undo."""
    migration = step.migration
    sides = [(_FORWARD, migration.forward), (_ROLLBACK, migration.rollback)]
    undoes_wrongly = change.kind == "changed" or code_of(step, change) == "SYM012"
    if undoes_wrongly or (change.kind == "extra" and not is_there(step.after, change)):
        sides.reverse()
    scripts = [(direction, script) for direction, script in sides if script is not None]
    owner = _table_of(step, change.key)

    def on_object(direction: Direction) -> Clause | None:
        return find_clause(step, direction, change.key, change.part, exact=True)

    def around_object(direction: Direction) -> Clause | None:
        found = find_clause(step, direction, change.key, change.part, exact=False)
        return find_clause(step, direction, owner, None) if found is None and owner is not None else found

    def call(direction: Direction) -> Clause | None:
        return _call(step.forward if direction is _FORWARD else step.rollback, change.key)

    # First a clause on the very object, on either side; only then one on the object around it.
    for find in (on_object, around_object, call):
        for direction, script in scripts:
            clause = find(direction)
            if clause is not None:
                return script, clause
    return None


def _call(run: Run | None, key: Key) -> Clause | None:
    """Return the call of a function that changed an object: the call does not name what the function changes."""
    for moment in run.moments if run is not None else ():
        calls = isinstance(moment.operation, (ops.Select, ops.OtherData))
        if calls and moment.before.objects.get(key) is not moment.after.objects.get(key):
            return moment.statement, moment.operation
    return None


def _table_of(step: Step, key: Key) -> Key | None:
    for schema in (step.before, step.after, end_of(step)):
        value = schema.find(key)
        if isinstance(value, (Comment, Privileges)):
            return value.about
        table = getattr(value, "table", None)
        if isinstance(table, ops.Name):
            return Key("relation", table.schema or "", table.name)
    return None


def hits(step: Step, cases: Differences) -> Iterable[Hit]:
    """Return a hit for each difference. Those at one place are one finding later, so that they share their help."""
    # Few runs need what prints SQL.
    from miglint.rules.symmetry.fixes import restoring_fix
    from miglint.rules.symmetry.suggestions import how_to_restore

    found = []
    for script, span, changes in at_one_place(step, cases):
        help_ = how_to_restore(step, changes)
        found += [
            Hit(
                script.file,
                span,
                message(step, change),
                help_,
                script,
                severity_of(step, change),
                restoring_fix(step, code_of(step, change), change),
                alike=Alike(heading(step, change), f"{change.what} {change.name}"),
                difference=_difference(step, change),
            )
            for change in changes
        ]
    return found


def at_one_place(step: Step, cases: Differences) -> Iterator[tuple[Script, Span, list[Change]]]:
    """Yield the differences by the place where they are reported."""
    together: dict[tuple[Direction, Span], tuple[Script, list[Change]]] = {}
    for change in cases:
        script, span = _span(step, change)
        together.setdefault((script.direction, span), (script, []))[1].append(change)
    yield from ((script, span, changes) for (_, span), (script, changes) in together.items())


def _span(step: Step, change: Change) -> tuple[Script, Span]:
    found = place(step, change)
    if found is not None:
        return found[0], found[1][1].span
    rollback = step.migration.rollback
    assert rollback is not None
    return rollback, first_text(rollback)


def _difference(step: Step, change: Change) -> PairDifference:
    key = change.key
    subject = (key.space, key.schema, key.owner, key.name, change.part or "", change.aspect or "")
    old, between, new = (_column_value(schema, change) for schema in (step.before, step.after, end_of(step)))
    if old is not None and new is not None:
        return PairDifference(subject, *old, *new, by_rollback=old == between)
    untouched = step.before.find(key) == step.after.find(key)
    return PairDifference(subject, change.before, change.after, by_rollback=untouched)


def _column_value(schema: Schema, change: Change) -> tuple[str | None] | None:
    """Return the property of a column that a change is about, without the rest of the column; None for others."""
    table = schema.table(change.key)
    column = table.columns.get(change.part) if table is not None and change.part is not None else None
    if column is None:
        return None
    match change.aspect:
        case "default":
            return (None if column.default is None else column.default.key,)
        case "nullability":
            return (str(column.nullable),)
        case "type":
            return (str(column.type),)
        case _:
            return None
