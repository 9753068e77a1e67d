"""The schema: an immutable value that maps keys to objects, and knows who depends on whom.

`Schema` is a persistent map: a changed schema shares all that did not change with the one it came from, so a history
of thousands of moments costs little more than the changes themselves.

It is open-world: a key that is not there says nothing; `ABSENT` says that the object does not exist. In a `closed`
schema (a baseline was given, or a live database was read) what is not there does not exist.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from rpds import HashTrieMap

from miglint.base.model import Dialect
from miglint.base.structs import Struct, field, replace
from miglint.schema.depends import dependencies
from miglint.schema.objects import ABSENT, Absent, Key, SchemaObject, Table

_NOBODY: frozenset[Key] = frozenset()


class Schema(Struct, frozen=True, gc=False, eq=False):
    """All objects at one moment. Build it from `Schema(dialect)` with `put` and `drop`.

    `path` is the search path; `dependents` and `needs` are the edges between objects, both ways. `rooted` says that
    nothing had to be assumed so far: the files seem to make the schema from nothing, so that what they never made is
    not there.
    """

    dialect: Dialect
    closed: bool = False
    path: tuple[str, ...] = ("public",)
    objects: HashTrieMap[Key, SchemaObject | Absent] = field(default_factory=HashTrieMap)
    dependents: HashTrieMap[Key, frozenset[Key]] = field(default_factory=HashTrieMap)
    needs: HashTrieMap[Key, frozenset[Key]] = field(default_factory=HashTrieMap)
    rooted: bool = True

    def get(self, key: Key) -> SchemaObject | Absent | None:
        """Return the object, `ABSENT` when it is known not to exist, or None when nothing is known of it."""
        found = self.objects.get(key)
        return ABSENT if found is None and self.closed else found

    def find(self, key: Key) -> SchemaObject | None:
        """Return the object, or None when it is absent or unknown."""
        found = self.objects.get(key)
        return None if found is ABSENT else found  # type: ignore[return-value]  # the mark is one object

    def table(self, key: Key) -> Table | None:
        """Return the table at `key`, or None when there is none or it is no table."""
        found = self.objects.get(key)
        return found if isinstance(found, Table) else None

    def put(self, key: Key, value: SchemaObject) -> Schema:
        """Return a schema in which `key` is `value`."""
        return self._with(key, value, dependencies(value, self.dialect))

    def drop(self, key: Key) -> Schema:
        """Return a schema in which `key` is known not to exist."""
        return self._with(key, ABSENT, _NOBODY)

    def _with(self, key: Key, value: SchemaObject | Absent, after: frozenset[Key]) -> Schema:
        needs, dependents = self.needs, self.dependents
        before = needs.get(key, _NOBODY)
        if before != after:
            needs = needs.insert(key, after)
            for gone in before - after:
                dependents = dependents.insert(gone, dependents.get(gone, _NOBODY) - {key})
            for new in after - before:
                dependents = dependents.insert(new, dependents.get(new, _NOBODY) | {key})
        objects = self.objects.insert(key, value)
        return Schema(self.dialect, self.closed, self.path, objects, dependents, needs, self.rooted)

    def forget(self, key: Key) -> Schema:
        """Return a schema in which nothing is known of `key`."""
        return self if self.objects.get(key) is None else replace(self, objects=self.objects.discard(key))

    def uprooted(self) -> Schema:
        """Return the same schema, of which something had to be assumed."""
        return replace(self, rooted=False)

    def opened(self) -> Schema:
        """Return what is left of it when something unseen has happened: there may be more objects, columns, keys."""
        objects = self.objects
        for key, value in self.objects.items():
            if value is ABSENT:
                objects = objects.discard(key)
            elif isinstance(value, Table) and (not value.assumed or value.absent):
                objects = objects.insert(key, replace(value, assumed=True, absent=frozenset()))
        return replace(self, objects=objects, closed=False, rooted=False)

    def on(self, key: Key) -> Collection[Key]:
        """Return the keys of the objects that depend on `key`: a table's indexes and triggers, a function's users.

        They come in order, so that what is said first does not depend on how a set happens to lie in memory.
        """
        found = self.dependents.get(key, _NOBODY)
        return sorted(found) if len(found) > 1 else found

    def overloads(self, place: str, name: str) -> Collection[Key]:
        """Return the keys of the routines of a name in a schema, in order."""
        return self.on(Key("routine overload", place, name))

    def items(self) -> Iterator[tuple[Key, SchemaObject]]:
        """Yield what exists, in no particular order."""
        for key, value in self.objects.items():
            if value is not ABSENT:
                yield key, value  # type: ignore[misc]

    def __contains__(self, key: Key) -> bool:
        return self.find(key) is not None

    @classmethod
    def of(cls, dialect: Dialect, objects: Iterable[tuple[Key, SchemaObject]], *, closed: bool = True) -> Schema:
        """Build a schema from objects, as a reader of a live database does."""
        schema = cls(dialect, closed=closed, path=("public",) if dialect is Dialect.POSTGRES else ("main",))
        for key, value in objects:
            schema = schema.put(key, value)
        return schema
