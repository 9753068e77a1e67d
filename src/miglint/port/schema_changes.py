"""The objects that differ between two schemas, in the order in which they are dropped and created."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.structs import replace
from miglint.schema.objects import Enum, Index, Key, Table, Trigger, View
from miglint.schema.value import Schema


def changed_keys(before: Schema, after: Schema) -> list[Key]:
    """Return the keys of the objects that differ, in order."""
    found = {key for key, value in after.items() if before.objects.get(key) is not value}
    found |= {key for key, value in before.items() if after.objects.get(key) is not value}
    return sorted(key for key in found if before.find(key) != after.find(key))


def dropped_first(keys: list[Key], before: Schema, after: Schema) -> Iterator[Key]:
    """Yield what is dropped, or made anew: triggers and indexes, views, then tables."""
    gone = [
        key
        for key in keys
        if after.find(key) is None
        or (
            isinstance(after.find(key), (View, Index, Trigger)) and not is_same_index(before.find(key), after.find(key))
        )
    ]
    ranks: list[type] = [Trigger, View, Index, Table]
    for kind in ranks:
        yield from (key for key in gone if isinstance(before.find(key), kind))


def is_same_index(one: object, other: object) -> bool:
    """Return whether two objects are the same index, valid or not."""
    return (
        isinstance(one, Index) and isinstance(other, Index) and replace(one, valid=True) == replace(other, valid=True)
    )


def creation_rank(key: Key, schema: Schema) -> tuple[int, int, Key]:
    """Return the place of an object among those of one statement: tables, indexes, views, triggers."""
    value = schema.find(key)
    ranks: list[type] = [Table, Index, View, Trigger]
    rank = next((place for place, kind in enumerate(ranks) if isinstance(value, kind)), len(ranks))
    return rank, 0, key


def tables_with_changed_labels(keys: list[Key], before: Schema, after: Schema) -> set[Key]:
    """Return the tables with a column of an enum whose labels are different, but which are the same otherwise."""
    found = set()
    for key in keys:
        if key.space == "type" and isinstance(before.find(key), Enum) and isinstance(after.find(key), Enum):
            found |= {user for user, _ in after.users(key, Table) if user not in keys}
    return found
