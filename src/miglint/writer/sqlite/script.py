"""The statements that lead from one schema of SQLite to another, in the order in which they run."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.model import Dialect
from miglint.schema.depends import relation_key
from miglint.schema.diff import display, words
from miglint.schema.journal import differing
from miglint.schema.objects import Index, Key, SchemaObject, Table, Trigger, View
from miglint.schema.value import Schema
from miglint.writer.order import ordered
from miglint.writer.printer import create
from miglint.writer.sqlite.altering import alter
from miglint.writer.sqlite.copying import refused
from miglint.writer.sqlite.guards import guarded
from miglint.writer.sqlite.plan import RebuildPlan
from miglint.writer.sqlite.rebuild import RebuiltTable, TakenNames, evade, fill, rebuild_of, set_aside
from miglint.writer.words import UnprintableError, identifier, name
from miglint.writer.written import Draft, Version, WrittenStatement

_SAVEPOINT = "miglint"
_Kind = View | Index | Trigger


class _DraftBuilder:
    """The statements so far, and what they leave out."""

    def __init__(self, plan: RebuildPlan) -> None:
        self.plan = plan
        self.statements: list[WrittenStatement] = []
        self.missing: list[str] = []
        self.may_fail: list[str] = []

    def add(self, text: str, does: str, key: Key | None = None) -> None:
        self.statements.append(WrittenStatement(text, does, key))

    def create(self, key: Key, value: Table | View | Index | Trigger) -> None:
        """Create an object, unless there is one of the name."""
        does = f"create {words(value)} {display(key, value)}"
        if isinstance(value, Index) and value.unique and self.plan.old.find(key) != value and self._has_rows(value):
            self.may_fail.append(f"index {value.name.name} is not created if two rows have the same key")
        try:
            for text in create(self.plan.new, key, value):
                self.add(guarded(text), does, key)
        except UnprintableError as problem:
            self.missing.append(f"cannot {does}: {problem}")

    def _has_rows(self, index: Index) -> bool:
        """Return whether the table of an index may have rows."""
        owner = _owner(index)
        return owner is not None and self.plan.old.find(owner) is not None

    def drop(self, key: Key, value: Table | View | Index | Trigger) -> None:
        """Drop an object, if it is there."""
        own = identifier(value.name) if isinstance(value, Trigger) else name(value.name)
        text = f"DROP {type(value).__name__.upper()} IF EXISTS {own};"
        self.add(text, f"drop {words(value)} {display(key, value)}", key)


def script(plan: RebuildPlan, target: Version | None) -> Draft:
    """Return the statements of a plan, for a version of SQLite."""
    written = _DraftBuilder(plan)
    rebuilt = _known(plan, written)
    # What cannot be created again is not dropped.
    gone = [key for key in plan.gone if key in rebuilt or plan.new.table(key) is None]
    replaced = _ReplacedObjects(plan.old, plan.new, frozenset(gone))
    for key, value in replaced.dropped:
        written.drop(key, value)
    written.statements += plan.first
    for key in plan.altered:
        written.statements += alter(plan, key, target)
    early = {key for key in replaced.created if _is_key(plan.new.find(key), rebuilt)}
    _tables(written, rebuilt, gone, early)
    for key, created in ordered(plan.new, replaced.created):
        if key not in early and isinstance(created, (View, Index, Trigger)):
            written.create(key, created)
    for key in plan.exposed:
        own = str(key).removeprefix("main.")
        written.missing.append(
            f"rows of {own} are changed by a foreign key, if these are enforced: it is not known in full"
        )
    return Draft(tuple(_together(written, rebuilt)), tuple(written.missing), tuple(written.may_fail))


class _ReplacedObjects:
    """Views, indexes and triggers that are dropped, in order, and the keys of those that are created."""

    def __init__(self, old: Schema, new: Schema, gone: frozenset[Key]) -> None:
        self._old, self._new = old, new
        self._differing_keys = differing(old, new)
        views = self._differing(View)
        on = gone | views
        attached = self._differing(Index) | self._differing(Trigger)
        attached |= {key for owner in on for schema in (old, new) for key in _attached(schema, owner)}
        order = reversed(ordered(old, views | attached))
        # What is attached to a table or view that is dropped goes with it.
        self.dropped = [
            (key, value)
            for key, value in order
            if isinstance(value, View) or (isinstance(value, (Index, Trigger)) and _owner(value) not in on)
        ]
        self.created = [key for key in sorted(views | attached) if isinstance(new.find(key), (View, Index, Trigger))]

    def _differing(self, kind: type[_Kind]) -> set[Key]:
        """Return the keys of the objects of a type that one schema has and the other has not, or not like this."""
        found = set()
        for schema, other in ((self._old, self._new), (self._new, self._old)):
            for key in self._differing_keys:
                value = schema.find(key)
                if not isinstance(value, kind) or key.schema in ("temp", "pg_temp"):
                    continue
                known = other.get(key) is not None and not (isinstance(value, Index) and _is_automatic(value))
                if known and other.find(key) != value:
                    found.add(key)
        return found


def _attached(schema: Schema, owner: Key) -> set[Key]:
    found: set[Key] = {key for key, index in schema.users(owner, Index) if not _is_automatic(index)}
    return found | {key for key, trigger in schema.users(owner, Trigger) if _owner(trigger) == owner}


def _is_automatic(index: Index) -> bool:
    return index.constraint is not None or index.name.name.startswith(("#", "sqlite_autoindex_"))


def _owner(value: Index | Trigger) -> Key | None:
    return None if value.table is None else relation_key(value.table, Dialect.SQLITE)


def _known(plan: RebuildPlan, written: _DraftBuilder) -> dict[Key, RebuiltTable]:
    """Return how the tables are rebuilt that can be created again."""
    # The script to be undone may have left its detours, if it stopped half way.
    taken = TakenNames((plan.old, plan.new), {item.detour.name for item in plan.detours})
    found = {}
    for key in plan.rebuilt:
        try:
            found[key] = rebuild_of(plan, key, taken)
        except UnprintableError as problem:
            written.missing.append(f"cannot rebuild table {key.name}: {problem}")
    return found


def _is_key(value: SchemaObject | None, rebuilt: dict[Key, RebuiltTable]) -> bool:
    """Return whether an object is an index of a rebuilt table to which a foreign key may refer."""
    if not isinstance(value, Index) or not value.unique or value.where is not None or _owner(value) not in rebuilt:
        return False
    return all(element.column is not None for element in value.elements)


def _tables(written: _DraftBuilder, rebuilt: dict[Key, RebuiltTable], gone: list[Key], early: set[Key]) -> None:
    """Write what drops, rebuilds and creates tables; `early` are indexes that are created before the rows are back."""
    plan = written.plan
    parents_first = [key for key in reversed(gone) if key in rebuilt]
    for key in parents_first:
        written.statements += set_aside(rebuilt[key])
        written.may_fail += refused(
            rebuilt[key].before, rebuilt[key].after, plan.columns.get(key, {}), plan.values.get(key, {})
        )
    for key in parents_first:
        if rebuilt[key].evaded:
            _drop_triggers(written, key)
            written.statements += evade(rebuilt[key])
    for key in gone:
        written.drop(key, plan.before(key))
    for key in parents_first:
        written.add(rebuilt[key].created, f"create table {key.name} as it is to be", key)
    for key, value in ordered(plan.new, plan.created):
        if isinstance(value, Table):
            written.create(key, value)
    for key in sorted(early):
        if isinstance(index := plan.new.find(key), Index):
            written.create(key, index)
    for key in parents_first:
        written.statements += fill(rebuilt[key])


def _drop_triggers(written: _DraftBuilder, table: Key) -> None:
    """Drop the triggers that an update of a table would fire; they are created again with the table."""
    seen = set()
    for schema in (written.plan.old, written.plan.new):
        for key, trigger in schema.users(table, Trigger):
            if _owner(trigger) == table and trigger.event == "update" and key not in seen:
                seen.add(key)
                written.drop(key, trigger)


def _together(written: _DraftBuilder, rebuilt: dict[Key, RebuiltTable]) -> Iterator[WrittenStatement]:
    """Yield the statements: all or none of them run, where rows are on their way."""
    if not rebuilt and not written.plan.deferred:
        yield from written.statements
        return
    # Unlike BEGIN it is allowed where the tool that runs the script has a transaction open.
    yield WrittenStatement(f"SAVEPOINT {_SAVEPOINT};", "begin a transaction, or a part of one")
    if written.plan.deferred:
        text = "PRAGMA defer_foreign_keys = ON;"
        yield WrittenStatement(text, "check foreign keys when all rows are back")
    yield from written.statements
    yield WrittenStatement(f"RELEASE {_SAVEPOINT};", "end it")
