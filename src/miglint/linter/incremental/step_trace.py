"""What a step has read of the schema before it, and whether another schema has the same there.

A migration looks at few objects. If those are the same in another schema, so is the result: a column that an earlier
migration has changed concerns only those that look at its table.
"""

from __future__ import annotations

from msgspec.msgpack import encode

from miglint.base.hashes import blake2b
from miglint.base.structs import Struct, replace
from miglint.schema.edges import Users, keys_of
from miglint.schema.encoding import encode_key, encode_object
from miglint.schema.objects import Absent, Key, SchemaObject
from miglint.schema.recorded_map import Reads
from miglint.schema.value import Schema

_SIZE = 16
# How a tuple of one begins in MessagePack.
_ONE = b"\x91"
# So many reads are not worth their space: the step is replayed.
_MOST = 2_000


class StepTrace(Struct, array_like=True, frozen=True):
    """The reads of a step, as in `Reads`, and a hash over what was there.

    In MessagePack it contains the bytes of each key (`encode_key`, for `users` as in `encoded_user`) and of each label
    (`encoded_label`).
    """

    objects: list[Key]
    users: list[tuple[Key]]
    labels: list[tuple[str]]
    blank: bool
    rooted: bool
    digest: bytes


def encoded_user(key: bytes) -> bytes:
    """Return the bytes of a key whose dependents were read, of those of the key."""
    return _ONE + key


def encoded_label(label: str) -> bytes:
    """Return the bytes of a label: not those of a name in a key."""
    return encode((label,))


class Tracer:
    """Makes and checks traces. Hashes of values are kept while their objects live."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._known: dict[int, tuple[SchemaObject | Absent, bytes]] = {}

    def trace(self, reads: Reads, schema: Schema, *, doubted: bool) -> StepTrace | None:
        """Return the trace of a step over a schema; None if it has read everything."""
        if reads.everything or len(reads.objects) + len(reads.users) + len(reads.labels) > _MOST:
            return None
        objects, users = sorted(reads.objects), [(key,) for key in sorted(reads.users)]
        found = StepTrace(objects, users, [(label,) for label in sorted(reads.labels)], reads.blank, reads.rooted, b"")
        return replace(found, digest=self._digest(found, schema, doubted=doubted))

    def fits(self, trace: StepTrace, schema: Schema, *, doubted: bool) -> bool:
        """Return whether a schema has what a step has read."""
        return trace.digest == self._digest(trace, schema, doubted=doubted)

    def hash(self, value: SchemaObject | Absent | None) -> bytes:
        """Return a hash of what is known of a key."""
        if value is None:
            return b""
        known = self._known.get(id(value))
        if known is not None and known[0] is value:
            return known[1]
        found = blake2b(encode_object(value), key=self._secret, digest_size=_SIZE).digest()
        self._known[id(value)] = value, found
        return found

    def _digest(self, trace: StepTrace, schema: Schema, *, doubted: bool) -> bytes:
        digest = blake2b(key=self._secret, digest_size=_SIZE)
        head = schema.path, schema.closed, trace.rooted and schema.rooted, doubted, trace.blank and schema.is_blank
        digest.update(repr(head).encode("utf-8", "surrogatepass"))
        get = schema.objects.get
        for key in trace.objects:
            digest.update(self.hash(get(key)) or b"-")
        for (key,) in trace.users:
            found = schema.dependents.get(key, ())
            # What many users are found by depends on what they are.
            many = isinstance(found, Users)
            for user in sorted(found):
                digest.update(encode_key(user))
                if many:
                    digest.update(self.hash(get(user)))
            digest.update(b";")
        for (label,) in trace.labels:
            for key in keys_of(schema.labels, label):
                if get(key) is not None:
                    digest.update(encode_key(key))
            digest.update(b";")
        return digest.digest()
