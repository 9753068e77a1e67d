"""LCK016 to LCK018: columns and domains that become NOT NULL, and constraints of domains."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.definition import Context, Hit, hazard
from miglint.rules.support.applied_operations import effective, version_of
from miglint.rules.support.later_names import column_at_end, name_at_end
from miglint.rules.support.nulls import fill, is_filled
from miglint.rules.support.sql_text import ident, qualified
from miglint.schema.objects import Table
from miglint.sql import operations as ops
from miglint.sql.operations import Name

WARNING = Severity.WARNING
_CHECKS_PROVE_SINCE = 12


@hazard(
    "LCK016",
    "set-not-null-scans",
    WARNING,
    "SET NOT NULL checks all rows, blocking reads and writes",
    on=(ops.AddConstraint, ops.SetNullable, ops.ValidateConstraint),
    dialects=("postgres",),
    fixable=True,
    aliases=(
        "squawk:adding-not-nullable-field",
        "pgls:addingNotNullField",
        "eugene:E2",
        "pg-migration-lint:PGM013",
        "atlas:PG303",
        "atlas:MF104",
        "strong_migrations:change_column_null",
        "strong_migrations:change_column_null_postgresql",
        "django-migration-linter:NOT_NULL",
        "pgfence:alter-column-set-not-null",
        "pgsafe:set-not-null",
        "diesel-guard:AddNotNullCheck",
    ),
)
def set_not_null_scans(step: Step, context: Context) -> Iterator[Hit]:
    """Report columns that become NOT NULL without a validated CHECK that implies it."""
    found = [(applied, operation.table, operation.column) for applied, operation in effective(step, ops.SetNullable)]
    found += [
        (applied, operation.table, operation.constraint.columns[0])
        for applied, operation in effective(step, ops.AddConstraint)
        if operation.constraint.kind == "not_null" and operation.constraint.columns
    ]
    trusted = {
        operation.table.name
        for applied, operation in effective(step, ops.ValidateConstraint)
        if not _is_known(applied.table(operation.table), operation.constraint)
    }
    for applied, table, column in found:
        # A constraint that no file created was validated here: it may be the one that makes the scan unnecessary.
        if table.name in trusted and version_of(context) >= _CHECKS_PROVE_SINCE:
            continue
        effect = next((one for one in applied.effects(context) if one.situation == "set not null"), None)
        if effect is not None:
            later = name_at_end(step, applied, table), column_at_end(step, applied, table, column)
            filling = "" if is_filled(step, applied, table, column) else fill(applied, table, column, *later)
            yield applied.hit(effect.words, not_null_help(table, column, *later, version_of(context), filling))


def _is_known(table: Table | None, constraint: str) -> bool:
    return table is not None and (not table.assumed or constraint in table.constraints)


def not_null_check(table: Name, column: str) -> str:
    """Return the name of a check that a column is not null.

    PostgreSQL 18 has constraints named `table_column_not_null` itself, which keep the name of a renamed column.
    """
    return f"{table.name}_{column}_is_not_null"


def not_null_help(
    table: Name, column: str, later_table: Name, later_column: str, major: int = 14, filling: str = ""
) -> str:
    """Return the statements that make a column NOT NULL without a scan under ACCESS EXCLUSIVE.

    The later names are those at the end of the script, for the statements of the next migration. `filling` is the
    statement that replaces the NULLs, where the script does not.
    """
    on, later = qualified(table), qualified(later_table)
    fill_first = f", then replace the NULLs, `{filling}`," if filling else ""
    if major >= 18:
        name = ident(f"{table.name}_{column}_not_null")
        return (
            f"`ALTER TABLE {on} ADD CONSTRAINT {name} NOT NULL {ident(column)} NOT VALID;`{fill_first} and in the next "
            f"migration `ALTER TABLE {later} VALIDATE CONSTRAINT {name};`."
        )
    name = ident(not_null_check(table, column))
    first = (
        f"`ALTER TABLE {on} ADD CONSTRAINT {name} CHECK ({ident(column)} IS NOT NULL) NOT VALID;`{fill_first} "
        f"and in the next migration `ALTER TABLE {later} VALIDATE CONSTRAINT {name};`"
    )
    if major < 12:
        return f"{first}, and keep the check: before PostgreSQL 12 SET NOT NULL scans even so."
    return (
        f"{first}, then `ALTER TABLE {later} ALTER COLUMN {ident(later_column)} SET NOT NULL;` "
        f"and `ALTER TABLE {later} DROP CONSTRAINT {name};`"
    )


@hazard(
    "LCK017",
    "domain-constraint-scans",
    WARNING,
    "A constraint added to a domain checks all rows of all tables that use it, blocking writes",
    on=(ops.AddConstraint, ops.CreateType),
    dialects=("postgres",),
    aliases=(
        "squawk:ban-alter-domain-with-add-constraint",
        "pgfence:ban-alter-domain-add-constraint",
        "pgsafe:add-domain-constraint-without-not-valid",
        "diesel-guard:AddDomainCheckConstraintCheck",
    ),
)
def domain_constraint_scans(step: Step) -> Iterator[Hit]:
    """Report constraints added to domains, except those that this migration created: no table uses these."""
    created = {
        made.name.name for _, made in effective(step, ops.CreateType, forward_only=True) if made.kind == "domain"
    }
    for applied, operation in effective(step, ops.AddConstraint):
        if operation.kind == "domain" and operation.constraint.validated and operation.table.name not in created:
            name = ident(operation.constraint.name or f"{operation.table.name}_check")
            on = qualified(operation.table)
            yield applied.hit(
                f"SHARE on every table that uses {operation.table.name}: blocks writes while their rows are checked",
                f"`ALTER DOMAIN {on} ADD CONSTRAINT {name} CHECK (...) NOT VALID;` and in the next migration "
                f"`ALTER DOMAIN {on} VALIDATE CONSTRAINT {name};`",
            )


@hazard(
    "LCK018",
    "domain-not-null-scans",
    WARNING,
    "SET NOT NULL on a domain checks all rows of all tables that use it, blocking writes",
    on=(ops.CreateType, ops.SetNullable),
    dialects=("postgres",),
    aliases=("pgsafe:add-domain-not-null",),
)
def domain_not_null_scans(step: Step) -> Iterator[Hit]:
    """Report domains that become NOT NULL, except those that this migration created: no table uses these."""
    created = {
        made.name.name for _, made in effective(step, ops.CreateType, forward_only=True) if made.kind == "domain"
    }
    for applied, change in effective(step, ops.SetNullable):
        if change.kind == "domain" and not change.nullable and change.table.name not in created:
            on, name = qualified(change.table), ident(f"{change.table.name}_is_not_null")
            yield applied.hit(
                f"SHARE on every table that uses {change.table.name}: blocks writes while their rows are checked",
                f"`ALTER DOMAIN {on} ADD CONSTRAINT {name} CHECK (value IS NOT NULL) "
                "NOT VALID;` and validate it in the next migration.",
            )
