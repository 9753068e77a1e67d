"""Running operations over a schema: `run` takes a schema and statements, and returns what an engine would have done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, partial
from importlib import import_module
from typing import Any

from miglint.replay.apply.derived import bound_derived
from miglint.replay.apply.machine import Machine, Refused
from miglint.replay.apply.unmade import leave_unmade
from miglint.schema.keys import is_temporary
from miglint.schema.objects import Key
from miglint.schema.outcome import Failure, OperationOutcome, OperationTrace, Run
from miglint.schema.value import Schema
from miglint.sql import operations as op
from miglint.sql.operations import Operation, Statement, SyntaxProblem

__all__ = ["run"]

# The modules and functions that run operations. A module is imported for the first of its operations: one migration
# needs few of them.
_HANDLERS: dict[type[Operation], tuple[str, str]] = {
    op.CreateTable: ("tables", "create_table"),
    op.AddColumn: ("columns", "add_column"),
    op.DropColumn: ("columns", "drop_column"),
    op.AlterColumnType: ("column_type", "alter_column_type"),
    op.SetDefault: ("alter_columns", "set_default"),
    op.SetNullable: ("alter_columns", "set_nullable"),
    op.SetIdentity: ("alter_columns", "set_identity"),
    op.SetGenerated: ("alter_columns", "set_generated"),
    op.SetColumnOption: ("alter_columns", "set_column_option"),
    op.AddConstraint: ("alter_constraints", "add_table_constraint"),
    op.DropConstraint: ("alter_constraints", "drop_constraint"),
    op.ValidateConstraint: ("alter_constraints", "validate_constraint"),
    op.AlterConstraint: ("alter_constraints", "alter_constraint"),
    op.RenameConstraint: ("alter_constraints", "rename_constraint"),
    op.AttachPartition: ("tables", "attach_partition"),
    op.DetachPartition: ("tables", "detach_partition"),
    op.SetInherit: ("tables", "set_inherit"),
    op.SetTableOption: ("table_settings", "set_table_option"),
    op.EnableTrigger: ("table_settings", "enable_trigger"),
    op.Drop: ("drops", "drop"),
    op.Rename: ("renames", "rename"),
    op.SetSchema: ("set_schema", "set_schema"),
    op.RenameColumn: ("rename_columns", "rename_column"),
    op.CreateIndex: ("indexes", "create_index"),
    op.CreateView: ("views", "create_view"),
    op.CreateSequence: ("types", "create_sequence"),
    op.AlterSequence: ("types", "alter_sequence"),
    op.CreateType: ("types", "create_type"),
    op.AddEnumValue: ("types", "add_enum_value"),
    op.RenameEnumValue: ("types", "rename_enum_value"),
    op.CreateRoutine: ("routines", "create_routine"),
    op.AlterRoutine: ("routines", "alter_routine"),
    op.CreateTrigger: ("attached", "create_trigger"),
    op.CreatePolicy: ("attached", "create_policy"),
    op.AlterPolicy: ("attached", "alter_policy"),
    op.CreateRule: ("attached", "create_rule"),
    op.CreateExtension: ("others", "create_extension"),
    op.CreateSchema: ("others", "create_schema"),
    op.CreateRole: ("others", "create_role"),
    op.CreateOther: ("others", "create_other"),
    op.AlterOther: ("others", "alter_other"),
    op.SetComment: ("remarks", "set_comment"),
    op.SetPrivileges: ("privileges", "set_privileges"),
    op.Insert: ("data", "insert"),
    op.Update: ("data", "update"),
    op.Delete: ("data", "delete"),
    op.Truncate: ("data", "truncate"),
    op.OtherData: ("calls", "other_data"),
    op.Select: ("calls", "select"),
    op.If: ("control", "branch"),
    op.Try: ("control", "attempt"),
    op.Maintenance: ("clustering", "maintenance"),
    op.Transaction: ("session", "transaction"),
    op.SetVariable: ("session", "set_variable"),
    op.Pragma: ("control", "pragma"),
    op.Opaque: ("control", "opaque"),
    op.Raise: ("control", "raise_error"),
}
# Those that run other operations are given the function for it.
_WITH_OTHERS = frozenset({op.OtherData, op.Select, op.If, op.Try})
# Those that are no event of their own.
_BLOCKS = frozenset({op.If, op.Try})


@cache
def _handler(kind: type[Operation]) -> Callable[[Machine, Any], None]:
    if kind not in _HANDLERS:
        raise TypeError(f"no handler for {kind.__name__}")
    module, name = _HANDLERS[kind]
    function: Callable[..., None] = getattr(import_module(f"{__name__}.{module}"), name)
    return partial(_with_others, function) if kind in _WITH_OTHERS else function


def _with_others(function: Callable[..., None], machine: Machine, operation: Any) -> None:
    function(machine, operation, _apply)


def _apply(machine: Machine, operation: Operation) -> None:
    kind = type(operation)
    handler = _handler(kind)
    if kind in _BLOCKS:
        handler(machine, operation)
        return
    schema, puts = machine.schema, machine.puts
    if machine.moments is None:
        handler(machine, operation)
        bound_derived(machine, schema, machine.puts - puts)
        return
    before, noted = machine.in_session(), len(machine.notes)
    try:
        handler(machine, operation)
        bound_derived(machine, schema, machine.puts - puts)
    except Refused:
        machine.moments.append(OperationTrace(machine.statement, operation, before, before, (), True))
        raise
    notes = tuple(machine.notes[noted:]) if len(machine.notes) > noted else ()
    machine.moments.append(OperationTrace(machine.statement, operation, before, machine.in_session(), notes))


def run(
    schema: Schema,
    statements: Iterable[Statement],
    *,
    rollback: bool = False,
    kept: bool = True,
    sure: frozenset[Key] | None = None,
    blind: bool = False,
) -> Run:
    """Run a script over a schema.

    A statement that fails is passed over and the rest goes on, so that each failure is seen that has a cause of its
    own; `Run.failed` is the first, where the engine would have stopped. `rollback` says that the statements are to undo
    what files have made. The moments of the run are `kept` on request: they hold on to every schema on the way. `sure`
    is given after something unknown has happened: only errors about these keys are certain then. A `blind` run knows
    nothing of the rows that it meets.
    """
    machine = Machine(schema, strict=rollback, kept=kept, sure=sure, blind=blind)
    events: list[OperationOutcome] = []
    failed: OperationOutcome | None = None
    for statement in statements:
        if statement.problem is not None:
            event = _unreadable(machine, statement, statement.problem)
            events.append(event)
            failed = failed or (event if event.failure is not None and event.failure.certain else None)
            continue
        found, stopped = _run_statement(machine, statement, failed is None)
        events += found
        failed = failed or stopped
    ended = (_without_temporary(machine) if machine.temporary else machine.schema).settled()
    return Run(
        machine.origin,
        ended,
        tuple(events),
        failed,
        tuple(dict.fromkeys(machine.unknown)) if machine.unknown else (),
        frozenset(machine.touched),
        tuple(machine.assumptions),
        tuple(machine.moments or ()),
        machine.lost,
        frozenset(machine.undecided),
    )


def _run_statement(
    machine: Machine, statement: Statement, first: bool
) -> tuple[list[OperationOutcome], OperationOutcome | None]:
    """Run the operations of a statement; return their outcomes, and the one where the engine stops for certain.

    `first` says that nothing failed before.
    """
    machine.dropping = _named_together(machine, statement)
    machine.statement, machine.at_start = statement, machine.schema
    events: list[OperationOutcome] = []
    failed: OperationOutcome | None = None
    start = machine.schema
    for operation in statement.operations:
        before = machine.schema
        failure: Failure | None = None
        try:
            _apply(machine, operation)
        except Refused as refused:
            machine.schema, failure = before, refused.failure
            leave_unmade(machine, operation, failure)
        if failure is not None or machine.notes:
            event = OperationOutcome(statement, operation, before, failure, tuple(machine.notes))
            machine.notes = []
            events.append(event)
            if failure is not None and failure.certain and failed is None:
                failed = event
    # What is wrong with the statement as a whole is seen only where nothing failed in it.
    if statement.refused is not None and (failed is None or not first) and statement.operations:
        machine.schema = start
        failed = OperationOutcome(
            statement, statement.operations[-1], start, Failure("invalid_table_definition", statement.refused)
        )
        events.append(failed)
    return events, failed


def _unreadable(machine: Machine, statement: Statement, problem: SyntaxProblem) -> OperationOutcome:
    # The engine stops at what its grammar rejects; what is merely too deep for this reader is not known.
    reason = f"a statement cannot be read: {problem.message}"
    machine.unknown.append(reason)
    if any(isinstance(operation, op.Opaque) for operation in statement.operations):
        # The engine may take it, and it may do anything.
        machine.lose(reason)
    notes, machine.notes = tuple(machine.notes), []
    operation = op.Opaque(span=problem.span, reason=reason)
    failure = Failure("syntax_error", problem.message, certain=problem.certain)
    return OperationOutcome(statement, operation, machine.schema, failure, notes)


def _named_together(machine: Machine, statement: Statement) -> frozenset[Key]:
    if len(statement.operations) < 2 or not isinstance(statement.operations[0], op.Drop):
        return frozenset()
    drops_ = [operation for operation in statement.operations if isinstance(operation, op.Drop)]
    return frozenset(machine.key(drop.name, "type" if drop.kind == "type" else "relation") for drop in drops_)


def _without_temporary(machine: Machine) -> Schema:
    # Temporary objects end with the session.
    schema = machine.schema
    for key in machine.touched:
        if is_temporary(key, machine.dialect) and schema.find(key) is not None:
            schema = schema.drop(key).forget(key)
    return schema
