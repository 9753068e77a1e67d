"""Where a run takes the rows of tables: through other tables, and through columns of other names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from miglint.base.structs import Struct
from miglint.schema.lookup import folded, found_key
from miglint.schema.objects import Key, Table
from miglint.schema.outcome import OperationTrace
from miglint.schema.value import Schema
from miglint.sql.operations import CreateTable, Drop, Insert, Query, Rename, RenameColumn
from miglint.writer.select_list import plain_outputs


class Detour(Struct, frozen=True):
    """A table that a run creates and drops again, or gives another name to, on behalf of `table`.

    A run that stops halfway may leave the rows of `table` in it. `shape` is what the detour was when it was made.
    """

    table: Key
    detour: Key
    shape: Table


class CopiedColumn(NamedTuple):
    """A column of a table that was created again: it has the values that another one had in the former table."""

    relation: Key
    old: str
    new: str


class RowPaths:
    """The tables and columns that the rows of tables pass on their way through a run."""

    def __init__(self, moments: Iterable[OperationTrace]) -> None:
        self._shapes: dict[Key, Table] = {}
        self._paths: list[tuple[Key, Key]] = []
        self._away: set[Key] = set()
        self._made: set[Key] = set()
        # Where the values of a column come from that was filled from another one.
        self._origins: dict[tuple[Key, str], tuple[Key, str]] = {}
        # The columns that a copy computed, with the table that it read.
        self._computed: dict[tuple[Key, str], Key] = {}
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

    def copied_columns(self) -> Iterator[CopiedColumn]:
        """Yield the columns of tables that were created again with their rows whose values had another name before."""
        if self._start is None or self._end is None:
            return
        for (relation, new), (source, old) in self._origins.items():
            before, after = self._start.table(source), self._end.table(relation)
            if relation != source or before is None or after is None or relation not in self._made:
                continue
            gone, come = old in before.columns and old not in after.columns, new not in before.columns
            if gone and come and new in after.columns:
                yield CopiedColumn(relation, old, new)

    def computed_columns(self) -> Iterator[tuple[Key, str]]:
        """Yield the columns of tables that were created again to which the copy of the rows gave other values."""
        for (relation, column), source in self._computed.items():
            before = None if self._start is None else self._start.table(relation)
            there = relation == source and relation in self._made
            if there and before is not None and column in before.columns and not before.columns[column].generated:
                yield relation, column

    def _follow(self, moment: OperationTrace) -> None:
        operation, before = moment.operation, moment.before
        match operation:
            case CreateTable():
                made = found_key(moment.after, operation.name)
                if made is not None and before.find(made) is None:
                    self._made.add(made)
                    self._copied(moment, made, operation.query, ())
            case Insert(query=Query() as query):
                self._copied(moment, found_key(before, operation.table), query, operation.columns)
            case Rename(kind="table"):
                self._move(moment, found_key(before, operation.name), operation.new)
            case RenameColumn():
                key = found_key(before, operation.table)
                if key is not None:
                    old, new = folded(before, operation.column), folded(before, operation.new)
                    self._origins[key, new] = self._origins.pop((key, old), (key, old))
            case Drop(kind="table"):
                key = found_key(before, operation.name)
                if key is not None:
                    self._away.add(key)
                    self._made.discard(key)
                    self._origins = {item: was for item, was in self._origins.items() if item[0] != key}
                    self._computed = {item: was for item, was in self._computed.items() if item[0] != key}

    def _copied(
        self, moment: OperationTrace, target: Key | None, query: Query | None, columns: tuple[str, ...]
    ) -> None:
        """Record a table that gets its rows from one other: for a while it may be the only one that has them."""
        if target not in self._made or query is None or len(query.relations) != 1:
            return
        source, copy = found_key(moment.before, query.relations[0]), moment.after.table(target)
        table = None if source is None else moment.before.table(source)
        if source is None or table is None or copy is None:
            return
        self._paths.append((source, target))
        self._shapes[target] = copy
        listed = [folded(moment.before, name) for name in columns] or list(copy.columns)
        outputs = [folded(moment.before, name or "") for name in query.outputs]
        pairs = tuple(zip(listed, outputs, strict=True)) if len(outputs) == len(listed) else ()
        plain = plain_outputs(query.text) if pairs else None
        for place, (column, output) in enumerate(pairs):
            if plain is not None and len(plain) == len(pairs) and not plain[place]:
                self._computed[target, column] = source
            elif output in table.columns:
                self._origins[target, column] = self._origins.get((source, output), (source, output))

    def _move(self, moment: OperationTrace, old: Key | None, named: str) -> None:
        if old is None:
            return
        new = old._replace(name=folded(moment.before, named))
        self._paths.append((old, new))
        for key, here in ((old, moment.before), (new, moment.after)):
            if (table := here.table(key)) is not None:
                self._shapes[key] = table
        self._away.add(old)
        if old in self._made:
            self._made.remove(old)
            self._made.add(new)
        self._origins = {(new if key == old else key, column): was for (key, column), was in self._origins.items()}
        self._computed = {(new if key == old else key, column): was for (key, column), was in self._computed.items()}
