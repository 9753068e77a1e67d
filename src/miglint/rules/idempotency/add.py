"""IDM002, IDM003 and IDM006: ADD of columns, constraints and enum values that the first run added."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.base.findings import Severity
from miglint.rules.definition import Hit, rule
from miglint.rules.idempotency.conditional import conditional, guarded, sqlite, without_guard_in_sqlite
from miglint.rules.idempotency.create import ROBUST
from miglint.rules.idempotency.second_run import Failures, clause, failures, hits, refusal
from miglint.rules.idempotency.second_run_failure import SecondRunFailure
from miglint.rules.support.sql_text import ident, literal, qualified
from miglint.sql import operations as ops
from miglint.writer.postgres.catalog_conditions import constraint_exists, negated

ERROR = Severity.ERROR
# A longer clause is not repeated in a help text.
_LONGEST = 300


@rule(
    "IDM002",
    "add-column-unguarded",
    ERROR,
    "ADD COLUMN fails on a second run",
    on=failures,
    fixable=True,
    aliases=(*ROBUST, "diesel-guard:IdempotencyAlterCheck"),
    about_reruns=True,
)
def add_column(cases: Failures) -> Iterable[Hit]:
    """Report ADD COLUMN that fails on a second run."""
    return hits(cases, _add_column_help)


def _add_column_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    assert isinstance(operation, ops.AddColumn)
    table, column = operation.table, operation.column.name
    if sqlite(failure):
        return without_guard_in_sqlite("ADD COLUMN IF NOT EXISTS", table, column)
    if operation.kind == "type":
        return (
            "PostgreSQL has no ADD ATTRIBUTE IF NOT EXISTS. Put before it: "
            f"`ALTER TYPE {qualified(table)} DROP ATTRIBUTE IF EXISTS {ident(column)};`"
        )
    short = f"ALTER TABLE {qualified(table)} ADD COLUMN IF NOT EXISTS {ident(column)}"
    return f"Write {guarded(failure, short)}."


@rule(
    "IDM003",
    "add-constraint-unguarded",
    ERROR,
    "ADD CONSTRAINT fails on a second run",
    on=failures,
    aliases=ROBUST,
    fixable=True,
    about_reruns=True,
)
def add_constraint(cases: Failures) -> Iterable[Hit]:
    """Report ADD CONSTRAINT that fails on a second run."""
    return hits(cases, _add_constraint_help)


def _add_constraint_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    assert isinstance(operation, ops.AddConstraint)
    table, name = qualified(operation.table), operation.constraint.name or failure.error.part
    if sqlite(failure):
        return (
            "SQLite has no ADD CONSTRAINT IF NOT EXISTS and no DROP CONSTRAINT IF EXISTS. "
            "Have the runner run this script only once."
        )
    if operation.kind == "domain":
        first = f"ALTER DOMAIN {table} DROP CONSTRAINT IF EXISTS {ident(name or '...')};"
        return f"PostgreSQL has no ADD CONSTRAINT IF NOT EXISTS. Put before it: `{first}`"
    if name is None or (operation.constraint.kind == "primary" and operation.constraint.name is None):
        name = f"{operation.table.name}_pkey"
    written = clause(failure)
    statement = f"ALTER TABLE {table} {written if len(written) <= _LONGEST else '...'}"
    check = conditional(failure, negated(constraint_exists(table, name)), statement)
    first = f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {ident(name)};"
    # The index of USING INDEX went with the constraint, and others may need a key.
    needed = operation.constraint.kind in ("primary", "unique") and refusal(failure, first) is not None
    if operation.constraint.using_index is not None or needed:
        return f"PostgreSQL has no ADD CONSTRAINT IF NOT EXISTS. Check first: {check}"
    return f"PostgreSQL has no ADD CONSTRAINT IF NOT EXISTS. Put before it: `{first}` Or check first: {check}"


@rule(
    "IDM006",
    "add-enum-value-unguarded",
    ERROR,
    "ALTER TYPE ... ADD VALUE fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    about_reruns=True,
)
def add_enum_value(cases: Failures) -> Iterable[Hit]:
    """Report ALTER TYPE ... ADD VALUE that fails on a second run."""
    return hits(cases, _add_value_help)


def _add_value_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    assert isinstance(operation, ops.AddEnumValue)
    statement = f"ALTER TYPE {qualified(operation.name)} ADD VALUE IF NOT EXISTS {literal(operation.value)}"
    return f"Write {guarded(failure, statement)}."
