"""The relations, types and functions of a schema, as the analysis of an expression reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from miglint.replay.apply.machine import Machine
from miglint.replay.apply.memo import Lookups, RelationLookup, has_unknown_columns, may_have_unseen, primary_key
from miglint.schema.builtin_types import BUILTIN_TYPES
from miglint.schema.depends import of_kind
from miglint.schema.extension_parts import FUNCTIONS
from miglint.schema.objects import ABSENT, Composite, Domain, Enum, Key, OtherType, Routine, SchemaObject, Table, View
from miglint.sql.operations import Column, Name, Type
from miglint.sql.postgres.analysis.catalogs import Function
from miglint.sql.postgres.analysis.environment import UNKNOWN, Relation, UserType

_VOLATILITIES = {"immutable": "i", "stable": "s", "volatile": "v"}
_BY_SCRIPTS = tuple(of_kind(kind) for kind in ("cast", "operator"))


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
        return _of_table(key, value, lookup) if isinstance(value, Table) else _of_view(key, value)

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
        if isinstance(value, Enum):
            return UserType("enum", None if value.assumed else value.labels)
        if isinstance(value, Domain):
            return UserType("domain", base=name_of_type(value.base))
        if isinstance(value, Composite):
            return UserType("composite", columns=None if value.assumed else _Types(value.columns))
        if value is None and isinstance(self._find(Key("relation", schema, bare)), (Table, View)):
            return UserType("composite")
        return UserType("range" if isinstance(value, OtherType) and value.kind == "range" else "")

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
                    found.append(_function(routine))
        return tuple(found)

    def overloaded(self, name: Name) -> bool:
        """Return whether unknown functions of a name may exist."""
        if name.schema is not None or name.name in FUNCTIONS:
            return True
        unseen = self._lookups.unseen = may_have_unseen(self._machine)
        return unseen and bool(self.functions(name))

    def casts_made(self) -> bool:
        """Return whether unknown casts or operators may exist."""
        return self._machine.lost or any(self._users(key) for key in _BY_SCRIPTS)

    def classes_made(self) -> bool:
        """Whether an extension or a script may have made operator classes."""
        kinds = ("extension", "operator class")
        return self._machine.lost or any(self._users(of_kind(kind)) for kind in kinds)


def name_of_type(kind: Type | None) -> str:
    """Return the name of a resolved type, `?` for one that is not known."""
    if kind is None or kind.setof:
        return UNKNOWN
    if kind.schema is not None:
        name = f"{kind.schema}.{kind.name}"
    elif kind.name in BUILTIN_TYPES:
        name = kind.name
    else:
        return UNKNOWN
    return f"{name}[]" if kind.dimensions else name


class _Types(Mapping[str, str]):
    """The names of the types of columns, looked up on demand: a statement names few of them."""

    __slots__ = ("_columns",)

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._columns = columns

    def __getitem__(self, name: str) -> str:
        return name_of_type(self._columns[name].type)

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


class _RecordedTypes(_Types):
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


def _of_view(key: Key, view: View) -> Relation:
    name = Name(key.schema, key.name)
    if view.columns is None or "*" in view.columns:
        return Relation(name, None)
    types = view.types or (UNKNOWN,) * len(view.columns)
    return Relation(name, dict(zip(view.columns, types, strict=False)))


def _function(routine: Routine) -> Function:
    options = (option.partition("=") for option in routine.options)
    named = next((value for name, _, value in options if name == "volatility"), "volatile")
    if named != "immutable" and routine.language == "sql":
        # The server may put the body of it in the place of the call, and looks at that.
        named = "of its body"
    arguments = tuple(name_of_type(kind) for kind in routine.arguments or ())
    kind = {"procedure": "p", "aggregate": "a"}.get(routine.kind, "f")
    many = routine.returns is not None and routine.returns.setof
    result = UNKNOWN if routine.output_names or routine.returns is None else name_of_type(routine.returns)
    variadic = "variadic " in routine.definition
    return Function(arguments, result, _VOLATILITIES.get(named, "?"), kind, many, routine.defaults, variadic)
