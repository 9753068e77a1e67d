"""Which differences and objects a plan of a transition considers, and what it asks about single objects."""

from __future__ import annotations

from miglint.schema.change import Change
from miglint.schema.objects import Domain, Index, Key, Part, SchemaObject, Sequence, Table
from miglint.schema.value import Schema
from miglint.sql.operations import Column


def keeps_cast(before: Column, after: Column) -> bool:
    """Return whether a default is kept with a cast to the type that a column had: of one string type to another."""
    one, two = before.type, after.type
    other = one is not None and two is not None and one.name != two.name
    return other and after.default is not None and after.default.literal is not None and after.default.text[:1] == "'"


def is_free(schema: Schema, place: Key) -> bool:
    """Return whether a sequence belongs to no column."""
    value = schema.find(place)
    return isinstance(value, Sequence) and value.owned_by is None


def is_wanted(change: Change) -> bool:
    """Return whether a difference is made good: one that a verdict counts, of the owner, or of clustering."""
    return change.counts or change.aspect in ("cluster", "owner")


def is_of_constraint(value: object) -> bool:
    """Return whether an index comes and goes with a constraint."""
    return isinstance(value, Index) and value.constraint is not None


def is_attached(value: object) -> bool:
    """Return whether an index is part of that of a partitioned table: it comes so, stays when its table is detached."""
    return isinstance(value, Index) and value.parent is not None


def computes(index: Index) -> bool:
    """Return whether an index has an expression or a predicate."""
    return index.where is not None or any(element.expression is not None for element in index.elements)


def has_part(value: SchemaObject, part: Part) -> bool:
    """Return whether an object has a default or constraint; other parts are assumed to be there."""
    if part.kind == "default":
        return has_default(value, part.name)
    return part.kind != "constraint" or has_constraint(value, part.name)


def has_default(value: SchemaObject, column: str) -> bool:
    """Return whether a column has a default; one that is not known is assumed to be there."""
    found = value.columns.get(column) if isinstance(value, Table) else None
    return found is None or found.default is not None


def has_constraint(value: SchemaObject, name: str) -> bool:
    """Return whether a table or a domain has a constraint of a name."""
    return isinstance(value, (Table, Domain)) and name in value.constraints
