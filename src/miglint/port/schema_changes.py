"""The objects that differ between two schemas, in the order in which they are dropped and created."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.model import Dialect
from miglint.base.structs import replace
from miglint.schema.depends import relation_key
from miglint.schema.objects import Domain, Enum, Index, Key, Table, Trigger, View
from miglint.schema.value import Schema
from miglint.sql.operations import Name, Operation, Rename, RenameConstraint


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


def tables_with_changed_types(keys: list[Key], before: Schema, after: Schema) -> set[Key]:
    """Return the tables with a column of an enum or domain that is another one, but which are the same otherwise."""
    found = set()
    waiting = [key for key in keys if key.space == "type"]
    seen = set(waiting)
    while waiting:
        key = waiting.pop()
        was, now = before.find(key), after.find(key)
        if not isinstance(was, (Enum, Domain)) or not isinstance(now, (Enum, Domain)):
            continue
        found |= {user for user, _ in after.users(key, Table) if user not in keys}
        for user, _ in after.users(key, Domain):
            if user not in seen:
                seen.add(user)
                waiting.append(user)
    return found


def namesake(key: Key, before: Schema, after: Schema, here: Schema) -> Key | None:
    """Return the relation of another schema that the one of this name in SQLite's schema stands for; or None."""
    if key.space != "relation":
        return None
    others = {
        other
        for schema in (before, after)
        for other, _ in schema.named(key.name)
        if other.space == "relation" and other.schema != key.schema and before.find(other) is not None
    }
    if not others:
        return None
    own = before.find(key)
    if own is None:
        return min(others)
    # Which of them it is shows in the columns.
    table = here.table(relation_key(Name(None, key.name), Dialect.SQLITE))
    found = max(sorted([key, *others]), key=lambda one: _shared(before.table(one), table))
    return None if found == key else found


def _shared(table: Table | None, here: Table | None) -> int:
    if table is None or here is None:
        return 0
    return len({name.lower() for name in table.columns} & here.columns.keys()) - len(table.columns)


def renamed_index(operation: Operation, after: Schema, here: Schema) -> tuple[str, Index] | None:
    """Return the name of SQLite's index that stands for a renamed unique constraint, and the index it is from now on.

    None if an operation renames something else, or there is no such index.
    """
    if isinstance(operation, Rename) and operation.kind == "index":
        old, new = operation.name.name, operation.new
    elif isinstance(operation, RenameConstraint) and operation.kind == "table":
        old, new = operation.constraint, operation.new
    else:
        return None
    index = here.find(relation_key(Name(None, old), Dialect.SQLITE))
    found = next((value for key, value in after.named(new) if isinstance(value, Index)), None)
    if not isinstance(index, Index) or index.constraint is not None or found is None or found.constraint is None:
        return None
    return old, replace(found, constraint=None)


def is_strict(schema: Schema) -> bool:
    """Return whether most tables of a project are STRICT."""
    found = [value.strict for _, value in schema.items() if isinstance(value, Table) and not value.assumed]
    return sum(found) * 2 > len(found)
