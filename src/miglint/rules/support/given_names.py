"""The names that the engine gives to constraints and indexes without one, and the edits that write them down."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Edit, Fix
from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect, Script, Span
from miglint.locks.look import relation_key
from miglint.replay.steps import Step
from miglint.rules.support.sql_text import ident
from miglint.rules.support.step_cache import cached_by_step
from miglint.schema.objects import Index, Table
from miglint.schema.outcome import OperationTrace
from miglint.schema.parts import Parts
from miglint.sql import operations as ops
from miglint.sql.operations import Constraint, Name, Operation

_Meaning = tuple[str, tuple[str, ...], str | None]
_BEFORE_INDEX_NAME = pattern(r"CREATE\s+(?:UNIQUE\s+)?INDEX(?:\s+CONCURRENTLY)?(?=\s+ON\b)", 2)
_CONSTRAINT = pattern(r"UNIQUE|CHECK|FOREIGN|EXCLUDE|PRIMARY", 2)


def naming_fix(step: Step, script: Script, operation: Operation, constraint: Constraint | None = None) -> Fix | None:
    """Return the fix that writes the engine's own name for a constraint or index without one, or None.

    `constraint` is one of several of a `CREATE TABLE`. SQLite has no names for constraints to take.
    """
    if script.dialect is not Dialect.POSTGRES or script.substituted is not None:
        return None
    trace = _traces(step, script).get(operation.span)
    if trace is None or trace.failed:
        return None
    match operation:
        case ops.CreateIndex() if operation.name is None:
            return _index_fix(script, operation, trace)
        case ops.AddConstraint() if operation.kind == "table" and operation.constraint.name is None:
            name = _name_of(step, script, trace, operation.table, operation.constraint)
            return _constraint_fix(script, operation.table, operation.constraint, trace, name)
        case ops.CreateTable() if constraint is not None:
            name = _name_of(step, script, trace, operation.name, constraint)
            return _constraint_fix(script, operation.name, constraint, trace, name)
        case _:
            return None


@cached_by_step
def _traces(step: Step, script: Script) -> dict[Span, OperationTrace]:
    run = step.forward if script is step.migration.forward else step.rollback
    return {} if run is None else {trace.operation.span: trace for trace in run.moments}


def _index_fix(script: Script, operation: ops.CreateIndex, trace: OperationTrace) -> Fix | None:
    table = relation_key(trace.after, operation.table)
    names = [
        index.name.name
        for key, index in trace.after.users(table, Index)
        if trace.before.find(key) is None and index.constraint is None
    ]
    words = _BEFORE_INDEX_NAME.match(script.file.text, operation.span.start)
    if len(names) != 1 or words is None:
        return None
    edit = Edit(words.end(), words.end(), f" IF NOT EXISTS {ident(names[0])}")
    return Fix(f"name it {names[0]}", (edit,), _may_be_taken(trace, operation.table, names[0]))


def _constraint_fix(
    script: Script, table: Name, constraint: Constraint, trace: OperationTrace, name: str | None
) -> Fix | None:
    span = constraint.span
    if span is None or name is None:
        return None
    start = _CONSTRAINT.search(script.file.text, span.start, span.end)
    if start is None or script.file.text[span.start : start.start()].strip().upper() not in ("", "ADD"):
        return None
    edit = Edit(start.start(), start.start(), f"CONSTRAINT {ident(name)} ")
    return Fix(f"name it {name}", (edit,), _may_be_taken(trace, table, name))


@cached_by_step
def _names(step: Step, script: Script) -> dict[Span, dict[_Meaning, str]]:
    """Return the names that the constraints of operations have got, to be filled when an operation is looked at."""
    return {}


def _name_of(step: Step, script: Script, trace: OperationTrace, table: Name, constraint: Constraint) -> str | None:
    """Return the name that a constraint of an operation has got."""
    known = _names(step, script)
    span = trace.operation.span
    if span not in known:
        known[span] = {_meaning(made): name for name, made in _new_constraints(trace, table)}
    return known[span].get(_meaning(constraint))


def _new_constraints(trace: OperationTrace, table: Name) -> Iterator[tuple[str, Constraint]]:
    """Yield the constraints that a table has got by an operation, in the order that is the reverse of theirs."""
    before, after = (schema.table(relation_key(schema, table)) for schema in (trace.before, trace.after))
    if after is None:
        return
    old = before.constraints if isinstance(before, Table) else {}
    made = after.constraints
    changed = made.changed_since(old) if isinstance(made, Parts) and isinstance(old, Parts) else None
    names = [*made] if changed is None or not isinstance(made, Parts) else made.in_order(changed)
    for name in reversed(names):
        if name not in old and not name.startswith("#"):
            yield name, made[name]


def _meaning(constraint: Constraint) -> _Meaning:
    expression = None if constraint.expression is None else constraint.expression.key
    return constraint.kind, constraint.columns, expression


def _may_be_taken(trace: OperationTrace, table: Name, name: str) -> str | None:
    """Return why the engine may choose another name: what it must not be called is not known."""
    found = trace.after.table(relation_key(trace.after, table))
    if found is None or found.assumed:
        return f"the migrations do not create {table.name}: {name} could be taken, and the name another one"
    return None
