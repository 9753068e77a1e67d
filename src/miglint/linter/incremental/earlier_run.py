"""The last run over a history, beside which a run goes: what differs between the states that both have reached.

After a changed migration the states differ in a few objects. A step that has read none of them is known, and is found
without a schema: the bytes of what it has read contain none of these keys. A step that may have read some is compared
in full (`step_trace.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from miglint.linter.incremental.history_state import Head, HistoryState, SchemaChange
from miglint.linter.incremental.step_trace import encoded_label, encoded_user
from miglint.schema.edges import labels_of
from miglint.schema.encoding import decode_key

# Of more differences, nearly every step has read some.
_MOST = 1_000


class EarlierRun:
    """The steps of the last run in their order, by name, and how far this run has come beside it.

    `change_of` returns what a step of that name changes, None if that is not known any more.
    """

    def __init__(self, names: Sequence[bytes], change_of: Callable[[bytes], SchemaChange | None]) -> None:
        self.names = names
        self._places = {name: place for place, name in enumerate(names)}
        self._change_of = change_of
        # So many steps of the last run have led to the state that this run is compared with.
        self._done = 0
        # None as long as both are in the same state.
        self._apart: _Divergence | None = None
        self._lost = not names

    def has(self, name: bytes) -> bool:
        """Return whether the last run has taken or made a step of this name."""
        return name in self._places

    def meets(self, name: bytes, state: HistoryState, change: SchemaChange | None) -> None:
        """Go on by a known step after just this state: if the last run had it, both are in the same state."""
        place = self._places.get(name, -1)
        if place < self._done:
            self.replays(state, change)
            return
        self._done = place + 1
        self._apart = None
        self._lost = False

    def replays(self, state: HistoryState, change: SchemaChange | None) -> None:
        """Go on by a step that the last run had not, from the state before it."""
        if self._lost:
            return
        if change is None:
            self._lost = True
            return
        if self._apart is None:
            self._apart = _Divergence(state.head)
        self._apart.mine(change)

    def agrees(self, name: bytes, trace: bytes, rooted: bool, state: HistoryState) -> bool:
        """Return whether a step of the last run, of this name, has read nothing that differs in a state of this run.

        `trace` is what it has read, as bytes, `rooted` whether it has asked for that. False if that is not certain.
        """
        place = self._places.get(name, -1)
        if self._lost or self._apart is None or place < self._done:
            return False
        for passed in self.names[self._done : place]:
            change = self._change_of(passed)
            if change is None:
                self._lost = True
                return False
            self._apart.theirs(change)
        self._done = place
        return self._apart.head.is_like(state.head, rooted=rooted) and not self._apart.concerns(trace)

    def takes(self, name: bytes, state: HistoryState, change: SchemaChange) -> None:
        """Go on by a known step after another state, from the state of this run before it."""
        if self._apart is None or self._places.get(name, -1) != self._done:
            self.replays(state, change)
        elif not self._lost:
            self._done += 1
            self._apart.both(change)


class _Divergence:
    """What differs between two states that have come from one, whose head is given.

    `head` is that of the last run's state.
    """

    def __init__(self, head: Head) -> None:
        self.head = head
        self._mine: dict[bytes, bytes] = {}
        self._theirs: dict[bytes, bytes] = {}
        # The keys of objects that those which differ depend on: what depends on these may differ, too.
        self._needed: dict[bytes, set[bytes]] = {}
        self._marks: list[bytes] | None = None

    def mine(self, change: SchemaChange) -> None:
        """Add what only this run has changed."""
        self._add(self._mine, change)

    def theirs(self, change: SchemaChange) -> None:
        """Add what only the last run has changed."""
        self._add(self._theirs, change)
        self._advance(change)

    def both(self, change: SchemaChange) -> None:
        """Add what both have changed to the same."""
        self._advance(change)
        if not self._needed:
            return
        for key, _ in change.pairs():
            if key in self._needed:
                self._forget(key)

    def _advance(self, change: SchemaChange) -> None:
        self.head = self.head.after(change)

    def _add(self, side: dict[bytes, bytes], change: SchemaChange) -> None:
        needed = change.needs()
        for key, value in change.pairs():
            side[key] = value
            self._needed.setdefault(key, set()).update(needed.get(key, ()))
            # What only one of them has changed differs, unless it was changed back: a difference more does no harm.
            if self._mine.get(key) == self._theirs.get(key):
                self._forget(key)
        self._marks = None

    def _forget(self, key: bytes) -> None:
        for known in (self._mine, self._theirs, self._needed):
            known.pop(key, None)
        self._marks = None

    def concerns(self, trace: bytes) -> bool:
        """Return whether a step may have read something that differs."""
        if self._marks is None:
            self._marks = self._listed()
        return len(self._marks) > _MOST or any(mark in trace for mark in self._marks)

    def _listed(self) -> list[bytes]:
        """Return what is in the bytes of each trace that has read something that differs."""
        marks = set(self._needed)
        for needed in self._needed.values():
            marks.update(map(encoded_user, needed))
        for key in self._needed:
            marks.update(map(encoded_label, labels_of(decode_key(key))))
        return sorted(marks)
