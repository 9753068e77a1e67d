"""Where a run takes the values of columns: which it drops, copies to others, converts and writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from miglint.base.lazy_regex import pattern
from miglint.schema.lookup import folded, found_key
from miglint.schema.objects import Key
from miglint.schema.outcome import OperationTrace
from miglint.schema.value import Schema
from miglint.sql.operations import (
    AddColumn,
    AlterColumnType,
    DropColumn,
    Expression,
    Insert,
    Operation,
    Query,
    Rename,
    RenameColumn,
    Update,
)

# A column, perhaps cast; and a condition that selects the rows that have, or miss, a value.
_COPY = pattern(
    r"""(?:\w+\.)?(?:\w+|"[^"]+")(?:::[\w. \[\]]+(?:\([\d, ]+\))?)*|CAST \( [\w. "]+ AS [\w ]+ \)"""
)  # fmt: skip
_CONDITION = pattern(r"(?i)\(?[\w. ]+ is (?:not )?null\)?\Z")


class ColumnPaths:
    """What a run does to the values of columns; tables have the names that they have at its end."""

    def __init__(self, moments: Iterable[OperationTrace]) -> None:
        self._dropped: set[tuple[Key, str]] = set()
        # The column of before whose values a column has, if it is another one or was added; None for none.
        self._holds: dict[tuple[Key, str], str | None] = {}
        self._using: dict[tuple[Key, str], Expression] = {}
        self._written: set[Key] = set()
        for moment in moments:
            if not moment.failed:
                self._follow(moment.operation, moment.before)

    def dropped(self) -> frozenset[tuple[Key, str]]:
        """Return the columns that were dropped at some time, whatever was added under their name later."""
        return frozenset(self._dropped)

    def emptied(self) -> frozenset[tuple[Key, str]]:
        """Return the columns that were dropped, and under whose name there is at most one without their values."""
        return frozenset((key, name) for key, name in self._dropped if self._holds.get((key, name)) != name)

    def using(self) -> Mapping[tuple[Key, str], Expression]:
        """Return the expressions that made values of another type, by the names that columns had then."""
        return self._using

    def written(self) -> frozenset[Key]:
        """Return the tables in which the run changed rows, or inserted some that are not known."""
        return frozenset(self._written)

    def _follow(self, operation: Operation, before: Schema) -> None:
        if isinstance(operation, Rename):
            if operation.kind == "table":
                self._move(found_key(before, operation.name), operation.new, before)
            return
        if not isinstance(operation, (AddColumn, AlterColumnType, DropColumn, Insert, RenameColumn, Update)):
            return
        key = found_key(before, operation.table)
        if key is None:
            return
        match operation:
            case DropColumn():
                self._dropped.add((key, folded(before, operation.column)))
                self._holds[key, folded(before, operation.column)] = None
            case AddColumn():
                self._holds[key, folded(before, operation.column.name)] = None
            case AlterColumnType(using=Expression() as using):
                self._using.setdefault((key, folded(before, operation.column)), using)
            case RenameColumn():
                old, new = folded(before, operation.column), folded(before, operation.new)
                self._holds[key, new] = self._holds.get((key, old), old)
                self._holds[key, old] = None
            case Insert(query=Query()):
                self._written.add(key)
            case Update():
                self._written.add(key)
                self._fill(key, operation, before)

    def _move(self, old: Key | None, named: str, before: Schema) -> None:
        if old is None:
            return
        new = old._replace(name=folded(before, named))
        self._dropped = {(new if key == old else key, column) for key, column in self._dropped}
        self._holds = {(new if key == old else key, column): was for (key, column), was in self._holds.items()}
        self._using = {(new if key == old else key, column): text for (key, column), text in self._using.items()}
        self._written = {new if key == old else key for key in self._written}

    def _fill(self, key: Key, operation: Update, before: Schema) -> None:
        """Take note of columns that get the values of another one, at most in another type."""
        if operation.where is not None and _CONDITION.match(operation.where.key) is None:
            return
        for column, value in operation.assignments:
            if value is None or len(value.columns) != 1 or operation.joined:
                continue
            source = folded(before, value.columns[0])
            if _COPY.fullmatch(value.key):
                self._holds[key, folded(before, column)] = self._holds.get((key, source), source)
