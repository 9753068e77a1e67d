"""Which tables hold which names at each step of a history: only what a step changes is looked at.

`gathered_constraints` and `gathered_columns` return the names that a step changes as plain values, for a cache.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from miglint.schema.objects import Key, Table
from miglint.schema.parts import changed_parts

Place = tuple[str, str]


def gathered_constraints(old: Table | None, new: Table | None) -> list[Any]:
    """Return the written names of a table's checks and foreign keys: all, or those gone and those added.

    The first of the values is whether they are all, the second the names or those that are gone.
    """
    if old is not None and new is not None and _is_known(old) and _is_known(new):
        changed = changed_parts(old.constraints, new.constraints)
        if changed is not None:
            gone, added = set(_written(old, changed)), set(_written(new, changed))
            return [False, sorted(gone - added), sorted(added - gone)]
    return [True, list(_written(new, None))]


def _is_known(table: Table) -> bool:
    """Return whether the names of a table are its own, and were seen before if they are not new."""
    return not table.assumed and _is_counted(table)


class ConstraintNames:
    """The written names of checks and foreign keys: by schema and name the tables that hold one of that name."""

    def __init__(self) -> None:
        self.holders: dict[Place, set[Key]] = {}
        self._names: dict[Key, set[str]] = {}
        # How many of a table's names another table has too.
        self._shared: Counter[Key] = Counter()

    def shares(self, key: Key) -> bool:
        """Return whether a table has a name that another one has too."""
        return self._shared[key] > 0

    def set(self, key: Key, gathered: list[Any]) -> None:
        """Record the new state of a table, as `gathered_constraints` returned it."""
        own = self._names.setdefault(key, set())
        if gathered[0]:
            new = set(gathered[1])
            gone, added = own - new, new - own
        else:
            gone, added = own.intersection(gathered[1]), set(gathered[2]) - own
        for name in gone:
            self._discard(key, name)
        for name in added:
            self._add(key, name)
        own -= gone
        own |= added

    def _add(self, key: Key, name: str) -> None:
        holders = self.holders.setdefault((key.schema, name), set())
        holders.add(key)
        if len(holders) > 1:
            self._shared.update(holders if len(holders) == 2 else (key,))

    def _discard(self, key: Key, name: str) -> None:
        holders = self.holders[key.schema, name]
        if len(holders) > 1:
            self._shared.subtract(holders if len(holders) == 2 else (key,))
        holders.discard(key)


def _is_counted(table: Table) -> bool:
    """Return whether a table's names are its own: not those that it inherits, nor those of a temporary table."""
    return table.partition_of is None and not table.inherits and table.persistence != "temporary"


def _written(table: Table | None, names: Iterable[str] | None) -> Iterator[str]:
    """Yield the written names of checks and foreign keys among some names, or among all."""
    if table is None or not _is_counted(table):
        return
    for name in table.constraints if names is None else names:
        constraint = table.constraints.get(name)
        if constraint is not None and constraint.kind in ("check", "foreign") and not constraint.generated:
            yield name


def gathered_columns(old: Table | None, new: Table | None) -> list[Any] | None:
    """Return the columns of a table: all, or those gone and those added; None if there is no table any longer.

    The first of the values is whether they are all, the second the names or those that are gone.
    """
    if new is None:
        return None
    if old is not None and not old.assumed and not new.assumed:
        changed = changed_parts(old.columns, new.columns)
        if changed is not None:
            gone = [name for name in changed if name not in new.columns]
            return [False, gone, [name for name in changed if name in new.columns]]
    return [True, list(new.columns)]


class ColumnNames:
    """The columns of tables by their names in small letters, each with its spellings."""

    def __init__(self) -> None:
        self._spelled: dict[Key, dict[str, dict[str, None]]] = {}
        # The names in small letters that have several spellings.
        self._several: dict[Key, set[str]] = {}

    def shares(self, key: Key) -> bool:
        """Return whether two columns of a table differ only in case."""
        return bool(self._several.get(key))

    def spellings(self, key: Key, name: str) -> Collection[str]:
        """Return the columns of a table that have a name in any letters."""
        return self._spelled.get(key, {}).get(name.lower(), ())

    def set(self, key: Key, gathered: list[Any] | None) -> None:
        """Record the new state of a table, as `gathered_columns` returned it."""
        if gathered is None:
            self._spelled.pop(key, None)
            self._several.pop(key, None)
            return
        if gathered[0] or key not in self._spelled:
            self._spelled[key], self._several[key] = {}, set()
        gone, added = ((), gathered[1]) if gathered[0] else (gathered[1], gathered[2])
        spelled, several = self._spelled[key], self._several[key]
        for name in gone:
            spellings = spelled.get(name.lower(), {})
            spellings.pop(name, None)
            if len(spellings) < 2:
                several.discard(name.lower())
        for name in added:
            folded = name.lower()
            spellings = spelled.setdefault(folded, {})
            spellings[name] = None
            if len(spellings) > 1:
                several.add(folded)
