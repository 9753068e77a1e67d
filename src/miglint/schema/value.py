"""The schema: an immutable value that maps keys to objects, with the dependencies between them.

`Schema` is a persistent map: a changed schema shares all that did not change with the one it came from, so a history
of thousands of moments costs little more than the changes themselves.

It is open-world: a key that is not there says nothing; `ABSENT` means that the object does not exist. In a `closed`
schema (a baseline was given, or a live database was read) what is not there does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TypeVar

from rpds import HashTrieMap

from miglint.base.model import Dialect
from miglint.base.structs import Struct, field, replace
from miglint.schema.bounds import DEFAULT
from miglint.schema.counted_parts import Counted, head, is_counted, recounted
from miglint.schema.depends import (
    dependencies,
    reference_key,
)
from miglint.schema.edges import (
    CASTS,
    DEFAULT_PARTITION,
    HEIR,
    SET_ASIDE,
    USUAL_SCHEMAS,
    Few,
    Labels,
    NewKeys,
    Users,
    bound_of,
    index_tag,
    keys_of,
    labelled,
    sequence_tag,
    tags,
    users_of,
    with_user,
    without_user,
)
from miglint.schema.numbers import NO_NUMBERS, Numbers, freed
from miglint.schema.objects import ABSENT, Absent, Composite, Domain, Index, Key, Part, SchemaObject, Sequence, Table
from miglint.schema.persistent import entries
from miglint.schema.recorded_map import RecordedMap, peek, unwrapped

Found = TypeVar("Found", bound=SchemaObject)

_NOBODY: frozenset[Key] = frozenset()
_NO_KEY = Key("", "", "")

# What belongs to the server and not to a database: no files say all of it.
_OF_THE_SERVER = frozenset({"role", "other database", "other tablespace"})


class Schema(Struct, frozen=True, gc=False, eq=False):
    """All objects at one moment. Build it from `Schema(dialect)` with `put` and `drop`.

    `path` is the search path; `dependents` are the users of each object, `counts` how many parts of a table of many
    parts need each key. `labels` are the keys that were ever set, by what they are looked for without a key;
    `unlabelled` are those set since, the last one first. `numbers` are those up to which chosen names of relations are
    taken. `from_nothing` (to be read as `rooted`) means that nothing had to be assumed so far: the files seem to make
    the schema from nothing, so that what they never made is not there. `journal` are the keys set, dropped or forgotten
    since it was `marked`, the last one first.
    """

    dialect: Dialect
    closed: bool = False
    path: tuple[str, ...] = ("public",)
    objects: HashTrieMap[Key, SchemaObject | Absent] = field(default_factory=HashTrieMap)
    dependents: HashTrieMap[Key, Few | Users] = field(default_factory=HashTrieMap)
    counts: HashTrieMap[Key, HashTrieMap[Key, int]] = field(default_factory=HashTrieMap)
    from_nothing: bool = True
    labels: Labels = field(default_factory=HashTrieMap)
    unlabelled: NewKeys = None
    numbers: Numbers = NO_NUMBERS
    journal: NewKeys = None

    def get(self, key: Key) -> SchemaObject | Absent | None:
        """Return the object, `ABSENT` when it is known not to exist, or None when nothing is known of it."""
        found = self.objects.get(key)
        return ABSENT if found is None and self.closed and key.space not in _OF_THE_SERVER else found

    def find(self, key: Key) -> SchemaObject | None:
        """Return the object, or None if it is absent or unknown."""
        found = self.objects.get(key)
        return None if found is ABSENT else found  # type: ignore[return-value]  # the mark is one object

    def table(self, key: Key) -> Table | None:
        """Return the table at `key`, or None when there is none or it is no table."""
        found = self.objects.get(key)
        return found if isinstance(found, Table) else None

    def put(self, key: Key, value: SchemaObject) -> Schema:
        """Return a schema in which `key` is `value`."""
        if isinstance(value, (Table, Composite, Domain)) and is_counted(value):
            return self._with_counted(key, value)
        return self._with(key, value, dependencies(value, self.dialect))

    def drop(self, key: Key) -> Schema:
        """Return a schema in which `key` is known not to exist."""
        dropped = self._with(key, ABSENT, _NOBODY)
        return dropped._freed(key) if len(self.numbers) else dropped

    def _with(self, key: Key, value: SchemaObject | Absent, after: frozenset[Key]) -> Schema:
        dependents, counts, new = self.dependents, self.counts, self.unlabelled
        old = peek(self.objects, key, None)
        if old is None:
            before, new = _NOBODY, (key, new)
        elif is_counted(old):
            before, counts = frozenset(counts[key]), counts.remove(key)
        else:
            before = _NOBODY if isinstance(old, Absent) else dependencies(old, self.dialect)
        if not before or not after:
            dependents = self._connected(key, value, before, after)
        else:
            if before != after:
                dependents = self._connected(key, value, before - after, after - before)
            dependents = self._retagged(dependents, key, value, before & after)
        objects = self.objects.insert(key, value)
        return Schema(
            self.dialect,
            self.closed,
            self.path,
            objects,
            dependents,
            counts,
            self.from_nothing,
            self.labels,
            new,
            self.numbers,
            (key, self.journal),
        )

    def _connected(
        self, key: Key, value: SchemaObject | Absent, gone: Iterable[Key], new: Iterable[Key]
    ) -> HashTrieMap[Key, Few | Users]:
        """Return the users of all objects when `key` needs some no longer, and some anew."""
        dependents, objects = self.dependents, unwrapped(self.objects)
        old = objects.get(key)
        for other in gone:
            left = without_user(peek(dependents, other, ()), key, old)
            dependents = dependents.insert(other, left) if left else dependents.discard(other)
        for other in new:
            dependents = dependents.insert(other, with_user(peek(dependents, other, ()), key, value, objects.get))
        return dependents

    def _retagged(
        self,
        dependents: HashTrieMap[Key, Few | Users],
        key: Key,
        value: SchemaObject | Absent,
        kept: Iterable[Key],
    ) -> HashTrieMap[Key, Few | Users]:
        """Return the users of all objects when `key`, which needs some as before, may need other parts of them."""
        objects = unwrapped(self.objects)
        old = objects.get(key)
        if isinstance(old, Table) and isinstance(value, Table) and head(old) == head(value):
            return dependents
        many = [other for other in kept if isinstance(peek(dependents, other, ()), Users)]
        if many and (tags(old) != tags(value) or bound_of(old) != bound_of(value)):
            for other in many:
                rest = without_user(peek(dependents, other, ()), key, old)
                dependents = dependents.insert(other, with_user(rest, key, value, objects.get))
        return dependents

    def needed_by(self, key: Key) -> frozenset[Key]:
        """Return the keys that the object at `key` depends on, as `dependencies` names them."""
        return frozenset(self._needs_before(key, peek(self.objects, key, None)))

    def _needs_before(self, key: Key, old: SchemaObject | Absent | None) -> frozenset[Key] | HashTrieMap[Key, int]:
        if is_counted(old):
            return self.counts[key]
        return _NOBODY if old is None or isinstance(old, Absent) else dependencies(old, self.dialect)

    def _with_counted(self, key: Key, value: Counted) -> Schema:
        """Return a schema with a table of many parts, of whose needs those of its changed parts alone are looked at."""
        old = peek(self.objects, key, None)
        before = self._needs_before(key, old)
        counts, changes = recounted(old, value, before, self.dialect)
        gone = [other for other, number in changes.items() if number < 0 and other not in counts]
        new = [other for other, number in changes.items() if number > 0 and other not in before]
        dependents = self._connected(key, value, gone, new) if gone or new else self.dependents
        if old is not None and head(old) != head(value):
            dependents = self._retagged(dependents, key, value, [other for other in counts if other in before])
        return Schema(
            self.dialect,
            self.closed,
            self.path,
            self.objects.insert(key, value),
            dependents,
            self.counts.insert(key, counts),
            self.from_nothing,
            self.labels,
            self.unlabelled if old is not None else (key, self.unlabelled),
            self.numbers,
            (key, self.journal),
        )

    def forget(self, key: Key) -> Schema:
        """Return a schema in which nothing is known of `key`."""
        if peek(self.objects, key, None) is None:
            return self
        return replace(self._freed(key), objects=self.objects.discard(key), journal=(key, self.journal))

    def marked(self) -> Schema:
        """Return the same schema with a journal that begins here: its first entry is of no object."""
        return replace(self, journal=(_NO_KEY, None))

    def journaled(self) -> set[Key]:
        """Return at least the keys whose objects may differ from those in the schema that was `marked`."""
        return self._journaled(None)

    def journaled_since(self, other: Schema) -> set[Key]:
        """Return at least the keys whose objects may differ from those in an earlier schema of the same run."""
        return self._journaled(other.journal)

    def _journaled(self, end: NewKeys) -> set[Key]:
        keys: set[Key] = set()
        rest = self.journal
        while rest is not None and rest is not end:
            key, rest = rest
            keys.add(key)
        keys.discard(_NO_KEY)
        return keys

    def _freed(self, key: Key) -> Schema:
        if key.space != "relation":
            return self
        numbers = freed(self.numbers, key.name, f"{key.schema}.")
        return self if numbers is self.numbers else replace(self, numbers=numbers)

    def first_number(self, schema: str, stem: str) -> int:
        """Return a number below which all numbers behind a chosen name are taken, the name without one too."""
        return self.numbers.get(f"{schema}.{stem}", 0)

    def remembering(self, schema: str, stem: str, number: int) -> Schema:
        """Return the same schema with the result of `first_number` for a name."""
        return replace(self, numbers=self.numbers.insert(f"{schema}.{stem}", number))

    @property
    def rooted(self) -> bool:
        """Whether nothing had to be assumed so far."""
        if isinstance(self.objects, RecordedMap):
            self.objects.reads.rooted = True
        return self.from_nothing

    def uprooted(self) -> Schema:
        """Return the same schema with an assumption added."""
        return replace(self, from_nothing=False) if self.rooted else self

    def opened(self) -> Schema:
        """Return what is left of it when something unseen has happened: there may be more objects, columns, keys."""
        objects, journal = self.objects, self.journal
        for key, value in entries(self.objects):
            if value is ABSENT:
                objects, journal = objects.discard(key), (key, journal)
            elif isinstance(value, Table) and (not (value.assumed and value.outdated) or value.absent):
                objects = objects.insert(key, replace(value, assumed=True, absent=frozenset(), outdated=True))
                journal = key, journal
            elif isinstance(value, Index) and not value.outdated:
                objects = objects.insert(key, replace(value, outdated=True))
                journal = key, journal
        return replace(self, objects=objects, closed=False, from_nothing=False, journal=journal)

    def on(self, key: Key) -> Collection[Key]:
        """Return the keys of the objects that depend on `key`: a table's indexes and triggers, a function's users.

        They come in order, so that what is said first does not depend on how a set happens to lie in memory.
        """
        found = self.dependents.get(key, ())
        return sorted(found) if len(found) > 1 or isinstance(found, Users) else found

    def users(self, key: Key, *kinds: type[Found]) -> list[tuple[Key, Found]]:
        """Return the objects of some types that depend on `key`, with their keys, in order of these."""
        found: Iterable[Key] = self.dependents.get(key, ())
        if isinstance(found, Users):
            found = [user for kind in kinds for user in found.of(kind.__name__)]
        objects = self.objects
        return [(user, value) for user in sorted(found) if isinstance(value := objects.get(user), kinds)]

    def indexes_about(self, key: Key, column: str) -> list[tuple[Key, Index]]:
        """Return the indexes that depend on a table and may be about a column of it, in order of their keys."""
        return self._tagged(key, Index, index_tag(column))

    def any_index(self, key: Key, column: str, fits: Callable[[Index], bool]) -> bool:
        """Return whether one of the indexes fits that depend on a table and may be about a column of it."""
        found: Iterable[Key] = self.dependents.get(key, ())
        if isinstance(found, Users):
            found = found.of(index_tag(column))
        objects = self.objects
        return any(isinstance(value := objects.get(user), Index) and fits(value) for user in found)

    def sequences_of(self, key: Key, column: str) -> list[tuple[Key, Sequence]]:
        """Return the sequences that depend on a table and may be a column's own, in order of their keys."""
        return self._tagged(key, Sequence, sequence_tag(column))

    def default_partitions(self, key: Key) -> list[tuple[Key, Table]]:
        """Return the tables that depend on a table, with its default partition among them."""
        return self._tagged(key, Table, DEFAULT_PARTITION)

    def _tagged(self, key: Key, kind: type[Found], tag: str) -> list[tuple[Key, Found]]:
        found: Iterable[Key] = self.dependents.get(key, ())
        if isinstance(found, Users):
            found = found.of(tag)
        objects = self.objects
        return [(user, value) for user in sorted(found) if isinstance(value := objects.get(user), kind)]

    def needing(self, key: Key, part: Part) -> list[Key]:
        """Return the keys of at least those objects that need a part of the object at `key`, in order."""
        found = self.dependents.get(key, ())
        if not isinstance(found, Users):
            return sorted(found)
        return sorted(users_of(found, part).union(self.dependents.get(reference_key(key, part.name), ())) - {key})

    def heirs(self, key: Key) -> list[tuple[Key, Table]]:
        """Return the tables that depend on a table, with those among them that inherit from it, and its partitions."""
        return self._tagged(key, Table, HEIR)

    def rivals(self, key: Key, bound: str) -> Collection[Key]:
        """Return the keys of at least those partitions of a table that cannot be beside one of a bound, in order."""
        found = self.dependents.get(key, ())
        if not isinstance(found, Users):
            return sorted(found)
        return sorted(found.of(DEFAULT_PARTITION) if bound == DEFAULT else found.bounds.overlapping(bound))

    def referring(self, key: Key) -> list[tuple[Key, Table]]:
        """Return the tables with a foreign key to a table, which may be among them, in order of their keys."""
        found = self.dependents.get(reference_key(key), ())
        return [(user, value) for user in sorted(found) if isinstance(value := self.objects.get(user), Table)]

    def count_overloads(self, place: str, name: str) -> int:
        """Return the number of the routines of a name in a schema."""
        return len(self.dependents.get(Key("routine overload", place, name), ()))

    def overloads(self, place: str, name: str) -> Collection[Key]:
        """Return the keys of the routines of a name in a schema, in order."""
        return self.on(Key("routine overload", place, name))

    @property
    def is_blank(self) -> bool:
        """Whether no object is known to exist."""
        if isinstance(self.objects, RecordedMap):
            self.objects.reads.blank = True
        return all(value is ABSENT for value in unwrapped(self.objects).values())

    def items(self) -> Iterator[tuple[Key, SchemaObject]]:
        """Yield what exists, in no particular order."""
        for key, value in entries(self.objects):
            if value is not ABSENT:
                yield key, value  # type: ignore[misc]  # not ABSENT

    def named(self, name: str) -> Iterator[tuple[Key, SchemaObject]]:
        """Yield what exists under a name in any letters, of whatever kind it is; of a routine without its arguments."""
        return self._labelled(name.lower())

    def inside(self, schema: str) -> Iterator[tuple[Key, SchemaObject]]:
        """Yield what exists in a schema of PostgreSQL."""
        if schema in USUAL_SCHEMAS:
            return ((key, value) for key, value in self.items() if key.schema == schema)
        return self._labelled(f"in {schema}")

    def casts(self) -> Iterator[tuple[Key, SchemaObject]]:
        """Yield the casts that files have made."""
        return self._labelled(CASTS)

    def set_aside(self) -> Iterator[tuple[Key, SchemaObject]]:
        """Yield the tables in which scripts set data aside, what belongs to them, and their schema."""
        return self._labelled(SET_ASIDE)

    def settled(self) -> Schema:
        """Return the same schema, with indexes for lookups without keys."""
        labels, new = self.labels, self.unlabelled
        if new is None:
            return self
        while new is not None:
            key, new = new
            labels = labelled(labels, key)
        return replace(self, labels=labels, unlabelled=None)

    def _labelled(self, label: str) -> Iterator[tuple[Key, SchemaObject]]:
        for key in keys_of(self.settled().labels, label):
            value = self.objects.get(key)
            if value is not None and value is not ABSENT:
                yield key, value  # type: ignore[misc]  # not ABSENT

    def __contains__(self, key: Key) -> bool:
        return self.find(key) is not None

    @classmethod
    def of(cls, dialect: Dialect, objects: Iterable[tuple[Key, SchemaObject]], *, closed: bool = True) -> Schema:
        """Build a schema from objects, as for a live database."""
        schema = cls(dialect, closed=closed, path=("public",) if dialect is Dialect.POSTGRES else ("main",))
        for key, value in objects:
            schema = schema.put(key, value)
        return schema
