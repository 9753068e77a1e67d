"""LIT007 and LIT008: SQLite tables that are rebuilt, and what the new table lacks."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.model import Script
from miglint.base.structs import Struct
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.rules.support.reporting import hit_in
from miglint.rules.support.sql_text import ident
from miglint.rules.support.step_cache import cached_by_step
from miglint.schema.describe import CONSTRAINT_WORDS
from miglint.schema.objects import Index, Key, Table, Trigger
from miglint.schema.sameness import same_default
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Constraint, Operation, Statement, flat
from miglint.sql.shown_names import with_columns


class Rebuild(Struct, frozen=True):
    """A table that a script drops and creates again; `drop` is where."""

    script: Script
    drop: Operation
    key: Key
    before: Table
    after: Table


@cached_by_step
def rebuilds(step: Step) -> tuple[Rebuild, ...]:
    """Return the rebuilt tables of a forward. Cached by identity: for several rules."""
    return _rebuilt(step.migration.forward, step.forward_statements, step.before, step.after)


def rebuilds_of_rollback(step: Step) -> tuple[Rebuild, ...]:
    """Return the rebuilt tables of a rollback."""
    if step.rollback is None:
        return ()
    return _rebuilt(step.migration.rollback, step.rollback_statements, step.after, step.rollback.schema)


def _rebuilt(
    script: Script | None, statements: tuple[Statement, ...], first: Schema, last: Schema
) -> tuple[Rebuild, ...]:
    if script is None:
        return ()
    found: list[Rebuild] = []
    was: dict[str, str] = {}
    for statement in statements:
        for operation in flat(statement.operations):
            if isinstance(operation, ops.Rename) and operation.kind == "table":
                name = operation.name.name.lower()
                was[operation.new.lower()] = was.pop(name, name)
            elif isinstance(operation, ops.Drop) and operation.kind == "table":
                name = operation.name.name.lower()
                key = Key("relation", operation.name.schema or first.path[0], was.get(name, name))
                before, after = first.table(key), last.table(key)
                if before is not None and after is not None and not before.assumed and not after.assumed:
                    found.append(Rebuild(script, operation, key, before, after))
    return tuple(found)


@rule(
    "LIT007",
    "rebuild-loses-index-or-trigger",
    Severity.WARNING,
    "A table rebuild loses an index or a trigger",
    on=(ops.Drop,),
    dialects=("sqlite",),
)
def rebuild_loses_index_or_trigger(step: Step) -> Iterator[Hit]:
    """Report indexes and triggers that are dropped with the old table and not created on the new one."""
    for rebuild in rebuilds(step):
        gone = _dropped(step)
        names = {part.name for part in _parts(step.after, rebuild.key) if isinstance(part, Trigger)}
        for part in _parts(step.before, rebuild.key):
            if isinstance(part, Index):
                lost, name, what = not _replaced(step, rebuild, part), part.name.name, "index"
            else:
                lost, name, what = part.name not in names, part.name, "trigger"
            if lost and name.lower() not in gone:
                table = rebuild.before.name.name
                yield hit_in(
                    rebuild.script,
                    rebuild.drop.span,
                    f"{what} {ident(name)} is dropped with the old table {ident(table)} and not created again",
                    f"Create it again after the rebuild; if it is to be dropped, state it: DROP {what.upper()} "
                    f"{ident(name)} before the table is dropped.",
                )


def _replaced(step: Step, rebuild: Rebuild, index: Index) -> bool:
    """Return whether the new table has the same index, or one on its columns and more."""
    columns = _columns(index)
    if not columns <= {name.lower() for name in rebuild.after.columns}:
        return True
    before = {_shape(item) for item in _parts(step.before, rebuild.key) if isinstance(item, Index)}
    for other in _parts(step.after, rebuild.key):
        if isinstance(other, Index):
            shape = _shape(other)
            if shape == _shape(index) or (shape not in before and columns <= _columns(other)):
                return True
    keys = _keys(rebuild.after)
    return columns in keys if index.unique else any(columns <= key for key in keys - _keys(rebuild.before))


def _parts(schema: Schema, table: Key) -> list[Index | Trigger]:
    """Return the indexes, except those of constraints, and the triggers on a table, by name."""
    found: list[Index | Trigger] = []
    for key in sorted(schema.on(table)):
        part = schema.find(key)
        index = isinstance(part, Index) and part.constraint is None and bool(part.elements)
        trigger = isinstance(part, Trigger) and part.table.name.lower() == table.name
        if isinstance(part, (Index, Trigger)) and (index or trigger) and not part.assumed:
            found.append(part)
    return found


def _dropped(step: Step) -> frozenset[str]:
    return frozenset(
        operation.name.name.lower()
        for statement in step.forward_statements
        for operation in flat(statement.operations)
        if isinstance(operation, ops.Drop) and operation.kind in ("index", "trigger")
    )


def _columns(index: Index) -> set[str]:
    named = {element.column.lower() for element in index.elements if element.column}
    expressions = [element.expression for element in index.elements if element.expression]
    if index.where is not None:
        expressions.append(index.where)
    return named | {column.lower() for expression in expressions for column in expression.columns}


def _shape(index: Index) -> tuple[object, ...]:
    keys = tuple(
        (element.column or "").lower() or (element.expression and with_columns(element.expression.key, _columns(index)))
        for element in index.elements
    )
    return index.unique, keys, index.where is None


@rule(
    "LIT008",
    "rebuild-loses-constraint",
    Severity.WARNING,
    "A table rebuild loses a constraint, a default or AUTOINCREMENT",
    on=(ops.Drop,),
    dialects=("sqlite",),
)
def rebuild_loses_constraint(step: Step) -> Iterator[Hit]:
    """Report constraints of the old table that the new one lacks, unless losing them is all that the rebuild does.

    Columns are rewritten on purpose: what they lose is information.
    """
    for rebuild in rebuilds(step):
        lost = list(_lost(step, rebuild))
        if lost and _changes_more(rebuild):
            table = ident(rebuild.before.name.name)
            for what, severity in lost:
                yield hit_in(
                    rebuild.script,
                    rebuild.drop.span,
                    f"the new table {table} lacks the {what} of the old one",
                    "Add it to the new CREATE TABLE, unless it is to be removed.",
                    severity=severity,
                )


def _lost(step: Step, rebuild: Rebuild) -> Iterator[tuple[str, Severity]]:
    """Yield what the new table lacks, in words, and how much it matters."""
    yield from _lost_constraints(step, rebuild)
    yield from _lost_column_properties(rebuild)


def _lost_constraints(step: Step, rebuild: Rebuild) -> Iterator[tuple[str, Severity]]:
    after = rebuild.after
    columns = {name.lower() for name in after.columns}
    kept = _essences(after)
    unique = _keys(after) | _unique_indexes(step.after, rebuild.key)
    new = unique - _keys(rebuild.before)
    for constraint in rebuild.before.constraints.values():
        names = frozenset(name.lower() for name in constraint.columns)
        if constraint.kind == "unknown" or _essence(constraint, rebuild.before) in kept or not names <= columns:
            continue
        if constraint.kind in ("unique", "primary") and (names in unique or any(names & key for key in new)):
            continue
        if not _still_exists(constraint, names, after):
            yield f"{CONSTRAINT_WORDS[constraint.kind]} ({', '.join(constraint.columns)})", Severity.WARNING


def _unique_indexes(schema: Schema, table: Key) -> set[frozenset[str]]:
    """Return the columns of each unique index over all rows of a table."""
    return {
        frozenset(_columns(index))
        for index in _parts(schema, table)
        if isinstance(index, Index) and index.unique and index.where is None
    }


def _still_exists(constraint: Constraint, names: frozenset[str], table: Table) -> bool:
    """Return whether a table has another form of a constraint: any primary key, a check or foreign key of its columns.

    A check whose text changed, or a key that references another table or has more columns, still exists.
    """
    same_kind = [other for other in table.constraints.values() if other.kind == constraint.kind]
    if constraint.kind == "primary":
        return bool(same_kind)
    return constraint.kind in ("check", "foreign") and any(
        names <= {name.lower() for name in other.columns} for other in same_kind
    )


def _lost_column_properties(rebuild: Rebuild) -> Iterator[tuple[str, Severity]]:
    keys = rebuild.after.constraints.values()
    primary = {name.lower() for key in keys if key.kind == "primary" for name in key.columns}
    for name, column in rebuild.before.columns.items():
        other = rebuild.after.columns.get(name)
        if other is None:
            continue
        if column.nullable is False and other.nullable is True and name.lower() not in primary:
            yield f"NOT NULL of {ident(column.name)}", Severity.INFO
        if column.default is not None and other.default is None and column.generated is None:
            yield f"default of {ident(column.name)}", Severity.INFO
        if column.autoincrement and not other.autoincrement:
            yield f"AUTOINCREMENT of {ident(column.name)}", Severity.WARNING


def _keys(table: Table) -> set[frozenset[str]]:
    return {
        frozenset(name.lower() for name in key.columns)
        for key in table.constraints.values()
        if key.kind in ("unique", "primary")
    }


def _essence(constraint: Constraint, table: Table) -> tuple[object, ...]:
    names = {name.lower() for name in table.columns}
    expression = constraint.expression and with_columns(constraint.expression.key, names)
    other = constraint.table and constraint.table.name.lower()
    return constraint.kind, tuple(name.lower() for name in constraint.columns), expression, other


def _essences(table: Table) -> set[tuple[object, ...]]:
    return {_essence(constraint, table) for constraint in table.constraints.values()}


def _changes_more(rebuild: Rebuild) -> bool:
    """Return whether a rebuild changes anything besides what it loses: then the loss may be an oversight."""
    before, after = rebuild.before, rebuild.after
    if {*before.columns} != {*after.columns}:
        return True
    if _essences(after) - _essences(before):
        return True
    for name, column in before.columns.items():
        other = after.columns[name]
        gained = column.nullable is not False and other.nullable is False
        if column.type != other.type or gained or column.collation != other.collation:
            return True
        if other.default is not None and not same_default(column.default, other.default):
            return True
    return False
