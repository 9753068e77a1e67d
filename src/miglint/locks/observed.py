"""Predicted locks and rewrites of a script's statements, compared with those observed on a server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from miglint.base.model import Span
from miglint.base.structs import replace
from miglint.locks.effects import effects
from miglint.locks.levels import Lock, LockEffect, Work
from miglint.locks.look import relation_key
from miglint.schema.objects import Key, Table, View
from miglint.schema.outcome import OperationTrace, Run
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Condition, Name, Operation, Statement

# Weaker locks are those of ordinary queries, which the table of facts does not list.
CLAIMED_FROM = Lock.SHARE_UPDATE_EXCLUSIVE
BY_PG_NAME: Mapping[str, Lock] = {lock.pg_name: lock for lock in Lock}

_IDLE = frozenset({"skipped", "hidden", "missing"})
_ON_A_TABLE = (ops.TableOperation, ops.CreateIndex)
_WHERE = ("tablespace", "access method")
_ROWS = (ops.Insert, ops.Update, ops.Delete, ops.Truncate)
_OTHERS = (ops.OtherData, ops.CreateExtension, ops.CreateOther, ops.AlterOther)
_KNOWN_OTHERS = frozenset({"statistics"})
# With `CASCADE`, objects known to the replay are dropped as well.
_DROPPED = frozenset(
    {
        "table", "index", "view", "materialized view", "sequence", "type", "domain", "function", "procedure", "routine",
        "aggregate", "trigger", "policy", "rule", "schema", "foreign table",
    }
)  # fmt: skip
_NOTHING: Mapping[str, Lock] = {}


class LockDifference(NamedTuple):
    """A table with its predicted and its observed lock (None: none, or an insignificant one).

    In `rewrites` both are None, and `rewritten` is whether a rewrite was observed.
    """

    table: str
    foreseen: Lock | None = None
    seen: Lock | None = None
    rewritten: bool | None = None

    @property
    def words(self) -> str:
        """Format it as `on orders SHARE was foreseen, ACCESS EXCLUSIVE was seen`."""
        if self.rewritten is not None:
            foreseen, seen = ("no rewrite", "a rewrite") if self.rewritten else ("a rewrite", "none")
        else:
            foreseen, seen = (str(lock) if lock is not None else "no lock" for lock in (self.foreseen, self.seen))
        return f"on {self.table} {foreseen} was foreseen, {seen} was seen"


class Foreseen(NamedTuple):
    """Predicted effects of a statement on tables that existed before its script, by their names at that time.

    `locks` are the strongest ones, `rewritten` the tables that are rewritten. `families` are the tables that a
    statement reaches through a parent: each with the strongest possible lock, and whether it may be rewritten. For
    `unsure` tables, rewrites are not predicted. `open` means that it runs unanalyzed code (functions, triggers,
    extensions), which may take any locks.
    """

    span: Span
    locks: Mapping[str, Lock]
    rewritten: frozenset[str]
    families: Mapping[str, tuple[Lock, bool]]
    unsure: frozenset[str]
    open: bool


def label(key: Key) -> str:
    """Return the dry run's name of a table."""
    return key.name if key.schema == "public" else f"{key.schema}.{key.name}"


def merged(found: Iterable[LockEffect]) -> dict[Name, tuple[Lock, Work]]:
    """Return the strongest lock and all of the work by table."""
    result: dict[Name, tuple[Lock, Work]] = {}
    for effect in found:
        lock, work = result.get(effect.table, (effect.lock, Work.NONE))
        result[effect.table] = (max(lock, effect.lock), work | effect.work)
    return result


def lock_differences(
    foreseen: Mapping[str, Lock],
    seen: Mapping[str, Lock],
    *,
    held: Mapping[str, Lock] = _NOTHING,
    at_most: Mapping[str, Lock] = _NOTHING,
) -> Iterator[LockDifference]:
    """Yield the differences between predicted and observed locks of a statement.

    `seen` are the locks stronger than those that the transaction held before, which are in `held`. `at_most` limits the
    locks on tables that a statement may reach without naming them.
    """
    for table in sorted({*foreseen, *seen}):
        predicted, seen_lock = foreseen.get(table), seen.get(table)
        if predicted is None:
            # Unpredicted locks are those of ordinary queries.
            allowed = at_most.get(table, Lock.ACCESS_SHARE)
            differs = seen_lock is not None and seen_lock >= CLAIMED_FROM and seen_lock > allowed
        elif seen_lock is None:
            differs = predicted > held.get(table, 0)
        else:
            differs = seen_lock is not predicted and not predicted < seen_lock <= at_most.get(table, Lock.ACCESS_SHARE)
        if differs:
            yield LockDifference(table, predicted, seen_lock)


def differences(foreseen: Foreseen, seen: Mapping[str, Lock], held: Mapping[str, Lock]) -> Iterator[LockDifference]:
    """Yield the differences between predicted and observed locks of a statement, as `lock_differences` does."""
    at_most = {table: lock for table, (lock, _) in foreseen.families.items()}
    for difference in lock_differences(foreseen.locks, seen, held=held, at_most=at_most):
        if difference.foreseen is not None or not foreseen.open:
            yield difference


def rewrite_differences(foreseen: Foreseen, seen: Iterable[str]) -> Iterator[LockDifference]:
    """Yield the tables with an unpredicted rewrite, or with a predicted rewrite that was not observed."""
    rewritten = frozenset(seen)
    for table in sorted((rewritten ^ foreseen.rewritten) - foreseen.unsure):
        is_rewritten = table in rewritten
        _, may = foreseen.families.get(table, (None, False))
        if not (is_rewritten and may):
            yield LockDifference(table, rewritten=is_rewritten)


def foreseen(run: Run, statements: Sequence[Statement], version: tuple[int, ...]) -> Iterator[Foreseen]:
    """Yield the predictions for each statement of a script, except for statements with unknown effects."""
    script = _ScriptObserver(run, version)
    moments: dict[Span, list[OperationTrace]] = {}
    for moment in run.moments:
        moments.setdefault(moment.statement.span, []).append(moment)
    for statement in statements:
        ran = moments.get(statement.span, [])
        observed = script.statement(statement, ran)
        if statement.problem is None and _known(statement.operations) and not any(each.failed for each in ran):
            yield observed
        if script.lost:
            return


def _known(operations: Iterable[Operation]) -> bool:
    """Return whether the operations that a statement executes are known."""
    for operation in operations:
        if isinstance(operation, ops.Opaque):
            return False
        if isinstance(operation, ops.If):
            inner = (*operation.then, *operation.otherwise)
            if not _decidable(operation.condition) or not _known(inner):
                return False
        elif isinstance(operation, ops.Try) and not _known((*operation.body, *operation.handler)):
            return False
    return True


def _decidable(condition: Condition) -> bool:
    if isinstance(condition, ops.Not):
        return _decidable(condition.condition)
    if isinstance(condition, (ops.And, ops.Or)):
        return all(map(_decidable, condition.conditions))
    return not isinstance(condition, ops.Unknown)


class _ScriptObserver:
    """Tracks a script statement by statement; `lost` means that its tables can no longer be identified by name."""

    def __init__(self, run: Run, version: tuple[int, ...]) -> None:
        self.lost = False
        self._start = run.before
        self._version = version
        self._timezone: str | None = None
        # Earlier names of renamed or recreated tables; None: the table did not exist.
        self._called: dict[Key, str | None] = {}

    def statement(self, statement: Statement, moments: Iterable[OperationTrace]) -> Foreseen:
        """Return the predictions for the operations that a statement executed."""
        locks: dict[str, Lock] = {}
        families: dict[str, tuple[Lock, bool]] = {}
        rewritten: set[str] = set()
        unsure: set[str] = set()
        open_ = False
        for moment in moments:
            found = self._effects(moment)
            schema = moment.before
            for name, (lock, work) in merged(found).items():
                key = relation_key(schema, name)
                rewrites = Work.REWRITE in work
                called = self._label(key)
                if called is not None:
                    locks[called] = max(lock, locks.get(called, lock))
                    if rewrites and _has_storage(schema, key):
                        rewritten.add(called)
                for child in _descendants(schema, key):
                    below = self._label(child)
                    if below is not None:
                        strongest, may = families.get(below, (lock, False))
                        families[below] = (max(strongest, lock), may or rewrites)
            unsure.update(self._unsure(moment, found))
            open_ = open_ or _runs_code(moment)
            self._follow(moment)
        return Foreseen(statement.span, locks, frozenset(rewritten), families, frozenset(unsure), open_)

    def _effects(self, moment: OperationTrace) -> tuple[LockEffect, ...]:
        operation = moment.operation
        found = effects(operation, moment.before, self._version, timezone=self._timezone, notes=moment.notes)
        if any(note.kind in _IDLE for note in moment.notes):
            # A guard is evaluated under the lock on the table; the rest has no effect.
            own = operation.table if isinstance(operation, _ON_A_TABLE) else None
            return tuple(effect._replace(work=Work.NONE) for effect in found if effect.table == own)
        return found

    def _unsure(self, moment: OperationTrace, found: Iterable[LockEffect]) -> Iterator[str]:
        """Yield the tables whose rewrite depends on the server's settings."""
        operation = moment.operation
        names: set[Name] = set()
        moves = isinstance(operation, ops.SetTableOption) and operation.option in _WHERE
        if isinstance(operation, ops.Truncate) or moves:
            # The files are new and empty; or new only if the tablespace changes.
            names.update(effect.table for effect in found)
        elif isinstance(operation, ops.AlterColumnType) and self._timezone is None:
            in_utc = effects(operation, moment.before, self._version, timezone="UTC")
            if merged(in_utc) != merged(found):
                names.add(operation.table)
        for name in names:
            key = relation_key(moment.before, name)
            for each in (key, *_descendants(moment.before, key)):
                called = self._label(each)
                if called is not None:
                    yield called

    def _label(self, key: Key) -> str | None:
        """Return the name of a relation with storage before the script; None if it did not exist."""
        if key in self._called:
            return self._called[key]
        found = self._start.find(key)
        if isinstance(found, View):
            there = found.materialized
        else:
            there = isinstance(found, Table) and found.kind == "table" and key.schema != "pg_temp"
        if not there:
            return None
        return label(key)

    def _follow(self, moment: OperationTrace) -> None:
        """Track names and session settings."""
        operation = moment.operation
        if any(note.kind in _IDLE for note in moment.notes):
            return
        match operation:
            case ops.SetVariable() if operation.name.lower() in ("timezone", "time zone"):
                self._timezone = operation.values[0] if operation.values else None
            case ops.CreateTable() | ops.CreateView():
                self._called[relation_key(moment.after, operation.name)] = None
            case ops.Drop():
                self._called[relation_key(moment.before, operation.name)] = None
            case ops.Rename() if operation.kind == "schema":
                self.lost = True
            case ops.Rename() if operation.table is None:
                self._moved(moment, operation.name, lambda key: replace(key, name=operation.new))
            case ops.SetSchema():
                self._moved(moment, operation.name, lambda key: replace(key, schema=operation.schema))

    def _moved(self, moment: OperationTrace, name: Name, place: Callable[[Key], Key]) -> None:
        key = relation_key(moment.before, name)
        called = self._label(key)
        self._called[key] = None
        self._called[place(key)] = called


def _has_storage(schema: Schema, key: Key) -> bool:
    found = schema.table(key)
    return found is None or found.partition_by is None


def _descendants(schema: Schema, key: Key) -> Iterator[Key]:
    """Yield the partitions and children of a table, recursively."""
    open_, known = [key], {key}
    while open_:
        parent = open_.pop()
        for user in schema.on(parent):
            found = schema.find(user)
            if user in known or not isinstance(found, Table):
                continue
            parents = found.inherits if found.partition_of is None else (found.partition_of, *found.inherits)
            if any(relation_key(schema, each) == parent for each in parents):
                known.add(user)
                open_.append(user)
                yield user


def _runs_code(moment: OperationTrace) -> bool:
    """Return whether an operation runs code with unknown locks."""
    operation, schema = moment.operation, moment.before
    if isinstance(operation, _OTHERS):
        return not (isinstance(operation, ops.CreateOther) and operation.kind in _KNOWN_OTHERS)
    if isinstance(operation, ops.Drop):
        return operation.cascade and operation.kind not in _DROPPED
    if isinstance(operation, ops.Maintenance):
        return operation.target is None
    if isinstance(operation, ops.TableOperation):
        return operation.kind == "type"
    if _hidden(operation) or any(_is_routine(schema, name) for name in _functions(operation)):
        return True
    return isinstance(operation, _ROWS) and _has_triggers(schema, relation_key(schema, operation.table))


def _functions(operation: Operation) -> Iterator[Name]:
    """Yield the functions that an operation on rows calls."""
    match operation:
        case ops.Select() | ops.Insert() | ops.CreateTable() | ops.CreateView() if operation.query is not None:
            yield from operation.query.functions
        case ops.Update() | ops.Delete():
            assigned = [] if isinstance(operation, ops.Delete) else [value for _, value in operation.assignments]
            for expression in (*assigned, operation.where):
                yield from () if expression is None else expression.functions


def _hidden(operation: Operation) -> bool:
    """Return whether an operation on rows contains unanalyzed expressions."""
    match operation:
        case ops.Insert():
            return operation.conflict == "update" or any(None in row for row in operation.rows or ())
        case ops.Update():
            return any(value is None for _, value in operation.assignments)
    return False


def _is_routine(schema: Schema, name: Name) -> bool:
    places = schema.path if name.schema is None else (name.schema,)
    return any(schema.count_overloads(place, name.name) for place in places)


def _has_triggers(schema: Schema, key: Key) -> bool:
    """Return whether a table has triggers, or is referenced by a foreign key with triggers on changes of rows."""
    open_, known = [key], {key}
    while open_:
        for user in schema.on(open_.pop()):
            if user.space in ("trigger", "rule"):
                return True
            if user not in known and schema.table(user) is not None:
                known.add(user)
                open_.append(user)
    return False
