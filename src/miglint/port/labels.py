"""Renamed labels of enums, which are texts in the rows of SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from miglint.schema.objects import Key
from miglint.schema.outcome import OperationTrace
from miglint.sql.operations import Column, RenameEnumValue
from miglint.writer.words import identifier, literal


class RenamedLabels(NamedTuple):
    """The labels that a script gives the values of a column; `back` has the old one of each."""

    column: str
    back: dict[str, str]

    def add(self, labels: Mapping[str, str]) -> None:
        """Add what comes after the others."""
        first = {new: self.back.pop(old, old) for old, new in labels.items()}
        self.back.update(first)


def renamed_labels(moments: Iterable[OperationTrace]) -> dict[Key, dict[str, str]]:
    """Return the labels that operations rename, by the type: the old one with the new one."""
    found: dict[Key, dict[str, str]] = {}
    for moment in moments:
        operation = moment.operation
        if not isinstance(operation, RenameEnumValue):
            continue
        key = _type(moment, operation)
        if key is None:
            continue
        labels = found.setdefault(key, {})
        first = next((old for old, new in labels.items() if new == operation.value), operation.value)
        labels[first] = operation.new
    return found


def _type(moment: OperationTrace, operation: RenameEnumValue) -> Key | None:
    places = (operation.name.schema,) if operation.name.schema is not None else moment.before.path
    keys = (Key("type", place, operation.name.name) for place in places)
    return next((key for key in keys if moment.before.find(key) is not None), None)


def labels_of(column: Column, renamed: Mapping[Key, Mapping[str, str]]) -> Mapping[str, str]:
    """Return the renamed labels that the values of a column may be."""
    kind = column.type
    if kind is None or kind.dimensions:
        return {}
    return renamed.get(Key("type", kind.schema or "public", kind.name), {})


def has_array_of(column: Column, renamed: Mapping[Key, Mapping[str, str]]) -> bool:
    """Return whether a column holds arrays in which labels may be renamed."""
    kind = column.type
    return kind is not None and bool(kind.dimensions) and Key("type", kind.schema or "public", kind.name) in renamed


def relabeled(column: str, labels: Mapping[str, str]) -> str:
    """Return the value of a column with labels by their new names."""
    own = identifier(column)
    cases = " ".join(f"WHEN {literal(old)} THEN {literal(new)}" for old, new in labels.items())
    return f"CASE {own} {cases} ELSE {own} END"
