"""Analyses that were made before: what was found of a text holds as long as all that was looked up is the same.

A script runs twice and its rollback undoes it; views are restated to be changed back. Looking again at what an analysis
asked costs a fraction of making it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from miglint.base.structs import Struct
from miglint.replay.apply.machine import Machine
from miglint.schema.objects import Key
from miglint.sql.postgres.analysis.environment import Invalid

# A script with more texts than this runs each of them as often as without: the next run begins at the first one again.
_MOST = 1 << 16
_Answer = TypeVar("_Answer")


class Looked:
    """What an analysis has looked up in a schema: objects, what depends on keys, and the state of the session."""

    __slots__ = ("objects", "session", "users")

    def __init__(self, machine: Machine) -> None:
        self.objects: dict[Key, Any] = {}
        self.users: dict[Key, Any] = {}
        self.session = _session(machine)


class _Kept(Struct, frozen=True, gc=False):
    """An answer, or the error in its place, with what was looked up for it."""

    session: tuple[tuple[str, ...], bool, bool]
    objects: tuple[tuple[Key, Any], ...]
    users: tuple[tuple[Key, Any], ...]
    answer: Any = None
    invalid: Invalid | None = None

    def holds(self, machine: Machine) -> bool:
        """Whether a machine would give the same answers."""
        if self.session != _session(machine):
            return False
        objects, users = machine.schema.objects, machine.schema.dependents
        if not all(objects.get(key) is value for key, value in self.objects):
            return False
        return all(users.get(key) is value for key, value in self.users)


def _session(machine: Machine) -> tuple[tuple[str, ...], bool, bool]:
    return machine.path, machine.temporary, machine.lost


def _keep(looked: Looked, answer: Any = None, invalid: Invalid | None = None) -> _Kept:
    return _Kept(looked.session, tuple(looked.objects.items()), tuple(looked.users.items()), answer, invalid)


_kept: dict[Hashable, _Kept] = {}


def remembered(machine: Machine, subject: Hashable, analyze: Callable[[Looked], _Answer]) -> _Answer:
    """Return what `analyze` says of a subject, or said when all that it looked up was the same."""
    found = _kept.get(subject)
    if found is not None and found.holds(machine):
        if found.invalid is not None:
            raise found.invalid
        known: _Answer = found.answer
        return known
    if len(_kept) >= _MOST:
        _kept.clear()
    looked = Looked(machine)
    try:
        answer = analyze(looked)
    except Invalid as invalid:
        _kept[subject] = _keep(looked, invalid=invalid)
        raise
    _kept[subject] = _keep(looked, answer)
    return answer
