"""Names of the parts of an object, in the form in which so many are quick to change."""

from __future__ import annotations

from typing import TypeAlias

from rpds import HashTrieSet

# Below this, copying a set is faster than changing a tree.
_FEW = 48

Names: TypeAlias = "frozenset[str] | HashTrieSet[str]"
"""Names of parts: a frozen set if few, or a persistent one if many."""


def with_name(names: Names, name: str) -> Names:
    """Return names with one added."""
    if isinstance(names, frozenset):
        return names | {name} if len(names) < _FEW else HashTrieSet(names).insert(name)
    return names.insert(name)


def names_as_stored(names: frozenset[str]) -> Names:
    """Return the same names in the form that is quicker to change for so many."""
    return names if len(names) < _FEW else HashTrieSet(names)


def without_name(names: Names, name: str) -> Names:
    """Return names without one."""
    return names - {name} if isinstance(names, frozenset) else names.discard(name)
