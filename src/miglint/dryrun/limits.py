"""What untrusted scripts may use: time, space and noise."""

from __future__ import annotations

import time

from miglint.base.structs import Struct


class Limits(Struct, frozen=True):
    """Bounds of a dry run; hitting one is a finding. Times in seconds, sizes in bytes.

    `statement` bounds one statement, `lock` the wait for a lock, `total` all migrations of one history together.
    `disk` bounds each database and its temporary files, `notices` the messages that one script may send.
    """

    statement: float = 30.0
    lock: float = 5.0
    total: float = 900.0
    disk: int = 1 << 30
    notices: int = 100_000


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
