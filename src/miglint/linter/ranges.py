"""Replay of histories and evaluation of all rules, for any range of migrations.

The result of a range depends only on the migrations up to its end, so that ranges can be processed in parallel.
"""

from __future__ import annotations

from collections.abc import Callable, Container

from miglint.base.model import History, Migration
from miglint.linter.analysis import Analysis
from miglint.linter.dispatch import PlacedHit
from miglint.linter.history_walk import NO_KNOWN_STEPS, HistoryWalk, KnownSteps
from miglint.linter.lead import Lead
from miglint.linter.partial_results import HistoryPart, PartialResult
from miglint.replay.steps import Passage
from miglint.replay.variants import VariantPair, Variants

ProgressCallback = Callable[[int], None]


def lead_of(analysis: Analysis, own: int) -> Lead:
    """Return what runs forward scripts ahead of ranges; the runs of migrations before number `own` are kept."""
    return Lead(analysis.histories, analysis.starts, analysis.needs_passages, own, recorded=analysis.memory is not None)


def analyze_range(
    analysis: Analysis,
    first: int,
    last: int,
    progress: ProgressCallback | None = None,
    lead: Lead | None = None,
    known: KnownSteps = NO_KNOWN_STEPS,
) -> PartialResult:
    """Analyze the migrations from number `first` to before number `last`.

    `lead` is what has run ahead, if anything; `known` are the steps of earlier runs by the places of histories.
    """
    parts = []
    number = 0
    count = None if progress is None else _Count(progress)
    passed: dict[History, list[Passage]] = {}
    for place, history in enumerate(analysis.histories):
        size = len(history.migrations)
        if number + size > first and number < last:
            ends = number + size <= last
            wanted = range(max(0, first - number), min(size, last - number))
            part, passages = _history(
                analysis, HistoryWalk(analysis, place, known), wanted, wanted.stop, ends, count, lead
            )
            parts.append(part)
            if passages:
                passed[history] = passages
                for pair in analysis.variants if analysis.dispatcher.about_variants else ():
                    # Two variants of a history are compared where the second of them ends.
                    if history is max(pair.postgres, pair.sqlite, key=analysis.histories.index):
                        part.others += _variants(analysis, pair, passed, known)
        number += size
    return PartialResult(parts)


def analyze_scripts(analysis: Analysis, paths: frozenset[str], known: KnownSteps = NO_KNOWN_STEPS) -> PartialResult:
    """Analyze the migrations with a script in `paths`: of earlier ones, only the forward scripts run."""
    parts = []
    passed: dict[History, list[Passage]] = {}
    for place, history in enumerate(analysis.histories):
        wanted = {number for number, item in enumerate(history.migrations) if _is_wanted(item, paths)}
        if wanted:
            walk = HistoryWalk(analysis, place, known)
            part, passed[history] = _history(analysis, walk, wanted, max(wanted) + 1, True, None)
            parts.append(part)
    for pair in analysis.variants if analysis.dispatcher.about_variants else ():
        if pair.postgres in passed or pair.sqlite in passed:
            parts[-1].others += _variants(analysis, pair, passed, known)
    return PartialResult(parts)


def _variants(
    analysis: Analysis, pair: Variants, passed: dict[History, list[Passage]], known: KnownSteps
) -> list[PlacedHit]:
    """Compare two variants of a history, unless they contain migrations written as programs."""
    if any(item.after_program for one in (pair.postgres, pair.sqlite) for item in one.migrations):
        return []
    for one in (pair.postgres, pair.sqlite):
        # Another process may have processed it, or it is not asked for.
        if not passed.get(one):
            walk = HistoryWalk(analysis, analysis.histories.index(one), known)
            walk.keeps = True
            passed[one] = walk.whole(0)
    return analysis.dispatcher.others("variants", VariantPair(pair, passed[pair.postgres], passed[pair.sqlite]))


def _history(
    analysis: Analysis,
    walk: HistoryWalk,
    wanted: Container[int],
    last: int,
    ends: bool,
    count: _Count | None,
    lead: Lead | None = None,
) -> tuple[HistoryPart, list[Passage]]:
    """Analyze the wanted migrations of a history; return its passages too if rules need them and it ends.

    Where `wanted` is a range, other ranges have the results of the migrations before it.
    """
    place, history = walk.place, walk.history
    # Rules for whole histories run at the end, where the whole history has been replayed.
    walk.keeps = ends and analysis.needs_passages(place)
    first = 0
    if lead is not None and isinstance(wanted, range) and (reached := lead.state(place, wanted.start)) is not None:
        first = wanted.start
        walk.begin_at(reached)
    part = HistoryPart(place, ends=ends)
    for number in range(first, last):
        if number in wanted:
            part.steps.append(walk.step(number, None if lead is None else lead.take(place, number)))
            if count is not None:
                count.next()
        else:
            passed = walk.passed(number)
            if not isinstance(wanted, range):
                part.steps.append(passed)
    if not walk.keeps:
        return part, []
    passages = walk.passages()
    if analysis.dispatcher.about_histories(history.dialect) and passages:
        part.others += analysis.dispatcher.history(passages)
    if analysis.dispatcher.about_variants and analysis.pairs_of(history):
        # The rest of the history determines how its variants compare.
        passages = walk.whole(last)
    return part, passages


class _Count:
    """Reports the number of migrations that are analyzed."""

    def __init__(self, progress: ProgressCallback) -> None:
        self._progress = progress
        self._done = 0

    def next(self) -> None:
        """Report one more."""
        self._done += 1
        self._progress(self._done)


def _is_wanted(migration: Migration, requested: frozenset[str]) -> bool:
    return any(script is not None and script.path in requested for script in (migration.forward, migration.rollback))
