"""Conditions that a later statement of the script makes false: they hold until the script has run once.

A statement such as `UPDATE t SET a = b`, which a second run must not repeat, leaves no trace in the catalog. What the
script creates or removes behind it does, and where the script runs in one transaction, both have happened or neither.
"""

from __future__ import annotations

from bisect import bisect_left

from miglint.base.model import Dialect, Script
from miglint.base.structs import Struct
from miglint.locks.look import relation_key
from miglint.replay.apply.conditions import holds
from miglint.replay.apply.machine import Machine
from miglint.replay.steps import Step
from miglint.rules.idempotency import catalog_queries as catalog
from miglint.rules.support.step_cache import cached_by_step
from miglint.schema.objects import Key, Table
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Name, Operation, Statement
from miglint.writer.reading import read_condition

# Conditions that are tried for one statement.
_MOST = 6
_RELATIONS = frozenset({"table", "foreign table", "view", "materialized view", "index", "sequence"})


class _LaterChange(Struct, frozen=True):
    """A change of the catalog by the statement that begins at `start`; `condition` holds before it."""

    start: int
    condition: str


def later_conditions(step: Step, script: Script, statement: Statement) -> list[str]:
    """Return conditions that hold until a statement, or a later one of the script, has run: the nearest come first."""
    if script.dialect is not Dialect.POSTGRES:
        return []
    changes = _changes(step, script)
    place = bisect_left(changes, statement.span.start, key=lambda change: change.start)
    return [change.condition for change in changes[place : place + _MOST]]


def schema_before(step: Step, script: Script, statement: Statement) -> Schema | None:
    """Return the schema that the first run of a script has before a statement, or None if it is not kept."""
    return _schemas(step, script).get(statement.span.start)


def tells(condition: str, first: Schema, second: Schema) -> bool:
    """Return whether a condition can be true over the schema of a first run, and false over that of a second one."""
    test = read_condition(condition)
    if test is None:
        return False
    return holds(Machine(first), test) is not False and holds(Machine(second), test) is not True


@cached_by_step
def _schemas(step: Step, script: Script) -> dict[int, Schema]:
    run = step.forward if script is step.migration.forward else step.rollback
    found: dict[int, Schema] = {}
    for trace in () if run is None else run.moments:
        found.setdefault(trace.statement.span.start, trace.before)
    return found


@cached_by_step
def _changes(step: Step, script: Script) -> list[_LaterChange]:
    """Return the changes that are there after a script and not before it, in order."""
    forward = script is step.migration.forward
    first = step.before if forward else step.forward.schema
    last = step.forward.schema if forward else step.rollback.schema if step.rollback is not None else first
    statements = step.forward_statements if forward else step.rollback_statements
    return [
        _LaterChange(statement.span.start, condition)
        for statement in statements
        for operation in statement.operations
        if (condition := _condition(operation, first, last)) is not None
    ]


def _condition(operation: Operation, first: Schema, last: Schema) -> str | None:
    match operation:
        case ops.CreateTable() | ops.CreateView() if not getattr(operation, "temporary", False):
            return _relation(operation.name, first, last, created=True)
        case ops.Drop() if operation.kind in _RELATIONS:
            return _relation(operation.name, first, last, created=False)
        case ops.Rename() if operation.kind in _RELATIONS:
            return _relation(operation.name, first, last, created=False)
        case ops.CreateIndex() if operation.name is not None:
            return _relation(Name(operation.table.schema, operation.name), first, last, created=True)
        case ops.AddColumn() if operation.kind == "table":
            return _column(operation.table, operation.column.name, first, last, created=True)
        case ops.DropColumn() if operation.kind == "table":
            return _column(operation.table, operation.column, first, last, created=False)
        case ops.RenameColumn():
            return _column(operation.table, operation.column, first, last, created=False)
        case ops.AddConstraint() if operation.kind == "table" and operation.constraint.name is not None:
            return _constraint(operation.table, operation.constraint.name, first, last, created=True)
        case ops.DropConstraint() if operation.kind == "table":
            return _constraint(operation.table, operation.constraint, first, last, created=False)
        case _:
            return None


def _relation(name: Name, first: Schema, last: Schema, *, created: bool) -> str | None:
    there, gone = (last, first) if created else (first, last)
    key = relation_key(there, name)
    if there.find(key) is None or gone.find(key) is not None or key.schema == "pg_temp":
        return None
    return catalog.negated(catalog.relation_exists(name)) if created else catalog.relation_exists(name)


def _column(table: Name, column: str, first: Schema, last: Schema, *, created: bool) -> str | None:
    there, gone = _tables(table, first, last, created=created)
    if there is None or gone is None or column not in there.columns or column in gone.columns:
        return None
    test = catalog.column_exists(table, column)
    return catalog.negated(test) if created else test


def _constraint(table: Name, name: str, first: Schema, last: Schema, *, created: bool) -> str | None:
    there, gone = _tables(table, first, last, created=created)
    if there is None or gone is None or name not in there.constraints or name in gone.constraints:
        return None
    test = catalog.constraint_exists(table, "table", name)
    return catalog.negated(test) if created else test


def _tables(name: Name, first: Schema, last: Schema, *, created: bool) -> tuple[Table | None, Table | None]:
    """Return the table that has the part, and the table that lacks it."""
    tables = [_table(schema, name) for schema in (first, last)]
    return (tables[1], tables[0]) if created else (tables[0], tables[1])


def _table(schema: Schema, name: Name) -> Table | None:
    key: Key = relation_key(schema, name)
    return schema.table(key)
