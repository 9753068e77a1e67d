"""An order in which the objects of a schema can be created: each after those that it needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush

from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect
from miglint.schema.needs import AUTO, edges
from miglint.schema.objects import (
    Comment,
    Composite,
    Domain,
    Enum,
    Extension,
    Index,
    Key,
    Namespace,
    Other,
    OtherType,
    Part,
    Policy,
    Privileges,
    RewriteRule,
    Routine,
    Rows,
    SchemaObject,
    Sequence,
    Table,
    Trigger,
    View,
)
from miglint.schema.value import Schema
from miglint.sql.operations import Expression, Query

# Among those whose needs are met, the kinds come in this order.
_RANKS: dict[type, int] = {
    kind: place
    for place, kind in enumerate(
        (
            Namespace,
            Extension,
            Enum,
            OtherType,
            Domain,
            Composite,
            Sequence,
            Table,
            Routine,
            View,
            Index,
            Other,
            RewriteRule,
            Trigger,
            Policy,
            Rows,
            Comment,
            Privileges,
        )
    )
}


def _objects(schema: Schema, keys: Iterable[Key] | None) -> dict[Key, SchemaObject]:
    if keys is None:
        return dict(schema.items())
    return {key: value for key in keys if (value := schema.find(key)) is not None}


def ordered(schema: Schema, keys: Iterable[Key] | None = None) -> list[tuple[Key, SchemaObject]]:
    """Return the objects of a schema (those of `keys`), each after those that it needs when it is created."""
    objects = _objects(schema, keys)
    waiting: dict[Key, set[Key]] = {}
    users: dict[Key, list[Key]] = {}
    names = _by_name(objects)
    for key, value in objects.items():
        needed = {item for item in needs(schema, key, value, names) if item in objects and item != key}
        waiting[key] = needed
        for item in needed:
            users.setdefault(item, []).append(key)
    ready = [(_RANKS[type(objects[key])], key) for key, needed in waiting.items() if not needed]
    heapify(ready)
    found: list[tuple[Key, SchemaObject]] = []
    done: set[Key] = set()
    while len(found) < len(objects):
        if not ready:
            # A circle: what is least likely to need something comes first.
            _, key = min((_RANKS[type(objects[item])], item) for item in objects.keys() - done)
            heappush(ready, (0, key))
        _, key = heappop(ready)
        if key in done:
            continue
        done.add(key)
        found.append((key, objects[key]))
        for user in users.get(key, ()):
            waiting[user].discard(key)
            if not waiting[user] and user not in done:
                heappush(ready, (_RANKS[type(objects[user])], user))
    return found


def _by_name(objects: dict[Key, SchemaObject]) -> dict[Key, list[Key]]:
    """Return the routines by the keys under which expressions name them."""
    found: dict[Key, list[Key]] = {}
    for key, value in objects.items():
        if isinstance(value, Routine):
            found.setdefault(Key("routine", key.schema, value.name.name), []).append(key)
    return found


def needs(schema: Schema, key: Key, value: SchemaObject, names: dict[Key, list[Key]]) -> Iterator[Key]:
    """Yield the keys of what an object needs when it is created."""
    if key.schema:
        yield Key("schema", "", key.schema)
    if isinstance(value, Sequence):
        return  # Who owns it is said afterwards.
    postgres = schema.dialect is Dialect.POSTGRES
    for edge in edges(key, value, schema.dialect):
        part = edge.part
        if postgres and edge.kind != AUTO and isinstance(value, Table) and _is_foreign(value, part):
            continue
        target = edge.target
        if target.space.startswith("routine"):
            yield from names.get(Key("routine", target.schema, target.name), ())
            yield target
        elif target.space == "type":
            yield target
            yield Key("relation", target.schema, target.name)
        else:
            yield target
    if postgres:
        for schema_name, own in mentioned_names(value):
            yield Key("relation", schema_name, own)
            yield Key("type", schema_name, own)
            yield from names.get(Key("routine", schema_name, own), ())
    if isinstance(value, Trigger) and not postgres:
        yield from (Key("relation", "main", item.name.lower()) for item in value.relations)


_QUALIFIED = pattern(r'("[^"]++"|(?<![\w$])[a-z_][\w$]*+)\.("[^"]++"|[a-z_][\w$]*+)')


def mentioned_names(value: SchemaObject) -> Iterator[tuple[str, str]]:
    """Yield the qualified names in texts of the catalog, which come without what they mention."""
    for text in _catalog_texts(value):
        for one, two in _QUALIFIED.findall(text):
            yield one.strip('"'), two.strip('"')


def _catalog_texts(value: SchemaObject) -> list[str]:
    match value:
        case Table():
            columns = (column.default for column in value.columns.values())
            return _unread((*columns, *(item.expression for item in value.constraints.values())))
        case View(query=Query() as query) if query.key == query.text:
            return [query.text]
        case Index():
            return _unread((*(element.expression for element in value.elements), value.where))
        case Policy():
            return [text for text in (value.using, value.check) if text]
        case Routine() if value.definition == value.source and "BEGIN ATOMIC" in value.source:
            return [value.source]
        case Routine(kind="aggregate"):
            return [value.definition]
        case _:
            return []


def _unread(expressions: Iterable[Expression | None]) -> list[str]:
    """Return the texts of expressions that come from the catalog: their key is their text."""
    return [item.text for item in expressions if item is not None and item.key == item.text]


def _is_foreign(table: Table, part: Part | None) -> bool:
    if part is None or part.kind != "constraint":
        return False
    constraint = table.constraints.get(part.name)
    return constraint is not None and constraint.kind == "foreign"
