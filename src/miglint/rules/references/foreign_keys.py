"""REF: foreign keys that an engine refuses, or that fail when rows are deleted."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.model import Dialect, Script, Span
from miglint.base.structs import Struct
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.rules.support.referenced import is_unique, referenced_columns
from miglint.rules.support.reporting import hit_in
from miglint.rules.support.scripts import operations_of
from miglint.rules.support.step_cache import cached_by_step
from miglint.schema.key_types import can_reference, under_domains
from miglint.schema.lookup import visible_key
from miglint.schema.objects import Key, Table
from miglint.sql import operations as ops
from miglint.sql.operations import Column, Constraint, Name, Operation


class AddedForeignKey(Struct, frozen=True):
    """A foreign key that the forward adds: its table and the referenced one, as they are after the forward."""

    script: Script
    span: Span
    table: Table
    target: Table
    target_key: Key
    constraint: Constraint
    referenced: tuple[str, ...]


def _written(operation: Operation) -> tuple[Name, tuple[Constraint, ...]] | None:
    match operation:
        case ops.CreateTable():
            return operation.name, operation.constraints
        case ops.AddColumn():
            return operation.table, operation.constraints
        case ops.AddConstraint() if operation.kind != "domain":
            return operation.table, (operation.constraint,)
        case _:
            return None


_IDLE = frozenset({"skipped", "hidden"})
_WRITING = (ops.AddColumn, ops.AddConstraint, ops.CreateTable)


class _WrittenForeignKey(Struct, frozen=True):
    """A foreign key as the forward writes it."""

    script: Script
    operation: Operation
    table: Name
    constraint: Constraint

    @property
    def span(self) -> Span:
        return self.constraint.span or self.operation.span


@cached_by_step
def _foreign(step: Step) -> tuple[_WrittenForeignKey, ...]:
    """Return the foreign keys that the forward writes. Cached by identity of the step.

    Those of a guarded statement that does nothing, because the table or column is there, are left out: no engine reads
    them.
    """
    found: list[_WrittenForeignKey] = []
    idle = {
        moment.operation.span for moment in step.forward.moments if any(note.kind in _IDLE for note in moment.notes)
    }
    for script, _, operation in operations_of(step):
        if type(operation) not in _WRITING or script is not step.migration.forward or operation.span in idle:
            continue
        written = _written(operation)
        for constraint in () if written is None else written[1]:
            if written is not None and constraint.kind == "foreign":
                found.append(_WrittenForeignKey(script, operation, written[0], constraint))
    return tuple(found)


@cached_by_step
def references(step: Step) -> tuple[AddedForeignKey, ...]:
    """Return the foreign keys that the forward adds between tables that are both fully known."""
    found: list[AddedForeignKey] = []
    for item in _foreign(step):
        constraint = item.constraint
        if constraint.table is None:
            continue
        table = step.after.table(visible_key(step.after, item.table))
        key = visible_key(step.after, constraint.table)
        target = step.after.table(key)
        if table is None or target is None or target.assumed or table.assumed:
            continue
        columns = referenced_columns(target, constraint, step.after.dialect)
        found.append(AddedForeignKey(item.script, item.span, table, target, key, constraint, columns))
    return tuple(found)


def _column(table: Table, name: str) -> Column | None:
    return table.columns.get(name) or table.columns.get(name.lower())


def missing_columns(step: Step) -> Iterator[tuple[AddedForeignKey, str, str]]:
    """Yield the foreign keys over columns that do not exist, each with the table and the column.

    None where the script drops or renames columns: they may have existed when the key was created.
    """
    found = references(step)
    if not found or any(isinstance(item[2], (ops.DropColumn, ops.RenameColumn)) for item in operations_of(step)):
        return
    postgres = step.after.dialect is Dialect.POSTGRES
    for item in found:
        for name in item.constraint.columns:
            if _column(item.table, name) is None:
                yield item, item.table.name.name, name
        # SQLite checks the referenced table only when rows change.
        for name in item.referenced if postgres else ():
            if _column(item.target, name) is None:
                yield item, item.target.name.name, name


# --- the referenced columns ------------------------------------------------------------------------------------------


@rule(
    "REF007",
    "foreign-key-without-unique",
    Severity.ERROR,
    "The columns that a foreign key references are not unique",
    on=_WRITING,
)
def foreign_key_without_unique(step: Step) -> Iterator[Hit]:
    """Report foreign keys that reference columns without a primary key, unique constraint or unique index."""
    for found in references(step):
        target = found.target.name.name
        if any(_column(found.target, name) is None for name in found.referenced):
            continue
        if is_unique(step.after, found.target_key, found.target, found.referenced):
            continue
        listed = ", ".join(found.referenced)
        sqlite = found.script.dialect is Dialect.SQLITE
        where = f"{target} ({listed})" if listed else target
        what = "is not unique" if listed else "has no primary key"
        yield hit_in(
            found.script,
            found.span,
            f"{where} {what}: "
            + (
                "SQLite accepts the foreign key, and then every change of a row fails with a mismatch"
                if sqlite
                else "PostgreSQL refuses the foreign key"
            ),
            f"Add a UNIQUE constraint on {where} first, or reference its primary key.",
            severity=Severity.WARNING if sqlite else None,
        )


_SIZES = {"int2": 2, "int4": 4, "int8": 8}


def _pairs(found: AddedForeignKey) -> Iterator[tuple[Column, Column]]:
    for mine, other in zip(found.constraint.columns, found.referenced, strict=False):
        one, two = _column(found.table, mine), _column(found.target, other)
        if one is not None and two is not None:
            yield one, two


@rule(
    "REF008",
    "foreign-key-type-mismatch",
    Severity.ERROR,
    "A foreign key's type cannot be compared with the referenced column's",
    on=_WRITING,
    dialects=("postgres",),
)
def foreign_key_type_mismatch(step: Step) -> Iterator[Hit]:
    """Report foreign keys that PostgreSQL refuses because of their types."""
    for found in references(step):
        for one, two in _pairs(found):
            if one.type is None or two.type is None:
                continue
            if can_reference(under_domains(step.after, one.type), under_domains(step.after, two.type)) is False:
                yield hit_in(
                    found.script,
                    found.span,
                    f'"{found.table.name.name}.{one.name}" is {one.type}, but "{found.target.name.name}.{two.name}" is '
                    f"{two.type}: "
                    "PostgreSQL refuses the foreign key",
                    "Give both columns the same type.",
                )


@rule(
    "REF009",
    "foreign-key-type-differs",
    Severity.INFO,
    "A foreign key's type differs from the referenced column's",
    on=_WRITING,
    dialects=("postgres",),
)
def foreign_key_type_differs(step: Step) -> Iterator[Hit]:
    """Report foreign keys of another type that PostgreSQL accepts; a warning where it cannot hold all keys."""
    for found in references(step):
        for one, two in _pairs(found):
            if one.type is None or two.type is None or one.type.name == two.type.name:
                continue
            if not can_reference(one.type, two.type):
                continue
            smaller = _SIZES.get(one.type.name, 0) < _SIZES.get(two.type.name, 0) and one.type.name in _SIZES
            yield hit_in(
                found.script,
                found.span,
                f'"{found.table.name.name}.{one.name}" is {one.type}, but references '
                f'"{found.target.name.name}.{two.name}", '
                f"which is {two.type}" + (": it cannot hold all keys" if smaller else ""),
                "Give both columns the same type: indexes help less where types differ.",
                severity=Severity.WARNING if smaller else None,
            )


# --- the referential action ------------------------------------------------------------------------------------------


def _acted_on(constraint: Constraint, action: str) -> tuple[str, ...]:
    """Return the columns that `ON DELETE` or `ON UPDATE` sets with this action."""
    for clause in (constraint.on_delete, constraint.on_update):
        if clause == action:
            return constraint.columns
        if clause.startswith(f"{action} ("):
            return tuple(name.strip() for name in clause[len(action) + 2 : -1].split(","))
    return ()


def _acting(step: Step, action: str) -> Iterator[tuple[Script, Span, Table, Constraint, tuple[str, ...]]]:
    """Yield the foreign keys with an action that the forward adds, each with the columns that it sets."""
    for item in _foreign(step):
        if columns := _acted_on(item.constraint, action):
            table = step.after.table(visible_key(step.after, item.table))
            if table is not None:
                yield item.script, item.span, table, item.constraint, columns


@rule(
    "REF010",
    "set-null-on-not-null",
    Severity.WARNING,
    "ON DELETE SET NULL on a column that is NOT NULL",
    on=(*_WRITING, ops.SetNullable),
)
def set_null_on_not_null(step: Step) -> Iterator[Hit]:
    """Report foreign keys whose action sets a NOT NULL column to NULL, and so always fails."""
    for script, span, table, _, columns in _acting(step, "set null"):
        for name in columns:
            column = _column(table, name)
            if column is not None and column.nullable is False:
                yield hit_in(
                    script,
                    span,
                    f'"{table.name.name}.{column.name}" is NOT NULL, so ON DELETE SET NULL fails: '
                    "a referenced row cannot be deleted",
                    "Allow NULL in the column, or use ON DELETE CASCADE or RESTRICT.",
                )
    yield from _made_not_null(step)


def _made_not_null(step: Step) -> Iterator[Hit]:
    """Report columns that become NOT NULL under an existing foreign key that sets them to NULL."""
    for script, _, operation in operations_of(step):
        if not isinstance(operation, ops.SetNullable) or operation.nullable or script is not step.migration.forward:
            continue
        key = visible_key(step.after, operation.table)
        before, after = step.before.table(key), step.after.table(key)
        column = None if after is None else after.columns.get(operation.column)
        if before is None or after is None or column is None or column.nullable is not False:
            continue
        for name, constraint in after.constraints.items():
            if name not in before.constraints or constraint.kind != "foreign":
                continue
            if operation.column in _acted_on(constraint, "set null"):
                yield hit_in(
                    script,
                    operation.span,
                    f'"{after.name.name}.{operation.column}" becomes NOT NULL, but foreign key {name} sets it to NULL: '
                    "deleting referenced rows fails",
                    "Change the action of the foreign key in the same migration.",
                )


@rule(
    "REF011",
    "set-default-without-default",
    Severity.WARNING,
    "ON DELETE SET DEFAULT on a column without a default",
    on=_WRITING,
)
def set_default_without_default(step: Step) -> Iterator[Hit]:
    """Report foreign keys whose action sets a default that the column does not have."""
    for script, span, table, _, columns in _acting(step, "set default"):
        for name in columns:
            column = _column(table, name)
            if column is None or column.assumed or column.default is not None or column.identity is not None:
                continue
            outcome = "which fails, because it is NOT NULL" if column.nullable is False else "like SET NULL"
            yield hit_in(
                script,
                span,
                f'"{table.name.name}.{column.name}" has no default: SET DEFAULT sets it to NULL, {outcome}',
                "Give the column a default that is a key of the referenced table, or choose another action.",
            )
