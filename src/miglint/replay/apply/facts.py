"""Conditions of guards on a column or on a table's constraints, beyond their existence."""

from __future__ import annotations

from miglint.replay.apply.machine import Machine
from miglint.schema.objects import Table
from miglint.sql.operations import Column, Exists

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


def facts_hold(machine: Machine, test: Exists) -> bool | None:
    """Return whether an existing column, or a table's constraints, fulfill the guard; None if not known."""
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


def _fulfills(table: Table, column: Column | None, fact: str, value: str) -> bool | None:
    """Return whether a property of a column compares with a value by the operator in its name."""
    name, _, sign = fact.partition(" ")
    if not sign:
        return _is(table, column, name, value)
    if sign == "<>":
        if name == "character_maximum_length" and (column is None or column.type is None or not column.type.args):
            return None if column is None or column.type is None else False
        same = _is(table, column, name, value)
        return None if same is None else not same
    kind = None if column is None else column.type
    if name != "character_maximum_length" or kind is None or not value.isdecimal():
        return None
    if kind.name not in ("varchar", "bpchar") or not kind.args or not kind.args[0].isdecimal():
        # What has no length is NULL.
        return False
    length, limit = int(kind.args[0]), int(value)
    return {"<": length < limit, ">": length > limit, "<=": length <= limit, ">=": length >= limit}[sign]


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
    kind = column.type
    if fact == "is_nullable":
        key = any(column.name in other.columns for other in table.constraints.values() if other.kind == "primary")
        if column.nullable is None and not key:
            return None
        return (value == "NO") is (key or not column.nullable)
    if fact == "is_identity":
        return (value == "YES") is (column.identity is not None)
    if fact == "column_default":
        there = column.default is not None or column.serial
        # The server stores its text in another form.
        return there is (value == "YES") if value in ("YES", "NO") else None
    if kind is None:
        return None
    if fact == "character_maximum_length":
        return kind.args == (value,) if kind.name in ("varchar", "bpchar") else False
    if fact == "udt_name":
        return value == ("_" if kind.dimensions else "") + kind.name
    if kind.dimensions:
        return value == "ARRAY"
    return value == "USER-DEFINED" if kind.schema is not None else _TYPES.get(value, value) == kind.name
