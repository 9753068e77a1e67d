"""A schema made of many objects at once, as `put` and `drop` make it one by one: what a cache restores.

Each change of a persistent map copies a part of it; here, maps are made from dictionaries that are complete.
"""

from __future__ import annotations

from collections.abc import Mapping

from rpds import HashTrieMap, HashTrieSet

from miglint.base.structs import replace
from miglint.schema.counted_parts import is_counted
from miglint.schema.depends import dependencies
from miglint.schema.edges import Few, Users, all_labels, all_users
from miglint.schema.objects import Absent, Key, SchemaObject
from miglint.schema.value import Schema


def restored(schema: Schema, values: Mapping[Key, SchemaObject | Absent]) -> Schema:
    """Return a schema in which each of these keys is what is given.

    Its journal begins anew, as that of a new schema does.
    """
    if len(schema.objects) or schema.closed:
        return _one_by_one(schema, values)
    counted = {key: value for key, value in values.items() if is_counted(value)}
    objects = {key: value for key, value in values.items() if key not in counted} if counted else dict(values)
    users: dict[Key, list[Key]] = {}
    for key, value in objects.items():
        if not isinstance(value, Absent):
            for other in dependencies(value, schema.dialect):
                users.setdefault(other, []).append(key)
    dependents: dict[Key, Few | Users] = {other: all_users(keys, objects.get) for other, keys in users.items()}
    labels: dict[str, Key | HashTrieSet[Key]] = {
        label: keys[0] if len(keys) == 1 else HashTrieSet(keys) for label, keys in all_labels(objects).items()
    }
    made = replace(
        schema,
        objects=HashTrieMap(objects),
        dependents=HashTrieMap(dependents),
        labels=HashTrieMap(labels),
        unlabelled=None,
        journal=None,
    )
    return _one_by_one(made, counted)


def _one_by_one(schema: Schema, values: Mapping[Key, SchemaObject | Absent]) -> Schema:
    for key, value in values.items():
        schema = schema.drop(key) if isinstance(value, Absent) else schema.put(key, value)
    return schema
