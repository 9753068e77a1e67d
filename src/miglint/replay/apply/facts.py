"""Conditions of guards on a column or on a table's constraints, beyond their existence."""

from __future__ import annotations

import operator
from collections.abc import Iterable

from miglint.base.digits import whole_number
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.type_numbers import NUMBERS, UNKNOWN, number_of_type
from miglint.schema.objects import Absent, Enum, Index, Key, SchemaObject, Table
from miglint.schema.parts import of_kind
from miglint.sql.operations import IN_MARK, Column, Constraint, Exists, KeyColumns, Type

# The names that `information_schema.columns.data_type` has for the types which it calls otherwise.
_TYPES = {
    "smallint": "int2",
    "integer": "int4",
    "bigint": "int8",
    "real": "float4",
    "double precision": "float8",
    "boolean": "bool",
    "character": "bpchar",
    "character varying": "varchar",
    "bit varying": "varbit",
    "time without time zone": "time",
    "time with time zone": "timetz",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
}


_OF_OBJECTS = frozenset({"valid", "on_delete", "on_update"})
_SPELLED = {"t": "true", "f": "false"}


def has_columns(machine: Machine, test: KeyColumns) -> bool | None:
    """Return whether a table, an index, a primary key or an enum has what a guard names; None if not known."""
    if test.of == "enum":
        return _has_labels(machine, test)
    read = _columns_of(machine, test)
    if read is None:
        return None
    own, table = read
    if sorted(name or "" for name in own) != sorted(test.columns):
        # The name of an expression is not known.
        return None if None in own else False
    if len(own) < 2:
        return True
    if test.order == "name":
        return sorted(test.columns) == list(test.columns)
    if test.order != "position":
        return None
    return _by_position(own, table if test.of != "relation" else None) == list(test.columns)


def _columns_of(machine: Machine, test: KeyColumns) -> tuple[list[str | None], SchemaObject | Absent | None] | None:
    """Return the columns that a guard reads, and their table."""
    found = machine.relation(test.name)[1]
    if isinstance(found, Index) and test.of in ("relation", "index"):
        table = None if found.table is None else machine.relation(found.table)[1]
        return [element.column for element in found.elements], table
    if isinstance(found, Table) and not found.assumed and test.of in ("relation", "primary"):
        primary = next(iter(of_kind(found.constraints, "primary")), None)
        columns = found.columns if test.of == "relation" else primary.columns if primary is not None else ()
        return list(columns), found
    return None


def _has_labels(machine: Machine, test: KeyColumns) -> bool | None:
    """Return whether an enum has just these labels, in the order in which the guard reads them."""
    enum = machine.schema.find(machine.key(test.name, "type"))
    if not isinstance(enum, Enum) or enum.assumed:
        return None
    if sorted(enum.labels) != sorted(test.columns):
        return False
    if test.order == "position" or len(enum.labels) < 2:
        return enum.labels == test.columns
    return sorted(test.columns) == list(test.columns) if test.order == "name" else None


def _by_position(names: list[str | None], table: object) -> list[str | None]:
    """Return names in the order of the columns of a table."""
    return [name for name in table.columns if name in names] if isinstance(table, Table) else names


def facts_hold(machine: Machine, test: Exists) -> bool | None:
    """Return whether an existing column, or a table's constraints, fulfill the guard; None if not known."""
    if any(fact in _OF_OBJECTS for fact, _ in test.facts):
        return _object_fulfills(machine, test)
    table = None if test.table is None else machine.relation(test.table)[1]
    if not isinstance(table, Table):
        return None
    column = table.columns.get(machine.column_name(test.name.name))
    results = [
        _has_constraint(table, test.name.name, value)
        if fact == "constraint_type"
        else _fulfills(table, column, fact, value)
        for fact, value in test.facts
    ]
    return False if False in results else None if None in results else True


def _object_fulfills(machine: Machine, test: Exists) -> bool | None:
    """Return whether an index or a constraint has the properties that a guard asks for."""
    if any(fact not in _OF_OBJECTS for fact, _ in test.facts):
        return None
    found = _constraint(machine, test) if test.kind == "constraint" else machine.relation(test.name)[1]
    if isinstance(found, Index):
        own = {"valid": "true" if found.valid else "false"}
    elif isinstance(found, Constraint):
        valid = "true" if found.validated else "false"
        own = {"valid": valid, "on_delete": found.on_delete, "on_update": found.on_update}
    else:
        return None
    wanted = [(own.get(fact), _SPELLED.get(value, value)) for fact, value in test.facts]
    return None if None in (mine for mine, _ in wanted) else all(mine == value for mine, value in wanted)


def _constraint(machine: Machine, test: Exists) -> Constraint | None:
    name = test.name.name
    if test.table is not None:
        tables = [machine.relation(test.table)[1]]
    else:
        tables = [machine.schema.find(key) for key in machine.schema.on(Key("constraint name", "", name))]
    found = [table.constraints[name] for table in tables if isinstance(table, Table) and name in table.constraints]
    return found[0] if len(found) == 1 else None


def _is_one_of(table: Table, column: Column | None, fact: str, values: Iterable[str]) -> bool | None:
    answers = [_fulfills(table, column, fact, value) for value in values]
    return True if True in answers else None if None in answers else False


def _fulfills(table: Table, column: Column | None, fact: str, value: str) -> bool | None:
    """Return whether a property of a column compares with a value by the operator in its name."""
    name, _, sign = fact.partition(" ")
    if not sign:
        return _compares(column, name, "=", value) if name in NUMBERS else _is(table, column, name, value)
    if sign in ("in", "not in"):
        found = _is_one_of(table, column, name, value.split(IN_MARK))
        return found if found is None or sign == "in" else not found
    if name in NUMBERS:
        return _compares(column, name, sign, value)
    same = _is(table, column, name, value) if sign == "<>" else None
    return None if same is None else not same


def _compares(column: Column | None, fact: str, sign: str, value: str) -> bool | None:
    """Return whether a number of a column's type compares with a value; a number that is NULL does not."""
    number = UNKNOWN if column is None or column.assumed else number_of_type(column.type, fact)
    if number == UNKNOWN or not value.isdecimal():
        return None
    return number is not None and _COMPARISONS[sign](number, whole_number(value))


_COMPARISONS = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def _has_constraint(table: Table, name: str, kind: str) -> bool | None:
    if name in table.constraints:
        return table.constraints[name].kind == kind
    kinds = {constraint.kind for constraint in table.constraints.values()}
    if kind in kinds:
        return True
    return None if table.assumed or "unknown" in kinds else False


def _is(table: Table, column: Column | None, fact: str, value: str) -> bool | None:
    if column is None or column.assumed:
        return None
    if fact == "is_nullable":
        key = any(column.name in other.columns for other in table.constraints.values() if other.kind == "primary")
        if column.nullable is None and not key:
            return None
        return (value == "NO") is (key or not column.nullable)
    if fact == "is_generated":
        return (value == "ALWAYS") is (column.generated is not None)
    if fact == "is_identity":
        return (value == "YES") is (column.identity is not None)
    if fact == "generation":
        return value == ("" if column.generated is None else column.generated[0])
    if fact == "column_default":
        there = column.default is not None or column.serial
        # The server stores its text in another form.
        return there is (value == "YES") if value in ("YES", "NO") else None
    return None if column.type is None else _is_of_type(column.type, fact, value)


def _is_of_type(kind: Type, fact: str, value: str) -> bool | None:
    if fact == "type":
        plain = kind.schema is None and not kind.dimensions
        return _TYPES.get(value, value) == kind.name if plain and "[" not in value and "(" not in value else None
    if fact == "udt_name":
        return value == ("_" if kind.dimensions else "") + kind.name
    if kind.dimensions:
        return value == "ARRAY"
    return value == "USER-DEFINED" if kind.schema is not None else _TYPES.get(value, value) == kind.name
