"""LCK013 to LCK015 and LCK043: keys and exclusion constraints whose index is built under a blocking lock."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.model import Dialect
from miglint.replay.steps import Step
from miglint.rules.definition import Context, Hit, hazard
from miglint.rules.locks.constraints import add_plain, column_list, named, stalling
from miglint.rules.locks.nulls import not_null_help
from miglint.rules.locks.waiting import severity_of_index
from miglint.rules.support.applied_operations import AppliedOperation, effective
from miglint.rules.support.free_names import free_name
from miglint.rules.support.later_names import name_at_end
from miglint.rules.support.sql_text import ident, qualified
from miglint.schema.objects import Index
from miglint.sql import operations as ops
from miglint.sql.operations import Constraint, Name

# A longer constraint is not repeated in a help text.
WARNING, INFO = Severity.WARNING, Severity.INFO


@hazard(
    "LCK013",
    "unique-builds-index",
    WARNING,
    "A UNIQUE constraint without USING INDEX builds its index, blocking reads and writes",
    on=(ops.AddColumn, ops.AddConstraint),
    dialects=("postgres",),
    aliases=(
        "squawk:disallowed-unique-constraint",
        "pgls:disallowUniqueConstraint",
        "eugene:E7",
        "pg-migration-lint:PGM017",
        "atlas:PG105",
        "strong_migrations:add_unique_constraint",
        "django-migration-linter:ADD_UNIQUE",
        "pgfence:add-constraint-unique",
        "pgsafe:add-unique-constraint",
        "diesel-guard:AddUniqueConstraintCheck",
    ),
)
def unique_builds_index(step: Step, context: Context) -> Iterator[Hit]:
    """Report unique constraints on tables with rows."""
    for applied, operation in effective(step, ops.AddConstraint):
        constraint = operation.constraint
        effect = stalling(applied, context) if constraint.kind == "unique" else None
        if effect is not None:
            severity = severity_of_index(step, applied, operation.table, context)
            help = _index_help(step, applied, operation.table, constraint)
            yield applied.hit(effect.words, help, severity=severity)
    yield from _added_keys(step, context, "unique")


def _added_keys(step: Step, context: Context, kind: str) -> Iterator[Hit]:
    """Report keys of added columns; milder where the column's values are reported, which are written under its lock."""
    for applied, added in effective(step, ops.AddColumn):
        constraint = next((constraint for constraint in added.constraints if constraint.kind == kind), None)
        if constraint is None or applied.empty(added.table):
            continue
        if kind == "primary":
            constraint = Constraint("primary", columns=(added.column.name,))
        yield applied.hit(
            f"ACCESS EXCLUSIVE on {added.table.name}: blocks reads and writes while the index is built",
            _added_help(step, applied, added, constraint),
            severity=severity_of_index(step, applied, added.table, context),
        )


def _index_help(step: Step, applied: AppliedOperation, table: Name, constraint: Constraint) -> str:
    """Return the statements that build the index of a key without a blocking lock."""
    known = applied.table(table)
    if known is not None and known.partition_by is not None:
        return (
            "PostgreSQL cannot build it concurrently on a partitioned table. Add it to each partition in this way, "
            "and to the table last."
        )
    words, suffix = ("PRIMARY KEY", "pkey") if constraint.kind == "primary" else ("UNIQUE", "key")
    name = ident(named(table, constraint, suffix))
    index, swap = name, ""
    place = applied.key(table)
    before = step.before if applied.forward else step.after
    if before.find(place._replace(name=named(table, constraint, suffix))) is not None:
        # The server gives the index the name of the constraint in the end.
        taken = Name(table.schema, named(table, constraint, suffix))
        index, swap = free_name(taken, "_new", Dialect.POSTGRES, before), f"DROP CONSTRAINT IF EXISTS {name}, "
    nulls = " NULLS NOT DISTINCT" if constraint.nulls_not_distinct else ""
    include = f" INCLUDE ({column_list(constraint.include)})" if constraint.include else ""
    columns = column_list(constraint.columns)
    later = qualified(name_at_end(step, applied, table))
    timing = " DEFERRABLE" if constraint.deferrable else ""
    timing += " INITIALLY DEFERRED" if constraint.deferred else ""
    return (
        "Outside of a transaction, in a migration of its own: "
        f"`CREATE UNIQUE INDEX CONCURRENTLY {index} ON {qualified(table)} ({columns}){include}{nulls};` "
        f"and in the next one `ALTER TABLE {later} {swap}ADD CONSTRAINT {name} {words} USING INDEX {index}{timing};`"
    )


def _added_help(step: Step, applied: AppliedOperation, added: ops.AddColumn, constraint: Constraint) -> str:
    """Return the statements that add a column without a key, and the key later."""
    filled = " and fill the column" if constraint.kind == "primary" else ""
    first = add_plain(applied, added, constraint)
    return f"Write {first}{filled}. {_index_help(step, applied, added.table, constraint)}"


@hazard(
    "LCK014",
    "primary-key-builds-index",
    WARNING,
    "A primary key without USING INDEX builds its index, blocking reads and writes",
    on=(ops.AddColumn, ops.AddConstraint),
    dialects=("postgres",),
    aliases=(
        "squawk:adding-serial-primary-key-field",
        "pgls:addingPrimaryKeyConstraint",
        "eugene:E7",
        "pg-migration-lint:PGM016",
        "atlas:PG104",
        "pgfence:add-pk-without-using-index",
        "pgsafe:add-primary-key-without-index",
        "diesel-guard:AddPrimaryKeyCheck",
    ),
)
def primary_key_builds_index(step: Step, context: Context) -> Iterator[Hit]:
    """Report primary keys on tables with rows."""
    for applied, operation in effective(step, ops.AddConstraint):
        constraint = operation.constraint
        effect = stalling(applied, context) if constraint.kind == "primary" else None
        if effect is not None and constraint.using_index is None:
            severity = severity_of_index(step, applied, operation.table, context)
            help = _index_help(step, applied, operation.table, constraint)
            yield applied.hit(effect.words, help, severity=severity)
    yield from _added_keys(step, context, "primary")


@hazard(
    "LCK043",
    "primary-key-of-nullable-columns",
    WARNING,
    "A primary key on nullable columns checks all rows, blocking reads and writes, even with USING INDEX",
    on=(ops.AddConstraint,),
    dialects=("postgres",),
    aliases=("eugene:W14", "pg-migration-lint:PGM016", "atlas:PG304"),
)
def primary_key_of_nullable_columns(step: Step, context: Context) -> Iterator[Hit]:
    """Report `PRIMARY KEY USING INDEX` on nullable columns; as information where the columns are not known."""
    for applied, operation in effective(step, ops.AddConstraint):
        constraint = operation.constraint
        if constraint.kind != "primary" or constraint.using_index is None:
            continue
        effect = stalling(applied, context)
        if effect is None:
            continue
        known = applied.table(operation.table)
        unsure = known is None or known.assumed
        column = _nullable_column(applied, operation.table, constraint)
        help = "" if column is None else f" {not_null_help(operation.table, column, operation.table, column)}"
        yield applied.hit(
            f"{effect.words} for NULL" + (", unless the columns are NOT NULL" if unsure else ""),
            f"Make the columns NOT NULL in migrations before it.{help}",
            severity=INFO if unsure else None,
        )


def _nullable_column(applied: AppliedOperation, table: Name, constraint: Constraint) -> str | None:
    """Return the first column of the index that a primary key adopts that can be NULL."""
    index = applied.before.find(applied.key(Name(table.schema, constraint.using_index or "")))
    named_ = [item.column for item in index.elements if item.column] if isinstance(index, Index) else []
    for column in named_ or constraint.columns:
        known = applied.column(table, column)
        if known is None or known.nullable is not False:
            return column
    return None


@hazard(
    "LCK015",
    "exclusion-builds-index",
    WARNING,
    "An EXCLUDE constraint builds its index, blocking reads and writes",
    on=(ops.AddConstraint,),
    dialects=("postgres",),
    aliases=(
        "squawk:constraint-missing-not-valid",
        "pgls:avoidAddingExclusionConstraint",
        "eugene:E8",
        "pg-migration-lint:PGM019",
        "strong_migrations:add_exclusion_constraint",
        "pgfence:add-constraint-exclude",
        "pgsafe:add-exclusion-constraint",
        "diesel-guard:AddExcludeConstraintCheck",
    ),
)
def exclusion_builds_index(step: Step, context: Context) -> Iterator[Hit]:
    """Report exclusion constraints on tables with rows: they cannot be built concurrently."""
    for applied, operation in effective(step, ops.AddConstraint):
        effect = stalling(applied, context) if operation.constraint.kind == "exclude" else None
        if effect is not None:
            yield applied.hit(
                effect.words,
                "PostgreSQL cannot build it concurrently. Add it in a maintenance window, or create a new table "
                "with the "
                "constraint, copy the rows in batches, and rename.",
            )
