"""What two schemas differ in that come from one: the keys that were set since, as their journals say."""

from __future__ import annotations

from miglint.schema import persistent
from miglint.schema.edges import NewKeys
from miglint.schema.objects import Key
from miglint.schema.value import Schema


def differing(one: Schema, two: Schema) -> set[Key]:
    """Return the keys that only one of two schemas has, or that have another object in the other: not the same value.

    Schemas that come from one that was `marked` are not gone through: that takes time in proportion to the changes.
    """
    keys = _set_since(one, two)
    if keys is None:
        return persistent.differing(one.objects, two.objects)
    first, second = one.objects, two.objects
    return {key for key in keys if first.get(key) is not second.get(key)}


def _set_since(one: Schema, two: Schema) -> set[Key] | None:
    """Return the keys that were set after two schemas parted; None if that is not known."""
    # Journals share their beginning: the last entry that both have is where the schemas parted. They are followed in
    # turn, since it is usually near the end of at least one of them.
    mine, theirs = _FollowedJournal(one.journal), _FollowedJournal(two.journal)
    while mine.rest is not None or theirs.rest is not None:
        for trail, other in ((mine, theirs), (theirs, mine)):
            if id(trail.rest) in other.places:
                return {*trail.keys, *other.keys[: other.places[id(trail.rest)]]}
            trail.follow()
    return None


class _FollowedJournal:
    """A journal that is followed from its last entry on: the keys so far, and their numbers by entry."""

    def __init__(self, journal: NewKeys) -> None:
        self.rest = journal
        self.keys: list[Key] = []
        self.places: dict[int, int] = {}

    def follow(self) -> None:
        """Go to the entry before."""
        if self.rest is not None:
            self.places[id(self.rest)] = len(self.keys)
            key, self.rest = self.rest
            self.keys.append(key)
