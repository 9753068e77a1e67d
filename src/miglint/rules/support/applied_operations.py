"""What the safety rules share: every operation of a script as it ran, and what was there before it for others to use.

A migration can only hurt what other sessions use: tables that it makes itself are nobody's yet. `Act.fresh` says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple, TypeVar

from rpds import HashTrieSet

from miglint.base.findings import Fix, Severity
from miglint.base.model import Dialect, Direction, Script, Span
from miglint.locks import LockEffect, effects
from miglint.locks.look import relation_key
from miglint.replay.steps import Step
from miglint.rules.registry import Context, Hit
from miglint.rules.support.clauses import places, script_of, subject
from miglint.schema.objects import Index, Key, Table
from miglint.schema.outcome import Moment, Run
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Name, Operation

Done = TypeVar("Done", bound=Operation)

_FORWARD, _ROLLBACK = Direction.FORWARD, Direction.ROLLBACK
_NONE: HashTrieSet[Key] = HashTrieSet()
_NO_COLUMNS: HashTrieSet[tuple[Key, str]] = HashTrieSet()
_GROWING = (
    ops.CreateTable, ops.CreateView, ops.Rename, ops.SetSchema, ops.Drop, ops.AddColumn, ops.RenameColumn,
)  # fmt: skip
_RENAMES = (ops.RenameColumn, ops.RenameConstraint, ops.RenameEnumValue, ops.Rename)
_RELATIONS = ("table", "view", "materialized view", "foreign table", "sequence")


class Act(NamedTuple):
    """One operation as it ran. `transaction` numbers the transaction that it is part of, within its script.

    `made` are the relations that this migration has made so far, `added` the columns that it has added; in a rollback
    all that the forward made counts too. `timezone` is the session's, where the script sets it. `blank` says that no
    file made anything before this migration: what a guard does not find may still be there. `known` keeps what has
    been asked of the acts of this step.
    """

    moment: Moment
    script: Script
    number: int
    transaction: int
    made: HashTrieSet[Key]
    added: HashTrieSet[tuple[Key, str]]
    timezone: str | None
    blank: bool
    known: dict[object, tuple[LockEffect, ...]]

    @property
    def operation(self) -> Operation:
        """What was done."""
        return self.moment.operation

    @property
    def before(self) -> Schema:
        """The schema that it met."""
        return self.moment.before

    @property
    def forward(self) -> bool:
        """Whether it belongs to the forward."""
        return self.script.direction is _FORWARD

    def key(self, name: Name) -> Key:
        """Return the key of a relation's name."""
        if self.script.dialect is Dialect.SQLITE:
            place = (name.schema or "main").lower()
            temporary = Key("relation", "temp", name.name.lower())
            if name.schema is None and self.before.find(temporary) is not None:
                return temporary
            return Key("relation", place, name.name.lower())
        return relation_key(self.before, name)

    def fresh(self, name: Name) -> bool:
        """Return whether this migration made the relation, or whether it is this session's alone."""
        key = self.key(name)
        return key in self.made or key.schema in ("pg_temp", "temp")

    def fresh_column(self, name: Name, column: str) -> bool:
        """Return whether this migration added the column (or made its table)."""
        return self.fresh(name) or (self.key(name), self.folded(column)) in self.added

    def table(self, name: Name) -> Table | None:
        """Return a table as it was before, or None when nothing is known of it."""
        return self.before.table(self.key(name))

    def column(self, name: Name, column: str) -> ops.Column | None:
        """Return a column as it was before, or None when nothing is known of it."""
        table = self.table(name)
        return None if table is None else table.columns.get(self.folded(column))

    def folded(self, name: str) -> str:
        """Return a name as the schema's keys have it."""
        return name.lower() if self.script.dialect is Dialect.SQLITE else name

    @property
    def idle(self) -> bool:
        """Whether a guard left everything as it was."""
        return any(
            note.kind in ("skipped", "hidden") or (note.kind == "missing" and not self.blank)
            for note in self.moment.notes
        )

    def effects(self, context: Context) -> tuple[LockEffect, ...]:
        """Return what it locks, less the relations that this migration made."""
        version = context.targets.get("postgres", ())
        place = self.script.direction, self.number, version
        found = self.known.get(place)
        if found is None:
            notes = self.moment.notes
            told = effects(self.operation, self.before, version, timezone=self.timezone, notes=notes)
            found = self.known[place] = tuple(effect for effect in told if not self.fresh(effect.table))
        return found


class Survey(NamedTuple):
    """The acts of a step: all of them in order; and by type of operation those that did something.

    What a guard left as it was is not among the latter. `forward` holds those of the forward alone.
    """

    acts: tuple[Act, ...]
    by_type: dict[type[Operation], list[tuple[Act, Operation]]]
    forward: dict[type[Operation], list[tuple[Act, Operation]]]


@lru_cache(maxsize=4)
def survey(step: Step) -> Survey:
    """Return the acts of a step, forward first. Cached by identity of the step: many rules ask about one."""
    made: HashTrieSet[Key] = _NONE
    added: HashTrieSet[tuple[Key, str]] = _NO_COLUMNS
    acts: list[Act] = []
    known: dict[object, tuple[LockEffect, ...]] = {}
    blank = not step.before.closed and next(step.before.items(), None) is None
    for direction, run in ((_FORWARD, step.forward), (_ROLLBACK, step.rollback)):
        script = script_of(step, direction)
        if script is not None and run is not None and run.moments:
            made, added = _walk(script, run, acts, made, added, blank=blank, known=known)
    by_type: dict[type[Operation], list[tuple[Act, Operation]]] = {}
    forward: dict[type[Operation], list[tuple[Act, Operation]]] = {}
    for act in acts:
        if act.moment.notes and act.idle:
            continue
        pair = act, act.moment.operation
        kind = type(pair[1])
        by_type.setdefault(kind, []).append(pair)
        if act.script.direction is _FORWARD:
            forward.setdefault(kind, []).append(pair)
    return Survey(tuple(acts), by_type, forward)


def _walk(
    script: Script,
    run: Run,
    acts: list[Act],
    made: HashTrieSet[Key],
    added: HashTrieSet[tuple[Key, str]],
    *,
    blank: bool,
    known: dict[object, tuple[LockEffect, ...]],
) -> tuple[HashTrieSet[Key], HashTrieSet[tuple[Key, str]]]:
    transaction, open_, timezone = 0, script.transaction, None
    statement: Span | None = None
    for number, moment in enumerate(run.moments):
        operation = moment.operation
        if isinstance(operation, ops.Transaction):
            if operation.action == "begin":
                transaction, open_ = transaction + (not open_), True
            elif operation.action in ("commit", "rollback"):
                transaction, open_ = transaction + 1, False
        elif not open_ and moment.statement.span != statement:
            transaction += 1
        statement = moment.statement.span
        act = Act(moment, script, number, transaction, made, added, timezone, blank, known)
        acts.append(act)
        if isinstance(operation, ops.SetVariable):
            if operation.name.lower() in ("timezone", "time zone"):
                timezone = operation.values[0] if operation.values else None
        elif isinstance(operation, _GROWING) and not act.idle and not moment.failed:
            made, added = _grown(act, made, added)
    return made, added


def _grown(
    act: Act, made: HashTrieSet[Key], added: HashTrieSet[tuple[Key, str]]
) -> tuple[HashTrieSet[Key], HashTrieSet[tuple[Key, str]]]:
    operation = act.operation
    match operation:
        case ops.CreateTable() | ops.CreateView():
            after = act._replace(moment=Moment(act.moment.statement, operation, act.moment.after, act.moment.after))
            return made.insert(after.key(operation.name)), added
        case ops.Rename() if operation.kind in _RELATIONS:
            key = act.key(operation.name)
            if key in made:
                return made.discard(key).insert(key._replace(name=act.folded(operation.new))), added
        case ops.SetSchema() if act.fresh(operation.name):
            return made.insert(Key("relation", operation.schema, operation.name.name)), added
        case ops.Drop() if operation.kind in _RELATIONS:
            return made.discard(act.key(operation.name)), added
        case ops.AddColumn() if operation.kind != "type":
            return made, added.insert((act.key(operation.table), act.folded(operation.column.name)))
        case ops.RenameColumn() if act.fresh_column(operation.table, operation.column):
            return made, added.insert((act.key(operation.table), act.folded(operation.new)))
    return made, added


def done(step: Step, kind: type[Done], *, forward_only: bool = False) -> Iterable[tuple[Act, Done]]:
    """Return the acts of one type with their operations, less those of guards that found nothing to do."""
    found = survey(step)
    return (found.forward if forward_only else found.by_type).get(kind, ())  # type: ignore[return-value]


@lru_cache(maxsize=4)
def _forward_was_read(step: Step) -> bool:
    return all(statement.problem is None for statement in step.forward_statements)


def undoes(step: Step, act: Act) -> bool:
    """Return whether an act of a rollback is about something that the forward touched: then it takes that back."""
    if act.forward:
        return False
    if not _forward_was_read(step):
        # What the forward touches is not known, and that is told.
        return True
    name, part = subject(act.operation)
    touched = places(step, _FORWARD)
    found = bool(name) and (name.lower(), part.lower() if part else None) in touched
    if not found and isinstance(act.operation, _RENAMES):
        return (name.lower(), act.operation.new.lower()) in touched or (act.operation.new.lower(), None) in touched
    return found


def tell(
    act: Act,
    severity: Severity,
    message: str,
    help: str = "",
    *,
    span: Span | None = None,
    fix: Fix | None = None,
) -> Hit:
    """Return a hit on an act, or on a part of it."""
    return Hit(act.script.file, span or act.operation.span, message, help, act.script, severity, fix)


def version_of(context: Context) -> int:
    """Return the lowest major version of PostgreSQL that the migrations have to work on."""
    version = context.targets.get("postgres", ())
    return version[0] if version else 14


def text_of(act: Act) -> str:
    """Return the text of the statement that an act is part of, on one line."""
    script, span = act.script, act.moment.statement.span
    start = script.span.start
    return " ".join(script.text[span.start - start : span.end - start].split())


def remade_here(step: Step, act: Act, name: Name) -> bool:
    """Return whether the script leaves an index of that name on a table that this migration made."""
    run = step.forward if act.forward else step.rollback
    index = run.schema.find(act.key(name)) if run is not None else None
    table = index.table if isinstance(index, Index) else None
    if table is None:
        return False
    made = {operation.name.name.lower() for _, operation in done(step, ops.CreateTable, forward_only=True)}
    return table.name.lower() in made
