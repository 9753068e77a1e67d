"""The parts of a table, in order and by name: its columns, its constraints.

A table with few parts stores them in a dictionary, which is copied with each change. One with many stores them in
`Parts`: the cost of a change is then independent of their number, and every moment of a history may keep its own
version.
"""

from __future__ import annotations

import builtins
from collections.abc import Collection, Hashable, ItemsView, Iterable, Iterator, Mapping, ValuesView
from typing import TypeAlias, TypeVar

from rpds import HashTrieMap, HashTrieSet

from miglint.schema.extension_parts import FUNCTIONS, TYPES
from miglint.schema.numbers import NO_NUMBERS, freed
from miglint.schema.persistent import entries
from miglint.sql.operations import Column, Constraint, Expression

Part = TypeVar("Part", Column, Constraint)

# Below this, copying a dictionary is faster than changing a tree.
_FEW = 48
_NO_NAMES: HashTrieSet[str] = HashTrieSet()


def _tags(part: Column | Constraint) -> Iterable[Hashable]:
    """Return what a part is found by: the columns and other objects that it uses, and what it is."""
    return _tags_of_column(part) if isinstance(part, Column) else _tags_of_constraint(part)


def _tags_of_column(part: Column) -> Iterable[Hashable]:
    kind = part.type
    plain = kind is None or (kind.schema is None and kind.name not in TYPES)
    if part.default is None and part.collation is None and plain:
        return ()
    tags: set[Hashable] = set()
    if part.collation is not None:
        tags.add(_use_tag(part.collation.rpartition(".")[2]))
    if kind is not None:
        tags.add(_use_tag(kind.name if kind.schema is not None else TYPES.get(kind.name, kind.name)))
    if part.default is not None:
        _add_uses(part.default, tags)
        if part.generated is not None:
            tags.add(_GENERATED)
            tags.update(map(_column_tag, part.default.columns))
    return tags


def _tags_of_constraint(part: Constraint) -> Iterable[Hashable]:
    tags: set[Hashable] = {("kind", part.kind), *map(_column_tag, mentioned(part))}
    if part.kind in _KEYS and not part.columns:
        tags.add(_NO_COLUMN)
    for expression in (part.expression, part.where):
        if expression is not None:
            _add_uses(expression, tags)
            tags.update(map(_column_tag, expression.columns))
    if part.table is not None:
        tags.add(_use_tag(part.table.name))
        # Without columns it refers to the primary key, whichever that is.
        tags.update(map(_reference_tag, part.referenced or (None,)))
    return tags


def _add_uses(expression: Expression, tags: set[Hashable]) -> None:
    """Add the tags of the functions, types and the sequence that an expression uses, or of their extensions."""
    for function in expression.functions:
        tags.add(
            _use_tag(function.name if function.schema is not None else FUNCTIONS.get(function.name, function.name))
        )
    for used in expression.types:
        tags.add(_use_tag(used.name if used.schema is not None else TYPES.get(used.name, used.name)))
    if expression.sequence is not None:
        tags.add(_use_tag(expression.sequence.name))


_GENERATED = ("generated",)
# Kinds of constraints that make columns unique; of which columns is not always known.
_KEYS = ("primary", "unique")
_NO_COLUMN = ("column", None)


def _column_tag(name: str) -> Hashable:
    return "column", name.lower()


def _use_tag(name: str) -> Hashable:
    return "use", name.lower()


def _reference_tag(column: str | None) -> Hashable:
    return "reference", column if column is None else column.lower()


def mentioned(constraint: Constraint) -> set[str]:
    """Return the columns of its table that a constraint is about."""
    names = {*constraint.columns, *constraint.include}
    for expression in (constraint.expression, constraint.where):
        if expression is not None:
            names.update(expression.columns)
    return names


_Past: TypeAlias = "tuple[str, _Past | None]"


class Parts(Mapping[str, Part]):
    """An immutable, insertion-ordered mapping that shares nearly all of its structure with modified copies."""

    __slots__ = ("_age", "_end", "_entries", "_history", "_numbers", "_tagged")

    def __init__(
        self,
        entries: HashTrieMap[str, tuple[int, Part]],
        tagged: HashTrieMap[Hashable, HashTrieSet[str]],
        end: int,
        history: _Past,
        age: int,
        numbers: HashTrieMap[str, int] = NO_NUMBERS,
    ) -> None:
        self._entries: HashTrieMap[str, tuple[int, Part]] = entries
        self._tagged = tagged
        self._end = end
        # The changed names, the last one first, and their number.
        self._history = history
        self._age = age
        self._numbers = numbers

    @classmethod
    def of(cls, parts: Mapping[str, Part]) -> Parts[Part]:
        """Return the same parts as an instance."""
        if type(parts) is Parts:
            return parts
        made: Parts[Part] = cls(HashTrieMap(), HashTrieMap(), 0, ("", None), 0)
        for name, part in parts.items():
            made = made.set(name, part)
        return made

    def set(self, name: str, part: Part) -> Parts[Part]:
        """Return a mapping with a name set to a part: at its existing position, or else at the end."""
        found = self._entries.get(name)
        place = self._end if found is None else found[0]
        tagged = self._tagged if found is None else self._untagged(name, found[1])
        for tag in _tags(part):
            tagged = tagged.insert(tag, tagged.get(tag, _NO_NAMES).insert(name))
        stored = self._entries.insert(name, (place, part))
        return Parts(stored, tagged, max(self._end, place + 1), (name, self._history), self._age + 1, self._numbers)

    def without(self, name: str) -> Parts[Part]:
        """Return a mapping without a name."""
        found = self._entries.get(name)
        if found is None:
            return self
        stored, tagged = self._entries.remove(name), self._untagged(name, found[1])
        numbers = freed(self._numbers, name)
        return Parts(stored, tagged, self._end, (name, self._history), self._age + 1, numbers)

    def renamed(self, old: str, new: str, part: Part) -> Parts[Part]:
        """Return a mapping in which `part` replaces an old name under a new one, at the same position."""
        place = self._entries[old][0]
        rest = self.without(old)
        tagged = rest._tagged
        for tag in _tags(part):
            tagged = tagged.insert(tag, tagged.get(tag, _NO_NAMES).insert(new))
        stored = rest._entries.insert(new, (place, part))
        return Parts(stored, tagged, self._end, (new, rest._history), rest._age + 1, rest._numbers)

    def first_number(self, stem: str) -> int:
        """Return a number below which all numbers behind a chosen name are taken, the name without one too."""
        return self._numbers.get(stem, 0)

    def remember(self, stem: str, number: int) -> None:
        """Store the result of `first_number` for a name, which only makes the next lookup faster."""
        self._numbers = self._numbers.insert(stem, number)

    def _untagged(self, name: str, part: Part) -> HashTrieMap[Hashable, HashTrieSet[str]]:
        tagged = self._tagged
        for tag in _tags(part):
            names = tagged[tag].discard(name)
            tagged = tagged.insert(tag, names) if len(names) else tagged.remove(tag)
        return tagged

    def tagged(self, tag: Hashable) -> list[str]:
        """Return the names of the parts that are found by a tag, in order."""
        return self.in_order(self._tagged.get(tag, _NO_NAMES))

    def with_tags(self, tags: Iterable[Hashable]) -> builtins.set[str]:
        """Return the names of the parts that are found by one of some tags."""
        return {name for tag in tags for name in self._tagged.get(tag, _NO_NAMES)}

    def having(self, tag: Hashable) -> Iterator[Part]:
        """Yield the parts that are found by a tag, in no particular order."""
        return (self._entries[name][1] for name in self._tagged.get(tag, _NO_NAMES))

    def in_order(self, names: Iterable[str]) -> list[str]:
        """Return the names that it contains, in order."""
        places = [(entry[0], name) for name in names if (entry := self._entries.get(name)) is not None]
        return [name for _, name in sorted(places)]

    def changed_since(self, other: Parts[Part]) -> Collection[str] | None:
        """Return the names by which two related mappings may differ; None if a full comparison is as fast."""
        one, two = (self._history, self._age), (other._history, other._age)
        names: set[str] = set()
        for _ in range(len(self) + 1):
            if one[0] is two[0]:
                return names
            if one[1] < two[1]:
                one, two = two, one
            name, rest = one[0]
            if rest is None:
                return None
            names.add(name)
            one = rest, one[1] - 1
        return None

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        changed = self.changed_since(other) if isinstance(other, Parts) else None
        if changed is None:
            return super().__eq__(other)
        return isinstance(other, Parts) and all(self.get(name) == other.get(name) for name in changed)

    def same_order(self, other: Parts[Part]) -> bool | None:
        """Return whether both have the same names in the same order; None if a full comparison is as fast."""
        changed = self.changed_since(other)
        if changed is None:
            return None
        for name in changed:
            mine, theirs = self._entries.get(name), other._entries.get(name)
            if (mine is None) is not (theirs is None):
                return False
            if mine is not None and theirs is not None and mine[0] != theirs[0]:
                return None
        return True

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
        return sorted(entries(self._entries), key=_place)

    def _pairs(self) -> Iterator[tuple[str, Part]]:
        return ((name, entry[1]) for name, entry in self._ordered())


def _place(entry: tuple[str, tuple[int, object]]) -> int:
    return entry[1][0]


def as_stored(parts: Mapping[str, Part]) -> Mapping[str, Part]:
    """Return the same parts in the form that is quicker to change for so many."""
    return parts if len(parts) < _FEW else Parts.of(parts)


def with_part(parts: Mapping[str, Part], name: str, part: Part) -> Mapping[str, Part]:
    """Return the parts with one added or replaced."""
    if len(parts) < _FEW and type(parts) is not Parts:
        return {**parts, name: part}
    return Parts.of(parts).set(name, part)


def without_part(parts: Mapping[str, Part], name: str) -> Mapping[str, Part]:
    """Return the parts without one, which may be missing already."""
    if len(parts) < _FEW and type(parts) is not Parts:
        return {label: part for label, part in parts.items() if label != name}
    return Parts.of(parts).without(name)


def with_renamed(parts: Mapping[str, Part], old: str, new: str, part: Part) -> Mapping[str, Part]:
    """Return the parts with `part` under a new name at the position of the old one."""
    if len(parts) < _FEW and type(parts) is not Parts:
        return {new if label == old else label: part if label == old else kept for label, kept in parts.items()}
    return Parts.of(parts).renamed(old, new, part)


def of_kind(constraints: Mapping[str, Constraint], kind: str) -> list[Constraint]:
    """Return the constraints of a kind, in order."""
    return [one for _, one in named_of_kind(constraints, kind)]


def named_of_kind(constraints: Mapping[str, Constraint], kind: str) -> list[tuple[str, Constraint]]:
    """Return the constraints of a kind with their names, in order."""
    if type(constraints) is Parts:
        return [(name, constraints[name]) for name in constraints.tagged(("kind", kind))]
    return [(name, one) for name, one in constraints.items() if one.kind == kind]


def involving(constraints: Mapping[str, Constraint], column: str) -> list[str]:
    """Return the names of the constraints that use a column, in order."""
    if type(constraints) is Parts:
        return [name for name in constraints.tagged(_column_tag(column)) if column in mentioned(constraints[name])]
    return [name for name, one in constraints.items() if column in mentioned(one)]


def using(parts: Mapping[str, Part], names: Iterable[str]) -> Collection[str]:
    """Return the names of at least those parts that use an object with one of some names, in order."""
    return _found_by(parts, map(_use_tag, names))


def using_column(parts: Mapping[str, Part], column: str) -> Collection[str]:
    """Return the names of at least those parts that use a column of the same table, or refer to one, in order.

    Included is a column of that name itself.
    """
    if type(parts) is not Parts:
        return parts.keys()
    return parts.in_order(parts.with_tags((_column_tag(column), _reference_tag(column))) | {column})


def referring(constraints: Mapping[str, Constraint], column: str | None) -> list[tuple[str, Constraint]]:
    """Return the foreign keys with their names, in order; with a column at least those that may refer to it."""
    if column is None or type(constraints) is not Parts:
        return named_of_kind(constraints, "foreign")
    return [(name, constraints[name]) for name in _found_by(constraints, map(_reference_tag, (column, None)))]


def _found_by(parts: Mapping[str, Part], tags: Iterable[Hashable]) -> Collection[str]:
    return parts.in_order(parts.with_tags(tags)) if type(parts) is Parts else parts.keys()


def keys_about(constraints: Mapping[str, Constraint], columns: Iterable[str]) -> Iterator[Constraint]:
    """Yield the primary keys and unique constraints that are about one of some columns in any letters, or of unknown
    ones; of a few constraints all keys. In no particular order: whoever looks for one need not wait for all.
    """
    if type(constraints) is Parts:
        for tag in (_NO_COLUMN, *map(_column_tag, columns)):
            yield from (one for one in constraints.having(tag) if one.kind in _KEYS)
    else:
        yield from (one for one in constraints.values() if one.kind in _KEYS)


def generated(columns: Mapping[str, Column]) -> list[Column]:
    """Return the generated columns, in order."""
    if type(columns) is Parts:
        return [columns[name] for name in columns.tagged(_GENERATED)]
    return [column for column in columns.values() if column.generated is not None]


def changed_parts(old: Mapping[str, Part], new: Mapping[str, Part]) -> Collection[str] | None:
    """Return the names by which two mappings may differ; None if a full comparison is as fast."""
    if old is new:
        return ()
    return new.changed_since(old) if type(new) is Parts and type(old) is Parts else None


def same_order(one: Mapping[str, Part], two: Mapping[str, Part]) -> bool:
    """Return whether two mappings have the same names in the same order."""
    known = one.same_order(two) if type(one) is Parts and type(two) is Parts else None
    return list(one) == list(two) if known is None else known


def differing(one: Mapping[str, Part], two: Mapping[str, Part]) -> Iterator[tuple[str, Part]]:
    """Yield the items of the first mapping that are missing or different in the second one, in order."""
    for name in _may_differ(one, two):
        part = one[name]
        other = two.get(name)
        if part is not other and part != other:
            yield name, part


def restored(one: Mapping[str, Part], two: Mapping[str, Part]) -> Iterator[tuple[str, Part, Part]]:
    """Yield the items of two mappings that are equal, and made twice, in order."""
    for name in _may_differ(one, two):
        part, other = one[name], two.get(name)
        if other is not None and part is not other and part == other:
            yield name, part, other


def _may_differ(one: Mapping[str, Part], two: Mapping[str, Part]) -> Iterable[str]:
    """Return the names of the first mapping whose parts may not be the same objects in the second one, in order."""
    changed = changed_parts(two, one)
    if changed is None:
        return one
    return one.in_order(changed) if type(one) is Parts else ()
