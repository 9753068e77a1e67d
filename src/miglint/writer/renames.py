"""What a script renamed or moved, and the statements that give it its old name back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from miglint.base.model import Dialect
from miglint.schema.objects import Key, Table
from miglint.schema.outcome import OperationTrace
from miglint.schema.value import Schema
from miglint.sql.operations import (
    CreateTable,
    CreateView,
    Drop,
    DropColumn,
    Insert,
    Name,
    Query,
    Rename,
    RenameColumn,
    SetSchema,
)
from miglint.writer.remarks import relation_word
from miglint.writer.words import identifier, name

_RELATIONS = frozenset({"table", "view", "materialized view", "index", "sequence", "foreign table"})


class Renamed(NamedTuple):
    """An object that is still there under another key."""

    old: Key
    new: Key


class RenamedColumn(NamedTuple):
    """A column that is still there under another name, in the relation that is now at `relation`."""

    relation: Key
    old: str
    new: str


class Detour(NamedTuple):
    """A table that a run creates and drops again, or gives another name to, on behalf of `table`.

    A run that stops halfway may leave the rows of `table` in it. `shape` is what the detour was when it was made.
    """

    table: Key
    detour: Key
    shape: Table


class Renames:
    """The relations and columns that were there before a run and are called otherwise after it."""

    def __init__(self, moments: Iterable[OperationTrace]) -> None:
        self._relations: dict[Key, Key] = {}
        self._columns: dict[tuple[Key, str], str] = {}
        self._shapes: dict[Key, Table] = {}
        self._paths: list[Renamed] = []
        self._away: set[Key] = set()
        self._made: set[Key] = set()
        self._dropped: set[tuple[Key, str]] = set()
        # Where the values of a column come from that was filled from another one.
        self._origins: dict[tuple[Key, str], tuple[Key, str]] = {}
        self._start: Schema | None = None
        self._end: Schema | None = None
        for moment in moments:
            self._start = moment.before if self._start is None else self._start
            self._end = moment.after
            if not moment.failed:
                self._follow(moment)

    def detours(self) -> Iterator[Detour]:
        """Yield the tables through which rows of others may have gone, among them some that were there before."""
        for path in self._paths:
            for table, other in (path, path[::-1]):
                if other in self._shapes:
                    yield Detour(table, other, self._shapes[other])

    def away(self) -> frozenset[Key]:
        """Return the tables that were dropped or renamed at some time, whatever was created under their name later."""
        return frozenset(self._away)

    def dropped_columns(self) -> frozenset[tuple[Key, str]]:
        """Return the columns that were dropped at some time, whatever was added under their name later."""
        return frozenset(self._dropped)

    def relations(self) -> Iterator[Renamed]:
        """Yield what has another name or schema than before."""
        for new, old in self._relations.items():
            # What the run itself created had no name before it.
            if new != old and new not in self._made:
                yield Renamed(old, new)

    def columns(self) -> Iterator[RenamedColumn]:
        """Yield the columns that have another name than before."""
        for (relation, new), old in self._columns.items():
            if new != old and relation not in self._made:
                yield RenamedColumn(relation, old, new)
        yield from self._copied_columns()

    def _copied_columns(self) -> Iterator[RenamedColumn]:
        """Yield the columns of tables that were made anew with the rows of the old one, under another name there."""
        if self._start is None or self._end is None:
            return
        for (relation, new), (source, old) in self._origins.items():
            before, after = self._start.table(source), self._end.table(relation)
            if relation != source or before is None or after is None or relation not in self._made:
                continue
            gone, come = old in before.columns and old not in after.columns, new not in before.columns
            if gone and come and new in after.columns:
                yield RenamedColumn(relation, old, new)

    def _follow(self, moment: OperationTrace) -> None:
        operation, before = moment.operation, moment.before
        match operation:
            case CreateTable() | CreateView():
                made = _key(moment.after, operation.name)
                if made is not None and before.find(made) is None:
                    self._made.add(made)
                    self._copied(moment, made, operation.query)
            case Insert(query=Query() as query):
                self._copied(moment, _key(before, operation.table), query, operation.columns)
            case Rename() if operation.kind in _RELATIONS:
                self._move(moment, _key(before, operation.name), operation.new, None)
            case SetSchema() if operation.kind in _RELATIONS:
                self._move(moment, _key(before, operation.name), None, operation.schema)
            case RenameColumn() if operation.kind != "type":
                key = _key(before, operation.table)
                if key is not None:
                    old, new = (_folded(before, text) for text in (operation.column, operation.new))
                    self._columns[key, new] = self._columns.pop((key, old), old)
            case Drop() if operation.kind in _RELATIONS:
                key = _key(before, operation.name)
                if key is not None:
                    self._away.add(key)
                    self._made.discard(key)
                    self._relations.pop(key, None)
                    self._columns = {item: old for item, old in self._columns.items() if item[0] != key}
                    self._origins = {item: old for item, old in self._origins.items() if item[0] != key}
            case DropColumn():
                key = _key(before, operation.table)
                if key is not None:
                    self._dropped.add((key, _folded(before, operation.column)))
                    self._columns.pop((key, _folded(before, operation.column)), None)

    def _copied(
        self, moment: OperationTrace, target: Key | None, query: Query | None, columns: tuple[str, ...] = ()
    ) -> None:
        """Take note of a table that gets its rows from one other: these may be in it alone for a while."""
        if target is None or query is None or len(query.relations) != 1:
            return
        source, copy = _key(moment.before, query.relations[0]), moment.after.table(target)
        if source is not None and copy is not None and target in self._made:
            self._paths.append(Renamed(source, target))
            self._shapes[target] = copy
            listed = [_folded(moment.before, name) for name in columns] or list(copy.columns)
            table = moment.before.table(source)
            outputs = [_folded(moment.before, name or "") for name in query.outputs]
            if table is not None and len(outputs) == len(listed):
                for column, output in zip(listed, outputs, strict=True):
                    if output in table.columns:
                        self._origins[target, column] = self._origins.get((source, output), (source, output))

    def _move(self, moment: OperationTrace, old: Key | None, named: str | None, schema: str | None) -> None:
        if old is None:
            return
        new = old._replace(
            name=old.name if named is None else _folded(moment.before, named),
            schema=old.schema if schema is None else schema,
        )
        self._paths.append(Renamed(old, new))
        for key, here in ((old, moment.before), (new, moment.after)):
            if (table := here.table(key)) is not None:
                self._shapes[key] = table
        self._away.add(old)
        if moment.after.find(new) is None or moment.after.find(old) is not None:
            return
        if old in self._made:
            self._made.remove(old)
            self._made.add(new)
        self._relations[new] = self._relations.pop(old, old)
        self._columns = {(new if key == old else key, column): was for (key, column), was in self._columns.items()}
        self._origins = {(new if key == old else key, column): was for (key, column), was in self._origins.items()}


def _folded(schema: Schema, text: str) -> str:
    return text.lower() if schema.dialect is Dialect.SQLITE else text


def _key(schema: Schema, relation: Name) -> Key | None:
    own = _folded(schema, relation.name)
    for place in (relation.schema,) if relation.schema is not None else schema.path:
        key = Key("relation", place, own)
        if schema.find(key) is not None:
            return key
    return None


def rename_back(schema: Schema, renamed: Renamed, old_name: str) -> list[str]:
    """Return the statements that give a relation of a schema its old schema and name back."""
    word = relation_word(schema.find(renamed.new))
    texts = []
    here = Name(renamed.new.schema, _written(schema, renamed.new))
    if renamed.old.schema != renamed.new.schema:
        texts.append(f"ALTER {word} {name(here)} SET SCHEMA {identifier(renamed.old.schema)};")
        here = here._replace(schema=renamed.old.schema)
    if renamed.old.name != renamed.new.name:
        texts.append(f"ALTER {word} {name(here)} RENAME TO {identifier(old_name)};")
    return texts


def rename_column_back(schema: Schema, renamed: RenamedColumn, old_name: str, new_name: str) -> str:
    """Return the statement that gives a column of a schema its old name back."""
    word = relation_word(schema.find(renamed.relation))
    own = Name(renamed.relation.schema, _written(schema, renamed.relation))
    return f"ALTER {word} {name(own)} RENAME COLUMN {identifier(new_name)} TO {identifier(old_name)};"


def _written(schema: Schema, key: Key) -> str:
    own = getattr(schema.find(key), "name", None)
    return own.name if isinstance(own, Name) else key.name
