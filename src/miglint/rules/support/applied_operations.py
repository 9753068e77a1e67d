"""The operations of a step as they were applied, each with the schema before it and what the migration created so far.

A migration can only disturb what other sessions use. A table that it created itself has no other users yet:
`AppliedOperation.fresh` distinguishes it from the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from miglint.base.findings import Fix, Severity
from miglint.base.model import Dialect, Direction, Script, Span
from miglint.base.structs import Struct, replace
from miglint.locks import LockEffect, effects
from miglint.locks.look import relation_key
from miglint.replay.steps import Step
from miglint.rules.definition import Context, Hit
from miglint.rules.support.clauses import places, subject
from miglint.rules.support.scripts import script_of
from miglint.rules.support.step_cache import cached_by_step
from miglint.rules.support.timeline import Timeline
from miglint.schema.keys import is_temporary
from miglint.schema.objects import Index, Key, Table
from miglint.schema.outcome import OperationTrace, Run
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Name, Operation

Kind = TypeVar("Kind", bound=Operation)

_FORWARD, _ROLLBACK = Direction.FORWARD, Direction.ROLLBACK
_GROWING = (
    ops.CreateTable, ops.CreateView, ops.Rename, ops.SetSchema, ops.Drop, ops.AddColumn, ops.RenameColumn,
)  # fmt: skip
# What may give a table rows by ways that are not known.
_FILLING = (ops.OtherData, ops.Select, ops.Opaque)
_RENAMES = (ops.RenameColumn, ops.RenameConstraint, ops.RenameEnumValue, ops.Rename)
_RELATIONS = ("table", "view", "materialized view", "foreign table", "sequence")


class AppliedOperation(Struct, frozen=True, eq=False, gc=False):
    """One operation as it was applied. `transaction` numbers the transaction that it is part of, within its script.

    `place` counts the operations of both scripts. `made` are the relations that this migration creates, `added` the
    columns that it adds; in a rollback all that the forward created counts too. `emptied` are the tables without rows
    because their transaction truncated them, `swept` those whose rows it has all deleted. Of these it is known what was
    in them before each operation. `timezone` is the session's, where the script sets it. `blank`: no file created
    anything before this migration, so what a guard does not find may still be there. `refused`: the engine refuses it
    for certain, so that it locks and changes nothing. `known` keeps the lock effects that have been computed for this
    step.
    """

    moment: OperationTrace
    script: Script
    number: int
    transaction: int
    place: int
    made: Timeline[Key]
    added: Timeline[tuple[Key, str]]
    emptied: Timeline[Key]
    swept: Timeline[Key]
    timezone: str | None
    blank: bool
    refused: bool
    known: dict[object, tuple[LockEffect, ...]]

    @property
    def operation(self) -> Operation:
        """The operation, in no parser's words."""
        return self.moment.operation

    @property
    def before(self) -> Schema:
        """The schema before it."""
        return self.moment.before

    @property
    def forward(self) -> bool:
        """Return whether it belongs to the forward script."""
        return self.script.direction is _FORWARD

    def key(self, name: Name) -> Key:
        """Return the key of a relation's name."""
        return _key(self.moment.before, name)

    def fresh(self, name: Name) -> bool:
        """Return whether this migration created the relation, or it is temporary."""
        key = self.key(name)
        return self.made.had(key, self.place) or is_temporary(key, self.moment.before.dialect)

    def empty(self, name: Name) -> bool:
        """Return whether this migration created the table, or truncated it in the same transaction."""
        return self.fresh(name) or self.emptied.had(self.key(name), self.place)

    def rows_deleted(self, name: Name) -> bool:
        """Return whether a `DELETE` in the same transaction removes all rows, which takes as long as reading them."""
        return self.swept.had(self.key(name), self.place)

    def fresh_column(self, name: Name, column: str) -> bool:
        """Return whether this migration added the column, or created its table."""
        return self.fresh(name) or self.added.had((self.key(name), self.folded(column)), self.place)

    def table(self, name: Name) -> Table | None:
        """Return a table as it was before, or None when it is not known."""
        return self.before.table(self.key(name))

    def column(self, name: Name, column: str) -> ops.Column | None:
        """Return a column as it was before, or None when it is not known."""
        table = self.table(name)
        return None if table is None else table.columns.get(self.folded(column))

    def folded(self, name: str) -> str:
        """Return a name as the schema's keys have it."""
        return name.lower() if self.script.dialect is Dialect.SQLITE else name

    @property
    def idle(self) -> bool:
        """Return whether a guard (`IF [NOT] EXISTS`) made it do nothing."""
        return any(
            note.kind in ("skipped", "hidden") or (note.kind == "missing" and not self.blank)
            for note in self.moment.notes
        )

    def effects(self, context: Context) -> tuple[LockEffect, ...]:
        """Return its locks, scans and rewrites, except on relations that this migration created.

        To work through a table that has just been truncated takes no time, and its lock is held already.
        """
        if self.refused:
            return ()
        version = context.targets.get("postgres", ())
        place = self.script.direction, self.number, version
        found = self.known.get(place)
        if found is None:
            notes = self.moment.notes
            effected = effects(self.operation, self.before, version, timezone=self.timezone, notes=notes)
            found = self.known[place] = tuple(
                effect
                for effect in effected
                if not (self.empty(effect.table) if effect.work else self.fresh(effect.table))
            )
        return found

    def hit(
        self,
        message: str,
        help: str = "",
        *,
        severity: Severity | None = None,
        span: Span | None = None,
        fix: Fix | None = None,
    ) -> Hit:
        """Return a hit on the operation, or on the part of it at `span`; with the rule's severity unless given."""
        return Hit(self.script.file, span or self.operation.span, message, help, self.script, severity, fix)


def _key(schema: Schema, name: Name) -> Key:
    """Return the key of a relation's name in a schema."""
    if schema.dialect is not Dialect.SQLITE:
        return relation_key(schema, name)
    temporary = Key("relation", "temp", name.name.lower())
    if name.schema is None and schema.find(temporary) is not None:
        return temporary
    return Key("relation", (name.schema or "main").lower(), name.name.lower())


class AppliedOperations(Struct, frozen=True):
    """The operations of a step, forward script first: `all` of them in order, and the effective ones by type.

    Operations that a guard made do nothing, or that the engine refuses for certain, are not effective. `forward` holds
    those of the forward script alone.
    """

    all: tuple[AppliedOperation, ...]
    by_type: dict[type[Operation], list[tuple[AppliedOperation, Operation]]]
    forward: dict[type[Operation], list[tuple[AppliedOperation, Operation]]]

    @property
    def acts(self) -> tuple[AppliedOperation, ...]:
        """Deprecated name of `all`; own rules may still use it."""
        return self.all


@cached_by_step
def applied_operations(step: Step) -> AppliedOperations:
    """Return the operations of a step. Cached by identity of the step, for many rules."""
    made: Timeline[Key] = Timeline()
    added: Timeline[tuple[Key, str]] = Timeline()
    applied: list[AppliedOperation] = []
    known: dict[object, tuple[LockEffect, ...]] = {}
    blank = not step.before.closed and _finds_something_missing(step) and step.before.is_blank
    for direction, run in ((_FORWARD, step.forward), (_ROLLBACK, step.rollback)):
        script = script_of(step, direction)
        if script is not None and run is not None and run.moments:
            _walk(script, run, applied, made, added, blank=blank, known=known)
    by_type: dict[type[Operation], list[tuple[AppliedOperation, Operation]]] = {}
    forward: dict[type[Operation], list[tuple[AppliedOperation, Operation]]] = {}
    for one in applied:
        if one.refused or (one.moment.notes and one.idle):
            continue
        pair = one, one.moment.operation
        kind = type(pair[1])
        by_type.setdefault(kind, []).append(pair)
        if one.script.direction is _FORWARD:
            forward.setdefault(kind, []).append(pair)
    return AppliedOperations(tuple(applied), by_type, forward)


def _finds_something_missing(step: Step) -> bool:
    """Return whether a guard of its scripts does nothing, since something is not there."""
    runs = (step.forward, step.rollback)
    return any(
        note.kind == "missing" for run in runs if run is not None for event in run.events for note in event.notes
    )


def _after_control(action: str, transaction: int, open_: bool) -> tuple[int, bool]:
    """Return the number of the transaction after a statement of transaction control, and whether it is open."""
    if action == "begin":
        return transaction + (not open_), True
    return (transaction + 1, False) if action in ("commit", "rollback") else (transaction, open_)


def _walk(
    script: Script,
    run: Run,
    found: list[AppliedOperation],
    made: Timeline[Key],
    added: Timeline[tuple[Key, str]],
    *,
    blank: bool,
    known: dict[object, tuple[LockEffect, ...]],
) -> None:
    transaction, open_, timezone = 0, script.transaction, None
    statement: Span | None = None
    emptied: Timeline[Key] = Timeline()
    swept: Timeline[Key] = Timeline()
    refused = {id(event.operation) for event in run.events if event.failure is not None and event.failure.certain}
    for number, moment in enumerate(run.moments):
        operation, place = moment.operation, len(found)
        if isinstance(operation, ops.Transaction):
            transaction, open_ = _after_control(operation.action, transaction, open_)
        elif not open_ and moment.statement.span != statement:
            transaction += 1
        statement = moment.statement.span
        applied = AppliedOperation(
            moment, script, number, transaction, place, made, added, emptied, swept, timezone, blank,
            id(operation) in refused, known,
        )  # fmt: skip
        found.append(applied)
        if isinstance(operation, ops.SetVariable):
            if operation.name.lower() in ("timezone", "time zone"):
                timezone = operation.values[0] if operation.values else None
        elif isinstance(operation, _GROWING):
            if not applied.idle and not moment.failed:
                _grow(applied)
        else:
            _track_rows(applied, in_transaction=open_)


def _track_rows(applied: AppliedOperation, *, in_transaction: bool) -> None:
    """Record which tables a transaction has emptied, and not filled again."""
    operation, place = applied.operation, applied.place
    match operation:
        case ops.Truncate() if in_transaction:
            applied.emptied.add(applied.key(operation.table), place)
        case ops.Delete(where=None, joined=False) if in_transaction:
            applied.swept.add(applied.key(operation.table), place)
        case ops.Insert():
            applied.emptied.discard(applied.key(operation.table), place)
            applied.swept.discard(applied.key(operation.table), place)
        case _ if isinstance(operation, _FILLING) or _ends(operation):
            applied.emptied.clear(place)
            applied.swept.clear(place)


def _ends(operation: Operation) -> bool:
    return isinstance(operation, ops.Transaction) and operation.action in ("commit", "rollback")


def _grow(applied: AppliedOperation) -> None:
    """Record what an operation creates and drops."""
    operation, made, place = applied.operation, applied.made, applied.place
    match operation:
        case ops.CreateTable() | ops.CreateView():
            made.add(_key(applied.moment.after, operation.name), place)
        case ops.Rename() if operation.kind in _RELATIONS:
            key = applied.key(operation.name)
            if made.had(key, place):
                made.discard(key, place)
                made.add(replace(key, name=applied.folded(operation.new)), place)
        case ops.SetSchema() if applied.fresh(operation.name):
            made.add(Key("relation", operation.schema, operation.name.name), place)
        case ops.Drop() if operation.kind in _RELATIONS:
            made.discard(applied.key(operation.name), place)
        case ops.AddColumn() if operation.kind != "type":
            applied.added.add((applied.key(operation.table), applied.folded(operation.column.name)), place)
        case ops.RenameColumn() if applied.fresh_column(operation.table, operation.column):
            applied.added.add((applied.key(operation.table), applied.folded(operation.new)), place)


def effective(step: Step, kind: type[Kind], *, forward_only: bool = False) -> Iterable[tuple[AppliedOperation, Kind]]:
    """Return the operations of one type as they were applied, except those that did nothing."""
    found = applied_operations(step)
    return (found.forward if forward_only else found.by_type).get(kind, ())  # type: ignore[return-value]  # by type


@cached_by_step
def _forward_was_read(step: Step) -> bool:
    return all(statement.problem is None for statement in step.forward_statements)


def undoes(step: Step, applied: AppliedOperation) -> bool:
    """Return whether an operation of a rollback is about an object that the forward touched, and so takes that back."""
    if applied.forward:
        return False
    if not _forward_was_read(step):
        # What the forward touches is not known; SYN reports why.
        return True
    name, part = subject(applied.operation)
    touched = places(step, _FORWARD)
    found = bool(name) and (name.lower(), part.lower() if part else None) in touched
    if not found and isinstance(applied.operation, _RENAMES):
        return (name.lower(), applied.operation.new.lower()) in touched or (
            applied.operation.new.lower(),
            None,
        ) in touched
    return found


def version_of(context: Context) -> int:
    """Return the lowest major version of PostgreSQL that the migrations have to work on."""
    version = context.targets.get("postgres", ())
    return version[0] if version else 14


def text_of(applied: AppliedOperation) -> str:
    """Return the text of the statement that an operation is part of, on one line."""
    script, span = applied.script, applied.moment.statement.span
    start = script.span.start
    return " ".join(script.text[span.start - start : span.end - start].split())


def remade_here(step: Step, applied: AppliedOperation, name: Name) -> bool:
    """Return whether the script leaves an index of that name on a table that this migration created."""
    run = step.forward if applied.forward else step.rollback
    index = run.schema.find(applied.key(name)) if run is not None else None
    table = index.table if isinstance(index, Index) else None
    if table is None:
        return False
    made = {operation.name.name.lower() for _, operation in effective(step, ops.CreateTable, forward_only=True)}
    return table.name.lower() in made
