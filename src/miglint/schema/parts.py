"""The parts of a table, in order and by name: its columns, its constraints.

A table of a few parts holds them in a dictionary, which is copied with each change. One of many holds them in `Parts`:
a change then costs the same however many there are, and every moment of a history may keep its own version.
"""

from __future__ import annotations

from collections.abc import Hashable, ItemsView, Iterable, Iterator, Mapping, ValuesView
from typing import TypeAlias, TypeVar
from weakref import ref

from rpds import HashTrieMap, HashTrieSet

from miglint.sql.operations import Column, Constraint

Part = TypeVar("Part", Column, Constraint)

# Below this a dictionary is quicker to copy than a tree is to change.
_FEW = 48
_NO_NAMES: HashTrieSet[str] = HashTrieSet()


def _tags(part: Column | Constraint) -> Iterable[Hashable]:
    """Return what a part is looked for by: a constraint by its kind and its columns, a generated column as such."""
    if isinstance(part, Column):
        return _GENERATED if part.generated is not None else ()
    return (("kind", part.kind), *map(_column_tag, mentioned(part)))


_GENERATED = (("generated",),)


def _column_tag(name: str) -> Hashable:
    return "column", name


def mentioned(constraint: Constraint) -> set[str]:
    """Return the columns of its table that a constraint is about."""
    names = {*constraint.columns, *constraint.include}
    if constraint.expression is not None:
        names.update(constraint.expression.columns)
    return names


class Parts(Mapping[str, Part]):
    """An immutable mapping in order of insertion, of which changed copies share nearly all with it."""

    __slots__ = ("__weakref__", "_changed", "_end", "_entries", "_previous", "_tagged")

    def __init__(
        self,
        entries: HashTrieMap[str, tuple[int, Part]],
        tagged: HashTrieMap[Hashable, HashTrieSet[str]],
        end: int,
        previous: Parts[Part] | None = None,
        changed: tuple[str, ...] = (),
    ) -> None:
        self._entries: HashTrieMap[str, tuple[int, Part]] = entries
        self._tagged = tagged
        self._end = end
        self._previous: ref[Parts[Part]] | None = None if previous is None else ref(previous)
        self._changed = changed

    @classmethod
    def of(cls, parts: Mapping[str, Part]) -> Parts[Part]:
        """Return the same parts as an instance."""
        if isinstance(parts, Parts):
            return parts
        made: Parts[Part] = cls(HashTrieMap(), HashTrieMap(), 0)
        for name, part in parts.items():
            made = made.set(name, part)
        return made

    def set(self, name: str, part: Part) -> Parts[Part]:
        """Return a mapping in which a name stands for a part: in the place that it has, or else at the end."""
        found = self._entries.get(name)
        place = self._end if found is None else found[0]
        tagged = self._tagged if found is None else self._untagged(name, found[1])
        for tag in _tags(part):
            tagged = tagged.insert(tag, tagged.get(tag, _NO_NAMES).insert(name))
        entries = self._entries.insert(name, (place, part))
        return Parts(entries, tagged, max(self._end, place + 1), self, (name,))

    def without(self, name: str) -> Parts[Part]:
        """Return a mapping that lacks a name."""
        found = self._entries.get(name)
        if found is None:
            return self
        return Parts(self._entries.remove(name), self._untagged(name, found[1]), self._end, self, (name,))

    def renamed(self, old: str, new: str, part: Part) -> Parts[Part]:
        """Return a mapping in which `part` stands under a new name in the place of an old one."""
        place = self._entries[old][0]
        rest = self.without(old)
        tagged = rest._tagged
        for tag in _tags(part):
            tagged = tagged.insert(tag, tagged.get(tag, _NO_NAMES).insert(new))
        return Parts(rest._entries.insert(new, (place, part)), tagged, self._end, self, (old, new))

    def _untagged(self, name: str, part: Part) -> HashTrieMap[Hashable, HashTrieSet[str]]:
        tagged = self._tagged
        for tag in _tags(part):
            names = tagged[tag].discard(name)
            tagged = tagged.insert(tag, names) if len(names) else tagged.remove(tag)
        return tagged

    def tagged(self, tag: Hashable) -> list[str]:
        """Return the names of the parts that are found by a tag, in order."""
        return sorted(self._tagged.get(tag, _NO_NAMES), key=lambda name: self._entries[name][0])

    def changed_since(self, other: Mapping[str, Part]) -> tuple[str, ...] | None:
        """Return the names by which this differs from the mapping that it was made from, None for any other."""
        if other is self:
            return ()
        return self._changed if self._previous is not None and self._previous() is other else None

    def __getitem__(self, name: str) -> Part:
        return self._entries[name][1]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, _ in self._ordered()])

    def items(self) -> ItemsView[str, Part]:
        """Return names and parts, in order."""
        return dict(self._pairs()).items()

    def values(self) -> ValuesView[Part]:
        """Return the parts, in order."""
        return dict(self._pairs()).values()

    def _ordered(self) -> list[tuple[str, tuple[int, Part]]]:
        return sorted(self._entries.items(), key=_place)

    def _pairs(self) -> Iterator[tuple[str, Part]]:
        return ((name, entry[1]) for name, entry in self._ordered())


def _place(entry: tuple[str, tuple[int, object]]) -> int:
    return entry[1][0]


def with_part(parts: Mapping[str, Part], name: str, part: Part) -> Mapping[str, Part]:
    """Return the parts with one that is new or replaced."""
    if len(parts) < _FEW and not isinstance(parts, Parts):
        return {**parts, name: part}
    return Parts.of(parts).set(name, part)


def without_part(parts: Mapping[str, Part], name: str) -> Mapping[str, Part]:
    """Return the parts without one, which may not be among them."""
    if len(parts) < _FEW and not isinstance(parts, Parts):
        return {label: part for label, part in parts.items() if label != name}
    return Parts.of(parts).without(name)


def with_renamed(parts: Mapping[str, Part], old: str, new: str, part: Part) -> Mapping[str, Part]:
    """Return the parts with `part` under a new name in the place of the old one."""
    if len(parts) < _FEW and not isinstance(parts, Parts):
        return {new if label == old else label: part if label == old else kept for label, kept in parts.items()}
    return Parts.of(parts).renamed(old, new, part)


def of_kind(constraints: Mapping[str, Constraint], kind: str) -> list[Constraint]:
    """Return the constraints of a kind, in order."""
    return [one for _, one in named_of_kind(constraints, kind)]


def named_of_kind(constraints: Mapping[str, Constraint], kind: str) -> list[tuple[str, Constraint]]:
    """Return the constraints of a kind with their names, in order."""
    if isinstance(constraints, Parts):
        return [(name, constraints[name]) for name in constraints.tagged(("kind", kind))]
    return [(name, one) for name, one in constraints.items() if one.kind == kind]


def involving(constraints: Mapping[str, Constraint], column: str) -> list[str]:
    """Return the names of the constraints that are about a column, in order."""
    if isinstance(constraints, Parts):
        return constraints.tagged(_column_tag(column))
    return [name for name, one in constraints.items() if column in mentioned(one)]


def generated(columns: Mapping[str, Column]) -> list[Column]:
    """Return the columns that are computed, in order."""
    if isinstance(columns, Parts):
        return [columns[name] for name in columns.tagged(_GENERATED[0])]
    return [column for column in columns.values() if column.generated is not None]


def changed_parts(old: Mapping[str, Part], new: Mapping[str, Part]) -> tuple[str, ...] | None:
    """Return the names by which one mapping differs from the one that it was made from; None when it was not."""
    if old is new:
        return ()
    return new.changed_since(old) if isinstance(new, Parts) else None


Names: TypeAlias = "frozenset[str] | HashTrieSet[str]"
"""Names of parts: a frozen set of a few, or a persistent one of many."""


def with_name(names: Names, name: str) -> Names:
    """Return names with one more."""
    if isinstance(names, frozenset):
        return names | {name} if len(names) < _FEW else HashTrieSet(names).insert(name)
    return names.insert(name)


def without_name(names: Names, name: str) -> Names:
    """Return names less one."""
    return names - {name} if isinstance(names, frozenset) else names.discard(name)
