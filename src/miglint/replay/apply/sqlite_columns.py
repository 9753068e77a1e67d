"""SQLite's `DROP COLUMN`: what still mentions the column prevents it, each with an error of its own."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.replay.apply.machine import Machine, Refused
from miglint.replay.apply.reread import is_legacy, reads_column, triggers
from miglint.schema.objects import Key, Table, View
from miglint.schema.parts import generated, involving
from miglint.sql.operations import Constraint, Expression


class _Dropped:
    """A column that is to go: its table, its folded name, and the name as it is written."""

    __slots__ = ("column", "key", "machine", "table", "written")

    def __init__(self, machine: Machine, key: Key, table: Table, column: str) -> None:
        self.machine, self.key, self.table, self.column = machine, key, table, column
        self.written = table.columns[column].name if column in table.columns else column

    def refused(self, message: str, *, certain: bool = True) -> Refused:
        """Build the error."""
        return self.machine.refuse("dependent_objects_still_exist", message, self.key, self.column, certain=certain)

    def missed(self, by: str, name: str | None = None) -> Refused:
        """Build the error for what would no longer find the column."""
        return self.refused(f"error in {by} after drop column: no such column: {name or self.written}")

    def named_in(self, names: Iterable[str]) -> bool:
        """Whether the column is among names as they are written."""
        return any(name.lower() == self.column for name in names)

    def read_by(self, expression: Expression | None) -> bool:
        """Whether an expression reads the column."""
        return expression is not None and self.named_in(expression.columns)


def refuse_if_column_is_used(machine: Machine, key: Key, column: str) -> None:
    """Raise SQLite's errors for `DROP COLUMN` of a column that something still mentions."""
    table = machine.schema.table(key)
    if table is None:
        return
    dropped = _Dropped(machine, key, table, column)
    _by_table(dropped)
    _by_indexes(dropped)
    if is_legacy(machine):
        return
    _by_triggers(dropped)
    _by_views(dropped)


def _by_table(dropped: _Dropped) -> None:
    table, where = dropped.table, f"table {dropped.table.name.name}"
    for other in generated(table.columns):
        if other.name.lower() != dropped.column and dropped.read_by(other.default):
            raise dropped.missed(where)
    for name in involving(table.constraints, dropped.column):
        constraint = table.constraints[name]
        if dropped.column in constraint.columns:
            _by_constraint(dropped, constraint, where)


def _by_constraint(dropped: _Dropped, constraint: Constraint, where: str) -> None:
    if constraint.kind in ("primary", "unique"):
        words = "PRIMARY KEY" if constraint.kind == "primary" else "UNIQUE"
        raise dropped.refused(f'cannot drop {words} column: "{dropped.written}"')
    if constraint.kind == "foreign" and not constraint.inline:
        raise dropped.refused(
            f'error in {where} after drop column: unknown column "{dropped.written}" in foreign key definition'
        )
    if constraint.kind == "check" and not _goes_along(dropped, constraint):
        raise dropped.missed(where)


def _goes_along(dropped: _Dropped, constraint: Constraint) -> bool:
    # A check goes with the column that it is written behind.
    return constraint.inline and constraint.behind.lower() == dropped.column


def _by_indexes(dropped: _Dropped) -> None:
    for _, index in dropped.machine.indexes(dropped.key, dropped.column):
        keys = dropped.named_in(element.column or "" for element in index.elements)
        expressions = (index.where, *(element.expression for element in index.elements))
        if keys or any(dropped.read_by(expression) for expression in expressions):
            raise dropped.missed(f"index {index.name.name}")


def _by_triggers(dropped: _Dropped) -> None:
    for _, trigger in triggers(dropped.machine):
        reads = reads_column(dropped.machine, trigger, dropped.key, dropped.column)
        if reads is not False:
            message = f"error in trigger {trigger.name} after drop column: no such column: {dropped.column}"
            raise dropped.refused(message, certain=reads is True)


def _by_views(dropped: _Dropped) -> None:
    machine, key = dropped.machine, dropped.key
    for user, view in machine.schema.users(key, View):
        query = view.query
        if query is None:
            continue
        uses = [
            use
            for use in query.uses
            if use.column.lower() == dropped.column
            and use.column not in query.strings
            and (use.relation is None or machine.relation(use.relation)[0] == key)
        ]
        if uses:
            certain = len(query.relations) <= 1 or any(use.relation is not None for use in uses)
            message = f"error in view {user.name} after drop column: no such column: {dropped.written}"
            raise dropped.refused(message, certain=certain)
