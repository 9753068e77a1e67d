"""Forward scripts run ahead of the ranges that several processes analyze.

The schema before a range depends on all earlier forward scripts of its history. They run once, before the processes are
forked: the process of each range starts with the schema reached, and that of the first range uses the runs themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from miglint.base.model import Dialect, History
from miglint.base.structs import Struct
from miglint.replay.steps import ForwardPass, ForwardRun, apply_forward, run_forward
from miglint.schema.recording import recorded, unrecorded
from miglint.schema.value import Schema
from miglint.sql import parse

# A run holds the schemas between its operations. Of long histories, the others run again where they are needed.
MOST_RUNS = 2_000


class ReachedState(Struct, frozen=True, gc=False):
    """The state of a history before a migration: its schema, and the passages so far, if any rule needs them.

    `doubted` marks a schema that is not known in full.
    """

    schema: Schema
    passages: list[ForwardPass]
    doubted: bool = False


class Lead:
    """The forward scripts of histories, run up to where ranges begin.

    `keeps` returns whether the passages of a history are needed, by its place. The runs of migrations before number
    `own` of all are kept until they are taken. With `recorded`, what they read of the schemas is recorded.
    """

    def __init__(
        self,
        histories: tuple[History, ...],
        starts: Mapping[Dialect, Schema],
        keeps: Callable[[int], bool],
        own: int,
        *,
        recorded: bool = False,
    ) -> None:
        self._recorded = recorded
        self._histories = histories
        self._starts = starts
        self._keeps = keeps
        self._own = own
        self._runs: dict[tuple[int, int], ForwardRun] = {}
        self._place, self._number = -1, 0
        self._state: ReachedState | None = None

    def reach(self, bound: int) -> None:
        """Run the history that contains a migration, given by its number among all, up to that migration."""
        begin = 0
        for place, history in enumerate(self._histories):
            if begin < bound < begin + len(history.migrations):
                self._advance(place, begin, bound - begin)
            begin += len(history.migrations)

    def _advance(self, place: int, begin: int, last: int) -> None:
        history = self._histories[place]
        if self._state is None or place != self._place:
            self._place, self._number = place, 0
            self._state = ReachedState(self._starts[history.dialect], [])
        schema, passages, doubted = self._state.schema, self._state.passages, self._state.doubted
        keep = self._keeps(place)
        for number in range(self._number, last):
            migration = history.migrations[number]
            if begin + number < self._own and len(self._runs) < MOST_RUNS:
                met = recorded(schema) if self._recorded else schema
                forward = self._runs[place, number] = run_forward(migration, parse, met)
                passage = forward.passage(migration)
            else:
                passage = apply_forward(migration, parse, schema)
            schema, doubted = unrecorded(passage.after), doubted or passage.doubted
            if keep:
                passages.append(passage)
        self._number = last
        self._state = ReachedState(schema, passages, doubted)

    def state(self, place: int, number: int) -> ReachedState | None:
        """Return the state before migration `number` of a history, if the last call of `reach` led there."""
        return self._state if (place, number) == (self._place, self._number) else None

    def take(self, place: int, number: int) -> ForwardRun | None:
        """Return the run of a forward, which is then no longer kept; None if there is none."""
        return self._runs.pop((place, number), None)
