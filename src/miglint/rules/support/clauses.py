"""Which object an operation is about, and which clause of a script touches an object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from miglint.base.model import Direction
from miglint.replay.steps import Step
from miglint.rules.support.scripts import can_change, statements_of
from miglint.rules.support.step_cache import cached_by_step
from miglint.schema.objects import Key
from miglint.schema.outcome import Note, OperationOutcome
from miglint.sql import operations as ops
from miglint.sql.operations import Operation, Statement, flat

Clause = tuple[Statement, Operation]

# What gives something a name that a naming convention is about.
NAMED_CREATIONS: tuple[type[Operation], ...] = (
    ops.CreateTable,
    ops.AddColumn,
    ops.AddConstraint,
    ops.CreateIndex,
    ops.CreateView,
    ops.CreateSequence,
    ops.CreateType,
    ops.CreateRoutine,
    ops.CreateTrigger,
    ops.CreatePolicy,
    ops.CreateSchema,
)


Subject = tuple[str, str | None]


def _table_and_constraint(operation: Any) -> Subject:
    return operation.table.name, operation.constraint


def _table_and_column(operation: Any) -> Subject:
    return operation.table.name, operation.column


def _partition(operation: Any) -> Subject:
    return operation.partition.name, None


def _own_text(operation: Any) -> Subject:
    return operation.name or "", None


def _value(operation: Any) -> Subject:
    return operation.name.name, operation.value


_SUBJECTS: dict[type[Operation], Callable[[Any], Subject]] = {
    ops.AddColumn: lambda operation: (operation.table.name, operation.column.name),
    ops.AddConstraint: lambda operation: (operation.table.name, operation.constraint.name),
    ops.DropConstraint: _table_and_constraint,
    ops.ValidateConstraint: _table_and_constraint,
    ops.AlterConstraint: _table_and_constraint,
    ops.RenameConstraint: _table_and_constraint,
    ops.DropColumn: _table_and_column,
    ops.AlterColumnType: _table_and_column,
    ops.SetDefault: _table_and_column,
    ops.SetNullable: _table_and_column,
    ops.SetIdentity: _table_and_column,
    ops.SetGenerated: _table_and_column,
    ops.SetColumnOption: _table_and_column,
    ops.RenameColumn: _table_and_column,
    ops.AttachPartition: _partition,
    ops.DetachPartition: _partition,
    ops.AddEnumValue: _value,
    ops.RenameEnumValue: _value,
    ops.CreateIndex: _own_text,
    ops.CreateTrigger: _own_text,
    ops.CreatePolicy: _own_text,
    ops.AlterPolicy: _own_text,
    ops.CreateRule: _own_text,
    ops.CreateExtension: _own_text,
    ops.CreateSchema: _own_text,
    ops.CreateRole: _own_text,
    ops.SetComment: lambda operation: (operation.name.name, operation.column),
    ops.SetPrivileges: lambda operation: (operation.names[0].name if operation.names else "", None),
}


def subject(operation: Operation) -> Subject:
    """Return the name of the object that an operation is about, and its part (column, constraint, enum value), if any.

    For what belongs to a table (index, trigger, policy, rule) it is its own name. Both are empty for data and sessions.
    """
    found = _SUBJECTS.get(type(operation))
    if found is not None:
        return found(operation)
    if isinstance(operation, ops.TableOperation):
        return operation.table.name, None
    name = getattr(operation, "name", None)
    return (name.name if isinstance(name, ops.Name) else ""), None


def acting(operation: Operation, key: Key | None, part: str | None) -> Operation:
    """Return the operation that a failure or note about `key` came from: the one inside a block that is about it."""
    if not isinstance(operation, (ops.If, ops.Try)):
        return operation
    inner = [item for item in flat((operation,)) if can_change(item)]
    if key is not None:
        name = key.name.split("(", 1)[0].lower()
        wanted = part.lower() if part else None
        for item in inner:
            about, of = subject(item)
            if about.lower() == name and (of.lower() if of else None) == wanted:
                return item
        for item in inner:
            table = getattr(item, "table", None)
            if subject(item)[0].lower() == name or (isinstance(table, ops.Name) and table.name.lower() == name):
                return item
    return inner[0] if len(inner) == 1 else operation


class Remark(NamedTuple):
    """A note that a run left, with the operation that it is about."""

    direction: Direction
    event: OperationOutcome
    operation: Operation
    note: Note


Remarks = dict[str, list[Remark]]


@cached_by_step
def remarks(step: Step) -> Remarks:
    """Return the notes of a step by kind: `rows` of the second runs, all others of the first ones.

    Cached by identity of the step: many rules need one kind each, and most steps have few notes.
    """
    found: Remarks = {}
    for direction, run, second in (
        (Direction.FORWARD, step.forward, False),
        (Direction.ROLLBACK, step.rollback, False),
        (Direction.FORWARD, step.forward_again, True),
        (Direction.ROLLBACK, step.rollback_again, True),
    ):
        for event in run.events if run is not None else ():
            if event.failure is None:
                for note in event.notes:
                    if (note.kind == "rows") == second:
                        operation = acting(event.operation, note.key, note.part)
                        found.setdefault(note.kind, []).append(Remark(direction, event, operation, note))
    return found


Places = dict[tuple[str, str | None], list[Clause]]


@cached_by_step
def places(step: Step, direction: Direction) -> Places:
    """Return where a script touches each object: clauses by lower-case name and part; part None holds all of it.

    Cached by identity of the step, for several rules.
    """
    found: Places = {}

    def add(name: str, part: str | None, clause: Clause) -> None:
        found.setdefault((name.lower(), None), []).append(clause)
        if part is not None:
            found.setdefault((name.lower(), part.lower()), []).append(clause)

    for statement in statements_of(step, direction):
        for operation in flat(statement.operations):
            name, part = subject(operation)
            clause = statement, operation
            if name:
                add(name, part, clause)
            if isinstance(operation, (ops.RenameColumn, ops.RenameConstraint, ops.RenameEnumValue)):
                add(name, operation.new, clause)
            elif isinstance(operation, ops.Rename):
                add(operation.new, None, clause)
            elif isinstance(operation, ops.CreateTable):
                for column in operation.columns:
                    add(name, column.name, clause)
                for constraint in operation.constraints:
                    if constraint.name:
                        add(name, constraint.name, clause)
            elif isinstance(operation, ops.AddColumn):
                for constraint in operation.constraints:
                    if constraint.name:
                        add(name, constraint.name, clause)
    return found


def find_clause(step: Step, direction: Direction, key: Key, part: str | None, *, exact: bool = False) -> Clause | None:
    """Return the last clause that touches the object `key` (its part, when there is one), or None.

    When nothing touches the part, a clause on the object around it is returned, unless `exact`.
    """
    index = places(step, direction)
    # Routines are keyed with their argument types, which the text may leave out.
    name = key.name.split("(", 1)[0].lower()
    wanted: list[tuple[str, str | None]] = [(name, part.lower() if part else None)]
    if not exact:
        wanted += [(name, None), (key.owner.lower(), None)]
    for place in wanted:
        if place[0] and (found := index.get(place)):
            return found[-1]
    return None
