"""Cache of analyses: the result for a text holds as long as all that the analysis looked up is unchanged.

A script runs twice and its rollback undoes it; views are restated to be changed back. Comparing what an analysis
looked up costs a fraction of repeating it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

from miglint.replay.apply.known_analyses import known_analyses
from miglint.replay.apply.machine import Machine
from miglint.schema.objects import Key, Table, View
from miglint.schema.parts import of_kind
from miglint.sql.operations import Column, Constraint
from miglint.sql.postgres.analysis.environment import Invalid

# In a script with more texts than this, each of its runs analyzes all of them again.
_MOST = 1 << 16
# A migration and its rollback move between two states of the schema, and a failed statement has one of its own.
_MOST_STATES = 3
_Result = TypeVar("_Result")


class RelationLookup:
    """What an analysis has looked up of a table or view: the columns of these `names`, or the `whole` list."""

    __slots__ = ("names", "value", "whole")

    def __init__(self, value: Table | View) -> None:
        self.value = value
        self.names: set[str] = set()
        self.whole = False

    def is_same(self, value: object) -> bool:
        """Return whether the lookups in another state of the relation have the same results."""
        own = self.value
        if value is own:
            return True
        if isinstance(own, View):
            return isinstance(value, View) and (value.columns, value.types) == (own.columns, own.types)
        if not isinstance(value, Table) or has_unknown_columns(value) != has_unknown_columns(own):
            return False
        if value.outdated is not own.outdated:
            return False
        if value.constraints is not own.constraints and primary_key(value.constraints) != primary_key(own.constraints):
            return False
        if value.columns is own.columns:
            return True
        return not self.whole and all(
            _type_of(value.columns, name) == _type_of(own.columns, name) for name in self.names
        )


def has_unknown_columns(table: Table) -> bool:
    """Return whether a table has columns that scripts do not list."""
    return table.assumed or table.kind != "table"


def primary_key(constraints: Mapping[str, Constraint]) -> tuple[str, ...]:
    """Return the columns of the primary key; empty without one."""
    return next((item.columns for item in of_kind(constraints, "primary")), ())


def _type_of(columns: Mapping[str, Column], name: str) -> tuple[object, ...] | None:
    column = columns.get(name)
    return None if column is None else (column.type, column.generated, column.identity)


class Lookups:
    """What an analysis has looked up in a schema: objects, what depends on keys, and the state of the session.

    `unseen` is whether there may be objects that no script makes, None where the analysis has not asked for that.
    """

    __slots__ = ("objects", "relations", "session", "unseen", "users")

    def __init__(self, machine: Machine) -> None:
        self.objects: dict[Key, Any] = {}
        self.relations: dict[Key, RelationLookup] = {}
        self.users: dict[Key, Any] = {}
        self.unseen: bool | None = None
        self.session = (machine.path, machine.temporary, machine.lost)

    def are_same(self, machine: Machine) -> bool:
        """Return whether the lookups have the same results in the present state of a machine."""
        if self.session != (machine.path, machine.temporary, machine.lost):
            return False
        if self.unseen is not None and self.unseen is not may_have_unseen(machine):
            return False
        objects, users = machine.schema.objects, machine.schema.dependents
        return (
            all(objects.get(key) is value for key, value in self.objects.items())
            and all(users.get(key) is value for key, value in self.users.items())
            and all(relation.is_same(objects.get(key)) for key, relation in self.relations.items())
        )


def may_have_unseen(machine: Machine) -> bool:
    """Return whether there may be objects that no script makes."""
    return machine.lost or not (machine.schema.rooted or machine.schema.closed)


def cached(machine: Machine, subject: Hashable, analyze: Callable[[Lookups], _Result]) -> _Result:
    """Return the result of `analyze` for a subject, from the cache if all that it looked up is unchanged."""
    states: Sequence[tuple[Lookups, Any, Invalid | None]] = known_analyses.get(subject, ())
    for lookups, known, error in states:
        if lookups.are_same(machine):
            if error is not None:
                raise error.again()
            result: _Result = known
            return result
    if len(known_analyses) >= _MOST:
        known_analyses.clear()
    lookups = Lookups(machine)
    try:
        result = analyze(lookups)
    except Invalid as invalid:
        known_analyses[subject] = [(lookups, None, invalid.again()), *states[: _MOST_STATES - 1]]
        raise
    known_analyses[subject] = [(lookups, result, None), *states[: _MOST_STATES - 1]]
    return result
