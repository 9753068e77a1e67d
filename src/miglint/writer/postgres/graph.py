"""What needs what, down to columns, defaults and constraints: the order of statements follows from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect
from miglint.schema.depends import relation_key
from miglint.schema.needs import AUTO, NORMAL, edges, edges_to
from miglint.schema.objects import (
    Extension,
    Index,
    Key,
    Other,
    Part,
    Routine,
    SchemaObject,
    Sequence,
    Table,
    View,
)
from miglint.schema.parts import referring
from miglint.schema.value import Schema
from miglint.writer.order import mentioned_names


class Item(NamedTuple):
    """An object, or a part of one."""

    key: Key
    part: Part | None = None

    @classmethod
    def column(cls, key: Key, name: str) -> Item:
        """Return the item of a column."""
        return cls(key, Part("column", name))


class User(NamedTuple):
    """What needs an item: `kind` and `reason` are those of an edge of `miglint.schema.needs`."""

    item: Item
    kind: str
    reason: str = ""


def users_of(schema: Schema, item: Item) -> Iterator[User]:
    """Yield what needs an object (any part of it), or a part of one."""
    targets = names_of(schema, item.key) if item.part is None else (item.key,)
    if item.part is None:
        keys = dict.fromkeys(user for target in targets for user in schema.on(target))
    else:
        keys = dict.fromkeys(schema.needing(item.key, item.part))
        keys[item.key] = None
    for key in keys:
        value = schema.find(key)
        if value is None:
            continue
        for edge in edges_to(targets, item.part, key, value, Dialect.POSTGRES):
            yield User(Item(key, edge.part), edge.kind, edge.reason)
    yield from (User(user, NORMAL) for user in _resting_on(schema, item))
    if item.key.space in ("other server", "other foreign data wrapper"):
        for user, value in schema.items():
            if isinstance(value, (Table, Other)) and item in set(_of_text(schema, value)):
                yield User(Item(user), NORMAL)


def names_of(schema: Schema, key: Key) -> tuple[Key, ...]:
    """Return the keys under which others need an object: a table is a type too, a function is called by its name."""
    value = schema.find(key)
    if isinstance(value, (Table, View)):
        return (key, Key("type", key.schema, key.name))
    if isinstance(value, Routine):
        own = Key("routine name", value.name.schema or "public", value.name.name)
        return (key, own, own._replace(space="routine part"))
    return (key,)


def _unique_columns(schema: Schema, item: Item) -> tuple[Key, str, tuple[str, ...]] | None:
    """Return the table, name and columns of a unique constraint or index; None if the item is neither."""
    value = schema.find(item.key)
    if item.part is None:
        if not isinstance(value, Index) or not value.unique or value.table is None:
            return None
        columns = tuple(element.column or "" for element in value.elements)
        return relation_key(value.table, Dialect.POSTGRES), item.key.name, columns
    constraint = value.constraints.get(item.part.name) if isinstance(value, Table) else None
    if item.part.kind != "constraint" or constraint is None or constraint.kind not in ("primary", "unique"):
        return None
    return item.key, item.part.name, constraint.columns


def _resting_on(schema: Schema, item: Item) -> Iterator[Item]:
    """Yield the foreign keys that need a unique constraint or index."""
    unique = _unique_columns(schema, item)
    if unique is None:
        return
    table_key, name, columns = unique
    table = schema.table(table_key)
    if table is None or not columns:
        return
    for place, view in schema.users(table_key, View):
        # Columns that are not grouped by depend on the primary key that is.
        if item.part is not None and view.query is not None and "group by" in view.query.key.lower():
            yield Item(place)
    primary = next((each.columns for each in table.constraints.values() if each.kind == "primary"), ())
    for user, other in {**dict(schema.referring(table_key)), table_key: table}.items():
        for label, foreign in referring(other.constraints, None):
            if foreign.table is None or relation_key(foreign.table, Dialect.POSTGRES) != table_key:
                continue
            if foreign.rests_on in (None, name) and set(foreign.referenced or primary) == set(columns):
                yield Item(user, Part("constraint", label))


def _needed_by_edges(schema: Schema, item: Item, value: SchemaObject) -> Iterator[Item]:
    whole = item.part is None and not isinstance(value, Table)
    for edge in edges(item.key, value, Dialect.POSTGRES):
        if edge.part == item.part or whole:
            for target in _resolved(schema, edge.target):
                yield Item(target, edge.needed)


def needs_of(schema: Schema, item: Item) -> Iterator[Item]:
    """Yield what an object needs with all its parts, or one part of it does; of other objects and of its own."""
    key, part = item
    value = schema.find(key)
    if value is None:
        return
    if part is None and key.schema:
        yield Item(Key("schema", "", key.schema))
    if isinstance(value, Sequence):
        return  # Who owns it is said afterwards.
    yield from _needed_by_edges(schema, item, value)
    if part is not None and part.kind == "constraint" and isinstance(value, Table):
        yield from _unique_of(schema, value, part.name)
    if isinstance(value, View):
        yield from _grouping_keys(schema, value)
    if part is None:
        for place, own in mentioned_names(value):
            yield from _mentioned(schema, place, own)
        yield from _of_text(schema, value)


def _grouping_keys(schema: Schema, view: View) -> Iterator[Item]:
    """Yield the primary keys on which columns may depend that a view does not group by."""
    for relation in view.query.relations if view.query is not None and "group by" in view.query.key.lower() else ():
        key = relation_key(relation, Dialect.POSTGRES)
        table = schema.table(key)
        for label, constraint in () if table is None else table.constraints.items():
            if constraint.kind == "primary":
                yield Item(key, Part("constraint", label))


def all_needs_of(schema: Schema, key: Key) -> Iterator[Item]:
    """Yield what an object needs, with all its parts."""
    value = schema.find(key)
    yield from needs_of(schema, Item(key))
    if isinstance(value, Table):
        for edge in edges(key, value, Dialect.POSTGRES):
            if edge.part is not None:
                for target in _resolved(schema, edge.target):
                    yield Item(target, edge.needed)


_WORD = pattern(r"(?<![\w$])[a-z_]\w*", re.IGNORECASE)
_SERVER = pattern(r"\bSERVER\s+(\"[^\"]+\"|\w+)", re.IGNORECASE)
_WRAPPER = pattern(r"\bFOREIGN\s+DATA\s+WRAPPER\s+(\"[^\"]+\"|\w+)", re.IGNORECASE)


def _of_text(schema: Schema, value: SchemaObject) -> Iterator[Item]:
    """Yield what is named in a text that the engine reads when the object is made."""
    if isinstance(value, Routine) and value.body and value.language == "sql":
        for word in sorted({found.lower() for found in _WORD.findall(value.body)}):
            for key, other in schema.named(word):
                if other is not value and isinstance(other, (Routine, Table, View)):
                    yield Item(key)
    elif isinstance(value, Table) and value.kind == "foreign table":
        yield from _named(_SERVER, value.source, "server")
    elif isinstance(value, Other) and value.kind == "user mapping" and value.sources:
        yield from _named(_SERVER, value.sources[0], "server")
    elif isinstance(value, Other) and value.kind == "server" and value.sources:
        yield from _named(_WRAPPER, value.sources[0], "foreign data wrapper")
    elif isinstance(value, Extension) and value.schema:
        yield Item(Key("schema", "", value.schema))


def _named(words: re.Pattern[str], text: str, kind: str) -> Iterator[Item]:
    found = words.search(text)
    if found is not None:
        yield Item(Key(f"other {kind}", "", found[1].strip('"')))


def _resolved(schema: Schema, target: Key) -> Iterator[Key]:
    if target.space.startswith("routine "):
        yield from schema.overloads(target.schema, target.name)
    elif target.space == "type" and schema.find(target) is None:
        yield Key("relation", target.schema, target.name)
    else:
        yield target


def _unique_of(schema: Schema, table: Table, name: str) -> Iterator[Item]:
    """Yield the unique constraint or index that a foreign key rests on."""
    foreign = table.constraints.get(name)
    if foreign is None or foreign.kind != "foreign" or foreign.table is None:
        return
    key = relation_key(foreign.table, Dialect.POSTGRES)
    target = schema.table(key)
    if target is None:
        return
    for label, other in target.constraints.items():
        fits = set(other.columns) == set(foreign.referenced) if foreign.referenced else other.kind == "primary"
        if other.kind in ("primary", "unique") and fits:
            yield Item(key, Part("constraint", label))
    for place, index in schema.users(key, Index):
        if index.unique and {element.column for element in index.elements} == set(foreign.referenced):
            yield Item(place)


def _mentioned(schema: Schema, place: str, own: str) -> Iterator[Item]:
    for key in (Key("relation", place, own), Key("type", place, own), *schema.overloads(place, own)):
        if schema.find(key) is not None:
            yield Item(key)


def automatic_needs(key: Key, value: SchemaObject) -> Iterator[Item]:
    """Yield what an object goes with when it is dropped."""
    for edge in edges(key, value, Dialect.POSTGRES):
        if edge.part is None and edge.kind == AUTO:
            yield Item(edge.target, edge.needed)
