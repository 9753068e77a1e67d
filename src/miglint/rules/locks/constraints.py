"""LCK010 to LCK012: foreign keys and checks that are validated under a blocking lock."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.structs import replace
from miglint.locks import LockEffect
from miglint.replay.apply.naming import column_part, join
from miglint.replay.steps import Step
from miglint.rules.definition import Context, Hit, hazard
from miglint.rules.support.applied_operations import AppliedOperation, applied_operations, effective
from miglint.rules.support.later_names import name_at_end
from miglint.rules.support.sql_text import ident, qualified
from miglint.sql import operations as ops
from miglint.sql.operations import Constraint, Name
from miglint.writer.tables import column as print_column
from miglint.writer.tables import constraint as print_constraint
from miglint.writer.words import UnprintableError

# A longer constraint is not repeated in a help text.
_LONGEST = 300
WARNING, INFO = Severity.WARNING, Severity.INFO


def named(table: Name, constraint: Constraint, suffix: str) -> str:
    """Return the constraint's name: its own, or the one that the server would choose."""
    if constraint.name is not None:
        return constraint.name
    columns = tuple(dict.fromkeys(constraint.columns))
    # A primary key is named after its table alone, and so is a condition on several columns.
    without = suffix == "pkey" or (suffix == "check" and len(columns) != 1)
    return join(table.name, None if without or not columns else column_part(columns), suffix)


def stalling(applied: AppliedOperation, context: Context) -> LockEffect | None:
    """Return the first effect that blocks others for as long as the rows take."""
    return next((effect for effect in applied.effects(context) if effect.stalls), None)


def column_list(columns: tuple[str, ...]) -> str:
    """Return the names of columns as SQL."""
    return ", ".join(map(ident, columns))


@hazard(
    "LCK010",
    "foreign-key-validates",
    WARNING,
    "A foreign key without NOT VALID checks all rows, blocking writes to both tables",
    on=(ops.AddColumn, ops.AddConstraint),
    dialects=("postgres",),
    fixable=True,
    aliases=(
        "squawk:adding-foreign-key-constraint",
        "squawk:constraint-missing-not-valid",
        "pgls:addingForeignKeyConstraint",
        "pgls:constraintMissingNotValid",
        "eugene:E1",
        "pg-migration-lint:PGM014",
        "atlas:PG306",
        "strong_migrations:add_foreign_key",
        "strong_migrations:add_reference",
        "pgfence:add-constraint-fk-no-not-valid",
        "pgsafe:add-fk-without-not-valid",
        "diesel-guard:AddForeignKeyCheck",
    ),
)
def foreign_key_validates(step: Step, context: Context) -> Iterator[Hit]:
    """Report foreign keys on tables with rows; as information where no row has to be checked."""
    for applied, operation in effective(step, ops.AddConstraint):
        constraint = operation.constraint
        if constraint.kind != "foreign" or operation.kind != "table":
            continue
        # Without rows there is nothing to check, in either table.
        effect = None if applied.empty(operation.table) else stalling(applied, context)
        if effect is not None and constraint.table is not None:
            yield applied.hit(
                f"SHARE ROW EXCLUSIVE on {operation.table.name} and {constraint.table.name}: "
                "blocks writes to both while every row is checked",
                _foreign_help(step, applied, operation.table, constraint),
            )
    for applied, added in effective(step, ops.AddColumn):
        for constraint in added.constraints:
            if constraint.kind != "foreign" or constraint.table is None or applied.fresh(added.table):
                continue
            # A new column without a default has no values to check.
            checked = added.column.default is not None and not applied.empty(added.table)
            yield applied.hit(
                f"SHARE ROW EXCLUSIVE on {constraint.table.name}: blocks writes "
                + ("while every row is checked" if checked else "until the transaction ends"),
                f"Write {add_plain(applied, added, constraint)}, "
                + _foreign_help(step, applied, added.table, constraint),
                severity=WARNING if checked else INFO,
            )


def _foreign_help(step: Step, applied: AppliedOperation, table: Name, constraint: Constraint) -> str:
    named_ = replace(constraint, name=named(table, constraint, "fkey"), validated=False)
    return (
        f"`ALTER TABLE {qualified(table)} ADD {print_constraint(named_)};` and in the next migration "
        f"{_validate(step, applied, table, named_.name or '')}."
    )


def _validate(step: Step, applied: AppliedOperation, table: Name, name: str) -> str:
    return f"`ALTER TABLE {qualified(name_at_end(step, applied, table))} VALIDATE CONSTRAINT {ident(name)};`"


@hazard(
    "LCK011",
    "check-validates",
    WARNING,
    "A CHECK without NOT VALID checks all rows, blocking reads and writes",
    on=(ops.AddColumn, ops.AddConstraint),
    dialects=("postgres",),
    fixable=True,
    aliases=(
        "squawk:constraint-missing-not-valid",
        "pgls:constraintMissingNotValid",
        "eugene:E1",
        "pg-migration-lint:PGM015",
        "atlas:PG305",
        "strong_migrations:add_check_constraint",
        "pgfence:add-constraint-check-no-not-valid",
        "pgsafe:add-check-without-not-valid",
        "diesel-guard:AddCheckConstraintCheck",
    ),
)
def check_validates(step: Step, context: Context) -> Iterator[Hit]:
    """Report CHECK constraints on tables with rows."""
    for applied, operation in effective(step, ops.AddConstraint):
        constraint = operation.constraint
        if constraint.kind != "check" or operation.kind != "table":
            continue
        effect = stalling(applied, context)
        if effect is not None:
            name = named(operation.table, constraint, "check")
            on = qualified(operation.table)
            made = print_constraint(replace(constraint, name=name, validated=False))
            if len(made) > _LONGEST:
                made = f"CONSTRAINT {ident(name)} CHECK (...) NOT VALID"
            yield applied.hit(
                effect.words,
                f"`ALTER TABLE {on} ADD {made};` and in the next migration "
                f"{_validate(step, applied, operation.table, name)}.",
            )
    for applied, added in effective(step, ops.AddColumn):
        if any(constraint.kind == "check" for constraint in added.constraints) and not applied.empty(added.table):
            yield applied.hit(
                f"ACCESS EXCLUSIVE on {added.table.name}: blocks reads and writes while every row is checked",
                "Add the column first, then the CHECK with NOT VALID, and validate it in the next migration.",
                severity=INFO if added.column.default is None else WARNING,
            )


@hazard(
    "LCK012",
    "validate-with-not-valid",
    WARNING,
    "A NOT VALID constraint is validated in the transaction that adds it",
    on=(ops.ValidateConstraint,),
    dialects=("postgres",),
    aliases=(
        "squawk:constraint-missing-not-valid",
        "pgls:requireSeparateConstraintValidation",
        "strong_migrations:validate_foreign_key",
        "strong_migrations:validate_check_constraint",
        "pgfence:not-valid-validate-same-tx",
    ),
)
def validate_with_not_valid(step: Step) -> Iterator[Hit]:
    """Report VALIDATE CONSTRAINT under the lock of the `ADD CONSTRAINT ... NOT VALID` before it."""
    validations = applied_operations(step).by_type.get(ops.ValidateConstraint)
    if not validations:
        return
    added = {
        (
            applied.script.direction,
            applied.transaction,
            applied.key(operation.table),
            operation.constraint.name,
        ): operation.constraint
        for applied, operation in effective(step, ops.AddConstraint)
        if not operation.constraint.validated and operation.kind == "table"
    }
    for applied, operation in effective(step, ops.ValidateConstraint):
        place = applied.script.direction, applied.transaction, applied.key(operation.table), operation.constraint
        constraint = added.get(place)
        if constraint is None or applied.empty(operation.table):
            continue
        foreign = constraint.kind == "foreign"
        lock, blocks = ("SHARE ROW EXCLUSIVE", "writes") if foreign else ("ACCESS EXCLUSIVE", "reads and writes")
        yield applied.hit(
            f"{lock} on {operation.table.name} is held since NOT VALID: blocks {blocks} while every row is checked",
            "Move it to a migration of its own: " + _validate(step, applied, operation.table, operation.constraint),
        )


def add_plain(applied: AppliedOperation, added: ops.AddColumn, constraint: Constraint) -> str:
    """Return the statement that adds a column without a constraint; with a gap where its type is not known."""
    after, key = applied.moment.after, applied.key(added.table)
    table = after.table(key)
    column = table.columns.get(added.column.name) if table is not None else None
    definition = f"{ident(added.column.name)} ..."
    if table is not None and column is not None:
        if constraint.kind == "primary" and column.identity is None and not column.serial:
            column = replace(column, nullable=True)
        # A table without known columns has none of their types.
        with contextlib.suppress(UnprintableError):
            definition = print_column(after, key, table, column)
    return f"`ALTER TABLE {qualified(added.table)} ADD COLUMN {definition};`"
