"""What an object needs: the keys that must exist for it to exist. The edges along which `CASCADE` and errors travel."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.schema.objects import (
    Composite,
    Domain,
    Index,
    Key,
    Other,
    Policy,
    Routine,
    Rule,
    SchemaObject,
    Sequence,
    Table,
    Trigger,
    View,
)
from miglint.source import Dialect
from miglint.sql.operations import Expression, Name, Type

DEFAULT_SCHEMA = {Dialect.POSTGRES: "public", Dialect.SQLITE: "main"}


def relation_key(name: Name, dialect: Dialect) -> Key:
    """Return the key of a relation whose schema is resolved (or is the default one)."""
    if dialect is Dialect.SQLITE:
        return Key("relation", (name.schema or "main").lower(), name.name.lower())
    return Key("relation", name.schema or "public", name.name)


def type_key(name: Name) -> Key:
    """Return the key of a user-defined type."""
    return Key("type", name.schema or "public", name.name)


def _of_type(kind: Type | None) -> Iterable[Key]:
    # Only resolved types carry a schema; a built-in one has none, and nobody can drop it.
    if kind is not None and kind.schema is not None:
        yield Key("type", kind.schema, kind.name)


def _of_expression(expression: Expression | None) -> Iterable[Key]:
    if expression is None:
        return
    for function in expression.functions:
        if function.schema is not None:
            yield Key("routine name", function.schema, function.name)
    for used in expression.types:
        if used.schema is not None:
            yield type_key(used)
    if expression.sequence is not None and expression.sequence.schema is not None:
        yield Key("relation", expression.sequence.schema, expression.sequence.name)


def dependencies(value: SchemaObject, dialect: Dialect) -> frozenset[Key]:
    """Return the keys that `value` depends on. Functions are named without arguments (space `routine name`)."""
    keys: set[Key] = set()
    if isinstance(value, Table):
        for column in value.columns.values():
            keys.update(_of_type(column.type))
            if column.default is not None:
                keys.update(_of_expression(column.default))
        for constraint in value.constraints.values():
            if constraint.table is not None:
                keys.add(relation_key(constraint.table, dialect))
            keys.update(_of_expression(constraint.expression))
        keys.update(relation_key(parent, dialect) for parent in value.inherits)
        if value.partition_of is not None:
            keys.add(relation_key(value.partition_of, dialect))
        keys.discard(relation_key(value.name, dialect))
    elif isinstance(value, View):
        if value.query is not None:
            keys.update(relation_key(name, dialect) for name in value.query.relations)
            keys.update(Key("routine name", f.schema, f.name) for f in value.query.functions if f.schema is not None)
            keys.update(type_key(name) for name in value.query.types if name.schema is not None)
    elif isinstance(value, Index):
        if value.table is not None:
            keys.add(relation_key(value.table, dialect))
        for element in value.elements:
            keys.update(_of_expression(element.expression))
        keys.update(_of_expression(value.where))
    elif isinstance(value, Sequence):
        if value.owned_by is not None:
            keys.add(relation_key(value.owned_by[0], dialect))
    elif isinstance(value, (Trigger, Policy, Rule)):
        keys.add(relation_key(value.table, dialect))
        if isinstance(value, Trigger) and value.function is not None and value.function.schema is not None:
            keys.add(Key("routine name", value.function.schema, value.function.name))
    elif isinstance(value, Other):
        if value.table is not None:
            keys.add(relation_key(value.table, dialect))
    elif isinstance(value, Domain):
        keys.update(_of_type(value.base))
        keys.update(_of_expression(value.default))
    elif isinstance(value, Composite):
        for column in value.columns.values():
            keys.update(_of_type(column.type))
    elif isinstance(value, Routine):
        keys.add(Key("routine name", value.name.schema or "public", value.name.name))
        for argument in value.arguments or ():
            keys.update(_of_type(argument))
        keys.update(_of_type(value.returns))
        keys.update(type_key(name) for name in value.types if name.schema is not None)
    return frozenset(keys)
