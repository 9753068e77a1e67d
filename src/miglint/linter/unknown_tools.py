"""Merging of findings about second runs where the tool is not known and hardly a script can run twice.

Such a history relies on its tool, which nothing names: that is one decision to make, and not a mistake in each
statement. The single findings are kept for a report about their scripts alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Mapping

from miglint.base.findings import Severity
from miglint.base.model import Direction, History
from miglint.base.structs import Struct, replace
from miglint.linter.dispatch import PlacedHit
from miglint.linter.reruns import Reruns
from miglint.rules.idempotency.unknown_tool import UnguardedHistory

# In a few scripts, guards may have been forgotten.
_FEWEST = 5
_SHARE = 0.8


class Merged(Struct, frozen=True):
    """All hits, those of the `histories`, in the files at `paths`, marked as summarized."""

    placed: list[PlacedHit]
    histories: tuple[UnguardedHistory, ...]
    paths: Collection[str]


def open_directions(placed: Iterable[PlacedHit], reruns: Reruns) -> dict[str, set[Direction]]:
    """Return the directions of the scripts in each file with an error only because no known tool runs them."""
    found: dict[str, set[Direction]] = defaultdict(set)
    for item in placed:
        if _is_open(item, reruns) and item.hit.script is not None:
            found[item.hit.file.path].add(item.hit.script.direction)
    return found


def of_unknown_tools(
    placed: list[PlacedHit], histories: Iterable[History], reruns: Reruns, unguarded: Mapping[str, set[Direction]]
) -> Merged:
    """Merge the errors about second runs in those histories in which most forward scripts have one.

    `unguarded` are those of all scripts (`open_directions`); `placed` need not be all hits.
    """
    found = []
    merged: set[str] = set()
    for history in histories if unguarded else ():
        forwards = [item.forward.path for item in history.migrations if item.forward is not None]
        failing = sum(Direction.FORWARD in unguarded.get(path, ()) for path in forwards)
        if failing < _FEWEST or failing < _SHARE * len(forwards):
            continue
        found.append(UnguardedHistory(history.root, failing, len(forwards)))
        merged.update(_paths_of(history))
    return Merged([_summarized(item, merged, reruns) for item in placed] if found else placed, tuple(found), merged)


def _paths_of(history: History) -> Iterator[str]:
    for item in history.migrations:
        yield from (script.path for script in (item.forward, item.rollback) if script is not None)


def _summarized(item: PlacedHit, merged: Container[str], reruns: Reruns) -> PlacedHit:
    if item.hit.file.path not in merged or not _is_open(item, reruns):
        return item
    return replace(item, hit=replace(item.hit, summarized=True))


def _is_open(item: PlacedHit, reruns: Reruns) -> bool:
    """Return whether a hit is an error only because no known tool runs its script."""
    if not item.rule.about_reruns or item.hit.guarantee is not None:
        return False
    if item.hit.script is not None and not item.hit.script.transaction:
        # It can stop halfway, whatever its tool is.
        return False
    severity = item.hit.severity or item.rule.severity
    return severity is Severity.ERROR and reruns.choice(item.hit.file.path) == "auto"
