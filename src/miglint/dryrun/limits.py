"""What untrusted scripts may use: time, memory, disk space and messages."""

from __future__ import annotations

import time

from miglint.base.lazy_regex import pattern
from miglint.base.structs import Struct

_SIZE = pattern(r"\s*(\d+(?:\.\d+)?)\s*([kKmMgGtT]?)i?[bB]?\s*\Z")
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
# A server without any database of ours takes some 60 MB of disk; less memory than this does not start one.
LEAST_DISK = 128 << 20
LEAST_MEMORY = 64 << 20


class Limits(Struct, frozen=True):
    """Bounds of a dry run; hitting one is a finding. Times in seconds, sizes in bytes.

    `statement` bounds one statement, `lock` the wait for a lock, `total` all migrations of one history together.
    `disk` bounds all databases of a server with its log and its temporary files, `notices` the messages that one script
    may send, `memory` the processes that run scripts: each of them, and all of one server together.
    """

    statement: float = 30.0
    lock: float = 5.0
    total: float = 900.0
    disk: int = 2 << 30
    notices: int = 100_000
    memory: int = 1 << 30


class Deadline:
    """A moment on the monotonic clock after which nothing of a dry run runs any more; `stop` brings it to now."""

    __slots__ = ("_at",)

    def __init__(self, at: float) -> None:
        self._at = at

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the moment `seconds` from now."""
        return cls(time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds that are left, never negative."""
        return max(0.0, self._at - time.monotonic())

    def stop(self) -> None:
        """Let the time be over."""
        self._at = time.monotonic()


def size_of(text: str) -> int | None:
    """Return the bytes that `512MB`, `1.5 GB` or `1048576` say (a kilobyte is 1024), None for any other text."""
    found = _SIZE.match(text)
    return None if found is None else int(float(found[1]) * _UNITS[found[2].lower()])


def size_text(size: int) -> str:
    """Return a number of bytes in the largest unit that it has a whole one of: `1 GB`, `1.5 GB`, `512 MB`."""
    for unit, scale in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if size >= scale:
            return f"{size / scale:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} bytes"
