"""Objects of a schema as bytes, for caches: MessagePack, without Python objects.

Encoding is exact: a decoded object behaves as the one that was encoded, also where equality does not look, and equal
bytes mean equal objects.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from msgspec import Struct
from msgspec.msgpack import Decoder, Encoder
from msgspec.structs import replace
from rpds import HashTrieMap, HashTrieSet

from miglint.schema.attached import Comment, Policy, Privileges, RewriteRule, Trigger
from miglint.schema.enum_labels import Labels, labels_as_stored
from miglint.schema.keys import Key
from miglint.schema.known_keys import KnownKeys, Values
from miglint.schema.name_sets import names_as_stored
from miglint.schema.objects import (
    ABSENT,
    Absent,
    Composite,
    Domain,
    Enum,
    Extension,
    Index,
    Namespace,
    Other,
    OtherType,
    Routine,
    Rows,
    SchemaObject,
    Sequence,
    Table,
    View,
)
from miglint.schema.parts import Parts, as_stored
from miglint.schema.persistent import members
from miglint.sql.operations import CallReader, Name

# The first byte of an encoded object is the place of its type; what is not known any longer has no bytes.
_ABSENT = b"\xff"
FORGOTTEN = b""


class _StoredTable(Table, frozen=True, gc=False, array_like=True):
    absent: frozenset[str] = frozenset()  # the persistent set has no type in MessagePack


class _StoredRoutine(Routine, frozen=True, gc=False, array_like=True):
    read_call: Any = None  # `True` for a reader: there is just one


class _StoredKeys(Struct, array_like=True, frozen=True, gc=False):
    columns: tuple[str, ...]
    count: int
    certain: list[Values]
    doubtful: list[Values]


class _StoredRows(Struct, array_like=True, frozen=True, gc=False):
    name: Name
    keys: list[_StoredKeys]
    assumed: bool
    contents: tuple[tuple[tuple[str, str | None], ...], ...]
    age: int


_KINDS: tuple[type[Any], ...] = (
    Table,
    View,
    Index,
    Sequence,
    Enum,
    Domain,
    Composite,
    OtherType,
    Routine,
    Trigger,
    Policy,
    RewriteRule,
    Extension,
    Namespace,
    Other,
    Rows,
    Comment,
    Privileges,
)
_NUMBERS = {kind: bytes((number,)) for number, kind in enumerate(_KINDS)}
_STORED: dict[type[Any], type[Any]] = {Table: _StoredTable, Routine: _StoredRoutine, Rows: _StoredRows}


def encode_key(key: Key) -> bytes:
    """Return a key as bytes."""
    return _encode(key)


def decode_key(data: bytes) -> Key:
    """Return the key of these bytes. Raises `msgspec.DecodeError` for others."""
    return _keys().decode(data)


def encode_object(value: SchemaObject | Absent | None) -> bytes:
    """Return what is known of a key as bytes: an object, `ABSENT`, or `FORGOTTEN` for nothing."""
    if value is None:
        return FORGOTTEN
    if isinstance(value, Absent):
        return _ABSENT
    stored: object = value
    if isinstance(value, Table) and value.absent:
        stored = replace(value, absent=tuple(sorted(value.absent)))
    elif isinstance(value, Rows):
        stored = _StoredRows(value.name, _stored_keys(value), value.assumed, value.contents, value.age)
    return _NUMBERS[type(value)] + _encode(stored)


def stands_for_object(data: bytes) -> bool:
    """Return whether these bytes are those of an object that exists."""
    return data not in (FORGOTTEN, _ABSENT)


def decode_object(data: bytes, read_call: CallReader) -> SchemaObject | Absent:
    """Return the object of these bytes, which are not empty. Raises `msgspec.DecodeError` for others.

    `read_call` reads the bodies of routines, as their front end does.
    """
    if data == _ABSENT:
        return ABSENT
    value = _decoder(data[0]).decode(memoryview(data)[1:])
    if isinstance(value, _StoredTable):
        return _table(value)
    if isinstance(value, _StoredRoutine):
        return _routine(value, read_call)
    if isinstance(value, _StoredRows):
        keys = HashTrieMap({item.columns: _known_keys(item) for item in value.keys})
        return Rows(value.name, keys, value.assumed, value.contents, value.age)
    if isinstance(value, Enum):
        return replace(value, labels=labels_as_stored(value.labels))
    if isinstance(value, Domain):
        return replace(value, constraints=as_stored(value.constraints))
    if isinstance(value, Composite):
        return replace(value, columns=as_stored(value.columns))
    found: SchemaObject = value
    return found


def _hook(value: object) -> object:
    if isinstance(value, Parts):
        return dict(value.items())
    if isinstance(value, Labels):
        return tuple(value)
    if isinstance(value, HashTrieSet):
        return sorted(members(value))
    if callable(value):
        return True  # the reader of a routine's body
    raise NotImplementedError(f"{type(value).__name__} is no part of a schema")


_encode = Encoder(enc_hook=_hook).encode


@lru_cache(maxsize=1)
def _keys() -> Decoder[Key]:
    return Decoder(Key)


@lru_cache(maxsize=len(_KINDS))
def _decoder(number: int) -> Decoder[Any]:
    kind = _KINDS[number]
    return Decoder(_STORED.get(kind, kind))


def _stored_keys(rows: Rows) -> list[_StoredKeys]:
    return sorted(
        (
            _StoredKeys(columns, keys.count, sorted(members(keys.certain)), sorted(members(keys.doubtful)))
            for columns, keys in rows.keys.items()
        ),
        key=lambda item: item.columns,
    )


def _known_keys(stored: _StoredKeys) -> KnownKeys:
    return KnownKeys(stored.count).adding((*stored.certain, *stored.doubtful)).doubting(stored.doubtful)


def _table(stored: _StoredTable) -> Table:
    values = {name: getattr(stored, name) for name in Table.__struct_fields__}
    values["columns"] = as_stored(stored.columns)
    values["constraints"] = as_stored(stored.constraints)
    values["absent"] = names_as_stored(stored.absent)
    return Table(**values)


def _routine(stored: _StoredRoutine, read_call: CallReader) -> Routine:
    values = {name: getattr(stored, name) for name in Routine.__struct_fields__}
    values["read_call"] = read_call if stored.read_call else None
    return Routine(**values)
