"""Lock levels, the work done under them, and their effect on concurrent sessions."""

from __future__ import annotations

from enum import Flag, IntEnum
from typing import NamedTuple

from miglint.sql.operations import Name


class Lock(IntEnum):
    """PostgreSQL's table-level lock modes, by the server's own numbers: a higher one conflicts with more."""

    ACCESS_SHARE = 1
    ROW_SHARE = 2
    ROW_EXCLUSIVE = 3
    SHARE_UPDATE_EXCLUSIVE = 4
    SHARE = 5
    SHARE_ROW_EXCLUSIVE = 6
    EXCLUSIVE = 7
    ACCESS_EXCLUSIVE = 8

    def __str__(self) -> str:
        return self.name.replace("_", " ")

    @property
    def blocks(self) -> str:
        """The operations that other sessions are blocked from; empty if ordinary reads and writes continue."""
        if self is Lock.ACCESS_EXCLUSIVE:
            return "reads and writes"
        return "writes" if self >= Lock.SHARE else ""

    @property
    def pg_name(self) -> str:
        """The name in `pg_locks.mode`."""
        return "".join(word.capitalize() for word in self.name.split("_")) + "Lock"


class Work(Flag):
    """Work proportional to the number of rows: a scan, a rewrite, an index build."""

    NONE = 0
    SCAN = 1
    REWRITE = 2
    INDEX = 4

    def __str__(self) -> str:
        if Work.REWRITE in self:
            return "the table is rewritten"
        if Work.INDEX in self:
            return "the index is built"
        return "every row is checked" if Work.SCAN in self else ""


class LockEffect(NamedTuple):
    """Effect of one operation on one relation: the strongest lock, and the work done under it.

    `situation` is the key of the row in the table of facts.
    """

    table: Name
    lock: Lock
    work: Work
    situation: str

    @property
    def words(self) -> str:
        """Format it as `ACCESS EXCLUSIVE on orders: blocks reads and writes while every row is checked`."""
        text = f"{self.lock} on {self.table.name}"
        blocks = self.lock.blocks
        if not blocks:
            return text
        return f"{text}: blocks {blocks} while {self.work}" if self.work else f"{text}: blocks {blocks} for a moment"

    @property
    def stalls(self) -> bool:
        """Whether other sessions are blocked for a time proportional to the number of rows."""
        return bool(self.work) and bool(self.lock.blocks)
