"""Rollbacks that are divided between several migrations: what one leaves different, a later one's has set before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from miglint.base.findings import Severity
from miglint.base.model import History
from miglint.base.structs import replace
from miglint.linter.dispatch import PlacedHit
from miglint.rules.definition import PairDifference


def with_split_rollbacks(placed: Iterable[PlacedHit], histories: Sequence[History]) -> list[PlacedHit]:
    """Return the hits; a difference that a later migration's rollback makes up for is a warning that says so.

    The later rollback runs first: a team that goes back over both migrations gets the schema that it had.
    """
    hits = list(placed)
    if not any(item.hit.difference is not None for item in hits):
        return hits
    numbers = {
        id(migration): (place, number)
        for place, history in enumerate(histories)
        for number, migration in enumerate(history.migrations)
    }
    differing: dict[object, list[tuple[int, PlacedHit]]] = defaultdict(list)
    for item in hits:
        if item.hit.difference is not None and id(item.migration) in numbers:
            place, number = numbers[id(item.migration)]
            differing[place, item.hit.difference.subject].append((number, item))
    texts: dict[int, str] = {}
    for listed in differing.values():
        if len(listed) > 1:
            _match(sorted(listed, key=lambda each: each[0]), texts)
    return [_milder(item, texts[id(item)]) if id(item) in texts else item for item in hits]


def _match(listed: list[tuple[int, PlacedHit]], texts: dict[int, str]) -> None:
    """Find what earlier and later pairs do to one property, each the reverse of the other."""
    for place, (number, earlier) in enumerate(listed):
        for later_number, later in listed[place + 1 :]:
            one, two = earlier.hit.difference, later.hit.difference
            if number == later_number or one is None or two is None or id(earlier) in texts or id(later) in texts:
                continue
            if makes_up_for(two, one):
                texts[id(earlier)] = f"; the rollback of {_version(later)} makes up for it"
                texts[id(later)] = f"; it makes up for the rollback of {_version(earlier)}"


def makes_up_for(later: PairDifference, earlier: PairDifference) -> bool:
    """Return whether what a later pair does to a property is the reverse of what an earlier one does."""
    # A later forward that makes the same again, without a rollback, is two faults.
    return later.by_rollback and (earlier.before, earlier.after) == (later.after, later.before)


def _version(item: PlacedHit) -> str:
    return item.migration.version if item.migration is not None else ""


def _milder(item: PlacedHit, text: str) -> PlacedHit:
    severity = item.hit.severity or item.rule.severity
    alike = None if item.hit.alike is None else replace(item.hit.alike, ending=text)
    message = item.hit.message + text
    return replace(item, hit=replace(item.hit, message=message, severity=min(severity, Severity.WARNING), alike=alike))
