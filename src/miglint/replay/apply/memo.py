"""Analyses that were made before: what was found of a text holds as long as all that was looked up is the same.

A script runs twice and its rollback undoes it; views are restated to be changed back. Looking again at what an analysis
asked costs a fraction of making it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from miglint.replay.apply.machine import Machine
from miglint.schema.objects import Key
from miglint.sql.postgres.analysis.environment import Invalid

_MOST = 4096
_Answer = TypeVar("_Answer")


class Looked:
    """What an analysis has looked up in a schema: objects, what depends on keys, and the state of the session."""

    __slots__ = ("objects", "session", "users")

    def __init__(self, machine: Machine) -> None:
        self.objects: dict[Key, Any] = {}
        self.users: dict[Key, Any] = {}
        self.session = (machine.path, machine.temporary, machine.lost)

    def same(self, machine: Machine) -> bool:
        """Whether a machine would give the same answers."""
        if self.session != (machine.path, machine.temporary, machine.lost):
            return False
        objects, users = machine.schema.objects, machine.schema.dependents
        return all(objects.get(key) is value for key, value in self.objects.items()) and all(
            users.get(key) is value for key, value in self.users.items()
        )


_kept: dict[Hashable, tuple[Looked, Any, Invalid | None]] = {}


def remembered(machine: Machine, subject: Hashable, analyze: Callable[[Looked], _Answer]) -> _Answer:
    """Return what `analyze` says of a subject, or said when all that it looked up was the same."""
    found = _kept.get(subject)
    if found is not None and found[0].same(machine):
        if found[2] is not None:
            raise found[2]
        answer: _Answer = found[1]
        return answer
    if len(_kept) >= _MOST:
        _kept.clear()
    looked = Looked(machine)
    try:
        answer = analyze(looked)
    except Invalid as invalid:
        _kept[subject] = (looked, None, invalid)
        raise
    _kept[subject] = (looked, answer, None)
    return answer
