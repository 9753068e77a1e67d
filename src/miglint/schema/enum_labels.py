"""The labels of an enum in order: a tuple if few, or a persistent list if many.

Every moment of a history keeps the labels that it had. A change of `Labels` copies a few nodes of a tree, whatever the
number of labels, so that many changes of an enum with many labels need little memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import overload

from rpds import HashTrieMap

# Below this, copying a tuple is faster than changing a tree.
_FEW = 48
# The check sum of a list is the sum of this many bits of the hashes of its neighbors.
_BITS = (1 << 64) - 1


class Labels(Sequence[str]):
    """An immutable sequence of different labels that shares nearly all of its structure with modified copies.

    It is equal to a tuple of the same labels, and has its hash. Membership, changes, and telling lists apart take about
    the same time for any number of labels; iteration is in order.
    """

    __slots__ = ("_ends", "_links", "_sum")

    def __init__(
        self, links: HashTrieMap[str, tuple[str | None, str | None]], ends: tuple[str | None, str | None], total: int
    ) -> None:
        # For each label the one before and the one behind it.
        self._links = links
        self._ends = ends
        self._sum = total

    @classmethod
    def of(cls, labels: Sequence[str]) -> Labels:
        """Return the same labels as an instance; they must be different."""
        if isinstance(labels, Labels):
            return labels
        names = tuple(labels)
        around = zip((None, *names[:-1]), (*names[1:], None), strict=True)
        links = HashTrieMap(dict(zip(names, around, strict=False)))
        return cls(links, (names[0], names[-1]) if names else (None, None), _sum_of(None, *names) & _BITS)

    def with_label(self, label: str, neighbor: str | None = None, *, after: bool = True) -> Labels:
        """Return the labels with a new one before or after another, or at the end."""
        if neighbor is None:
            neighbor, after = self._ends[1], True
        if neighbor is None:
            return Labels.of((label,))
        left, right = self._links[neighbor]
        left, right = (neighbor, right) if after else (left, neighbor)
        return self._joined(self._links, left, label, right, self._sum - _sum_of(left, right))

    def renamed(self, old: str, new: str) -> Labels:
        """Return the labels with a new one in the place of an old one."""
        left, right = self._links[old]
        return self._joined(self._links.remove(old), left, new, right, self._sum - _sum_of(left, old, right))

    def _joined(
        self,
        links: HashTrieMap[str, tuple[str | None, str | None]],
        left: str | None,
        label: str,
        right: str | None,
        total: int,
    ) -> Labels:
        links = links.insert(label, (left, right))
        if left is not None:
            links = links.insert(left, (links[left][0], label))
        if right is not None:
            links = links.insert(right, (label, links[right][1]))
        ends = self._ends[0] if left is not None else label, self._ends[1] if right is not None else label
        return Labels(links, ends, (total + _sum_of(left, label, right)) & _BITS)

    def __contains__(self, label: object) -> bool:
        return label in self._links

    def __len__(self) -> int:
        return len(self._links)

    def __iter__(self) -> Iterator[str]:
        links, label = self._links, self._ends[0]
        while label is not None:
            yield label
            label = links[label][1]

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[str, ...]: ...
    def __getitem__(self, place: int | slice) -> str | tuple[str, ...]:
        if place in (0, -1) and (label := self._ends[0 if place == 0 else 1]) is not None:
            return label
        return tuple(self)[place]

    def index(self, label: str, start: int = 0, stop: int | None = None) -> int:
        """Return the place of a label. Raises `ValueError` if it is not there."""
        return tuple(self).index(label, start, *(() if stop is None else (stop,)))

    def count(self, label: str) -> int:
        """Return 1 if a label is there, otherwise 0."""
        return int(label in self._links)

    def __reversed__(self) -> Iterator[str]:
        return reversed(tuple(self))

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, Labels):
            if self._sum != other._sum or self._ends != other._ends or len(self) != len(other):
                return False
            return all(map(str.__eq__, self, other))
        return isinstance(other, tuple) and len(self) == len(other) and tuple(self) == other

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"Labels({tuple(self)!r})"

    def __reduce__(self) -> tuple[object, ...]:
        # Hashes are those of a process.
        return Labels.of, (tuple(self),)


def _sum_of(*names: str | None) -> int:
    """Return the part of a check sum that some neighboring labels give; None stands before the first, or at the end."""
    return sum(hash(pair) for pair in pairwise(names) if pair[1] is not None)


def labels_as_stored(labels: Sequence[str]) -> Sequence[str]:
    """Return the same labels in the form that is quicker to change for so many."""
    return tuple(labels) if len(labels) < _FEW else Labels.of(labels)


def with_label(labels: Sequence[str], label: str, neighbor: str | None = None, *, after: bool = True) -> Sequence[str]:
    """Return labels with a new one before or after another, or at the end."""
    if len(labels) < _FEW and not isinstance(labels, Labels):
        place = len(labels) if neighbor is None else labels.index(neighbor) + (1 if after else 0)
        return (*labels[:place], label, *labels[place:])
    return Labels.of(labels).with_label(label, neighbor, after=after)


def with_renamed_label(labels: Sequence[str], old: str, new: str) -> Sequence[str]:
    """Return labels with a new one in the place of an old one."""
    if isinstance(labels, Labels):
        return labels.renamed(old, new)
    return tuple(new if label == old else label for label in labels)
