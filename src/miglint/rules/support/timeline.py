"""A set that changes while a script runs, with its members before any operation."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable
from typing import Generic, TypeVar

Member = TypeVar("Member", bound=Hashable)


class Timeline(Generic[Member]):
    """The numbers of the operations with which each member came and went, by turns.

    It takes room for the changes alone, where a set for each operation takes it for all of them.
    """

    __slots__ = ("_changes", "_now")

    def __init__(self) -> None:
        self._changes: dict[Member, list[int]] = {}
        self._now: set[Member] = set()

    def add(self, member: Member, number: int) -> None:
        """Add a member at an operation; operations come in order."""
        if member not in self._now:
            self._now.add(member)
            self._changes.setdefault(member, []).append(number)

    def discard(self, member: Member, number: int) -> None:
        """Remove a member at an operation."""
        if member in self._now:
            self._now.discard(member)
            self._changes[member].append(number)

    def clear(self, number: int) -> None:
        """Remove all members at an operation."""
        for member in self._now:
            self._changes[member].append(number)
        self._now.clear()

    def had(self, member: Member, number: int) -> bool:
        """Return whether a member was in it before an operation."""
        changes = self._changes.get(member)
        return changes is not None and bisect_left(changes, number) % 2 == 1
