"""Which objects need each other in a circle: found for all of them at once, however long their chains are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from miglint.schema.objects import Key


class Circles:
    """The circles among the objects of a schema: those that need each other, by way of others or not.

    `needs` returns what an object needs; only objects that are `among` those of interest count. Each is visited once
    (Tarjan's algorithm, without recursion).
    """

    def __init__(self, needs: Callable[[Key], Iterable[Key]], among: Callable[[Key], bool]) -> None:
        self._needs = needs
        self._among = among
        self._circles: dict[Key, int] = {}
        self._numbers: dict[Key, int] = {}

    def are_together(self, one: Key, other: Key) -> bool:
        """Return whether two objects need each other."""
        return self._circle(one) == self._circle(other)

    def _circle(self, key: Key) -> int:
        if key not in self._circles:
            self._visit(key)
        return self._circles[key]

    def _visit(self, start: Key) -> None:
        numbers = self._numbers
        lowest: dict[Key, int] = {}
        unassigned: list[Key] = []
        path: list[tuple[Key, Iterator[Key]]] = []

        def enter(key: Key) -> None:
            numbers[key] = lowest[key] = len(numbers)
            unassigned.append(key)
            path.append((key, iter(dict.fromkeys(self._needs(key)))))

        enter(start)
        while path:
            key, rest = path[-1]
            needed = next((one for one in rest if one not in self._circles and self._among(one)), None)
            if needed is None:
                path.pop()
                if path:
                    above = path[-1][0]
                    lowest[above] = min(lowest[above], lowest[key])
                if lowest[key] == numbers[key]:
                    self._assign(unassigned, key)
            elif needed in lowest:
                lowest[key] = min(lowest[key], numbers[needed])
            else:
                enter(needed)

    def _assign(self, unassigned: list[Key], first: Key) -> None:
        """Make a circle of the objects from `first` on."""
        while unassigned[-1] != first:
            self._circles[unassigned.pop()] = self._numbers[first]
        self._circles[unassigned.pop()] = self._numbers[first]
