"""A schema as the analysis of an expression reads it: the names of the types of what it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from miglint.schema.builtin_types import BUILTIN_TYPES
from miglint.schema.depends import of_kind
from miglint.schema.extension_parts import FUNCTIONS
from miglint.schema.objects import Composite, Domain, Enum, Key, OtherType, Routine, SchemaObject, Table, View
from miglint.schema.parts import of_kind as constraints_of
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Name, Type
from miglint.sql.postgres.analysis.catalogs import Function
from miglint.sql.postgres.analysis.environment import UNKNOWN, Relation, UserType

_VOLATILITIES = {"immutable": "i", "stable": "s", "volatile": "v"}
CASTS_AND_OPERATORS = tuple(of_kind(kind) for kind in ("cast", "operator"))
"""What the users of casts and of operators that scripts make are kept by."""


class PlainEnvironment:
    """What is known around the expressions of a schema, whose names are looked up in its own search path.

    `lookups` are the objects that were looked up, and the functions of each name.
    """

    __slots__ = ("_schema", "lookups")

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self.lookups: dict[Key, object] = {}

    def _find(self, key: Key) -> SchemaObject | None:
        found = self.lookups[key] = self._schema.find(key)
        return found

    def _keys(self, space: str, name: Name) -> Iterator[Key]:
        for schema in self._schema.path if name.schema is None else (name.schema,):
            yield Key(space, schema, name.name)

    def relation(self, name: Name) -> Relation | None:
        """Return a relation; None where nothing is known of it."""
        for key in self._keys("relation", name):
            found = self.own(key)
            if found is not None:
                return found
        return None

    def own(self, key: Key) -> Relation | None:
        """Return the relation at a key; None if there is none."""
        value = self._find(key)
        if isinstance(value, Table):
            known = not (value.assumed or value.outdated) and value.kind == "table"
            columns = TypesOfColumns(value.columns) if known else None

            def modifiers(label: str) -> tuple[str, ...] | None:
                column = value.columns.get(label)
                return None if column is None or column.type is None else column.type.args

            return Relation(Name(key.schema, key.name), columns, _primary_key(value), modifiers=modifiers)
        return relation_of_view(key, value) if isinstance(value, View) else None

    def type_name(self, written: Type) -> str:
        """Return the name of a type as it is written, `?` where it is not known."""
        if written.schema is None and written.name not in BUILTIN_TYPES:
            for key in self._keys("type", Name(None, written.name)):
                if self._find(key) is not None:
                    return name_of_type(Type(written.name, (), written.dimensions, key.schema, written.setof))
        return name_of_type(written)

    def user_type(self, name: str) -> UserType:
        """Return what is known of a type that is not built in."""
        schema, _, bare = name.partition(".")
        return described_type(self._find(Key("type", schema, bare)))

    def functions(self, name: Name) -> tuple[Function, ...]:
        """Return the functions of a name that files made."""
        found: list[Function] = []
        for place in self._schema.path if name.schema is None else (name.schema,):
            routines = map(self._schema.find, self._schema.overloads(place, name.name))
            own = tuple(
                described_function(routine)
                for routine in routines
                if isinstance(routine, Routine) and routine.arguments is not None
            )
            self.lookups[Key("routine overload", place, name.name)] = own
            found += own
        return tuple(found)

    def overloaded(self, name: Name) -> bool:
        """Return whether unknown functions of a name may exist."""
        open_ = not (self._schema.rooted or self._schema.closed)
        return name.schema is not None or name.name in FUNCTIONS or (open_ and bool(self.functions(name)))

    def casts_made(self) -> bool:
        """Return whether unknown casts or operators may exist."""
        found = any(self._schema.dependents.get(key) for key in CASTS_AND_OPERATORS)
        self.lookups[Key("casts", "", "")] = found
        return found


def are_same(lookups: Mapping[Key, object], schema: Schema) -> bool:
    """Return whether what was looked up in an environment is the same in a schema of the same search path."""
    other = PlainEnvironment(schema)
    for key, found in lookups.items():
        if key.space == "routine overload":
            if other.functions(Name(key.schema, key.name)) != found:
                return False
        elif key.space == "casts":
            if other.casts_made() is not found:
                return False
        elif schema.find(key) is not found:
            return False
    return True


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


class TypesOfColumns(Mapping[str, str]):
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


def relation_of_view(key: Key, view: View) -> Relation:
    """Return a view with the types of its columns."""
    name = Name(key.schema, key.name)
    if view.columns is None or "*" in view.columns:
        return Relation(name, None)
    types = view.types or (UNKNOWN,) * len(view.columns)
    return Relation(name, dict(zip(view.columns, types, strict=False)))


def described_type(value: SchemaObject | None) -> UserType:
    """Return what is known of a type of a schema."""
    if isinstance(value, Enum):
        return UserType("enum", None if value.assumed else value.labels)
    if isinstance(value, Domain):
        return UserType("domain", base=name_of_type(value.base))
    if isinstance(value, Composite):
        return UserType("composite", columns=None if value.assumed else TypesOfColumns(value.columns))
    return UserType("range" if isinstance(value, OtherType) and value.kind == "range" else "")


def described_function(routine: Routine) -> Function:
    """Return a function with the types of its arguments and of its result."""
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


def _primary_key(table: Table) -> tuple[str, ...]:
    return next((item.columns for item in constraints_of(table.constraints, "primary")), ())
