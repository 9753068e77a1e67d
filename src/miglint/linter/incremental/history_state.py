"""The state that a history has reached: its schema, which is only built where a script runs over it.

The steps of unchanged migrations are known by what they change. So long as only these are taken, the state is a mark
and a list of changes; the schema is made from them when a changed migration has to be replayed. Two states with the
same mark are the same for everything that runs over them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec.msgpack import decode, encode

from miglint.base.hashes import blake2b
from miglint.base.structs import Struct, replace
from miglint.schema.encoding import FORGOTTEN, decode_key, decode_object, encode_key, encode_object, stands_for_object
from miglint.schema.objects import Absent, Key, SchemaObject
from miglint.schema.recording import unrecorded
from miglint.schema.restored import restored
from miglint.schema.value import Schema

if TYPE_CHECKING:
    from miglint.replay.steps import ForwardPass

# Sums of hashes: of the objects of a schema, whatever their order is.
_SIZE = 20
_WHOLE = 1 << (8 * _SIZE)
_MARK = 16


class SchemaChange(Struct, array_like=True, frozen=True):
    """What a forward changes of the schema that it meets.

    `objects` are the keys and the objects that they have after it (`miglint.schema.encoding`), as a list of pairs in
    MessagePack; `needed` are the keys of what those objects depend on, or did before, as a dictionary. `shift` is what
    that adds to the sum of all hashes, `size` to the number of objects that exist. `path`, `closed` and `rooted` are
    those of the schema after it; `rooted` is None where it is as before, whatever that was. `doubted` means that its
    effect is not known in full. `assumed` is what it assumes of the schema before it, as `objects`, and `uprooted`
    whether the files do not make all of that; `unmade` are the keys of `objects` that it did not set itself
    (`replay/apply/unmade.py`), and `remade` those that it set to what they were, as lists. All are empty for nothing.
    """

    objects: bytes
    needed: bytes
    shift: bytes
    size: int
    path: tuple[str, ...]
    closed: bool
    rooted: bool | None
    doubted: bool
    assumed: bytes
    uprooted: bool
    unmade: bytes
    remade: bytes

    def pairs(self) -> list[tuple[bytes, bytes]]:
        """Return the keys and objects. Raises `msgspec.DecodeError` for invalid ones."""
        return decode(self.objects, type=list[tuple[bytes, bytes]])

    def assumptions(self) -> list[tuple[bytes, bytes]]:
        """Return the keys and objects that it assumes. Raises as `pairs`."""
        return decode(self.assumed, type=list[tuple[bytes, bytes]]) if self.assumed else []

    def touched(self) -> frozenset[Key]:
        """Return the keys of what it sets or drops itself. Raises as `pairs`."""
        unmade, remade = (decode(keys, type=list[bytes]) if keys else () for keys in (self.unmade, self.remade))
        changed = (key for key, _ in self.pairs() if key not in unmade)
        return frozenset(map(decode_key, (*changed, *remade)))

    def needs(self) -> dict[bytes, list[bytes]]:
        """Return the keys that an object depends on or did, by its own key. Raises as `pairs`."""
        return decode(self.needed, type=dict[bytes, list[bytes]])


def schema_change(met: Schema, passage: ForwardPass, secret: bytes, *, rooted: bool) -> SchemaChange:
    """Return what a forward has changed from the schema that it met, without its assumptions, to that after it.

    `rooted` says whether it has asked for that, or changed it.
    """
    found: list[tuple[bytes, bytes]] = []
    needed: dict[bytes, list[bytes]] = {}
    unmade: list[bytes] = []
    remade = set(passage.touched)
    shift = size = 0
    after = unrecorded(passage.after)
    for key, was, becomes in _differences(met, after):
        name = encode_key(key)
        found.append((name, becomes))
        if key in passage.touched:
            remade.remove(key)
        else:
            unmade.append(name)
        if others := met.needed_by(key) | after.needed_by(key):
            needed[name] = [encode_key(other) for other in sorted(others)]
        shift += _hash(name, becomes, secret) - _hash(name, was, secret)
        size += stands_for_object(becomes) - stands_for_object(was)
    found.sort()
    assumed = sorted((encode_key(key), becomes) for key, _, becomes in _differences(met, unrecorded(passage.before)))
    return SchemaChange(
        encode(found),
        encode(needed),
        (shift % _WHOLE).to_bytes(_SIZE, "big"),
        size,
        after.path,
        after.closed,
        after.rooted if rooted else None,
        passage.doubted,
        encode(assumed) if assumed else b"",
        met.from_nothing and not passage.before.from_nothing,
        encode(unmade) if unmade else b"",
        encode([encode_key(key) for key in sorted(remade)]) if remade else b"",
    )


def _differences(met: Schema, other: Schema) -> Iterator[tuple[Key, bytes, bytes]]:
    """Yield the keys that have another object in a schema that comes from the one that was met, with both as bytes."""
    for key in other.journaled():
        old, new = met.objects.get(key), other.objects.get(key)
        if old is not new:
            was, becomes = encode_object(old), encode_object(new)
            if was != becomes:
                yield key, was, becomes


def _hash(key: bytes, value: bytes, secret: bytes) -> int:
    if value == FORGOTTEN:
        return 0
    digest = blake2b(key, key=secret, digest_size=_SIZE)
    digest.update(value)
    return int.from_bytes(digest.digest(), "big")


class Head(Struct, frozen=True):
    """What a state is besides its objects: as in `SchemaChange`, with the number of objects that exist."""

    path: tuple[str, ...]
    closed: bool
    rooted: bool
    doubted: bool
    size: int

    @classmethod
    def of(cls, schema: Schema, *, doubted: bool) -> Head:
        """Return that of a state with a schema."""
        return cls(schema.path, schema.closed, schema.rooted, doubted, sum(1 for _ in schema.items()))

    def after(self, change: SchemaChange) -> Head:
        """Return that of the state after a change."""
        doubted = self.doubted or change.doubted
        rooted = self.rooted if change.rooted is None else change.rooted
        return Head(change.path, change.closed, rooted, doubted, self.size + change.size)

    def is_like(self, other: Head, *, rooted: bool) -> bool:
        """Return whether no script tells two states apart by it: of the number counts whether there are any.

        `rooted` says whether it asks for that.
        """
        if (self.path, self.closed, self.doubted) != (other.path, other.closed, other.doubted):
            return False
        return (self.size > 0) is (other.size > 0) and not (rooted and self.rooted is not other.rooted)

    def seen(self) -> tuple[object, ...]:
        """Return what scripts depend on besides the objects."""
        return (self.path, self.closed, self.rooted), self.doubted


class HistoryState:
    """A state that is advanced migration by migration, from the schema at the beginning.

    Its marks are the same for the same states of histories that begin with the same schema.
    """

    def __init__(self, schema: Schema, *, doubted: bool = False) -> None:
        self._schema = schema
        self._changes: list[SchemaChange] = []
        self._sum = 0
        self.head = Head.of(schema, doubted=doubted)

    @property
    def doubted(self) -> bool:
        """Whether the effects of its migrations are not known in full."""
        return self.head.doubted

    @property
    def mark(self) -> bytes:
        """A short value that is the same for states in which every script does the same."""
        digest = blake2b(self._sum.to_bytes(_SIZE, "big"), digest_size=_MARK)
        digest.update(repr(self.head.seen()).encode("utf-8", "surrogatepass"))
        return digest.digest()

    @property
    def schema(self) -> Schema:
        """The schema, made from the known changes if necessary."""
        if self._changes:
            self._schema = changed(self._schema, self._changes, self.head)
            self._changes = []
        return self._schema

    def take(self, change: SchemaChange) -> None:
        """Advance by a migration whose changes are known."""
        self._changes.append(change)
        self._count(change)

    def reach(self, schema: Schema, change: SchemaChange | None, *, doubted: bool) -> None:
        """Advance to the schema after a migration that was replayed; `change` is needed for the next marks."""
        self._schema = schema
        self._changes = []
        if change is not None:
            self._count(change)
        if doubted:
            self.head = replace(self.head, doubted=True)

    def _count(self, change: SchemaChange) -> None:
        self._sum = (self._sum + int.from_bytes(change.shift, "big")) % _WHOLE
        self.head = self.head.after(change)


def changed(schema: Schema, changes: Sequence[SchemaChange], head: Head) -> Schema:
    """Return a schema after changes that lead to a head: of each object only the last one counts."""
    pairs: dict[bytes, bytes] = {}
    for change in changes:
        pairs.update(change.pairs())
    schema = with_objects(schema, pairs.items())
    return replace(schema, path=head.path, closed=head.closed, from_nothing=head.rooted).settled()


def with_objects(schema: Schema, pairs: Iterable[tuple[bytes, bytes]]) -> Schema:
    """Return a schema with other objects, given as those of changes."""
    # Importing the parser takes time, and most runs have nothing to replay.
    from miglint.sql.postgres.statements import read_call

    values: dict[Key, SchemaObject | Absent] = {}
    for name, data in pairs:
        if data == FORGOTTEN:
            schema = schema.forget(decode_key(name))
        else:
            values[decode_key(name)] = decode_object(data, read_call)
    return restored(schema, values)
