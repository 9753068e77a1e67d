"""The state that a history has reached: its schema, which is only built where a script runs over it.

The steps of unchanged migrations are known by what they change. So long as only these are taken, the state is a mark
and a list of changes; the schema is made from them when a changed migration has to be replayed. Two states with the
same mark are the same for everything that runs over them.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.msgpack import decode, encode

from miglint.base.hashes import blake2b
from miglint.base.structs import Struct, replace
from miglint.schema.encoding import FORGOTTEN, decode_key, decode_object, encode_key, encode_object
from miglint.schema.objects import Absent, Key, SchemaObject
from miglint.schema.restored import restored
from miglint.schema.value import Schema

# Sums of hashes: of the objects of a schema, whatever their order is.
_SIZE = 20
_WHOLE = 1 << (8 * _SIZE)
_MARK = 16


class SchemaChange(Struct, array_like=True, frozen=True):
    """What a forward changes of the schema that it meets.

    `objects` are the keys and the objects that they have after it (`miglint.schema.encoding`), as a list of pairs in
    MessagePack; `shift` is what that adds to the sum of all hashes. `path`, `closed` and `rooted` are those of the
    schema after it. `doubted` means that its effect is not known in full.
    """

    objects: bytes
    shift: bytes
    path: tuple[str, ...]
    closed: bool
    rooted: bool
    doubted: bool


def schema_change(before: Schema, after: Schema, secret: bytes, *, doubted: bool) -> SchemaChange:
    """Return what a forward has changed from the schema that it met, without its assumptions, to that after it."""
    found: list[tuple[bytes, bytes]] = []
    shift = 0
    for key in after.journaled():
        old, new = before.objects.get(key), after.objects.get(key)
        if old is new:
            continue
        was, becomes = encode_object(old), encode_object(new)
        if was != becomes:
            name = encode_key(key)
            found.append((name, becomes))
            shift += _hash(name, becomes, secret) - _hash(name, was, secret)
    found.sort()
    bytes_ = (shift % _WHOLE).to_bytes(_SIZE, "big")
    return SchemaChange(encode(found), bytes_, after.path, after.closed, after.rooted, doubted)


def _hash(key: bytes, value: bytes, secret: bytes) -> int:
    if value == FORGOTTEN:
        return 0
    digest = blake2b(key, key=secret, digest_size=_SIZE)
    digest.update(value)
    return int.from_bytes(digest.digest(), "big")


class HistoryState:
    """A state that is advanced migration by migration, from the schema at the beginning.

    Its marks are the same for the same states of histories that begin with the same schema.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._changes: list[SchemaChange] = []
        self._sum = 0
        self._head = (schema.path, schema.closed, schema.rooted)
        self.doubted = False

    @property
    def mark(self) -> bytes:
        """A short value that is the same for states in which every script does the same."""
        digest = blake2b(self._sum.to_bytes(_SIZE, "big"), digest_size=_MARK)
        digest.update(repr((self._head, self.doubted)).encode("utf-8", "surrogatepass"))
        return digest.digest()

    @property
    def schema(self) -> Schema:
        """The schema, made from the known changes if necessary."""
        if self._changes:
            self._schema = _changed(self._schema, self._changes)
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
        self.doubted = self.doubted or doubted

    def _count(self, change: SchemaChange) -> None:
        self._sum = (self._sum + int.from_bytes(change.shift, "big")) % _WHOLE
        self._head = (change.path, change.closed, change.rooted)
        self.doubted = self.doubted or change.doubted


def _changed(schema: Schema, changes: Sequence[SchemaChange]) -> Schema:
    """Return a schema after changes: of each object only the last one counts."""
    # Importing the parser takes time, and most runs have nothing to replay.
    from miglint.sql.postgres.statements import read_call

    objects: dict[bytes, bytes] = {}
    for change in changes:
        objects.update(decode(change.objects, type=list[tuple[bytes, bytes]]))
    values: dict[Key, SchemaObject | Absent] = {}
    for name, data in objects.items():
        if data == FORGOTTEN:
            schema = schema.forget(decode_key(name))
        else:
            values[decode_key(name)] = decode_object(data, read_call)
    schema = restored(schema, values)
    last = changes[-1]
    return replace(schema, path=last.path, closed=last.closed, rooted=last.rooted).settled()
