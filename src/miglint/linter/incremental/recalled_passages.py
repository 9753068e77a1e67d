"""Passages of migrations whose steps are those of an earlier run: their schemas are only made where a rule looks."""

from __future__ import annotations

from miglint.base.model import Migration
from miglint.base.structs import replace
from miglint.linter.incremental.history_state import Head, SchemaChange, changed, with_objects
from miglint.schema.objects import Key
from miglint.schema.value import Schema
from miglint.sql import parse
from miglint.sql.operations import Statement


class PassedStates:
    """The states of a history, from the schema at its beginning: those between known steps are made when asked for."""

    def __init__(self, start: Schema) -> None:
        self._schemas = {0: start}
        self._steps: list[tuple[SchemaChange | None, Head]] = []
        self._asked = False

    def add(self, change: SchemaChange | None, head: Head, schema: Schema | None = None) -> int:
        """Add the state after a step, as its change or as the schema itself; return the number of the step."""
        self._steps.append((change, head))
        if schema is not None:
            self._schemas[len(self._steps)] = schema
        return len(self._steps) - 1

    def before(self, number: int) -> Schema:
        """Return the schema before a step; after the last one if there is none of that number."""
        if number not in self._schemas:
            first = max(place for place in self._schemas if place < number)
            # One state is made at once. Who asks for two goes through all of them.
            for place in range(first + 1, number) if self._asked else ():
                self._make(place - 1, place)
                first = place
            self._asked = True
            self._make(first, number)
        return self._schemas[number]

    def _make(self, first: int, last: int) -> None:
        changes = [change for change, _ in self._steps[first:last] if change is not None]
        self._schemas[last] = changed(self._schemas[first], changes, self._steps[last - 1][1])


class RecalledPass:
    """A passage as `ForwardPass` is one, from what is known of its step."""

    __slots__ = ("_change", "_number", "_statements", "_states", "migration")

    def __init__(self, migration: Migration, change: SchemaChange, states: PassedStates, number: int) -> None:
        self.migration = migration
        self._change = change
        self._states = states
        self._number = number
        self._statements: tuple[Statement, ...] | None = None

    @property
    def forward_statements(self) -> tuple[Statement, ...]:
        """The statements of the forward."""
        if self._statements is None:
            self._statements = () if self.migration.forward is None else parse(self.migration.forward)
        return self._statements

    @property
    def before(self) -> Schema:
        """The schema that the forward meets, with what it assumes of it."""
        found = self._states.before(self._number)
        assumed = self._change.assumptions()
        found = with_objects(found, assumed) if assumed else found
        if self.migration.after_program:
            found = replace(found, closed=False)
        return found.uprooted() if self._change.uprooted else found

    @property
    def after(self) -> Schema:
        """The schema after the forward."""
        return self._states.before(self._number + 1)

    @property
    def touched(self) -> frozenset[Key]:
        """The keys that the forward set or dropped."""
        return self._change.touched()

    @property
    def doubted(self) -> bool:
        """Whether the effect of the forward is not known in full."""
        return self._change.doubted
