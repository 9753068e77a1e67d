"""What an object needs: the keys that must exist for it to exist. The edges along which `CASCADE` and errors travel.

This is the coarse half, kept in the schema for every object; `needs` has which part of an object needs which part of
another, and what happens to it when that goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from miglint.base.model import Dialect
from miglint.schema.extension_parts import CLASSES, FUNCTIONS, TYPES
from miglint.schema.objects import (
    Comment,
    Composite,
    Domain,
    Extension,
    Index,
    Key,
    Other,
    OtherType,
    Policy,
    Privileges,
    RewriteRule,
    Routine,
    SchemaObject,
    Sequence,
    Table,
    Trigger,
    View,
)
from miglint.sql.operations import NO_MENTIONS, Column, Constraint, Expression, Mentions, Name, Type

# Index key for SQLite's views and triggers, all of which it parses again before renaming.
READ_AGAIN = Key("read again", "", "")


# What the kinds of objects are found by that change what expressions may do: casts, operators, extensions, ...
def of_kind(kind: str) -> Key:
    """Return the key under which all objects of a kind (`cast`, `operator class`, `extension`) are found."""
    return Key("all of kind", "", kind)


# What default privileges are found by.
DEFAULT_PRIVILEGES = Key("default privileges", "", "")


def reference_key(table: Key, column: str = "") -> Key:
    """Return the key under which the tables are found whose foreign keys refer to a table, or to a column of it."""
    return Key("referenced", table.schema, f"{table.name}.{column.lower()}" if column else table.name)


def relation_key(name: Name, dialect: Dialect) -> Key:
    """Return the key of a relation whose schema is resolved (or is the default one)."""
    if dialect is Dialect.SQLITE:
        return Key("relation", (name.schema or "main").lower(), name.name.lower())
    return Key("relation", name.schema or "public", name.name)


def extension_key(name: str) -> Key:
    """Return the key of an extension."""
    return Key("extension", "", name)


def key_of_type(schema: str | None, name: str) -> Key | None:
    """Return what a type needs to be there: itself, or the extension that brings it; None for a built-in one."""
    # Only resolved types carry a schema; a built-in one has none, and cannot be dropped.
    if schema is not None:
        return Key("type", schema, name)
    extension = TYPES.get(name)
    return None if extension is None else Key("extension", "", extension)


def key_of_collation(text: str) -> Key:
    """Return the key of a collation as a column names it; without a schema, that of one in the usual schema."""
    schema, found, name = text.rpartition(".")
    return Key("other collation", schema if found else "public", name)


def key_of_function(name: Name) -> Key | None:
    """Return what a function of that name needs to be there, as `key_of_type` does."""
    if name.schema is not None:
        return Key("routine name", name.schema, name.name)
    extension = FUNCTIONS.get(name.name)
    return None if extension is None else Key("extension", "", extension)


def _of_type(kind: Type | None, keys: set[Key]) -> None:
    if kind is not None:
        key = key_of_type(kind.schema, kind.name)
        if key is not None:
            keys.add(key)


def of_expression(expression: Expression | None, keys: set[Key]) -> None:
    """Add the keys that an expression depends on."""
    if expression is None:
        return
    for function in expression.functions:
        if (key := key_of_function(function)) is not None:
            keys.add(key)
    for used in expression.types:
        if (key := key_of_type(used.schema, used.name)) is not None:
            keys.add(key)
    sequence = expression.sequence
    if sequence is not None and sequence.schema is not None:
        keys.add(Key("relation", sequence.schema, sequence.name))


def _of_mentions(mentions: Mentions, keys: set[Key], dialect: Dialect) -> None:
    if mentions is NO_MENTIONS:
        return
    keys.update(relation_key(name, dialect) for name in mentions.relations)
    for function in mentions.functions:
        if (key := key_of_function(function)) is not None:
            keys.add(key)
    for used in mentions.types:
        if (key := key_of_type(used.schema, used.name)) is not None:
            keys.add(key)


def dependencies(value: SchemaObject, dialect: Dialect) -> frozenset[Key]:
    """Return the keys that `value` depends on. Functions are named without arguments (space `routine name`, and for
    those that an aggregate is made of `routine part`).

    Some keys lead to no object: they make a constraint, trigger, policy or rule found by its name alone (`constraint
    name`, `trigger name`, ...), which a guard may ask for, a routine by its name (`routine overload`), or all of a kind
    (`READ_AGAIN`, `DEFAULT_PRIVILEGES`).
    """
    collect = _COLLECT.get(type(value))
    if collect is None:
        return _NOTHING
    # Called when an object is added, and when it is replaced.
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
    elif kind is not None and kind.name in TYPES:
        keys.add(Key("extension", "", TYPES[kind.name]))
    if column.collation is not None and kind is not None:
        keys.add(key_of_collation(column.collation))
    if column.default is not None:
        of_expression(column.default, keys)


def of_constraint(name: str, constraint: Constraint, keys: set[Key], dialect: Dialect) -> None:
    """Add the keys that a constraint of a table depends on."""
    keys.add(Key("constraint name", "", name))
    if constraint.table is not None:
        table = relation_key(constraint.table, dialect)
        keys.update((table, reference_key(table)))
        keys.update(reference_key(table, column) for column in constraint.referenced)
    if constraint.expression is not None:
        of_expression(constraint.expression, keys)


def _of_columns(columns: Mapping[str, Column], keys: set[Key], dialect: Dialect) -> None:
    for column in columns.values():
        kind = column.type
        if column.default is not None or (kind is not None and (kind.schema is not None or kind.name in TYPES)):
            of_column(column, keys)


def _of_constraints(constraints: Mapping[str, Constraint], keys: set[Key], dialect: Dialect) -> None:
    for name, constraint in constraints.items():
        of_constraint(name, constraint, keys, dialect)


def _of_mapping(
    parts: Mapping[str, Any], dialect: Dialect, collect: Callable[[Mapping[str, Any], set[Key], Dialect], None]
) -> frozenset[Key]:
    """Return what columns or constraints depend on: a change of the one leaves the other mapping as it was."""
    if not parts:
        return _NOTHING
    known = _KNOWN_PARTS.get(id(parts))
    if known is not None and known[0] is parts and known[1] is dialect:
        return known[2]
    keys: set[Key] = set()
    collect(parts, keys, dialect)
    found = frozenset(keys) if keys else _NOTHING
    if len(_KNOWN_PARTS) >= _MOST_KNOWN:
        _KNOWN_PARTS.clear()
    _KNOWN_PARTS[id(parts)] = parts, dialect, found
    return found


_KNOWN_PARTS: dict[int, tuple[Mapping[str, Any], Dialect, frozenset[Key]]] = {}


def _of_table(value: Table, keys: set[Key], dialect: Dialect) -> None:
    # The most frequent one by far: a table is replaced with every change of a column.
    keys |= _of_mapping(value.columns, dialect, _of_columns)
    keys |= _of_mapping(value.constraints, dialect, _of_constraints)
    of_head(value, keys, dialect)


def of_head(value: Table, keys: set[Key], dialect: Dialect) -> None:
    """Add the keys that a table depends on besides those of its columns and constraints, and leave out its own."""
    for element in value.partition_key:
        of_expression(element.expression, keys)
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
        keys.update(key for name in query.functions if (key := key_of_function(name)) is not None)
        keys.update(key for name in query.types if (key := key_of_type(name.schema, name.name)) is not None)
    for _, default in value.defaults:
        of_expression(default, keys)


def _of_index(value: Index, keys: set[Key], dialect: Dialect) -> None:
    if value.table is not None:
        keys.add(relation_key(value.table, dialect))
    if value.parent is not None:
        keys.add(relation_key(value.parent, dialect))
    for element in value.elements:
        if element.expression is not None:
            of_expression(element.expression, keys)
        if element.opclass is not None and element.opclass in CLASSES:
            keys.add(Key("extension", "", CLASSES[element.opclass]))
    of_expression(value.where, keys)


def _of_sequence(value: Sequence, keys: set[Key], dialect: Dialect) -> None:
    if value.owned_by is not None:
        keys.add(relation_key(value.owned_by[0], dialect))


def _of_trigger(value: Trigger | Policy | RewriteRule, keys: set[Key], dialect: Dialect) -> None:
    keys.add(relation_key(value.table, dialect))
    keys.add(Key(f"{type(value).__name__.lower()} name", "", value.name))
    if dialect is Dialect.SQLITE:
        keys.add(READ_AGAIN)
    _of_mentions(value.mentions, keys, dialect)
    function = value.function if isinstance(value, Trigger) else None
    if function is not None and (key := key_of_function(function)) is not None:
        keys.add(key)


def _of_extension(value: Extension, keys: set[Key], dialect: Dialect) -> None:
    keys.add(of_kind("extension"))


def _of_other(value: Other, keys: set[Key], dialect: Dialect) -> None:
    keys.add(of_kind(value.kind))
    if value.table is not None:
        keys.add(relation_key(value.table, dialect))
    keys.update(relation_key(member.table, dialect) for member in value.members)
    for member in value.members:
        of_expression(member.where, keys)
    _of_mentions(value.mentions, keys, dialect)


def of_base(value: Domain, keys: set[Key]) -> None:
    """Add the keys that a domain depends on besides those of its constraints."""
    _of_type(value.base, keys)
    of_expression(value.default, keys)


def _of_domain(value: Domain, keys: set[Key], dialect: Dialect) -> None:
    of_base(value, keys)
    for constraint in value.constraints.values():
        of_expression(constraint.expression, keys)


def _of_composite(value: Composite, keys: set[Key], dialect: Dialect) -> None:
    for column in value.columns.values():
        of_column(column, keys)


def _of_other_type(value: OtherType, keys: set[Key], dialect: Dialect) -> None:
    _of_mentions(value.mentions, keys, dialect)


def _of_routine(value: Routine, keys: set[Key], dialect: Dialect) -> None:
    keys.add(Key("routine overload", value.name.schema or "public", value.name.name))
    for argument in value.arguments or ():
        _of_type(argument, keys)
    _of_type(value.returns, keys)
    keys.update(key for name in value.types if (key := key_of_type(name.schema, name.name)) is not None)
    keys.update(Key("routine part", name.schema, name.name) for name in value.functions if name.schema is not None)
    _of_mentions(value.mentions, keys, dialect)


def _of_remark(value: Comment | Privileges, keys: set[Key], dialect: Dialect) -> None:
    if value.about is not None:
        keys.add(value.about)
    if isinstance(value, Privileges) and value.defaults is not None:
        keys.add(DEFAULT_PRIVILEGES)


_NOTHING: frozenset[Key] = frozenset()
_COLLECT: dict[type, Callable[[Any, set[Key], Dialect], None]] = {
    Table: _of_table,
    View: _of_view,
    Index: _of_index,
    Sequence: _of_sequence,
    Trigger: _of_trigger,
    Policy: _of_trigger,
    RewriteRule: _of_trigger,
    Extension: _of_extension,
    Other: _of_other,
    OtherType: _of_other_type,
    Domain: _of_domain,
    Composite: _of_composite,
    Routine: _of_routine,
    Comment: _of_remark,
    Privileges: _of_remark,
}
