"""The way through one history: each step is taken from an earlier run, or replayed over the state that is reached."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from miglint.base.model import Migration
from miglint.base.structs import replace
from miglint.linter.incremental.history_state import HistoryState, schema_change
from miglint.linter.incremental.recalled_passages import PassedStates, RecalledPass
from miglint.linter.incremental.step_findings import StepFindings
from miglint.linter.rollback_offer import has_place
from miglint.replay.steps import ForwardPass, ForwardRun, Passage, replay_one, run_forward
from miglint.schema.recording import reads_of, recorded, unrecorded
from miglint.schema.value import Schema
from miglint.sql import parse

if TYPE_CHECKING:
    from miglint.linter.analysis import Analysis
    from miglint.linter.incremental.step_memory import HistoryMemory
    from miglint.linter.lead import ReachedState

KnownSteps: TypeAlias = "Mapping[int, HistoryMemory]"
NO_KNOWN_STEPS: KnownSteps = {}


class HistoryWalk:
    """The way through a history, by its place among all; `known` has the steps of earlier runs.

    With `keeps`, its passages are kept for rules that need them.
    """

    def __init__(self, analysis: Analysis, place: int, known: KnownSteps) -> None:
        self.place = place
        self.history = analysis.histories[place]
        self.keeps = False
        self.state = HistoryState(analysis.starts[self.history.dialect])
        self._analysis = analysis
        self._memory = known.get(place)
        self._ran = analysis.executions(place)
        self._passages: list[Passage] = []
        self._states = PassedStates(self.state.schema)

    def begin_at(self, reached: ReachedState) -> None:
        """Begin at a state to which forward scripts have run ahead."""
        self.state = HistoryState(reached.schema, doubted=reached.doubted)
        self._passages = [*reached.passages] if self.keeps else []

    def step(self, number: int, first_run: ForwardRun | None = None) -> StepFindings:
        """Return the result of the next migration; `first_run` is the run of its forward, if that has run ahead."""
        migration = self.history.migrations[number]
        known = self._recalled(number, migration, whole=True)
        if known is not None:
            return known
        analysis, schema = self._analysis, self.state.schema
        step = replay_one(
            migration,
            parse,
            schema if analysis.memory is None else recorded(schema),
            layout=self.history.layout,
            runner=analysis.runner,
            doubted=self.state.doubted,
            served=analysis.is_served(self.history, migration),
            sqlite=analysis.sqlite,
            first_run=first_run,
            on_sqlite=analysis.verdicts,
        )
        result = analysis.result_of(step, self.place, number, self._ran)
        return self._reached(number, result, schema, step.passage)

    def passed(self, number: int) -> StepFindings:
        """Run just the forward of the next migration; return a result without hits."""
        migration = self.history.migrations[number]
        known = self._recalled(number, migration, whole=False)
        if known is not None:
            return known
        schema = self.state.schema
        met = schema if self._analysis.memory is None else recorded(schema)
        passage = run_forward(migration, parse, met, kept=False).passage(migration)
        gathered = self._analysis.dispatcher.gather(passage, first=number == 0)
        return self._reached(number, StepFindings(migration, gathered=gathered), schema, passage)

    def passages(self) -> list[Passage]:
        """Return the passages of the migrations up to here, if they are kept."""
        return list(self._passages)

    def whole(self, number: int) -> list[Passage]:
        """Run the forwards from a number on, and return the passages of the whole history, if they are kept."""
        for rest in range(number, len(self.history.migrations)):
            self.passed(rest)
        return self.passages()

    def _recalled(self, number: int, migration: Migration, *, whole: bool) -> StepFindings | None:
        """Return the result of an earlier run, if its step was the same, and advance by it."""
        if self._memory is None:
            return None
        placed = partial(has_place, self.history, migration)
        known = self._memory.get(number, self.state, migration, placed, whole=whole)
        if known is None or known.change is None:
            return None
        self.state.take(known.change)
        if self.keeps:
            number = self._states.add(known.change, self.state.head)
            self._passages.append(RecalledPass(migration, known.change, self._states, number))
        return known

    def _reached(self, number: int, result: StepFindings, schema: Schema, passage: ForwardPass) -> StepFindings:
        """Advance by a migration that was replayed, and record its result."""
        memory, after = self._analysis.memory, passage.after
        if memory is not None:
            trace, rooted = None, True
            if (reads := reads_of(after)) is not None:
                # Also what it has set without a look is what it was.
                reads.objects.update(after.journaled())
                trace = memory.tracer.trace(reads, schema, doubted=self.state.doubted)
                rooted = reads.rooted
            after = unrecorded(after)
            change = schema_change(schema, passage, memory.secret, rooted=rooted)
            result = replace(result, change=change, trace=trace)
            if self._memory is not None:
                complete = self._analysis.dispatcher.reads_all(result.migration, self._analysis.report_only)
                self._memory.put(number, self.state, result, complete=complete)
        self.state.reach(after, result.change, doubted=passage.doubted)
        if self.keeps:
            self._states.add(None, self.state.head, after)
            self._passages.append(passage)
        return result
