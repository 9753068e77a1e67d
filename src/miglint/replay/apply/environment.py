"""The relations, types and functions of a schema, as the analysis of an expression reads them."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.replay.apply.machine import Machine
from miglint.replay.apply.memo import Lookups, RelationLookup, has_unknown_columns, may_have_unseen, primary_key
from miglint.schema.builtin_types import BUILTIN_TYPES
from miglint.schema.depends import of_kind
from miglint.schema.environment import (
    CASTS_AND_OPERATORS,
    TypesOfColumns,
    described_function,
    described_type,
    name_of_type,
    relation_of_view,
)
from miglint.schema.extension_parts import FUNCTIONS
from miglint.schema.objects import ABSENT, Key, Routine, SchemaObject, Table, View
from miglint.sql.operations import Name, Type
from miglint.sql.postgres.analysis.catalogs import Function
from miglint.sql.postgres.analysis.environment import UNKNOWN, Relation, UserType


class SchemaEnvironment:
    """The schema that a machine has, at the moment of a statement. What is looked up is recorded in `lookups`."""

    __slots__ = ("_lookups", "_machine")

    def __init__(self, machine: Machine, lookups: Lookups) -> None:
        self._machine = machine
        self._lookups = lookups

    def _find(self, key: Key) -> SchemaObject | None:
        found = self._lookups.objects[key] = self._machine.schema.objects.get(key)
        return None if found is ABSENT else found  # type: ignore[return-value]  # the mark is one object

    def _users(self, key: Key) -> bool:
        found = self._lookups.users[key] = self._machine.schema.dependents.get(key)
        return bool(found)

    def _relation(self, key: Key) -> Relation | None:
        """Return the relation at a key, whose lookups are recorded column by column; None if there is none."""
        value = self._machine.schema.objects.get(key)
        if not isinstance(value, (Table, View)):
            self._lookups.objects[key] = value
            return None
        lookup = self._lookups.relations.get(key)
        if lookup is None:
            lookup = self._lookups.relations[key] = RelationLookup(value)
        return _of_table(key, value, lookup) if isinstance(value, Table) else relation_of_view(key, value)

    def _keys(self, space: str, name: Name) -> Iterator[Key]:
        """Yield the keys that a name may have, in the order of the search path."""
        if name.schema is not None:
            yield Key(space, name.schema, name.name)
            return
        machine = self._machine
        for schema in ("pg_temp", *machine.path) if machine.temporary else machine.path:
            yield Key(space, schema, name.name)

    def relation(self, name: Name) -> Relation | None:
        """Return a relation; None where nothing is known of it."""
        if self._machine.foreign(name):
            return None
        for key in self._keys("relation", name):
            found = self._relation(key)
            if found is not None or key in self._machine.schema:
                return found
        return None

    def own(self, key: Key) -> Relation | None:
        """Return the relation that an expression belongs to."""
        return self._relation(key)

    def type_name(self, written: Type) -> str:
        """Return the name of a type as it is written, `?` where it is not known."""
        if written.schema is None and written.name not in BUILTIN_TYPES:
            for space in ("type", "relation"):
                for key in self._keys(space, Name(None, written.name)):
                    self._find(key)
        return name_of_type(self._machine.type(written))

    def user_type(self, name: str) -> UserType:
        """Return what is known of a type that is not built in."""
        schema, _, bare = name.partition(".")
        value = self._find(Key("type", schema, bare))
        if value is None and isinstance(self._find(Key("relation", schema, bare)), (Table, View)):
            return UserType("composite")
        return described_type(value)

    def functions(self, name: Name) -> tuple[Function, ...]:
        """Return the functions of a name that files made."""
        machine = self._machine
        found = []
        for schema in machine.path if name.schema is None else (name.schema,):
            if not self._users(Key("routine overload", schema, name.name)):
                continue
            for key in machine.schema.overloads(schema, name.name):
                routine = self._find(key)
                if isinstance(routine, Routine) and routine.arguments is not None:
                    found.append(described_function(routine))
        return tuple(found)

    def overloaded(self, name: Name) -> bool:
        """Return whether unknown functions of a name may exist."""
        if name.schema is not None or name.name in FUNCTIONS:
            return True
        unseen = self._lookups.unseen = may_have_unseen(self._machine)
        return unseen and bool(self.functions(name))

    def casts_made(self) -> bool:
        """Return whether unknown casts or operators may exist."""
        return self._machine.lost or any(self._users(key) for key in CASTS_AND_OPERATORS)

    def classes_made(self) -> bool:
        """Whether an extension or a script may have made operator classes."""
        kinds = ("extension", "operator class")
        return self._machine.lost or any(self._users(of_kind(kind)) for kind in kinds)


class _RecordedTypes(TypesOfColumns):
    """The names of the types of a table's columns, whose lookups are recorded."""

    __slots__ = ("_lookup", "_outdated")

    def __init__(self, table: Table, lookup: RelationLookup) -> None:
        super().__init__(table.columns)
        self._lookup, self._outdated = lookup, table.outdated

    def __getitem__(self, name: str) -> str:
        self._lookup.names.add(name)
        return UNKNOWN if self._outdated else name_of_type(self._columns[name].type)

    def __contains__(self, name: object) -> bool:
        self._lookup.names.add(str(name))
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        self._lookup.whole = True
        return iter(self._columns)

    def __len__(self) -> int:
        self._lookup.whole = True
        return len(self._columns)


def _of_table(key: Key, table: Table, lookup: RelationLookup) -> Relation:
    name = Name(key.schema, key.name)
    if has_unknown_columns(table):
        return Relation(name, None)

    def how_generated(label: str) -> str | None:
        lookup.names.add(label)
        column = table.columns.get(label)
        return None if column is None else column.generated or column.identity

    return Relation(name, _RecordedTypes(table, lookup), primary_key(table.constraints), how_generated)
