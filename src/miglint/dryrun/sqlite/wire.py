"""What the two processes of an SQLite dry run say to each other: requests, replies, and the frames they travel in.

A frame is four bytes with the length of what follows and a MessagePack value. Both ends decode with the types below, so
that a reply is data and never code. This module is imported by the child too: it imports as little as it can.
"""

from __future__ import annotations

import os
from typing import Any, TypeVar

import msgspec

# None, an integer, a float, a text or bytes.
Cell = Any
Row = tuple[Cell, ...]

# No request and no reply is larger; what would be is an error.
MAX_FRAME = 64 << 20
_HEADER = 4
_CHUNK = 1 << 16
_Message = TypeVar("_Message")


class Start(msgspec.Struct, frozen=True, array_like=True, tag="start"):
    """The first request: which library to use (`sqlite3` or `apsw`), and the bounds of the process.

    `memory` and `disk` are bytes for all databases and for each one, `seconds` is the time of the processor.
    """

    library: str
    memory: int
    disk: int
    seconds: int
    foreign_keys: bool


class Open(msgspec.Struct, frozen=True, array_like=True, tag="open"):
    """Make an empty database in memory and call it `database`."""

    database: int


class Copy(msgspec.Struct, frozen=True, array_like=True, tag="copy"):
    """Make a copy of `source` and call it `database`."""

    database: int
    source: int


class Drop(msgspec.Struct, frozen=True, array_like=True, tag="drop"):
    """Forget a database; there is no reply."""

    database: int


class Run(msgspec.Struct, frozen=True, array_like=True, tag="run"):
    """Run the statements of a script, in one transaction when `wrapped`.

    A statement has `statement` seconds, and all of them have `left` seconds.
    """

    database: int
    statements: tuple[str, ...]
    wrapped: bool
    statement: float
    left: float


class Query(msgspec.Struct, frozen=True, array_like=True, tag="query"):
    """Run one statement of miglint's own and return its rows, in so many seconds."""

    database: int
    sql: str
    values: Row
    seconds: float


class Many(msgspec.Struct, frozen=True, array_like=True, tag="many"):
    """Run one statement of miglint's own for each tuple of values, in so many seconds."""

    database: int
    sql: str
    values: tuple[Row, ...]
    seconds: float


class Stored(msgspec.Struct, frozen=True, array_like=True, tag="stored"):
    """Return the rows of the schema table."""

    database: int


class Details(msgspec.Struct, frozen=True, array_like=True, tag="details"):
    """Return what the pragmas say about these objects."""

    database: int
    tables: tuple[str, ...]
    indexes: tuple[str, ...]
    views: tuple[str, ...]


class Digest(msgspec.Struct, frozen=True, array_like=True, tag="digest"):
    """Describe the rows of all tables, or of those named (in lower case)."""

    database: int
    only: frozenset[str] | None = None


class SameRows(msgspec.Struct, frozen=True, array_like=True, tag="same rows"):
    """Tell whether two databases have the same rows."""

    database: int
    other: int


class Frequencies(msgspec.Struct, frozen=True, array_like=True, tag="frequencies"):
    """Return hashes of the values of a column with their frequency."""

    database: int
    table: str
    column: str


Request = Start | Open | Copy | Drop | Run | Query | Many | Stored | Details | Digest | SameRows | Frequencies


class Failure(msgspec.Struct, frozen=True, array_like=True):
    """An error of SQLite: the code's name, the message, the offset of the token in bytes or -1, and the bound met."""

    name: str
    message: str
    place: int = -1
    limit: str | None = None


class Ready(msgspec.Struct, frozen=True, array_like=True, tag="ready"):
    """The reply to `Start`: the limits that the system does not have (keys of `confinement.LIMITS`)."""

    missing: tuple[str, ...]


class Began(msgspec.Struct, frozen=True, array_like=True, tag="began"):
    """Sent before each statement of a script and before its commit: what was done so far is kept when `settled`."""

    index: int
    settled: bool


class Ran(msgspec.Struct, frozen=True, array_like=True, tag="ran"):
    """The reply to `Run`: the time of each statement, and the failure with the statement's index (-1: the commit).

    `settled` is the number of statements whose work is kept although the script failed.
    """

    seconds: tuple[float, ...]
    failure: Failure | None = None
    index: int = -1
    settled: int = 0


class Failed(msgspec.Struct, frozen=True, array_like=True, tag="failed"):
    """The reply to a request that SQLite could not do."""

    failure: Failure


class Done(msgspec.Struct, frozen=True, array_like=True, tag="done"):
    """The reply to what returns nothing."""


class Rows(msgspec.Struct, frozen=True, array_like=True, tag="rows"):
    """The reply to `Query`."""

    rows: tuple[Row, ...]


class StoredObject(msgspec.Struct, frozen=True, array_like=True):
    """A row of the schema table."""

    kind: str
    name: str
    owner: str
    sql: str | None


class StoredObjects(msgspec.Struct, frozen=True, array_like=True, tag="stored objects"):
    """The reply to `Stored`."""

    objects: tuple[StoredObject, ...]


class TableDetails(msgspec.Struct, frozen=True, array_like=True):
    """What the pragmas say of a table.

    `columns` are (name, type, not null, default, place in the primary key, hidden), `unique` the columns of each
    `UNIQUE`, and `foreign` (number, (table, column, referenced, on update, on delete, match)).
    """

    columns: tuple[tuple[str, str, int, str | None, int, int], ...]
    unique: tuple[tuple[str | None, ...], ...] = ()
    foreign: tuple[tuple[int, tuple[str, str, str | None, str, str, str]], ...] = ()


# Of an index: the place of an element, its column (None: an expression), whether it descends, its collation.
IndexDetails = tuple[tuple[int, str | None, int, str], ...]


class SchemaDetails(msgspec.Struct, frozen=True, array_like=True, tag="schema details"):
    """The reply to `Details`, by name: what SQLite cannot describe is not there; a broken view has no columns."""

    tables: dict[str, TableDetails]
    indexes: dict[str, IndexDetails]
    views: dict[str, tuple[str, ...]]


class TableRows(msgspec.Struct, frozen=True, array_like=True):
    """The rows of a table: how many, and a hash of all values by column (in lower case)."""

    count: int
    columns: dict[str, str]


class Digested(msgspec.Struct, frozen=True, array_like=True, tag="digested"):
    """The reply to `Digest`, by table."""

    tables: dict[str, TableRows]


class Compared(msgspec.Struct, frozen=True, array_like=True, tag="compared"):
    """The reply to `SameRows`."""

    same: bool


class Counted(msgspec.Struct, frozen=True, array_like=True, tag="counted"):
    """The reply to `Frequencies`."""

    values: dict[str, int]


Reply = Ready | Began | Ran | Failed | Done | Rows | StoredObjects | SchemaDetails | Digested | Compared | Counted


class FrameError(Exception):
    """The other end sent what is no frame, or not a message of the kind expected."""


class Channel:
    """One end of the two pipes. `receive` raises `EOFError` when the other end is gone."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading = reading
        self._writing = writing
        self._buffer = bytearray()
        self._encoder = msgspec.msgpack.Encoder()

    def send(self, message: Request | Reply) -> bool:
        """Send a message; False, and nothing was sent, when it is too large."""
        body = self._encoder.encode(message)
        if len(body) > MAX_FRAME:
            return False
        view = memoryview(len(body).to_bytes(_HEADER, "little") + body)
        while view:
            view = view[os.write(self._writing, view) :]
        return True

    def receive(self, decoder: msgspec.msgpack.Decoder[_Message]) -> _Message:
        """Return the next message."""
        length = int.from_bytes(self._take(_HEADER), "little")
        if length > MAX_FRAME:
            raise FrameError(f"a frame of {length} bytes")
        try:
            return decoder.decode(self._take(length))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise FrameError(str(error)) from None

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            read = os.read(self._reading, max(_CHUNK, count - len(self._buffer)))
            if not read:
                raise EOFError
            self._buffer += read
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken
