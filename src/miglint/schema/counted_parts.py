"""How many parts of an object need each key: of an object with many parts, a change looks at the changed ones alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from rpds import HashTrieMap

from miglint.base.model import Dialect
from miglint.schema.depends import of_base, of_column, of_constraint, of_expression, of_head, relation_key
from miglint.schema.objects import Absent, Composite, Domain, Key, SchemaObject, Table
from miglint.schema.parts import Parts, changed_parts
from miglint.sql.operations import Column, Constraint

Counted: TypeAlias = Table | Composite | Domain


def is_counted(value: SchemaObject | Absent | None) -> bool:
    """Whether it has so many parts that only those are looked at which change."""
    if isinstance(value, Table):
        return type(value.columns) is Parts or type(value.constraints) is Parts
    if isinstance(value, Domain):
        return type(value.constraints) is Parts
    return isinstance(value, Composite) and type(value.columns) is Parts


def recounted(
    old: SchemaObject | Absent | None,
    new: Counted,
    before: frozenset[Key] | HashTrieMap[Key, int],
    dialect: Dialect,
) -> tuple[HashTrieMap[Key, int], Counter[Key]]:
    """Return how many parts of a table need each key, and how these numbers changed."""
    changes: Counter[Key] = Counter()
    columns = constraints = None
    if type(old) is type(new) and not isinstance(before, frozenset) and head(old) == head(new):
        assert isinstance(old, (Table, Composite, Domain))
        columns = changed_parts(_columns(old), _columns(new))
        constraints = changed_parts(_constraints(old), _constraints(new))
    if columns is None or constraints is None or isinstance(before, frozenset):
        _count(new, _columns(new), _constraints(new), dialect, changes, 1)
        _count_head(new, dialect, changes)
        counts = HashTrieMap(changes)
        for key in before:
            if key not in counts:
                changes[key] = -1
        return counts, changes
    assert isinstance(old, (Table, Composite, Domain))
    _count(old, columns, constraints, dialect, changes, -1)
    _count(new, columns, constraints, dialect, changes, 1)
    counts = before
    for key, change in changes.items():
        if change:
            number = counts.get(key, 0) + change
            counts = counts.insert(key, number) if number else counts.discard(key)
    return counts, changes


def head(value: SchemaObject | Absent | None) -> object:
    """Return what a table or a domain depends on besides its columns and constraints, and its name."""
    if isinstance(value, Table):
        return value.name, value.inherits, value.partition_of, value.partition_bound
    return (value.base, value.default) if isinstance(value, Domain) else None


_NO_COLUMNS: Mapping[str, Column] = {}
_NO_CONSTRAINTS: Mapping[str, Constraint] = {}


def _columns(value: Counted) -> Mapping[str, Column]:
    return _NO_COLUMNS if isinstance(value, Domain) else value.columns


def _constraints(value: Counted) -> Mapping[str, Constraint]:
    return _NO_CONSTRAINTS if isinstance(value, Composite) else value.constraints


def _count(
    value: Counted,
    columns: Iterable[str],
    constraints: Iterable[str],
    dialect: Dialect,
    counts: Counter[Key],
    by: int,
) -> None:
    for name in columns:
        column = _columns(value).get(name)
        if column is not None and (column.type is not None or column.default is not None):
            keys: set[Key] = set()
            of_column(column, keys)
            for key in keys:
                counts[key] += by
    for name in constraints:
        constraint = _constraints(value).get(name)
        if constraint is not None:
            keys = set()
            if isinstance(value, Table):
                of_constraint(name, constraint, keys, dialect)
                keys.discard(relation_key(value.name, dialect))
            else:
                of_expression(constraint.expression, keys)
            for key in keys:
                counts[key] += by


def _count_head(value: Counted, dialect: Dialect, counts: Counter[Key]) -> None:
    keys: set[Key] = set()
    if isinstance(value, Table):
        of_head(value, keys, dialect)
    elif isinstance(value, Domain):
        of_base(value, keys)
    counts.update(keys)
