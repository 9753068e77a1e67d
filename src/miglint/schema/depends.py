"""What an object needs: the keys that must exist for it to exist. The edges along which `CASCADE` and errors travel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from miglint.base.model import Dialect
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
from miglint.sql.operations import Column, Constraint, Expression, Name, Type

# What SQLite's views and triggers are found by: it reads all of them again before it changes a name.
READ_AGAIN = Key("read again", "", "")


def relation_key(name: Name, dialect: Dialect) -> Key:
    """Return the key of a relation whose schema is resolved (or is the default one)."""
    if dialect is Dialect.SQLITE:
        return Key("relation", (name.schema or "main").lower(), name.name.lower())
    return Key("relation", name.schema or "public", name.name)


def type_key(name: Name) -> Key:
    """Return the key of a user-defined type."""
    return Key("type", name.schema or "public", name.name)


def _of_type(kind: Type | None, keys: set[Key]) -> None:
    # Only resolved types carry a schema; a built-in one has none, and nobody can drop it.
    if kind is not None and kind.schema is not None:
        keys.add(Key("type", kind.schema, kind.name))


def _of_expression(expression: Expression | None, keys: set[Key]) -> None:
    if expression is None:
        return
    for function in expression.functions:
        if function.schema is not None:
            keys.add(Key("routine name", function.schema, function.name))
    for used in expression.types:
        if used.schema is not None:
            keys.add(type_key(used))
    sequence = expression.sequence
    if sequence is not None and sequence.schema is not None:
        keys.add(Key("relation", sequence.schema, sequence.name))


def dependencies(value: SchemaObject, dialect: Dialect) -> frozenset[Key]:
    """Return the keys that `value` depends on. Functions are named without arguments (space `routine name`, and for
    those that an aggregate is made of `routine part`).

    Some keys lead to no object: they make a constraint, trigger, policy or rule found by its name alone (`constraint
    name`, `trigger name`, ...), which a guard may ask for, or all of a kind (`READ_AGAIN`).
    """
    collect = _COLLECT.get(type(value))
    if collect is None:
        return _NOTHING
    # An object is asked about when it comes and again when another takes its place.
    known = _KNOWN.get(id(value))
    if known is not None and known[0] is value and known[1] is dialect:
        return known[2]
    keys: set[Key] = set()
    collect(value, keys, dialect)
    found = frozenset(keys) if keys else _NOTHING
    if len(_KNOWN) >= _MOST_KNOWN:
        _KNOWN.clear()
    _KNOWN[id(value)] = value, dialect, found
    return found


# By identity; the object is kept with its answer, so that its place is not given to another.
_KNOWN: dict[int, tuple[SchemaObject, Dialect, frozenset[Key]]] = {}
_MOST_KNOWN = 2_000


def of_column(column: Column, keys: set[Key]) -> None:
    """Add the keys that a column of a table depends on."""
    kind = column.type
    if kind is not None and kind.schema is not None:
        keys.add(Key("type", kind.schema, kind.name))
    if column.default is not None:
        _of_expression(column.default, keys)


def of_constraint(name: str, constraint: Constraint, keys: set[Key], dialect: Dialect) -> None:
    """Add the keys that a constraint of a table depends on."""
    keys.add(Key("constraint name", "", name))
    if constraint.table is not None:
        keys.add(relation_key(constraint.table, dialect))
    if constraint.expression is not None:
        _of_expression(constraint.expression, keys)


def _of_table(value: Table, keys: set[Key], dialect: Dialect) -> None:
    # The most frequent one by far: a table is put anew with every change of a column.
    for column in value.columns.values():
        if column.default is not None or column.type is not None:
            of_column(column, keys)
    for name, constraint in value.constraints.items():
        of_constraint(name, constraint, keys, dialect)
    of_head(value, keys, dialect)


def of_head(value: Table, keys: set[Key], dialect: Dialect) -> None:
    """Add the keys that a table depends on besides those of its columns and constraints, and leave out its own."""
    if value.inherits:
        keys.update(relation_key(parent, dialect) for parent in value.inherits)
    if value.partition_of is not None:
        keys.add(relation_key(value.partition_of, dialect))
    if keys:
        keys.discard(relation_key(value.name, dialect))


def _of_view(value: View, keys: set[Key], dialect: Dialect) -> None:
    query = value.query
    if dialect is Dialect.SQLITE:
        keys.add(READ_AGAIN)
    if query is not None:
        keys.update(relation_key(name, dialect) for name in query.relations)
        keys.update(Key("routine name", name.schema, name.name) for name in query.functions if name.schema is not None)
        keys.update(type_key(name) for name in query.types if name.schema is not None)


def _of_index(value: Index, keys: set[Key], dialect: Dialect) -> None:
    if value.table is not None:
        keys.add(relation_key(value.table, dialect))
    if value.parent is not None:
        keys.add(relation_key(value.parent, dialect))
    for element in value.elements:
        if element.expression is not None:
            _of_expression(element.expression, keys)
    _of_expression(value.where, keys)


def _of_sequence(value: Sequence, keys: set[Key], dialect: Dialect) -> None:
    if value.owned_by is not None:
        keys.add(relation_key(value.owned_by[0], dialect))


def _of_trigger(value: Trigger | Policy | Rule, keys: set[Key], dialect: Dialect) -> None:
    keys.add(relation_key(value.table, dialect))
    keys.add(Key(f"{type(value).__name__.lower()} name", "", value.name))
    if dialect is Dialect.SQLITE:
        keys.add(READ_AGAIN)
    if isinstance(value, Trigger) and value.function is not None and value.function.schema is not None:
        keys.add(Key("routine name", value.function.schema, value.function.name))


def _of_other(value: Other, keys: set[Key], dialect: Dialect) -> None:
    if value.table is not None:
        keys.add(relation_key(value.table, dialect))


def _of_domain(value: Domain, keys: set[Key], dialect: Dialect) -> None:
    _of_type(value.base, keys)
    _of_expression(value.default, keys)


def _of_composite(value: Composite, keys: set[Key], dialect: Dialect) -> None:
    for column in value.columns.values():
        of_column(column, keys)


def _of_routine(value: Routine, keys: set[Key], dialect: Dialect) -> None:
    keys.add(Key("routine name", value.name.schema or "public", value.name.name))
    for argument in value.arguments or ():
        _of_type(argument, keys)
    _of_type(value.returns, keys)
    keys.update(type_key(name) for name in value.types if name.schema is not None)
    keys.update(Key("routine part", name.schema, name.name) for name in value.functions if name.schema is not None)


_NOTHING: frozenset[Key] = frozenset()
_COLLECT: dict[type, Callable[[Any, set[Key], Dialect], None]] = {
    Table: _of_table,
    View: _of_view,
    Index: _of_index,
    Sequence: _of_sequence,
    Trigger: _of_trigger,
    Policy: _of_trigger,
    Rule: _of_trigger,
    Other: _of_other,
    Domain: _of_domain,
    Composite: _of_composite,
    Routine: _of_routine,
}
