"""What a run makes and takes away again: objects and columns that are neither before nor after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from miglint.schema.journal import differing
from miglint.schema.lookup import found_key
from miglint.schema.objects import Key, Table
from miglint.schema.outcome import OperationTrace
from miglint.schema.value import Schema
from miglint.sql.operations import (
    AddColumn,
    CreateRoutine,
    CreateSequence,
    CreateTable,
    CreateType,
    CreateView,
    Name,
    RenameColumn,
)

_MAKING = (CreateTable, CreateView, CreateSequence, CreateType, CreateRoutine)


class PassingColumn(NamedTuple):
    """A name that a column has for a while in a run.

    A run that adds it calls it `became` at its end, or drops it (None); one that was there before is not `added`, and
    `became` is how it was called then.
    """

    table: Key
    name: str
    became: str | None
    added: bool = True


class PassingObjects:
    """The objects and columns that are there for a while in a run."""

    def __init__(self, moments: Iterable[OperationTrace]) -> None:
        self._columns: dict[tuple[Key, str], str | None] = {}
        self._renamed: dict[tuple[Key, str], str] = {}
        self._objects: dict[Key, Schema] = {}
        self._start: Schema | None = None
        self._end: Schema | None = None
        for moment in moments:
            self._start = moment.before if self._start is None else self._start
            self._end = moment.after
            if not moment.failed:
                self._follow(moment)

    def columns(self) -> Iterator[PassingColumn]:
        """Yield the columns of tables that are there before the run and after it."""
        for (key, label), became in self._columns.items():
            before, after = self._table(self._start, key), self._table(self._end, key)
            if before is None or after is None or before.assumed or label in before.columns or label in after.columns:
                continue
            known = became is not None and became in before.columns and became in after.columns
            yield PassingColumn(key, label, became if known else None)

        for (key, label), was in self._renamed.items():
            before, after = self._table(self._start, key), self._table(self._end, key)
            if before is not None and after is not None and was in before.columns and label not in after.columns:
                yield PassingColumn(key, label, was, added=False)

    def objects(self) -> Iterator[tuple[Key, Schema]]:
        """Yield the objects, the last one first, each with the schema after it was made."""
        for key, schema in reversed(self._objects.items()):
            if self._start is not None and self._end is not None and not (self._start.find(key) or self._end.find(key)):
                yield key, schema

    @staticmethod
    def _table(schema: Schema | None, key: Key) -> Table | None:
        return None if schema is None else schema.table(key)

    def _follow(self, moment: OperationTrace) -> None:
        operation, before, after = moment.operation, moment.before, moment.after
        match operation:
            case AddColumn():
                key = found_key(before, operation.table)
                if key is not None:
                    self._columns[key, operation.column.name] = None
            case RenameColumn(kind=kind) if kind != "type":
                key = found_key(before, operation.table)
                if key is not None and (key, operation.column) in self._columns:
                    self._columns[key, operation.column] = operation.new
                elif key is not None:
                    was = self._renamed.get((key, operation.column), operation.column)
                    self._renamed[key, operation.new] = was
            case _ if isinstance(operation, _MAKING):
                for key in _made(operation.name, before, after):
                    self._objects[key] = after


def _made(made: Name, before: Schema, after: Schema) -> Iterator[Key]:
    # What one operation has set is less to go through than what has its name.
    for key in sorted(differing(before, after)):
        own = key.space in ("relation", "type", "routine") and made.schema in (None, key.schema)
        new = own and key.name.partition("(")[0].lower() == made.name.lower() and before.find(key) is None
        if new and getattr(after.find(key), "name", None) is not None:
            yield key
