"""Resource limits for untrusted scripts: time, memory, disk space and messages."""

from __future__ import annotations

import time
from math import inf

from miglint.base.lazy_regex import pattern
from miglint.base.structs import Struct

_SIZE = pattern(r"\s*(\d+(?:\.\d+)?)\s*([kKmMgGtT]?)i?[bB]?\s*\Z")
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
# A server without databases uses some 60 MB of disk; it does not start with less memory than this.
LEAST_DISK = 128 << 20
LEAST_MEMORY = 64 << 20


class Limits(Struct, frozen=True):
    """Limits of a dry run; reaching one is a finding. Times in seconds, sizes in bytes.

    `statement` limits one statement, `lock` each lock wait, `total` all migrations of one history together. `disk`
    limits all databases of a server with its log and temporary files, `notices` the messages that one script may send,
    `memory` the processes that run scripts: each of them, and all of one server together.
    """

    statement: float = 30.0
    lock: float = 5.0
    total: float = 900.0
    disk: int = 2 << 30
    notices: int = 100_000
    memory: int = 1 << 30


class Deadline:
    """A deadline on the monotonic clock for all work of a dry run; `stop` moves it to now."""

    __slots__ = ("_at",)

    def __init__(self, at: float) -> None:
        self._at = at

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the deadline `seconds` from now."""
        return cls(time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Return the remaining seconds, never negative."""
        return max(0.0, self._at - time.monotonic())

    @property
    def past(self) -> float:
        """Return the seconds since it expired, never negative."""
        return max(0.0, time.monotonic() - self._at)

    def stop(self) -> None:
        """Expire the deadline now."""
        self._at = time.monotonic()


def size_of(text: str) -> int | None:
    """Parse a size such as `512MB`, `1.5 GB` or `1048576` (a kilobyte is 1024 bytes); None if invalid."""
    found = _SIZE.match(text)
    size = inf if found is None else float(found[1]) * _UNITS[found[2].lower()]
    return None if size == inf else int(size)


def size_text(size: int) -> str:
    """Format a number of bytes with the largest suitable unit: `1 GB`, `1.5 GB`, `512 MB`."""
    for unit, scale in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if size >= scale:
            return f"{size / scale:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} bytes"
