"""Which tables hold which names at each step of a history: only what a step changes is looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from miglint.schema.objects import Key, Table
from miglint.schema.parts import changed_parts

Place = tuple[str, str]


class ConstraintNames:
    """The written names of checks and foreign keys: by schema and name the tables that hold one of that name."""

    def __init__(self) -> None:
        self.holders: dict[Place, set[Key]] = {}
        self._tables: dict[Key, Table] = {}
        # How many of a table's names another table has too.
        self._shared: Counter[Key] = Counter()

    def shares(self, key: Key) -> bool:
        """Return whether a table has a name that another one has too."""
        return self._shared[key] > 0

    def set(self, key: Key, table: Table | None) -> None:
        """Record the new state of a table; None if it is dropped."""
        old = self._tables.pop(key, None)
        if table is not None:
            self._tables[key] = table
        changed = None
        if old is not None and table is not None and _is_counted(old) and _is_counted(table):
            changed = changed_parts(old.constraints, table.constraints)
        for name in _written(old, changed):
            self._discard(key, name)
        for name in _written(table, changed):
            self._add(key, name)

    def _add(self, key: Key, name: str) -> None:
        holders = self.holders.setdefault((key.schema, name), set())
        if key in holders:
            return
        holders.add(key)
        if len(holders) > 1:
            self._shared.update(holders if len(holders) == 2 else (key,))

    def _discard(self, key: Key, name: str) -> None:
        holders = self.holders.get((key.schema, name), set())
        if key not in holders:
            return
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


class ColumnNames:
    """The columns of tables by their names in small letters, each with its spellings."""

    def __init__(self) -> None:
        self._tables: dict[Key, Table] = {}
        self._spelled: dict[Key, dict[str, dict[str, None]]] = {}
        # The names in small letters that have several spellings.
        self._several: dict[Key, set[str]] = {}

    def shares(self, key: Key) -> bool:
        """Return whether two columns of a table differ only in case."""
        return bool(self._several.get(key))

    def spellings(self, key: Key, name: str) -> Collection[str]:
        """Return the columns of a table that have a name in any letters."""
        return self._spelled.get(key, {}).get(name.lower(), ())

    def set(self, key: Key, table: Table | None) -> None:
        """Record the new state of a table; None if it is dropped."""
        old = self._tables.pop(key, None)
        if table is None:
            self._spelled.pop(key, None)
            self._several.pop(key, None)
            return
        self._tables[key] = table
        changed = changed_parts(old.columns, table.columns) if old is not None else None
        if changed is None:
            self._spelled[key], self._several[key] = {}, set()
            changed = table.columns
        spelled, several = self._spelled[key], self._several[key]
        for name in changed:
            folded = name.lower()
            spellings = spelled.setdefault(folded, {})
            if name in table.columns:
                spellings[name] = None
            else:
                spellings.pop(name, None)
            (several.add if len(spellings) > 1 else several.discard)(folded)
