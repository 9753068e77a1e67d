"""Analysis of large inputs by several processes, with the same result as by one.

The schema before a migration depends on all earlier forward scripts, so a history cannot simply be split. But running
forward scripts once is a part of the work that must be done anyway: they run up to where the next range begins, its
process is forked with the schema reached, and the parent analyzes the first range with these runs. The ranges are
chosen so that all processes finish at the same time. Children reply in MessagePack over a pipe; if one fails, its
range is analyzed by the parent. Only single-threaded processes are forked; multi-threaded programs that use miglint as
a library run the analysis in one process.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from bisect import bisect_left
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

from msgspec import Struct
from msgspec.msgpack import decode, encode

from miglint.base.model import Discovered, Migration
from miglint.linter.analysis import Analysis
from miglint.linter.history_walk import NO_KNOWN_STEPS
from miglint.linter.incremental.hit_codec import EncodedHit, HitCodec
from miglint.linter.incremental.known_steps import record
from miglint.linter.incremental.step_findings import EncodedStep
from miglint.linter.incremental.step_memory import HistoryMemory
from miglint.linter.lead import MOST_RUNS, Lead
from miglint.linter.partial_results import HistoryPart, PartialResult
from miglint.linter.ranges import analyze_range, analyze_scripts, lead_of

# Cost of running only the forward script, as a fraction of the total work on a migration.
_ADVANCE = 0.26
# Work of a child, as a multiple of that of the parent: besides, it copies memory pages and serializes its result.
_CHILD = 1.0
# Fixed work per migration and per statement, in equivalent characters of text.
_FIXED = 1_500
_STATEMENT = 400
# Work of rules about the text of a script, if enabled, relative to all other work on it.
_TEXT = 100
# Below this, starting a process and transferring its result takes longer than it saves.
_SMALLEST = 280_000
_MOST = 4
# Processes know nothing of earlier runs: where less than this is new, one that does is quicker.
_WORTHWHILE = 0.6
# Number of bisection steps for the time of the longest range: to less than a thousandth of the total.
_HALVINGS = 10


class _EncodedPart(Struct, array_like=True, frozen=True):
    place: int
    steps: list[EncodedStep]
    ends: bool
    others: list[EncodedHit]


def examine(
    analysis: Analysis,
    found: Discovered,
    progress: Callable[[int, int], None] | None = None,
    processes: int | None = None,
    memories: Mapping[int, HistoryMemory] = NO_KNOWN_STEPS,
) -> PartialResult:
    """Analyze all requested migrations; `progress` is called with the number of finished ones and their total.

    `processes` defaults to the number of available processors, if that is worthwhile. `memories` are the steps of
    earlier runs.
    """
    if found.requested is not None and analysis.executed is None:
        return analyze_scripts(analysis, found.requested, memories)
    return _all(analysis, found, memories, progress, processes)


def _all(
    analysis: Analysis,
    found: Discovered,
    memories: Mapping[int, HistoryMemory],
    progress: Callable[[int, int], None] | None,
    processes: int | None,
) -> PartialResult:
    """Analyze all migrations, by several processes where there is much to do."""
    migrations = analysis.migrations
    sizes = [[_size(item) for item in history.migrations] for history in analysis.histories]
    new = sum(sizes[place][number] for place, memory in memories.items() for number in memory.unknown())
    total = sum(map(sum, sizes))
    size = new if memories else total
    slow = analysis.dispatcher.about_scripts
    if processes is None and memories and new < total * _WORTHWHILE:
        processes = 1
    elif processes is None:
        # Hits of dry runs are about the migrations that ran: their numbers are known if these are the analysis's own.
        processes = _processes(size * (_TEXT if slow else 1)) if _ran_as_they_are(analysis) else 1
    # Compared with that work, running earlier forward scripts is free.
    bounds = _bounds(sizes, processes, 0 if slow else _ADVANCE)
    scaled = None if progress is None else _ScaledProgress(progress, bounds[1], len(migrations))
    if len(bounds) == 2:
        return analyze_range(analysis, 0, len(migrations), scaled, known=memories)
    part = _by_processes(analysis, found, bounds, scaled)
    record(part, analysis, memories)
    return part


def _by_processes(
    analysis: Analysis, found: Discovered, bounds: list[int], progress: _ScaledProgress | None
) -> PartialResult:
    carrier = _Carrier(analysis, found)
    lead = lead_of(analysis, bounds[1])
    children: list[_Child] = []
    try:
        for first, last in pairwise(bounds[1:]):
            if first < last:
                lead.reach(first)
                children.append(_Child(analysis, carrier, lead, first, last))
        part = analyze_range(analysis, 0, bounds[1], progress, lead)
        for child in children:
            part.extend(child.result())
    finally:
        for child in children:
            child.end()
    return part


def _ran_as_they_are(analysis: Analysis) -> bool:
    """Return whether the migrations of all dry runs are those of the analysis, the same objects."""
    return all(
        run.migration is migration
        for place, history in enumerate(analysis.histories)
        for ran in analysis.executions(place)
        for run, migration in zip(ran.migrations, history.migrations, strict=True)
    )


def _processes(size: int) -> int:
    """Return the worthwhile number of processes for an amount of work."""
    if size < _SMALLEST or sys.platform != "linux" or not _alone():
        return 1
    return min(_MOST, len(os.sched_getaffinity(0)))


def _alone() -> bool:
    """Whether this is the only thread: a lock held by another one would stay locked forever in a forked process."""
    try:
        return len(list(Path("/proc/self/task").iterdir())) == 1
    except OSError:
        return threading.active_count() == 1


def _size(migration: Migration) -> int:
    """Return the work on a migration, in equivalent characters of text."""
    texts = [script.text for script in (migration.forward, migration.rollback) if script is not None]
    return _FIXED + sum(len(text) + _STATEMENT * text.count(";") for text in texts)


def _bounds(sizes: list[list[int]], processes: int, advance: float = _ADVANCE) -> list[int]:
    """Return the bounds of ranges that are finished at the same time, with the forward scripts that run ahead.

    `sizes` are those of the migrations of each history; the bounds are indexes into all of them.
    """
    # Cumulative work up to each migration, that of running the forward scripts of its history up to there, and how
    # much of that is not done again, since the runs are kept.
    done, ahead, kept, begins = [0], [0.0], [0.0], [0]
    for history in sizes:
        start = done[-1]
        for number, size in enumerate(history):
            done.append(done[-1] + size)
            ahead.append(advance * (done[-1] - start))
            kept.append(ahead[-1] if number < MOST_RUNS else kept[-1])
            begins.append(start)
        ahead[-1] = kept[-1] = 0.0
        begins[-1] = done[-1]
    least, most = done[-1] / processes, float(done[-1])
    bounds = [0, *[len(done) - 1] * processes]
    for _ in range(_HALVINGS):
        middle = (least + most) / 2
        tried = _cut(done, ahead, processes, middle)
        leading = sum(ahead[one] for one, two in pairwise(tried[1:]) if one < two and begins[two] > begins[one])
        if done[tried[1]] - kept[tried[1]] + leading <= middle:
            bounds, most = tried, middle
        else:
            least = middle
    return bounds


def _cut(done: list[int], ahead: list[float], processes: int, limit: float) -> list[int]:
    """Return the bounds of ranges of which all but the first are finished within `limit`, the last one first."""
    bounds = [len(done) - 1]
    for _ in range(processes - 1):
        end = done[bounds[0]]
        # A later begin is always finished earlier.
        places = range(bounds[0] + 1)
        begin = bisect_left(places, -limit, key=lambda place: -(ahead[place] + _CHILD * (end - done[place])))
        bounds.insert(0, min(begin, bounds[0]))
    return [0, *bounds]


class _ScaledProgress:
    """Reports the progress of the first range as that of the whole: the others run concurrently."""

    def __init__(self, progress: Callable[[int, int], None], own: int, total: int) -> None:
        self._progress = progress
        self._own = max(1, own)
        self._total = total

    def __call__(self, done: int) -> None:
        self._progress(done * self._total // self._own, self._total)


class _Carrier:
    """Serializes results of ranges. Both processes have the same files, scripts and rules."""

    def __init__(self, analysis: Analysis, found: Discovered) -> None:
        self._histories = analysis.histories
        self._codec = HitCodec(analysis.migrations, analysis.dispatcher.rules, found.files)

    def pack(self, part: PartialResult) -> bytes:
        """Serialize a partial result."""
        return encode([self._sent(item) for item in part.parts])

    def unpack(self, data: bytes, first: int) -> PartialResult:
        """Deserialize a partial result from migration number `first` on. Raises `msgspec.DecodeError`."""
        parts = []
        begin = 0
        begins = []
        for history in self._histories:
            begins.append(begin)
            begin += len(history.migrations)
        for sent in decode(data, type=list[_EncodedPart]):
            own = self._histories[sent.place].migrations[max(0, first - begins[sent.place]) :]
            steps = [step.decoded(migration, self._codec) for step, migration in zip(sent.steps, own, strict=False)]
            parts.append(HistoryPart(sent.place, steps, sent.ends, [self._codec.decode(hit) for hit in sent.others]))
        return PartialResult(parts)

    def _sent(self, part: HistoryPart) -> _EncodedPart:
        steps = [EncodedStep.of(step, self._codec) for step in part.steps]
        return _EncodedPart(part.place, steps, part.ends, [self._codec.encode(hit) for hit in part.others])


class _Child:
    """A process that analyzes one range, or a placeholder if the system has no more processes."""

    def __init__(self, analysis: Analysis, carrier: _Carrier, lead: Lead, first: int, last: int) -> None:
        self._analysis, self._carrier, self._lead = analysis, carrier, lead
        self._first, self._last = first, last
        self._pid: int | None = None
        self._pipe = -1
        reading, writing = os.pipe()
        try:
            pid = os.fork()
        except OSError:
            os.close(reading)
            os.close(writing)
            return
        if pid == 0:
            os.close(reading)
            self._run(writing)
        os.close(writing)
        self._pid, self._pipe = pid, reading

    def _run(self, writing: int) -> NoReturn:
        """Analyze, reply, and exit immediately: nothing of the parent's may be flushed or closed here."""
        status = 1
        try:
            # Ctrl-C is handled by the parent, which terminates its children.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            data = self._carrier.pack(analyze_range(self._analysis, self._first, self._last, lead=self._lead))
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(data)
            status = 0
        finally:
            os._exit(status)

    def result(self) -> PartialResult:
        """Wait for the result of the range; analyze it here if the child failed."""
        if self._pid is not None:
            with os.fdopen(self._pipe, "rb") as pipe:
                self._pipe = -1
                data = pipe.read()
            pid, self._pid = self._pid, None
            if os.waitpid(pid, 0)[1] == 0:
                return self._carrier.unpack(data, self._first)
        return analyze_range(self._analysis, self._first, self._last)

    def end(self) -> None:
        """Stop the child if it still runs."""
        if self._pipe >= 0:
            os.close(self._pipe)
        if self._pid is not None:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
