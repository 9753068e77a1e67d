"""Protocol between the two processes of an SQLite dry run: requests, replies, and frames.

A frame is a four-byte length followed by a MessagePack value. Both ends decode to the types below, so that a reply is
data, never code. The child process imports this module, so it imports as little as possible.
"""

from __future__ import annotations

import os
from typing import Any, TypeVar

import msgspec

# None, an integer, a float, a text or bytes.
Cell = Any
Row = tuple[Cell, ...]

# Maximum size of requests and replies.
MAX_FRAME = 64 << 20
_HEADER = 4
_CHUNK = 1 << 16
_Message = TypeVar("_Message")


class Start(msgspec.Struct, frozen=True, array_like=True, tag="start"):
    """The first request: the library to use (`sqlite3` or `apsw`), and the limits of the process.

    `memory` and `disk` are bytes for all databases and for each one, `seconds` is processor time. `functions` get
    stand-ins that return their first argument.
    """

    library: str
    memory: int
    disk: int
    seconds: int
    foreign_keys: bool
    functions: tuple[str, ...] = ()


class Open(msgspec.Struct, frozen=True, array_like=True, tag="open"):
    """Create an empty in-memory database with number `database`."""

    database: int


class Copy(msgspec.Struct, frozen=True, array_like=True, tag="copy"):
    """Copy `source` to a new database with number `database`."""

    database: int
    source: int


class Forget(msgspec.Struct, frozen=True, array_like=True, tag="forget"):
    """Drop a database; there is no reply."""

    database: int


class RunScript(msgspec.Struct, frozen=True, array_like=True, tag="run"):
    """Run the statements of a script, in one transaction if `wrapped`.

    A transaction that another script leaves open is rolled back, as when its connection closes. Each statement is
    limited to `statement` seconds, all together to `left` seconds.
    """

    database: int
    statements: tuple[str, ...]
    wrapped: bool
    statement: float
    left: float


class Fetch(msgspec.Struct, frozen=True, array_like=True, tag="fetch"):
    """Run one internal statement and return its rows, within a time limit."""

    database: int
    sql: str
    values: Row
    seconds: float


class Many(msgspec.Struct, frozen=True, array_like=True, tag="many"):
    """Run one internal statement for each tuple of values, within a time limit."""

    database: int
    sql: str
    values: tuple[Row, ...]
    seconds: float


class Stored(msgspec.Struct, frozen=True, array_like=True, tag="stored"):
    """Return the rows of the schema table."""

    database: int


class Details(msgspec.Struct, frozen=True, array_like=True, tag="details"):
    """Return the pragma results for these objects."""

    database: int
    tables: tuple[str, ...]
    indexes: tuple[str, ...]
    views: tuple[str, ...]


class Digest(msgspec.Struct, frozen=True, array_like=True, tag="digest"):
    """Return the row digests of all tables, or of those named (in lower case)."""

    database: int
    only: frozenset[str] | None = None


class SameRows(msgspec.Struct, frozen=True, array_like=True, tag="same rows"):
    """Return whether a database has the same rows as a copy of it."""

    database: int
    copy: int


class Touched(msgspec.Struct, frozen=True, array_like=True, tag="touched"):
    """Return the tables that were written since a database was created."""

    database: int


class Frequencies(msgspec.Struct, frozen=True, array_like=True, tag="frequencies"):
    """Return hashes of what the rows of a table have in some columns, with their frequencies."""

    database: int
    table: str
    columns: tuple[str, ...]


Request = (
    Start
    | Open
    | Copy
    | Forget
    | RunScript
    | Fetch
    | Many
    | Stored
    | Details
    | Digest
    | SameRows
    | Touched
    | Frequencies
)


class SqliteFailure(msgspec.Struct, frozen=True, array_like=True):
    """An SQLite error: the error code's name, the message, the token's byte offset or -1, and the limit reached."""

    name: str
    message: str
    place: int = -1
    limit: str | None = None


class Ready(msgspec.Struct, frozen=True, array_like=True, tag="ready"):
    """The reply to `Start`: the limits that the system lacks (keys of `confinement.LIMITS`)."""

    missing: tuple[str, ...]


class Began(msgspec.Struct, frozen=True, array_like=True, tag="began"):
    """Sent before each statement of a script and before its commit: earlier effects are permanent if `settled`."""

    index: int
    settled: bool


class Ran(msgspec.Struct, frozen=True, array_like=True, tag="ran"):
    """The reply to `RunScript`: the time of each statement, and the failure and its statement (-1: the commit).

    `settled` is the number of statements whose effects are kept although the script failed.
    """

    seconds: tuple[float, ...]
    failure: SqliteFailure | None = None
    index: int = -1
    settled: int = 0


class Failed(msgspec.Struct, frozen=True, array_like=True, tag="failed"):
    """The reply to a request that SQLite failed to execute."""

    failure: SqliteFailure


class Done(msgspec.Struct, frozen=True, array_like=True, tag="done"):
    """The reply to requests without a result."""


class Fetched(msgspec.Struct, frozen=True, array_like=True, tag="fetched"):
    """The reply to `Fetch`."""

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
    """Pragma results for a table.

    `columns` are (name, type, not null, default, position in the primary key, hidden), `unique` the columns of each
    `UNIQUE`, and `foreign` (number, (table, column, referenced, on update, on delete, match)).
    """

    columns: tuple[tuple[str, str, int, str | None, int, int], ...]
    unique: tuple[tuple[str | None, ...], ...] = ()
    foreign: tuple[tuple[int, tuple[str, str, str | None, str, str, str]], ...] = ()


# For an index: element position, column (None: an expression), whether descending, collation.
IndexDetails = tuple[tuple[int, str | None, int, str], ...]


class SchemaDetails(msgspec.Struct, frozen=True, array_like=True, tag="schema details"):
    """The reply to `Details`; objects that SQLite cannot describe are missing, a broken view has no columns."""

    tables: dict[str, TableDetails]
    indexes: dict[str, IndexDetails]
    views: dict[str, tuple[str, ...]]


class TableRows(msgspec.Struct, frozen=True, array_like=True):
    """Row digest of a table: the number of rows, a hash of values by column (in lower case), and one of the rows."""

    count: int
    columns: dict[str, str]
    rows: str


class Digested(msgspec.Struct, frozen=True, array_like=True, tag="digested"):
    """The reply to `Digest`, by table."""

    tables: dict[str, TableRows]


class RowsCompared(msgspec.Struct, frozen=True, array_like=True, tag="compared"):
    """The reply to `SameRows`."""

    same: bool


class TouchedTables(msgspec.Struct, frozen=True, array_like=True, tag="touched tables"):
    """The reply to `Touched`: names in lower case; None: any table may have been written."""

    tables: frozenset[str] | None


class Counted(msgspec.Struct, frozen=True, array_like=True, tag="counted"):
    """The reply to `Frequencies`."""

    values: dict[str, int]


Reply = (
    Ready
    | Began
    | Ran
    | Failed
    | Done
    | Fetched
    | StoredObjects
    | SchemaDetails
    | Digested
    | RowsCompared
    | TouchedTables
    | Counted
)


class FrameError(Exception):
    """The other end sent an invalid frame, or a message of an unexpected kind."""


class Channel:
    """One end of the two pipes. `receive` raises `EOFError` if the other end is closed."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading = reading
        self._writing = writing
        self._buffer = bytearray()
        self._encoder = msgspec.msgpack.Encoder()

    def send(self, message: Request | Reply) -> bool:
        """Send a message; returns False without sending if it is too large."""
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
