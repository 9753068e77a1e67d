"""What a schema tells the analysis of an expression: its relations, types and functions."""

from __future__ import annotations

from miglint.replay.apply.machine import Machine
from miglint.schema.builtin_types import BUILTIN_TYPES
from miglint.schema.depends import of_kind
from miglint.schema.extension_parts import FUNCTIONS
from miglint.schema.objects import Composite, Domain, Enum, Key, OtherType, Routine, Table, View
from miglint.sql.operations import Column, Name, Type
from miglint.sql.postgres.analysis.catalogs import Function
from miglint.sql.postgres.analysis.environment import UNKNOWN, Relation, UserType

_VOLATILITIES = {"immutable": "i", "stable": "s", "volatile": "v"}


class SchemaEnvironment:
    """The schema that a machine has, at the moment of a statement."""

    __slots__ = ("_machine",)

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def relation(self, name: Name) -> Relation | None:
        """Return a relation; None where nothing is known of it."""
        machine = self._machine
        if machine.foreign(name):
            return None
        key = machine.key(name)
        value = machine.schema.find(key)
        if isinstance(value, Table):
            return relation_of(machine, key, value)
        if isinstance(value, View):
            full = Name(key.schema, key.name)
            if value.columns is None or "*" in value.columns:
                return Relation(full, None)
            types = value.types or (UNKNOWN,) * len(value.columns)
            return Relation(full, dict(zip(value.columns, types, strict=False)))
        return None

    def type_name(self, written: Type) -> str:
        """Return the name of a type as it is written, `?` where it is not known."""
        return name_of_type(self._machine.type(written))

    def user_type(self, name: str) -> UserType:
        """Return what is known of a type that is not built in."""
        schema, _, bare = name.partition(".")
        value = self._machine.schema.find(Key("type", schema, bare))
        if isinstance(value, Enum):
            return UserType("enum", None if value.assumed else value.labels)
        if isinstance(value, Domain):
            return UserType("domain", base=name_of_type(value.base))
        if isinstance(value, Composite):
            return UserType("composite", columns=None if value.assumed else _types(value.columns))
        if value is None and isinstance(self._machine.schema.find(Key("relation", schema, bare)), (Table, View)):
            return UserType("composite")
        return UserType("range" if isinstance(value, OtherType) and value.kind == "range" else "")

    def functions(self, name: Name) -> tuple[Function, ...]:
        """Return the functions of a name that files made."""
        machine = self._machine
        found = []
        for schema in machine.path if name.schema is None else (name.schema,):
            for key in machine.schema.overloads(schema, name.name):
                routine = machine.schema.find(key)
                if isinstance(routine, Routine) and routine.arguments is not None:
                    found.append(_function(routine))
        return tuple(found)

    def overloaded(self, name: Name) -> bool:
        """Whether there may be functions of a name that nobody knows of."""
        return self._machine.lost or name.schema is not None or name.name in FUNCTIONS or bool(self.functions(name))

    def casts_made(self) -> bool:
        """Whether there may be casts or operators that nobody knows of."""
        machine = self._machine
        return machine.lost or any(machine.schema.on(of_kind(kind)) for kind in ("cast", "operator"))


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


def _types(columns: object) -> dict[str, str]:
    assert isinstance(columns, dict)
    return {name: name_of_type(column.type) for name, column in columns.items()}


def relation_of(machine: Machine, key: Key, table: Table) -> Relation:
    """Return a table as the analysis has it."""
    name = Name(key.schema, key.name)
    if table.assumed or table.kind != "table":
        return Relation(name, None)
    keys = next((item.columns for item in table.constraints.values() if item.kind == "primary"), ())
    generated = {label: kind for label, column in table.columns.items() if (kind := _generated(column)) is not None}
    return Relation(name, _types(table.columns), keys, generated)


def _generated(column: Column) -> str | None:
    return column.generated or column.identity


def _function(routine: Routine) -> Function:
    told = (option.partition("=") for option in routine.options)
    named = next((value for name, _, value in told if name == "volatility"), "volatile")
    arguments = tuple(name_of_type(kind) for kind in routine.arguments or ())
    kind = {"procedure": "p", "aggregate": "a"}.get(routine.kind, "f")
    many = routine.returns is not None and routine.returns.setof
    result = UNKNOWN if routine.output_names or routine.returns is None else name_of_type(routine.returns)
    variadic = "variadic " in routine.definition
    return Function(arguments, result, _VOLATILITIES.get(named, "?"), kind, many, routine.defaults, variadic)
