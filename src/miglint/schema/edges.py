"""Large sets of edges between objects: the dependents of one object, and the dependencies of one object."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain
from typing import TypeAlias

from rpds import HashTrieMap, HashTrieSet

from miglint.base.model import Dialect
from miglint.base.structs import Struct
from miglint.schema.bounds import Bounds
from miglint.schema.needs import ALL_COLUMNS, edges
from miglint.schema.objects import Absent, Index, Key, Part, SchemaObject, Sequence, Table
from miglint.schema.persistent import entries, members
from miglint.schema.recorded_map import peek
from miglint.schema.set_aside import is_set_aside

Find = Callable[[Key], SchemaObject | Absent | None]

Few: TypeAlias = tuple[Key, ...]
"""The users of an object where they are few, in no particular order: most objects have one, and a tuple is small."""

# Up to so many a tuple is quicker to copy than a tree is to change.
_FEW = 32
_NOBODY: Few = ()
# Nearly all objects are in these schemas, so that an index by schema would not help.
USUAL_SCHEMAS = frozenset({"public", "main", "pg_temp", "temp", ""})
# No name and no schema: what is found by it are casts, and what holds data set aside.
CASTS = "as casts"
SET_ASIDE = "as set aside"
_NO_KEYS: HashTrieSet[Key] = HashTrieSet()
_NO_BOUNDS = Bounds()


class Users(Struct, frozen=True, gc=False, eq=False):
    """Many keys that depend on one object: their number, what they are found by, and the bounds of partitions.

    Each key has one tag that is the name of its type, and may have others.
    """

    count: int
    tagged: HashTrieMap[str, HashTrieSet[Key]]
    bounds: Bounds = _NO_BOUNDS

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Key]:
        # Names of types are the tags with a capital letter.
        return chain.from_iterable(members(keys) for tag, keys in entries(self.tagged) if tag[0].isupper())

    def of(self, tag: str) -> HashTrieSet[Key]:
        """Return those that are found by a tag, as `tags` gives it: the name of a type or another."""
        return self.tagged.get(tag, _NO_KEYS)


def tags(value: SchemaObject | Absent | None) -> tuple[str, ...]:
    """Return what a user is found by among many: its type, and the parts that it needs.

    An index and a sequence are found by columns on their own, a table by how it belongs to another one.
    """
    kind = type(value).__name__
    if isinstance(value, Index):
        found = (kind, *map(index_tag, indexed(value)))
        return found if value.constraint is None else (*found, part_tag(Part("constraint", value.constraint)))
    if isinstance(value, Sequence):
        return (kind,) if value.owned_by is None else (kind, sequence_tag(value.owned_by[1]))
    if isinstance(value, Table):
        found = (kind, HEIR) if value.inherits or value.partition_of is not None else (kind,)
        return (*found, DEFAULT_PARTITION) if is_default_partition(value) else found
    return (kind,) if value is None or isinstance(value, Absent) else _part_tags(value, kind)


def _part_tags(value: SchemaObject, kind: str) -> tuple[str, ...]:
    known = _KNOWN_TAGS.get(id(value))
    if known is not None and known[0] is value:
        return known[1]
    needed = {edge.needed for edge in edges(_NO_KEY, value, Dialect.POSTGRES) if edge.needed is not None}
    found = (kind, *map(part_tag, needed))
    if len(_KNOWN_TAGS) >= _MOST_KNOWN:
        _KNOWN_TAGS.clear()
    _KNOWN_TAGS[id(value)] = value, found
    return found


# By identity, as in `needs`.
_KNOWN_TAGS: dict[int, tuple[SchemaObject, tuple[str, ...]]] = {}
_MOST_KNOWN = 2_000


DEFAULT_PARTITION = "default partition"
HEIR = "heir"
_NO_KEY = Key("", "", "")


def part_tag(part: Part) -> str:
    """Return what the users are found by that need a part of an object."""
    return f"{part.kind} {part.name.lower()}"


def index_tag(column: str) -> str:
    """Return what the indexes are found by that are about a column."""
    return f"index of {column.lower()}"


def sequence_tag(column: str) -> str:
    """Return what the sequences are found by that a column owns."""
    return f"sequence of {column.lower()}"


def users_of(found: Users, part: Part) -> set[Key]:
    """Return at least those of many users, other than tables, that need a part of the object."""
    keys = {*found.of(part_tag(part)), *found.of(index_tag(part.name)), *found.of(sequence_tag(part.name))}
    return keys.union(found.of(part_tag(ALL_COLUMNS))) if part.kind == "column" else keys


def is_default_partition(table: Table) -> bool:
    """Return whether a table takes the rows of its parent that no other partition takes."""
    return table.partition_of is not None and (table.partition_bound or "").strip().lower() == "default"


def bound_of(value: SchemaObject | Absent | None) -> str | None:
    """Return the bound of a partition, None of what is none."""
    return value.partition_bound if isinstance(value, Table) and value.partition_of is not None else None


def indexed(index: Index) -> set[str]:
    """Return the columns that an index is about, in small letters; an empty name where all its keys are expressions."""
    names = set(index.include)
    if index.where is not None:
        names.update(index.where.columns)
    for element in index.elements:
        if element.column is not None:
            names.add(element.column)
        if element.expression is not None:
            names.update(element.expression.columns)
    if all(element.column is None for element in index.elements):
        names.add("")
    return {name.lower() for name in names}


def with_user(found: Few | Users, key: Key, value: SchemaObject | Absent | None, find: Find) -> Few | Users:
    """Return the users of an object with one more, whose value is given; `find` gives those of the others."""
    if isinstance(found, tuple):
        if len(found) < _FEW:
            return found if key in found else (*found, key)
        grown = Users(0, HashTrieMap())
        for other in found:
            grown = _added(grown, other, find(other))
        return _added(grown, key, value)

    return _added(found, key, value)


def all_users(keys: Collection[Key], find: Find) -> Few | Users:
    """Return the users of an object when all are known, each once."""
    if len(keys) <= _FEW:
        return tuple(keys)
    tagged: dict[str, list[Key]] = {}
    bounds = _NO_BOUNDS
    for key in keys:
        value = find(key)
        for tag in dict.fromkeys(tags(value)):
            tagged.setdefault(tag, []).append(key)
        bound = bound_of(value)
        bounds = bounds if bound is None else bounds.adding(key, bound)
    return Users(len(keys), HashTrieMap({tag: HashTrieSet(listed) for tag, listed in tagged.items()}), bounds)


def _added(users: Users, key: Key, value: SchemaObject | Absent | None) -> Users:
    tagged = users.tagged
    kind, *others = tags(value)
    same = tagged.get(kind, _NO_KEYS)
    count = users.count if key in same else users.count + 1
    tagged = tagged.insert(kind, same.insert(key))
    for tag in others:
        tagged = tagged.insert(tag, tagged.get(tag, _NO_KEYS).insert(key))
    bound = bound_of(value)
    bounds = users.bounds if bound is None else users.bounds.adding(key, bound)
    return Users(count, tagged, bounds)


def without_user(found: Few | Users, key: Key, value: SchemaObject | Absent | None) -> Few | Users:
    """Return the users of an object without one, whose value was as given."""
    if isinstance(found, tuple):
        if key not in found:
            return found
        place = found.index(key)
        return found[:place] + found[place + 1 :]

    tagged = found.tagged
    kind, *_ = own = tags(value)
    count = found.count - 1 if key in tagged.get(kind, _NO_KEYS) else found.count
    for tag in own:
        rest = tagged.get(tag, _NO_KEYS).discard(key)
        tagged = tagged.insert(tag, rest) if len(rest) else tagged.discard(tag)
    bound = bound_of(value)
    bounds = found.bounds if bound is None else found.bounds.without(key, bound)
    return Users(count, tagged, bounds) if count else _NOBODY


Labels: TypeAlias = "HashTrieMap[str, Key | HashTrieSet[Key]]"
NewKeys: TypeAlias = "tuple[Key, NewKeys] | None"


def labelled(labels: Labels, key: Key) -> Labels:
    """Return the labels with those of a new key: its name in small letters, its schema, and whether it is a cast's."""
    for label in labels_of(key):
        labels = _with_label(labels, label, key)
    return labels


def all_labels(keys: Iterable[Key]) -> dict[str, list[Key]]:
    """Return the labels of keys, each of which is there once."""
    found: dict[str, list[Key]] = {}
    for key in keys:
        for label in labels_of(key):
            found.setdefault(label, []).append(key)
    return found


def labels_of(key: Key) -> list[str]:
    """Return what a key is found by where it is not known: its name in small letters, its schema, what it is for."""
    found = [key.name.split("(", 1)[0].lower()]
    if key.schema not in USUAL_SCHEMAS:
        found.append(f"in {key.schema}")
    if is_set_aside(key):
        found.append(SET_ASIDE)
    if key.space == "other cast":
        found.append(CASTS)
    return found


def _with_label(labels: Labels, label: str, key: Key) -> Labels:
    found = peek(labels, label, None)
    if found is None or found == key:
        return labels.insert(label, key)
    return labels.insert(label, (HashTrieSet((found,)) if isinstance(found, Key) else found).insert(key))


def keys_of(labels: Labels, label: str) -> list[Key]:
    """Return the keys with a label, sorted."""
    found = labels.get(label)
    return [] if found is None else [found] if isinstance(found, Key) else sorted(members(found))
